//===- Matchers.cpp - What a binary layer is made of ----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/Matchers.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/Support/Format.h"
#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace mlir::bnn;

std::string bnn::inWords(float value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.4g", value);
  return text;
}

bool bnn::isPowerOfTwo(float x) {
  int exponent;
  return std::isnormal(x) && std::isnormal(1 / x) &&
         std::fabs(std::frexp(x, &exponent)) == 0.5f;
}

std::optional<float> bnn::exactProduct(float x, float y) {
  if (!(isPowerOfTwo(x) || isPowerOfTwo(y)) || !std::isnormal(x) ||
      !std::isnormal(y) || !std::isnormal(x * y))
    return std::nullopt;
  return x * y;
}

std::optional<SmallVector<float>> bnn::matchRowVector(Value value,
                                                      int64_t size) {
  auto view = onnx::ConstantView::get(value);
  if (!view || !view->getElementType().isF32())
    return std::nullopt;
  if (view->getNumElements() == 1)
    return SmallVector<float>(size, view->at<float>(0));
  if (view->getType().getShape().back() != size)
    return std::nullopt;
  SmallVector<float> row(size);
  for (int64_t i = 0; i < view->getNumElements(); ++i) {
    float element = view->at<float>(i);
    if (i < size)
      row[i] = element;
    else if (row[i % size] != element)
      return std::nullopt;
  }
  return row;
}

// Why nothing that is multiplied with one scalar was found behind `value`.
static std::string describeScale(Value value) {
  auto mul = value.getDefiningOp<onnx::MulOp>();
  if (!mul)
    return "no sign or quantiser before the input";
  for (bool swap : {false, true}) {
    Value quantised = swap ? mul.getB() : mul.getA(),
          scale = swap ? mul.getA() : mul.getB();
    if (!quantised.getDefiningOp<onnx::SignOp>() &&
        !quantised.getDefiningOp<onnx::ClipOp>())
      continue;
    auto type = dyn_cast<RankedTensorType>(scale.getType());
    if (onnx::ConstantView::get(scale))
      return "the scale of the input differs from channel to channel";
    if (type && type.getRank() > 0 && type.getShape().back() == 1)
      return "the scale of the input differs per token: it is computed at run "
             "time";
    return "the scale of the input is computed at run time";
  }
  return "no sign or quantiser before the input";
}

// A sign, times a scalar or not, or a quantiser: the usual spellings.
static std::optional<BinaryInput> matchUsual(Value value, std::string *why) {
  BinaryInput in;
  if (auto quantiser = matchQuantiser(value, unmoved, why)) {
    in.input = quantiser->input;
    in.alpha = in.step = quantiser->step;
    in.minimum = quantiser->minimum;
    in.element = quantiser->element;
    // clip(round(x / alpha), 0, 1) is 1 exactly where x > alpha / 2.
    in.threshold = 0.5f * in.alpha;
    return in;
  }
  in.element = BitsType::get(value.getContext(), /*isSigned=*/true, 1);
  if (auto scaled = matchTimesScalar<onnx::MulOp>(value)) {
    value = scaled->first;
    in.alpha = scaled->second;
  }
  auto sign = value.getDefiningOp<onnx::SignOp>();
  if (!sign)
    return std::nullopt;
  if (!std::isfinite(in.alpha))
    return no(why, "the scale of the input is not finite");
  in.input = sign.getX();
  return in;
}

