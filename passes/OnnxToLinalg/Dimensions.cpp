//===- Dimensions.cpp - Sizes of tensors, known and computed --------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "passes/OnnxToLinalg/Lowering.h"

using namespace mlir;

namespace mlir::bnn::onnx {

Value Lowering::asValue(OpFoldResult value) {
  if (auto v = dyn_cast<Value>(value))
    return v;
  return b.create<arith::ConstantIndexOp>(loc, *getConstantIntValue(value));
}

/// Folds, or builds `Op`.
template <typename Op>
static OpFoldResult fold(Lowering &l, OpFoldResult x, OpFoldResult y,
                         llvm::function_ref<int64_t(int64_t, int64_t)> f) {
  std::optional<int64_t> a = getConstantIntValue(x), c = getConstantIntValue(y);
  if (a && c)
    return l.index(f(*a, *c));
  return l.b.create<Op>(l.loc, l.asValue(x), l.asValue(y)).getResult();
}

OpFoldResult Lowering::add(OpFoldResult x, OpFoldResult y) {
  if (isConstantIntValue(x, 0))
    return y;
  if (isConstantIntValue(y, 0))
    return x;
  return fold<arith::AddIOp>(*this, x, y, std::plus<int64_t>());
}

OpFoldResult Lowering::sub(OpFoldResult x, OpFoldResult y) {
  if (isConstantIntValue(y, 0))
    return x;
  return fold<arith::SubIOp>(*this, x, y, std::minus<int64_t>());
}

OpFoldResult Lowering::mul(OpFoldResult x, OpFoldResult y) {
  if (isConstantIntValue(x, 1))
    return y;
  if (isConstantIntValue(y, 1))
    return x;
  return fold<arith::MulIOp>(*this, x, y, std::multiplies<int64_t>());
}

OpFoldResult Lowering::divide(OpFoldResult x, OpFoldResult y) {
  if (isConstantIntValue(y, 1))
    return x;
  // Sizes of empty tensors divide sizes too; what comes of it does not matter,
  // but that it does not trap does.
  y = max(y, index(1));
  return fold<arith::DivSIOp>(*this, x, y,
                              [](int64_t a, int64_t c) { return a / c; });
}

OpFoldResult Lowering::divideUp(OpFoldResult x, int64_t y) {
  return divide(add(x, index(y - 1)), index(y));
}

OpFoldResult Lowering::min(OpFoldResult x, OpFoldResult y) {
  return fold<arith::MinSIOp>(
      *this, x, y, [](int64_t a, int64_t c) { return std::min(a, c); });
}

OpFoldResult Lowering::max(OpFoldResult x, OpFoldResult y) {
  return fold<arith::MaxSIOp>(
      *this, x, y, [](int64_t a, int64_t c) { return std::max(a, c); });
}

OpFoldResult Lowering::product(ArrayRef<OpFoldResult> values) {
  OpFoldResult result = index(1);
  for (OpFoldResult value : values)
    result = mul(result, value);
  return result;
}

/// The value of `dim` from constants and dimensions of arguments, or null: a
/// product of such, or one of them plus a constant.
OpFoldResult Lowering::materialize(const SymbolicDim &dim) {
  if (std::optional<int64_t> constant = dim.getConstant())
    return index(*constant);
  if (auto parts = shapes.minimumOf(dim)) {
    OpFoldResult x = materialize(parts->first), y = materialize(parts->second);
    return x && y ? min(x, y) : OpFoldResult();
  }
  for (const ArgumentDim &known : argumentDims) {
    auto value = [&] {
      return OpFoldResult(
          b.create<tensor::DimOp>(loc, known.argument, known.axis).getResult());
    };
    if (dim == known.dim)
      return value();
    if (std::optional<SymbolicDim> rest = dim.dividedBy(known.dim))
      if (OpFoldResult factor = materialize(*rest))
        return mul(value(), factor);
    if (std::optional<SymbolicDim> rest = dim.minus(known.dim))
      if (std::optional<int64_t> constant = rest->getConstant())
        return add(value(), index(*constant));
  }
  return {};
}

std::optional<SymbolicDim> Lowering::symbolic(Value tensor, int64_t axis) {
  RankedTensorType type = typeOf(tensor);
  if (!type.isDynamicDim(axis))
    return SymbolicDim(type.getDimSize(axis));
  if (auto known = shapes.shapeOf(tensor))
    return (*known)[axis];
  return std::nullopt;
}

OpFoldResult Lowering::knownDim(Value result, int64_t axis) {
  if (std::optional<SymbolicDim> dim = symbolic(result, axis))
    return materialize(*dim);
  return {};
}

bool isSameSize(OpFoldResult x, OpFoldResult y) {
  if (x == y)
    return true;
  std::optional<int64_t> a = getConstantIntValue(x), c = getConstantIntValue(y);
  if (a || c)
    return a == c;
  Operation *left = llvm::cast<Value>(x).getDefiningOp();
  Operation *right = llvm::cast<Value>(y).getDefiningOp();
  return left && right && left->getNumResults() == 1 && isPure(left) &&
         OperationEquivalence::isEquivalentTo(
             left, right,
             [](Value l, Value r) {
               return success(l == r ||
                              (l.getType().isIndex() && isSameSize(l, r)));
             },
             nullptr, OperationEquivalence::IgnoreLocations);
}

OpFoldResult Lowering::dim(Value tensor, int64_t axis) {
  if (OpFoldResult known = knownDim(tensor, axis))
    return known;
  while (auto cast = tensor.getDefiningOp<tensor::CastOp>())
    tensor = cast.getSource();
  // What was made in a place of known size has that size; so has a view.
  if (auto made = dyn_cast<OpResult>(tensor))
    if (auto op = dyn_cast<DestinationStyleOpInterface>(made.getOwner()))
      if (auto place =
              op.getTiedOpOperand(made)->get().getDefiningOp<tensor::EmptyOp>())
        return place.getMixedSizes()[axis];
  if (auto slice = tensor.getDefiningOp<tensor::ExtractSliceOp>();
      slice && slice.getSourceType().getRank() == rankOf(tensor))
    return slice.getMixedSizes()[axis];
  if (auto split = tensor.getDefiningOp<tensor::ExpandShapeOp>())
    return getMixedValues(split.getStaticOutputShape(), split.getOutputShape(),
                          b)[axis];
  if (auto merged = tensor.getDefiningOp<tensor::CollapseShapeOp>()) {
    Value source = merged.getSrc();
    ReassociationIndices parts = merged.getReassociationIndices()[axis];
    llvm::erase_if(
        parts, [&](int64_t i) { return typeOf(source).getDimSize(i) == 1; });
    if (parts.size() == 1)
      return dim(source, parts.front());
  }
  return b.create<tensor::DimOp>(loc, tensor, axis).getResult();
}

Dims Lowering::dims(Value tensor) {
  Dims result;
  for (int64_t axis = 0; axis < rankOf(tensor); ++axis)
    result.push_back(dim(tensor, axis));
  return result;
}

OpFoldResult Lowering::element(Value list, int64_t i) {
  if (auto known = shapes.elementsOf(list); known && i < int64_t(known->size()))
    if (OpFoldResult value = materialize((*known)[i]))
      return value;
  SmallVector<Value> at;
  if (rankOf(list) == 1)
    at.push_back(asValue(index(i)));
  Value value = b.create<tensor::ExtractOp>(loc, list, at);
  return b.create<arith::IndexCastOp>(loc, b.getIndexType(), value).getResult();
}

OpFoldResult Lowering::broadcastDim(OpFoldResult x, OpFoldResult y) {
  if (isSameSize(x, y) || isConstantIntValue(y, 1))
    return x;
  if (isConstantIntValue(x, 1))
    return y;
  // A constant other than 1 is the length, or there is none.
  if (getConstantIntValue(x))
    return x;
  if (getConstantIntValue(y))
    return y;
  Value isOne = b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq,
                                        asValue(x), asValue(index(1)));
  return b.create<arith::SelectOp>(loc, isOne, asValue(y), asValue(x))
      .getResult();
}

Dims Lowering::broadcastDims(Value result, ValueRange inputs) {
  int64_t rank = rankOf(result);
  Dims out;
  for (int64_t axis = 0; axis < rank; ++axis) {
    if (OpFoldResult length = knownDim(result, axis)) {
      out.push_back(length);
      continue;
    }
    OpFoldResult size = index(1);
    std::optional<SymbolicDim> known;
    for (Value input : inputs) {
      int64_t own = axis - rank + rankOf(input);
      if (own < 0 || typeOf(input).getDimSize(own) == 1)
        continue;
      // A length that is there already needs no second look.
      std::optional<SymbolicDim> next = symbolic(input, own);
      if (known && next && *known == *next)
        continue;
      known = known ? std::nullopt : next;
      size = broadcastDim(size, dim(input, own));
    }
    out.push_back(size);
  }
  return out;
}

} // namespace mlir::bnn::onnx
