//===- Rows.cpp - Elements that depend on all of a row --------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A loop over the row for each element: n elements take n * n steps. In turn
// nothing is read or written where the data says, but where the loops stand.
//
//===----------------------------------------------------------------------===//
#include "passes/OnnxToLinalg/Scalars.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace mlir::bnn::onnx {
namespace {

using Iterator = utils::IteratorType;
using IP = arith::CmpIPredicate;
using Values = FailureOr<SmallVector<Value>>;

/// One step of a row: the element so far, after those of the inputs, to the
/// next. `out` and `in` are the positions of the element and of the step.
using Step = llvm::function_ref<Value(OpBuilder &, Location, ValueRange,
                                      Value out, Value in)>;

/// Runs `step` for each element of `init` along all elements of the row of the
/// inputs that is at its place, but for `axis`. `own` says which inputs are
/// read at the element and not at the step.
Value runRows(Lowering &l, Value init, ValueRange inputs, ArrayRef<bool> own,
              int64_t axis, Step step) {
  int64_t rank = Lowering::rankOf(init);
  // The step is the last loop.
  auto map = [&](bool isOwn) {
    SmallVector<AffineExpr> exprs;
    for (int64_t i = 0; i < rank; ++i)
      exprs.push_back(
          l.b.getAffineDimExpr(unsigned(i == axis && !isOwn ? rank : i)));
    return AffineMap::get(unsigned(rank + 1), 0, exprs, l.b.getContext());
  };
  SmallVector<AffineMap> maps;
  for (bool isOwn : own)
    maps.push_back(map(isOwn));
  maps.push_back(map(true));
  SmallVector<Iterator> iterators(rank, Iterator::parallel);
  iterators.push_back(Iterator::reduction);
  auto generic = l.b.create<linalg::GenericOp>(
      l.loc, init.getType(), inputs, init, maps, iterators,
      [&](OpBuilder &b, Location loc, ValueRange v) {
        Value out = b.create<linalg::IndexOp>(loc, axis);
        Value in = b.create<linalg::IndexOp>(loc, rank);
        b.create<linalg::YieldOp>(loc, step(b, loc, v, out, in));
      });
  return generic.getResult(0);
}

LogicalResult checkNumbers(Operation *op, Type element) {
  if (element.isInteger(1) || element.isInteger(8))
    return op->emitError() << op->getName() << " is not supported on "
                           << element << "; cast its input to f32 or i32";
  return success();
}

template <typename Op> Values lowerCumulative(Lowering &l, Op op) {
  constexpr bool isSum = std::is_same_v<Op, CumSumOp>;
  Value x = op.getX();
  Type element = Lowering::typeOf(x).getElementType();
  if (failed(checkNumbers(op, element)))
    return failure();
  int64_t axis = axisOf(op.getAxis(), Lowering::rankOf(x));
  TypedAttr start = cast<TypedAttr>(isSum ? l.b.getZeroAttr(element)
                                          : l.b.getOneAttr(element));
  // From the end the order of the steps is reversed too, so that each sum is
  // added up from its first element on: that is the last one of x.
  Dims dims = l.dims(x);
  Value last = l.asValue(l.sub(dims[axis], l.index(1)));
  bool reverse = op.getReverse(), exclusive = op.getExclusive();
  Value row = x;
  if (reverse) {
    row = l.elementwise(
        dims, element, {}, {},
        [&](OpBuilder &b, Location loc, ValueRange) -> Value {
          SmallVector<Value> at;
          for (int64_t i = 0; i < Lowering::rankOf(x); ++i) {
            Value own = b.create<linalg::IndexOp>(loc, i);
            at.push_back(i == axis ? b.create<arith::SubIOp>(loc, last, own)
                                   : own);
          }
          return b.create<tensor::ExtractOp>(loc, x, at);
        });
  }
  return SmallVector<Value>{
      runRows(l, l.filled(dims, start), row, {false}, axis,
              [&](OpBuilder &b, Location loc, ValueRange v, Value out,
                  Value in) -> Value {
                Scalars s(b, loc);
                if (reverse)
                  out = b.create<arith::SubIOp>(loc, last, out);
                Value counts = b.create<arith::CmpIOp>(
                    loc, exclusive ? IP::slt : IP::sle, in, out);
                Value next = isSum ? s.add(v[1], v[0]) : s.mul(v[1], v[0]);
                return s.select(counts, next, v[1]);
              })};
}

/// Two steps: how many elements come before each one, and then, for each place,
/// which element has that many before it.
Values lowerTopK(Lowering &l, TopKIndicesOp op) {
  Value x = op.getX();
  Type element = Lowering::typeOf(x).getElementType(), i64 = l.b.getI64Type();
  if (element.isInteger(1))
    return op.emitError("onnx.TopKIndices is not supported on booleans; cast "
                        "its input to numbers");
  bool isUnsigned = element.isUnsignedInteger();
  Dims dims = l.dims(x);
  if (isUnsigned)
    x = l.elementwise(dims, l.b.getI32Type(), x,
                      [&](OpBuilder &b, Location loc, ValueRange v) {
                        return Scalars(b, loc, /*isUnsigned=*/true)
                            .convert(v[0], b.getI32Type());
                      });
  int64_t axis = axisOf(op.getAxis(), Lowering::rankOf(x));
  bool largest = op.getLargest();
  // An order of all floats: NaN is above the others.
  auto above = [](Scalars &s, Value p, Value q) {
    Value isAbove = s.greater(p, q);
    if (!Scalars::isFloat(p))
      return isAbove;
    return s.either(isAbove, s.both(s.isNaN(p), s.equal(q, q)));
  };
  Value zeros = l.filled(dims, l.b.getI64IntegerAttr(0));
  Value before = runRows(
      l, zeros, {x, x}, {true, false}, axis,
      [&](OpBuilder &b, Location loc, ValueRange v, Value out,
          Value in) -> Value {
        Scalars s(b, loc);
        Value first = largest ? above(s, v[1], v[0]) : above(s, v[0], v[1]);
        Value second = largest ? above(s, v[0], v[1]) : above(s, v[1], v[0]);
        // Neither: of equal elements the first comes first.
        Value neither = b.create<arith::XOrIOp>(loc, s.either(first, second),
                                                s.number(b.getI1Type(), 1));
        Value earlier = b.create<arith::CmpIOp>(loc, IP::slt, in, out);
        Value counts = s.either(first, s.both(neither, earlier));
        Value one = s.number(i64, 1);
        return s.select(counts, s.add(v[2], one), v[2]);
      });
  Dims taken = dims;
  taken[axis] = l.index(int64_t(op.getK()));
  return SmallVector<Value>{runRows(
      l, l.filled(taken, l.b.getI64IntegerAttr(0)), before, {false}, axis,
      [&](OpBuilder &b, Location loc, ValueRange v, Value out,
          Value in) -> Value {
        Value place = b.create<arith::IndexCastOp>(loc, i64, out);
        Value here = b.create<arith::CmpIOp>(loc, IP::eq, v[0], place);
        Value position = b.create<arith::IndexCastOp>(loc, i64, in);
        return b.create<arith::SelectOp>(loc, here, position, v[1]);
      })};
}

Values lowerScatter(Lowering &l, ScatterElementsOp op) {
  Value data = op.getData();
  Type element = Lowering::typeOf(data).getElementType();
  uint64_t reduction = op.getReduction();
  if (reduction && failed(checkNumbers(op, element)))
    return failure();
  int64_t axis = axisOf(op.getAxis(), Lowering::rankOf(data));
  auto join = [&](Scalars &s, Value old, Value update) -> Value {
    switch (reduction) {
    case 1:
      return s.add(old, update);
    case 2:
      return s.mul(old, update);
    case 3:
    case 4:
      return s.extreme(/*larger=*/reduction == 3, old, update);
    default:
      return update;
    }
  };
  return SmallVector<Value>{runRows(
      l, data, {op.getIndices(), op.getUpdates()}, {false, false}, axis,
      [&](OpBuilder &b, Location loc, ValueRange v, Value out, Value) -> Value {
        Scalars s(b, loc);
        Value place = b.create<arith::IndexCastOp>(loc, l.b.getI64Type(), out);
        Value here = b.create<arith::CmpIOp>(loc, IP::eq, v[0], place);
        return s.select(here, join(s, v[2], v[1]), v[2]);
      })};
}

} // namespace

Lowered lowerRows(Lowering &l, Operation *op) {
  return llvm::TypeSwitch<Operation *, Lowered>(op)
      .Case<CumSumOp, CumProdOp>([&](auto o) { return lowerCumulative(l, o); })
      .Case([&](TopKIndicesOp o) { return lowerTopK(l, o); })
      .Case([&](ScatterElementsOp o) { return lowerScatter(l, o); })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace mlir::bnn::onnx
