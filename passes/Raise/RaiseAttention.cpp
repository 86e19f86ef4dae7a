//===- RaiseAttention.cpp - Binary attention ------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Raise/AttentionMatcher.h"
#include "passes/Support/FloatProduct.h"

using namespace mlir;
using namespace mlir::bnn;

namespace {

// All projections of a layer's input, side by side in one bnn.matmul.
class Projections {
public:
  // Returns the first column.
  int64_t append(const Projection &p) {
    parts.push_back(&p);
    columns += p.rank;
    return columns - p.rank;
  }
  Value create(OpBuilder &b, Location loc) const {
    // Whole or half vectors of outputs: the columns that are added are 0.
    int64_t padded = llvm::alignTo(columns, kLanes / 2);
    Value input = parts[0]->input;
    int64_t K = parts[0]->weight.size() / parts[0]->rank;
    SmallVector<float> weight(K * padded, 0), bias(padded, 0);
    int64_t first = 0;
    for (const Projection *p : parts) {
      for (int64_t k = 0; k < K; ++k)
        for (int64_t r = 0; r < p->rank; ++r)
          weight[k * padded + first + r] = p->weight[k * p->rank + r];
      for (int64_t r = 0; r < p->rank; ++r)
        bias[first + r] = p->bias[r];
      first += p->rank;
    }
    Value out = emptyRows(b, loc, input, padded, b.getF32Type());
    return createFloatProduct(b, loc, input,
                              constantTensor(b, loc, weight, {K, padded}),
                              constantTensor(b, loc, bias, padded), out);
  }

private:
  SmallVector<const Projection *> parts;
  int64_t columns = 0;
};

} // namespace

static Value sliceColumns(OpBuilder &b, Location loc, Value source,
                          int64_t first, int64_t count) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, source);
  sizes[2] = b.getIndexAttr(count);
  OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
  return b.create<tensor::ExtractSliceOp>(
      loc, source, SmallVector<OpFoldResult>{zero, zero, b.getIndexAttr(first)},
      sizes, SmallVector<OpFoldResult>{one, one, one});
}

namespace {
// What attention reads of the projections: the factors of the low-rank terms
// [B, S, rank], and the value residual [B, S, 1]. Null where there is none.
struct ProjectedTerms {
  Value left, right, residual;
};
} // namespace

static ProjectedTerms createProjections(OpBuilder &b, Location loc,
                                        const AttentionMatcher &m) {
  ProjectedTerms terms;
  if (m.terms.empty() && !m.residual)
    return terms;
  Projections all;
  // The left factors stand first, then the right ones.
  int64_t rank = 0, rightFirst = 0, residualFirst = 0;
  for (const LowRankTerm &term : m.terms) {
    all.append(term.left);
    rank += term.left.rank;
  }
  for (auto [i, term] : llvm::enumerate(m.terms)) {
    int64_t first = all.append(term.right);
    if (i == 0)
      rightFirst = first;
  }
  if (m.residual)
    residualFirst = all.append(*m.residual);
  Value projected = all.create(b, loc);
  if (rank) {
    terms.left = sliceColumns(b, loc, projected, 0, rank);
    terms.right = sliceColumns(b, loc, projected, rightFirst, rank);
  }
  if (m.residual)
    terms.residual = sliceColumns(b, loc, projected, residualFirst, 1);
  return terms;
}

// The epilogue: context = acc * params[0] [+ other * params[1]]. `arguments`
// are acc, other, an f32 or an exact i32, and one or two parameters.
static void buildContext(OpBuilder &b, Location loc, ValueRange arguments) {
  Type f32 = b.getF32Type();
  Value acc = b.create<arith::SIToFPOp>(loc, f32, arguments[0]);
  Value other = arguments[1], context;
  if (arguments.size() == 4) {
    if (other.getType() != f32)
      other = b.create<arith::SIToFPOp>(loc, f32, other);
    other = b.create<arith::MulFOp>(loc, other, arguments[3]);
    context = b.create<math::FmaOp>(loc, acc, arguments[2], other);
  } else {
    context = b.create<arith::MulFOp>(loc, acc, arguments[2]);
  }
  b.create<bnn::YieldOp>(loc, context);
}

