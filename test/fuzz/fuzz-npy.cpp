//===- fuzz-npy.cpp - Any bytes as an .npy file ---------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Run/Npy.h"
#include "test/fuzz/Fuzz.h"

using namespace mlir::bnn;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto tensor = parseNpy(fuzz::textOf(data, size));
  if (!tensor) {
    llvm::consumeError(tensor.takeError());
    return 0;
  }
  // What is read can be written and is read again. (A model has rank 8 at most,
  // and the header that is written has 64 KiB.)
  if (tensor->shape.size() > 64)
    return 0;
  std::string written;
  llvm::raw_string_ostream out(written);
  writeNpy(*tensor, out);
  auto again = parseNpy(written);
  if (!again)
    fuzz::fail(llvm::toString(again.takeError()));
  if (again->elementType != tensor->elementType ||
      again->shape != tensor->shape || again->data != tensor->data)
    fuzz::fail("another tensor than the one that was written");
  return 0;
}
