//===- AttentionCausal.cpp - Masks that hide later tokens -----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where masks hide later tokens, such that their probabilities are exactly 0
// and they are no part of the softmax's sum, they need not be looked at.
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/AttentionMatcher.h"
#include "passes/Raise/Triangle.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::bnn;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
// exp is 0 from there on.
constexpr float kNothing = -150;

// Least and greatest of some numbers.
struct Bounds {
  float low, high;

  void multiply(Bounds by) {
    const float products[] = {low * by.low, low * by.high, high * by.low,
                              high * by.high};
    low = *std::min_element(products, products + 4);
    high = *std::max_element(products, products + 4);
    if (llvm::any_of(products, [](float x) { return std::isnan(x); }))
      low = high = std::numeric_limits<float>::quiet_NaN();
  }
  bool isKnown() const { return !std::isnan(low) && !std::isnan(high); }
};

} // namespace

// Whether a mask does nothing where it has the number `at`.
static bool isNeutral(const ScoreMask &mask, std::optional<double> at) {
  if (!at)
    return false;
  switch (mask.kind) {
  case MaskKind::Add:
    return *at == 0;
  case MaskKind::Fill:
    return (*at != 0) == mask.isInverted;
  case MaskKind::Multiply:
    return *at == 1;
  case MaskKind::Max:
  case MaskKind::Min:
    return false;
  }
  llvm_unreachable("no kind of masks");
}

// What becomes of scores within bounds by a mask whose numbers are within
// others.
static void apply(const ScoreMask &mask, Bounds by, Bounds &scores) {
  switch (mask.kind) {
  case MaskKind::Add:
    if (mask.isNegated)
      by = {-by.high, -by.low};
    scores = {scores.low + by.low, scores.high + by.high};
    return;
  case MaskKind::Fill:
    if (isNeutral(mask, by.low) && isNeutral(mask, by.high))
      return;
    if (isNeutral(mask, by.low) || isNeutral(mask, by.high))
      scores = {std::min(scores.low, mask.fill),
                std::max(scores.high, mask.fill)};
    else
      scores = {mask.fill, mask.fill};
    return;
  case MaskKind::Multiply:
    if (mask.isDivisor && by.low <= 0 && by.high >= 0)
      by = {-kInfinity, kInfinity};
    else if (mask.isDivisor)
      by = {1 / by.high, 1 / by.low};
    scores.multiply(by);
    return;
  case MaskKind::Max:
    scores = {std::max(scores.low, by.low), std::max(scores.high, by.high)};
    return;
  case MaskKind::Min:
    scores = {std::min(scores.low, by.low), std::min(scores.high, by.high)};
    return;
  }
}

// The numbers of a constant mask.
static std::optional<Bounds> boundsOf(const ScoreMask &mask) {
  auto view = onnx::ConstantView::get(mask.tensor);
  if (!view || !view->getElementType().isF32() || !view->getNumElements())
    return std::nullopt;
  Bounds bounds = {view->at<float>(0), view->at<float>(0)};
  for (int64_t i = 1; i < view->getNumElements(); ++i) {
    const float element = view->at<float>(i);
    bounds = {std::min(bounds.low, element), std::max(bounds.high, element)};
    if (std::isnan(element))
      return std::nullopt;
  }
  return bounds;
}

// Whether the last two axes of a mask are those of the scores.
bool AttentionMatcher::hasScoresShape(const ScoreMask &mask) {
  auto sizes = shapes.shapeOf(mask.tensor),
       queries = shapes.shapeOf(query.input), keys = shapes.shapeOf(key.input);
  // Of one size more it would be broadcast.
  return sizes && sizes->size() >= 2 &&
         isSameSize(shapes, sizes->back(), (*keys)[1]) &&
         isSameSize(shapes, (*sizes)[sizes->size() - 2], (*queries)[1]);
}

// Whether the mask gives later tokens -inf, whatever the scores, and no other
// mask changes that.
bool AttentionMatcher::hidesExactly(size_t i) {
  const ScoreMask &mask = masks[i];
  if (!hasScoresShape(mask))
    return false;
  const bool isEarly = int64_t(i) < earlyMasks;
  std::optional<double> above = matchTriangle(mask.tensor, shapes).above;
  if (!above || (isEarly && divisor < 0) || threshold == -kInfinity)
    return false;
  auto fillsBelowInfinity = [](const ScoreMask &other) {
    return other.isFill() && other.fill < kInfinity;
  };
  auto staysHidden = [](const ScoreMask &other) {
    return other.isFill() && other.fill == -kInfinity;
  };
  if (!llvm::all_of(llvm::drop_begin(masks, i + 1), staysHidden))
    return false;
  if (mask.isFill())
    return !isNeutral(mask, above) && mask.fill == -kInfinity;
  return mask.kind == MaskKind::Add && terms.empty() &&
         *above == (mask.isNegated ? kInfinity : -kInfinity) &&
         llvm::all_of(ArrayRef(masks).take_front(i), fillsBelowInfinity);
}

// Whether all masks together leave nothing of later tokens beside a token
// itself, which is always seen. Scores are at most `bound`, and at least its
// opposite, after the division.
bool AttentionMatcher::hideTogether(float bound) {
  const float most = bound * std::fabs(divisor);
  Bounds seen = {-most, most}, hidden = seen;
  bool hasTriangle = false;
  for (size_t i = 0; i <= masks.size(); ++i) {
    if (int64_t(i) == earlyMasks)
      for (Bounds *of : {&seen, &hidden})
        of->multiply({1 / divisor, 1 / divisor});
    if (i == masks.size())
      break;
    const ScoreMask &mask = masks[i];
    Triangle triangle;
    if (hasScoresShape(mask))
      triangle = matchTriangle(mask.tensor, shapes);
    // What is seen does not matter to a threshold.
    if (triangle.above && (triangle.below || threshold)) {
      auto above = static_cast<float>(*triangle.above),
           below = static_cast<float>(triangle.below.value_or(0));
      apply(mask, {above, above}, hidden);
      apply(mask, {below, below}, seen);
      hasTriangle = true;
    } else if (auto bounds = boundsOf(mask)) {
      apply(mask, *bounds, hidden);
      apply(mask, *bounds, seen);
    } else {
      return false;
    }
    if (!hidden.isKnown() || !seen.isKnown())
      return false;
  }
  return hasTriangle && (threshold ? hidden.high < *threshold
                                   : hidden.high - seen.low < kNothing);
}

void AttentionMatcher::findCausal() {
  // An integer of a probability of 0 is 0.
  if (isCross || probability.minimum < -0.5f * probability.step)
    return;
  // Erased where it does nothing else.
  auto erase = [&](size_t i) {
    const ScoreMask &mask = masks[i];
    if (!hasScoresShape(mask) ||
        !isNeutral(mask, matchTriangle(mask.tensor, shapes).below))
      return;
    earlyMasks -= int64_t(i) < earlyMasks;
    masks.erase(masks.begin() + i);
  };
  for (size_t i = 0; i < masks.size(); ++i)
    if (hidesExactly(i)) {
      isCausal = true;
      erase(i);
      return;
    }
  const float level = 1 << (query.element.getWidth() - 1);
  const float bound = float(query.size) * level * level *
                      std::fabs(query.alpha * key.alpha / divisor);
  if (!terms.empty() || !std::isfinite(bound) || !hideTogether(bound))
    return;
  isCausal = true;
  for (size_t i = masks.size(); i-- > 0;)
    erase(i);
}
