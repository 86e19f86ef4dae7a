//===- AttentionMatcher.cpp - What binary attention is made of ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/AttentionMatcher.h"
#include "dialects/ONNX/HalfFloats.h"
#include "passes/Raise/Triangle.h"
#include <cmath>

using namespace mlir;
using namespace mlir::bnn;

bool AttentionMatcher::refuse(Value at, const Twine &reason) {
  why = reason.str();
  Operation *op = at.getDefiningOp();
  if (!op)
    return false;
  why += "; the match ended at " + op->getName().stripDialect().str();
  if (StringRef name = nodeName(op->getLoc()); !name.empty())
    why += (" '" + name + "'").str();
  return false;
}

Value AttentionMatcher::unrounded(Value value) {
  Value before = onnx::beforeRounding(value);
  leavesRounding |= before != value;
  return before;
}

bool AttentionMatcher::sameDims(Value a, ArrayRef<int64_t> axesOfA, Value b,
                                ArrayRef<int64_t> axesOfB) {
  auto shapeA = shapes.shapeOf(a), shapeB = shapes.shapeOf(b);
  if (!shapeA || !shapeB)
    return false;
  for (auto [i, j] : llvm::zip_equal(axesOfA, axesOfB))
    if ((*shapeA)[i] != (*shapeB)[j])
      return false;
  return true;
}

namespace {
struct Product {
  Operation *op;
  Value input, weight, bias; // bias may be null
};
} // namespace

// input * weight [+ bias], of the last dimension.
static std::optional<Product>
matchProduct(Value source, llvm::function_ref<Value(Value)> unrounded) {
  source = unrounded(source);
  if (auto add = source.getDefiningOp<onnx::AddOp>())
    for (bool swap : {false, true})
      if (auto matmul = unrounded(swap ? add.getB() : add.getA())
                            .getDefiningOp<onnx::MatMulOp>())
        return Product{matmul, matmul.getA(), matmul.getB(),
                       swap ? add.getA() : add.getB()};
  if (auto matmul = source.getDefiningOp<onnx::MatMulOp>())
    return Product{matmul, matmul.getA(), matmul.getB(), Value()};
  auto gemm = source.getDefiningOp<onnx::GemmOp>();
  if (!gemm || gemm.getTransA() || gemm.getTransB() ||
      !gemm.getAlpha().isExactlyValue(1) || !gemm.getBeta().isExactlyValue(1))
    return std::nullopt;
  Value bias = isa<NoneType>(gemm.getC().getType()) ? Value() : gemm.getC();
  return Product{gemm, gemm.getA(), gemm.getB(), bias};
}

// bias + input * weight, weight and bias constant.
bool AttentionMatcher::matchProjection(Value source, Projection &projection) {
  // ONNX Runtime's optimiser writes it as Reshape, Gemm and Reshape.
  auto after = source.getDefiningOp<onnx::ReshapeOp>();
  auto product = matchProduct(after ? after.getData() : source,
                              [&](Value value) { return unrounded(value); });
  if (!product)
    return false;
  Value tensor = product->input;
  auto weight = onnx::ConstantView::get(product->weight);
  auto type = dyn_cast<RankedTensorType>(product->weight.getType());
  if (!weight || !type || type.getRank() != 2 || !type.getElementType().isF32())
    return false;
  projection.rank = type.getDimSize(1);
  if (after) {
    auto before = tensor.getDefiningOp<onnx::ReshapeOp>();
    auto rows = dyn_cast<RankedTensorType>(source.getType());
    if (!before || !rows || rows.getRank() < 3 ||
        rows.getDimSize(2) != projection.rank)
      return false;
    tensor = before.getData();
    auto input = dyn_cast<RankedTensorType>(tensor.getType());
    if (!input || input.getRank() != 3 ||
        input.getDimSize(2) != type.getDimSize(0) ||
        !sameDims(source, {0, 1}, tensor, {0, 1}))
      return false;
  }
  auto input = dyn_cast<RankedTensorType>(tensor.getType());
  if (!input || input.getRank() != 3)
    return false;
  projection.matmul = product->op;
  projection.input = tensor;
  for (int64_t i = 0; i < weight->getNumElements(); ++i)
    projection.weight.push_back(weight->at<float>(i));
  projection.bias.assign(projection.rank, 0);
  if (!product->bias)
    return true;
  auto values = matchRowVector(product->bias, projection.rank);
  if (!values)
    return false;
  projection.bias = std::move(*values);
  return true;
}

