//===- AttentionProbabilities.cpp - From the context to the scores --------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What makes probabilities of scores: a softmax and a quantiser, or a
// comparison. Probabilities that something sets to 0 count for nothing: where
// there is no softmax their scores might as well be -inf, and where there is
// one the values of a token that nobody may see are zeros.
//
//===----------------------------------------------------------------------===//

#include "dialects/ONNX/HalfFloats.h"
#include "passes/Raise/AttentionMatcher.h"
#include "passes/Raise/StepFunction.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::bnn;

//===----------------------------------------------------------------------===//
// Probabilities that are set to 0
//===----------------------------------------------------------------------===//

// What probabilities were before masks, which are noted. Scales of heads are
// noted as well where nothing is rounded afterwards.
Value AttentionMatcher::stepOverProbabilityMasks(Value value,
                                                 bool areQuantised) {
  OpBuilder::InsertionGuard guard(rewriter);
  for (;;) {
    if (auto where = value.getDefiningOp<onnx::WhereOp>()) {
      const bool isFirst = onnx::getConstantScalar(where.getX()) == 0.0;
      Value of = isFirst ? where.getY() : where.getX();
      if ((!isFirst && onnx::getConstantScalar(where.getY()) != 0.0) ||
          of.getType() != value.getType() || onnx::ConstantView::get(of))
        return value;
      probabilityMasks.push_back({where.getCondition(), !isFirst, where});
      value = of;
      continue;
    }
    auto scaled = matchScaled(value);
    if (!scaled || onnx::getConstantScalar(scaled->by))
      return value;
    if (!scaled->isDivisor && isZeroOrOne(scaled->by)) {
      probabilityMasks.push_back({scaled->by, /*isInverted=*/true, scaled->op});
    } else {
      if (!areQuantised || !onnx::ConstantView::get(scaled->by))
        return value;
      rewriter.setInsertionPointAfterValue(scaled->by);
      Value factor = createFactor(scaled->by, {0, 1, 2, 3});
      if (!factor)
        return value;
      auto type = cast<RankedTensorType>(factor.getType());
      if (type.getNumElements() != type.getDimSize(1))
        return value;
      contextFactors.push_back({factor, scaled->isDivisor, scaled->op});
    }
    value = scaled->of;
  }
}

// `values` are the right factor of the product with the probabilities.
bool AttentionMatcher::applyProbabilityMasks(Value values) {
  if (probabilityMasks.empty())
    return true;
  if (threshold)
    return fillHidden();
  for (const ProbabilityMask &mask : probabilityMasks) {
    auto type = dyn_cast<RankedTensorType>(mask.tensor.getType());
    for (int64_t i = 2; type && i < 4; ++i)
      if (type.getRank() >= i && type.getDimSize(type.getRank() - i) != 1)
        type = RankedTensorType();
    if (!type || type.getRank() > 4)
      return refuse(mask.op->getResult(0),
                    "the mask after the softmax is more than one number a "
                    "token");
  }
  return maskValues(values);
}

// Without a softmax what is hidden may be -inf before it is compared.
bool AttentionMatcher::fillHidden() {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  if (*threshold == -infinity)
    return refuse("its scores are compared with -inf, and masked afterwards");
  OpBuilder::InsertionGuard guard(rewriter);
  for (const ProbabilityMask &hidden : probabilityMasks) {
    ScoreMask mask = {hidden.tensor, hidden.op, MaskKind::Fill};
    mask.isInverted = hidden.isInverted;
    mask.fill = -infinity;
    auto type = cast<RankedTensorType>(hidden.tensor.getType());
    if (!type.getElementType().isInteger(1)) {
      rewriter.setInsertionPointAfterValue(hidden.tensor);
      auto conditions =
          RankedTensorType::get(type.getShape(), rewriter.getI1Type());
      mask.tensor = visited(rewriter.create<onnx::CastOp>(
          hidden.op->getLoc(), conditions, hidden.tensor));
    }
    if (!mask.tensor)
      return refuse("the shape of a mask is not known");
    masks.push_back(mask);
  }
  return true;
}

