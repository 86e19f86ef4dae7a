//===- AttentionScores.cpp - From probabilities back to the scores --------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Between the product of query and key and what becomes of it, scores are
// divided by a constant, masks are added or multiplied, scores have bounds, and
// masked ones are filled with a number, in any order.
//
//===----------------------------------------------------------------------===//

#include "dialects/ONNX/HalfFloats.h"
#include "passes/Raise/AttentionMatcher.h"
#include <cmath>

using namespace mlir;
using namespace mlir::bnn;

// Scores before their batch became two dimensions, images and windows, or one
// again; null where that is not what happens here.
Value AttentionMatcher::beforeWindows(Value source) {
  Operation *op = source.getDefiningOp();
  if (!isa_and_nonnull<onnx::ReshapeOp, onnx::UnsqueezeOp, onnx::SqueezeOp>(op))
    return Value();
  Value before = op->getOperand(0);
  auto from = shapes.shapeOf(before), to = shapes.shapeOf(source);
  if (!from || !to || from->size() < 4 || to->size() < 4 ||
      from->size() + to->size() != 9)
    return Value();
  // The first or the first two dimensions then have as many elements.
  return from->take_back(3) == to->take_back(3) ? before : Value();
}

// The one number that all elements are, whatever the shape.
static std::optional<double> oneNumber(Value value) {
  if (auto filled = value.getDefiningOp<onnx::ConstantOfShapeOp>())
    if (auto view = onnx::ConstantView::get(filled.getValue());
        view && view->getNumElements() == 1 &&
        isa<FloatType>(view->getElementType()))
      return view->getFloat(0);
  return onnx::getConstantScalar(value);
}

