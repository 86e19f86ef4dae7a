//===- bnn-opt.cpp - The compiler and pass driver -------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Driver/OptMain.h"
#include "lib/Driver/Registration.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::bnn::registerAllDialects(registry);
  mlir::bnn::registerAllPasses();
  return mlir::bnn::optMain(argc, argv, registry);
}
