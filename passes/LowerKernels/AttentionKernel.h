//===- AttentionKernel.h - Attention over bits and planes -------*- C++ -*-===//
#pragma once
#include "passes/LowerKernels/KernelBuilder.h"

namespace bnn {

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
  mlir::Value tokens, groups; // S, words of 32 tokens
  mlir::Value zero;

  // Scratch of one sentence; null where the op has no such operand.
  mlir::Value keys, keyZeros; // [planes * heads * headWords, padded tokens] i32
  mlir::Value values,
      valueZeros;        // [planes * heads * groups, channelBlocks * 16] i32
  mlir::Value valueSums; // [heads, channelBlocks * 16] i32, or null
  mlir::Value right;     // [rank, padded tokens] f32
  mlir::Value residual, mask; // [1, padded tokens] f32
  // Scratch of the queries in flight.
  mlir::Value
      bracket;        // [queries, padded tokens] f32: the scores' low-rank part
  mlir::Value scores; // [queries, padded tokens] f32
  mlir::Value bits;   // [queries or planes, groups] i32

  mlir::Value scratch(mlir::Value rows, mlir::Value columns,
                      mlir::Type element);
  bool isFull();
  llvm::SmallVector<mlir::Value>
  forVectors(mlir::ValueRange init,
             llvm::function_ref<llvm::SmallVector<mlir::Value>(
                 mlir::Value at, mlir::Value live, mlir::ValueRange carried)>
                 body);
  mlir::Value byToken(mlir::Value source, mlir::Value sentence,
                      mlir::Value into);
  mlir::Value byChannel(mlir::Value source, mlir::Value sentence,
                        mlir::Value into);
  mlir::Value columns(mlir::Value source, mlir::Value sentence,
                      mlir::Value into);
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
                          mlir::Value firstWord, mlir::Value at);
  mlir::Value planeContext(mlir::Value head, mlir::Value column);
  void emitValueSums();
};

} // namespace bnn
