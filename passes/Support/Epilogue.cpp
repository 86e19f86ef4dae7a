//===- Epilogue.cpp - What epilogues have in common -----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Support/Epilogue.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

bool bnn::capturesOnlyConstants(Region &region) {
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(region, captured);
  return llvm::all_of(captured, [](Value value) {
    Operation *def = value.getDefiningOp();
    return def && matchPattern(def, m_Constant());
  });
}

void bnn::sinkConstants(Region &region) {
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(region, captured);
  OpBuilder b(region.getContext());
  b.setInsertionPointToStart(&region.front());
  for (Value value : captured)
    if (Operation *def = value.getDefiningOp();
        def && matchPattern(def, m_Constant()))
      replaceAllUsesInRegionWith(value, b.clone(*def)->getResult(0), region);
}