static Value createScalar(OpBuilder &b, Location loc, double value) {
  return b.create<arith::ConstantOp>(
      loc, b.getF32FloatAttr(static_cast<float>(value)));
}

// What every channel is multiplied with: nothing where all factors are absent.
static SmallVector<double> channelScale(const AttentionMatcher &m,
                                        ArrayRef<HeadFactor> factors,
                                        SmallVector<double> scale = {}) {
  const int64_t heads = m.value.heads, size = m.value.size;
  if (!factors.empty())
    scale.resize(heads * size, 1);
  for (const HeadFactor &factor : factors) {
    auto view = onnx::ConstantView::get(factor.tensor);
    ArrayRef<int64_t> sizes = view->getType().getShape();
    for (int64_t c = 0; c < heads * size; ++c) {
      const int64_t head = sizes[1] == 1 ? 0 : c / size,
                    channel = sizes[3] == 1 ? 0 : c % size;
      const double by = view->at<float>(head * sizes[3] + channel);
      scale[c] = factor.isDivisor ? scale[c] / by : scale[c] * by;
    }
  }
  return scale;
}

// One number, or one for each channel.
static Value createParameter(OpBuilder &b, Location loc, double value,
                             ArrayRef<double> scale) {
  if (scale.empty())
    return createScalar(b, loc, value);
  SmallVector<float> values;
  for (double of : scale)
    values.push_back(static_cast<float>(value * of));
  return constantTensor(b, loc, values, int64_t(values.size()));
}

// The probabilities, and the epilogue's parameters.
static void addProbabilities(OpBuilder &b, Location loc,
                             const AttentionMatcher &m, AttentionParts &parts) {
  // What the epilogue's two sums are multiplied by: the probabilities times the
  // values, and the value residual or what the minimum adds to the
  // probabilities.
  const Quantiser &p = m.probability;
  const bool isQuantised = p.element.getWidth() > 1;
  auto scalar = [&](double value) { return createScalar(b, loc, value); };
  const SmallVector<double> ofContext = channelScale(m, m.contextFactors),
                            ofValue =
                                channelScale(m, m.value.factors, ofContext);
  parts.params = {
      createParameter(b, loc, double(p.step) * m.value.alpha, ofValue)};
  if (isQuantised && p.minimum != 0)
    parts.params.push_back(
        createParameter(b, loc, double(p.minimum) * m.value.alpha, ofValue));
  else if (!isQuantised)
    parts.params.push_back(createParameter(b, loc, p.step, ofContext));
  if (isQuantised) {
    parts.step = scalar(p.step);
    parts.minimum = scalar(p.minimum);
    parts.probability = TypeAttr::get(p.element);
  } else if (m.threshold) {
    parts.threshold = b.getF32FloatAttr(*m.threshold);
    parts.inclusive = m.isInclusive;
  } else {
    // clip(round(x / alpha), 0, 1) is 1 exactly where x > alpha / 2.
    parts.cutoff = scalar(m.cutoff);
  }
}

static void addMasks(OpBuilder &b, Location loc, const AttentionMatcher &m,
                     MaskForms &forms, AttentionParts &parts) {
  for (auto [i, mask] : llvm::enumerate(m.masks)) {
    Value value = forms.create(b, loc, mask, m.key.input);
    if (!value)
      continue;
    parts.masks.push_back(value);
    parts.maskKinds.push_back(mask.kind);
    parts.earlyMasks += int64_t(i) < m.earlyMasks;
  }
  parts.causal = m.isCausal;
}

