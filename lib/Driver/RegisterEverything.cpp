//===- RegisterEverything.cpp - What tools for any IR register ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "mlir-c/RegisterEverything.h"
#include "lib/Driver/Registration.h"
#include "lib/Pipelines/Pipelines.h"
#include "mlir/CAPI/IR.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "passes/Registration.h"

// What mlir/InitAll*.h have takes 40 s to compile, and is compiled in an
// archive of MLIR's C interface.
void mlir::bnn::registerAllDialects(mlir::DialectRegistry &registry) {
  registerCompilerDialects(registry);
  mlirRegisterAllDialects(wrap(&registry)); // and extensions
  mlir::registerAllToLLVMIRTranslations(registry);
}

void mlir::bnn::registerAllPasses() {
  mlirRegisterAllPasses();
  registerPasses();
  registerPipelines();
}
