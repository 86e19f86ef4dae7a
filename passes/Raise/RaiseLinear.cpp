//===- RaiseLinear.cpp - Binary linear layers and embeddings --------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/BNN/Encoding.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Raise/Matchers.h"
#include "passes/Support/FloatProduct.h"

using namespace mlir;
using namespace mlir::bnn;

namespace {

// activation * weight + bias, whatever ONNX wrote it as.
struct Linear {
  Value activation, weight, bias; // bias may be null
  bool transposed;                // the weight is [K, N]
  Operation *last;                // computes the result
};

std::optional<Linear> matchLinear(Operation *op) {
  if (auto gemm = dyn_cast<onnx::GemmOp>(op)) {
    if (gemm.getTransA() || !gemm.getAlpha().isExactlyValue(1) ||
        !gemm.getBeta().isExactlyValue(1))
      return std::nullopt;
    Value bias = gemm.getC();
    if (isa<NoneType>(bias.getType()))
      bias = Value();
    return Linear{gemm.getA(), gemm.getB(), bias, !gemm.getTransB(), op};
  }
  auto matmul = dyn_cast<onnx::MatMulOp>(op);
  if (!matmul)
    return std::nullopt;
  Linear linear{matmul.getA(), matmul.getB(), Value(), true, op};
  if (!matmul->hasOneUse())
    return linear;
  auto add = dyn_cast<onnx::AddOp>(*matmul->user_begin());
  if (!add || add.getType() != matmul.getType())
    return linear;
  Value other = add.getA() == matmul.getY() ? add.getB() : add.getA();
  if (onnx::ConstantView::get(other)) {
    linear.bias = other;
    linear.last = add;
  }
  return linear;
}

// Every input element has the minimum added, so every output its products with
// the weights.
void addMinimum(const SignMatrix &weight, float minimum,
                SmallVectorImpl<float> &bias) {
  bias.resize(weight.rows);
  auto bit = weight.bits.getValues<bool>().begin();
  for (int64_t n = 0; n < weight.rows; ++n) {
    int64_t sum = 0;
    for (int64_t k = 0; k < weight.columns; ++k, ++bit)
      sum += *bit ? 1 : -1;
    bias[n] = static_cast<float>(
        double(bias[n]) + double(minimum) * weight.scale[n] * double(sum));
  }
}

} // namespace

// The bias, one number an output, or nothing if there is none: what is added
// but is no such bias stays an addition. Fails where it cannot.
static FailureOr<SmallVector<float>> takeBias(Linear &linear, Operation *op,
                                              int64_t outputs) {
  if (!linear.bias)
    return SmallVector<float>();
  if (auto bias = matchRowVector(linear.bias, outputs))
    return *bias;
  if (linear.last == op)
    return failure();
  linear.last = op;
  return SmallVector<float>();
}

static void replaceWith(RaiseRewriter &rewriter, Operation *op, Value result) {
  Type type = op->getResult(0).getType();
  if (result.getType() != type)
    result = rewriter.create<tensor::CastOp>(op->getLoc(), type, result);
  rewriter.replaceOp(op, result);
}

// The number of inputs of a row, if it is that of the weights; else 0.
static int64_t inputsOf(Value activation, int64_t expected) {
  auto type = dyn_cast<RankedTensorType>(activation.getType());
  return type && type.getRank() && type.getElementType().isF32() &&
                 type.getShape().back() == expected
             ? expected
             : 0;
}

// Whether a row of the weights has one or two magnitudes only, as ternary
// weights have: weights that were meant to be binary, or nearly.
static bool hasFewMagnitudes(const onnx::ConstantView &view, int64_t rows,
                             int64_t columns, bool transposed) {
  for (int64_t row = 0; row < rows; ++row) {
    SmallVector<float, 3> magnitudes;
    for (int64_t column = 0; column < columns && magnitudes.size() < 3;
         ++column) {
      float magnitude = std::fabs(view.at<float>(
          transposed ? column * rows + row : row * columns + column));
      if (!llvm::is_contained(magnitudes, magnitude))
        magnitudes.push_back(magnitude);
    }
    if (magnitudes.size() < 3)
      return true;
  }
  return false;
}

