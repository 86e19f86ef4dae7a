//===- Product.h - A binary matrix product on packed words ------*- C++ -*-===//
#pragma once
#include "passes/LowerKernels/KernelBuilder.h"

namespace mlir::bnn {

/// The packed operands of a product and its shape. A plane of the input is a
/// row like any other, until the counts are put together.
struct Product {
  mlir::Value input;  // [M * planes, words] i32
  mlir::Value weight; // [panels, words, lanes] i32
  mlir::Value zeros;  // [M, words] i32 without parity words, or null
  int64_t K;          // logical elements of a row
  int64_t words;      // of a plane of a row
  BitsType element;   // of the input
  bool exclusive;     // count the bits that differ, not those that both have
  bool parity;        // of input and weight
  bool ternaryLogic;  // one instruction for a majority
  bool byteCounts;    // the CPU counts the bits of bytes, not of words
};

/// A register tile: `rows` rows of the input from `row` on (without a `row`:
/// rows of zeros), `panels` panels from `panel` on.
struct Tile {
  mlir::Value row, panel;
  int64_t rows, panels;
};

/// The counts of all words of a tile, [row][panel] of 16 lanes of i32.
/// `masked`: what the mask of zeros has is left out.
llvm::SmallVector<mlir::Value> countBits(KernelBuilder &b, const Product &p,
                                         const Tile &tile, bool masked);

/// Counts bits by table: for four bits of an input row, a table of 16 entries
/// has the number of differing bits (of unsigned rows, of bits that both have)
/// for each four bits of a weight, and one byte shuffle looks up those of 32 or
/// 64 outputs. An entry serves two rows, one in each half of its byte; three
/// entries add up before the halves part.
///
/// This is worth its preparations, one for each block of rows and one for each
/// four panels of a block, from some rows on.
class LookupKernel {
public:
  static constexpr int64_t kPanels = MatmulOp::kTablePanels;
  /// What a block has at most.
  static constexpr int64_t kBlockRows = 128;

  /// Allocates scratch memory. `shuffleBytes`: of the target's byte shuffle, 32
  /// or 64.
  LookupKernel(KernelBuilder &b, const Product &product, int64_t shuffleBytes);

  /// Rows of a tile, an even number.
  int64_t tileRows() const { return 2 * pairs; }
  /// Prepares `count` rows, a multiple of tileRows(), from row `first` on.
  void prepareRows(mlir::Value first, mlir::Value count);
  /// Prepares four panels from `panel` on.
  void preparePanels(mlir::Value panel);
  /// Counts the bits of a tile of the prepared panels; `row` is its first row,
  /// from the first that is prepared. [row][panel] of 16 lanes of i32.
  llvm::SmallVector<mlir::Value> count(mlir::Value row);

private:
  KernelBuilder &b;
  const Product &p;
  int64_t bytes;  // of a shuffle
  int64_t pairs;  // of rows, in a tile
  int64_t digits; // hexadecimal, of a row: a multiple of three
  mlir::Value table, offsets, weights;

  mlir::VectorType bytesType() const;
  mlir::VectorType halvesType() const;
  mlir::Value lookUp(mlir::Value entries, mlir::Value digits);
  llvm::SmallVector<mlir::Value> sumThree(mlir::Value pair, mlir::Value step);
};

} // namespace mlir::bnn
