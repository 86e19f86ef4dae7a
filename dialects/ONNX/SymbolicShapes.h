//===- SymbolicShapes.h - Shapes as sums of symbols -------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is known at compile time about the shapes of a graph with dynamic
// dimensions.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/ONNX/ONNXDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <map>
#include <optional>
#include <string>
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

  /// Arithmetic; nothing where a coefficient would overflow.
  std::optional<SymbolicDim> plus(const SymbolicDim &other) const;
  std::optional<SymbolicDim> times(const SymbolicDim &other) const;
  std::optional<SymbolicDim> minus(const SymbolicDim &other) const;
  /// The quotient if `other` is a single product that divides every term.
  std::optional<SymbolicDim> dividedBy(const SymbolicDim &other) const;

private:
  friend class SymbolicShapes;
  // The sorted symbols of a product -> its coefficient, never 0.
  std::map<std::vector<unsigned>, int64_t> terms;
};

/// The first element that ONNX's Slice takes of an axis of `size` elements;
/// `count` is set to the number it takes. `step` is not 0.
int64_t sliceBounds(int64_t size, int64_t start, int64_t end, int64_t step,
                    int64_t &count);

/// The shape of every value of a function of onnx operations and, for integer
/// tensors of rank 0 or 1 that take part in shape arithmetic, their elements.
/// Symbols are named by the arguments' `onnx.dims`: two arguments' dimensions
/// of the same name are the same.
class SymbolicShapes {
public:
  /// What is known about one value.
  struct Fact {
    std::optional<llvm::SmallVector<SymbolicDim>> shape;
    std::optional<llvm::SmallVector<SymbolicDim>> elements;
  };

  /// Knows only the function's arguments until run() or visit(). The function
  /// has a body of one block.
  explicit SymbolicShapes(mlir::func::FuncOp func);

  /// Visits every operation in order. Fails, with an error at the operation,
  /// when shapes contradict each other.
  mlir::LogicalResult run();
  /// Computes (again) what is known about the results of `op`.
  mlir::LogicalResult visit(mlir::Operation *op);
  /// Must be called before an operation is erased.
  void forget(mlir::Operation *op);
  /// Notes that `to` replaces `from`, which has the same shape and elements.
  void copy(mlir::Value from, mlir::Value to);

  /// The dimensions of a value; nothing if its rank is unknown.
  std::optional<llvm::ArrayRef<SymbolicDim>> shapeOf(mlir::Value value) const;
  /// The elements of an integer or boolean tensor of rank 0 or 1.
  std::optional<llvm::ArrayRef<SymbolicDim>>
  elementsOf(mlir::Value value) const;
  /// Whether the two values provably have the same shape at run time.
  bool haveSameShape(mlir::Value a, mlir::Value b) const;
  /// The shape that numpy's rules give, or nothing if the shapes clash.
  std::optional<llvm::SmallVector<SymbolicDim>>
  broadcast(llvm::ArrayRef<SymbolicDim> a, llvm::ArrayRef<SymbolicDim> b);

  // Arithmetic. A result that is no sum of products is a symbol of its own.
  SymbolicDim add(const SymbolicDim &a, const SymbolicDim &b);
  SymbolicDim subtract(const SymbolicDim &a, const SymbolicDim &b);
  SymbolicDim multiply(const SymbolicDim &a, const SymbolicDim &b);
  /// Rounded down.
  SymbolicDim divide(const SymbolicDim &a, const SymbolicDim &b);
  SymbolicDim product(llvm::ArrayRef<SymbolicDim> dims);
  /// A symbol that nothing is known about.
  SymbolicDim fresh();
  /// The smaller of two dimensions, neither of which is negative.
  SymbolicDim minimum(const SymbolicDim &a, const SymbolicDim &b);
  /// The two that `dim` is the minimum() of, if it is one.
  std::optional<std::pair<SymbolicDim, SymbolicDim>>
  minimumOf(const SymbolicDim &dim) const;

  /// The value's type with every dimension that is known filled in.
  mlir::Type refinedType(mlir::Value value) const;
  /// Sets the type of every onnx operation's results, and the function's result
  /// types to those of what it returns.
  void refineTypes();

  /// The dimension in words: "12", "seq", "2*batch*seq".
  std::string str(const SymbolicDim &dim) const;
  /// Visits the products that the dimension is the sum of: each one's
  /// coefficient and the names of its symbols. A broadcast of an argument's
  /// dimension counts as that dimension. What nothing is known about begins
  /// with '?' or is a call.
  void forEachProduct(
      const SymbolicDim &dim,
      llvm::function_ref<void(int64_t, llvm::ArrayRef<llvm::StringRef>)> visit)
      const;

private:
  using Dims = llvm::SmallVector<SymbolicDim>;

  SymbolicDim named(llvm::StringRef name);
  SymbolicDim opaque(llvm::StringRef op, const SymbolicDim &a,
                     const SymbolicDim &b);
  /// What two dimensions that may be 1 are broadcast to.
  SymbolicDim join(const SymbolicDim &a, const SymbolicDim &b);
  /// Whether the dimension is certainly 1 or more: those of arguments are.
  bool isPositive(const SymbolicDim &dim) const;
  /// Whether `dim` is a minimum of `bound`, perhaps among others.
  bool isAtMost(const SymbolicDim &dim, const SymbolicDim &bound) const;

  mlir::LogicalResult meetType(mlir::OpResult result, Fact &fact);

  mlir::func::FuncOp func;
  std::vector<std::string> names;
  std::map<std::pair<bool, std::string>, unsigned> idOf;
  llvm::DenseSet<unsigned> isNamed; ///< Symbols that arguments' dims name.
  std::map<unsigned, std::vector<SymbolicDim>> joined; ///< By join(); sorted.
  /// Symbols below this are dimensions of arguments.
  unsigned numArgumentSymbols = 0;
  /// The symbols that are minima, and of what.
  std::map<unsigned, std::pair<SymbolicDim, SymbolicDim>> minima;
  llvm::DenseMap<mlir::Value, Fact> facts;
};
} // namespace mlir::bnn::onnx
