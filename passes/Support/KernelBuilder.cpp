//===- KernelBuilder.cpp - Loops and vectors of 16 lanes ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Support/KernelBuilder.h"
#include "dialects/BNN/Layout.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include <numeric>

using namespace mlir;
using namespace mlir::bnn;

Value KernelBuilder::splat(Value value) {
  if (isa<VectorType>(value.getType()))
    return value;
  return create<vector::BroadcastOp>(vectorOf(value.getType()), value);
}

Value KernelBuilder::iota() {
  SmallVector<int32_t> lanes(kLanes);
  std::iota(lanes.begin(), lanes.end(), 0);
  return create<arith::ConstantOp>(
      DenseIntElementsAttr::get(vectorOf(getI32Type()), lanes));
}

Value KernelBuilder::popcount(Value a) { return create<math::CtPopOp>(a); }

Value KernelBuilder::hasBit(Value a, int64_t bit) {
  Value kept = create<arith::AndIOp>(a, splatI32(int64_t(1) << bit));
  return create<arith::CmpIOp>(arith::CmpIPredicate::ne, kept, splatI32(0));
}

Value KernelBuilder::isNonZero(Value a) {
  return create<arith::CmpIOp>(arith::CmpIPredicate::ne, a, i32(0));
}

Value KernelBuilder::anyBit(Value words) {
  Value list = flat(words), size = dim(list, 0), lanes = index(kLanes);
  Value whole = mul(create<arith::DivUIOp>(size, lanes), lanes);
  Value any = loop(index(0), whole, kLanes, splatI32(0),
                   [&](Value i, ValueRange seen) -> SmallVector<Value> {
                     return {create<arith::OrIOp>(seen[0], loadLanes(list, i))};
                   })[0];
  Value word = create<vector::ReductionOp>(vector::CombiningKind::OR, any);
  word = loop(whole, size, 1, word,
              [&](Value i, ValueRange seen) -> SmallVector<Value> {
                return {create<arith::OrIOp>(seen[0], load(list, i))};
              })[0];
  return isNonZero(word);
}