// Adds of Unsqueeze(left * right^T) over all heads.
bool AttentionMatcher::matchBracket(Value source) {
  source = unrounded(source);
  if (auto add = source.getDefiningOp<onnx::AddOp>())
    return matchBracket(add.getA()) && matchBracket(add.getB());
  Value product;
  if (auto unsqueeze = source.getDefiningOp<onnx::UnsqueezeOp>())
    product = unsqueeze.getData();
  else if (auto reshape = source.getDefiningOp<onnx::ReshapeOp>())
    product = reshape.getData();
  else
    return false;
  auto type = dyn_cast<RankedTensorType>(source.getType());
  auto matmul = unrounded(product).getDefiningOp<onnx::MatMulOp>();
  if (!matmul || !type || type.getRank() != 4 || type.getDimSize(1) != 1 ||
      !sameDims(source, {0, 2, 3}, product, {0, 1, 2}))
    return false;
  auto transpose = matmul.getB().getDefiningOp<onnx::TransposeOp>();
  LowRankTerm term;
  if (!transpose || permutationOf(transpose) != SmallVector<int64_t>{0, 2, 1} ||
      !matchProjection(matmul.getA(), term.left) ||
      !matchProjection(transpose.getData(), term.right) ||
      term.left.rank != term.right.rank)
    return false;
  terms.push_back(std::move(term));
  return true;
}

// One number a token, the same for all heads and channels: v [B, S, 1] as
// [B, 1 or heads, S, 1].
bool AttentionMatcher::matchResidual(Value source) {
  if (auto expand = source.getDefiningOp<onnx::ExpandOp>())
    source = expand.getInput();
  SmallVector<int64_t> axes = {0, 1, 2, 3};
  if (auto transpose = source.getDefiningOp<onnx::TransposeOp>()) {
    axes = permutationOf(transpose);
    source = transpose.getData();
  }
  // As [B, S, 1], or at once as [B, S, 1, 1] by a Reshape after a Gemm.
  Value tokens = source;
  if (auto unsqueeze = source.getDefiningOp<onnx::UnsqueezeOp>())
    tokens = unsqueeze.getData();
  else if (auto reshape = source.getDefiningOp<onnx::ReshapeOp>();
           reshape && !reshape.getData().getDefiningOp<onnx::GemmOp>())
    tokens = reshape.getData();
  auto type = dyn_cast<RankedTensorType>(source.getType());
  auto token = dyn_cast<RankedTensorType>(tokens.getType());
  if (!type || !token || type.getRank() != 4 || axes.size() != 4 ||
      token.getRank() < 3 || token.getDimSize(2) != 1 ||
      type.getDimSize(axes[1]) != 1 || type.getDimSize(axes[3]) != 1 ||
      !sameDims(source, {axes[0], axes[2]}, tokens, {0, 1}))
    return false;
  Projection projection;
  if (!matchProjection(tokens, projection) || projection.rank != 1)
    return false;
  residual = std::move(projection);
  return true;
}

bool AttentionMatcher::matchContext(Value context) {
  SmallVector<onnx::MatMulOp> products;
  if (auto add = context.getDefiningOp<onnx::AddOp>())
    products = {unrounded(add.getA()).getDefiningOp<onnx::MatMulOp>(),
                unrounded(add.getB()).getDefiningOp<onnx::MatMulOp>()};
  else
    products = {context.getDefiningOp<onnx::MatMulOp>()};
  if (llvm::any_of(products, [](onnx::MatMulOp op) { return !op; }))
    return refuse(context,
                  "what is added to probabilities times value is no product");
  for (auto [i, product] : llvm::enumerate(products)) {
    if (!matchHeads(product.getB(), {0, 2, 1, 3}, value))
      continue;
    if (products.size() == 2 && (products[0].getA() != products[1].getA() ||
                                 !matchResidual(products[1 - i].getB())))
      return refuse(context,
                    "what is added to probabilities times value is not the "
                    "probabilities times one number a token");
    return matchProbabilities(product.getA()) &&
           applyProbabilityMasks(product.getB());
  }
  return false;
}

// What the context was before constants that heads or channels are multiplied
// with.
Value AttentionMatcher::stepOverContextScales(Value value, bool areHeadsFirst) {
  OpBuilder::InsertionGuard guard(rewriter);
  while (auto scaled = matchScaled(value)) {
    auto type = cast<RankedTensorType>(value.getType());
    if (!onnx::ConstantView::get(scaled->by) || type.getRank() != 4)
      break;
    rewriter.setInsertionPointAfterValue(scaled->by);
    Value factor = areHeadsFirst ? createFactor(scaled->by, {0, 1, 2, 3})
                                 : createFactor(scaled->by, {0, 2, 1, 3});
    if (!factor)
      break;
    auto sizes = cast<RankedTensorType>(factor.getType());
    if (sizes.getDimSize(0) != 1 || sizes.getDimSize(2) != 1)
      break;
    contextFactors.push_back({factor, scaled->isDivisor, scaled->op});
    value = scaled->of;
  }
  return value;
}

