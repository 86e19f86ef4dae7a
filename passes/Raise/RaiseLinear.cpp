//===- RaiseLinear.cpp - Binary linear layers -----------------------------===//
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

// activation * weight * factor + bias * biasFactor, whatever ONNX wrote it as.
struct Linear {
  Value activation, weight, bias; // bias may be null
  bool transposed;                // the weight is [K, N]
  Operation *last;                // computes the result
  float factor = 1, biasFactor = 1;
  bool isActivationTransposed = false; // It is [K, rows].

  // Whether it is only what a MatMul and an Add are.
  bool isPlain() const { return factor == 1 && !isActivationTransposed; }
};

std::optional<Linear> matchLinear(Operation *op) {
  if (auto gemm = dyn_cast<onnx::GemmOp>(op)) {
    Linear linear{gemm.getA(), gemm.getB(), gemm.getC(), !gemm.getTransB(), op};
    if (isa<NoneType>(linear.bias.getType()))
      linear.bias = Value();
    linear.factor = gemm.getAlpha().convertToFloat();
    linear.biasFactor = gemm.getBeta().convertToFloat();
    linear.isActivationTransposed = gemm.getTransA();
    if (!std::isfinite(linear.factor) || !std::isfinite(linear.biasFactor))
      return std::nullopt;
    return linear;
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
  auto turned = weight.zeros ? weight.turned.getValues<bool>().begin() : bit;
  for (int64_t n = 0; n < weight.rows; ++n) {
    int64_t twice = 0;
    for (int64_t k = 0; k < weight.columns; ++k, ++bit, ++turned)
      twice += (*bit ? 1 : -1) + (*turned ? 1 : -1);
    bias[n] =
        static_cast<float>(double(bias[n]) + double(minimum) * weight.scale[n] *
                                                 double(twice / 2));
  }
}

} // namespace

