//===- Correction.cpp - What is added to some sums of a product -----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which blocks have one is known before any row is read, so the loop over rows
// has one branch for each panel.
//
//===----------------------------------------------------------------------===//
#include "passes/LowerKernels/Correction.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::bnn;

Correction::Correction(KernelBuilder &b, Value buffer, ArrayRef<int64_t> blocks,
                       bool isAligned)
    : b(b), buffer(buffer ? b.rows2d(buffer) : Value()), blocks(blocks),
      isAligned(isAligned) {}

void Correction::beginUnit(const UnitOfOutputs &unit) {
  panels.clear();
  if (!buffer)
    return;
  Value lanes = b.index(kLanes);
  for (int64_t first = 0; first < unit.valid; first += kLanes) {
    Panel panel = {Value(), Value(), b.offset(unit.channel, first),
                   std::min<int64_t>(kLanes, unit.valid - first)};
    if (isAligned)
      std::tie(panel.isCorrected, panel.column) = b.correctedColumn(
          b.create<arith::DivUIOp>(panel.channel, lanes), blocks);
    panels.push_back(panel);
  }
}

// Outputs of a panel that lies across two blocks, one by one.
Value Correction::addLanes(Value sums, Value row, const Panel &panel) {
  Value lanes = b.index(kLanes);
  auto body = [&](Value lane, ValueRange carried) -> SmallVector<Value> {
    Value channel = b.add(panel.channel, lane);
    auto [isCorrected, column] =
        b.correctedColumn(b.create<arith::DivUIOp>(channel, lanes), blocks);
    Value at = b.add(column, b.create<arith::RemUIOp>(channel, lanes));
    Value more = b.create<arith::SelectOp>(isCorrected,
                                           b.load(buffer, {row, at}), b.i32(0));
    Value sum = b.create<vector::ExtractElementOp>(carried[0], lane);
    return {b.create<vector::InsertElementOp>(
        b.create<arith::AddIOp>(sum, more), carried[0], lane)};
  };
  return b.loop(b.index(0), b.index(panel.valid), 1, sums, body)[0];
}

Value Correction::add(Value sums, Value row, int64_t number) {
  if (!buffer)
    return sums;
  const Panel &panel = panels[number];
  if (!isAligned)
    return addLanes(sums, row, panel);
  auto branch = b.create<scf::IfOp>(sums.getType(), panel.isCorrected,
                                    /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  Value more = b.loadLanes(buffer, {row, panel.column}, panel.valid);
  b.create<scf::YieldOp>(b.create<arith::AddIOp>(sums, more).getResult());
  b.setInsertionPointToStart(branch.elseBlock());
  b.create<scf::YieldOp>(sums);
  return branch.getResult(0);
}