bool AttentionMatcher::checkHeads(Value reshaped) {
  for (const Heads *other : {&key, &value})
    if (other->heads != query.heads || other->size != query.size ||
        !sameDims(other->input, {0, 2}, query.input, {0, 2}) ||
        !sameDims(other->input, {1}, key.input, {1}))
      return refuse("query and " + other->role + " differ in shape");
  isCross = !sameDims(key.input, {1}, query.input, {1});
  for (const Heads *other : {&key, &value})
    if (other->element != query.element)
      return refuse("query and " + other->role +
                    " are not quantised to the same number of bits");
  const unsigned width = query.element.getWidth();
  if (threshold && width > 1)
    return refuse("its scores are compared with a number, beside integers of " +
                  Twine(width) + " bits");
  if (probability.element.getWidth() != width)
    return refuse("query and probabilities are not quantised to the same "
                  "number of bits");
  if (width > 1 && residual)
    return refuse("there is a value residual beside integers of " +
                  Twine(width) + " bits");
  if (reshaped && !sameDims(reshaped, {0, 1, 2}, query.input, {0, 1, 2}))
    return refuse(reshaped, "the context has not the query's shape");
  return true;
}

// Each has the sizes of the scores, or 1 in their place.
bool AttentionMatcher::checkMasks() {
  // Both are known: checkHeads() has compared them.
  auto queries = shapes.shapeOf(query.input), keys = shapes.shapeOf(key.input);
  const onnx::SymbolicDim sentences[] = {
      (*queries)[0], onnx::SymbolicDim(query.heads), (*queries)[1], (*keys)[1]};
  for (const ScoreMask &mask : masks) {
    auto sizes = shapes.shapeOf(mask.tensor);
    auto type = dyn_cast<RankedTensorType>(mask.tensor.getType());
    auto whole = mask.windows ? shapes.shapeOf(mask.windows)
                              : std::optional(ArrayRef(sentences));
    bool fits = sizes && type && whole && sizes->size() <= whole->size();
    for (size_t i = 0; fits && i < sizes->size(); ++i)
      fits = type.getDimSize(i) == 1 ||
             isSameSize(shapes, (*sizes)[i],
                        (*whole)[whole->size() - sizes->size() + i]);
    if (!fits)
      return refuse(mask.op->getResult(0),
                    "the mask does not broadcast to [batch, heads, tokens, "
                    "tokens]");
  }
  return true;
}

// All low-rank terms must project one tensor, of the tokens of the query.
bool AttentionMatcher::checkTerms() {
  SmallVector<const Projection *> projections = allProjections();
  for (const Projection *p : projections)
    if (p->input != projections[0]->input ||
        !sameDims(p->input, {0, 1}, query.input, {0, 1}) ||
        !sameDims(p->input, {1}, key.input, {1}))
      return refuse(p->matmul->getResult(0),
                    "the low-rank terms are projections of several tensors");
  return true;
}

bool AttentionMatcher::match(onnx::ReshapeOp op) {
  Value joined = stepOverContextScales(op.getData(), /*areHeadsFirst=*/false);
  auto transpose = joined.getDefiningOp<onnx::TransposeOp>();
  auto type = dyn_cast<RankedTensorType>(op.getType());
  if (!transpose || !type || type.getRank() != 3 ||
      permutationOf(transpose) != SmallVector<int64_t>{0, 2, 1, 3})
    return refuse(op.getReshaped(),
                  "its heads are not joined by Transpose and Reshape");
  Value context = transpose.getData();
  if (auto round = context.getDefiningOp<onnx::RoundToHalfOp>()) {
    format = round.getFormat();
    context = onnx::beforeRounding(context);
  }
  context = stepOverContextScales(context, /*areHeadsFirst=*/true);
  if (!matchContext(context) || !checkHeads(op.getReshaped()) ||
      !checkMasks() || !checkTerms())
    return false;
  findCausal();
  return true;
}

bool AttentionMatcher::matchUnjoined(onnx::MatMulOp op) {
  auto type = dyn_cast<RankedTensorType>(op.getType());
  if (!type || type.getRank() != 4)
    return refuse(op.getY(), "its heads are not split by Reshape and "
                             "Transpose, and joined by Transpose and Reshape");
  // Probabilities that are read elsewhere would be computed twice. If a
  // Reshape joins the heads it has said more.
  if (!op.getA().hasOneUse())
    return false;
  if (!matchContext(op.getY()) || !checkHeads(Value()) || !checkMasks() ||
      !checkTerms())
    return false;
  findCausal();
  return true;
}

SmallVector<const Projection *> AttentionMatcher::allProjections() const {
  SmallVector<const Projection *> projections;
  for (const LowRankTerm &term : terms) {
    projections.push_back(&term.left);
    projections.push_back(&term.right);
  }
  if (residual)
    projections.push_back(&*residual);
  return projections;
}