// Inputs of one or a few bits and real weights: the inputs stay f32.
static LogicalResult raiseRealWeights(RaiseRewriter &rewriter, Operation *op,
                                      Linear &linear, BitsType element,
                                      const Twine &why) {
  auto view = onnx::ConstantView::get(linear.weight);
  auto type = cast<RankedTensorType>(linear.weight.getType());
  if (type.getRank() != 2 || !type.getElementType().isF32())
    return rewriter.refuse(op, why);
  int64_t outputs = type.getDimSize(linear.transposed ? 1 : 0),
          inputs = type.getDimSize(linear.transposed ? 0 : 1);
  if (!inputsOf(linear.activation, inputs) || !outputs ||
      hasFewMagnitudes(*view, outputs, inputs, linear.transposed))
    return rewriter.refuse(op, why);
  auto bias = takeBias(linear, op, outputs);
  if (failed(bias))
    return rewriter.refuse(op, "the Gemm's C is not one bias per output");
  rewriter.setInsertionPoint(linear.last);
  Location loc = op->getLoc();
  // As [inputs, outputs].
  SmallVector<float> values(inputs * outputs);
  for (int64_t k = 0; k < inputs; ++k)
    for (int64_t n = 0; n < outputs; ++n)
      values[k * outputs + n] =
          view->at<float>(linear.transposed ? k * outputs + n : n * inputs + k);
  bias->resize(outputs);
  Value out = emptyRows(rewriter, loc, linear.activation, outputs,
                        rewriter.getF32Type());
  Value product = createFloatProduct(
      rewriter, loc, linear.activation,
      constantTensor(rewriter, loc, values, {inputs, outputs}),
      constantTensor(rewriter, loc, *bias, outputs), out);
  rewriter.became(op, rewriter.getF32Type(), element, why);
  replaceWith(rewriter, linear.last, product);
  return success();
}

// Whether a few steps before `value` something is rounded, or is a sign: an
// input that was meant to be binary, or nearly.
static bool looksQuantised(Value value, int depth = 5) {
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0)
    return false;
  if (isa<onnx::SignOp, onnx::RoundOp>(op))
    return true;
  if (!isa<onnx::MulOp, onnx::AddOp, onnx::SubOp, onnx::DivOp, onnx::ClipOp,
           onnx::CastOp, onnx::WhereOp, onnx::ReshapeOp>(op))
    return false;
  // A sum with something else is no longer quantised.
  if (isa<onnx::AddOp, onnx::SubOp>(op) &&
      !onnx::ConstantView::get(op->getOperand(0)) &&
      !onnx::ConstantView::get(op->getOperand(1)))
    return false;
  return llvm::any_of(op->getOperands(), [&](Value operand) {
    return looksQuantised(operand, depth - 1);
  });
}

// Real inputs and binary weights: sums and differences.
static LogicalResult raiseRealInputs(RaiseRewriter &rewriter, Operation *op,
                                     Linear &linear, const SignMatrix &weight,
                                     const Twine &why) {
  // One weight an output is always a sign times a magnitude.
  if (weight.columns < 2 || !inputsOf(linear.activation, weight.columns) ||
      looksQuantised(linear.activation))
    return rewriter.refuse(op, why);
  auto bias = takeBias(linear, op, weight.rows);
  if (failed(bias))
    return rewriter.refuse(op, "the Gemm's C is not one bias per output");
  rewriter.setInsertionPoint(linear.last);
  Location loc = op->getLoc();
  Value out = emptyRows(rewriter, loc, linear.activation, weight.rows,
                        rewriter.getF32Type());
  auto bitsType =
      RankedTensorType::get({weight.rows, weight.columns},
                            BitsType::get(rewriter.getContext(), true, 1));
  Value bits = rewriter.create<bnn::ConstantOp>(loc, bitsType, weight.bits);
  bias->resize(weight.rows);
  SmallVector<Value> params = {
      constantTensor(rewriter, loc, weight.scale, weight.rows),
      constantTensor(rewriter, loc, *bias, weight.rows)};
  auto sum = rewriter.create<MatmulOp>(
      loc, linear.activation, bits, /*zeros=*/Value(), params, ValueRange{out},
      [](OpBuilder &b, Location loc, ValueRange args) {
        Value y = b.create<math::FmaOp>(loc, args[0], args[1], args[2]);
        b.create<bnn::YieldOp>(loc, y);
      });
  rewriter.became(op, bitsType.getElementType(), rewriter.getF32Type(), why);
  replaceWith(rewriter, linear.last, sum.getResult(0));
  return success();
}

