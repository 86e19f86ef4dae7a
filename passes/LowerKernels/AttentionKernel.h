//===- AttentionKernel.h - Attention over bits and planes -------*- C++ -*-===//
#pragma once
#include "passes/LowerKernels/KernelBuilder.h"

namespace bnn {

/// Emits the loops of one attention op.
class Attention {
public:
  Attention(KernelBuilder &b, AttentionOp op, AttentionOp::Adaptor buffers);
  void emit();

private:
  KernelBuilder &b;
  AttentionOp op;
  AttentionOp::Adaptor buffers;
  int64_t channels, heads, headSize, headWords, channelBlocks;
  int64_t planes; // bits of an element
  mlir::Value tokens, groups,
      blocks; // S, words of 32 tokens, vectors of 16 tokens
  mlir::Value zero;

  // Scratch of one sentence; null where the op has no such operand.
  mlir::Value keys, keyZeros; // [planes * heads * headWords, padded tokens] i32
  mlir::Value values,
      valueZeros;        // [planes * heads * groups, channelBlocks * 16] i32
  mlir::Value valueSums; // [heads, channelBlocks * 16] i32, or null
  mlir::Value right;     // [rank, padded tokens] f32
  mlir::Value residual, mask; // [1, padded tokens] f32
  // Scratch of one query.
  mlir::Value
      bracket;        // [1, padded tokens] f32: the low-rank part of the scores
  mlir::Value scores; // [padded tokens] f32
  mlir::Value bits;   // [planes, groups] i32

  mlir::Value scratch(mlir::Value rows, mlir::Value columns,
                      mlir::Type element);
  bool isFull();
  mlir::Value live(mlir::Value block);
  mlir::Value selectLive(mlir::Value block, mlir::Value value,
                         mlir::Value other);
  mlir::Value byToken(mlir::Value source, mlir::Value sentence,
                      mlir::Value into);
  mlir::Value byChannel(mlir::Value source, mlir::Value sentence,
                        mlir::Value into);
  mlir::Value columns(mlir::Value source, mlir::Value sentence,
                      mlir::Value into);
  void emitBracket(mlir::Value sentence, mlir::Value query);
  void emitScores(mlir::Value sentence, mlir::Value query, mlir::Value head,
                  bool masked);
  mlir::Value maximum();
  mlir::Value expSum(mlir::Value most);
  void probabilityPlanes(mlir::Value sum);
  void probabilityBits(mlir::Value cut, mlir::Value &ones,
                       mlir::Value &selected);
  void emitContext(mlir::Value sentence, mlir::Value query, mlir::Value head,
                   mlir::Value ones, mlir::Value selected, OutputRows &outputs,
                   EpilogueParams &params);
  mlir::Value hasZeros();

  // Over planes.
  mlir::Value planeScores(llvm::ArrayRef<mlir::Value> words,
                          mlir::Value firstWord, mlir::Value at);
  mlir::Value planeContext(mlir::Value head, mlir::Value column);
  void emitValueSums();
};

} // namespace bnn
