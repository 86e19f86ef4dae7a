//===- DimBounds.cpp - How large dimensions can be ------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/ONNX/DimBounds.h"
#include "dialects/ONNX/ConstantView.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "llvm/ADT/SetVector.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::bnn::onnx;

namespace {
// Larger bounds are of no use to anyone.
constexpr int64_t kLargest = int64_t(1) << 17;
constexpr unsigned kMaxDepth = 64;

/// Dimensions as numbers, for one size of the symbol that they depend on.
class Instance {
public:
  Instance(const SymbolicShapes &shapes, unsigned symbol, int64_t size)
      : shapes(shapes), values{{symbol, size}} {}

  /// The value; nothing where it does not fit, or is no sum.
  std::optional<int64_t> of(const SymbolicDim &dim) {
    int64_t sum = 0;
    bool fits = true;
    dim.forEachTerm([&](ArrayRef<unsigned> symbols, int64_t product) {
      for (unsigned symbol : symbols) {
        std::optional<int64_t> factor = of(symbol);
        fits = fits && factor &&
               !__builtin_mul_overflow(product, *factor, &product);
      }
      fits = fits && !__builtin_add_overflow(sum, product, &sum);
    });
    return fits ? std::optional(sum) : std::nullopt;
  }

private:
  std::optional<int64_t> of(unsigned symbol) {
    auto it = values.find(symbol);
    if (it != values.end())
      return it->second;
    const SymbolicShapes::Definition *definition = shapes.definitionOf(symbol);
    if (!definition)
      return std::nullopt;
    std::optional<int64_t> value = compute(*definition);
    values[symbol] = value;
    return value;
  }

  std::optional<int64_t> compute(const SymbolicShapes::Definition &definition) {
    using Definition = SymbolicShapes::Definition;
    SmallVector<int64_t> operands;
    for (const SymbolicDim &operand : definition.operands) {
      std::optional<int64_t> value = of(operand);
      if (!value)
        return std::nullopt;
      operands.push_back(*value);
    }
    int64_t result = operands[0];
    switch (definition.kind) {
    case Definition::Add:
      if (__builtin_add_overflow(operands[0], operands[1], &result))
        return std::nullopt;
      return result;
    case Definition::Subtract:
      if (__builtin_sub_overflow(operands[0], operands[1], &result))
        return std::nullopt;
      return result;
    case Definition::Minimum:
      return std::min(operands[0], operands[1]);
    case Definition::Broadcast:
      for (int64_t operand : operands)
        result = result == 1 ? operand : result;
      return result;
    case Definition::Multiply:
    case Definition::Divide:
      return std::nullopt;
    }
    llvm_unreachable("a kind of definition");
  }

  const SymbolicShapes &shapes;
  llvm::SmallDenseMap<unsigned, std::optional<int64_t>> values;
};

/// Whether it holds; nothing where that is not known.
std::optional<bool> holds(const Requirement &requirement, Instance instance) {
  std::optional<int64_t> left = instance.of(requirement.left),
                         right = instance.of(requirement.right);
  if (!left || !right)
    return std::nullopt;
  switch (requirement.kind) {
  case Requirement::Equal:
    return left == right;
  case Requirement::Broadcast:
    return left == right || left == 1 || right == 1;
  case Requirement::BroadcastTo:
    return left == right || left == 1;
  case Requirement::AtMost:
    return *left <= *right;
  case Requirement::Multiple:
  case Requirement::InRange:
    return std::nullopt;
  }
  llvm_unreachable("a kind of requirement");
}

/// The one integer that a constant holds.
std::optional<int64_t> constantInteger(Value value) {
  std::optional<SmallVector<int64_t>> list = getConstantIntegers(value);
  if (!list || list->size() != 1)
    return std::nullopt;
  return list->front();
}
/// Whether every element is 0 or 1: a boolean as a number, or an argument of
/// integers, which is a mask where its ones are counted.
bool isMask(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    // Ones that are counted are numbers from 1 on.
    if (auto filled = dyn_cast<ConstantOfShapeOp>(op)) {
      auto view = ConstantView::get(filled.getValue());
      return view && isa<IntegerType>(view->getElementType()) &&
             view->getNumElements() == 1 &&
             (view->getInteger(0) == 0 || view->getInteger(0) == 1);
    }
    if (!isa<CastOp, IdentityOp, UnsqueezeOp, SqueezeOp, ReshapeOp, ExpandOp>(
            op))
      return constantInteger(value) == 1;
    value = op->getOperand(0);
    if (getElementTypeOrSelf(value.getType()).isInteger(1))
      return true;
  }
  return getElementTypeOrSelf(value.getType()).isInteger();
}

/// What the first element of each row is, where rows count up by one from it.
std::optional<int64_t> startOfCount(Value value) {
  std::optional<ConstantView> view = ConstantView::get(value);
  if (!view || view->getType().getRank() == 0 || view->getNumElements() == 0 ||
      !isa<IntegerType>(view->getElementType()))
    return std::nullopt;
  const int64_t columns = view->getType().getShape().back();
  const int64_t first = view->getInteger(0);
  for (int64_t i = 0; i < view->getNumElements(); ++i)
    if (view->getInteger(i) != first + i % columns)
      return std::nullopt;
  return first;
}
} // namespace