LogicalResult bnn::raiseLinear(RaiseRewriter &rewriter, Operation *op) {
  std::optional<Linear> linear = matchLinear(op);
  if (!linear)
    return rewriter.refuse(op,
                           "a Gemm with alpha or beta other than 1, or transA");
  if (!onnx::ConstantView::get(linear->weight))
    return rewriter.refuse(op, "the constant is the left factor");
  std::string whyInput, whyWeight;
  std::optional<BinaryInput> in =
      matchBinaryInput(linear->activation, &whyInput);
  std::optional<SignMatrix> weight =
      matchSignMatrix(linear->weight, linear->transposed,
                      /*allowZeroRows=*/false, &whyWeight);
  if (in && !weight)
    return raiseRealWeights(rewriter, op, *linear, in->element, whyWeight);
  if (!in && weight)
    return raiseRealInputs(rewriter, op, *linear, *weight, whyInput);
  if (!in)
    return rewriter.refuse(op, whyInput + "; " + whyWeight);
  auto inputType = cast<RankedTensorType>(in->input.getType());
  if (weight->columns != inputType.getShape().back())
    return rewriter.refuse(op, "the quantised input is broadcast");
  if (!sumFits(in->element, weight->columns))
    return rewriter.refuse(op, "sums of " + llvm::Twine(weight->columns) +
                                   " elements can be beyond 32 bits");
  auto bias = takeBias(*linear, op, weight->rows);
  if (failed(bias))
    return rewriter.refuse(op, "the Gemm's C is not one bias per output");

  // Each product of the original is exactly +-(alpha * scale) before rounding.
  SmallVector<float> scale;
  for (float s : weight->scale)
    scale.push_back(static_cast<float>(double(in->alpha) * s));

  if (in->minimum != 0)
    addMinimum(*weight, in->minimum, *bias);

  rewriter.setInsertionPoint(linear->last);
  Location loc = op->getLoc();
  InputBits input = createInputBits(rewriter, loc, *in);
  auto bitsType =
      RankedTensorType::get({weight->rows, weight->columns},
                            BitsType::get(rewriter.getContext(), true, 1));
  Value bits = rewriter.create<bnn::ConstantOp>(loc, bitsType, weight->bits);
  SmallVector<Value> params;
  if (weight->isUniform())
    params.push_back(rewriter.create<arith::ConstantOp>(
        loc, rewriter.getF32FloatAttr(scale[0])));
  else
    params.push_back(constantTensor(rewriter, loc, scale, weight->rows));
  if (!bias->empty())
    params.push_back(constantTensor(rewriter, loc, *bias, weight->rows));
  Value out =
      emptyRows(rewriter, loc, in->input, weight->rows, rewriter.getF32Type());
  auto matmul = rewriter.create<MatmulOp>(
      loc, input.bits, bits, input.zeros, params, ValueRange{out},
      [&](OpBuilder &b, Location loc, ValueRange args) {
        Value y = b.create<arith::SIToFPOp>(loc, b.getF32Type(), args[0]);
        if (bias->empty())
          y = b.create<arith::MulFOp>(loc, y, args[1]);
        else
          y = b.create<math::FmaOp>(loc, y, args[1], args[2]);
        b.create<bnn::YieldOp>(loc, y);
      });
  rewriter.became(op, bitsType.getElementType(), in->element, in->residue);
  replaceWith(rewriter, linear->last, matmul.getResult(0));
  return success();
}

LogicalResult bnn::raiseEmbedding(RaiseRewriter &rewriter, onnx::GatherOp op) {
  auto type = dyn_cast<RankedTensorType>(op.getData().getType());
  if (op.getAxis() != 0 || !type || type.getRank() != 2)
    return failure();
  // It would always match, and gain nothing.
  if (type.getDimSize(1) < 2)
    return rewriter.refuse(op, "a table of one column");
  std::string why;
  std::optional<SignMatrix> table =
      matchSignMatrix(op.getData(), false, /*allowZeroRows=*/true, &why);
  if (!table)
    return rewriter.refuse(op, why);
  rewriter.setInsertionPoint(op);
  Location loc = op.getLoc();
  SmallVector<OpFoldResult> shape =
      tensor::getMixedSizes(rewriter, loc, op.getIndices());
  shape.push_back(rewriter.getIndexAttr(table->columns));
  Value out =
      rewriter.create<tensor::EmptyOp>(loc, shape, rewriter.getF32Type());
  auto bitsType =
      RankedTensorType::get({table->rows, table->columns},
                            BitsType::get(rewriter.getContext(), true, 1));
  Value bits = rewriter.create<bnn::ConstantOp>(loc, bitsType, table->bits);
  Value scale = constantTensor(rewriter, loc, table->scale, table->rows);
  Value result = rewriter
                     .create<EmbeddingOp>(loc, out.getType(), op.getIndices(),
                                          bits, scale, ValueRange{out})
                     .getResult(0);
  if (result.getType() != op.getType())
    result = rewriter.create<tensor::CastOp>(loc, op.getType(), result);
  rewriter.became(op, bitsType.getElementType(), bitsType.getElementType());
  rewriter.replaceOp(op, result);
  return success();
}
