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

/// The binary input that is made of a [B, S, heads * d] tensor and split into
/// heads.
struct Heads : BinaryInput {
  Heads(llvm::StringRef role) : role(role) {}
  llvm::StringRef role;
  int64_t heads = 0, size = 0;
};

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

/// Matches the reshape that ends an attention layer.
class AttentionMatcher {
public:
  AttentionMatcher(const onnx::SymbolicShapes &shapes) : shapes(shapes) {}

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

  bool match(onnx::ReshapeOp op);
  llvm::SmallVector<const Projection *> allProjections() const;

  std::string why; // Not, after match() failed.

private:
  const onnx::SymbolicShapes &shapes;

  bool refuse(const llvm::Twine &reason) {
    why = reason.str();
    return false;
  }
  /// Names the operator at which the match ended.
  bool refuse(mlir::Value at, const llvm::Twine &reason);

  /// The value before it was rounded to 16 bits, which is left out.
  mlir::Value unrounded(mlir::Value value);
  bool matchQuantised(mlir::Value source, std::string &whyNot);
  bool matchHeads(mlir::Value source, llvm::ArrayRef<int64_t> order,
                  Heads &heads);
  bool matchSplit(onnx::ReshapeOp reshape, Heads &heads);
  bool matchContext(mlir::Value context);
  bool matchProbabilities(mlir::Value source);
  bool matchComparison(mlir::Value source);
  bool matchScores(mlir::Value source);
  bool matchMaskedScores(mlir::Value source);
  bool isScores(mlir::Value source, bool exactly);
  std::optional<mlir::Value> stepBack(mlir::Value source, bool &isScaled);
  std::optional<mlir::Value> stepOverFill(onnx::WhereOp op);
  std::optional<mlir::Value> stepOverSum(mlir::Operation *op);
  bool matchBracket(mlir::Value source);
  bool matchProjection(mlir::Value source, Projection &projection);
  bool matchResidual(mlir::Value source);
  bool checkHeads(mlir::Value reshaped);
  bool checkMasks();
  bool checkTerms();
  void findCausal();
  std::optional<float> hiddenScore(const ScoreMask &mask, bool isEarly,
                                   float bound);
  bool sameDims(mlir::Value a, llvm::ArrayRef<int64_t> axesOfA, mlir::Value b,
                llvm::ArrayRef<int64_t> axesOfB);
};

} // namespace mlir::bnn