Value KernelBuilder::bitNot(Value a) {
  Value ones = isa<VectorType>(a.getType()) ? splatI32(-1) : i32(-1);
  return create<arith::XOrIOp>(a, ones);
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

Value KernelBuilder::loadLanes(Value buffer, ValueRange indices,
                               int64_t valid) {
  VectorType type =
      vectorOf(cast<MemRefType>(buffer.getType()).getElementType());
  if (valid == kLanes)
    return create<vector::LoadOp>(type, buffer, indices);
  Value mask = create<vector::ConstantMaskOp>(vectorOf(getI1Type()),
                                              getI64ArrayAttr(valid));
  Value zero = create<arith::ConstantOp>(getZeroAttr(type));
  return create<vector::MaskedLoadOp>(type, buffer, indices, mask, zero);
}

void KernelBuilder::storeLanes(Value value, Value buffer, ValueRange indices,
                               int64_t valid) {
  if (valid == kLanes) {
    create<vector::StoreOp>(value, buffer, indices);
    return;
  }
  Value mask = create<vector::ConstantMaskOp>(vectorOf(getI1Type()),
                                              getI64ArrayAttr(valid));
  create<vector::MaskedStoreOp>(buffer, indices, mask, value);
}

void KernelBuilder::tileRows(Value first, Value end, int64_t tile,
                             llvm::function_ref<void(Value, int64_t)> body) {
  if (tile == 1)
    return loop(first, end, 1, [&](Value row) { body(row, 1); });
  Value rest =
      create<arith::RemUIOp>(create<arith::SubIOp>(end, first), index(tile));
  Value row = create<arith::SubIOp>(end, rest);
  loop(first, row, tile, [&](Value row) { body(row, tile); });
  // Not a loop: LLVM would load what all rows need before it, and spill that.
  for (int64_t count = llvm::bit_floor<uint64_t>(tile - 1); count; count /= 2) {
    Value part = create<arith::AndIOp>(rest, index(count));
    Value isLeft =
        create<arith::CmpIOp>(arith::CmpIPredicate::ne, part, index(0));
    auto branch = create<scf::IfOp>(isLeft, /*withElseRegion=*/false);
    {
      OpBuilder::InsertionGuard guard(*this);
      setInsertionPointToStart(branch.thenBlock());
      body(row, count);
    }
    row = add(row, part);
  }
}

//===----------------------------------------------------------------------===//
// Lanes
//===----------------------------------------------------------------------===//

// The masks as one word, by vectors of 4 lanes that are shifted over each
// other: nothing has to be narrowed. Then lane l has every fourth bit from bit
// l on.
Value KernelBuilder::shiftMasks(Value low, Value high) {
  // Where floats are equal or no numbers they are neither more nor less, which
  // is two comparisons, and one of them is wanted for the sign as well.
  auto isEqual = [](Value mask) {
    auto op = mask.getDefiningOp<arith::CmpFOp>();
    return op && op.getPredicate() == arith::CmpFPredicate::UEQ;
  };
  if (isEqual(low) && (!high || isEqual(high))) {
    auto where = [&](arith::CmpFPredicate order) {
      auto compared = [&](Value mask) -> Value {
        if (!mask)
          return {};
        auto op = mask.getDefiningOp<arith::CmpFOp>();
        return create<arith::CmpFOp>(order, op.getLhs(), op.getRhs());
      };
      return shiftMasks(compared(low), compared(high));
    };
    Value unequal = create<arith::OrIOp>(where(arith::CmpFPredicate::OGT),
                                         where(arith::CmpFPredicate::OLT));
    return create<arith::XOrIOp>(unequal, i32(high ? -1 : 0xFFFF));
  }
  constexpr int64_t kPart = 4;
  auto type = VectorType::get(kPart, getI32Type());
  SmallVector<Value> parts;
  for (Value mask : {low, high})
    for (int64_t lane = 0; mask && lane < kLanes; lane += kPart) {
      Value lanes = create<arith::ExtSIOp>(vectorOf(getI32Type()), mask);
      parts.push_back(create<vector::ExtractStridedSliceOp>(
          lanes, ArrayRef<int64_t>{lane}, ArrayRef<int64_t>{kPart},
          ArrayRef<int64_t>{1}));
    }
  // One after another: that takes one register.
  Value joined = parts[0];
  for (auto [i, part] : llvm::enumerate(ArrayRef(parts).drop_front())) {
    Value by = create<LLVM::ConstantOp>(getI32Type(),
                                        getI32IntegerAttr((i + 1) * kPart));
    joined = create<LLVM::CallIntrinsicOp>(
                 type, getStringAttr("llvm.aarch64.neon.vsli.v4i32"),
                 ValueRange{joined, part, by}, LLVM::FastmathFlags::none)
                 .getResult(0);
  }
  SmallVector<int32_t> own;
  for (int64_t lane = 0; lane < kPart; ++lane)
    own.push_back(int32_t((high ? 0x11111111u : 0x1111u) << lane));
  Value bits = create<arith::AndIOp>(
      joined, create<arith::ConstantOp>(DenseIntElementsAttr::get(type, own)));
  return create<vector::ReductionOp>(vector::CombiningKind::ADD, bits);
}

Value KernelBuilder::packMasks(Value low, Value high) {
  if (does(Instructions::ShiftInsert))
    return shiftMasks(low, high);
  if (high) {
    SmallVector<int64_t> both(2 * kLanes);
    std::iota(both.begin(), both.end(), 0);
    low = create<vector::ShuffleOp>(low, high, both);
  }
  Type type = getIntegerType(cast<VectorType>(low.getType()).getNumElements());
  Value bits = create<vector::BitCastOp>(VectorType::get(1, type), low);
  Value word = create<vector::ExtractOp>(bits, ArrayRef<int64_t>{0});
  return high ? word : create<arith::ExtUIOp>(getI32Type(), word);
}

Value KernelBuilder::keepLanes(Value mask, int64_t valid) {
  if (valid == kLanes)
    return mask;
  Value keep = create<vector::ConstantMaskOp>(vectorOf(getI1Type()),
                                              getI64ArrayAttr(valid));
  return create<arith::AndIOp>(mask, keep);
}

Value KernelBuilder::fold(Value vector, ReduceKind kind) {
  for (int64_t width = kLanes / 2; width >= 1; width /= 2) {
    auto half = [&](int64_t from) -> Value {
      return create<vector::ExtractStridedSliceOp>(
          vector, ArrayRef<int64_t>{from}, ArrayRef<int64_t>{width},
          ArrayRef<int64_t>{1});
    };
    Value low = half(0), high = half(width);
    vector = combine(kind, low, high);
  }
  return create<vector::ExtractOp>(vector, ArrayRef<int64_t>{0});
}

SmallVector<Value> KernelBuilder::vectorize(Block &block,
                                            ValueRange arguments) {
  IRMapping mapping;
  mapping.map(block.getArguments(), arguments);
  for (Operation &op : block.without_terminator()) {
    for (Value operand : op.getOperands())
      if (!mapping.contains(operand)) // A constant from outside.
        mapping.map(operand, splat(operand));
    Operation *clone = insert(op.clone(mapping));
    for (auto [result, lanes] :
         llvm::zip_equal(op.getResults(), clone->getResults())) {
      // A constant has no operands to spread from.
      if (op.hasTrait<OpTrait::ConstantLike>()) {
        mapping.map(result, splat(lanes));
        continue;
      }
      lanes.setType(vectorOf(lanes.getType()));
    }
  }
  SmallVector<Value> results;
  for (Value value : block.getTerminator()->getOperands())
    results.push_back(splat(mapping.lookupOrDefault(value)));
  return results;
}