// The bias, one number an output, or nothing if there is none: what is added
// but is no such bias stays an addition. Fails where it cannot.
static FailureOr<SmallVector<float>> takeBias(Linear &linear, Operation *op,
                                              int64_t outputs) {
  if (!linear.bias)
    return SmallVector<float>();
  if (auto bias = matchRowVector(linear.bias, outputs)) {
    for (float &value : *bias)
      value *= linear.biasFactor;
    return *bias;
  }
  if (linear.last == op)
    return failure();
  linear.last = op;
  return SmallVector<float>();
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
  if (type.getRank() != 2 || !type.getElementType().isF32() ||
      !canBeListed(*view))
    return rewriter.refuse(op, why);
  int64_t outputs = type.getDimSize(linear.transposed ? 1 : 0),
          inputs = type.getDimSize(linear.transposed ? 0 : 1);
  if (!inputsOf(linear.activation, inputs) || !outputs || !linear.isPlain() ||
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
  if (weight.columns < 2 || !linear.isPlain() ||
      !inputsOf(linear.activation, weight.columns) ||
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

namespace {

// The binary input of a layer, moved or scaled on its way there.
struct Activation {
  BinaryInput in;
  SmallVector<OpResult> moves; // The last one first.
  bool isTransposed = false;   // The very last.
  Value rowScale;              // [.., 1], or null
  bool isRowDivisor = false;   // Rows are divided by it.
};

} // namespace

// Whether the op moves elements and does nothing else.
static bool isMove(Operation *op) {
  return isa_and_nonnull<onnx::ReshapeOp, onnx::FlattenOp, onnx::SqueezeOp,
                         onnx::UnsqueezeOp, onnx::TransposeOp, onnx::SplitOp,
                         onnx::SliceOp, onnx::IdentityOp>(op);
}

namespace {
struct RowScale {
  Value rows, scale;
  bool isDivisor;
};
} // namespace

// value * scale or value / scale, with one number a row, or one for all.
static std::optional<RowScale> matchRowScale(Value value) {
  Operation *op = value.getDefiningOp();
  if (!isa_and_nonnull<onnx::MulOp, onnx::DivOp>(op))
    return std::nullopt;
  const bool isDivisor = isa<onnx::DivOp>(op);
  for (unsigned i : {0, 1}) {
    Value rows = op->getOperand(i), scale = op->getOperand(1 - i);
    auto type = dyn_cast<RankedTensorType>(scale.getType());
    if (!(isDivisor && i == 1) && type && rows.getType() == value.getType() &&
        type.getElementType().isF32() &&
        (type.getRank() == 0 || type.getShape().back() == 1))
      return RowScale{rows, scale, isDivisor};
  }
  return std::nullopt;
}

// value / c, by a scalar constant.
static std::optional<std::pair<Value, float>> matchOverScalar(Value value) {
  auto div = value.getDefiningOp<onnx::DivOp>();
  if (!div || div.getA().getType() != div.getType())
    return std::nullopt;
  auto divisor = onnx::getConstantScalar(div.getB());
  if (!divisor || *divisor == 0)
    return std::nullopt;
  return std::pair(Value(div.getA()), static_cast<float>(*divisor));
}

// The binary input behind `linear`: where it is not just there, behind scalars,
// one scale for each row, and what moves elements about.
static std::optional<Activation>
matchActivation(const Linear &linear, std::string *why, bool takesIntegers) {
  Activation result;
  result.isTransposed = linear.isActivationTransposed;
  Value value = linear.activation;
  double factor = 1;
  std::string *firstWhy = why;
  for (int depth = 0; depth < 8; ++depth) {
    const bool isMoved = result.isTransposed || !result.moves.empty();
    auto found = matchBinaryInput(value, firstWhy, /*takesShift=*/!isMoved,
                                  takesIntegers);
    firstWhy = nullptr;
    if (found && (!isMoved || found->shift.size() < 2) &&
        (!result.rowScale || found->minimum == 0)) {
      result.in = *found;
      result.in.alpha = static_cast<float>(found->alpha * factor);
      result.in.minimum = static_cast<float>(found->minimum * factor);
      if (!std::isfinite(result.in.alpha) || !std::isfinite(result.in.minimum))
        return std::nullopt;
      return result;
    }
    if (auto scaled = matchTimesScalar<onnx::MulOp>(value)) {
      value = scaled->first;
      factor *= scaled->second;
    } else if (auto over = matchOverScalar(value)) {
      value = over->first;
      factor /= over->second;
    } else if (auto rows = matchRowScale(value);
               rows && !isMoved && !result.rowScale) {
      value = rows->rows;
      result.rowScale = rows->scale;
      result.isRowDivisor = rows->isDivisor;
    } else if (isMove(value.getDefiningOp())) {
      result.moves.push_back(cast<OpResult>(value));
      value = value.getDefiningOp()->getOperand(0);
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

// Moves the input as what was made of it was moved, and gives the shift its
// length.
static void applyMoves(RaiseRewriter &rewriter, Activation &activation) {
  BinaryInput &in = activation.in;
  in.input = repeatMoves(rewriter, activation.moves, in.input);
  auto type = cast<RankedTensorType>(in.input.getType());
  if (activation.isTransposed) {
    auto moved = RankedTensorType::get({type.getDimSize(1), type.getDimSize(0)},
                                       type.getElementType());
    in.input = rewriter.create<onnx::TransposeOp>(
        in.input.getLoc(), moved, in.input,
        rewriter.getDenseI64ArrayAttr({1, 0}));
    type = moved;
  }
  if (in.shift.size() == 1)
    in.shift.resize(type.getShape().back(), in.shift[0]);
}

// sum * scale, and the bias, by which the scale and the bias stand last.
static void buildScaled(OpBuilder &b, Location loc, Value sum,
                        ValueRange params) {
  Value y = b.create<arith::SIToFPOp>(loc, b.getF32Type(), sum);
  if (params.size() == 1)
    y = b.create<arith::MulFOp>(loc, y, params[0]);
  else
    y = b.create<math::FmaOp>(loc, y, params[0], params[1]);
  b.create<bnn::YieldOp>(loc, y);
}

// Comparing the number of a block with those of more would cost what another
// plane does.
constexpr size_t kMostCorrected = 16;

// The blocks of 16 outputs that have weights of 0, if they are few.
static SmallVector<int64_t> correctedBlocks(const SignMatrix &weight) {
  SmallVector<int64_t> blocks;
  for (int64_t row : weight.rowsWithZeros)
    if (blocks.empty() || blocks.back() != row / kLanes)
      blocks.push_back(row / kLanes);
  const bool isFew = blocks.size() <= kMostCorrected &&
                     2 * int64_t(blocks.size()) * kLanes <= weight.rows;
  return isFew ? blocks : SmallVector<int64_t>();
}

// Halves the scales of the outputs that are added up twice.
static void halveScales(const SignMatrix &weight, ArrayRef<int64_t> blocks,
                        MutableArrayRef<float> scale) {
  if (!weight.zeros)
    return;
  for (auto [n, s] : llvm::enumerate(scale))
    if (blocks.empty() || llvm::is_contained(blocks, int64_t(n) / kLanes))
      s *= 0.5f;
}

// The rows of the turned bits in the blocks, all 16 of each: behind the last
// output there are none.
static DenseElementsAttr turnedBlocks(const SignMatrix &weight,
                                      ArrayRef<int64_t> blocks) {
  const int64_t rows = int64_t(blocks.size()) * kLanes;
  auto turned = weight.turned.getValues<bool>();
  SmallVector<bool> bits(rows * weight.columns, false);
  for (int64_t i = 0; i < rows; ++i) {
    const int64_t row = blocks[i / kLanes] * kLanes + i % kLanes;
    for (int64_t k = 0; row < weight.rows && k < weight.columns; ++k)
      bits[i * weight.columns + k] = turned[row * weight.columns + k];
  }
  auto type = RankedTensorType::get(
      {rows, weight.columns}, IntegerType::get(weight.turned.getContext(), 1));
  return DenseElementsAttr::get(type, bits);
}

// The sums of the input with rows of bits.
static Value createSums(RaiseRewriter &rewriter, Location loc,
                        const InputBits &input, Value like,
                        DenseElementsAttr rows) {
  auto type = cast<RankedTensorType>(rows.getType());
  Value bits = rewriter.create<bnn::ConstantOp>(
      loc, type.clone(BitsType::get(rewriter.getContext(), true, 1)), rows);
  Value out =
      emptyRows(rewriter, loc, like, type.getDimSize(0), rewriter.getI32Type());
  auto sums = rewriter.create<MatmulOp>(
      loc, input.bits, bits, input.zeros, ValueRange(), ValueRange{out},
      [](OpBuilder &b, Location loc, ValueRange args) {
        b.create<bnn::YieldOp>(loc, args[0]);
      });
  return sums.getResult(0);
}

// The product of bits, or integers, with the weights: all of them, times scale,
// plus bias (empty: none). Where weights are 0 there are two products, with
// each of the two signs in their place: twice the sum, exactly. If few blocks
// of outputs have such weights, the second product is of those alone.
static Value createProduct(RaiseRewriter &rewriter, Location loc,
                           const InputBits &input, Value like,
                           const SignMatrix &weight, ArrayRef<int64_t> blocks,
                           ArrayRef<float> scale, ArrayRef<float> bias) {
  auto bitsType =
      RankedTensorType::get({weight.rows, weight.columns},
                            BitsType::get(rewriter.getContext(), true, 1));
  SmallVector<Value> params;
  Value correction;
  if (!blocks.empty())
    correction =
        createSums(rewriter, loc, input, like, turnedBlocks(weight, blocks));
  const bool hasPlane = weight.zeros && blocks.empty();
  if (hasPlane)
    params.push_back(createSums(rewriter, loc, input, like, weight.turned));
  Value bits = rewriter.create<bnn::ConstantOp>(loc, bitsType, weight.bits);
  if (weight.isUniform() && blocks.empty())
    params.push_back(rewriter.create<arith::ConstantOp>(
        loc, rewriter.getF32FloatAttr(scale[0])));
  else
    params.push_back(constantTensor(rewriter, loc, scale, weight.rows));
  if (!bias.empty())
    params.push_back(constantTensor(rewriter, loc, bias, weight.rows));
  auto matmul = rewriter.create<MatmulOp>(
      loc, input.bits, bits, input.zeros, params,
      ValueRange{
          emptyRows(rewriter, loc, like, weight.rows, rewriter.getF32Type())},
      [&](OpBuilder &b, Location loc, ValueRange args) {
        Value sum = args[0];
        args = args.drop_front();
        if (hasPlane) {
          sum = b.create<arith::AddIOp>(loc, sum, args[0]);
          args = args.drop_front();
        }
        buildScaled(b, loc, sum, args);
      });
  if (correction) {
    matmul.getCorrectionMutable().assign(correction);
    matmul.setCorrected(blocks);
  }
  return matmul.getResult(0);
}

// product * rowScale + bias, where rows have scales, or divisors.
static Value scaleRows(RaiseRewriter &rewriter, Location loc, Value product,
                       const Activation &activation, ArrayRef<float> bias) {
  Type type = product.getType();
  if (activation.isRowDivisor)
    product =
        rewriter.create<onnx::DivOp>(loc, type, product, activation.rowScale);
  else
    product =
        rewriter.create<onnx::MulOp>(loc, type, product, activation.rowScale);
  if (bias.empty())
    return product;
  auto rowType =
      RankedTensorType::get(int64_t(bias.size()), rewriter.getF32Type());
  Value row = rewriter.create<onnx::ConstantOp>(
      loc, rowType, DenseElementsAttr::get(rowType, bias));
  return rewriter.create<onnx::AddOp>(loc, type, product, row);
}

LogicalResult bnn::raiseLinear(RaiseRewriter &rewriter, Operation *op) {
  std::optional<Linear> linear = matchLinear(op);
  if (!linear)
    return rewriter.refuse(op,
                           "a Gemm with an alpha or beta that is no number");
  if (!onnx::ConstantView::get(linear->weight))
    return rewriter.refuse(op, "the constant is the left factor");
  std::string whyInput, whyWeight;
  std::optional<Activation> activation =
      matchActivation(*linear, &whyInput, /*takesIntegers=*/false);
  if (!activation)
    activation = matchActivation(*linear, nullptr, /*takesIntegers=*/true);
  std::optional<SignMatrix> weight =
      matchSignMatrix(linear->weight, linear->transposed, &whyWeight);
  // Sums and differences of floats have an order: none is taken twice.
  if (!activation && weight && weight->zeros)
    weight = std::nullopt;
  if (activation && !weight)
    return raiseRealWeights(rewriter, op, *linear, activation->in.element,
                            whyWeight);
  if (!activation && weight)
    return raiseRealInputs(rewriter, op, *linear, *weight, whyInput);
  if (!activation)
    return rewriter.refuse(op, whyInput + "; " + whyWeight);
  auto type = cast<RankedTensorType>(linear->activation.getType());
  BinaryInput &in = activation->in;
  if (type.getRank() == 0 ||
      type.getShape()[activation->isTransposed ? 0 : type.getRank() - 1] !=
          weight->columns)
    return rewriter.refuse(op, "the quantised input is broadcast");
  if (!sumFits(in.element, weight->columns * (weight->zeros ? 2 : 1)))
    return rewriter.refuse(op, "sums of " + llvm::Twine(weight->columns) +
                                   " elements can be beyond 32 bits");
  auto bias = takeBias(*linear, op, weight->rows);
  if (failed(bias))
    return rewriter.refuse(op, "the Gemm's C is not one bias per output");

  // Each product of the original is exactly +-(alpha * scale) before rounding;
  // beside zeros sums are twice what they are.
  SmallVector<float> scale;
  for (float s : weight->scale)
    scale.push_back(static_cast<float>(double(in.alpha) * linear->factor * s));
  const SmallVector<int64_t> blocks = correctedBlocks(*weight);
  halveScales(*weight, blocks, scale);
  if (in.minimum != 0)
    addMinimum(*weight, in.minimum * linear->factor, *bias);

  rewriter.setInsertionPoint(linear->last);
  Location loc = op->getLoc();
  applyMoves(rewriter, *activation);
  Value product = createProduct(
      rewriter, loc, createInputBits(rewriter, loc, in), in.input, *weight,
      blocks, scale,
      activation->rowScale ? ArrayRef<float>() : ArrayRef<float>(*bias));
  if (activation->rowScale)
    product = scaleRows(rewriter, loc, product, *activation, *bias);
  std::string note = in.residue.str();
  if (std::string of = weight->note(); !of.empty())
    note += (note.empty() ? "" : "; ") + of;
  rewriter.became(op, BitsType::get(rewriter.getContext(), true, 1), in.element,
                  note);
  replaceWith(rewriter, linear->last, product);
  return success();
}
