//===- ConstantEvaluator.cpp - Evaluating single ONNX operations ----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/OnnxFold/ConstantEvaluator.h"
#include "mlir/IR/TypeUtilities.h"
#include "passes/OnnxFold/Evaluation.h"

using namespace mlir;
using namespace mlir::bnn;
using namespace mlir::bnn::onnx;

/// Results above this are left to run time: a model that asks for them is
/// broken or hostile.
static constexpr int64_t kMaxResultBytes = int64_t(1) << 30;
/// So are products with more multiply-accumulates than this.
static constexpr int64_t kMaxProducts = int64_t(1) << 33;

/// The static shape of a result whose bytes are reasonable, or nothing.
static std::optional<SmallVector<int64_t>> staticShape(Value result) {
  auto type = dyn_cast<RankedTensorType>(result.getType());
  unsigned width = type ? getElementBytes(type.getElementType()) : 0;
  if (!width || !type.hasStaticShape())
    return std::nullopt;
  int64_t bytes = width;
  for (int64_t size : type.getShape())
    if (size && (__builtin_mul_overflow(bytes, size, &bytes) ||
                 bytes > kMaxResultBytes))
      return std::nullopt;
  return SmallVector<int64_t>(type.getShape());
}

/// Whether a matrix product is too much work for the compiler.
static bool isTooLarge(const Evaluation &e) {
  if (!isa<MatMulOp, GemmOp>(e.op) || e.in[0]->shape.empty())
    return false;
  auto gemm = dyn_cast<GemmOp>(e.op);
  int64_t k =
      gemm && gemm.getTransA() ? e.in[0]->shape.front() : e.in[0]->shape.back();
  int64_t results = 1;
  for (int64_t size : e.shape)
    results *= size;
  return k && results > kMaxProducts / k;
}

bool ConstantEvaluator::canEvaluate(Operation *op) {
  return isa_and_nonnull<ONNXDialect>(op->getDialect()) &&
         !isa<ConstantOp, NoValueOp>(op);
}

std::optional<SmallVector<EvalTensorPtr>>
ConstantEvaluator::evaluate(Operation *op, SmallVector<EvalTensorPtr> in) {
  SmallVector<SmallVector<int64_t>> shapes;
  for (Value result : op->getResults()) {
    if (isa<RangeOp>(op))
      break;
    std::optional<SmallVector<int64_t>> shape = staticShape(result);
    if (!shape)
      return std::nullopt;
    shapes.push_back(*shape);
  }
  if (auto split = dyn_cast<SplitOp>(op))
    return evaluateSplit(split, in, shapes);

  Evaluation e{op, in, getElementTypeOrSelf(op->getResult(0).getType()),
               shapes.empty() ? SmallVector<int64_t>{} : shapes[0]};
  // From here on this holds the only references.
  in.clear();
  std::optional<EvalTensorPtr> moved = evaluateMovement(e);
  EvalTensorPtr y;
  if (moved)
    y = *moved;
  else if (!(y = evaluateExactly(e)) && !(y = evaluateStatistic(e)) &&
           !isTooLarge(e))
    y = lowered.evaluate(e);
  if (!y)
    return std::nullopt;
  return SmallVector<EvalTensorPtr>{y};
}
