//===- ByteProduct.cpp - Recognises products of 8-bit integers ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/Raise/ByteProduct.h"
#include "dialects/BNN/Encoding.h"
#include "passes/Raise/Matchers.h"
#include "passes/Support/QuantizedFactor.h"
#include <cmath>

using namespace mlir;
using namespace mlir::bnn;

int64_t ByteWeights::sumOf(int64_t output) const {
  int64_t sum = 0;
  for (int64_t k = 0; k < inputs; ++k)
    sum += bytes[output * inputs + k];
  return sum;
}

int64_t ByteWeights::mostOfOutputs() const {
  int64_t most = 0;
  for (int64_t n = 0; n < outputs; ++n) {
    const int64_t offset = offsets.empty() ? 0 : offsets[n];
    int64_t sum = 0;
    for (int64_t k = 0; k < inputs; ++k)
      sum += std::abs(bytes[n * inputs + k] + offset);
    most = std::max(most, sum);
  }
  return most;
}

// Whether the sums of numbers fit 32 bits; those of MatMulInteger may wrap.
static bool numbersFit(const ByteInput &in, const ByteWeights &weights) {
  const int64_t point = in.point.constant,
                most = std::max(std::abs(in.element.getLeast() - point),
                                std::abs(in.element.getMost() - point));
  return weights.scale.empty() ||
         weights.mostOfOutputs() <= std::numeric_limits<int32_t>::max() / most;
}

static bool isBytes(Value value) {
  return getElementTypeOrSelf(value).isInteger(8);
}

static int64_t countOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.hasStaticShape() ? type.getNumElements() : -1;
}

std::optional<SmallVector<int32_t>> bnn::matchZeroPoints(Value value,
                                                         int64_t count) {
  if (isa<NoneType>(value.getType()))
    return SmallVector<int32_t>(count, 0);
  auto view = onnx::ConstantView::get(value);
  if (!view || !isa<IntegerType>(view->getElementType()) ||
      (view->getNumElements() != 1 && view->getNumElements() != count))
    return std::nullopt;
  SmallVector<int32_t> result;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t point = view->getInteger(view->getNumElements() == 1 ? 0 : i);
    if (!llvm::isInt<8>(point) && !llvm::isUInt<8>(point))
      return std::nullopt;
    result.push_back(int32_t(point));
  }
  return result;
}

