//===- ComposeTrigonometry.cpp - Trigonometric functions as others --------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Of f32. What needs more digits on its way is computed in f64 by series, whose
// first term that is left out is below the last bit of f32.
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Composer.h"
#include <cmath>

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
namespace {

/// The sum of coefficients[i] * square^i.
Value series(Composer &c, Value square, ArrayRef<double> coefficients) {
  Value sum = c.like(square, coefficients.back());
  for (double coefficient : llvm::reverse(coefficients.drop_back()))
    sum = c.add(c.mul(sum, square), c.like(square, coefficient));
  return sum;
}

/// x as a multiple `turns` of pi / 2 and what is left of it, in f64.
struct Turned {
  Value turns, sine, cosine;
};

Turned turn(Composer &c, Value x) {
  Value turns = c.unary<onnx::RoundOp>(c.mul(x, c.like(x, 0.6366197723675814)));
  Value k = c.castTo(turns, c.f64Type());
  // pi / 2 in two parts, the first of 33 bits, so that its product is exact.
  Value rest = c.sub(c.castTo(x, c.f64Type()),
                     c.mul(k, c.like(k, 1.57079632673412561417)));
  rest = c.sub(rest, c.mul(k, c.like(k, 6.07710050650619224932e-11)));
  Value square = c.mul(rest, rest);
  SmallVector<double> odd, even;
  double factorial = 1;
  for (int n = 0; n <= 14; ++n) {
    factorial *= n ? n : 1;
    (n % 2 ? odd : even).push_back((n / 2 % 2 ? -1 : 1) / factorial);
  }
  return {turns, c.mul(rest, series(c, square, odd)), series(c, square, even)};
}

/// Whether `turns` and `more` are `rest` turns, but for full ones.
Value isTurn(Composer &c, Value turns, int more, int of, int rest) {
  Value t = c.add(turns, c.like(turns, more));
  Value full = c.unary<onnx::FloorOp>(c.mul(t, c.like(t, 1.0 / of)));
  return c.compare<onnx::EqualOp>(c.sub(t, c.mul(full, c.like(t, of))),
                                  c.like(t, rest));
}

Value negate(Composer &c, Value x) { return c.unary<onnx::NegOp>(x); }

/// The result as f32; an odd function keeps zeros of both signs.
void finish(Composer &c, Value y, bool isOdd = true) {
  y = c.castTo(y, c.f32Type());
  if (isOdd)
    y = c.select(c.compare<onnx::EqualOp>(c.in(0), c.like(c.in(0), 0)), c.in(0),
                 y);
  c.setOutput(0, y);
}

Value sineOf(Composer &c, const Turned &t, int more) {
  Value y = c.select(isTurn(c, t.turns, more, 2, 1), t.cosine, t.sine);
  Value isBack =
      isTurn(c,
             c.unary<onnx::FloorOp>(c.mul(c.add(t.turns, c.like(t.turns, more)),
                                          c.like(t.turns, 0.5))),
             0, 2, 1);
  return c.select(isBack, negate(c, y), y);
}

void composeSin(Composer &c) { finish(c, sineOf(c, turn(c, c.in(0)), 0)); }
void composeCos(Composer &c) {
  finish(c, sineOf(c, turn(c, c.in(0)), 1), /*isOdd=*/false);
}
void composeTan(Composer &c) {
  Turned t = turn(c, c.in(0));
  Value isQuarter = isTurn(c, t.turns, 0, 2, 1);
  finish(c, c.div(c.select(isQuarter, negate(c, t.cosine), t.sine),
                  c.select(isQuarter, t.sine, t.cosine)));
}

/// The arc whose tangent is x, of f64: of the reciprocal above 1, and turned by
/// pi / 4 above tan(pi / 8).
Value arc(Composer &c, Value x) {
  Value a = c.unary<onnx::AbsOp>(x), one = c.like(x, 1);
  Value isSteep = c.compare<onnx::GreaterOp>(a, one);
  Value t = c.select(isSteep, c.div(one, a), a);
  Value isTurned =
      c.compare<onnx::GreaterOp>(t, c.like(x, 0.41421356237309503));
  t = c.select(isTurned, c.div(c.sub(t, one), c.add(t, one)), t);
  SmallVector<double> coefficients;
  for (int n = 0; n < 16; ++n)
    coefficients.push_back((n % 2 ? -1.0 : 1.0) / (2 * n + 1));
  Value y = c.mul(t, series(c, c.mul(t, t), coefficients));
  y = c.select(isTurned, c.add(y, c.like(x, M_PI_4)), y);
  y = c.select(isSteep, c.sub(c.like(x, M_PI_2), y), y);
  return c.mul(y, c.unary<onnx::SignOp>(x));
}

void composeAtan(Composer &c) {
  finish(c, arc(c, c.castTo(c.in(0), c.f64Type())));
}
void composeAsin(Composer &c) {
  Value x = c.castTo(c.in(0), c.f64Type()), one = c.like(x, 1);
  Value root = c.sqrt(c.mul(c.sub(one, x), c.add(one, x)));
  finish(c, arc(c, c.div(x, root)));
}
void composeAcos(Composer &c) {
  Value x = c.castTo(c.in(0), c.f64Type()), one = c.like(x, 1);
  Value half = arc(c, c.sqrt(c.div(c.sub(one, x), c.add(one, x))));
  finish(c, c.add(half, half), /*isOdd=*/false);
}

//===-- Hyperbolic functions
//-------------------------------------------------===//

/// exp(x / 2) twice, so that nothing overflows before the result does.
Value halfOfExp(Composer &c, Value x) {
  Value root = c.unary<onnx::ExpOp>(c.mul(x, c.like(x, 0.5)));
  return c.mul(c.mul(root, c.like(x, 0.5)), root);
}

void composeSinh(Composer &c) {
  Value x = c.in(0), a = c.unary<onnx::AbsOp>(x);
  Value e = c.unary<onnx::ExpOp>(negate(c, a));
  Value large = c.sub(halfOfExp(c, a), c.mul(e, c.like(x, 0.5)));
  // m = exp(-a) - 1 without cancellation: -m (2 + m) / (2 (1 + m)).
  Value m = c.make<onnx::EluOp>(c.elementOf(x), negate(c, a), c.f32Attr(1));
  Value two = c.like(x, 2);
  Value small = c.div(c.mul(negate(c, m), c.add(two, m)),
                      c.mul(two, c.add(c.like(x, 1), m)));
  Value y = c.select(c.compare<onnx::GreaterOp>(a, c.like(x, 1)), large, small);
  finish(c, c.mul(y, c.unary<onnx::SignOp>(x)));
}

void composeCosh(Composer &c) {
  Value a = c.unary<onnx::AbsOp>(c.in(0));
  Value e = c.unary<onnx::ExpOp>(negate(c, a));
  c.setOutput(0, c.add(halfOfExp(c, a), c.mul(e, c.like(a, 0.5))));
}

/// log(1 + z) for z >= 0, by Kahan's quotient.
Value logOnePlus(Composer &c, Value z) {
  Value one = c.like(z, 1), w = c.add(z, one);
  Value logarithm = c.unary<onnx::LogOp>(w);
  Value quotient = c.div(c.mul(logarithm, z), c.sub(w, one));
  Value isLarge = c.compare<onnx::GreaterOp>(w, c.like(z, 16777216));
  quotient = c.select(isLarge, logarithm, quotient);
  return c.select(c.compare<onnx::EqualOp>(w, one), z, quotient);
}

/// log(2 a) where a is so large that the square in `y` overflows, or nearly.
Value unlessLarge(Composer &c, Value a, Value y) {
  Value logarithm = c.add(c.unary<onnx::LogOp>(a), c.like(a, M_LN2));
  return c.select(c.compare<onnx::GreaterOp>(a, c.like(a, 16384)), logarithm,
                  y);
}

void composeAsinh(Composer &c) {
  Value x = c.in(0), a = c.unary<onnx::AbsOp>(x), one = c.like(x, 1);
  Value square = c.mul(a, a);
  Value root = c.sqrt(c.add(square, one));
  Value z = c.add(a, c.div(square, c.add(one, root)));
  Value y = unlessLarge(c, a, logOnePlus(c, z));
  finish(c, c.mul(y, c.unary<onnx::SignOp>(x)));
}
void composeAcosh(Composer &c) {
  Value x = c.in(0), t = c.sub(x, c.like(x, 1));
  Value z = c.add(t, c.sqrt(c.mul(t, c.add(t, c.like(x, 2)))));
  Value y = unlessLarge(c, x, logOnePlus(c, z));
  Value isOut = c.compare<onnx::LessOp>(x, c.like(x, 1));
  c.setOutput(0, c.select(isOut, c.like(x, NAN), y));
}
void composeAtanh(Composer &c) {
  Value x = c.in(0), a = c.unary<onnx::AbsOp>(x);
  Value z = c.div(c.add(a, a), c.sub(c.like(x, 1), a));
  Value y = c.mul(logOnePlus(c, z), c.like(x, 0.5));
  finish(c, c.mul(y, c.unary<onnx::SignOp>(x)));
}
} // namespace

void addTrigonometry(std::vector<Composition> &all) {
  auto add = [&](const char *name, int since, void (*compose)(Composer &),
                 const char *restriction = "") {
    onnx::OperatorSpec spec = specOf(name, since, 1, 1, onnx::kF32);
    spec.restriction = restriction;
    all.push_back({spec, compose});
  };
  const char *range = "of magnitudes up to 2^24";
  add("Sin", 7, composeSin, range);
  add("Cos", 7, composeCos, range);
  add("Tan", 7, composeTan, range);
  add("Asin", 7, composeAsin);
  add("Acos", 7, composeAcos);
  add("Atan", 7, composeAtan);
  add("Sinh", 9, composeSinh);
  add("Cosh", 9, composeCosh);
  add("Asinh", 9, composeAsinh);
  add("Acosh", 9, composeAcosh);
  add("Atanh", 9, composeAtanh);
}
} // namespace mlir::bnn
