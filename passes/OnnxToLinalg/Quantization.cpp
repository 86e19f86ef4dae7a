//===- Quantization.cpp - QuantizeLinear and DequantizeLinear -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/BNN/Encoding.h"
#include "dialects/ONNX/OpSupport.h"
#include "passes/OnnxToLinalg/Scalars.h"

using namespace mlir;

namespace mlir::bnn::onnx {

/// Maps from the elements of `x` to those of one scale, or of a list of scales
/// along `axis`.
static AffineMap scaleMap(Lowering &l, Value x, Value scale, int64_t axis) {
  unsigned rank = unsigned(Lowering::rankOf(x));
  SmallVector<AffineExpr> exprs;
  if (Lowering::rankOf(scale) == 1)
    exprs.push_back(Lowering::typeOf(scale).getDimSize(0) == 1
                        ? l.b.getAffineConstantExpr(0)
                        : l.b.getAffineDimExpr(unsigned(axis)));
  return AffineMap::get(rank, 0, exprs, l.b.getContext());
}

template <typename Op>
static Value lowerScaled(Lowering &l, Op op, Value x, Value scale, Value zero,
                         Type element, Body body) {
  int64_t rank = Lowering::rankOf(x), axis = axisOf(op.getAxis(), rank);
  Dims dims = l.dims(x);
  // A list may turn out to be of one element. One that is known to be has no
  // axis.
  auto align = [&](Value list) {
    return isOneElement(list) ? list : l.align(list, op.getY(), dims, {axis});
  };
  scale = align(scale);
  SmallVector<Value> inputs{x, scale};
  SmallVector<AffineMap> maps{l.b.getMultiDimIdentityMap(unsigned(rank)),
                              scaleMap(l, x, scale, axis)};
  if (!isa<NoneType>(zero.getType())) {
    zero = align(zero);
    inputs.push_back(zero);
    maps.push_back(scaleMap(l, x, zero, axis));
  }
  return l.elementwise(dims, element, inputs, maps, body);
}

// The zero point among the elements (x, scale, zero point) of a body, as an
// i32; null where there is none.
static Value zeroPointOf(ImplicitLocOpBuilder &b, ValueRange elements,
                         BitsType type) {
  if (elements.size() < 3)
    return {};
  Scalars bytes(b, b.getLoc(), /*isUnsigned=*/!type.getIsSigned());
  return bytes.convert(elements[2], b.getI32Type());
}

// What `op` makes floats of again, with the numbers that it was made bytes
// with: the bytes need not be.
static std::optional<Lowering::Quantized>
quantizedAlike(Lowering &l, DequantizeLinearOp op) {
  Value bytes = op.getX();
  if (auto cast = bytes.getDefiningOp<tensor::CastOp>())
    bytes = cast.getSource();
  auto known = l.quantized.find(bytes);
  if (known == l.quantized.end())
    return std::nullopt;
  const Lowering::Quantized &source = known->second;
  if (source.scale != op.getXScale() ||
      source.zeroPoint != op.getXZeroPoint() ||
      source.axis != axisOf(op.getAxis(), Lowering::rankOf(bytes)))
    return std::nullopt;
  return source;
}

Lowered lowerQuantization(Lowering &l, Operation *operation) {
  auto refuse = [&]() -> Lowered {
    operation->emitError() << operation->getName()
                           << " is supported between f32 and i8 or ui8 (from "
                              "i32, too) only; cast its inputs";
    return failure();
  };
  if (auto op = dyn_cast<QuantizeLinearOp>(operation)) {
    Type element = getElementTypeOrSelf(op.getY().getType());
    if (!Lowering::typeOf(op.getX()).getElementType().isF32())
      return refuse();
    auto type =
        BitsType::get(l.b.getContext(), !element.isUnsignedInteger(), 8);
    Type byte = l.b.getI8Type();
    Value result = lowerScaled(
        l, op, op.getX(), op.getYScale(), op.getYZeroPoint(), element,
        [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
          ImplicitLocOpBuilder at(loc, b);
          Value y =
              quantizedByte(at, v[0], v[1], zeroPointOf(at, v, type), type);
          return b.create<arith::TruncIOp>(loc, byte, y);
        });
    l.quantized[result] = {op.getX(), op.getYScale(), op.getYZeroPoint(),
                           axisOf(op.getAxis(), Lowering::rankOf(op.getX()))};
    return FailureOr<SmallVector<Value>>({result});
  }
  if (auto op = dyn_cast<DequantizeLinearOp>(operation)) {
    Type from = Lowering::typeOf(op.getX()).getElementType();
    Type element = getElementTypeOrSelf(op.getY().getType());
    if (!element.isF32() || !(from.isInteger(8) || from.isInteger(32)))
      return refuse();
    bool isUnsigned = from.isUnsignedInteger();
    if (std::optional<Lowering::Quantized> source = quantizedAlike(l, op)) {
      auto type = BitsType::get(l.b.getContext(), !isUnsigned, 8);
      Value result = lowerScaled(
          l, op, source->x, source->scale, source->zeroPoint, element,
          [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
            ImplicitLocOpBuilder at(loc, b);
            Value number =
                quantizedNumber(at, v[0], v[1], zeroPointOf(at, v, type), type);
            return Scalars(b, loc).mul(number, v[1]);
          });
      return FailureOr<SmallVector<Value>>({result});
    }
    Value result = lowerScaled(
        l, op, op.getX(), op.getXScale(), op.getXZeroPoint(), element,
        [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
          Scalars s(b, loc), given(b, loc, isUnsigned);
          Value x = given.convert(v[0], b.getI32Type());
          if (v.size() > 2)
            x = s.sub(x, given.convert(v[2], b.getI32Type()));
          return s.mul(s.convert(x, v[1].getType()), v[1]);
        });
    return FailureOr<SmallVector<Value>>({result});
  }
  return std::nullopt;
}

} // namespace mlir::bnn::onnx
