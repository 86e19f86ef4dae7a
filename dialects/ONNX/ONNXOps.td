//===- ONNXOps.td - The operators of the `onnx` dialect, by family --------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One operation per ONNX operator, in the form of opset 17. Other opsets are
// brought into this form by the importer, so that a pass meets one spelling
// only.
//
//===----------------------------------------------------------------------===//
#ifndef DIALECTS_ONNX_ONNXOPS
#define DIALECTS_ONNX_ONNXOPS

include "dialects/ONNX/Elementwise.td"
include "dialects/ONNX/Movement.td"
include "dialects/ONNX/Products.td"
include "dialects/ONNX/Quantization.td"
include "dialects/ONNX/Reductions.td"
include "dialects/ONNX/Shapes.td"

#endif // DIALECTS_ONNX_ONNXOPS
