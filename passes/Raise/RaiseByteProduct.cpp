//===- RaiseByteProduct.cpp - Products of 8-bit integers ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Raise/ByteProduct.h"
#include "passes/Raise/WeightNoise.h"

using namespace mlir;
using namespace mlir::bnn;

// The one element of a tensor.
static Value extractOne(OpBuilder &b, Location loc, Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  Value zero = b.create<arith::ConstantIndexOp>(loc, 0);
  return b.create<tensor::ExtractOp>(loc, tensor,
                                     SmallVector<Value>(type.getRank(), zero));
}

static Value toI32(OpBuilder &b, Location loc, Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (type.getElementType() == b.getI32Type())
    return tensor;
  return b.create<onnx::CastOp>(loc, type.clone(b.getI32Type()), tensor);
}

static Value scalarOf(OpBuilder &b, Location loc, const ScalarOr<float> &s) {
  if (s.tensor)
    return extractOne(b, loc, s.tensor);
  return b.create<arith::ConstantOp>(loc, b.getF32FloatAttr(s.constant));
}

static Value scalarOf(OpBuilder &b, Location loc, const ScalarOr<int32_t> &s) {
  Value constant =
      b.create<arith::ConstantOp>(loc, b.getI32IntegerAttr(s.constant));
  if (!s.tensor)
    return constant;
  Value element = extractOne(b, loc, toI32(b, loc, s.tensor));
  return s.constant ? b.create<arith::AddIOp>(loc, element, constant) : element;
}

static Value integerTensor(OpBuilder &b, Location loc,
                           ArrayRef<int32_t> values) {
  auto type = RankedTensorType::get(int64_t(values.size()), b.getI32Type());
  return b.create<arith::ConstantOp>(loc, DenseElementsAttr::get(type, values));
}

static Value byteConstant(OpBuilder &b, Location loc, int64_t rows,
                          int64_t columns, ArrayRef<int8_t> bytes) {
  auto type = RankedTensorType::get({rows, columns}, b.getI8Type());
  return b.create<bnn::ConstantOp>(
      loc, type.clone(BitsType::get(b.getContext(), /*isSigned=*/true, 8)),
      DenseElementsAttr::get(type, bytes));
}

// The bytes of the input, moved as it was.
static Value createBytes(RaiseRewriter &rewriter, Location loc,
                         const ByteInput &in) {
  Value source = in.source;
  if (!getElementTypeOrSelf(source).isF32()) {
    auto type = cast<RankedTensorType>(source.getType());
    source = rewriter.create<onnx::CastOp>(
        loc, type.clone(rewriter.getF32Type()), source);
  }
  source = repeatMoves(rewriter, in.moves, source);
  const int64_t columns =
      cast<RankedTensorType>(source.getType()).getShape().back();
  Value out = emptyRows(rewriter, loc, source, columns, in.element);
  Value step = scalarOf(rewriter, loc, in.step), zero;
  if (in.zero.tensor || in.zero.constant != 0)
    zero = scalarOf(rewriter, loc, in.zero);
  return rewriter
      .create<QuantizeOp>(loc, TypeRange(out.getType()), source,
                          /*shift=*/Value(), step, /*minimum=*/Value(), zero,
                          ValueRange(out))
      .getResult(0);
}

// What the zero point takes from the sum `acc` of an output whose weights add
// up to an element of `sums`: nothing where that is 0 for all.
namespace {
class PointShare {
public:
  PointShare(OpBuilder &b, Location loc, const ScalarOr<int32_t> &point,
             ArrayRef<int32_t> sums) {
    if (point.tensor) {
      params = {integerTensor(b, loc, sums), scalarOf(b, loc, point)};
      return;
    }
    if (point.constant == 0)
      return;
    SmallVector<int32_t> shares;
    for (int32_t sum : sums)
      shares.push_back(int32_t(int64_t(sum) * point.constant));
    params = {integerTensor(b, loc, shares)};
  }

  ArrayRef<Value> getParams() const { return params; }
  Value takeFrom(OpBuilder &b, Location loc, Value acc,
                 ValueRange elements) const {
    if (params.empty())
      return acc;
    Value share = elements[0];
    if (params.size() == 2)
      share = b.create<arith::MulIOp>(loc, share, elements[1]);
    return b.create<arith::SubIOp>(loc, acc, share);
  }

private:
  SmallVector<Value> params;
};
} // namespace