std::optional<BinaryInput> bnn::matchBinaryInput(Value value, std::string *why,
                                                 bool takesShift,
                                                 bool takesIntegers) {
  if (why)
    why->clear();
  std::optional<BinaryInput> found = matchUsual(value, why);
  if (!found)
    found = matchSign(value, why, takesIntegers);
  else if (found->element.getIsSigned() && found->element.getWidth() == 1)
    // A sign of what is never 0, such as Sign(x) + 0.5, is better without
    // zeros, and a sign of a sign without one of them.
    if (auto decided = matchSign(value);
        decided && decided->element.getIsSigned() &&
        (decided->zero != ZeroPolicy::Zero ||
         found->input.getDefiningOp<onnx::SignOp>()))
      found = decided;
  if (!found && why && why->empty())
    *why = describeScale(value);
  if (!found)
    return std::nullopt;
  BinaryInput &in = *found;
  auto type = dyn_cast<RankedTensorType>(in.input.getType());
  if (type && !type.getElementType().isF32())
    return no(why, "the input is not f32");
  if (!type || type.getRank() == 0 ||
      (takesShift && type.isDynamicDim(type.getRank() - 1)))
    return no(why, "the number of inputs is not known at compile time");
  if (!takesShift)
    return in;
  if (in.shift.size() == 1)
    in.shift.resize(type.getShape().back(), in.shift[0]);
  auto add = in.input.getDefiningOp<onnx::AddOp>();
  if (add && in.shift.empty()) {
    auto shift = matchRowVector(add.getB(), type.getShape().back());
    // The shift must not be what gives the sum its shape.
    if (shift && add.getA().getType() == add.getType()) {
      in.input = add.getA();
      in.shift = std::move(*shift);
    }
  }
  return in;
}

Value bnn::emptyRows(OpBuilder &b, Location loc, Value like, int64_t columns,
                     Type element) {
  SmallVector<OpFoldResult> shape = tensor::getMixedSizes(b, loc, like);
  shape.back() = b.getIndexAttr(columns);
  return b.create<tensor::EmptyOp>(loc, shape, element);
}

Value bnn::constantTensor(OpBuilder &b, Location loc, ArrayRef<float> values,
                          ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, b.getF32Type());
  return b.create<arith::ConstantOp>(loc, DenseElementsAttr::get(type, values));
}

Value bnn::repeatMoves(OpBuilder &b, ArrayRef<OpResult> moves, Value source) {
  Type element = getElementTypeOrSelf(source.getType());
  for (OpResult move : llvm::reverse(moves)) {
    IRMapping mapping;
    mapping.map(move.getOwner()->getOperand(0), source);
    source =
        b.clone(*move.getOwner(), mapping)->getResult(move.getResultNumber());
    source.setType(cast<RankedTensorType>(source.getType()).clone(element));
  }
  return source;
}

InputBits bnn::createInputBits(OpBuilder &b, Location loc,
                               const BinaryInput &in) {
  int64_t columns =
      cast<RankedTensorType>(in.input.getType()).getShape().back();
  Value shift;
  if (!in.shift.empty())
    shift = constantTensor(b, loc, in.shift, columns);
  SmallVector<Value> outs = {emptyRows(b, loc, in.input, columns, in.element)};
  auto scalar = [&](float value) -> Value {
    return b.create<arith::ConstantOp>(loc, b.getF32FloatAttr(value));
  };
  if (in.element.getWidth() > 1) {
    Value minimum = in.minimum != 0 ? scalar(in.minimum) : Value();
    auto op = b.create<QuantizeOp>(loc, TypeRange(ValueRange(outs)), in.input,
                                   shift, scalar(in.step), minimum,
                                   /*zero_point=*/Value(), outs);
    return {op.getResult(0), Value()};
  }
  FloatAttr threshold;
  const bool hasZeros = in.element.getIsSigned() && in.zero == ZeroPolicy::Zero;
  if (!in.element.getIsSigned())
    threshold = b.getF32FloatAttr(in.threshold);
  else if (hasZeros)
    outs.push_back(emptyRows(b, loc, in.input, columns,
                             BitsType::get(b.getContext(), false, 1)));
  auto op =
      b.create<BinarizeOp>(loc, TypeRange(ValueRange(outs)), in.input, shift,
                           outs, threshold, in.zero, in.nanPositive);
  return {op.getResult(0), hasZeros ? op.getResult(1) : Value()};
}
