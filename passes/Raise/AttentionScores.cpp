//===- AttentionScores.cpp - From probabilities back to the scores --------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Between the product of query and key and what becomes of it, scores are
// divided by a constant, masks are added, and masked scores are filled with a
// number, in any order.
//
//===----------------------------------------------------------------------===//

#include "dialects/ONNX/HalfFloats.h"
#include "passes/Raise/AttentionMatcher.h"
#include "passes/Raise/StepFunction.h"
#include "passes/Raise/Triangle.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;
using namespace mlir::bnn;

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

// A bit of Softmax(scores), through roundings to 16 bits: what it is above, to
// the last bit.
static std::optional<Quantiser> matchRoundedBit(Value source, float &cutoff) {
  std::optional<Quantiser> found;
  forEachStepFunction(source, [&](const StepFunction &steps) {
    if (!steps.input.getDefiningOp<onnx::SoftmaxOp>() || steps.isWhole ||
        steps.values.size() != 2 || steps.values[0] != 0 ||
        !(steps.values[1] > 0) || !steps.shift.empty())
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
  if (auto quantiser = matchQuantiser(source, unmoved, &whyNot)) {
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
  if (!quantiser || !isRounded)
    return false;
  if (auto bit = matchRoundedBit(source, cutoff)) {
    probability = *bit;
    return true;
  }
  leavesRounding = true;
  probability = *quantiser;
  cutoff = 0.5f * probability.step;
  return true;
}

// An unsigned quantiser of Softmax(scores), or a comparison of scores.
bool AttentionMatcher::matchProbabilities(Value source) {
  std::string whyNot = "no quantiser after the softmax";
  if (!matchQuantised(source, whyNot))
    return matchComparison(source) ||
           (why.empty() &&
            refuse(source, "the probabilities are not binary: " + whyNot));
  if (probability.element.getIsSigned())
    return refuse(source, "the quantiser of the probabilities is signed");
  probability.input = withoutGuard(probability);
  auto softmax = probability.input.getDefiningOp<onnx::SoftmaxOp>();
  if (softmax && (int64_t(softmax.getAxis()) == -1 || softmax.getAxis() == 3))
    return matchMaskedScores(softmax.getInput());
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
  if (auto scaled = matchTimesScalar<onnx::MulOp>(source)) {
    factor = scaled->second;
    source = scaled->first;
  }
  std::optional<Comparison> found = matchClippedSign(source);
  if (auto cast = source.getDefiningOp<onnx::CastOp>())
    found = matchCompare(cast.getInput(), /*isInverted=*/false);
  if (auto where = source.getDefiningOp<onnx::WhereOp>()) {
    auto high = onnx::getConstantScalar(where.getX()),
         low = onnx::getConstantScalar(where.getY());
    if (high && low && (*high == 0) != (*low == 0)) {
      factor *= *high + *low;
      found = matchCompare(where.getCondition(), /*isInverted=*/*high == 0);
    }
  }
  why.clear();
  if (!found || !isScores(found->scores, false))
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

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

// Whether the value comes from a product of two variables by what scores go
// through; `exactly`: of a query and a key.
bool AttentionMatcher::isScores(Value source, bool exactly) {
  for (int depth = 0; depth < 16; ++depth) {
    source = onnx::beforeRounding(source);
    Operation *op = source.getDefiningOp();
    if (auto matmul = dyn_cast_or_null<onnx::MatMulOp>(op)) {
      auto type = dyn_cast<RankedTensorType>(source.getType());
      if (!type || type.getRank() != 4 ||
          onnx::ConstantView::get(matmul.getA()) ||
          onnx::ConstantView::get(matmul.getB()))
        return false;
      if (!exactly)
        return true;
      AttentionMatcher trial(shapes);
      return trial.matchHeads(matmul.getA(), {0, 2, 1, 3}, trial.query) &&
             trial.matchHeads(matmul.getB(), {0, 2, 3, 1}, trial.key);
    }
    if (isa_and_nonnull<onnx::DivOp, onnx::SubOp>(op)) {
      source = op->getOperand(0);
    } else if (auto where = dyn_cast_or_null<onnx::WhereOp>(op)) {
      source =
          onnx::getConstantScalar(where.getX()) ? where.getY() : where.getX();
    } else if (isa_and_nonnull<onnx::AddOp, onnx::MulOp>(op)) {
      if (isScores(op->getOperand(1), exactly))
        return true;
      source = op->getOperand(0);
    } else {
      return false;
    }
  }
  return false;
}

// Where(condition, fill, scores), or with the two exchanged.
std::optional<Value> AttentionMatcher::stepOverFill(onnx::WhereOp op) {
  auto first = onnx::getConstantScalar(op.getX()),
       second = onnx::getConstantScalar(op.getY());
  Value scores = first ? op.getY() : op.getX();
  if (first.has_value() == second.has_value() ||
      std::isnan(first ? *first : *second)) {
    refuse(op.getOutput(), "what stands in for masked scores is not one "
                           "number");
    return std::nullopt;
  }
  ScoreMask mask = {op.getCondition(), op};
  mask.isFill = true;
  mask.isInverted = !first;
  mask.fill = static_cast<float>(first ? *first : *second);
  masks.push_back(mask);
  return scores;
}

// Scores plus or minus a mask, or plus the low-rank terms.
std::optional<Value> AttentionMatcher::stepOverSum(Operation *op) {
  Value scores = op->getOperand(0), other = op->getOperand(1);
  const bool isSum = isa<onnx::AddOp>(op);
  // Where both sides may be, the one that certainly is.
  if (isSum && isScores(other, false) &&
      (!isScores(scores, false) || isScores(other, true)))
    std::swap(scores, other);
  if (!isScores(scores, false)) {
    refuse(op->getResult(0), "the scores are no product of query and key");
    return std::nullopt;
  }
  if (isSum && onnx::beforeRounding(scores).getDefiningOp<onnx::MatMulOp>()) {
    if (matchBracket(other))
      return scores;
    terms.clear();
  }
  if (!getElementTypeOrSelf(other.getType()).isF32()) {
    refuse(op->getResult(0), "the mask is not f32");
    return std::nullopt;
  }
  ScoreMask mask = {other, op};
  mask.isNegated = !isSum;
  masks.push_back(mask);
  return scores;
}

// What the scores `source` were before one step.
std::optional<Value> AttentionMatcher::stepBack(Value source, bool &isScaled) {
  Operation *op = source.getDefiningOp();
  if (auto where = dyn_cast_or_null<onnx::WhereOp>(op))
    return stepOverFill(where);
  if (isa_and_nonnull<onnx::AddOp, onnx::SubOp>(op))
    return stepOverSum(op);
  if (!isa_and_nonnull<onnx::DivOp, onnx::MulOp>(op)) {
    refuse(source, "the scores are no product of query and key");
    return std::nullopt;
  }
  // Divided by the root of a head's size, or times its reciprocal.
  Value scores = op->getOperand(0), factor = op->getOperand(1);
  if (isa<onnx::MulOp>(op) && !onnx::getConstantScalar(factor))
    std::swap(scores, factor);
  std::optional<double> constant = onnx::getConstantScalar(factor);
  if (constant && isa<onnx::MulOp>(op))
    constant = 1.0 / static_cast<float>(*constant);
  const auto found = static_cast<float>(constant.value_or(0));
  if (found == 0 || !std::isfinite(found)) {
    refuse(source, "what the scores are divided by is not one finite constant");
    return std::nullopt;
  }
  // Two divisors with nothing between them may be one. The least numbers do not
  // matter to a softmax.
  std::optional<float> both = found;
  if (isScaled)
    both = threshold || earlyMasks || !terms.empty()
               ? std::nullopt
               : exactProduct(found, divisor);
  if (!both) {
    refuse(source, "the scores are scaled more than once");
    return std::nullopt;
  }
  divisor = *both;
  isScaled = true;
  return scores;
}

bool AttentionMatcher::matchMaskedScores(Value source) {
  bool isScaled = false;
  while (!(source = unrounded(source)).getDefiningOp<onnx::MatMulOp>()) {
    const size_t before = masks.size();
    const bool isEarly = isScaled;
    auto next = stepBack(source, isScaled);
    if (!next)
      return false;
    if (!shapes.haveSameShape(source, *next))
      return refuse(source, "the scores are broadcast");
    if (isEarly)
      earlyMasks += int64_t(masks.size() - before);
    source = *next;
  }
  // Found from the last to the first.
  std::reverse(masks.begin(), masks.end());
  return matchScores(source);
}

// query * key^T.
bool AttentionMatcher::matchScores(Value source) {
  auto matmul = source.getDefiningOp<onnx::MatMulOp>();
  return matchHeads(matmul.getA(), {0, 2, 1, 3}, query) &&
         matchHeads(matmul.getB(), {0, 2, 3, 1}, key);
}

//===----------------------------------------------------------------------===//
// Causal masks
//===----------------------------------------------------------------------===//

// Whether a mask does nothing where it has the number `at`.
static bool isNeutral(const ScoreMask &mask, std::optional<double> at) {
  return at && (mask.isFill ? (*at != 0) == mask.isInverted : *at == 0);
}

// At least what a score of at most `bound` becomes where j > i, if that is
// known. `bound` is infinite where nothing is known of the scores.
std::optional<float> AttentionMatcher::hiddenScore(const ScoreMask &mask,
                                                   bool isEarly, float bound) {
  auto sizes = shapes.shapeOf(mask.tensor),
       queries = shapes.shapeOf(query.input), keys = shapes.shapeOf(key.input);
  // Of one size more it would be broadcast.
  if (!sizes || sizes->size() < 2 ||
      !isSameSize(shapes, sizes->back(), (*keys)[1]) ||
      !isSameSize(shapes, (*sizes)[sizes->size() - 2], (*queries)[1]))
    return std::nullopt;
  std::optional<double> above = matchTriangle(mask.tensor, shapes).above;
  if (!above || std::isnan(*above))
    return std::nullopt;
  if (mask.isFill) {
    if ((*above != 0) == mask.isInverted)
      return std::nullopt;
    return isEarly ? mask.fill / divisor : mask.fill;
  }
  if (!std::isfinite(bound) || divisor < 0)
    return std::nullopt;
  const float added = static_cast<float>(mask.isNegated ? -*above : *above);
  return isEarly ? (added + bound * divisor) / divisor : added + bound;
}

// A mask that hides later tokens, such that their probabilities are exactly 0
// and they are no part of the softmax's sum: they need not be looked at. What
// other masks do must not change that.
void AttentionMatcher::findCausal() {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  // exp is 0 from there on.
  constexpr float kNothing = -150;
  // An integer of a probability of 0 is 0.
  if (isCross || probability.minimum < -0.5f * probability.step)
    return;
  const float level = 1 << (query.element.getWidth() - 1);
  const float most = float(query.size) * level * level *
                     std::fabs(query.alpha * key.alpha / divisor);
  const float bound = terms.empty() ? most : infinity;
  auto staysHidden = [&](const ScoreMask &other) {
    return other.isFill && other.fill == -infinity;
  };
  for (size_t i = 0; i < masks.size(); ++i) {
    const ScoreMask &mask = masks[i];
    auto hidden = hiddenScore(mask, int64_t(i) < earlyMasks, bound);
    if (!hidden || (threshold && !(*hidden < *threshold)))
      continue;
    std::optional<double> below = matchTriangle(mask.tensor, shapes).below;
    bool isExact = *hidden == -infinity &&
                   llvm::all_of(llvm::drop_begin(masks, i + 1), staysHidden) &&
                   (mask.isFill || llvm::all_of(ArrayRef(masks).take_front(i),
                                                [](const ScoreMask &other) {
                                                  return other.isFill &&
                                                         other.fill < infinity;
                                                }));
    // Then every row has a score that nothing hides: its own token's.
    isExact |=
        masks.size() == 1 && std::isfinite(bound) &&
        (threshold || (isNeutral(mask, below) && *hidden + bound < kNothing));
    if (!isExact)
      continue;
    isCausal = true;
    if (isNeutral(mask, below)) {
      earlyMasks -= int64_t(i) < earlyMasks;
      masks.erase(masks.begin() + i);
    }
    return;
  }
}
