//===- ComposeBytes.cpp - Products and functions of bytes -----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX's own, and what ONNX Runtime's quantiser (QOperator) and optimiser write
// in the domain com.microsoft. Products add up integers; other functions are
// those of the numbers that the bytes stand for, rounded once, where ONNX
// Runtime's may take tables or fixed point and be off by one.
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Bytes.h"

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
namespace {
/// One number, or one a row: of the factor on the left they stand in a column.
Value ofRows(Composer &c, Value list, Value factor) {
  return c.rankOf(list) == 1 && c.rankOf(factor) > 1 ? c.unsqueeze(list, {1})
                                                     : list;
}
} // namespace

Bytes bytesAt(Composer &c, unsigned first) {
  return {c.required(first), c.required(first + 1), c.orNull(first + 2)};
}

Value widenBytes(Composer &c, Value x, Value zero) {
  Value y = c.castTo(x, c.i32Type());
  return zero ? c.withShapeOf(c.sub(y, c.castTo(zero, c.i32Type())), x) : y;
}

Value roundToBytes(Composer &c, Value x, Value zero, Type type) {
  Value whole = c.unary<onnx::RoundOp>(x);
  if (zero)
    whole = c.add(whole, c.castTo(zero, c.f32Type()));
  return c.castTo(whole, type);
}

Bytes quantizeDynamically(Composer &c, Value x) {
  Value zero = c.like(x, 0);
  Composer::Integers axes = llvm::to_vector(llvm::seq<int64_t>(0, c.rankOf(x)));
  Value most = c.make<onnx::MaxOp>(
      c.elementOf(x),
      ValueRange{c.reduce<onnx::ReduceMaxOp>(x, axes, false), zero});
  Value least = c.make<onnx::MinOp>(
      c.elementOf(x),
      ValueRange{c.reduce<onnx::ReduceMinOp>(x, axes, false), zero});
  Value range = c.div(c.sub(most, least), c.like(x, 255));
  // Of zeros only any scale is right, but 0.
  Value isNone = c.compare<onnx::EqualOp>(range, zero);
  Value scale = c.select(isNone, c.like(x, 1), range);
  Value start = c.unary<onnx::RoundOp>(c.div(c.sub(zero, least), scale));
  Value point = c.castTo(start, c.u8Type());
  Value y =
      c.make<onnx::QuantizeLinearOp>(c.u8Type(), x, scale, point, c.i64Attr(1));
  return {y, scale, point};
}

Value multiplyIntegers(Composer &c, const Bytes &a, const Bytes &b) {
  Value zero = a.zero ? ofRows(c, a.zero, a.value) : Value();
  Value left = widenBytes(c, a.value, zero),
        right = widenBytes(c, b.value, b.zero);
  return c.matmul(left, right);
}

Value multiplyToFloat(Composer &c, const Bytes &a, const Bytes &b, Value bias) {
  Value sums = multiplyIntegers(c, a, b);
  Value y = c.mul(c.castTo(sums, c.f32Type()), c.mul(a.scale, b.scale));
  return bias ? c.add(y, bias) : y;
}

