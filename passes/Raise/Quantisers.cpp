//===- Quantisers.cpp - Rounding to integers of a few bits ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/Matchers.h"
#include <cmath>

using namespace mlir;
using namespace mlir::bnn;

namespace {

// Walks from a value to what it is computed from, over elementwise ops with one
// variable operand, which must give the result its shape.
class Walker {
public:
  Walker(Value value, llvm::function_ref<Value(Value)> through)
      : value(through(value)), through(through) {}

  Value get() const { return value; }

  // Goes through `x op constant`, and gives the constant.
  template <typename OpTy> std::optional<float> commutative() {
    auto found = matchTimesScalar<OpTy>(value);
    if (!found || !step(found->first))
      return std::nullopt;
    return found->second;
  }
  template <typename OpTy> std::optional<float> byConstant() {
    auto op = value.getDefiningOp<OpTy>();
    if (!op)
      return std::nullopt;
    auto scalar = onnx::getConstantScalar(op.getB());
    if (!scalar || !step(op.getA()))
      return std::nullopt;
    return static_cast<float>(*scalar);
  }
  bool round() {
    auto op = value.getDefiningOp<onnx::RoundOp>();
    return op && step(op.getX());
  }
  std::optional<std::pair<double, double>> clip() {
    auto op = value.getDefiningOp<onnx::ClipOp>();
    if (!op)
      return std::nullopt;
    auto low = onnx::getConstantScalar(op.getMin()),
         high = onnx::getConstantScalar(op.getMax());
    if (!low || !high || !step(op.getInput()))
      return std::nullopt;
    return std::pair(*low, *high);
  }

private:
  bool step(Value operand) {
    if (operand.getType() != value.getType())
      return false;
    value = through(operand);
    return true;
  }

  Value value;
  llvm::function_ref<Value(Value)> through;
};

// The integers that a pair of bounds leaves: all of 1, 2 or 4 bits.
BitsType matchRange(MLIRContext *context, double low, double high) {
  for (unsigned width : {1, 2, 4})
    for (bool isSigned : {false, true}) {
      // clip(round(x), -1, 0) is no binarisation of the family.
      if (width == 1 && isSigned)
        continue;
      auto type = BitsType::get(context, isSigned, width);
      if (low == type.getLeast() && high == type.getMost())
        return type;
    }
  return {};
}

} // namespace

std::optional<Quantiser>
bnn::matchQuantiser(Value value, llvm::function_ref<Value(Value)> through,
                    std::string *why) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.getElementType().isF32())
    return std::nullopt;
  Walker walker(value, through);
  // A minimum of 0 may have been optimised away, before the clip and after it.
  const std::optional<float> after = walker.commutative<onnx::AddOp>();
  // So may a step of 1.
  const float scale = walker.commutative<onnx::MulOp>().value_or(1);
  // The bounds are integers: rounding first or last is the same.
  const bool isRoundedLast = walker.round();
  if (!walker.get().getDefiningOp<onnx::ClipOp>())
    return std::nullopt;
  auto bounds = walker.clip();
  if (!bounds)
    return no(why, "the bounds of the clip before the input are not constant");
  Quantiser q;
  q.step = scale;
  q.element = matchRange(value.getContext(), bounds->first, bounds->second);
  if (!q.element)
    return no(why, "the input is clipped to " + inWords(bounds->first) +
                       " to " + inWords(bounds->second) +
                       ", which is no range of 1, 2 or 4 bits");
  if (!isRoundedLast && !walker.round())
    return no(why, "the input is clipped but not rounded");
  auto div = walker.get().getDefiningOp<onnx::DivOp>();
  if (!div && q.step != 1)
    return no(why, "nothing is divided before the round");
  auto divisor = div ? walker.byConstant<onnx::DivOp>() : q.step;
  if (!divisor)
    return no(why, "the divisor before the round is not one constant");
  if (*divisor != q.step)
    return no(why, "the multiplier after the clip, " + inWords(q.step) +
                       ", differs from the divisor before it, " +
                       inWords(*divisor));
  // The threshold of a bit is half the step, which is not exact if subnormal.
  const bool isBit = q.element.getWidth() == 1;
  if (!(q.step > 0) || !std::isfinite(q.step) ||
      (isBit && !std::isnormal(q.step)))
    return no(why, "the divisor before the round, " + inWords(q.step) +
                       ", is not a positive normal number");
  // Signed integers, and bits, have no minimum: a subtraction before the
  // division is the input's.
  if (!isBit && !q.element.getIsSigned()) {
    Walker before = walker;
    if (auto minimum = before.byConstant<onnx::SubOp>()) {
      q.minimum = *minimum;
      walker = before;
    }
  }
  if (q.minimum != after.value_or(0) || !std::isfinite(q.minimum))
    return no(why, inWords(after.value_or(0)) +
                       " is added after the clip, but " + inWords(q.minimum) +
                       " is subtracted before the division");
  q.input = walker.get();
  return q;
}
