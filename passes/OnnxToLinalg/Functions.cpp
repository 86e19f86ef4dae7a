//===- Functions.cpp - Activation functions and their like ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/OnnxToLinalg/Scalars.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace mlir::bnn::onnx {

bool isFunction(Operation *op) {
  return isa<LeakyReluOp, EluOp, CeluOp, SeluOp, HardSigmoidOp, HardSwishOp,
             SoftplusOp, SoftsignOp, ThresholdedReluOp, IsNaNOp, IsInfOp>(op);
}

Value lowerFunction(Operation *op, Scalars &s, Value x) {
  Type type = x.getType();
  auto n = [&](double value) { return s.number(type, value); };
  auto attr = [&](const APFloat &value) { return n(value.convertToFloat()); };
  auto isNegative = [&] { return s.less(x, n(0)); };
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](LeakyReluOp o) {
        return s.select(isNegative(), s.mul(attr(o.getAlpha()), x), x);
      })
      .Case([&](EluOp o) {
        Value below = s.mul(attr(o.getAlpha()), s.expMinusOne(x));
        return s.select(isNegative(), below, x);
      })
      .Case([&](CeluOp o) {
        Value alpha = attr(o.getAlpha());
        Value below = s.mul(alpha, s.expMinusOne(s.div(x, alpha)));
        return s.select(isNegative(), below, x);
      })
      .Case([&](SeluOp o) {
        Value below = s.mul(attr(o.getAlpha()), s.expMinusOne(x));
        return s.mul(attr(o.getGamma()), s.select(isNegative(), below, x));
      })
      .Case([&](HardSigmoidOp o) {
        Value line = s.add(s.mul(attr(o.getAlpha()), x), attr(o.getBeta()));
        return s.clip(line, n(0), n(1));
      })
      .Case([&](HardSwishOp) {
        Value line = s.add(s.mul(n(1.0 / 6), x), n(0.5));
        return s.mul(x, s.clip(line, n(0), n(1)));
      })
      .Case([&](SoftplusOp) {
        Value magnitude = s.abs(x);
        Value e = s.exp(s.sub(n(0), magnitude));
        return s.add(s.extreme(/*larger=*/true, x, n(0)), s.logOnePlus(e));
      })
      .Case([&](SoftsignOp) { return s.div(x, s.add(n(1), s.abs(x))); })
      .Case([&](ThresholdedReluOp o) {
        return s.select(s.greater(x, attr(o.getAlpha())), x, n(0));
      })
      .Case([&](IsNaNOp) { return s.isNaN(x); })
      .Case([&](IsInfOp o) -> Value {
        Value high = s.equal(x, n(INFINITY)), low = s.equal(x, n(-INFINITY));
        if (!o.getDetectNegative() && !o.getDetectPositive())
          return s.both(high, low);
        if (!o.getDetectNegative())
          return high;
        return o.getDetectPositive() ? s.either(high, low) : low;
      });
}

} // namespace mlir::bnn::onnx
