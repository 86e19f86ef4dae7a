//===- Requirement.cpp - Whether a requirement is known to hold -----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/ONNX/Requirement.h"
#include "dialects/ONNX/SymbolicShapes.h"

using namespace mlir;

namespace mlir::bnn::onnx {
bool SymbolicShapes::isNeverNegative(const SymbolicDim &dim) const {
  if (!dim.isNonNegative())
    return false;
  bool result = true;
  dim.forEachTerm([&](ArrayRef<unsigned> symbols, int64_t) {
    for (unsigned id : symbols) {
      const Definition *definition = definitionOf(id);
      std::optional<Source> source = sourceOf(id);
      if (definition ? definition->kind == Definition::Subtract ||
                           !llvm::all_of(definition->operands,
                                         [&](const SymbolicDim &operand) {
                                           return isNeverNegative(operand);
                                         })
                     : !source || source->isElement)
        result = false;
    }
  });
  return result;
}

int64_t SymbolicShapes::leastOf(const SymbolicDim &dim) const {
  // Dimensions of arguments are 1 or more.
  int64_t sum = 0;
  for (const auto &[symbols, coefficient] : dim.terms)
    if (__builtin_add_overflow(sum, coefficient, &sum))
      return 1;
  return sum;
}

bool SymbolicShapes::isPartOf(const SymbolicDim &part,
                              const SymbolicDim &whole) const {
  std::vector<SymbolicDim> inner = partsOf(part), outer = partsOf(whole);
  return std::includes(outer.begin(), outer.end(), inner.begin(), inner.end());
}

std::optional<bool>
SymbolicShapes::decide(const Requirement &requirement) const {
  const SymbolicDim &left = requirement.left, &right = requirement.right;
  std::optional<int64_t> a = left.getConstant(), b = right.getConstant();
  std::optional<SymbolicDim> difference = right.minus(left);
  std::optional<int64_t> distance =
      difference ? difference->getConstant() : std::nullopt;
  std::optional<bool> unknown;
  switch (requirement.kind) {
  case Requirement::Equal:
    return distance ? *distance == 0 : unknown;
  case Requirement::Broadcast:
    if (a == 1 || b == 1 || isPartOf(left, right) || isPartOf(right, left))
      return true;
    return a && b ? a == b : unknown;
  case Requirement::BroadcastTo:
    if (a == 1 || isPartOf(left, right))
      return true;
    return a && b ? a == b : unknown;
  case Requirement::AtMost:
    if (distance)
      return *distance >= 0;
    if (isAtMost(left, right) || (difference && isNeverNegative(*difference)) ||
        (a && isPositive(right) && *a <= leastOf(right)))
      return true;
    return unknown;
  case Requirement::Multiple:
    if (a && b)
      return *b != 0 && *a % *b == 0;
    if (b == 0)
      return false;
    if ((b || isPositive(right)) && left.dividedBy(right))
      return true;
    return unknown;
  case Requirement::InRange:
    return unknown;
  }
  llvm_unreachable("a kind of requirement");
}

bool SymbolicShapes::require(Operation *op, const Requirement &requirement) {
  std::optional<bool> holds = decide(requirement);
  if (!holds)
    requirements[op].push_back(requirement);
  return holds.value_or(true);
}

ArrayRef<Requirement> SymbolicShapes::requirementsOf(Operation *op) const {
  auto it = requirements.find(op);
  if (it == requirements.end())
    return {};
  return it->second;
}
} // namespace mlir::bnn::onnx
