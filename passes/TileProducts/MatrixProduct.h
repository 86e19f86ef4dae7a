//===- MatrixProduct.h - Products of batches of matrices --------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "passes/Support/KernelBuilder.h"

namespace mlir::bnn {

/// The sums that are in registers at once.
struct ProductTile {
  int64_t rows, panels;
};

/// The loops of a `linalg.generic` on buffers that is a product of matrices
/// [m, k] and [k, n], or of batches of them: those of batches, then m, k and n.
class MatrixProduct {
public:
  MatrixProduct(KernelBuilder &b, mlir::linalg::GenericOp op, ProductTile tile)
      : b(b), batches(op.getNumLoops() - 3), maps(op.getIndexingMapsArray()),
        tile(tile), left(op.getInputs()[0]), right(op.getInputs()[1]),
        out(op.getOutputs()[0]) {}
  virtual ~MatrixProduct();

  /// Whether `op` has such loops, two factors and one output whose rows lie
  /// along n.
  static bool hasLoops(mlir::linalg::GenericOp op);
  /// Emits the product of all batches.
  void emit();

protected:
  enum Loop { M, K, N };

  KernelBuilder &b;
  unsigned batches;                        // Loops before m.
  llvm::SmallVector<mlir::AffineMap> maps; // Of the factors and the output.
  ProductTile tile;
  mlir::Value left, right, out;

  /// Emits what all batches share.
  virtual void begin() {}
  /// Emits the product of one batch.
  virtual void emitMatrix() = 0;

  /// How often a loop runs: the dimension of an operand that it reads along, or
  /// once if there is none.
  mlir::Value sizeOf(Loop loop, unsigned operand);
  /// Where an operand has its element for m, k and n of the current batch.
  llvm::SmallVector<mlir::Value> at(unsigned operand, mlir::Value m,
                                    mlir::Value k, mlir::Value n) const;
  /// Calls `body` for all columns: from `column` on those of `panels` panels of
  /// 16, at most `most`, then of one with a mask of those that it has (null:
  /// all).
  void forColumns(int64_t most,
                  llvm::function_ref<void(mlir::Value column, int64_t panels,
                                          mlir::Value mask)>
                      body);
  /// 16 lanes of a buffer; those outside the mask (null: none) are 0.
  mlir::Value load(mlir::Value buffer, mlir::ValueRange indices,
                   mlir::Value mask);
  void store(mlir::Value value, mlir::Value buffer, mlir::ValueRange indices,
             mlir::Value mask);

private:
  llvm::SmallVector<mlir::Value> batch; // The indices of the batches' loops.

  mlir::Value sizeOf(unsigned loop, unsigned operand);
  void emitBatches();
};

/// Whether the last axis of what `map` reads is loop `loop`.
bool endsWith(mlir::AffineMap map, unsigned loop);

/// Emits `op` if it is a product of f32.
llvm::LogicalResult tileFloats(mlir::OpBuilder &builder,
                               mlir::linalg::GenericOp op, TargetAttr target);
/// Emits `op` if it is one of bytes.
llvm::LogicalResult tileBytes(mlir::OpBuilder &builder,
                              mlir::linalg::GenericOp op, TargetAttr target);

} // namespace mlir::bnn
