//===- AttentionKernel.h - Attention over bits and planes -------*- C++ -*-===//
#pragma once
#include "passes/LowerKernels/KernelBuilder.h"

namespace mlir::bnn {

/// Emits the loops of one attention op.
class Attention {
public:
  Attention(KernelBuilder &b, AttentionOp op, AttentionOp::Adaptor buffers,
            TargetAttr target);
  void emit();

private:
  /// Queries that are computed together: `count` of a sentence from `first` on.
  struct Queries {
    mlir::Value sentence, first;
    int64_t count;
    mlir::Value at(KernelBuilder &b, int64_t i) const {
      return b.offset(first, i);
    }
  };
  /// The tokens that a query looks at: how many, and their value residuals'
  /// sum.
  struct Chosen {
    mlir::Value ones, residual;
  };

  KernelBuilder &b;
  AttentionOp op;
  AttentionOp::Adaptor buffers;
  int64_t channels, heads, headSize, headWords, channelBlocks;
  int64_t planes; // bits of an element
  int64_t tileQueries;
  OutputRows outputs;
  EpilogueParams params;
  // S, words of 32 tokens, vectors of 16 tokens
  mlir::Value tokens, groups, blocks;
  mlir::Value zero;

  // Scratch of one sentence; null where the op has no such operand. What inner
  // loops read of 16 tokens lies together, so that one pointer leads to all.
  mlir::Value keys; // [blocks, planes * heads * headWords * keyParts, 16] i32
  int64_t keyParts = 1;   // 2: each word is followed by its mask of zeros
  mlir::Value right;      // [blocks, rank, 16] f32
  mlir::Value numbers;    // [blocks, rows, 16] f32: the scores of each query in
                          // flight, and these rows:
  int64_t bracketRow = 0; // the scores' low-rank part, for each query
  int64_t maskRow = 0, residualRow = 0;
  mlir::Value values,
      valueZeros;        // [planes * heads * groups, channelBlocks * 16] i32
  mlir::Value valueSums; // [heads, channelBlocks * 16] i32, or null
  mlir::Value bits;      // [queries or planes, groups] i32

  mlir::Value scratch(llvm::ArrayRef<mlir::Value> sizes, mlir::Type element);
  llvm::SmallVector<mlir::Value> lanesOf(mlir::Value block, mlir::Value row);
  mlir::Value keyLanes(mlir::Value block, mlir::Value word, bool ofZeros);
  llvm::SmallVector<mlir::Value> numberLanes(mlir::Value block, int64_t row);
  bool isFull();
  llvm::SmallVector<mlir::Value>
  forVectors(mlir::ValueRange init,
             llvm::function_ref<llvm::SmallVector<mlir::Value>(
                 mlir::Value block, mlir::Value live, mlir::ValueRange carried)>
                 body);
  void forTokens(llvm::function_ref<void(mlir::Value block, mlir::Value token,
                                         mlir::Value lane)>
                     body);
  void keysByToken(mlir::Value source, mlir::Value sentence, bool ofZeros);
  void byToken(mlir::Value source, mlir::Value sentence, mlir::Value into,
               int64_t row);
  void byChannel(mlir::Value source, mlir::Value sentence, mlir::Value into);
  void layOut(mlir::Value sentence);
  void emitBracket(const Queries &queries);
  void emitScores(const Queries &queries, mlir::Value head, bool masked);
  llvm::SmallVector<mlir::Value> maxima(const Queries &queries);
  llvm::SmallVector<mlir::Value> expSums(mlir::ValueRange most);
  llvm::SmallVector<Chosen> probabilityBits(mlir::ValueRange cuts);
  llvm::SmallVector<mlir::Value> bitContext(mlir::Value firstRow,
                                            int64_t firstColumn, int64_t panels,
                                            llvm::ArrayRef<Chosen> chosen);
  void emitContext(const Queries &queries, mlir::Value head,
                   llvm::ArrayRef<Chosen> chosen);
  void emitHead(const Queries &queries, mlir::Value head, mlir::Value masked);
  mlir::Value hasZeros();

  // Over planes, of one query.
  void probabilityPlanes(mlir::Value sum);
  mlir::Value planeScores(llvm::ArrayRef<mlir::Value> words,
                          mlir::Value firstWord, mlir::Value block);
  mlir::Value planeContext(mlir::Value head, mlir::Value column);
  void emitValueSums();
};

} // namespace mlir::bnn
