//===- SymbolicDim.h - A dimension as a sum of products ---------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <map>
#include <optional>
#include <vector>

namespace mlir::bnn::onnx {
/// A dimension: a sum of products of symbols with integer coefficients, in a
/// canonical form, so that equal expressions compare equal. A symbol is a
/// dimension of a function argument or a quantity nothing is known about.
/// Symbols are not negative.
class SymbolicDim {
public:
  SymbolicDim(int64_t constant = 0) {
    if (constant)
      terms[{}] = constant;
  }
  /// The dimension that the symbol `id` of a SymbolicShapes stands for.
  static SymbolicDim symbol(unsigned id) {
    SymbolicDim result;
    result.terms[{id}] = 1;
    return result;
  }

  /// The value, if it does not depend on a symbol.
  std::optional<int64_t> getConstant() const;
  /// Whether the value is this constant.
  bool is(int64_t constant) const { return getConstant() == constant; }
  /// The symbol, if the dimension is nothing but one symbol.
  std::optional<unsigned> getSymbol() const;
  /// Whether the value cannot be negative because no coefficient is.
  bool isNonNegative() const;

  bool operator==(const SymbolicDim &other) const {
    return terms == other.terms;
  }
  bool operator!=(const SymbolicDim &other) const { return !(*this == other); }
  bool operator<(const SymbolicDim &other) const { return terms < other.terms; }

  /// Visits the products that it is the sum of: the symbols of each, sorted,
  /// and its coefficient, which is not 0.
  void forEachTerm(
      llvm::function_ref<void(llvm::ArrayRef<unsigned>, int64_t)> visit) const {
    for (const auto &[symbols, coefficient] : terms)
      visit(symbols, coefficient);
  }

  /// Arithmetic; nothing where a coefficient would overflow, or
  /// where there would be too many terms or factors.
  std::optional<SymbolicDim> plus(const SymbolicDim &other) const;
  std::optional<SymbolicDim> times(const SymbolicDim &other) const;
  std::optional<SymbolicDim> minus(const SymbolicDim &other) const;
  /// The quotient if `other` is a single product that divides every term.
  std::optional<SymbolicDim> dividedBy(const SymbolicDim &other) const;

private:
  friend class SymbolicShapes;
  /// Adds a product; fails where its coefficient would overflow.
  bool addTerm(const std::vector<unsigned> &symbols, int64_t coefficient);
  /// This, unless it has too many terms.
  std::optional<SymbolicDim> ifShort() const;

  // The sorted symbols of a product -> its coefficient, never 0.
  std::map<std::vector<unsigned>, int64_t> terms;
};
} // namespace mlir::bnn::onnx
