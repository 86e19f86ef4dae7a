//===- RaiseAttention.cpp - Binary attention ------------------------------===//
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Raise/Matchers.h"
#include <cmath>
#include <vector>

using namespace mlir;
using namespace bnn;

namespace {

// sign(input) * alpha of a [B, S, heads * d] tensor, split into heads.
struct Heads {
  StringRef role;
  Value input{};
  float alpha = 1;
  int64_t heads = 0, size = 0;
};

// One projection of the layer's input to a few numbers a token.
struct Projection {
  Value input;
  SmallVector<float> weight; // [K, rank]
  SmallVector<float> bias;   // [rank]
  int64_t rank;
  Operation *matmul;
};

// sum of left * right^T.
struct LowRankTerm {
  Projection left, right;
};

class Matcher {
public:
  Matcher(const onnx::SymbolicShapes &shapes) : shapes(shapes) {}

  // The parts, after match() succeeded.
  Heads query{"query"}, key{"key"}, value{"value"};
  std::vector<LowRankTerm> terms;
  std::optional<Projection> residual;
  Value mask; // broadcasts to [B, 1, 1, S], or null
  float divisor = 1, probability = 0;

  bool match(onnx::ReshapeOp op);
  SmallVector<const Projection *> allProjections() const;

  std::string why; // Not, after match() failed.

private:
  const onnx::SymbolicShapes &shapes;

  bool refuse(const Twine &reason) {
    why = reason.str();
    return false;
  }

  bool matchHeads(Value source, ArrayRef<int64_t> order, Heads &heads);
  bool matchContext(Value context);
  bool matchProbabilities(Value source);
  bool matchScores(Value source);
  bool matchBracket(Value source);
  bool matchScaledScores(Value source);
  bool matchProjection(Value source, Projection &projection);
  bool matchResidual(Value source);
  bool sameDims(Value a, ArrayRef<int64_t> axesOfA, Value b,
                ArrayRef<int64_t> axesOfB);
};

} // namespace

static SmallVector<int64_t> permutationOf(onnx::TransposeOp op) {
  if (auto perm = op.getPerm())
    return SmallVector<int64_t>(*perm);
  int64_t rank = cast<ShapedType>(op.getType()).getRank();
  SmallVector<int64_t> reversed;
  for (int64_t i = rank; i-- > 0;)
    reversed.push_back(i);
  return reversed;
}

bool Matcher::sameDims(Value a, ArrayRef<int64_t> axesOfA, Value b,
                       ArrayRef<int64_t> axesOfB) {
  auto shapeA = shapes.shapeOf(a), shapeB = shapes.shapeOf(b);
  if (!shapeA || !shapeB)
    return false;
  for (auto [i, j] : llvm::zip_equal(axesOfA, axesOfB))
    if ((*shapeA)[i] != (*shapeB)[j])
      return false;
  return true;
}

// Undoes Mul by a scalar, Sign, Transpose and Reshape, in whichever order they
// stand, down to the tensor that was split into heads.
bool Matcher::matchHeads(Value source, ArrayRef<int64_t> order, Heads &heads) {
  SmallVector<int64_t> axes = {0, 1, 2, 3};
  bool seenSign = false, seenScale = false;
  while (true) {
    if (auto scaled = matchTimesScalar<onnx::MulOp>(source);
        scaled && !seenScale && !seenSign) {
      heads.alpha = scaled->second;
      seenScale = true;
      source = scaled->first;
    } else if (auto sign = source.getDefiningOp<onnx::SignOp>();
               sign && !seenSign) {
      seenSign = true;
      source = sign.getX();
    } else if (auto transpose = source.getDefiningOp<onnx::TransposeOp>()) {
      SmallVector<int64_t> perm = permutationOf(transpose);
      if (perm.size() != 4)
        return refuse("the " + heads.role + " is not split into heads");
      for (int64_t &axis : axes)
        axis = perm[axis];
      source = transpose.getData();
    } else {
      break;
    }
  }
  if (!seenSign)
    return refuse("no sign before the " + heads.role);
  if (!std::isfinite(heads.alpha))
    return refuse("the scale of the " + heads.role + " is not finite");
  auto reshape = source.getDefiningOp<onnx::ReshapeOp>();
  if (!reshape || axes != SmallVector<int64_t>(order))
    return refuse("the " + heads.role +
                  " is not split into heads by Reshape and Transpose");
  auto split = dyn_cast<RankedTensorType>(reshape.getType());
  auto whole = dyn_cast<RankedTensorType>(reshape.getData().getType());
  if (!split || !whole || split.getRank() != 4 || whole.getRank() != 3 ||
      !whole.getElementType().isF32() || split.isDynamicDim(2) ||
      split.isDynamicDim(3) ||
      whole.getDimSize(2) != split.getDimSize(2) * split.getDimSize(3) ||
      !sameDims(reshape.getReshaped(), {0, 1}, reshape.getData(), {0, 1}))
    return refuse("the " + heads.role +
                  " is not split into [batch, tokens, heads, size]");
  heads.input = reshape.getData();
  heads.heads = split.getDimSize(2);
  heads.size = split.getDimSize(3);
  return true;
}

