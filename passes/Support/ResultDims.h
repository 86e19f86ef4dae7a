//===- ResultDims.h - What the dimensions of an output are ------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/ONNX/SymbolicShapes.h"

namespace mlir::bnn {

/// The `onnx.dims` of `value`, an output whose rank `shapes` knows: numbers,
/// the names of inputs' dimensions that are proved to be equal, and
/// `#bnn.computed` for the rest. `declared` gives the name that the model has
/// for an axis, or "".
mlir::ArrayAttr
describeResultDims(const onnx::SymbolicShapes &shapes, mlir::Value value,
                   llvm::function_ref<llvm::StringRef(unsigned)> declared);

} // namespace mlir::bnn