namespace {
void composeMatMulInteger(Composer &c) {
  c.setOutput(0, multiplyIntegers(c, {c.in(0), Value(), c.orNull(2)},
                                  {c.in(1), Value(), c.orNull(3)}));
}

void composeQLinearMatMul(Composer &c) {
  Bytes a = bytesAt(c, 0), b = bytesAt(c, 3), out = bytesAt(c, 5);
  Value y = multiplyIntegers(c, a, b);
  Value factor = c.div(c.mul(ofRows(c, a.scale, a.value), b.scale),
                       ofRows(c, out.scale, a.value));
  Value scaled = c.mul(c.castTo(y, c.f32Type()), factor);
  c.setOutput(0, roundToBytes(c, scaled, ofRows(c, out.zero, a.value),
                              c.elementOf(out.zero)));
}

void composeDynamicQuantize(Composer &c) {
  Bytes y = quantizeDynamically(c, c.in(0));
  c.setOutput(0, y.value);
  c.setOutput(1, y.scale);
  c.setOutput(2, y.zero);
}

//===-- com.microsoft, products -------------------------------------------===//

void composeMatMulIntegerToFloat(Composer &c) {
  Bytes a{c.in(0), c.in(2), c.orNull(4)}, b{c.in(1), c.in(3), c.orNull(5)};
  c.setOutput(0, multiplyToFloat(c, a, b, c.orNull(6)));
}

void composeDynamicQuantizeMatMul(Composer &c) {
  Bytes b{c.in(1), c.in(2), c.orNull(3)};
  c.setOutput(
      0, multiplyToFloat(c, quantizeDynamically(c, c.in(0)), b, c.orNull(4)));
}

/// Integers and those of C are added up; what they are worth is computed once.
void composeQGemm(Composer &c) {
  Bytes a = bytesAt(c, 0), b = bytesAt(c, 3);
  if (c.rankOf(a.value) != 2 || c.rankOf(b.value) != 2)
    return c.fail("it needs two matrices");
  if (c.integer("transA"))
    a.value = c.transpose(a.value, {1, 0});
  if (c.integer("transB"))
    b.value = c.transpose(b.value, {1, 0});
  Value sums = multiplyIntegers(c, a, b);
  if (c.has(6))
    sums = c.withShapeOf(c.add(sums, c.in(6)), sums);
  float alpha = float(c.number("alpha", 1));
  Value scale = alpha == 1 ? a.scale : c.mul(c.like(a.scale, alpha), a.scale);
  Value factor = c.mul(scale, b.scale);
  if (c.has(7))
    factor = c.div(factor, c.in(7));
  Value y = c.mul(c.castTo(sums, c.f32Type()), factor);
  if (!c.has(7))
    return c.setOutput(0, y);
  c.setOutput(0, roundToBytes(c, y, c.orNull(8),
                              c.elementOf(c.has(8) ? c.in(8) : a.value)));
}

//===-- com.microsoft, functions ------------------------------------------===//

Value dequantize(Composer &c, const Bytes &x) {
  return c.make<onnx::DequantizeLinearOp>(
      c.f32Type(), x.value, x.scale, x.zero ? x.zero : c.none(), c.i64Attr(1));
}

/// y as bytes of this type, by the scale at an input and the zero point after
/// it.
void putQuantized(Composer &c, Value y, unsigned scale, Type type) {
  Value zero = c.has(scale + 1) ? c.in(scale + 1) : c.none();
  c.setOutput(0, c.make<onnx::QuantizeLinearOp>(type, y, c.required(scale),
                                                zero, c.i64Attr(1)));
}

template <typename Op> void composeQLinearBinary(Composer &c) {
  Value a = dequantize(c, bytesAt(c, 0)), b = dequantize(c, bytesAt(c, 3));
  putQuantized(c, c.binary<Op>(a, b), 6, c.elementOf(c.in(0)));
}

void composeQLinearSigmoid(Composer &c) {
  Value x = dequantize(c, bytesAt(c, 0));
  putQuantized(c, c.unary<onnx::SigmoidOp>(x), 3, c.elementOf(c.in(0)));
}

void composeQLinearLeakyRelu(Composer &c) {
  Value x = dequantize(c, bytesAt(c, 0));
  Value y = c.make<onnx::LeakyReluOp>(c.elementOf(x), x,
                                      c.f32Attr(c.number("alpha", 0.01)));
  putQuantized(c, y, 3, c.elementOf(c.in(0)));
}

/// Before opset 13, over all axes from `axis` on.
void composeQLinearSoftmax(Composer &c) {
  Value x = dequantize(c, bytesAt(c, 0));
  int64_t axis = c.wrapAxis(c.integer("axis", -1), c.rankOf(x));
  auto compose = c.integer("opset") < 13 ? composeSoftmaxFrom : composeSoftmax;
  putQuantized(c, compose(c, x, axis, /*isLog=*/false), 3,
               c.elementOf(c.in(0)));
}

void composeQLinearWhere(Composer &c) {
  Value x = dequantize(c, bytesAt(c, 1)), y = dequantize(c, bytesAt(c, 4));
  putQuantized(c, c.select(c.in(0), x, y), 7, c.elementOf(c.in(1)));
}

void composeQLinearConcat(Composer &c) {
  if (c.getNumInputs() % 3 != 2)
    return c.fail("it has " + Twine(c.getNumInputs()) +
                  " inputs, not two and three for each tensor");
  SmallVector<Value> parts;
  for (unsigned i = 2; i < c.getNumInputs(); i += 3)
    parts.push_back(dequantize(c, bytesAt(c, i)));
  int64_t axis = c.wrapAxis(c.integer("axis"), c.rankOf(parts[0]));
  putQuantized(c, c.concat(parts, axis), 0, c.elementOf(c.in(2)));
}

void composeQuantize(Composer &c) {
  Value zero = c.has(2) ? c.in(2) : c.none();
  Type type = c.has(2) ? c.elementOf(zero) : c.u8Type();
  c.setOutput(0,
              c.make<onnx::QuantizeLinearOp>(type, c.in(0), c.in(1), zero,
                                             c.i64Attr(c.integer("axis", 1))));
}

void composeDequantize(Composer &c) {
  c.setOutput(
      0, c.make<onnx::DequantizeLinearOp>(c.f32Type(), c.in(0), c.in(1),
                                          c.has(2) ? c.in(2) : c.none(),
                                          c.i64Attr(c.integer("axis", 1))));
}
} // namespace