namespace {
struct Product {
  Operation *op;
  Value input, weight, bias; // bias may be null
};
} // namespace

// input * weight [+ bias], of the last dimension.
static std::optional<Product> matchProduct(Value source) {
  if (auto add = source.getDefiningOp<onnx::AddOp>())
    for (bool swap : {false, true})
      if (auto matmul =
              (swap ? add.getB() : add.getA()).getDefiningOp<onnx::MatMulOp>())
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
bool Matcher::matchProjection(Value source, Projection &projection) {
  // ONNX Runtime's optimiser writes it as Reshape, Gemm and Reshape.
  auto after = source.getDefiningOp<onnx::ReshapeOp>();
  auto product = matchProduct(after ? after.getData() : source);
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
bool Matcher::matchBracket(Value source) {
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
  auto matmul = product.getDefiningOp<onnx::MatMulOp>();
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

// query * key^T [+ bracket].
bool Matcher::matchScores(Value source) {
  Value product = source;
  terms.clear();
  if (auto add = source.getDefiningOp<onnx::AddOp>()) {
    bool found = false;
    for (bool swap : {false, true}) {
      Value scores = swap ? add.getB() : add.getA(),
            bracket = swap ? add.getA() : add.getB();
      terms.clear();
      if (scores.getDefiningOp<onnx::MatMulOp>() && matchBracket(bracket)) {
        product = scores;
        found = true;
        break;
      }
    }
    if (!found)
      return refuse("what is added to the scores is no sum of products of "
                    "low-rank projections: a full-rank bias");
  }
  auto matmul = product.getDefiningOp<onnx::MatMulOp>();
  if (!matmul)
    return refuse("the scores are no product of query and key");
  return matchHeads(matmul.getA(), {0, 2, 1, 3}, query) &&
         matchHeads(matmul.getB(), {0, 2, 3, 1}, key);
}

// A number a key, for all heads and queries.
static bool matchMask(Value source) {
  auto type = dyn_cast<RankedTensorType>(source.getType());
  if (!type || type.getRank() > 4 || !type.getElementType().isF32())
    return false;
  size_t rank = type.getRank();
  // From the right: keys, queries, heads, batch.
  ArrayRef<int64_t> shape = type.getShape();
  if (llvm::any_of(shape.drop_back(rank > 0).drop_front(rank == 4),
                   [](int64_t size) { return size != 1; }))
    return false;
  // A dimension that is open is one of the keys or of the batch; a product of
  // query and key has another shape.
  return rank == 4 || onnx::ConstantView::get(source);
}

// Clip(Round(Softmax(scores / divisor [+ mask]) / alpha), 0, 1) * alpha.
bool Matcher::matchProbabilities(Value source) {
  std::string whyNot = "no quantiser after the softmax";
  auto binarised = matchUnsignedBinarisation(source, &whyNot);
  if (!binarised)
    return refuse("the probabilities are not binary: " + whyNot);
  probability = binarised->second;
  auto softmax = binarised->first.getDefiningOp<onnx::SoftmaxOp>();
  if (!softmax || (softmax.getAxis() != -1 && softmax.getAxis() != 3))
    return refuse("what is binarised before the value is no softmax over the "
                  "keys");

  if (matchScaledScores(softmax.getInput()))
    return true;
  auto add = softmax.getInput().getDefiningOp<onnx::AddOp>();
  if (!add)
    return false;
  bool isMask = false;
  for (bool swap : {false, true}) {
    mask = swap ? add.getA() : add.getB();
    if (!matchMask(mask))
      continue;
    isMask = true;
    if (matchScaledScores(swap ? add.getB() : add.getA()))
      return true;
  }
  return isMask ? false
                : refuse("what is added before the softmax is no mask of one "
                         "number a token, [batch, 1, 1, tokens]");
}

// Scores divided by the root of a head's size, or times its reciprocal.
bool Matcher::matchScaledScores(Value source) {
  std::optional<double> constant = 1.0;
  if (auto div = source.getDefiningOp<onnx::DivOp>()) {
    constant = onnx::getConstantScalar(div.getB());
    source = div.getA();
  } else if (auto mul = matchTimesScalar<onnx::MulOp>(source)) {
    constant = 1.0 / mul->second;
    source = mul->first;
  }
  divisor = static_cast<float>(constant.value_or(0));
  if (divisor == 0 || !std::isfinite(divisor))
    return refuse("what the scores are divided by is not one finite constant");
  return matchScores(source);
}

// One number a token, the same for all heads and channels: v [B, S, 1] as
// [B, 1 or heads, S, 1].
bool Matcher::matchResidual(Value source) {
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

bool Matcher::matchContext(Value context) {
  SmallVector<onnx::MatMulOp> products;
  if (auto add = context.getDefiningOp<onnx::AddOp>())
    products = {add.getA().getDefiningOp<onnx::MatMulOp>(),
                add.getB().getDefiningOp<onnx::MatMulOp>()};
  else
    products = {context.getDefiningOp<onnx::MatMulOp>()};
  if (llvm::any_of(products, [](onnx::MatMulOp op) { return !op; }))
    return refuse("what is added to probabilities times value is no product");
  for (auto [i, product] : llvm::enumerate(products)) {
    if (!matchHeads(product.getB(), {0, 2, 1, 3}, value))
      continue;
    if (products.size() == 2 && (products[0].getA() != products[1].getA() ||
                                 !matchResidual(products[1 - i].getB())))
      return refuse("what is added to probabilities times value is not the "
                    "probabilities times one number a token");
    return matchProbabilities(product.getA());
  }
  return false;
}

bool Matcher::match(onnx::ReshapeOp op) {
  auto transpose = op.getData().getDefiningOp<onnx::TransposeOp>();
  auto type = dyn_cast<RankedTensorType>(op.getType());
  if (!transpose || !type || type.getRank() != 3 ||
      permutationOf(transpose) != SmallVector<int64_t>{0, 2, 1, 3})
    return refuse("its heads are not joined by Transpose and Reshape");
  if (!matchContext(transpose.getData()))
    return false;
  for (const Heads *other : {&key, &value})
    if (other->heads != query.heads || other->size != query.size ||
        !sameDims(other->input, {0, 1, 2}, query.input, {0, 1, 2}))
      return refuse("query and " + other->role + " differ in shape");
  if (!sameDims(op.getReshaped(), {0, 1, 2}, query.input, {0, 1, 2}))
    return refuse("the context has not the query's shape");
  // Constant masks and masks of one batch are spread; others fit as they are.
  if (mask) {
    auto maskType = cast<RankedTensorType>(mask.getType());
    int64_t rank = maskType.getRank();
    if (rank > 0 && maskType.getDimSize(rank - 1) != 1 &&
        !sameDims(mask, {rank - 1}, query.input, {1}))
      return refuse("the mask has not one number a token");
    if (rank == 4 && maskType.getDimSize(0) != 1 &&
        !sameDims(mask, {0}, query.input, {0}))
      return refuse("the mask has not one number a token");
  }
  // All low-rank terms must project one tensor, of the tokens of the query.
  SmallVector<const Projection *> projections = allProjections();
  for (const Projection *p : projections)
    if (p->input != projections[0]->input ||
        !sameDims(p->input, {0, 1}, query.input, {0, 1}))
      return refuse("the low-rank terms are projections of several tensors");
  return true;
}

SmallVector<const Projection *> Matcher::allProjections() const {
  SmallVector<const Projection *> projections;
  for (const LowRankTerm &term : terms) {
    projections.push_back(&term.left);
    projections.push_back(&term.right);
  }
  if (residual)
    projections.push_back(&*residual);
  return projections;
}

namespace {

// All projections of a layer's input, side by side in one bnn.low_rank.
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
    return b
        .create<LowRankOp>(loc, out.getType(), input,
                           constantTensor(b, loc, weight, {K, padded}),
                           constantTensor(b, loc, bias, padded),
                           ValueRange{out})
        .getResult(0);
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

// The mask as [B, S]; `like` is [B, S, channels].
static Value spreadMask(OpBuilder &b, Location loc, Value mask, Value like) {
  auto type = cast<RankedTensorType>(mask.getType());
  auto rows = cast<RankedTensorType>(like.getType());
  int64_t rank = type.getRank();
  if (auto value = onnx::getConstantScalar(mask); value && *value == 0)
    return Value(); // A sum with 0 has the same exponential.
  bool hasBatch = rank == 4 && type.getDimSize(0) == rows.getDimSize(0);
  bool hasKeys = rank && type.getDimSize(rank - 1) == rows.getDimSize(1);
  if (hasBatch && hasKeys)
    return b.create<tensor::CollapseShapeOp>(
        loc, mask, ArrayRef<ReassociationIndices>{{0, 1, 2}, {3}});
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, like);
  sizes.pop_back();
  Value empty = b.create<tensor::EmptyOp>(loc, sizes, type.getElementType());
  SmallVector<AffineExpr> source(rank, b.getAffineConstantExpr(0));
  if (hasBatch)
    source.front() = b.getAffineDimExpr(0);
  if (hasKeys)
    source.back() = b.getAffineDimExpr(1);
  SmallVector<AffineMap> maps = {AffineMap::get(2, 0, source, b.getContext()),
                                 b.getMultiDimIdentityMap(2)};
  return b
      .create<linalg::GenericOp>(
          loc, empty.getType(), mask, empty, maps,
          SmallVector<utils::IteratorType>(2, utils::IteratorType::parallel),
          [](OpBuilder &b, Location loc, ValueRange args) {
            b.create<linalg::YieldOp>(loc, args[0]);
          })
      .getResult(0);
}

LogicalResult bnn::raiseAttention(RaiseRewriter &rewriter, onnx::ReshapeOp op,
                                  const onnx::SymbolicShapes &shapes) {
  // Most reshapes have nothing to do with attention.
  Operation *layer = rewriter.attentionBehind(op.getReshaped());
  Matcher m(shapes);
  if (!m.match(op))
    return rewriter.refuse(layer, m.why);
  rewriter.setInsertionPoint(op);
  Location loc = layer ? layer->getLoc() : op.getData().getLoc();
  auto scalar = [&](double value) -> Value {
    return rewriter.create<arith::ConstantOp>(
        loc, rewriter.getF32FloatAttr(static_cast<float>(value)));
  };
  BinarizeOp q = createBinarize(rewriter, loc, m.query.input, {});
  BinarizeOp k = createBinarize(rewriter, loc, m.key.input, {});
  BinarizeOp v = createBinarize(rewriter, loc, m.value.input, {});

  Value left, right, residual;
  if (!m.terms.empty() || m.residual) {
    Projections all;
    int64_t rank = 0, leftFirst = 0, rightFirst = 0, residualFirst = 0;
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
    Value projected = all.create(rewriter, loc);
    if (rank) {
      left = sliceColumns(rewriter, loc, projected, leftFirst, rank);
      right = sliceColumns(rewriter, loc, projected, rightFirst, rank);
    }
    if (m.residual)
      residual = sliceColumns(rewriter, loc, projected, residualFirst, 1);
  }
  Value mask;
  if (m.mask)
    mask = spreadMask(rewriter, loc, m.mask, m.query.input);

  int64_t channels = m.query.heads * m.query.size;
  Value out =
      emptyRows(rewriter, loc, m.query.input, channels, rewriter.getF32Type());
  // The probabilities times the values, and times their residual.
  Value valueScale = scalar(double(m.probability) * m.value.alpha);
  Value residualScale = scalar(m.probability);
  auto attention = rewriter.create<AttentionOp>(
      loc, out.getType(), q.getResult(0), k.getResult(0), v.getResult(0),
      q.getResult(1), k.getResult(1), v.getResult(1), left, right, residual,
      mask, scalar(double(m.query.alpha) * m.key.alpha),
      scalar(0.5 * m.probability), ValueRange{valueScale, residualScale},
      ValueRange{out}, m.query.heads, llvm::APFloat(m.divisor));
  {
    OpBuilder::InsertionGuard guard(rewriter);
    Type f32 = rewriter.getF32Type();
    SmallVector<Type> types = {rewriter.getI32Type(), f32, f32, f32};
    Block *block =
        rewriter.createBlock(&attention.getEpilogue(), {}, types,
                             SmallVector<Location>(types.size(), loc));
    Value acc =
        rewriter.create<arith::SIToFPOp>(loc, f32, block->getArgument(0));
    Value rest = rewriter.create<arith::MulFOp>(loc, block->getArgument(1),
                                                block->getArgument(3));
    Value context =
        rewriter.create<math::FmaOp>(loc, acc, block->getArgument(2), rest);
    rewriter.create<bnn::YieldOp>(loc, context);
  }
  Value result = attention.getResult(0);
  if (result.getType() != op.getType())
    result = rewriter.create<tensor::CastOp>(loc, op.getType(), result);
  if (layer) {
    rewriter.became(layer, "1x1");
    for (const Projection *projection : m.allProjections())
      rewriter.became(projection->matmul, "float",
                      "a low-rank term of the attention '" +
                          nodeName(layer->getLoc()) + "'");
  }
  rewriter.replaceOp(op, result);
  return success();
}
