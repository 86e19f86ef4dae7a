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
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Pass/PassManager.h"

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
  passes.addPass(bufferization::createOneShotBufferizePass(options));
}