// The sums as i32; with a scale as f32, each times that of its output.
static Value createSums(RaiseRewriter &rewriter, Location loc, Value bytes,
                        Value weight, const ScalarOr<int32_t> &point,
                        ArrayRef<int32_t> sums, ArrayRef<float> scale) {
  const int64_t outputs = int64_t(sums.size());
  PointShare share(rewriter, loc, point, sums);
  SmallVector<Value> params(share.getParams());
  if (!scale.empty())
    params.push_back(llvm::all_equal(scale)
                         ? scalarOf(rewriter, loc, ScalarOr<float>{scale[0]})
                         : constantTensor(rewriter, loc, scale, outputs));
  Type element =
      scale.empty() ? Type(rewriter.getI32Type()) : Type(rewriter.getF32Type());
  Value out = emptyRows(rewriter, loc, bytes, outputs, element);
  auto matmul = rewriter.create<MatmulOp>(
      loc, bytes, weight, /*zeros=*/Value(), params, ValueRange{out},
      [&](OpBuilder &b, Location loc, ValueRange args) {
        Value sum = share.takeFrom(b, loc, args[0], args.drop_front());
        if (!scale.empty()) {
          sum = b.create<arith::SIToFPOp>(loc, b.getF32Type(), sum);
          sum = b.create<arith::MulFOp>(loc, sum, args.back());
        }
        b.create<bnn::YieldOp>(loc, sum);
      });
  return matmul.getResult(0);
}

// `sums` plus, for each output, its offset times the sum of the row's numbers.
static Value addOffsets(RaiseRewriter &rewriter, Location loc, Value sums,
                        Value bytes, const ScalarOr<int32_t> &point,
                        const ByteWeights &weights) {
  SmallVector<int8_t> ones(weights.inputs, 1);
  Value one = byteConstant(rewriter, loc, 1, weights.inputs, ones);
  Value rowSum = createSums(rewriter, loc, bytes, one, point,
                            int32_t(weights.inputs), /*scale=*/{});
  auto listType = RankedTensorType::get(weights.outputs, rewriter.getI32Type());
  Value offsets = rewriter.create<onnx::ConstantOp>(
      loc, listType,
      DenseElementsAttr::get(listType, ArrayRef<int32_t>(weights.offsets)));
  Value share =
      rewriter.create<onnx::MulOp>(loc, sums.getType(), rowSum, offsets);
  return rewriter.create<onnx::AddOp>(loc, sums.getType(), sums, share);
}

// sums * scale, in f32.
static Value scaleSums(RaiseRewriter &rewriter, Location loc, Value sums,
                       ArrayRef<float> scale) {
  auto type =
      cast<RankedTensorType>(sums.getType()).clone(rewriter.getF32Type());
  Value floats = rewriter.create<onnx::CastOp>(loc, type, sums);
  auto listType =
      RankedTensorType::get(int64_t(scale.size()), rewriter.getF32Type());
  Value list = rewriter.create<onnx::ConstantOp>(
      loc, listType, DenseElementsAttr::get(listType, scale));
  return rewriter.create<onnx::MulOp>(loc, type, floats, list);
}

// What else a Gemm does: alpha * product + beta * C.
static Value finishGemm(RaiseRewriter &rewriter, onnx::GemmOp gemm,
                        Value result) {
  Location loc = gemm.getLoc();
  auto scaled = [&](Value value, float factor) -> Value {
    if (factor == 1)
      return value;
    auto type = RankedTensorType::get({}, rewriter.getF32Type());
    Value scalar = rewriter.create<onnx::ConstantOp>(
        loc, type, DenseElementsAttr::get(type, factor));
    return rewriter.create<onnx::MulOp>(loc, value.getType(), value, scalar);
  };
  result = scaled(result, gemm.getAlpha().convertToFloat());
  if (isa<NoneType>(gemm.getC().getType()))
    return result;
  return rewriter.create<onnx::AddOp>(
      loc, result.getType(), result,
      scaled(gemm.getC(), gemm.getBeta().convertToFloat()));
}

// Of the numbers that the bytes stand for; without scales, of integers.
static NoiseAttr noiseOf(MLIRContext *context, const ByteWeights &weights) {
  return measureNoise(
      context, weights.outputs, weights.inputs, [&](int64_t n, int64_t k) {
        int32_t number = weights.bytes[n * weights.inputs + k];
        if (!weights.offsets.empty())
          number += weights.offsets[n];
        return weights.scale.empty() ? float(number)
                                     : float(number) * weights.scale[n];
      });
}

