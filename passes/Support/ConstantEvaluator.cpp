//===- ConstantEvaluator.cpp - Evaluating single ONNX operations ----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/Support/ConstantEvaluator.h"
#include "mlir/IR/TypeUtilities.h"
#include "passes/Support/Evaluation.h"

using namespace mlir;
using namespace mlir::bnn;
using namespace mlir::bnn::onnx;

/// The static shape of a result that fits into memory, or nothing.
static std::optional<SmallVector<int64_t>> staticShape(Value result,
                                                       FoldBudget &budget) {
  auto type = dyn_cast<RankedTensorType>(result.getType());
  unsigned width = type ? getElementBytes(type.getElementType()) : 0;
  if (!width || !type.hasStaticShape())
    return std::nullopt;
  int64_t bytes = width;
  for (int64_t size : type.getShape())
    if (__builtin_mul_overflow(bytes, size, &bytes))
      bytes = INT64_MAX;
  if (!budget.hasMemory(bytes))
    return std::nullopt;
  return SmallVector<int64_t>(type.getShape());
}

/// The operations that an evaluation takes: one an element that is read or
/// written, and in a product one a multiply-accumulate.
static int64_t countOperations(const Evaluation &e) {
  int64_t results = ShapedType::getNumElements(e.shape), read = 0;
  for (const EvalTensorPtr &operand : e.in)
    read += operand ? operand->numElements() : 0;
  if (!isa<MatMulOp, GemmOp>(e.op) || e.in[0]->shape.empty())
    return results + read;
  auto gemm = dyn_cast<GemmOp>(e.op);
  int64_t k =
      gemm && gemm.getTransA() ? e.in[0]->shape.front() : e.in[0]->shape.back();
  int64_t products;
  return __builtin_mul_overflow(results, k, &products) ? INT64_MAX : products;
}

bool ConstantEvaluator::canEvaluate(Operation *op) {
  return isa_and_nonnull<ONNXDialect>(op->getDialect()) &&
         !isa<onnx::ConstantOp, NoValueOp>(op);
}

std::optional<SmallVector<EvalTensorPtr>>
ConstantEvaluator::evaluate(Operation *op, SmallVector<EvalTensorPtr> in,
                            FoldBudget &budget) {
  SmallVector<SmallVector<int64_t>> shapes;
  for (Value result : op->getResults()) {
    if (isa<RangeOp>(op))
      break;
    std::optional<SmallVector<int64_t>> shape = staticShape(result, budget);
    if (!shape)
      return std::nullopt;
    shapes.push_back(*shape);
  }
  if (auto split = dyn_cast<SplitOp>(op))
    return evaluateSplit(split, in, shapes);

  Evaluation e{op, in, getElementTypeOrSelf(op->getResult(0).getType()),
               shapes.empty() ? SmallVector<int64_t>{} : shapes[0], budget};
  // From here on this holds the only references.
  in.clear();
  if (!budget.takeOperations(countOperations(e)))
    return std::nullopt;
  std::optional<EvalTensorPtr> moved = evaluateMovement(e);
  EvalTensorPtr y;
  if (moved)
    y = *moved;
  else if (!(y = evaluateExactly(e)) && !(y = evaluateStatistic(e)))
    y = lowered.evaluate(e);
  if (!y)
    return std::nullopt;
  return SmallVector<EvalTensorPtr>{y};
}
