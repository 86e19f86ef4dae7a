//===- fuzz-tensor-proto.cpp - Any bytes as a TensorProto -----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Run/TensorProto.h"
#include "test/fuzz/Fuzz.h"

using namespace mlir::bnn;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto tensor = parseTensorProto(fuzz::textOf(data, size));
  if (!tensor) {
    llvm::consumeError(tensor.takeError());
    return 0;
  }
  auto bytes = tensorBytes(tensor->elementType, tensor->shape);
  if (!bytes)
    fuzz::fail(llvm::toString(bytes.takeError()));
  if (*bytes != tensor->data.size())
    fuzz::fail("the tensor has other bytes than its shape says");
  return 0;
}
