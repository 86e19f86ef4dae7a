//===- ComposeElementwise.cpp - Functions of elements as others -----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Composer.h"

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
using onnx::AttributeSpec;

Value composeGelu(Composer &c, Value x, bool isApproximate) {
  Value inner;
  if (isApproximate) {
    Value cube = c.mul(c.mul(x, x), x);
    Value sum = c.add(x, c.mul(cube, c.like(x, 0.044715)));
    inner = c.unary<onnx::TanhOp>(c.mul(sum, c.like(x, 0.7978845608028654)));
  } else {
    inner = c.unary<onnx::ErfOp>(c.div(x, c.like(x, 1.4142135623730951)));
  }
  Value product = c.mul(x, c.add(inner, c.like(x, 1)));
  return c.mul(product, c.like(x, 0.5));
}

static void composeGelu(Composer &c) {
  StringRef how = c.text("approximate", "none");
  if (how != "none" && how != "tanh")
    return c.fail("its attribute approximate is '" + how +
                  "', not 'none' or 'tanh'");
  c.setOutput(0, composeGelu(c, c.in(0), how == "tanh"));
}

static void composeSwish(Composer &c) {
  Value x = c.in(0), scaled = x;
  if (double alpha = c.number("alpha", 1); alpha != 1)
    scaled = c.mul(x, c.like(x, alpha));
  c.setOutput(0, c.mul(x, c.unary<onnx::SigmoidOp>(scaled)));
}

static void composeMish(Composer &c) {
  Value x = c.in(0), soft = c.unary<onnx::SoftplusOp>(x);
  c.setOutput(0, c.mul(x, c.unary<onnx::TanhOp>(soft)));
}

static void composeShrink(Composer &c) {
  Value x = c.in(0);
  double lambda = c.number("lambd", 0.5), bias = c.number("bias", 0);
  Value below = c.compare<onnx::LessOp>(x, c.like(x, -lambda));
  Value above = c.compare<onnx::GreaterOp>(x, c.like(x, lambda));
  Value high = c.select(above, c.sub(x, c.like(x, bias)), c.like(x, 0));
  c.setOutput(0, c.select(below, c.add(x, c.like(x, bias)), high));
}

static void composeBitwiseNot(Composer &c) {
  Value x = c.in(0);
  bool isUnsigned = c.elementOf(x).isUnsignedInteger();
  c.setOutput(0, c.sub(c.like(x, isUnsigned ? 255 : -1), x));
}

/// By the power of 2 that a table has for each byte; 0 from 8 bits on.
static void composeBitShift(Composer &c) {
  StringRef direction = c.text("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    return c.fail("its direction is '" + direction + "', not LEFT or RIGHT");
  Composer::Integers powers;
  for (int i = 0; i < 256; ++i)
    powers.push_back(i < 8 ? 1 << i : direction == "LEFT" ? 0 : 256);
  Value count = c.castTo(c.in(1), c.i64Type());
  Value power = c.gather(c.list(powers), count, 0);
  Value x = c.castTo(c.in(0), c.i64Type());
  Value y = direction == "LEFT" ? c.mul(x, power) : c.div(x, power);
  c.setOutput(0, c.castTo(y, c.elementOf(c.in(0))));
}

static void composeCastLike(Composer &c) {
  c.setOutput(0, c.castTo(c.in(0), c.elementOf(c.in(1))));
}

void addElementwise(std::vector<Composition> &all) {
  auto add = [&](onnx::OperatorSpec spec, void (*compose)(Composer &),
                 std::vector<AttributeSpec> attributes = {}) {
    spec.nodeAttributes = std::move(attributes);
    all.push_back({std::move(spec), compose});
  };
  unsigned floats = onnx::kF32 | onnx::kF64;
  add(specOf("Gelu", 20, 1, 1, floats), composeGelu,
      {{AttributeSpec::String, "approximate"}});
  add(specOf("Swish", 24, 1, 1, floats), composeSwish,
      {{AttributeSpec::Float, "alpha"}});
  add(specOf("Mish", 18, 1, 1, floats), composeMish);
  add(specOf("Shrink", 9, 1, 1, floats), composeShrink,
      {{AttributeSpec::Float, "bias"}, {AttributeSpec::Float, "lambd"}});
  add(specOf("BitwiseNot", 18, 1, 1, onnx::kIntegers), composeBitwiseNot);
  add(specOf("BitShift", 11, 2, 2, onnx::kU8), composeBitShift,
      {{AttributeSpec::String, "direction", /*required=*/true}});
  onnx::OperatorSpec castLike =
      moving(specOf("CastLike", 15, 2, 2, onnx::kAnything));
  castLike.element = onnx::ResultElement::Second;
  add(castLike, composeCastLike,
      {{AttributeSpec::Int, "saturate", false, 19},
       {AttributeSpec::String, "round_mode", false, 24}});
}
} // namespace mlir::bnn
