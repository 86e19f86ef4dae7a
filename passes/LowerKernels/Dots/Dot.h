//===- Dot.h - The inner sums of products -----------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A product is two kinds of operands, an accumulator and an epilogue. What adds
// up inside depends on the kinds and on the CPU: that is a dot. A dot knows how
// its operands lie, how many rows and panels of them a register tile has, and
// which instructions add them up; the loops around it and the epilogue are the
// product's.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "passes/LowerKernels/Kernels.h"
#include <memory>

namespace mlir::bnn {

/// The operands of a product on buffers, and its shape.
struct Product {
  mlir::Value input;   // [M, K] f32 or bytes, or words [M * planes, words] i32:
                       // a plane is a row
  mlir::Value weight;  // [panels, words, lanes] i32, or [K, N] or [N, K]
  mlir::Value zeros;   // [M, words] i32 without parity words, or null
  int64_t elements;    // of a row of the input: K
  int64_t outputs;     // N
  int64_t words = 0;   // of a plane of a row
  BitsType element;    // of the input; null: f32
  bool parity = false; // of the words of input and weight
  bool running = false;   // the weight's words are running parities
  bool small = false;     // and its bytes small, as #bnn.panels has it
  mlir::Operation *scope; // what the kernel is emitted for
};

/// A register tile: `rows` rows of the input from `row` on, `panels` panels of
/// 16 outputs from `panel` on.
struct Tile {
  mlir::Value row, panel;
  int64_t rows, panels;
  /// The number of the first output, and how many there are.
  mlir::Value channel = {};
  int64_t valid = 0;
  /// In a prepared block of rows: the first row, counted from the block's.
  mlir::Value blockRow = {};
};

class BlockDot;

/// The inner sum of a product. One object emits one op's.
class Dot {
public:
  Dot(KernelBuilder &b, const Product &p, int64_t tileRows, int64_t tilePanels)
      : b(b), p(p), rowsOfTile(tileRows), panelsOfTile(tilePanels) {}
  virtual ~Dot();

  /// Rows and panels of a tile, as far as a unit of outputs has as many.
  int64_t tileRows() const { return rowsOfTile; }
  int64_t tilePanels() const { return panelsOfTile; }
  /// Outputs that are worth to be one unit.
  virtual int64_t unitOutputs() const { return panelsOfTile * kLanes; }
  /// Emits what all tiles share.
  virtual void begin() {}
  /// Emits what the tiles of `panels` panels from `panel` on share.
  virtual void beginPanels(mlir::Value panel, int64_t panels) {}
  /// `dot`, which counts for this one in blocks of rows; null where there is
  /// none that can.
  virtual std::unique_ptr<BlockDot> createBlock(DotAttr dot, TargetAttr target);
  /// The accumulators of at most tileRows() rows and of all panels that began:
  /// [row][panel] of 16 lanes.
  virtual llvm::SmallVector<mlir::Value> accumulate(const Tile &tile) = 0;

protected:
  KernelBuilder &b;
  const Product &p;

private:
  int64_t rowsOfTile, panelsOfTile;
};

/// A dot that prepares rows and panels before it adds them up. It goes over a
/// block of rows at a time, and takes whole tiles, unless it takes all; what is
/// left is for a plain dot.
class BlockDot : public Dot {
public:
  using Dot::Dot;

  /// Whether it takes any number of rows and outputs, and leaves none.
  virtual bool takesAll() const { return false; }
  /// Rows of a block, at most.
  virtual int64_t blockRows() const = 0;
  /// Whether a block of `rows` rows is worth its preparations; for one that
  /// does not take all.
  virtual mlir::Value isWorth(mlir::Value rows) { return {}; }
  /// Prepares `count` rows from row `first` on: a multiple of tileRows(),
  /// unless it takes all.
  virtual void prepareRows(mlir::Value first, mlir::Value count) = 0;
  /// Prepares the panels of a tile from `panel` on; the same.
  virtual void preparePanels(mlir::Value panel) {}
};

class ByteTiles;

/// What adds up a product: `block` or `tiles`, if there is one, as far as it
/// goes, and `plain` all else.
struct ProductDots {
  ProductDots();
  ProductDots(ProductDots &&);
  ~ProductDots();

  std::unique_ptr<Dot> plain;
  std::unique_ptr<BlockDot> block;
  std::unique_ptr<ByteTiles> tiles;
};

/// How a kind of dot is emitted.
struct DotKernel {
  /// The dot of a product for a target (null: any).
  std::unique_ptr<Dot> (*create)(KernelBuilder &b, const Product &p,
                                 DotAttr dot, TargetAttr target);
  /// The params that it knows; null: none.
  llvm::ArrayRef<llvm::StringLiteral> (*getParams)();
};

// A kernel for each kind of Dots.def, in a file of its own.
#define BNN_DOT(KIND, ...) extern const DotKernel k##KIND;
#include "dialects/BNN/Dots.def"

/// Reports at `op` the params of a target's dots (null: none) that their
/// kernels do not know.
mlir::LogicalResult verifyParams(mlir::Operation *op, TargetAttr target);

/// The dots of a product of `op`'s operands, for a target (null: any).
ProductDots createDots(KernelBuilder &b, const Product &product, MatmulOp op,
                       TargetAttr target);

} // namespace mlir::bnn
