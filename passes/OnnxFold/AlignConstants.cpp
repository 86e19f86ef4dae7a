//===- AlignConstants.cpp - Constants at aligned addresses ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/ONNX/ConstantMemory.h"
#include "passes/OnnxFold/FoldSteps.h"
#include "passes/Support/EvalTensor.h"

using namespace mlir;
using namespace mlir::bnn;
using namespace mlir::bnn::onnx;

void bnn::alignConstants(func::FuncOp func) {
  for (onnx::ConstantOp constant : func.getOps<onnx::ConstantOp>()) {
    std::optional<ConstantView> view = ConstantView::get(constant);
    if (!view || !isa<DenseResourceElementsAttr>(constant.getValue()))
      continue;
    EvalTensorPtr tensor = EvalTensor::get(*view);
    if (!tensor->ownBytes())
      continue;
    constant.setValueAttr(tensor->toAttribute());
    releaseElements(func.getContext(), view->getBytes());
  }
}