/// The largest element of the first ones of a buffer of positions.
std::optional<SymbolicDim> DimBounds::largestOfSlice(SliceOp op) {
  std::optional<int64_t> first = startOfCount(op.getData());
  auto shape = shapes.shapeOf(op.getOutput());
  auto starts = getConstantIntegers(op.getStarts());
  if (!first || !shape || shape->empty() || !starts ||
      llvm::any_of(*starts, [](int64_t start) { return start != 0; }))
    return std::nullopt;
  if (!isa<NoneType>(op.getSteps().getType())) {
    auto steps = getConstantIntegers(op.getSteps());
    if (!steps || llvm::any_of(*steps, [](int64_t step) { return step != 1; }))
      return std::nullopt;
  }
  return shape->back().plus(*first - 1);
}

/// The largest element of a list of indices, in terms of dimensions.
std::optional<SymbolicDim> DimBounds::largestElement(Value value,
                                                     unsigned depth) {
  Operation *op = value.getDefiningOp();
  if (!op || depth == kMaxDepth)
    return std::nullopt;
  if (auto slice = dyn_cast<SliceOp>(op))
    if (std::optional<SymbolicDim> most = largestOfSlice(slice))
      return most;
  if (auto sub = dyn_cast<SubOp>(op)) {
    std::optional<int64_t> constant = constantInteger(sub.getOperand(1));
    std::optional<SymbolicDim> most =
        constant ? largestElement(sub.getOperand(0), depth + 1) : std::nullopt;
    return most ? most->minus(*constant) : std::nullopt;
  }
  if (isa<CastOp, IdentityOp, UnsqueezeOp, SqueezeOp, ReshapeOp, ExpandOp,
          TransposeOp, SliceOp>(op))
    return largestElement(op->getOperand(0), depth + 1);
  if (auto range = dyn_cast<RangeOp>(op)) {
    auto limit = shapes.elementsOf(range.getLimit());
    if (!limit || limit->size() != 1 || constantInteger(range.getDelta()) != 1)
      return std::nullopt;
    return limit->front().minus(1);
  }
  if (auto add = dyn_cast<AddOp>(op)) {
    for (auto [one, other] : {std::pair(add.getOperand(0), add.getOperand(1)),
                              std::pair(add.getOperand(1), add.getOperand(0))})
      if (std::optional<int64_t> constant = constantInteger(other)) {
        std::optional<SymbolicDim> most = largestElement(one, depth + 1);
        return most ? most->plus(*constant) : std::nullopt;
      }
    return std::nullopt;
  }
  // What is masked out is 0, and the rest stays.
  if (auto mul = dyn_cast<MulOp>(op)) {
    if (isMask(mul.getOperand(1)))
      return largestElement(mul.getOperand(0), depth + 1);
    if (isMask(mul.getOperand(0)))
      return largestElement(mul.getOperand(1), depth + 1);
    return std::nullopt;
  }
  if (auto sum = dyn_cast<CumSumOp>(op)) {
    auto shape = shapes.shapeOf(sum->getResult(0));
    if (!shape || shape->empty() || !isMask(sum->getOperand(0)))
      return std::nullopt;
    int64_t axis = sum.getAxis();
    axis += axis < 0 ? int64_t(shape->size()) : 0;
    if (axis < 0 || axis >= int64_t(shape->size()))
      return std::nullopt;
    return (*shape)[axis];
  }
  return std::nullopt;
}

std::optional<unsigned>
DimBounds::onlySymbol(ArrayRef<SymbolicDim> dims) const {
  llvm::SetVector<unsigned> symbols;
  auto add = [&](const SymbolicDim &dim) {
    dim.forEachTerm([&](ArrayRef<unsigned> factors, int64_t) {
      symbols.insert(factors.begin(), factors.end());
    });
  };
  llvm::for_each(dims, add);
  std::optional<unsigned> only;
  // The list grows as it is read.
  for (size_t i = 0; i < symbols.size(); ++i) {
    if (const auto *definition = shapes.definitionOf(symbols[i])) {
      llvm::for_each(definition->operands, add);
      continue;
    }
    if (only || !shapes.argumentName(SymbolicDim::symbol(symbols[i])))
      return std::nullopt;
    only = symbols[i];
  }
  return only;
}

void DimBounds::add(const Requirement &given) {
  Requirement requirement = given;
  if (given.kind == Requirement::InRange) {
    std::optional<SymbolicDim> most = largestElement(given.indices, 0);
    std::optional<SymbolicDim> count = most ? most->plus(1) : std::nullopt;
    if (!count)
      return;
    requirement = {Requirement::AtMost, *count, given.right};
  }
  std::optional<unsigned> symbol =
      onlySymbol({requirement.left, requirement.right});
  if (!symbol)
    return;
  auto holdsFor = [&](int64_t size) {
    --trials;
    return holds(requirement, Instance(shapes, *symbol, size));
  };
  // Sums and minima are lines beyond some size: what holds nowhere there, holds
  // nowhere behind it.
  for (int64_t size = int64_t(1) << 30; size > kLargest; size /= 2)
    if (holdsFor(size) != false || holdsFor(size - 1) != false)
      return;
  auto [known, isNew] = bounds.try_emplace(
      *shapes.argumentName(SymbolicDim::symbol(*symbol)), kLargest);
  int64_t size = known->second;
  while (trials > 0 && size > 1 && holdsFor(size) == false)
    --size;
  if (trials > 0)
    known->second = size;
}

DictionaryAttr DimBounds::get(MLIRContext *context) const {
  NamedAttrList list;
  Builder b(context);
  for (const auto &entry : bounds)
    if (entry.second < kLargest)
      list.set(entry.getKey(), b.getI64IntegerAttr(entry.second));
  return list.getDictionary(context);
}
