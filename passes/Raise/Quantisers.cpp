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
  bool isClip() const {
    return isa_and_nonnull<onnx::ClipOp, onnx::MinOp, onnx::MaxOp>(
        value.getDefiningOp());
  }
  // A Clip, or its two bounds one after the other.
  std::optional<std::pair<double, double>> clip() {
    if (auto op = value.getDefiningOp<onnx::ClipOp>()) {
      auto low = onnx::getConstantScalar(op.getMin()),
           high = onnx::getConstantScalar(op.getMax());
      if (!low || !high || !step(op.getInput()))
        return std::nullopt;
      return std::pair(*low, *high);
    }
    std::optional<double> high = bound<onnx::MinOp>(),
                          low = bound<onnx::MaxOp>();
    if (!high)
      high = bound<onnx::MinOp>();
    if (!low || !high || *low > *high)
      return std::nullopt;
    return std::pair(*low, *high);
  }
  // Goes through a cast to integers and back, and gives their type.
  IntegerType integers() {
    auto back = value.getDefiningOp<onnx::CastOp>();
    auto cast =
        back ? back.getInput().getDefiningOp<onnx::CastOp>() : onnx::CastOp();
    auto type = cast ? dyn_cast<IntegerType>(getElementTypeOrSelf(cast))
                     : IntegerType();
    if (!type || type.getWidth() == 1 || !step(cast.getInput()))
      return {};
    return type;
  }
  // Goes through a factor or a divisor, and gives the factor.
  std::optional<float> factor() {
    if (auto factor = commutative<onnx::MulOp>())
      return factor;
    Walker before = *this;
    auto divisor = before.byConstant<onnx::DivOp>();
    if (!divisor || !isPowerOfTwo(*divisor))
      return std::nullopt;
    *this = before;
    return 1 / *divisor;
  }

private:
  template <typename OpTy> std::optional<double> bound() {
    auto op = value.getDefiningOp<OpTy>();
    if (!op || op->getNumOperands() != 2)
      return std::nullopt;
    for (unsigned i : {0, 1})
      if (auto scalar = onnx::getConstantScalar(op->getOperand(i));
          scalar && !std::isnan(*scalar) && step(op->getOperand(1 - i)))
        return scalar;
    return std::nullopt;
  }
  bool step(Value operand) {
    if (operand.getType() != value.getType())
      return false;
    value = through(operand);
    return true;
  }

  Value value;
  llvm::function_ref<Value(Value)> through;
};

// What integers of a few bits are multiplied with: of several factors, all but
// one of them powers of two, which round nothing.
float takeScale(Walker &walker) {
  float scale = 1;
  for (Walker next = walker;; walker = next) {
    auto factor = next.factor();
    if (!factor)
      return scale;
    // A scale of 1 is none yet.
    auto product = scale == 1 ? factor : exactProduct(scale, *factor);
    if (!product)
      return scale;
    scale = *product;
  }
}

// Whether the type has all the integers.
bool holds(IntegerType integers, BitsType type) {
  return !integers || (integers.isUnsigned() ? type.getLeast() >= 0
                                             : integers.getWidth() >= 8);
}

// Goes through a product with the reciprocal of `step`, if that is exact.
bool takeReciprocal(Walker &walker, float step) {
  Walker before = walker;
  auto factor = before.commutative<onnx::MulOp>();
  if (!factor || !isPowerOfTwo(step) || *factor != 1 / step)
    return false;
  walker = before;
  return true;
}

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
  const float scale = takeScale(walker);
  const IntegerType integers = walker.integers();
  // The bounds are integers: rounding first or last is the same.
  const bool isRoundedLast = walker.round();
  if (!walker.isClip())
    return std::nullopt;
  auto bounds = walker.clip();
  if (!bounds)
    return no(why,
              "the clip before the input has not two constants for bounds");
  Quantiser q;
  q.step = scale;
  q.element = matchRange(value.getContext(), bounds->first, bounds->second);
  if (!q.element)
    return no(why, "the input is clipped to " + inWords(bounds->first) +
                       " to " + inWords(bounds->second) +
                       ", which is no range of 1, 2 or 4 bits");
  if (!isRoundedLast && !walker.round())
    return no(why, "the input is clipped but not rounded");
  if (!holds(integers, q.element))
    return no(why, "the input is cast to integers that do not hold all of " +
                       inWords(bounds->first) + " to " +
                       inWords(bounds->second));
  if (walker.get().getDefiningOp<onnx::DivOp>()) {
    auto divisor = walker.byConstant<onnx::DivOp>();
    if (!divisor)
      return no(why, "the divisor before the round is not one constant");
    if (*divisor != q.step)
      return no(why, "the multiplier after the clip, " + inWords(q.step) +
                         ", differs from the divisor before it, " +
                         inWords(*divisor));
  } else if (q.step != 1 && !takeReciprocal(walker, q.step)) {
    return no(why, "nothing is divided before the round");
  }
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
