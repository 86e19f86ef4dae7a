//===- Lookup.cpp - Elements of a table of 256 bytes ----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/TabulateBytes/Lookup.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::bnn;

// vpermi2w is in AVX-512BW, where a shuffle of 64 bytes is, and tbl is in NEON,
// which has sums of pairs.
Lookup::Way Lookup::wayOf(TargetAttr target) {
  if (target && target.does(Instructions::Shuffle64Bytes))
    return Way::Halves64;
  return target && target.does(Instructions::AddPairs) ? Way::Bytes64
                                                       : Way::OneByOne;
}

int64_t bnn::lookupCost(TargetAttr target) {
  switch (Lookup::wayOf(target)) {
  case Lookup::Way::Halves64:
    return 20;
  case Lookup::Way::Bytes64:
    return 12; // 16 lanes of f32 take four registers there, and of bytes one.
  case Lookup::Way::OneByOne:
    return 32;
  }
  llvm_unreachable("a way to look bytes up");
}

static Value call(KernelBuilder &b, StringRef name, Type type,
                  ValueRange operands) {
  return b
      .create<LLVM::CallIntrinsicOp>(type, b.getStringAttr(name), operands,
                                     LLVM::FastmathFlags::none)
      .getResult(0);
}

Lookup::Lookup(KernelBuilder &b, Value table, TargetAttr target)
    : way(wayOf(target)), table(table) {
  auto load = [&](int64_t size) {
    auto type = VectorType::get(size, b.getI8Type());
    for (int64_t at = 0; at < kTableEntries; at += size)
      parts.push_back(b.create<vector::LoadOp>(type, table, b.index(at)));
  };
  switch (way) {
  case Way::Halves64:
    load(2 * kLanes);
    for (Value &part : parts)
      part = b.create<arith::ExtUIOp>(
          VectorType::get(2 * kLanes, b.getI16Type()), part);
    return;
  case Way::Bytes64:
    load(kLanes);
    return;
  case Way::OneByOne:
    return;
  }
}

Value Lookup::at(KernelBuilder &b, Value lanes) const {
  switch (way) {
  case Way::Halves64:
    return byPairs(b, lanes);
  case Way::Bytes64:
    return byQuads(b, lanes);
  case Way::OneByOne:
    return oneByOne(b, lanes);
  }
  llvm_unreachable("a way to look bytes up");
}

// From two registers at a time; of each lane the lower half counts.
Value Lookup::byPairs(KernelBuilder &b, Value lanes) const {
  auto type = cast<VectorType>(parts[0].getType());
  Value which = b.create<vector::BitCastOp>(type, lanes);
  SmallVector<Value> found;
  for (size_t i = 0; i < parts.size(); i += 2)
    found.push_back(b.create<vector::BitCastOp>(
        cast<VectorType>(lanes.getType()),
        call(b, "llvm.x86.avx512.vpermi2var.hi.512", type,
             {parts[i], which, parts[i + 1]})));
  // Each step halves what is left, by the next bit of the lane.
  for (int64_t bit = llvm::Log2_64(4 * kLanes); found.size() > 1; ++bit) {
    Value isHigh = b.hasBit(lanes, bit);
    SmallVector<Value> next;
    for (size_t i = 0; i < found.size(); i += 2)
      next.push_back(b.create<arith::SelectOp>(isHigh, found[i + 1], found[i]));
    found = std::move(next);
  }
  return b.create<arith::AndIOp>(found[0], b.splatI32(kTableEntries - 1));
}

// From four registers at a time: an index beyond them leaves what there is.
Value Lookup::byQuads(KernelBuilder &b, Value lanes) const {
  constexpr size_t kQuad = 4;
  auto type = b.vectorOf(b.getI8Type());
  Value which = b.create<arith::TruncIOp>(type, lanes), found;
  for (size_t i = 0; i < parts.size(); i += kQuad) {
    SmallVector<Value> operands(ArrayRef(parts).slice(i, kQuad));
    if (found)
      operands.insert(operands.begin(), found);
    operands.push_back(which);
    found = call(b, found ? "llvm.aarch64.neon.tbx4" : "llvm.aarch64.neon.tbl4",
                 type, operands);
    which = b.create<arith::SubIOp>(
        which, b.splat(b.create<arith::ConstantOp>(
                   b.getI8IntegerAttr(int8_t(kQuad * kLanes)))));
  }
  return b.create<arith::ExtUIOp>(lanes.getType(), found);
}

Value Lookup::oneByOne(KernelBuilder &b, Value lanes) const {
  auto type = b.vectorOf(b.getI8Type());
  Value found = b.create<arith::ConstantOp>(b.getZeroAttr(type));
  for (int64_t lane = 0; lane < kLanes; ++lane) {
    Value at = b.create<arith::IndexCastUIOp>(
        b.getIndexType(), b.create<vector::ExtractOp>(lanes, lane));
    // Below the size, to whoever looks at this access alone.
    at = b.create<arith::AndIOp>(at, b.index(kTableEntries - 1));
    found = b.create<vector::InsertOp>(b.load(table, at), found, lane);
  }
  return b.create<arith::ExtUIOp>(lanes.getType(), found);
}