// Whether the second factor is the numbers that `weights` are worth.
static bool isWorth(Operation *op, const ByteWeights &weights) {
  auto view = onnx::ConstantView::get(op->getOperand(1));
  auto gemm = dyn_cast<onnx::GemmOp>(op);
  const bool isTurned = gemm && gemm.getTransB();
  SmallVector<int64_t> shape = {weights.inputs, weights.outputs};
  if (isTurned)
    std::swap(shape[0], shape[1]);
  if (!view || !view->getElementType().isF32() ||
      view->getType().getShape() != ArrayRef<int64_t>(shape))
    return false;
  for (int64_t n = 0; n < weights.outputs; ++n)
    for (int64_t k = 0; k < weights.inputs; ++k) {
      const int64_t at =
          isTurned ? n * weights.inputs + k : k * weights.outputs + n;
      if (view->at<float>(at) !=
          float(weights.bytes[n * weights.inputs + k]) * weights.scale[n])
        return false;
    }
  return true;
}

LogicalResult bnn::raiseFloatsByBytes(RaiseRewriter &rewriter, Operation *op,
                                      const ByteWeights &weights, StringRef why,
                                      bool noise) {
  if (!isWorth(op, weights))
    return failure();
  rewriter.setInsertionPoint(op);
  Location loc = op->getLoc();
  // Outputs lie side by side.
  SmallVector<int8_t> turned(weights.bytes.size());
  for (int64_t n = 0; n < weights.outputs; ++n)
    for (int64_t k = 0; k < weights.inputs; ++k)
      turned[k * weights.outputs + n] = weights.bytes[n * weights.inputs + k];
  Value weight =
      byteConstant(rewriter, loc, weights.inputs, weights.outputs, turned);
  Value input = op->getOperand(0);
  Value scale =
      llvm::all_equal(weights.scale)
          ? scalarOf(rewriter, loc, ScalarOr<float>{weights.scale[0]})
          : constantTensor(rewriter, loc, weights.scale, weights.outputs);
  Value out =
      emptyRows(rewriter, loc, input, weights.outputs, rewriter.getF32Type());
  Value result =
      rewriter
          .create<MatmulOp>(loc, input, weight, /*zeros=*/Value(),
                            ValueRange{scale}, ValueRange{out},
                            [](OpBuilder &b, Location loc, ValueRange args) {
                              Value y = b.create<arith::MulFOp>(loc, args[0],
                                                                args[1]);
                              b.create<bnn::YieldOp>(loc, y);
                            })
          .getResult(0);
  if (auto gemm = dyn_cast<onnx::GemmOp>(op))
    result = finishGemm(rewriter, gemm, result);
  rewriter.became(op, BitsType::get(rewriter.getContext(), true, 8),
                  rewriter.getF32Type(), why);
  if (noise)
    rewriter.setNoise(op, noiseOf(rewriter.getContext(), weights));
  replaceWith(rewriter, op, result);
  return success();
}

void bnn::raiseByteProduct(RaiseRewriter &rewriter, const ByteProduct &product,
                           bool noise) {
  Operation *op = product.op;
  const ByteWeights &weights = product.weights;
  rewriter.setInsertionPoint(op);
  Location loc = op->getLoc();
  const ByteInput input =
      asWanted(product.input, getTarget(op->getParentOfType<ModuleOp>()));
  Value bytes = createBytes(rewriter, loc, input);
  SmallVector<int32_t> sums;
  for (int64_t n = 0; n < weights.outputs; ++n)
    sums.push_back(int32_t(weights.sumOf(n)));
  SmallVector<float> scale;
  for (float s : weights.scale)
    scale.push_back(product.input.scale * s);
  Value weight = byteConstant(rewriter, loc, weights.outputs, weights.inputs,
                              weights.bytes);
  const bool hasOffsets = !weights.offsets.empty();
  Value result = createSums(rewriter, loc, bytes, weight, input.point, sums,
                            hasOffsets ? ArrayRef<float>() : scale);
  if (hasOffsets) {
    result = addOffsets(rewriter, loc, result, bytes, input.point, weights);
    if (!scale.empty())
      result = scaleSums(rewriter, loc, result, scale);
  }
  if (auto gemm = dyn_cast<onnx::GemmOp>(op))
    result = finishGemm(rewriter, gemm, result);
  rewriter.became(op, BitsType::get(rewriter.getContext(), true, 8),
                  product.input.element,
                  "weights and inputs are integers of 8 bits");
  if (noise)
    rewriter.setNoise(op, noiseOf(rewriter.getContext(), weights));
  replaceWith(rewriter, op, result);
}
