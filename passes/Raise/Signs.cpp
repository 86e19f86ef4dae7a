//===- Signs.cpp - Signs and quantisers by what they compute --------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/Matchers.h"
#include "passes/Raise/StepFunction.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::bnn;

namespace {

constexpr llvm::StringLiteral
    kResidue("what a straight-through estimator leaves, (sign - y) + y, is "
             "taken for the sign");
constexpr float kLeastAboveZero = std::numeric_limits<float>::denorm_min();

// The f32 that a double is exactly, if it is one.
std::optional<float> exactly(double value) {
  auto rounded = static_cast<float>(value);
  if (!std::isfinite(rounded) || double(rounded) != value)
    return std::nullopt;
  return rounded;
}

// Makes `v >= threshold` a sign: of v itself, or of v - threshold, which is as
// much above or below 0 as v is above or below the threshold, however near.
bool takeThreshold(BinaryInput &in, float threshold) {
  if (threshold == 0 || threshold == kLeastAboveZero) {
    in.zero = threshold == 0 ? ZeroPolicy::Positive : ZeroPolicy::Negative;
    return true;
  }
  if (!in.shift.empty() || !std::isfinite(threshold))
    return false;
  in.shift = {-threshold};
  in.zero = ZeroPolicy::Positive;
  return true;
}

// Two values: -a and a, or any other two whose difference is exact.
bool takeTwo(const StepFunction &steps, BinaryInput &in) {
  const double low = steps.values[0], high = steps.values[1];
  const bool isSigned = low == -high;
  auto alpha = exactly(isSigned ? high : high - low), minimum = exactly(low);
  if (!alpha || !minimum)
    return false;
  in.alpha = *alpha;
  in.element = BitsType::get(in.input.getContext(), isSigned, 1);
  // NaN that stays NaN has no bit: it becomes that of the numbers below.
  in.nanPositive = steps.atNaN == high;
  if (isSigned)
    return takeThreshold(in, steps.thresholds[0]);
  in.minimum = *minimum;
  in.threshold = below(steps.thresholds[0]);
  return true;
}

// -a, 0 and a, with one number that gives 0: ONNX's Sign.
bool takeThree(const StepFunction &steps, BinaryInput &in) {
  auto alpha = exactly(steps.values[2]);
  const float middle = steps.thresholds[0];
  if (!alpha || steps.values[1] != 0 || steps.values[0] != -steps.values[2] ||
      below(steps.thresholds[1]) != middle)
    return false;
  // The mask of zeros takes NaN.
  if (!std::isnan(steps.atNaN) && steps.atNaN != 0)
    return false;
  in.alpha = *alpha;
  in.element = BitsType::get(in.input.getContext(), /*isSigned=*/true, 1);
  if (middle != 0) {
    if (!in.shift.empty() || !std::isfinite(middle))
      return false;
    in.shift = {-middle};
  }
  return true;
}

// The integer, counted from the least, that bnn.quantize makes of a number.
int64_t levelOf(float value, float step, BitsType type) {
  float level = std::nearbyint(value / step);
  level = std::max(level, float(type.getLeast()));
  level = std::min(level, float(type.getMost()));
  return static_cast<int64_t>(level) - type.getLeast();
}

// The step of a bnn.quantize with exactly these thresholds, if there is one.
std::optional<float> fitStep(const StepFunction &steps, BitsType type) {
  ArrayRef<float> thresholds = steps.thresholds;
  auto step =
      static_cast<float>((double(thresholds.back()) - thresholds.front()) /
                         double(thresholds.size() - 1));
  for (int ulps = 0; ulps < 4; ++ulps)
    step = below(step);
  for (int ulps = 0; ulps < 9; ++ulps) {
    bool fits = std::isnormal(step) && step > 0;
    for (auto [i, threshold] : llvm::enumerate(thresholds))
      fits = fits && levelOf(threshold, step, type) == int64_t(i) + 1 &&
             levelOf(below(threshold), step, type) == int64_t(i);
    if (fits)
      return step;
    step = std::nextafter(step, std::numeric_limits<float>::infinity());
  }
  return std::nullopt;
}

// Integers of 2 or 4 bits, times a scale.
bool takeIntegers(const StepFunction &steps, BinaryInput &in) {
  const auto count = static_cast<int64_t>(steps.values.size());
  if (count != 4 && count != 16)
    return false;
  for (bool isSigned : {false, true}) {
    auto type =
        BitsType::get(in.input.getContext(), isSigned, count == 4 ? 2 : 4);
    const double alpha = steps.values[1 - type.getLeast()];
    bool areMultiples = alpha > 0 && exactly(alpha);
    for (auto [i, value] : llvm::enumerate(steps.values))
      areMultiples = areMultiples &&
                     value == static_cast<float>(
                                  alpha * double(int64_t(i) + type.getLeast()));
    if (!areMultiples)
      continue;
    auto step = fitStep(steps, type);
    if (!step)
      continue;
    in.alpha = static_cast<float>(alpha);
    in.step = *step;
    in.element = type;
    return true;
  }
  return false;
}

bool take(const StepFunction &steps, BinaryInput &in) {
  in = BinaryInput();
  in.input = steps.input;
  in.shift = steps.shift;
  if (steps.hasResidue)
    in.residue = kResidue;
  if (steps.values.size() == 2)
    return takeTwo(steps, in);
  return steps.values.size() == 3 ? takeThree(steps, in)
                                  : takeIntegers(steps, in);
}

} // namespace

