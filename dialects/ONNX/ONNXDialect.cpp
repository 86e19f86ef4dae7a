//===- ONNXDialect.cpp - An imported ONNX graph, node for node ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/ONNX/ONNXDialect.h"
#include "mlir/IR/Builders.h"

using namespace mlir;

#include "dialects/ONNX/ONNXDialect.cpp.inc"

#include "dialects/ONNX/ONNXInterfaces.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/ONNX/ONNXOps.cpp.inc"

namespace mlir::bnn::onnx {
void ONNXDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/ONNX/ONNXOps.cpp.inc"
      >();
}

Operation *ONNXDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                            Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getShapedType() != type)
    return nullptr;
  return builder.create<ConstantOp>(loc, type, elements);
}
} // namespace mlir::bnn::onnx
