//===- RaiseLayerNorm.cpp - Layer normalisation in both spellings ---------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Raise/Matchers.h"

using namespace mlir;
using namespace mlir::bnn;

namespace {

struct LayerNorm {
  Value input;
  SmallVector<float> scale, bias;
  float epsilon;
};

// Scale and bias have as many numbers, even where the model has one: a row may
// be longer than any model's is, and than memory.
constexpr int64_t kMostColumns = int64_t(1) << 24;

int64_t columnsOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getRank() == 0 || !type.getElementType().isF32() ||
      type.isDynamicDim(type.getRank() - 1) ||
      type.getShape().back() > kMostColumns)
    return 0;
  return type.getShape().back();
}

std::optional<LayerNorm> matchOneOp(onnx::LayerNormalizationOp op) {
  int64_t columns = columnsOf(op.getX());
  int64_t rank = cast<ShapedType>(op.getX().getType()).getRank();
  int64_t axis = op.getAxis();
  if (!columns || (axis != -1 && axis != rank - 1))
    return std::nullopt;
  auto scale = matchRowVector(op.getScale(), columns);
  std::optional<SmallVector<float>> bias = SmallVector<float>(columns, 0);
  if (!isa<NoneType>(op.getB().getType()))
    bias = matchRowVector(op.getB(), columns);
  if (!scale || !bias)
    return std::nullopt;
  return LayerNorm{op.getX(), *scale, *bias, op.getEpsilon().convertToFloat()};
}

// A commutative op as (variable, constant row).
template <typename OpTy>
std::optional<std::pair<Value, SmallVector<float>>> matchRow(Value value,
                                                             int64_t columns) {
  auto op = value.getDefiningOp<OpTy>();
  if (!op)
    return std::nullopt;
  auto row = matchRowVector(op.getB(), columns);
  if (!row || op.getA().getType() != op.getType())
    return std::nullopt;
  return std::pair(Value(op.getA()), *row);
}

// The input of a mean over the last axis that keeps it.
Value matchMean(Value value) {
  auto mean = value.getDefiningOp<onnx::ReduceMeanOp>();
  if (!mean || !mean.getKeepdims() || !mean.getAxes() ||
      mean.getAxes()->size() != 1)
    return {};
  int64_t rank = cast<ShapedType>(mean.getData().getType()).getRank();
  int64_t axis = mean.getAxes()->front();
  return axis == -1 || axis == rank - 1 ? mean.getData() : Value();
}

bool isSquareOf(Value value, Value d) {
  if (auto pow = value.getDefiningOp<onnx::PowOp>())
    return pow.getX() == d && onnx::getConstantScalar(pow.getY()) == 2.0;
  auto mul = value.getDefiningOp<onnx::MulOp>();
  return mul && mul.getA() == d && mul.getB() == d;
}

// (d / sqrt(mean(d^2) + epsilon)) * scale + bias, d = x - mean(x).
std::optional<LayerNorm> matchDecomposed(onnx::AddOp op) {
  int64_t columns = columnsOf(op.getC());
  if (!columns)
    return std::nullopt;
  auto biased = matchRow<onnx::AddOp>(op.getC(), columns);
  if (!biased)
    return std::nullopt;
  auto scaled = matchRow<onnx::MulOp>(biased->first, columns);
  auto div =
      scaled ? scaled->first.getDefiningOp<onnx::DivOp>() : onnx::DivOp();
  auto sqrt = div ? div.getB().getDefiningOp<onnx::SqrtOp>() : onnx::SqrtOp();
  if (!sqrt)
    return std::nullopt;
  auto shifted = matchTimesScalar<onnx::AddOp>(sqrt.getX());
  Value d = div.getA();
  auto sub = d.getDefiningOp<onnx::SubOp>();
  if (!shifted || !sub)
    return std::nullopt;
  Value squares = matchMean(shifted->first);
  if (!squares || !isSquareOf(squares, d) ||
      matchMean(sub.getB()) != sub.getA() ||
      sub.getA().getType() != op.getType())
    return std::nullopt;
  return LayerNorm{sub.getA(), scaled->second, biased->second, shifted->second};
}

} // namespace

LogicalResult bnn::raiseLayerNorm(RaiseRewriter &rewriter, Operation *op) {
  std::optional<LayerNorm> norm;
  if (auto one = dyn_cast<onnx::LayerNormalizationOp>(op))
    norm = matchOneOp(one);
  else
    norm = matchDecomposed(cast<onnx::AddOp>(op));
  if (!norm)
    // Most additions are the end of no normalisation.
    return isa<onnx::AddOp>(op)
               ? failure()
               : rewriter.refuse(op, "it is not over the last dimension alone, "
                                     "or its scale or bias is not constant");
  rewriter.setInsertionPoint(op);
  Location loc = op->getLoc();
  int64_t columns = norm->scale.size();
  Value out =
      emptyRows(rewriter, loc, norm->input, columns, rewriter.getF32Type());
  Value result = rewriter
                     .create<LayerNormOp>(
                         loc, out.getType(), norm->input,
                         constantTensor(rewriter, loc, norm->scale, columns),
                         constantTensor(rewriter, loc, norm->bias, columns),
                         /*params=*/ValueRange(), ValueRange(out),
                         llvm::APFloat(norm->epsilon))
                     .getResult(0);
  Type type = op->getResult(0).getType();
  if (result.getType() != type)
    result = rewriter.create<tensor::CastOp>(loc, type, result);
  rewriter.replaceOp(op, result);
  return success();
}