bool bnn::isPlainScale(float scale) {
  return scale > 0 && std::isnormal(scale) && std::isfinite(scale * 255.0f);
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

namespace {
// Constant bytes on their way to the second factor of a product.
struct WeightSource {
  Value bytes, scale, points;  // Scale and points may be null.
  bool isTransposed;           // The bytes are [outputs, inputs].
  std::optional<int64_t> axis; // Of the bytes, that scale and points go along.
};
} // namespace

// `transposed`: the factor is [outputs, inputs].
static std::optional<WeightSource> findWeights(Value value, bool transposed) {
  WeightSource result{{}, {}, {}, transposed, {}};
  while (true) {
    if (auto transpose = value.getDefiningOp<onnx::TransposeOp>()) {
      if (transpose.getPerm() != ArrayRef<int64_t>{1, 0} || result.points)
        return std::nullopt;
      result.isTransposed = !result.isTransposed;
      value = transpose.getData();
    } else if (auto sub = value.getDefiningOp<onnx::SubOp>()) {
      if (result.points || sub.getA().getType() != sub.getType())
        return std::nullopt;
      result.points = sub.getB();
      // A list goes along the last axis.
      result.axis = 1;
      value = sub.getA();
    } else {
      break;
    }
  }
  Operation *op = value.getDefiningOp();
  if (!op || !widensBytes(op))
    return std::nullopt;
  result.bytes = op->getOperand(0);
  if (auto dequantize = dyn_cast<onnx::DequantizeLinearOp>(op)) {
    if (result.points)
      return std::nullopt;
    result.scale = dequantize.getXScale();
    result.points = dequantize.getXZeroPoint();
    const int64_t axis = dequantize.getAxis();
    result.axis = axis < 0 ? axis + 2 : axis;
  } else if (result.points) {
    // The zero point was cast as the bytes were.
    if (auto cast = result.points.getDefiningOp<onnx::CastOp>())
      result.points = cast.getInput();
  }
  return result;
}

// Brings (byte - point) into the range of signed bytes: where that takes an
// offset, it is the one of all bytes of an output.
static void shiftBytes(const onnx::ConstantView &view, bool isTransposed,
                       ArrayRef<int32_t> points, ByteWeights &weights) {
  auto numberAt = [&](int64_t n, int64_t k) {
    const int64_t at =
        isTransposed ? n * weights.inputs + k : k * weights.outputs + n;
    return int32_t(view.getInteger(at));
  };
  // Unsigned bytes less 128, and signed ones, fit in any case.
  const int32_t middle = view.getElementType().isUnsignedInteger() ? 128 : 0;
  weights.bytes.reserve(weights.outputs * weights.inputs);
  bool hasOffsets = false;
  for (int64_t n = 0; n < weights.outputs; ++n) {
    bool fits = true;
    for (int64_t k = 0; fits && k < weights.inputs; ++k)
      fits = llvm::isInt<8>(numberAt(n, k) - points[n]);
    const int32_t base = fits ? points[n] : middle;
    weights.offsets.push_back(base - points[n]);
    hasOffsets |= base != points[n];
    for (int64_t k = 0; k < weights.inputs; ++k)
      weights.bytes.push_back(int8_t(numberAt(n, k) - base));
  }
  if (!hasOffsets)
    weights.offsets.clear();
}

static std::optional<ByteWeights> matchWeights(Value value, bool transposed,
                                               std::string *why) {
  auto source = findWeights(value, transposed);
  auto view = source ? onnx::ConstantView::get(source->bytes) : std::nullopt;
  if (!view || view->getType().getRank() != 2 || !canBeListed(*view) ||
      view->getType().getNumElements() == 0)
    return std::nullopt;
  ByteWeights weights;
  weights.outputs = view->getType().getDimSize(source->isTransposed ? 0 : 1);
  weights.inputs = view->getType().getDimSize(source->isTransposed ? 1 : 0);
  const int64_t ofOutputs = source->isTransposed ? 0 : 1;
  auto isOfOutputs = [&](Value list) {
    return !list || isa<NoneType>(list.getType()) || countOf(list) == 1 ||
           (source->axis == ofOutputs && countOf(list) == weights.outputs);
  };
  if (!isOfOutputs(source->scale) || !isOfOutputs(source->points))
    return no(why, "the scales of the weights are not one for each output");
  SmallVector<int32_t> points(weights.outputs, 0);
  if (source->points) {
    auto found = matchZeroPoints(source->points, weights.outputs);
    if (!found)
      return no(why, "the zero points of the weights are not constant bytes");
    points = *found;
  }
  if (source->scale) {
    auto found = matchRowVector(source->scale, weights.outputs);
    if (!found)
      return no(why, "the scales of the weights are not constant");
    weights.scale = *found;
  }
  shiftBytes(*view, source->isTransposed, points, weights);
  return weights;
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

static bool isScalar(Value value) { return countOf(value) == 1; }

// The elements of a tensor of bytes.
static BitsType elementOf(Value bytes) {
  Type type = getElementTypeOrSelf(bytes);
  return BitsType::get(bytes.getContext(), !type.isUnsignedInteger(), 8);
}

// The quantiser that makes `bytes`, if it has one scale and zero point.
static onnx::QuantizeLinearOp quantiserOf(Value bytes) {
  auto op = bytes.getDefiningOp<onnx::QuantizeLinearOp>();
  const bool isPlain = op && getElementTypeOrSelf(op.getX()).isF32() &&
                       isScalar(op.getYScale()) &&
                       (isa<NoneType>(op.getYZeroPoint().getType()) ||
                        isScalar(op.getYZeroPoint()));
  return isPlain ? op : onnx::QuantizeLinearOp();
}

// An f32 tensor: of one scale and zero point, both constant.
static std::optional<ByteInput> matchFloats(Value value, std::string *why) {
  auto dequantize = value.getDefiningOp<onnx::DequantizeLinearOp>();
  if (!dequantize || !isBytes(dequantize.getX()))
    return no(why, "the weights are integers of 8 bits, but the input is not "
                   "quantised");
  if (!isScalar(dequantize.getXScale()))
    return no(why, "the input has more than one scale");
  auto scale = matchRowVector(dequantize.getXScale(), 1);
  auto point = matchZeroPoints(dequantize.getXZeroPoint(), 1);
  if (!scale || !point || !isPlainScale(scale->front()))
    return no(why, "the input's scale and zero point are not plain constants");
  ByteInput in;
  in.element = elementOf(dequantize.getX());
  in.scale = in.step.constant = scale->front();
  in.point.constant = in.zero.constant = point->front();
  // Quantised anew, the numbers are the bytes that they were.
  in.source = value;
  if (auto quantise = quantiserOf(dequantize.getX())) {
    auto step = matchRowVector(quantise.getYScale(), 1);
    auto zero = matchZeroPoints(quantise.getYZeroPoint(), 1);
    if (step && zero && step->front() == in.scale && *zero == *point)
      in.source = quantise.getX();
  }
  return in;
}

// An i32 tensor: bytes, less their zero point.
static std::optional<ByteInput> matchIntegers(Value value, std::string *why) {
  ByteInput in;
  if (auto sub = value.getDefiningOp<onnx::SubOp>()) {
    if (!isScalar(sub.getB()) || sub.getA().getType() != sub.getType())
      return no(why, "the input has more than one zero point");
    if (auto point = matchZeroPoints(sub.getB(), 1))
      in.point.constant = point->front();
    else
      in.point.tensor = sub.getB();
    value = sub.getA();
  }
  auto cast = value.getDefiningOp<onnx::CastOp>();
  if (!cast || !isBytes(cast.getInput()))
    return no(why, "the weights are integers of 8 bits, and the input is not");
  in.source = cast.getInput();
  in.element = elementOf(in.source);
  if (auto quantise = quantiserOf(in.source)) {
    in.source = quantise.getX();
    in.step.tensor = quantise.getYScale();
    if (!isa<NoneType>(quantise.getYZeroPoint().getType()))
      in.zero.tensor = quantise.getYZeroPoint();
  }
  return in;
}

bool bnn::isMove(Operation *op) {
  return isa_and_nonnull<onnx::ReshapeOp, onnx::FlattenOp, onnx::SqueezeOp,
                         onnx::UnsqueezeOp, onnx::TransposeOp>(op);
}

static std::optional<ByteInput> matchInput(Value value, std::string *why) {
  SmallVector<OpResult> moves;
  while (isMove(value.getDefiningOp()) && moves.size() < 4) {
    moves.push_back(cast<OpResult>(value));
    value = value.getDefiningOp()->getOperand(0);
  }
  auto in = getElementTypeOrSelf(value).isF32() ? matchFloats(value, why)
                                                : matchIntegers(value, why);
  if (in)
    in->moves = std::move(moves);
  return in;
}

ByteInput bnn::asWanted(ByteInput input, TargetAttr target) {
  const bool isSigned = input.element.getIsSigned();
  const bool wantsSigned =
      target && (target.does(Instructions::DotSigned16Bytes) ||
                 target.does(Instructions::AddPairs));
  const bool wantsUnsigned =
      target && (target.does(Instructions::Dot64Bytes) ||
                 target.does(Instructions::Dot32Bytes) ||
                 target.does(Instructions::Multiply16Pairs));
  if (isSigned ? !wantsUnsigned : !wantsSigned)
    return input;
  input.element =
      BitsType::get(input.element.getContext(), /*isSigned=*/!isSigned, 8);
  for (ScalarOr<int32_t> *point : {&input.zero, &input.point})
    point->constant += isSigned ? 128 : -128;
  return input;
}

// The weights of a product that can be rewritten, of rows that have as many
// elements.
static std::optional<ByteWeights> matchFactor(Operation *op, std::string *why) {
  auto gemm = dyn_cast<onnx::GemmOp>(op);
  if (gemm &&
      (gemm.getTransA() || !std::isfinite(gemm.getAlpha().convertToFloat()) ||
       !std::isfinite(gemm.getBeta().convertToFloat())))
    return std::nullopt;
  auto weights = matchWeights(op->getOperand(1), gemm && gemm.getTransB(), why);
  if (!weights)
    return std::nullopt;
  auto type = dyn_cast<RankedTensorType>(op->getOperand(0).getType());
  if (!type || type.getRank() < 1 || type.getShape().back() != weights->inputs)
    return no(why, "the quantised input is broadcast");
  return weights;
}

std::optional<ByteWeights> bnn::matchByteWeights(Operation *op) {
  if (!getElementTypeOrSelf(op->getOperand(0)).isF32())
    return std::nullopt;
  auto weights = matchFactor(op, /*why=*/nullptr);
  if (!weights || weights->scale.empty() || !weights->offsets.empty())
    return std::nullopt;
  return weights;
}

std::optional<ByteProduct> bnn::matchByteProduct(Operation *op,
                                                 std::string *why) {
  auto weights = matchFactor(op, why);
  if (!weights)
    return std::nullopt;
  auto in = matchInput(op->getOperand(0), why);
  if (!in)
    return std::nullopt;
  if (!sumFits(in->element, weights->inputs) || !numbersFit(*in, *weights))
    return no(why, "sums of " + Twine(weights->inputs) +
                       " elements can be beyond 32 bits");
  return ByteProduct{op, std::move(*in), std::move(*weights)};
}