// Where numbers, from the least on, are integers in a row times the scale: the
// first of these.
static std::optional<int64_t> firstMultiple(ArrayRef<double> numbers,
                                            double scale) {
  const double first = std::nearbyint(numbers.front() / scale);
  for (auto [i, number] : llvm::enumerate(numbers))
    if (number != static_cast<float>(scale * (first + double(i))))
      return std::nullopt;
  return static_cast<int64_t>(first);
}

// Whether bnn.quantize makes the integers from 0 on of the numbers.
static bool areLevels(ArrayRef<double> numbers, float minimum, float scale) {
  const double most =
      std::max(std::fabs(numbers.front()), std::fabs(numbers.back()));
  for (auto [i, number] : llvm::enumerate(numbers)) {
    const float above = static_cast<float>(number) - minimum;
    const auto again = static_cast<float>(double(scale) * double(i) + minimum);
    if (std::nearbyint(above / scale) != float(i) ||
        std::fabs(again - number) > std::ldexp(most, -22))
      return false;
  }
  return true;
}

// Of a tensor that can only be some numbers, at most 16: integers in a row
// times a scale, or those plus a minimum. It is computed as the model says, and
// its elements are the integers then, whatever their steps.
static std::optional<BinaryInput> matchIntegers(Value value,
                                                const StepFunction &steps) {
  SmallVector<double> numbers = steps.values;
  llvm::sort(numbers);
  if (numbers.size() < 3 || numbers.size() > 16)
    return std::nullopt;
  BinaryInput in;
  in.input = value;
  if (steps.hasResidue)
    in.residue = kResidue;
  const auto count = static_cast<int64_t>(numbers.size());
  auto setType = [&](bool isSigned, unsigned width) {
    in.element = BitsType::get(value.getContext(), isSigned, width);
  };
  // The scale may be the number that is nearest to 0.
  double nearest = 0;
  for (double number : numbers)
    if (number != 0 && (nearest == 0 || std::fabs(number) < nearest))
      nearest = std::fabs(number);
  for (double scale : {nearest, numbers[1] - numbers[0]}) {
    in.alpha = in.step = static_cast<float>(scale);
    if (!std::isnormal(in.alpha))
      continue;
    auto first = firstMultiple(numbers, in.alpha);
    if (first == -1 && count == 3) {
      setType(/*isSigned=*/true, 1);
      return in;
    }
    // The fewest bits that hold them, without a minimum if that can be.
    for (unsigned width : {2, 4}) {
      for (bool isSigned : {false, true}) {
        setType(isSigned, width);
        if (first && *first >= in.element.getLeast() &&
            *first + count - 1 <= in.element.getMost())
          return in;
      }
      in.minimum = static_cast<float>(numbers.front());
      setType(/*isSigned=*/false, width);
      if (count <= 1 << width && areLevels(numbers, in.minimum, in.alpha))
        return in;
      in.minimum = 0;
    }
  }
  return std::nullopt;
}

// Whether the input is the result of what has steps itself, a bound, or
// negated: what is before it may do as well.
static bool comesFromSteps(const BinaryInput &in) {
  return isa_and_nonnull<onnx::SignOp, onnx::RoundOp, onnx::FloorOp,
                         onnx::CeilOp, onnx::NegOp, onnx::ClipOp, onnx::ReluOp,
                         onnx::MinOp, onnx::MaxOp, onnx::WhereOp, onnx::CastOp>(
      in.input.getDefiningOp());
}

static bool hasZeros(const BinaryInput &in) {
  return in.element.getIsSigned() && in.element.getWidth() == 1 &&
         in.zero == ZeroPolicy::Zero;
}

std::optional<BinaryInput> bnn::matchSign(Value value, std::string *why,
                                          bool takesIntegers) {
  std::optional<BinaryInput> found;
  std::optional<StepFunction> first;
  forEachStepFunction(value, [&](const StepFunction &steps) {
    if (!first)
      first = steps;
    // What only whole numbers are steps of is the last resort.
    if (found && steps.isWhole)
      return true;
    BinaryInput in;
    if (take(steps, in) && (!found || comesFromSteps(*found) || !hasZeros(in)))
      found = in;
    return found && !hasZeros(*found) && !comesFromSteps(*found);
  });
  if (!found)
    found = matchFewValues(value);
  if (!found && first && takesIntegers)
    found = matchIntegers(value, *first);
  if (found)
    return found;
  if (first && why && why->empty())
    *why = "the steps of the input are those of no sign or quantiser";
  return std::nullopt;
}
