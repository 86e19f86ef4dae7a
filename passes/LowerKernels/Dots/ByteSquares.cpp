//===- ByteSquares.cpp - Products of bytes by squares of sums -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arm's i8mm has an instruction that multiplies eight bytes of two rows by
// eight of two outputs, and adds each sum to one of the four lanes of a
// register. It wants the two rows side by side, and the two outputs: `rows` has
// eight bytes of each row of a tile after the other, [tile][step][row][byte],
// and `weights` those of each output of a panel, [step][output][byte]. What is
// past the end of a row is 0 in both.
//
// Both are copies, so that the weights of a model lie as they do for CPUs
// without that instruction, and one object serves them all.
//
//===----------------------------------------------------------------------===//
#include "passes/LowerKernels/Dots/ByteSquares.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::bnn;

// Bytes of a row in one step, rows and outputs of a square, the bytes of
// either, and the squares of two rows by a panel.
static constexpr int64_t kStep = kByteSquareStep, kSide = 2,
                         kSquareBytes = kSide * kStep,
                         kSquares = kLanes / kSide;
// Four rows by a panel are 16 registers of sums; of the other 16, eight have
// weights and two rows.
static constexpr int64_t kTileRows = kByteSquareRows,
                         kPairs = kTileRows / kSide;

ByteSquares::ByteSquares(KernelBuilder &b, const Product &p)
    : BlockDot(b, p, kTileRows, /*tilePanels=*/1),
      steps(llvm::divideCeil(p.elements, kStep)) {}

void ByteSquares::begin() {
  const int64_t known = cast<MemRefType>(p.input.getType()).getDimSize(0);
  const int64_t most =
      ShapedType::isDynamic(known) ? kBlockRows : std::min(known, kBlockRows);
  rows = b.create<memref::AllocOp>(MemRefType::get(
      {int64_t(llvm::divideCeil(most, kTileRows)), steps, kTileRows * kStep},
      b.getI8Type()));
  weights = b.create<memref::AllocOp>(
      MemRefType::get({steps, kLanes * kStep}, b.getI8Type()));
}

Value ByteSquares::isWorth(Value rows) {
  return b.create<arith::CmpIOp>(arith::CmpIPredicate::uge, rows,
                                 b.index(kByteSquareLeastRows));
}

// The bytes of a row that are left behind the last whole step, and zeros: those
// of the row of a tile that `row` is.
void ByteSquares::storeRest(Value row, Value tile) {
  const int64_t whole = p.elements / kStep * kStep;
  Value step = b.index(steps - 1);
  Value place =
      b.mul(b.create<arith::RemUIOp>(row, b.index(kTileRows)), b.index(kStep));
  Value none = b.create<arith::ConstantOp>(b.getI8IntegerAttr(0));
  for (int64_t k = whole; k < steps * kStep; ++k) {
    Value byte = k < p.elements ? b.load(p.input, {row, b.index(k)}) : none;
    b.store(byte, rows, {tile, step, b.offset(place, k - whole)});
  }
}

void ByteSquares::prepareRows(Value first, Value count) {
  auto ofRow = VectorType::get(kStep, b.getI8Type());
  const int64_t whole = p.elements / kStep;
  b.loop(b.index(0), count, 1, [&](Value number) {
    Value tile = b.create<arith::DivUIOp>(number, b.index(kTileRows));
    Value place = b.mul(b.create<arith::RemUIOp>(number, b.index(kTileRows)),
                        b.index(kStep));
    Value row = b.add(first, number);
    b.loop(b.index(0), b.index(whole), 1, [&](Value step) {
      Value bytes = b.create<vector::LoadOp>(
          ofRow, p.input, ValueRange{row, b.mul(step, b.index(kStep))});
      b.create<vector::StoreOp>(bytes, rows, ValueRange{tile, step, place});
    });
    if (whole < steps)
      storeRest(row, tile);
  });
}

// Step `step` of the weights, of which a panel has two words.
void ByteSquares::storeWords(Value step, Value first, Value second) {
  Value both = b.create<vector::InterleaveOp>(first, second);
  both = b.create<vector::BitCastOp>(
      VectorType::get(kLanes * kStep, b.getI8Type()), both);
  b.create<vector::StoreOp>(both, weights, ValueRange{step, b.index(0)});
}

