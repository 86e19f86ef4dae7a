//===- ByteTiles.cpp - Products of bytes by tiles -------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// x86's AMX has eight registers of 16 rows of 64 bytes. One that holds 16 rows
// of the input, 64 bytes of each, times one that holds 16 words of a panel, is
// added to one that holds 16 by 16 sums: the words of a panel lie as the
// instruction wants them. Rows and weights are signed or not as they are.
//
// The registers are named here: what LLVM would do to allot them begins with a
// configuration that it may move to where nobody has asked yet whether there
// are such registers at all.
//
//===----------------------------------------------------------------------===//
#include "passes/LowerKernels/Dots/ByteTiles.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::bnn;

// The registers: sums of two tiles of rows by two panels, rows, and weights.
static constexpr int64_t kSums = 0, kInput = 4, kWeight = 6, kRegisters = 8,
                         kRegisterRows = 16, kRowBytes = 64;
// Sums of a row in memory.
static constexpr int64_t kOutputs = kByteTilePanels * kLanes;

// The shapes of the registers, in the form of AMX's palette 1.
static Value tileShapes(KernelBuilder &b, Operation *scope, int64_t step) {
  constexpr int64_t kBytes = 64, kWidths = 16, kHeights = 48;
  auto module = scope->getParentOfType<ModuleOp>();
  auto type = MemRefType::get(kBytes, b.getI8Type());
  std::string name = "tile_shapes_" + std::to_string(step);
  if (!module.lookupSymbol(name)) {
    SmallVector<uint8_t> bytes(kBytes, 0);
    bytes[0] = 1;
    for (int64_t i = 0; i < kRegisters; ++i) {
      const bool isInput = i >= kInput && i < kWeight, isWeight = i >= kWeight;
      bytes[kWidths + 2 * i] = uint8_t(isInput ? step : kRowBytes);
      bytes[kHeights + i] =
          uint8_t(isWeight ? step / kWordBytes : kRegisterRows);
    }
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(module.getBody());
    auto values = DenseElementsAttr::get(
        RankedTensorType::get(kBytes, b.getI8Type()), ArrayRef<uint8_t>(bytes));
    b.create<memref::GlobalOp>(name, b.getStringAttr("private"), type, values,
                               /*constant=*/true, b.getI64IntegerAttr(64));
  }
  return b.create<memref::GetGlobalOp>(type, name);
}

// Where a buffer's elements begin, as an index.
static Value addressOf(KernelBuilder &b, Value buffer) {
  return b.create<memref::ExtractAlignedPointerAsIndexOp>(buffer);
}

// A number that LLVM does not know: a loop up to it stays one. Unrolled, all of
// its addresses would be computed before the loop over rows, and spilled.
static Value unknown(KernelBuilder &b, Value number) {
  return b
      .create<LLVM::InlineAsmOp>(
          b.getI64Type(), number, "", "=r,0", /*has_side_effects=*/false,
          /*is_align_stack=*/false, LLVM::AsmDialectAttr(), ArrayAttr())
      .getResult(0);
}

ByteTiles::ByteTiles(KernelBuilder &b, const Product &p)
    : Dot(b, p, /*tileRows=*/1, kByteTilePanels),
      step(getTileStep(p.elements)) {
  // A tile may begin before the row that is asked for: see addUp().
  sums = b.create<memref::AllocOp>(
      MemRefType::get({kByteTileRows + kRows, kOutputs}, b.getI32Type()));
}

Value ByteTiles::isWorth(Value rows) {
  auto module = p.scope->getParentOfType<ModuleOp>();
  if (!module.lookupSymbol(kMayUseTiles)) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(module.getBody());
    auto may = b.create<func::FuncOp>(kMayUseTiles,
                                      b.getFunctionType({}, b.getI1Type()));
    may.setPrivate();
  }
  Value areMany = b.create<arith::CmpIOp>(arith::CmpIPredicate::uge, rows,
                                          b.index(kByteTileRows));
  auto may = b.create<func::CallOp>(kMayUseTiles, b.getI1Type());
  return b.create<arith::AndIOp>(areMany, may.getResult(0));
}

bool ByteTiles::takes(int64_t outputs) const {
  return panelsOf(outputs) == kByteTilePanels;
}

void ByteTiles::emit(StringRef instruction, ValueRange operands) {
  b.create<LLVM::CallIntrinsicOp>(
      TypeRange(), StringRef("llvm.x86." + instruction.str()), operands);
}

Value ByteTiles::tileNumber(int64_t number) {
  return b.create<LLVM::ConstantOp>(b.getI8Type(),
                                    b.getI8IntegerAttr(int8_t(number)));
}

Value ByteTiles::pointer(Value address) {
  Value number = b.create<arith::IndexCastOp>(b.getI64Type(), address);
  return b.create<LLVM::IntToPtrOp>(LLVM::LLVMPointerType::get(b.getContext()),
                                    number);
}

void ByteTiles::begin() {
  emit("ldtilecfg", pointer(addressOf(b, tileShapes(b, p.scope, step))));
  auto rows = b.create<memref::ExtractStridedMetadataOp>(p.input);
  input = b.add(addressOf(b, p.input), rows.getOffset());
  stride = rows.getStrides()[0];
  weight = addressOf(b, p.weight);
  Value elements = b.create<LLVM::ConstantOp>(b.getI64Type(),
                                              b.getI64IntegerAttr(p.elements));
  rowEnd = b.create<arith::IndexCastOp>(b.getIndexType(), unknown(b, elements));
}

