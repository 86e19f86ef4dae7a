//===- fuzz-compile-ir.cpp - Any IR as a model ----------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The input is IR that is compiled from where it says that it is.
//
//===----------------------------------------------------------------------===//

#include "test/fuzz/IRMutator.h"

using namespace mlir::bnn;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  CompileOptions options;
  options.input = fuzz::writeScratch("model.mlir", fuzz::textOf(data, size));
  options.prefix = "model";
  fuzz::compileFile(options);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t maxSize, unsigned seed) {
  fuzz::Choices choices(seed);
  std::string result = fuzz::changedIR(fuzz::textOf(data, size), choices);
  return result.size() > maxSize ? size : fuzz::giveBack(result, data, maxSize);
}