// A token whose probability is 0 for all might as well have zeros for values:
// bits of them are made anew.
bool AttentionMatcher::maskValues(Value values) {
  Value at = probabilityMasks[0].op->getResult(0);
  const bool isBit = value.element.getWidth() == 1;
  bool isPositive = value.alpha > 0;
  for (const HeadFactor &factor : value.factors) {
    auto view = onnx::ConstantView::get(factor.tensor);
    for (int64_t i = 0; i < view->getNumElements(); ++i)
      isPositive &= view->at<float>(i) > 0;
  }
  if (!isPositive || residual || (!isBit && !value.factors.empty()))
    return refuse(at, "there is a mask after the softmax, beside values that "
                      "are no signs times positive numbers");
  OpBuilder::InsertionGuard guard(rewriter);
  for (const ProbabilityMask &mask : probabilityMasks) {
    rewriter.setInsertionPointAfter(mask.op);
    Location loc = mask.op->getLoc();
    Value column = createFourDimensions(mask.tensor, /*atEnd=*/false);
    if (column)
      column = createTranspose(column, {0, 1, 3, 2});
    if (!column)
      return refuse(at, "the shape of a mask is not known");
    Type type = values.getType();
    if (getElementTypeOrSelf(column.getType()).isF32()) {
      values = rewriter.create<onnx::MulOp>(loc, type, values, column);
    } else {
      auto zeroType = RankedTensorType::get({}, rewriter.getF32Type());
      Value zero = rewriter.create<onnx::ConstantOp>(
          loc, zeroType, DenseElementsAttr::get(zeroType, 0.0f));
      if (!visited(zero.getDefiningOp()))
        return refuse(at, "the shape of a mask is not known");
      if (mask.isInverted)
        values =
            rewriter.create<onnx::WhereOp>(loc, type, column, values, zero);
      else
        values =
            rewriter.create<onnx::WhereOp>(loc, type, column, zero, values);
    }
    if (!visited(values.getDefiningOp()))
      return refuse(at, "the shape of a mask is not known");
  }
  value.shift.clear();
  value.zero = ZeroPolicy::Zero;
  value.nanPositive = false;
  value.step = value.alpha;
  return rejoin(values, {0, 1, 2, 3}, {0, 2, 1, 3}, value) ||
         refuse(at, "the heads of the value are not known");
}

//===----------------------------------------------------------------------===//
// Probabilities
//===----------------------------------------------------------------------===//

// PyTorch puts 0 in the place of NaN after a softmax, where a row is hidden
// whole. A probability of NaN is quantised to 0 in any case; so must 0 be.
static Value withoutGuard(const Quantiser &q) {
  auto where = q.input.getDefiningOp<onnx::WhereOp>();
  if (!where || onnx::getConstantScalar(where.getX()) != 0.0 ||
      q.minimum < -0.5f * q.step)
    return q.input;
  auto isNaN = where.getCondition().getDefiningOp<onnx::IsNaNOp>();
  return isNaN && isNaN.getX() == where.getY() ? where.getY() : q.input;
}

// A bit of Softmax(scores), whatever it is spelt with: what it is above, to the
// last bit.
static std::optional<Quantiser> matchBit(Value source, float &cutoff) {
  std::optional<Quantiser> found;
  forEachStepFunction(source, [&](const StepFunction &steps) {
    if (!steps.input.getDefiningOp<onnx::SoftmaxOp>() || steps.isWhole ||
        steps.values.size() != 2 || steps.values[0] != 0 ||
        !(steps.values[1] > 0) || !steps.shift.empty() ||
        steps.atNaN == steps.values[1])
      return false;
    found = Quantiser();
    found->input = steps.input;
    found->step = static_cast<float>(steps.values[1]);
    found->element = BitsType::get(source.getContext(), /*isSigned=*/false, 1);
    cutoff = below(steps.thresholds[0]);
    return true;
  });
  return found;
}

