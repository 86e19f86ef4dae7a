//===- FewValues.cpp - Tensors whose elements have two or three values ----===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What no step function describes may have few values all the same: a choice
// between numbers by any condition, signs times a mask, a sign with a dead
// zone. Such a tensor is computed as the model says, and its elements are bits
// then.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/TypeUtilities.h"
#include "passes/Raise/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;
using namespace mlir::bnn;

namespace {

// The numbers that an element may be, in order; NaN aside.
using Numbers = SmallVector<double, 4>;

constexpr size_t kMostNumbers = 8;
constexpr int kMostOperators = 12;

class Finder {
public:
  std::optional<Numbers> find(Value value, int depth = kMostOperators);

private:
  std::optional<Numbers> findNew(Value value, int depth);
  std::optional<Numbers> ofConstant(const onnx::ConstantView &view);
  std::optional<Numbers> ofOperator(Operation *op, int depth);

  llvm::DenseMap<Value, std::optional<Numbers>> found;
};

} // namespace

// Sorted, each once; nothing where there are too many, or one is not finite.
static std::optional<Numbers> inOrder(Numbers numbers) {
  if (!llvm::all_of(numbers, [](double x) { return std::isfinite(x); }))
    return std::nullopt;
  llvm::sort(numbers);
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  if (numbers.size() > kMostNumbers)
    return std::nullopt;
  return numbers;
}

std::optional<Numbers> Finder::ofConstant(const onnx::ConstantView &view) {
  const bool isFloat = isa<FloatType>(view.getElementType());
  Numbers numbers;
  for (int64_t i = 0, e = view.isSplat()
                              ? std::min<int64_t>(1, view.getNumElements())
                              : view.getNumElements();
       i < e; ++i) {
    const double element =
        isFloat ? view.getFloat(i) : static_cast<double>(view.getInteger(i));
    if (llvm::is_contained(numbers, element))
      continue;
    if (numbers.size() == kMostNumbers || std::isnan(element))
      return std::nullopt;
    numbers.push_back(element);
  }
  return inOrder(std::move(numbers));
}

// The result of an operator of two operands, in its own precision.
static double combine(Operation *op, double a, double b) {
  return llvm::TypeSwitch<Operation *, double>(op)
      .Case([&](onnx::AddOp) { return a + b; })
      .Case([&](onnx::SubOp) { return a - b; })
      .Case([&](onnx::MulOp) { return a * b; })
      .Case([&](onnx::MaxOp) { return std::max(a, b); })
      .Case([&](onnx::MinOp) { return std::min(a, b); })
      .Default([&](Operation *) { return a / b; });
}

static double map(Operation *op, double x) {
  return llvm::TypeSwitch<Operation *, double>(op)
      .Case([&](onnx::NegOp) { return -x; })
      .Case([&](onnx::AbsOp) { return std::fabs(x); })
      .Case([&](onnx::ReluOp) { return std::max(x, 0.0); })
      .Case([&](onnx::RoundOp) { return std::nearbyint(x); })
      .Case([&](onnx::SignOp) { return double(x > 0) - double(x < 0); })
      .Default([&](Operation *) { return x; });
}

std::optional<Numbers> Finder::ofOperator(Operation *op, int depth) {
  const bool isF32 = getElementTypeOrSelf(op->getResult(0).getType()).isF32();
  auto rounded = [&](double x) { return isF32 ? double(float(x)) : x; };
  auto of = [&](unsigned i) { return find(op->getOperand(i), depth - 1); };
  Numbers numbers;
  if (isa<onnx::WhereOp>(op)) {
    auto first = of(1), second = of(2);
    if (!first || !second)
      return std::nullopt;
    numbers = *first;
    llvm::append_range(numbers, *second);
    return inOrder(std::move(numbers));
  }
  if (isa<onnx::ConcatOp>(op)) {
    for (unsigned i = 0; i < op->getNumOperands(); ++i) {
      auto part = of(i);
      if (!part)
        return std::nullopt;
      llvm::append_range(numbers, *part);
    }
    return inOrder(std::move(numbers));
  }
  const bool isDivision = isa<onnx::DivOp>(op);
  if (isa<onnx::AddOp, onnx::SubOp, onnx::MulOp>(op) ||
      (isa<onnx::MaxOp, onnx::MinOp>(op) && op->getNumOperands() == 2) ||
      (isDivision && isF32)) {
    auto first = of(0), second = of(1);
    if (!first || !second)
      return std::nullopt;
    for (double a : *first)
      for (double b : *second)
        numbers.push_back(rounded(combine(op, a, b)));
    return inOrder(std::move(numbers));
  }
  if (auto sign = dyn_cast<onnx::SignOp>(op); sign && isF32) {
    auto in = of(0);
    if (!in)
      return Numbers{-1, 0, 1};
  }
  // A cast to integers cuts what is behind the point.
  const bool isWhole =
      isa<IntegerType>(getElementTypeOrSelf(op->getResult(0).getType()));
  if (!isa<onnx::NegOp, onnx::AbsOp, onnx::ReluOp, onnx::RoundOp, onnx::SignOp,
           onnx::CastOp, onnx::IdentityOp, onnx::ReshapeOp, onnx::TransposeOp,
           onnx::UnsqueezeOp, onnx::SqueezeOp, onnx::ExpandOp, onnx::SliceOp>(
          op))
    return std::nullopt;
  auto in = of(0);
  if (!in)
    return std::nullopt;
  for (double x : *in)
    numbers.push_back(isWhole ? std::trunc(map(op, x)) : rounded(map(op, x)));
  return inOrder(std::move(numbers));
}

std::optional<Numbers> Finder::findNew(Value value, int depth) {
  if (auto view = onnx::ConstantView::get(value))
    return ofConstant(*view);
  Type type = getElementTypeOrSelf(value.getType());
  if (type.isInteger(1))
    return Numbers{0, 1};
  Operation *op = value.getDefiningOp();
  // Integers of a few bits may wrap.
  if (!op || depth == 0 || op->getNumResults() != 1 ||
      !(type.isF32() || type.isInteger(32) || type.isInteger(64)))
    return std::nullopt;
  return ofOperator(op, depth);
}

std::optional<Numbers> Finder::find(Value value, int depth) {
  if (auto it = found.find(value); it != found.end())
    return it->second;
  std::optional<Numbers> result = findNew(value, depth);
  found[value] = result;
  return result;
}

std::optional<BinaryInput> bnn::matchFewValues(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.getElementType().isF32() || onnx::ConstantView::get(value))
    return std::nullopt;
  std::optional<Numbers> numbers = Finder().find(value);
  if (!numbers || numbers->size() < 2 || numbers->size() > 3)
    return std::nullopt;
  const double low = numbers->front(), high = numbers->back();
  const bool isSigned = low == -high;
  BinaryInput in;
  in.input = value;
  in.element = BitsType::get(value.getContext(), isSigned, 1);
  if (numbers->size() == 3) {
    if (!isSigned || (*numbers)[1] != 0)
      return std::nullopt;
    in.alpha = static_cast<float>(high);
    return in;
  }
  in.alpha = static_cast<float>(isSigned ? high : high - low);
  if (double(in.alpha) != (isSigned ? high : high - low) ||
      !std::isnormal(in.alpha))
    return std::nullopt;
  in.zero = ZeroPolicy::Positive;
  if (!isSigned) {
    in.minimum = in.threshold = static_cast<float>(low);
    in.zero = ZeroPolicy::Zero;
  }
  return in;
}
