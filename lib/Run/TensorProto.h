//===- TensorProto.h - ONNX's tensor files ----------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Run/Tensor.h"

namespace mlir::bnn {

/// Reads the bytes of a serialised ONNX TensorProto: FLOAT, DOUBLE, INT64,
/// INT32, INT8, UINT8 or BOOL, with its data inside. Fails, saying why, on
/// anything else and when the data is not what the shape asks for.
llvm::Expected<HostTensor> parseTensorProto(llvm::StringRef bytes);

} // namespace mlir::bnn
