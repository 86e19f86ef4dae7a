//===- OperatorTable.h - The operators, for ONNX and users ------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/ONNX/OperatorSpec.h"
#include "llvm/Support/raw_ostream.h"
#include <onnx/onnx_pb.h>

namespace mlir::bnn {
/// All operators of a domain that models may contain, by name: ONNX's own, or
/// those of onnx::kContrib.
llvm::ArrayRef<onnx::OperatorSpec> getOperators(llvm::StringRef domain = "");
/// The operator of this name, or null.
const onnx::OperatorSpec *findOperator(llvm::StringRef name,
                                       llvm::StringRef domain = "");
/// A node's operator, or null.
const onnx::OperatorSpec *findOperator(const ::onnx::NodeProto &node);

/// The bit (of onnx::ElementTypes) of an element type by its number in ONNX's
/// TensorProto, or 0.
unsigned elementTypeBit(int32_t dataType);
/// Prints the table of operators: a line for each.
void printOperators(llvm::raw_ostream &out);
} // namespace mlir::bnn
