//===- FoldedHeads.cpp - Attention over [batch * heads, tokens, size] -----===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// BART, OPT and others fold batch and heads into one dimension for their
// products, and some attention has one head and no dimension for it. Such
// attention is written again with both dimensions, as others write it.
//
//===----------------------------------------------------------------------===//

#include "dialects/ONNX/ONNXTraits.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "passes/Raise/Matchers.h"

using namespace mlir;
using namespace mlir::bnn;

static RankedTensorType rankedOf(Value value) {
  return dyn_cast<RankedTensorType>(value.getType());
}

namespace {

// Writes what a tensor of three dimensions is computed from with a fourth one,
// behind the first.
class Unfolder {
public:
  // `hasOneHead`: the dimension is 1 where nothing folds it.
  Unfolder(RaiseRewriter &rewriter, onnx::SymbolicShapes &shapes,
           bool hasOneHead)
      : rewriter(rewriter), shapes(shapes), hasOneHead(hasOneHead) {}

  // Null where that is not known.
  Value unfold(Value value);

  // What was written again, and as what.
  SmallVector<std::pair<Operation *, Operation *>> copies;

private:
  Value unfoldNew(Value value);
  Value withoutFolds(Value value);
  Value unfoldOperand(Value operand, Value result);
  Value copy(Operation *op, ValueRange operands, RankedTensorType type);
  Value visited(Operation *op) {
    return failed(shapes.visit(op)) ? Value() : op->getResult(0);
  }
  Value unsqueezed(Value value);

  RaiseRewriter &rewriter;
  onnx::SymbolicShapes &shapes;
  bool hasOneHead;
  // The first tensor whose heads were folded: all have its batch and heads.
  Value first;
  DenseMap<Value, Value> unfolded;
};

} // namespace

// Whether a reshape multiplies the first two of four sizes, and no others.
static bool foldsHeads(onnx::ReshapeOp op, const onnx::SymbolicShapes &shapes) {
  auto from = shapes.shapeOf(op.getData()),
       to = shapes.shapeOf(op.getReshaped());
  return from && to && from->size() == 4 && to->size() == 3 &&
         (*from)[2] == (*to)[1] && (*from)[3] == (*to)[2];
}

// Whether an operator computes each element from those at its place.
static bool isElementwise(Operation *op) {
  return op && op->getNumResults() == 1 &&
         (op->hasTrait<onnx::BroadcastShape>() ||
          isa<onnx::CastOp, onnx::NotOp, onnx::NegOp, onnx::SignOp,
              onnx::RoundOp, onnx::FloorOp, onnx::CeilOp, onnx::ClipOp,
              onnx::ReluOp, onnx::IsNaNOp, onnx::IdentityOp>(op));
}

// A tensor of four dimensions that is not made of one of three: masks are added
// to scores that have their heads again, and fold them once more.
Value Unfolder::withoutFolds(Value value) {
  Operation *op = value.getDefiningOp();
  auto type = rankedOf(value);
  if (!op || !type || type.getRank() != 4)
    return value;
  if (auto reshape = dyn_cast<onnx::ReshapeOp>(op)) {
    auto from = rankedOf(reshape.getData());
    Value data =
        from && from.getRank() == 3 ? unfold(reshape.getData()) : Value();
    return data && shapes.haveSameShape(data, value) &&
                   data.getType() == value.getType()
               ? data
               : value;
  }
  if (!isElementwise(op))
    return value;
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(withoutFolds(operand));
  if (llvm::equal(operands, op->getOperands()))
    return value;
  Value result = copy(op, operands, type);
  return result ? result : value;
}

Value Unfolder::unsqueezed(Value value) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointAfterValue(value);
  auto type = rankedOf(value);
  SmallVector<int64_t> sizes(type.getShape());
  sizes.insert(sizes.begin() + 1, 1);
  auto listType = RankedTensorType::get(1, rewriter.getI64Type());
  Value list = rewriter.create<onnx::ConstantOp>(
      value.getLoc(), listType,
      DenseIntElementsAttr::get(listType, int64_t(1)));
  if (!visited(list.getDefiningOp()))
    return Value();
  return visited(rewriter.create<onnx::UnsqueezeOp>(
      value.getLoc(), RankedTensorType::get(sizes, type.getElementType()),
      value, list));
}

Value Unfolder::copy(Operation *op, ValueRange operands,
                     RankedTensorType type) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointAfter(op);
  Operation *clone = rewriter.clone(*op);
  clone->setOperands(operands);
  clone->getResult(0).setType(type);
  copies.emplace_back(op, clone);
  return visited(clone);
}

