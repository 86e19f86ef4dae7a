//===- ONNXDialect.h - An imported ONNX graph, node for node ----*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialects/ONNX/ONNXTraits.h"
#include "dialects/ONNX/OperatorSpec.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Traits.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/ONNX/ONNXInterfaces.h.inc"

namespace mlir::bnn::onnx {
/// What the importer notes of the graph: the file's name and the opset on the
/// module; on arguments and results of the function the name of the input or
/// output, and its dimensions, each a number or a symbol.
/// @{
constexpr llvm::StringLiteral kFileAttr = "onnx.file";
constexpr llvm::StringLiteral kOpsetAttr = "onnx.opset";
constexpr llvm::StringLiteral kNameAttr = "onnx.name";
constexpr llvm::StringLiteral kDimsAttr = "onnx.dims";
/// @}
} // namespace mlir::bnn::onnx

#include "dialects/ONNX/ONNXDialect.h.inc"

#define GET_OP_CLASSES
#include "dialects/ONNX/ONNXOps.h.inc"
