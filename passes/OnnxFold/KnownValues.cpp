//===- KnownValues.cpp - Values that are known already --------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Support/KnownValues.h"
#include "passes/Support/ConstantEvaluator.h"

using namespace mlir;
using namespace mlir::bnn;

struct KnownValues::State {
  State(func::FuncOp func, onnx::SymbolicShapes &shapes)
      : shapes(shapes), budget(func, /*factor=*/1) {}

  /// The value, evaluated after all that it depends on; null if it is not
  /// known.
  EvalTensorPtr get(Value value) {
    SmallVector<Value> stack{value};
    while (!stack.empty()) {
      Value current = stack.back();
      if (known.contains(current) || isa<NoneType>(current.getType())) {
        stack.pop_back();
        continue;
      }
      EvalTensorPtr direct = read(current);
      Operation *op = current.getDefiningOp();
      if (direct || !op || !ConstantEvaluator::canEvaluate(op)) {
        known[current] = direct;
        stack.pop_back();
        continue;
      }
      bool isReady = true;
      for (Value operand : op->getOperands())
        if (!isa<NoneType>(operand.getType()) && !known.contains(operand)) {
          stack.push_back(operand);
          isReady = false;
        }
      if (!isReady)
        continue;
      stack.pop_back();
      evaluate(op);
    }
    return known.lookup(value);
  }

  /// What needs no evaluation: a constant, or elements that shapes decide.
  EvalTensorPtr read(Value value) {
    if (std::optional<onnx::ConstantView> view = onnx::ConstantView::get(value))
      return budget.hasMemory(view->getNumElements() *
                              onnx::getElementBytes(view->getElementType()))
                 ? EvalTensor::get(*view)
                 : nullptr;
    auto type = dyn_cast<RankedTensorType>(value.getType());
    auto elements = shapes.elementsOf(value);
    if (!elements || !type || !type.hasStaticShape() ||
        type.getNumElements() != int64_t(elements->size()))
      return nullptr;
    SmallVector<APInt> integers;
    for (const onnx::SymbolicDim &element : *elements) {
      std::optional<int64_t> constant = element.getConstant();
      if (!constant)
        return nullptr;
      integers.push_back(
          APInt(64, uint64_t(*constant)).trunc(type.getElementTypeBitWidth()));
    }
    auto view = onnx::ConstantView::get(
        cast<ElementsAttr>(DenseElementsAttr::get(type, integers)));
    return view ? EvalTensor::get(*view) : nullptr;
  }

  void evaluate(Operation *op) {
    for (Value result : op->getResults())
      known[result] = nullptr;
    SmallVector<EvalTensorPtr> operands;
    for (Value operand : op->getOperands()) {
      EvalTensorPtr tensor = known.lookup(operand);
      if (!tensor && !isa<NoneType>(operand.getType()))
        return;
      operands.push_back(tensor);
    }
    auto results = evaluator.evaluate(op, std::move(operands), budget);
    if (!results)
      return;
    for (auto [result, tensor] : llvm::zip_equal(op->getResults(), *results)) {
      budget.hold(tensor->numBytes());
      known[result] = tensor;
    }
  }

  onnx::SymbolicShapes &shapes;
  FoldBudget budget;
  ConstantEvaluator evaluator;
  llvm::DenseMap<Value, EvalTensorPtr> known;
};

void KnownValues::loadDialects(MLIRContext *context) {
  DialectRegistry registry;
  ConstantEvaluator::getDependentDialects(registry);
  context->appendDialectRegistry(registry);
  for (StringRef name : registry.getDialectNames())
    context->getOrLoadDialect(name);
}

KnownValues::KnownValues(func::FuncOp func, onnx::SymbolicShapes &shapes)
    : state(std::make_unique<State>(func, shapes)) {}

KnownValues::~KnownValues() = default;

std::optional<bool> KnownValues::getBoolean(Value value) {
  EvalTensorPtr tensor = state->get(value);
  if (!tensor || !tensor->element.isInteger(1) || tensor->numElements() != 1)
    return std::nullopt;
  return tensor->integerAt(0) != 0;
}