// An operand of what computes each element from those at its place: what
// broadcasts along the first dimension may stay as it is.
Value Unfolder::unfoldOperand(Value operand, Value result) {
  auto type = rankedOf(operand);
  if (!type)
    return isa<NoneType>(operand.getType()) ? operand : Value();
  if (type.getRank() < 3 || (type.getRank() == 3 && type.getDimSize(0) == 1 &&
                             rankedOf(result).getDimSize(0) != 1))
    return operand;
  return type.getRank() == 3 ? unfold(operand) : Value();
}

Value Unfolder::unfoldNew(Value value) {
  auto type = rankedOf(value);
  Operation *op = value.getDefiningOp();
  if (!type || type.getRank() != 3)
    return Value();
  // The sizes of a result of the same batch and heads.
  auto typeLike = [&](Value like) {
    auto of = rankedOf(like);
    return RankedTensorType::get({of.getDimSize(0), of.getDimSize(1),
                                  type.getDimSize(1), type.getDimSize(2)},
                                 type.getElementType());
  };
  if (auto reshape = dyn_cast_or_null<onnx::ReshapeOp>(op);
      reshape && !hasOneHead && foldsHeads(reshape, shapes)) {
    Value data = reshape.getData();
    if (!first)
      first = data;
    auto sizes = shapes.shapeOf(data), all = shapes.shapeOf(first);
    return (*sizes)[0] == (*all)[0] && (*sizes)[1] == (*all)[1]
               ? withoutFolds(data)
               : Value();
  }
  SmallVector<Value> operands;
  if (auto transpose = dyn_cast_or_null<onnx::TransposeOp>(op)) {
    auto perm = transpose.getPerm();
    Value data = perm && *perm == ArrayRef<int64_t>{0, 2, 1}
                     ? unfold(transpose.getData())
                     : Value();
    if (!data)
      return Value();
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointAfter(op);
    return visited(rewriter.create<onnx::TransposeOp>(
        op->getLoc(), typeLike(data), data,
        rewriter.getDenseI64ArrayAttr({0, 1, 3, 2})));
  }
  auto softmax = dyn_cast_or_null<onnx::SoftmaxOp>(op);
  if (isa_and_nonnull<onnx::MatMulOp>(op) ||
      (softmax && int64_t(softmax.getAxis()) == -1)) {
    for (Value operand : op->getOperands())
      operands.push_back(unfold(operand));
  } else if (isElementwise(op)) {
    for (Value operand : op->getOperands())
      operands.push_back(unfoldOperand(operand, value));
  } else {
    return hasOneHead ? unsqueezed(value) : Value();
  }
  Value like;
  for (Value operand : operands) {
    if (!operand)
      return Value();
    if (auto of = rankedOf(operand); of && of.getRank() == 4)
      like = operand;
  }
  return like ? copy(op, operands, typeLike(like)) : Value();
}

Value Unfolder::unfold(Value value) {
  auto [it, isNew] = unfolded.try_emplace(value);
  if (!isNew)
    return it->second;
  Value result = unfoldNew(value);
  unfolded[value] = result;
  return result;
}

LogicalResult bnn::unfoldHeads(RaiseRewriter &rewriter, onnx::MatMulOp op,
                               onnx::SymbolicShapes &shapes) {
  auto type = rankedOf(op.getY());
  if (!type || type.getRank() != 3 || !rewriter.attentionBehind(op.getY()) ||
      !op.getA().hasOneUse() || !matchBinaryInput(op.getB(), nullptr, false))
    return failure();
  for (bool hasOneHead : {false, true}) {
    Unfolder unfolder(rewriter, shapes, hasOneHead);
    Value context = unfolder.unfold(op.getY());
    if (!context)
      continue;
    for (auto [old, copy] : unfolder.copies)
      rewriter.wroteAgain(old, copy);
    for (Operation *user : llvm::make_early_inc_range(op->getUsers()))
      if (auto reshape = dyn_cast<onnx::ReshapeOp>(user);
          reshape && shapes.haveSameShape(reshape.getReshaped(), context) &&
          reshape.getType() == context.getType())
        rewriter.replaceOp(reshape, context);
    if (op->use_empty())
      return success();
    rewriter.setInsertionPointAfterValue(context);
    Value folded = rewriter.create<tensor::CollapseShapeOp>(
        op.getLoc(), context, ArrayRef<ReassociationIndices>{{0, 1}, {2}, {3}});
    if (folded.getType() != type)
      folded = rewriter.create<tensor::CastOp>(op.getLoc(), type, folded);
    rewriter.replaceOp(op, folded);
    return success();
  }
  return failure();
}
