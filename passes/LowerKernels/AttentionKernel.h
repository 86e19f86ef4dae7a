//===- AttentionKernel.h - The loops of attention ---------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "passes/LowerKernels/Dots/AttentionDots.h"
#include "passes/LowerKernels/Kernels.h"

namespace mlir::bnn {

/// Emits the loops of one attention op. What becomes of probabilities, and so
/// the dots, differ: see BitAttention and IntegerAttention.
class Attention {
public:
  virtual ~Attention();
  void emit();

protected:
  /// Queries that are computed together: `count` of a sentence from `first` on.
  struct Queries {
    mlir::Value sentence, first;
    int64_t count;
    /// How many words of 32 tokens hold those that any of them sees, and how
    /// many vectors of 16, which may be one less than the words have.
    mlir::Value groups, blocks;
    mlir::Value at(KernelBuilder &b, int64_t i) const {
      return b.offset(first, i);
    }
  };

  /// `tileQueries`: how many at most.
  Attention(KernelBuilder &b, AttentionOp op, AttentionOp::Adaptor buffers,
            int64_t tileQueries);

  KernelBuilder &b;
  AttentionOp op;
  AttentionOp::Adaptor buffers;
  int64_t channels, heads, headSize, headWords, channelBlocks;
  int64_t planes; // bits of an element
  int64_t tileQueries;
  std::unique_ptr<ScoreDot> scoreDot;
  std::unique_ptr<ContextDot> contextDot;

  // S and T, words of 32 tokens of the key, vectors of 16 in these
  mlir::Value queryTokens, tokens, groups, blocks;
  mlir::Value zero;

  // Scratch of one sentence; null where the op has no such operand. What inner
  // loops read of 16 tokens lies together, so that one pointer leads to all.
  mlir::Value keys; // [blocks, planes * heads * headWords * keyParts, 16] i32
  int64_t keyParts = 1;   // 2: each word is followed by its mask of zeros
  mlir::Value right;      // [blocks, rank, 16] f32
  mlir::Value numbers;    // [blocks, rows, 16] f32: the scores of each query in
                          // flight, and these rows:
  int64_t bracketRow = 0; // the scores' low-rank part, for each query
  int64_t maskRow = 0, residualRow = 0; // one for each mask of one row
  mlir::Value values,
      valueZeros;   // [planes * heads * groups, channelBlocks * 16] i32
  mlir::Value bits; // of probabilities: [queries or planes, groups] i32

  /// Allocates what only this kind of attention needs.
  virtual void allocate() {}
  /// Computes what depends on a sentence's values only.
  virtual void layOutValues() {}
  /// What stands for exp(score), or with a threshold for the score, past the
  /// last token that a query sees, in a tile that becomes bits; null: anything
  /// may.
  virtual mlir::Value expPastEnd() { return {}; }
  /// Writes the bits of the probabilities of each query, exp / sum; of a
  /// threshold, those of its scores, and there are no sums.
  virtual void storeProbabilities(const Queries &queries,
                                  mlir::ValueRange sums) = 0;
  /// How many probabilities of each query are 1, where they have one bit.
  virtual llvm::ArrayRef<mlir::Value> ones() { return {}; }
  /// The epilogue's second argument for query `query` and the 16 channels of a
  /// head from `column` on.
  virtual mlir::Value secondArgument(int64_t query, mlir::Value head,
                                     mlir::Value column) = 0;

  mlir::Value scratch(llvm::ArrayRef<mlir::Value> sizes, mlir::Type element);
  llvm::SmallVector<mlir::Value> numberLanes(mlir::Value block, int64_t row);
  /// The first row of `values` and `valueZeros` that has a plane of a head.
  mlir::Value firstValues(mlir::Value head, int64_t plane);

private:
  /// Scores of one query and 16 keys.
  struct Place {
    const Queries &queries;
    int64_t query;
    mlir::Value head, block;
    mlir::Value live; // the lanes that it sees; null: all
  };

  OutputRows outputs;
  EpilogueParams params;

  /// Of each mask the row that the sentence takes.
  llvm::SmallVector<mlir::Value> maskSentences;

  llvm::SmallVector<mlir::Value> lanesOf(mlir::Value block, mlir::Value row);
  mlir::Value keyLanes(mlir::Value block, mlir::Value word, bool ofZeros);
  bool isFull();
  Queries queriesAt(mlir::Value sentence, mlir::Value first, int64_t count);
  void fillPastEnd(const Queries &queries);
  mlir::Value seenBy(const Queries &queries, int64_t query);
  llvm::SmallVector<mlir::Value> liveLanes(const Queries &queries,
                                           mlir::Value block);
  llvm::SmallVector<mlir::Value>
  forVectors(const Queries &queries, mlir::ValueRange init,
             llvm::function_ref<llvm::SmallVector<mlir::Value>(
                 mlir::Value block, llvm::ArrayRef<mlir::Value> live,
                 mlir::ValueRange carried)>
                 body);
  void forTokens(llvm::function_ref<void(mlir::Value block, mlir::Value token,
                                         mlir::Value lane)>
                     body);
  void allocateScratch();
  void keysByToken(mlir::Value source, mlir::Value sentence, bool ofZeros);
  void byToken(mlir::Value source, mlir::Value sentence, mlir::Value into,
               int64_t row);
  void byChannel(mlir::Value source, mlir::Value sentence, mlir::Value into);
  void layOut(mlir::Value sentence);
  void emitBracket(const Queries &queries);
  mlir::Value maskLanes(size_t mask, const Place &place);
  mlir::Value applyMasks(mlir::Value score, size_t first, size_t end,
                         const Place &place);
  mlir::Value finishScore(mlir::Value dot, const Place &place,
                          mlir::Value scale, mlir::Value divisor);
  void emitScores(const Queries &queries, mlir::Value head, bool masked);
  llvm::SmallVector<mlir::Value> maxima(const Queries &queries);
  llvm::SmallVector<mlir::Value> expSums(const Queries &queries,
                                         mlir::ValueRange most);
  void emitContext(const Queries &queries, mlir::Value head);
  void emitHead(const Queries &queries, mlir::Value head, mlir::Value masked);
  mlir::Value hasZeros();
};

/// Probabilities of one bit: those above the cutoff. `dot` is the scores'.
std::unique_ptr<Attention> createBitAttention(KernelBuilder &b, AttentionOp op,
                                              AttentionOp::Adaptor buffers,
                                              DotAttr dot);
/// Probabilities rounded to integers of as many bits as the query's.
std::unique_ptr<Attention> createIntegerAttention(KernelBuilder &b,
                                                  AttentionOp op,
                                                  AttentionOp::Adaptor buffers);

} // namespace mlir::bnn
