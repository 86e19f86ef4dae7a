//===- AttentionMatcher.h - What binary attention is made of ----*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "passes/Raise/Matchers.h"
#include "passes/Raise/ScoreMask.h"
#include <vector>

namespace mlir::bnn {

/// A scale of query, key, value, probabilities or context that broadcasts to
/// their four dimensions.
struct HeadFactor {
  mlir::Value tensor; ///< Of four dimensions.
  bool isDivisor;
  mlir::Operation *op; ///< What multiplied or divided.
};

/// The binary input that is made of a [B, S, heads * d] tensor and split into
/// heads.
struct Heads : BinaryInput {
  Heads(llvm::StringRef role) : role(role) {}
  llvm::StringRef role;
  int64_t heads = 0, size = 0;
  llvm::SmallVector<HeadFactor> factors;
  bool isUnsigned = false; // By a quantiser that was found.
};

/// `of` times `by`, or divided by it, where `of` gives the result its shape.
struct ScaledValue {
  mlir::Value of, by;
  bool isDivisor;
  mlir::Operation *op;
};
std::optional<ScaledValue> matchScaled(mlir::Value value);

llvm::SmallVector<int64_t> permutationOf(onnx::TransposeOp op);

/// One projection of the layer's input to a few numbers a token.
struct Projection {
  mlir::Value input;
  llvm::SmallVector<float> weight; // [K, rank]
  llvm::SmallVector<float> bias;   // [rank]
  int64_t rank;
  mlir::Operation *matmul;
};

/// sum of left * right^T.
struct LowRankTerm {
  Projection left, right;
};

/// Matches the reshape that ends an attention layer, or the product with the
/// values. What it writes on the way is dead if there is no match.
class AttentionMatcher {
public:
  AttentionMatcher(RewriterBase &rewriter, onnx::SymbolicShapes &shapes)
      : rewriter(rewriter), shapes(shapes) {}

  /// The parts, after match() succeeded.
  Heads query{"query"}, key{"key"}, value{"value"};
  std::vector<LowRankTerm> terms;
  std::optional<Projection> residual;
  /// In the order in which they apply, the first `earlyMasks` before the
  /// division.
  llvm::SmallVector<ScoreMask> masks;
  int64_t earlyMasks = 0;
  /// Whether later tokens are hidden; no mask is left that does only that.
  bool isCausal = false;
  bool isCross = false; ///< Keys and values are other tokens than queries.
  float divisor = 1;
  /// What becomes of the probabilities.
  Quantiser probability;
  /// Without a softmax: what the scores are compared with.
  std::optional<float> threshold;
  bool isInclusive = false;
  /// With a softmax, and a bit: what probabilities that are 1 are above.
  float cutoff = 0;
  /// The format of 16 bits that the context is rounded to, or null.
  mlir::Type format;
  /// Whether roundings to 16 bits within the layer are left out: of scores,
  /// and of what they are sums of.
  bool leavesRounding = false;

  /// What the context is multiplied with: [1, heads or 1, 1, size or 1] each.
  llvm::SmallVector<HeadFactor> contextFactors;

  bool match(onnx::ReshapeOp op);
  /// The product with the values, whose heads nobody joins.
  bool matchUnjoined(onnx::MatMulOp op);
  llvm::SmallVector<const Projection *> allProjections() const;

  std::string why; // Not, after match() failed.

private:
  /// Zeros among the probabilities: where a condition holds, or does not, or
  /// where numbers that are 0 or 1 are 0.
  struct ProbabilityMask {
    mlir::Value tensor;
    bool isInverted;
    mlir::Operation *op;
  };

  RewriterBase &rewriter;
  onnx::SymbolicShapes &shapes;
  llvm::SmallVector<ProbabilityMask> probabilityMasks;

  bool refuse(const llvm::Twine &reason) {
    why = reason.str();
    return false;
  }
  /// Names the operator at which the match ended.
  bool refuse(mlir::Value at, const llvm::Twine &reason);

  /// The value before it was rounded to 16 bits, which is left out.
  mlir::Value unrounded(mlir::Value value);
  bool matchQuantised(mlir::Value source, std::string &whyNot);
  mlir::Value visited(mlir::Operation *op);
  mlir::Value createTranspose(mlir::Value value, llvm::ArrayRef<int64_t> perm);
  mlir::Value createFourDimensions(mlir::Value value, bool atEnd);
  mlir::Value createFactor(mlir::Value value, llvm::ArrayRef<int64_t> axes);
  std::optional<mlir::Value> stepBelowSplit(onnx::ReshapeOp reshape,
                                            llvm::ArrayRef<int64_t> axes,
                                            Heads &heads);
  std::optional<mlir::Value> stepOverScale(mlir::Value value,
                                           llvm::SmallVector<int64_t> &axes,
                                           double &scalar, Heads &heads);
  bool checkFactors(const Heads &heads);
  bool rejoin(mlir::Value source, llvm::ArrayRef<int64_t> axes,
              llvm::ArrayRef<int64_t> order, Heads &heads);
  bool matchHeads(mlir::Value source, llvm::ArrayRef<int64_t> order,
                  Heads &heads);
  bool matchHeads(mlir::Value source, llvm::ArrayRef<int64_t> order,
                  Heads &heads, bool takesIntegers);
  bool matchBits(mlir::Value source, llvm::ArrayRef<int64_t> start,
                 llvm::ArrayRef<int64_t> order, Heads &heads,
                 bool takesIntegers);
  bool matchSplit(mlir::Value source, llvm::ArrayRef<int64_t> axes,
                  llvm::ArrayRef<int64_t> order, bool areBitsSplit,
                  Heads &heads);
  bool matchSizes(onnx::ReshapeOp reshape, Heads &heads);
  mlir::Value stepOverContextScales(mlir::Value value, bool areHeadsFirst);
  mlir::Value stepOverProbabilityMasks(mlir::Value value, bool areQuantised);
  mlir::Value stepOverConditions(mlir::Value source);
  bool applyProbabilityMasks(mlir::Value values);
  bool maskValues(mlir::Value values);
  bool fillHidden();
  bool matchContext(mlir::Value context);
  bool matchProbabilities(mlir::Value source);
  bool matchComparison(mlir::Value source);
  bool matchScores(mlir::Value source);
  bool matchMaskedScores(mlir::Value source);
  bool isScores(mlir::Value source, bool exactly);
  mlir::Value beforeWindows(mlir::Value source);
  std::optional<mlir::Value> stepBack(mlir::Value source, bool &isScaled);
  std::optional<mlir::Value> stepOverFill(onnx::WhereOp op);
  std::optional<mlir::Value> stepOverSum(mlir::Operation *op);
  std::optional<mlir::Value> stepOverFactor(mlir::Operation *op,
                                            bool &isScaled);
  std::optional<mlir::Value> stepOverBound(mlir::Operation *op);
  bool matchBracket(mlir::Value source);
  bool matchProjection(mlir::Value source, Projection &projection);
  bool matchResidual(mlir::Value source);
  bool checkHeads(mlir::Value reshaped);
  bool checkMasks();
  bool checkTerms();
  bool addFactors();
  void findCausal();
  bool hasScoresShape(const ScoreMask &mask);
  bool hidesExactly(size_t i);
  bool hideTogether(float bound);
  bool sameDims(mlir::Value a, llvm::ArrayRef<int64_t> axesOfA, mlir::Value b,
                llvm::ArrayRef<int64_t> axesOfB);
};

} // namespace mlir::bnn