void ByteTiles::end() { emit("tilerelease", {}); }

// Asks for a part of the weights of the next outputs, while those of this step
// are multiplied: four times kRows rows ask for all of them. There may be none;
// then nothing is read. The second cache is near enough: the first has this
// step's.
void ByteTiles::prefetch(const Tile &tile, Value panel, Value k) {
  constexpr int64_t kParts = 4, kLine = 64;
  const int64_t unitBytes = kByteTilePanels * p.words * kRowBytes,
                stepBytes = kByteTilePanels * step / kWordBytes * kRowBytes;
  Value part = b.create<arith::AndIOp>(tile.row, b.index((kParts - 1) * kRows));
  Value at = b.add(panel, b.mul(part, b.index(unitBytes / (kParts * kRows))));
  at = b.add(at, b.mul(k, b.index(stepBytes / kParts / step)));
  Value first = pointer(b.offset(at, unitBytes));
  for (int64_t line = 0; line < stepBytes / kParts; line += kLine) {
    Value address = b.create<LLVM::GEPOp>(first.getType(), b.getI8Type(), first,
                                          ArrayRef<LLVM::GEPArg>{line});
    b.create<LLVM::Prefetch>(address, /*rw=*/0, /*hint=*/2, /*cache=*/1);
  }
}

// Adds up tiles of 16 rows that begin at `rows`.
void ByteTiles::addTiles(const Tile &tile, ArrayRef<Value> rows) {
  auto sumsOf = [&](int64_t i, int64_t panel) {
    return tileNumber(kSums + i * kByteTilePanels + panel);
  };
  auto i64 = [&](Value value) -> Value {
    return b.create<arith::IndexCastOp>(b.getI64Type(), value);
  };
  const int64_t panelBytes = p.words * kRowBytes;
  Value rowStride = i64(stride), weightStride = i64(b.index(kRowBytes)),
        sumStride = i64(b.index(kOutputs * kWordBytes));
  for (size_t i = 0; i < rows.size(); ++i)
    for (int64_t j = 0; j < kByteTilePanels; ++j)
      emit("tilezero", sumsOf(i, j));
  Values starts;
  for (Value row : rows)
    starts.push_back(b.add(input, b.mul(row, stride)));
  Value panel = b.add(weight, b.mul(tile.panel, b.index(panelBytes)));
  b.loop(b.index(0), rowEnd, step, [&](Value k) {
    prefetch(tile, panel, k);
    // A word of a panel has four bytes of each of 16 outputs.
    Value words = b.add(panel, b.mul(k, b.index(kRowBytes / kWordBytes)));
    // Each register is loaded just before it is needed: while a product runs,
    // the next load does.
    for (size_t i = 0; i < rows.size(); ++i) {
      emit("tileloadd64",
           {tileNumber(kInput + i), pointer(b.add(starts[i], k)), rowStride});
      for (int64_t j = 0; j < kByteTilePanels; ++j) {
        if (i == 0)
          emit("tileloadd64",
               {tileNumber(kWeight + j),
                pointer(b.offset(words, j * panelBytes)), weightStride});
        emit(p.element.getIsSigned() ? "tdpbssd" : "tdpbusd",
             {sumsOf(i, j), tileNumber(kInput + i), tileNumber(kWeight + j)});
      }
    }
  });
  // Behind the rows of one tile, which may begin so much before the first.
  Value address = addressOf(b, sums),
        shift = b.create<arith::SubIOp>(b.index(kByteTileRows), tile.row);
  for (auto [i, row] : llvm::enumerate(rows)) {
    Value at = b.add(address,
                     b.mul(b.add(row, shift), b.index(kOutputs * kWordBytes)));
    for (int64_t j = 0; j < kByteTilePanels; ++j)
      emit("tilestored64",
           {sumsOf(i, j), pointer(b.offset(at, j * kLanes * kWordBytes)),
            sumStride});
  }
}

// What is no whole tile at the end is one that begins among the rows before:
// their sums come again.
void ByteTiles::addUp(const Tile &tile, Value rows) {
  Value last = b.create<arith::SubIOp>(rows, b.index(kByteTileRows));
  auto atMost = [&](Value row) -> Value {
    return b.create<arith::MinUIOp>(row, last);
  };
  Value isOne =
      b.create<arith::CmpIOp>(arith::CmpIPredicate::uge, tile.row, last);
  auto branch = b.create<scf::IfOp>(isOne, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  addTiles(tile, last);
  b.setInsertionPointToStart(branch.elseBlock());
  addTiles(tile, {tile.row, atMost(b.offset(tile.row, kByteTileRows))});
}

SmallVector<Value> ByteTiles::accumulate(const Tile &tile) {
  Values result;
  for (int64_t j = 0; j < tile.panels; ++j)
    result.push_back(b.loadLanes(
        sums, {b.offset(tile.blockRow, kByteTileRows), b.index(j * kLanes)}));
  return result;
}
