//===- SymbolicDim.cpp - Arithmetic on dimensions -------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/ONNX/SymbolicDim.h"

using namespace mlir;

namespace mlir::bnn::onnx {
std::optional<int64_t> SymbolicDim::getConstant() const {
  if (terms.empty())
    return 0;
  if (terms.size() == 1 && terms.begin()->first.empty())
    return terms.begin()->second;
  return std::nullopt;
}

std::optional<unsigned> SymbolicDim::getSymbol() const {
  if (terms.size() == 1 && terms.begin()->first.size() == 1 &&
      terms.begin()->second == 1)
    return terms.begin()->first.front();
  return std::nullopt;
}

bool SymbolicDim::isNonNegative() const {
  return llvm::all_of(terms, [](const auto &term) { return term.second > 0; });
}

// Arithmetic on dimensions that a file asks for can have more terms than there
// is memory; shapes of real models have a few.
static constexpr size_t kMaxTerms = 64, kMaxDegree = 16;

bool SymbolicDim::addTerm(const std::vector<unsigned> &symbols,
                          int64_t coefficient) {
  int64_t &sum = terms[symbols];
  if (__builtin_add_overflow(sum, coefficient, &sum))
    return false;
  if (sum == 0)
    terms.erase(symbols);
  return true;
}

std::optional<SymbolicDim> SymbolicDim::ifShort() const {
  return terms.size() <= kMaxTerms ? std::optional(*this) : std::nullopt;
}

std::optional<SymbolicDim> SymbolicDim::plus(const SymbolicDim &other) const {
  SymbolicDim result = *this;
  for (const auto &[symbols, coefficient] : other.terms)
    if (!result.addTerm(symbols, coefficient))
      return std::nullopt;
  return result.ifShort();
}

std::optional<SymbolicDim> SymbolicDim::times(const SymbolicDim &other) const {
  SymbolicDim result;
  for (const auto &[left, a] : terms)
    for (const auto &[right, b] : other.terms) {
      if (left.size() + right.size() > kMaxDegree)
        return std::nullopt;
      std::vector<unsigned> symbols;
      std::merge(left.begin(), left.end(), right.begin(), right.end(),
                 std::back_inserter(symbols));
      int64_t coefficient;
      if (__builtin_mul_overflow(a, b, &coefficient) ||
          !result.addTerm(symbols, coefficient))
        return std::nullopt;
    }
  return result.ifShort();
}

std::optional<SymbolicDim> SymbolicDim::minus(const SymbolicDim &other) const {
  std::optional<SymbolicDim> negative = other.times(SymbolicDim(-1));
  if (!negative)
    return std::nullopt;
  return plus(*negative);
}

std::optional<SymbolicDim>
SymbolicDim::dividedBy(const SymbolicDim &other) const {
  if (other.terms.size() != 1)
    return std::nullopt;
  const auto &[divisorSymbols, divisor] = *other.terms.begin();
  if (divisor == -1)
    return std::nullopt;
  SymbolicDim result;
  for (const auto &[symbols, coefficient] : terms) {
    if (coefficient % divisor != 0 ||
        !std::includes(symbols.begin(), symbols.end(), divisorSymbols.begin(),
                       divisorSymbols.end()))
      return std::nullopt;
    std::vector<unsigned> rest;
    std::set_difference(symbols.begin(), symbols.end(), divisorSymbols.begin(),
                        divisorSymbols.end(), std::back_inserter(rest));
    result.terms[rest] = coefficient / divisor;
  }
  return result;
}
} // namespace mlir::bnn::onnx