// Whether the value comes from a product of two variables by what scores go
// through; `exactly`: of a query and a key.
bool AttentionMatcher::isScores(Value source, bool exactly) {
  for (int depth = 0; depth < 16; ++depth) {
    source = onnx::beforeRounding(source);
    if (Value before = beforeWindows(source)) {
      source = before;
      continue;
    }
    Operation *op = source.getDefiningOp();
    if (auto matmul = dyn_cast_or_null<onnx::MatMulOp>(op)) {
      auto type = dyn_cast<RankedTensorType>(source.getType());
      if (!type || type.getRank() != 4 ||
          onnx::ConstantView::get(matmul.getA()) ||
          onnx::ConstantView::get(matmul.getB()))
        return false;
      if (!exactly)
        return true;
      AttentionMatcher trial(rewriter, shapes);
      return trial.matchHeads(matmul.getA(), {0, 2, 1, 3}, trial.query) &&
             trial.matchHeads(matmul.getB(), {0, 2, 3, 1}, trial.key);
    }
    if (isa_and_nonnull<onnx::DivOp, onnx::SubOp, onnx::ClipOp>(op)) {
      source = op->getOperand(0);
    } else if (auto where = dyn_cast_or_null<onnx::WhereOp>(op)) {
      source = oneNumber(where.getX()) ? where.getY() : where.getX();
    } else if (isa_and_nonnull<onnx::AddOp, onnx::MulOp>(op) ||
               (isa_and_nonnull<onnx::MaxOp, onnx::MinOp>(op) &&
                op->getNumOperands() == 2)) {
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
  auto first = oneNumber(op.getX()), second = oneNumber(op.getY());
  Value scores = first ? op.getY() : op.getX();
  if (first.has_value() == second.has_value() ||
      std::isnan(first ? *first : *second)) {
    refuse(op.getOutput(), "what stands in for masked scores is not one "
                           "number");
    return std::nullopt;
  }
  ScoreMask mask = {op.getCondition(), op};
  mask.kind = MaskKind::Fill;
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

// Scores that are at least a number, or at most one, or both.
std::optional<Value> AttentionMatcher::stepOverBound(Operation *op) {
  auto take = [&](Value bound, MaskKind kind) {
    auto number = onnx::getConstantScalar(bound);
    if (!number || std::isnan(*number))
      return false;
    masks.push_back({bound, op, kind});
    return true;
  };
  Value scores = op->getOperand(0);
  bool isKnown;
  if (auto clip = dyn_cast<onnx::ClipOp>(op)) {
    // The last bound first.
    auto isThere = [](Value bound) { return !isa<NoneType>(bound.getType()); };
    isKnown = (!isThere(clip.getMax()) || take(clip.getMax(), MaskKind::Min)) &&
              (!isThere(clip.getMin()) || take(clip.getMin(), MaskKind::Max));
  } else {
    isKnown = op->getNumOperands() == 2;
    Value bound = isKnown ? op->getOperand(1) : Value();
    if (isKnown && !onnx::getConstantScalar(bound))
      std::swap(scores, bound);
    isKnown = isKnown &&
              take(bound, isa<onnx::MaxOp>(op) ? MaskKind::Max : MaskKind::Min);
  }
  if (isKnown)
    return scores;
  refuse(op->getResult(0), "the scores are no product of query and key");
  return std::nullopt;
}

// Scores that are multiplied or divided: by one number for all, the root of a
// head's size, or by others, as many as they may be.
std::optional<Value> AttentionMatcher::stepOverFactor(Operation *op,
                                                      bool &isScaled) {
  const bool isProduct = isa<onnx::MulOp>(op);
  Value scores = op->getOperand(0), factor = op->getOperand(1);
  if (isProduct && !onnx::getConstantScalar(factor) &&
      (onnx::getConstantScalar(scores) || !isScores(scores, false)))
    std::swap(scores, factor);
  std::optional<double> constant = onnx::getConstantScalar(factor);
  if (constant) {
    const auto found = static_cast<float>(
        isProduct ? 1.0 / static_cast<float>(*constant) : *constant);
    if (found == 0 || !std::isfinite(found)) {
      refuse(op->getResult(0),
             "what the scores are divided by is not one finite constant");
      return std::nullopt;
    }
    // Two divisors with nothing between them may be one. The least numbers do
    // not matter to a softmax.
    std::optional<float> both = found;
    if (isScaled)
      both = threshold || earlyMasks || !terms.empty()
                 ? std::nullopt
                 : exactProduct(found, divisor);
    isScaled = true;
    if (both) {
      divisor = *both;
      return scores;
    }
  }
  if (!getElementTypeOrSelf(factor.getType()).isF32() ||
      !isScores(scores, false)) {
    refuse(op->getResult(0), "the scores are no product of query and key");
    return std::nullopt;
  }
  ScoreMask mask = {factor, op, MaskKind::Multiply};
  mask.isDivisor = !isProduct;
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
  if (isa_and_nonnull<onnx::MaxOp, onnx::MinOp, onnx::ClipOp>(op))
    return stepOverBound(op);
  if (isa_and_nonnull<onnx::DivOp, onnx::MulOp>(op))
    return stepOverFactor(op, isScaled);
  refuse(source, "the scores are no product of query and key");
  return std::nullopt;
}

bool AttentionMatcher::matchMaskedScores(Value source) {
  bool isScaled = false;
  while (!(source = unrounded(source)).getDefiningOp<onnx::MatMulOp>()) {
    if (Value joined = beforeWindows(source)) {
      source = joined;
      continue;
    }
    const size_t before = masks.size();
    const bool isEarly = isScaled;
    auto next = stepBack(source, isScaled);
    if (!next)
      return false;
    if (!shapes.haveSameShape(source, *next))
      return refuse(source, "the scores are broadcast");
    if (cast<RankedTensorType>(source.getType()).getRank() == 5)
      for (ScoreMask &mask : MutableArrayRef(masks).drop_front(before))
        mask.windows = source;
    if (isEarly)
      earlyMasks += int64_t(masks.size() - before);
    source = *next;
  }
  // Found from the last to the first.
  std::reverse(masks.begin(), masks.end());
  return matchScores(source) && addFactors();
}

// Scales of query and key are factors of the scores.
bool AttentionMatcher::addFactors() {
  for (const Heads *heads : {&query, &key})
    for (const HeadFactor &factor : heads->factors) {
      if (!terms.empty())
        return refuse(factor.op->getResult(0),
                      "a scale of the " + heads->role +
                          " that is not one number, beside low-rank terms");
      ScoreMask mask = {factor.tensor, factor.op, MaskKind::Multiply};
      mask.isDivisor = factor.isDivisor;
      masks.insert(masks.begin(), mask);
      ++earlyMasks;
    }
  return true;
}

// query * key^T.
bool AttentionMatcher::matchScores(Value source) {
  auto matmul = source.getDefiningOp<onnx::MatMulOp>();
  return matchHeads(matmul.getA(), {0, 2, 1, 3}, query) &&
         matchHeads(matmul.getB(), {0, 2, 3, 1}, key);
}
