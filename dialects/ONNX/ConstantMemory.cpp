//===- ConstantMemory.cpp - Whose memory constants borrow -----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/ONNX/ConstantMemory.h"
#include "dialects/ONNX/ONNXDialect.h"

using namespace mlir;

void mlir::bnn::onnx::releaseElements(MLIRContext *context,
                                      ArrayRef<char> bytes) {
  auto *dialect = context->getLoadedDialect<ONNXDialect>();
  if (auto *memory =
          dialect ? dialect->getRegisteredInterface<ConstantMemoryInterface>()
                  : nullptr)
    memory->release(bytes);
}
