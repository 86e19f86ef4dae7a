//===- RaiseLinear.cpp - Binary linear layers and embeddings --------------===//
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Raise/Matchers.h"

using namespace mlir;
using namespace bnn;

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
                std::optional<SmallVector<float>> &bias) {
  if (!bias)
    bias.emplace(weight.rows, 0.0f);
  auto bit = weight.bits.getValues<bool>().begin();
  for (int64_t n = 0; n < weight.rows; ++n) {
    int64_t sum = 0;
    for (int64_t k = 0; k < weight.columns; ++k, ++bit)
      sum += *bit ? 1 : -1;
    (*bias)[n] = static_cast<float>(
        double((*bias)[n]) + double(minimum) * weight.scale[n] * double(sum));
  }
}

} // namespace

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
  if (!in || !weight)
    return rewriter.refuse(op, in       ? whyWeight
                               : weight ? whyInput
                                        : whyInput + "; " + whyWeight);
  auto inputType = cast<RankedTensorType>(in->input.getType());
  if (weight->columns != inputType.getShape().back())
    return rewriter.refuse(op, "the quantised input is broadcast");
  std::optional<SmallVector<float>> bias;
  if (linear->bias) {
    bias = matchRowVector(linear->bias, weight->rows);
    if (!bias && linear->last == op)
      return rewriter.refuse(op, "the Gemm's C is not one bias per output");
    if (!bias)
      linear->last = op;
  }

  // Each product of the original is exactly +-(alpha * scale) before rounding.
  SmallVector<float> scale;
  for (float s : weight->scale)
    scale.push_back(static_cast<float>(double(in->alpha) * s));

  if (in->minimum != 0)
    addMinimum(*weight, in->minimum, bias);

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
  if (bias)
    params.push_back(constantTensor(rewriter, loc, *bias, weight->rows));
  Value out =
      emptyRows(rewriter, loc, in->input, weight->rows, rewriter.getF32Type());
  auto matmul = rewriter.create<MatmulOp>(loc, out.getType(), input.bits, bits,
                                          input.zeros, params, ValueRange{out});
  {
    OpBuilder::InsertionGuard guard(rewriter);
    Type f32 = rewriter.getF32Type();
    SmallVector<Type> types(params.size(), f32);
    types.insert(types.begin(), rewriter.getI32Type());
    Block *block =
        rewriter.createBlock(&matmul.getEpilogue(), {}, types,
                             SmallVector<Location>(types.size(), loc));
    Value acc =
        rewriter.create<arith::SIToFPOp>(loc, f32, block->getArgument(0));
    Value y =
        bias ? Value(rewriter.create<math::FmaOp>(
                   loc, acc, block->getArgument(1), block->getArgument(2)))
             : Value(rewriter.create<arith::MulFOp>(loc, acc,
                                                    block->getArgument(1)));
    rewriter.create<bnn::YieldOp>(loc, y);
  }
  Value result = matmul.getResult(0);
  Type type = linear->last->getResult(0).getType();
  if (result.getType() != type)
    result = rewriter.create<tensor::CastOp>(loc, type, result);
  rewriter.became(op, "1x" + std::to_string(in->element.getWidth()));
  rewriter.replaceOp(linear->last, result);
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
  auto bitsType =
      RankedTensorType::get({table->rows, table->columns},
                            BitsType::get(rewriter.getContext(), true, 1));
  Value bits = rewriter.create<bnn::ConstantOp>(loc, bitsType, table->bits);
  Value scale = constantTensor(rewriter, loc, table->scale, table->rows);
  SmallVector<OpFoldResult> shape =
      tensor::getMixedSizes(rewriter, loc, op.getIndices());
  shape.push_back(rewriter.getIndexAttr(table->columns));
  Value out =
      rewriter.create<tensor::EmptyOp>(loc, shape, rewriter.getF32Type());
  Value result = rewriter
                     .create<EmbeddingOp>(loc, out.getType(), op.getIndices(),
                                          bits, scale, ValueRange{out})
                     .getResult(0);
  if (!onnx::ConstantView::get(op.getIndices()))
    rewriter.create<CheckIndicesOp>(loc, rewriter.getI1Type(), op.getIndices(),
                                    table->rows);
  if (result.getType() != op.getType())
    result = rewriter.create<tensor::CastOp>(loc, op.getType(), result);
  rewriter.became(op, "1x1");
  rewriter.replaceOp(op, result);
  return success();
}