void addBytes(std::vector<Composition> &all) {
  using Kind = onnx::AttributeSpec;
  using onnx::ResultElement;
  constexpr unsigned bytes = onnx::kI8 | onnx::kU8;
  all.push_back(
      {specOf("MatMulInteger", 10, 2, 4, bytes), composeMatMulInteger});
  all.push_back(
      {specOf("QLinearMatMul", 10, 8, 8, bytes), composeQLinearMatMul});
  onnx::OperatorSpec dynamic =
      specOf("DynamicQuantizeLinear", 11, 1, 1, onnx::kF32);
  dynamic.types = onnx::kF32;
  dynamic.maxOutputs = 3;
  all.push_back({dynamic, composeDynamicQuantize});

  Kind axis{Kind::Int, "axis"};
  addContribOperator(all, "MatMulIntegerToFloat", 4, 7, bytes,
                     composeMatMulIntegerToFloat);
  addContribOperator(all, "DynamicQuantizeMatMul", 3, 5, onnx::kF32,
                     composeDynamicQuantizeMatMul);
  addContribOperator(
      all, "QGemm", 6, 9, bytes, composeQGemm,
      {{Kind::Float, "alpha"}, {Kind::Int, "transA"}, {Kind::Int, "transB"}});
  addContribOperator(all, "QLinearAdd", 2, 8, bytes,
                     composeQLinearBinary<onnx::AddOp>);
  addContribOperator(all, "QLinearMul", 2, 8, bytes,
                     composeQLinearBinary<onnx::MulOp>);
  addContribOperator(all, "QLinearSigmoid", 2, 5, bytes, composeQLinearSigmoid);
  addContribOperator(all, "QLinearLeakyRelu", 2, 5, bytes,
                     composeQLinearLeakyRelu, {{Kind::Float, "alpha"}});
  addContribOperator(all, "QLinearSoftmax", 2, 5, bytes, composeQLinearSoftmax,
                     {axis, {Kind::Int, "opset", /*required=*/true}});
  addContribOperator(all, "QLinearWhere", 3, 9, bytes, composeQLinearWhere)
      .element = ResultElement::Second;
  addContribOperator(all, "QLinearConcat", 3, onnx::kVariadic, bytes,
                     composeQLinearConcat,
                     {{Kind::Int, "axis", /*required=*/true}})
      .element = ResultElement::Third;
  addContribOperator(all, "QuantizeLinear", 2, 3, onnx::kF32, composeQuantize,
                     {axis});
  addContribOperator(all, "DequantizeLinear", 2, 3, bytes | onnx::kI32,
                     composeDequantize, {axis});
}
} // namespace mlir::bnn
