//===- RegisterEverything.cpp - What tools for any IR register ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Driver/Registration.h"
#include "lib/Pipelines/Pipelines.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "passes/Registration.h"

void mlir::bnn::registerAllDialects(mlir::DialectRegistry &registry) {
  registerCompilerDialects(registry);
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllToLLVMIRTranslations(registry);
}

void mlir::bnn::registerAllPasses() {
  mlir::registerAllPasses();
  registerPasses();
  registerPipelines();
}
