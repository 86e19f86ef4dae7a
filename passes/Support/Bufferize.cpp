//===- Bufferize.cpp - From tensors to buffers ----------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/Support/Bufferize.h"
#include "dialects/BNN/BNNBase.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "passes/DropEmptyReshapes/DropEmptyReshapes.h"

using namespace mlir;

void bnn::addBufferization(OpPassManager &passes) {
  bufferization::OneShotBufferizationOptions options;
  options.bufferAlignment = bnn::kBufferAlignment;
  options.memCpyFn = [](OpBuilder &b, Location loc, Value from, Value to) {
    linalg::makeMemRefCopyOp(b, loc, from, to);
    return success();
  };
  options.defaultMemorySpaceFn =
      [](TensorType type) -> std::optional<Attribute> {
    if (auto ranked = dyn_cast<RankedTensorType>(type))
      return ranked.getEncoding();
    return Attribute();
  };
  passes.addNestedPass<func::FuncOp>(createDropEmptyReshapes());
  passes.addPass(bufferization::createOneShotBufferizePass(options));
}

void bnn::addBufferCanonicalizer(OpPassManager &passes) {
  // Of an unknown length and of 0 it makes an axis of 0, which the op's
  // verifier wants to be unknown.
  const std::string asksForTheImpossible = "CollapseShapeOpMemRefCastFolder";
  passes.addPass(createCanonicalizerPass({}, {asksForTheImpossible}));
}
