//===- AttentionDots.h - The dots of scores and contexts --------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention multiplies the queries of a tile with 16 keys, and bits of their
// probabilities with panels of 16 channels. Its operands are in scratch memory
// of its own, so a dot asks for words where a product's loads them.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "passes/LowerKernels/Kernels.h"
#include <memory>

namespace mlir::bnn {

/// The words of one query and of the 16 keys of a vector, plane by plane.
struct ScoreWords {
  /// The query's, each in all lanes, and its mask of zeros: empty where no
  /// mask is to be looked at.
  llvm::ArrayRef<mlir::Value> query, queryZeros;
  /// Loads a word of the keys, and of their mask of zeros (null: none).
  llvm::function_ref<mlir::Value(int64_t word)> key, keyZeros;
};

/// The dot of queries and keys.
class ScoreDot {
public:
  virtual ~ScoreDot();
  /// Query times keys: 16 lanes of f32, rounded from the exact integer.
  virtual mlir::Value score(const ScoreWords &words) = 0;
  /// Whether it needs all registers with masks of zeros, so that what becomes
  /// of a score has a loop of its own.
  virtual bool fillsRegisters() const { return false; }
};

/// The words of probabilities and values: a word has 32 tokens.
struct ContextWords {
  int64_t queries, panels;
  mlir::Value groups; // words of a query
  /// Loads a word of query `query`, plane `plane`, in all lanes.
  llvm::function_ref<mlir::Value(int64_t query, int64_t plane,
                                 mlir::Value group)>
      probability;
  /// Loads a word of 16 channels, and of their mask of zeros (null: none).
  llvm::function_ref<mlir::Value(int64_t plane, int64_t panel,
                                 mlir::Value group)>
      value, valueZeros;
  /// How many probabilities of each query are 1, where they have one bit.
  llvm::ArrayRef<mlir::Value> ones;
};

/// The dot of probabilities and values.
class ContextDot {
public:
  virtual ~ContextDot();
  /// Emits what the panels share.
  virtual void begin(const ContextWords &words) = 0;
  /// The sums of one query and panel: 16 lanes of i32.
  virtual mlir::Value sum(const ContextWords &words, int64_t query,
                          int64_t panel) = 0;
};

/// Bits {-1, +1} of both: `channels` of a head. `oneCount`: words and their
/// masks of zeros have one count, for CPUs with few registers.
std::unique_ptr<ScoreDot> createXorScore(KernelBuilder &b, int64_t channels,
                                         bool oneCount);
/// Bits {0, 1} by {-1, +1}. `oneCount`: as of scores.
std::unique_ptr<ContextDot> createAndContext(KernelBuilder &b, bool oneCount);
/// Signed integers of `planes` bits of both, `words` a plane.
std::unique_ptr<ScoreDot> createPlaneScore(KernelBuilder &b, int64_t planes,
                                           int64_t words);
/// Unsigned integers by signed ones.
std::unique_ptr<ContextDot> createPlaneContext(KernelBuilder &b,
                                               int64_t planes);

} // namespace mlir::bnn