static Value createAttention(OpBuilder &b, Location loc,
                             const AttentionMatcher &m, MaskForms &forms) {
  InputBits q = createInputBits(b, loc, m.query),
            k = createInputBits(b, loc, m.key),
            v = createInputBits(b, loc, m.value);
  ProjectedTerms terms = createProjections(b, loc, m);
  AttentionParts parts;
  parts.query = q.bits, parts.queryZeros = q.zeros;
  parts.key = k.bits, parts.keyZeros = k.zeros;
  parts.value = v.bits, parts.valueZeros = v.zeros;
  parts.left = terms.left, parts.right = terms.right;
  parts.residual = terms.residual;
  addMasks(b, loc, m, forms, parts);
  parts.cross = m.isCross;
  parts.heads = m.query.heads;
  parts.outs = {emptyRows(b, loc, m.query.input, m.query.heads * m.query.size,
                          b.getF32Type())};
  addProbabilities(b, loc, m, parts);
  parts.scale = createScalar(b, loc, double(m.query.alpha) * m.key.alpha);
  parts.divisor = m.divisor;
  return b.create<AttentionOp>(loc, parts, buildContext).getResult(0);
}

// Says what the layer became, and what its projections did.
static void note(RaiseRewriter &rewriter, Operation *layer,
                 const AttentionMatcher &m) {
  if (!layer)
    return;
  StringRef residue;
  if (m.leavesRounding)
    residue = "scores are not rounded to 16 bits";
  for (const Heads *heads : {&m.query, &m.key, &m.value})
    if (!heads->residue.empty())
      residue = heads->residue;
  rewriter.became(layer, m.query.element, m.key.element, residue);
  const Type f32 = rewriter.getF32Type();
  for (const Projection *projection : m.allProjections())
    rewriter.became(projection->matmul, f32, f32,
                    "a low-rank term of the attention '" +
                        nodeName(layer->getLoc()) + "'");
}

LogicalResult bnn::raiseAttention(RaiseRewriter &rewriter, onnx::ReshapeOp op,
                                  onnx::SymbolicShapes &shapes,
                                  MaskForms &forms) {
  // Most reshapes have nothing to do with attention.
  Operation *layer = rewriter.attentionBehind(op.getReshaped());
  AttentionMatcher m(rewriter, shapes);
  if (!m.match(op))
    return rewriter.refuse(layer, m.why);
  rewriter.setInsertionPoint(op);
  Location loc = layer ? layer->getLoc() : op.getData().getLoc();
  Value result = createAttention(rewriter, loc, m, forms);
  note(rewriter, layer, m);
  if (m.format)
    result = rewriter.create<onnx::RoundToHalfOp>(loc, result.getType(), result,
                                                  m.format);
  replaceWith(rewriter, op, result);
  return success();
}

LogicalResult bnn::raiseUnjoinedAttention(RaiseRewriter &rewriter,
                                          onnx::MatMulOp op,
                                          onnx::SymbolicShapes &shapes,
                                          MaskForms &forms) {
  Operation *layer = rewriter.attentionBehind(op.getY());
  if (!layer)
    return failure();
  AttentionMatcher m(rewriter, shapes);
  if (!m.matchUnjoined(op))
    return m.why.empty() ? failure() : rewriter.refuse(layer, m.why);
  rewriter.setInsertionPoint(op);
  Location loc = layer->getLoc();
  Value result = createAttention(rewriter, loc, m, forms);
  note(rewriter, layer, m);
  auto joined = cast<RankedTensorType>(result.getType());
  SmallVector<int64_t> sizes = {joined.getDimSize(0), joined.getDimSize(1),
                                m.value.heads, m.value.size};
  auto listType = RankedTensorType::get(4, rewriter.getI64Type());
  Value list = rewriter.create<onnx::ConstantOp>(
      loc, listType,
      DenseIntElementsAttr::get(
          listType, ArrayRef<int64_t>{0, 0, m.value.heads, m.value.size}));
  result = rewriter.create<onnx::ReshapeOp>(
      loc, RankedTensorType::get(sizes, joined.getElementType()), result, list);
  std::swap(sizes[1], sizes[2]);
  result = rewriter.create<onnx::TransposeOp>(
      loc, RankedTensorType::get(sizes, joined.getElementType()), result,
      rewriter.getDenseI64ArrayAttr({0, 2, 1, 3}));
  replaceWith(rewriter, op, result);
  return success();
}
