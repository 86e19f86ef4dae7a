//===- RaiseQuantizedProduct.cpp - Products of quantised activations ------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A writer of QuantizeLinear and DequantizeLinear puts a pair of them at every
// edge. Where one moves elements only, the bytes behind it are those before it,
// moved: they are made once, where the numbers are, and the product reads them
// as they lie.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "passes/Raise/ByteProduct.h"
#include "passes/Support/DimensionBuilder.h"

using namespace mlir;
using namespace mlir::bnn;

namespace {

// A factor: (byte - point) * scale.
struct QuantizedFactor {
  float scale;
  int32_t point;
  // Makes bytes of `source`, if that is f32; else `source` is bytes.
  onnx::QuantizeLinearOp quantize;
  Value source;
  SmallVector<OpResult> moves; // Of the bytes; the last one first.
};

} // namespace

static constexpr size_t kMostMoves = 8;

static bool isOneNumber(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.hasStaticShape() && type.getNumElements() == 1;
}

// The one scale and zero point of a pair's op, if they are plain.
template <typename Op>
static std::optional<std::pair<float, int32_t>> matchParams(Op op,
                                                            Value scale) {
  Value point = op.getOperand(2);
  if (!isOneNumber(scale) ||
      !(isa<NoneType>(point.getType()) || isOneNumber(point)))
    return std::nullopt;
  auto number = matchRowVector(scale, 1);
  auto zero = matchZeroPoints(point, 1);
  if (!number || !zero || !isPlainScale(number->front()))
    return std::nullopt;
  return std::pair(number->front(), zero->front());
}

static std::optional<QuantizedFactor> matchFactor(Value value) {
  QuantizedFactor factor{};
  std::optional<std::pair<float, int32_t>> params;
  Type bytes;
  auto peelMoves = [&] {
    while (isMove(value.getDefiningOp()) && factor.moves.size() < kMostMoves) {
      factor.moves.push_back(cast<OpResult>(value));
      value = value.getDefiningOp()->getOperand(0);
    }
  };
  while (true) {
    peelMoves();
    auto dequantize = value.getDefiningOp<onnx::DequantizeLinearOp>();
    auto found = dequantize ? matchParams(dequantize, dequantize.getXScale())
                            : std::nullopt;
    Type element = found ? getElementTypeOrSelf(dequantize.getX()) : Type();
    if (!found || !element.isInteger(8) ||
        (params && (*found != *params || element != bytes))) {
      if (!params)
        return std::nullopt;
      factor.source = value; // of f32
      return factor;
    }
    params = found;
    bytes = element;
    std::tie(factor.scale, factor.point) = *found;
    value = dequantize.getX();
    peelMoves();
    factor.source = value;
    factor.quantize = {};
    auto quantize = value.getDefiningOp<onnx::QuantizeLinearOp>();
    if (!quantize || !getElementTypeOrSelf(quantize.getX()).isF32() ||
        matchParams(quantize, quantize.getYScale()) != params)
      return factor;
    factor.quantize = quantize;
    value = quantize.getX();
  }
}

// The bytes of a factor less their zero point, an i32 tensor.
static Value createIntegers(RaiseRewriter &rewriter, Location loc,
                            const QuantizedFactor &factor) {
  Value bytes = factor.source;
  if (onnx::QuantizeLinearOp quantize = factor.quantize) {
    IRMapping mapping;
    mapping.map(quantize.getX(), bytes);
    Type element = getElementTypeOrSelf(quantize.getY());
    auto type = cast<RankedTensorType>(bytes.getType());
    bytes = rewriter.clone(*quantize, mapping)->getResult(0);
    bytes.setType(type.clone(element));
  }
  bytes = repeatMoves(rewriter, factor.moves, bytes);
  auto type =
      cast<RankedTensorType>(bytes.getType()).clone(rewriter.getI32Type());
  Value integers = rewriter.create<onnx::CastOp>(loc, type, bytes);
  if (factor.point == 0)
    return integers;
  auto one = RankedTensorType::get({}, rewriter.getI32Type());
  Value point = rewriter.create<onnx::ConstantOp>(
      loc, one, DenseElementsAttr::get(one, factor.point));
  return rewriter.create<onnx::SubOp>(loc, type, integers, point);
}

static BitsType elementOf(Value bytes) {
  return BitsType::get(bytes.getContext(),
                       !getElementTypeOrSelf(bytes).isUnsignedInteger(), 8);
}

static BitsType elementOf(const QuantizedFactor &factor) {
  onnx::QuantizeLinearOp quantize = factor.quantize;
  return elementOf(quantize ? Value(quantize.getY()) : factor.source);
}

