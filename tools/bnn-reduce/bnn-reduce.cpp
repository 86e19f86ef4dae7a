//===- bnn-reduce.cpp - Shrinks IR that shows a defect --------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// MLIR's own reducer, which knows our dialects and passes.
//
//===----------------------------------------------------------------------===//

#include "lib/Driver/Registration.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Support/LogicalResult.h"
#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"

int main(int argc, char **argv) {
  mlir::bnn::registerAllPasses();
  mlir::DialectRegistry registry;
  mlir::bnn::registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  return mlir::failed(mlir::mlirReduceMain(argc, argv, context));
}