void ByteSquares::preparePanels(Value panel) {
  auto load = [&](Value word) {
    return b.loadLanes(p.weight, {panel, word, b.index(0)});
  };
  b.loop(b.index(0), b.index(p.words / kSide), 1, [&](Value step) {
    Value word = b.mul(step, b.index(kSide));
    storeWords(step, load(word), load(b.offset(word, 1)));
  });
  if (p.words % kSide)
    storeWords(b.index(steps - 1), load(b.index(p.words - 1)), b.splatI32(0));
}

// The values, all of which are there before any of them is used. LLVM would
// load each right before its use, to have registers left that nobody needs, and
// CPUs that run code in order wait then.
static SmallVector<Value> together(KernelBuilder &b, ValueRange values) {
  std::string constraints;
  for (size_t i = 0; i < values.size(); ++i)
    constraints += "=w,";
  for (size_t i = 0; i < values.size(); ++i)
    constraints += (i ? "," : "") + std::to_string(i);
  auto type = LLVM::LLVMStructType::getLiteral(
      b.getContext(), llvm::to_vector(values.getTypes()));
  Value all = b.create<LLVM::InlineAsmOp>(type, values, "", constraints,
                                          /*has_side_effects=*/false,
                                          /*is_align_stack=*/false,
                                          LLVM::AsmDialectAttr(), ArrayAttr())
                  .getResult(0);
  SmallVector<Value> result;
  for (size_t i = 0; i < values.size(); ++i)
    result.push_back(b.create<LLVM::ExtractValueOp>(all, int64_t(i)));
  return result;
}

// Adds a step to the sums of a tile: [pair of rows][pair of outputs].
void ByteSquares::addStep(Value tile, Value step, MutableArrayRef<Value> sums) {
  Values squares;
  auto load = [&](Value buffer, ValueRange at) {
    squares.push_back(b.create<vector::LoadOp>(
        VectorType::get(kSquareBytes, b.getI8Type()), buffer, at));
  };
  for (int64_t i = 0; i < kPairs; ++i)
    load(rows, {tile, step, b.index(i * kSquareBytes)});
  for (int64_t j = 0; j < kSquares; ++j)
    load(weights, {step, b.index(j * kSquareBytes)});
  squares = together(b, squares);
  StringRef name = p.element.getIsSigned()
                       ? "llvm.aarch64.neon.smmla.v4i32.v16i8"
                       : "llvm.aarch64.neon.usmmla.v4i32.v16i8";
  for (int64_t j = 0; j < kSquares; ++j)
    for (int64_t i = 0; i < kPairs; ++i) {
      Value &sum = sums[i * kSquares + j];
      sum = b.create<LLVM::CallIntrinsicOp>(
                 sum.getType(), b.getStringAttr(name),
                 ValueRange{sum, squares[i], squares[kPairs + j]},
                 LLVM::FastmathFlags::none)
                .getResult(0);
    }
}

// The sums of one of the two rows that squares are of.
Value ByteSquares::rowOf(ValueRange squares, int64_t row) {
  Value whole = b.splatI32(0);
  for (int64_t j = 0; j < kSquares; j += 2) {
    const int64_t at = row * kSide, next = kSide * kSide + at;
    Value part = b.create<vector::ShuffleOp>(
        squares[j], squares[j + 1],
        ArrayRef<int64_t>{at, at + 1, next, next + 1});
    whole = b.create<vector::InsertStridedSliceOp>(
        part, whole, ArrayRef<int64_t>{j * kSide}, ArrayRef<int64_t>{1});
  }
  return whole;
}

SmallVector<Value> ByteSquares::accumulate(const Tile &tile) {
  Value none = b.create<arith::ConstantOp>(
      b.getZeroAttr(VectorType::get(kSide * kSide, b.getI32Type())));
  Value number = b.create<arith::DivUIOp>(tile.blockRow, b.index(kTileRows));
  Values sums =
      b.loop(b.index(0), b.index(steps), 1, Values(kPairs * kSquares, none),
             [&](Value step, ValueRange sums) {
               Values next(sums);
               addStep(number, step, next);
               return next;
             });
  Values result;
  for (int64_t i = 0; i < kTileRows; ++i)
    result.push_back(rowOf(
        ValueRange(sums).slice(i / kSide * kSquares, kSquares), i % kSide));
  return result;
}