// What quantises the probabilities.
bool AttentionMatcher::matchQuantised(Value source, std::string &whyNot) {
  if (auto quantiser = matchQuantiser(source, unmoved, &whyNot);
      quantiser && !quantiser->input.getDefiningOp<onnx::RoundToHalfOp>()) {
    probability = *quantiser;
    cutoff = 0.5f * probability.step;
    return true;
  }
  bool isRounded = false;
  auto quantiser = matchQuantiser(source, [&](Value value) {
    Value before = onnx::beforeRounding(value);
    isRounded |= before != value;
    return before;
  });
  if (auto bit = matchBit(source, cutoff)) {
    probability = *bit;
    return true;
  }
  if (!quantiser || !isRounded)
    return false;
  leavesRounding = true;
  probability = *quantiser;
  cutoff = 0.5f * probability.step;
  return true;
}

// Whether probabilities are multiplied with what is no constant: with a mask
// that would have been one if its numbers were known to be 0 or 1.
static bool isMaskedByNumbers(Value source) {
  auto scaled = matchScaled(source);
  return scaled && !onnx::ConstantView::get(scaled->by);
}
constexpr llvm::StringLiteral
    kMaskedByNumbers("the probabilities are multiplied with numbers that may "
                     "be other than 0 and 1");

// An unsigned quantiser of Softmax(scores), or a comparison of scores.
bool AttentionMatcher::matchProbabilities(Value source) {
  std::string whyNot = "no quantiser after the softmax";
  source = stepOverProbabilityMasks(source, /*areQuantised=*/true);
  if (isMaskedByNumbers(source))
    whyNot = kMaskedByNumbers;
  if (!matchQuantised(source, whyNot))
    return matchComparison(source) ||
           (why.empty() &&
            refuse(source, "the probabilities are not binary: " + whyNot));
  if (probability.element.getIsSigned())
    return refuse(source, "the quantiser of the probabilities is signed");
  probability.input = withoutGuard(probability);
  if (probability.minimum == 0)
    probability.input =
        stepOverProbabilityMasks(probability.input, /*areQuantised=*/false);
  auto softmax = probability.input.getDefiningOp<onnx::SoftmaxOp>();
  if (softmax && (int64_t(softmax.getAxis()) == -1 || softmax.getAxis() == 3))
    return matchMaskedScores(softmax.getInput());
  if (isMaskedByNumbers(probability.input))
    return refuse(probability.input, kMaskedByNumbers);
  if (softmax || probability.element.getWidth() > 1 ||
      probability.minimum != 0 || !isScores(probability.input, false))
    return refuse(probability.input,
                  "what is binarised before the value is no softmax over the "
                  "keys");
  // clip(round(x / alpha), 0, 1) is 1 exactly where x > alpha / 2.
  threshold = 0.5f * probability.step;
  return matchMaskedScores(probability.input);
}

namespace {
/// scores > limit, or >=.
struct Comparison {
  Value scores;
  float limit;
  bool isInclusive;
};
} // namespace

// `isInverted`: what holds where the operator's result is false.
static std::optional<Comparison> matchCompare(Value source, bool isInverted) {
  while (auto inverse = source.getDefiningOp<onnx::NotOp>()) {
    isInverted = !isInverted;
    source = inverse.getX();
  }
  Operation *op = source.getDefiningOp();
  if (!isa_and_nonnull<onnx::GreaterOp, onnx::GreaterOrEqualOp, onnx::LessOp,
                       onnx::LessOrEqualOp>(op))
    return std::nullopt;
  const bool isLess = isa<onnx::LessOp, onnx::LessOrEqualOp>(op);
  bool isInclusive = isa<onnx::GreaterOrEqualOp, onnx::LessOrEqualOp>(op);
  auto left = onnx::getConstantScalar(op->getOperand(0)),
       right = onnx::getConstantScalar(op->getOperand(1));
  if (left.has_value() == right.has_value())
    return std::nullopt;
  // Whether it holds where scores are high: not s <= t is s > t.
  if ((isLess == left.has_value()) == isInverted)
    return std::nullopt;
  Comparison result = {op->getOperand(left ? 1 : 0),
                       static_cast<float>(left ? *left : *right),
                       isInclusive != isInverted};
  if (std::isnan(result.limit))
    return std::nullopt;
  return result;
}