// The greatest magnitude of a factor's numbers.
static int64_t mostOf(const QuantizedFactor &factor) {
  BitsType element = elementOf(factor);
  return std::max<int64_t>(
      {element.getMost() - factor.point, factor.point - element.getLeast(), 1});
}

// Has the function check that a sum has at most `most` terms. Fails if that
// cannot be said of its arguments.
static LogicalResult boundTerms(RaiseRewriter &rewriter, onnx::MatMulOp op,
                                int64_t most,
                                const onnx::SymbolicShapes &shapes) {
  auto shape = shapes.shapeOf(op.getA());
  if (!shape || shape->empty())
    return failure();
  const onnx::SymbolicDim &terms = shape->back();
  if (std::optional<int64_t> constant = terms.getConstant())
    return success(*constant <= most);
  auto sources = sourcesOf(terms, shapes);
  if (failed(sources) || !llvm::all_of(*sources, llvm::IsaPred<BlockArgument>))
    return failure();
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointToStart(op->getBlock());
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  Value count = DimensionBuilder(b, shapes).build(terms);
  Value fits = b.create<arith::CmpIOp>(
      arith::CmpIPredicate::ule, count,
      b.create<arith::ConstantIndexOp>(most).getResult());
  b.create<CheckShapeOp>(fits);
  return success();
}

// The bytes that `value`, an i32 tensor, is made of, if it is.
static Value findBytes(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (auto sub = dyn_cast<onnx::SubOp>(op);
        sub && sub.getA().getType() == sub.getType())
      value = sub.getA();
    else if (isMove(op))
      value = op->getOperand(0);
    else
      break;
  }
  auto cast = value.getDefiningOp<onnx::CastOp>();
  if (!cast || !getElementTypeOrSelf(cast.getInput()).isInteger(8))
    return {};
  return cast.getInput();
}

// A product of integers is one of bytes as it is.
static void noteIntegers(RaiseRewriter &rewriter, onnx::MatMulOp op) {
  Value left = findBytes(op.getA()), right = findBytes(op.getB());
  if (left && right)
    rewriter.becameBytes(op, elementOf(left), elementOf(right));
}

// What moves `value`, and is all that reads it: the last move first.
static SmallVector<OpResult> movesOf(Value value) {
  SmallVector<OpResult> moves;
  while (value.hasOneUse() && moves.size() < kMostMoves) {
    OpOperand &use = *value.getUses().begin();
    if (!isMove(use.getOwner()) || use.getOperandNumber() != 0)
      break;
    value = use.getOwner()->getResult(0);
    moves.insert(moves.begin(), cast<OpResult>(value));
  }
  return moves;
}

LogicalResult bnn::raiseQuantizedProduct(RaiseRewriter &rewriter,
                                         onnx::MatMulOp op,
                                         const onnx::SymbolicShapes &shapes) {
  auto rankOf = [](Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    return type ? type.getRank() : 0;
  };
  if (!isProductOfVariables(op) || rankOf(op.getA()) < 2 ||
      rankOf(op.getB()) < 2)
    return failure();
  if (getElementTypeOrSelf(op.getY()).isInteger(32)) {
    noteIntegers(rewriter, op);
    return failure();
  }
  auto left = matchFactor(op.getA()), right = matchFactor(op.getB());
  if (!left || !right)
    return failure();
  const int64_t most =
      std::numeric_limits<int32_t>::max() / (mostOf(*left) * mostOf(*right));
  if (failed(boundTerms(rewriter, op, most, shapes)))
    return rewriter.refuse(op, "nothing says that its sums fit 32 bits");
  rewriter.becameBytes(op, elementOf(*left), elementOf(*right));
  rewriter.setInsertionPoint(op);
  Location loc = op.getLoc();
  Value a = createIntegers(rewriter, loc, *left),
        b = createIntegers(rewriter, loc, *right);
  auto type = cast<RankedTensorType>(op.getY().getType());
  Value sums = rewriter.create<onnx::MatMulOp>(
      loc, type.clone(rewriter.getI32Type()), a, b);
  // The sums are moved as they are: a product can write them where they go.
  SmallVector<OpResult> moves = movesOf(op.getY());
  Operation *last = moves.empty() ? op : moves.front().getOwner();
  rewriter.setInsertionPoint(last);
  sums = repeatMoves(rewriter, moves, sums);
  type = cast<RankedTensorType>(sums.getType()).clone(rewriter.getF32Type());
  Value result = rewriter.create<onnx::CastOp>(loc, type, sums);
  auto one = RankedTensorType::get({}, rewriter.getF32Type());
  Value scale = rewriter.create<onnx::ConstantOp>(
      loc, one, DenseElementsAttr::get(one, left->scale * right->scale));
  result = rewriter.create<onnx::MulOp>(loc, type, result, scale);
  replaceWith(rewriter, last, result);
  return success();
}