// The sign of x brought into 0 to 1: x > 0.
static std::optional<Comparison> matchClippedSign(Value source) {
  Value sign;
  if (auto relu = source.getDefiningOp<onnx::ReluOp>())
    sign = relu.getX();
  auto clip = source.getDefiningOp<onnx::ClipOp>();
  if (clip && onnx::getConstantScalar(clip.getMin()) == 0.0 &&
      onnx::getConstantScalar(clip.getMax()) == 1.0)
    sign = clip.getInput();
  if (sign)
    if (auto op = sign.getDefiningOp<onnx::SignOp>())
      return Comparison{op.getX(), 0, false};
  if (auto op = source.getDefiningOp<onnx::SignOp>())
    if (auto relu = op.getX().getDefiningOp<onnx::ReluOp>())
      return Comparison{relu.getX(), 0, false};
  return std::nullopt;
}

// A factor where scores are above a number, else 0. Where it is none, `why`
// stays empty.
bool AttentionMatcher::matchComparison(Value source) {
  double factor = 1;
  const Value whole = source;
  if (auto scaled = matchTimesScalar<onnx::MulOp>(source)) {
    factor = scaled->second;
    source = scaled->first;
  }
  std::optional<Comparison> found = matchClippedSign(source);
  if (auto cast = source.getDefiningOp<onnx::CastOp>())
    found = matchCompare(stepOverConditions(cast.getInput()),
                         /*isInverted=*/false);
  if (auto where = source.getDefiningOp<onnx::WhereOp>()) {
    auto high = onnx::getConstantScalar(where.getX()),
         low = onnx::getConstantScalar(where.getY());
    if (high && low && (*high == 0) != (*low == 0)) {
      factor *= *high + *low;
      found = matchCompare(where.getCondition(), /*isInverted=*/*high == 0);
    }
  }
  why.clear();
  if (!found || !isScores(found->scores, false)) {
    // Whatever it is spelt with.
    found = std::nullopt;
    forEachStepFunction(whole, [&](const StepFunction &steps) {
      if (steps.isWhole || steps.values.size() != 2 || steps.values[0] != 0 ||
          !steps.shift.empty() || steps.atNaN == steps.values[1] ||
          !isScores(steps.input, false))
        return false;
      found =
          Comparison{steps.input, steps.thresholds[0], /*isInclusive=*/true};
      factor = steps.values[1];
      return true;
    });
  }
  if (!found)
    return false;
  probability.element = BitsType::get(source.getContext(), false, 1);
  probability.step = static_cast<float>(factor);
  probability.minimum = 0;
  if (!std::isfinite(probability.step))
    return refuse(source, "the scale of the probabilities is not finite");
  threshold = found->limit;
  isInclusive = found->isInclusive;
  return matchMaskedScores(found->scores);
}

// What was not decided by the scores in `scores > limit && condition`.
Value AttentionMatcher::stepOverConditions(Value source) {
  while (auto both = source.getDefiningOp<onnx::AndOp>()) {
    auto isDecision = [&](Value side) {
      auto compared = matchCompare(side, /*isInverted=*/false);
      return side.getDefiningOp<onnx::AndOp>() ||
             (compared && isScores(compared->scores, false));
    };
    Value decision = both.getA(), other = both.getB();
    if (!isDecision(decision))
      std::swap(decision, other);
    if (decision.getType() != source.getType())
      break;
    probabilityMasks.push_back({other, /*isInverted=*/true, both});
    source = decision;
  }
  return source;
}
