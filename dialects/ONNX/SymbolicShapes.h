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
#include "dialects/ONNX/Requirement.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mlir::bnn::onnx {
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
  /// Element `i` of a list of sizes, which is a symbol of its own unless it is
  /// known.
  SymbolicDim elementOf(mlir::Value list, int64_t i);

  /// What a symbol is that arithmetic made.
  struct Definition {
    enum Kind { Add, Subtract, Multiply, Divide, Minimum, Broadcast } kind;
    /// Two, or for Broadcast two or more, sorted.
    std::vector<SymbolicDim> operands;

    bool operator<(const Definition &other) const {
      return std::tie(kind, operands) < std::tie(other.kind, other.operands);
    }
  };
  /// The definition of a symbol, or null.
  const Definition *definitionOf(unsigned symbol) const;
  /// Where the value of any other symbol can be read: a dimension of a tensor,
  /// or an element of a list (of a scalar, if the position is 0).
  struct Source {
    mlir::Value value;
    int64_t position;
    bool isElement;
  };
  std::optional<Source> sourceOf(unsigned symbol) const;

  /// What `op` needs, according to the last visit(), that is not known to hold.
  llvm::ArrayRef<Requirement> requirementsOf(mlir::Operation *op) const;
  /// Whether what is required certainly holds, or certainly does not.
  std::optional<bool> decide(const Requirement &requirement) const;

  /// The value's type with every dimension that is known filled in.
  mlir::Type refinedType(mlir::Value value) const;
  /// Sets the type of every onnx operation's results, and the function's result
  /// types to those of what it returns.
  void refineTypes();

  /// The dimension in words, for people: "12", "seq", "2*batch*seq". Different
  /// dimensions may read the same, since names are any text.
  std::string str(const SymbolicDim &dim) const;
  /// The name of the argument's dimension that this one provably is, or
  /// nothing.
  std::optional<llvm::StringRef> argumentName(const SymbolicDim &dim) const;
  /// Visits the products that the dimension is the sum of: each one's
  /// coefficient and the names of its symbols. A broadcast of an argument's
  /// dimension counts as that dimension. What nothing is known about begins
  /// with '?' or is a call.
  void forEachProduct(
      const SymbolicDim &dim,
      llvm::function_ref<void(int64_t, llvm::ArrayRef<llvm::StringRef>)> visit)
      const;

private:
  friend class ShapeInference;
  using Dims = llvm::SmallVector<SymbolicDim>;

  SymbolicDim named(llvm::StringRef name);
  SymbolicDim define(Definition::Kind kind, std::vector<SymbolicDim> operands);
  /// What two dimensions that may be 1 are broadcast to.
  SymbolicDim join(const SymbolicDim &a, const SymbolicDim &b);
  /// Whether the dimension is certainly 1 or more: those of arguments are.
  bool isPositive(const SymbolicDim &dim) const;
  /// Whether the dimension cannot be negative even if elements of lists are.
  bool isNeverNegative(const SymbolicDim &dim) const;
  /// A lower bound of a dimension that is certainly 1 or more.
  int64_t leastOf(const SymbolicDim &dim) const;
  /// What the dimension is a broadcast of, sorted; at least itself.
  std::vector<SymbolicDim> partsOf(const SymbolicDim &dim) const;
  /// Whether one of two broadcasts is of some of what the other is of, and so
  /// fits it: that the parts fit each other is required already.
  bool isPartOf(const SymbolicDim &part, const SymbolicDim &whole) const;
  /// Whether `dim` is a minimum of `bound`, perhaps among others.
  bool isAtMost(const SymbolicDim &dim, const SymbolicDim &bound) const;

  mlir::LogicalResult meetType(mlir::OpResult result, Fact &fact);
  void nameSources(mlir::OpResult result, const Fact &fact);
  /// Notes what `op` needs, unless it is known to hold; false if it is known
  /// not to.
  bool require(mlir::Operation *op, const Requirement &requirement);

  mlir::func::FuncOp func;
  std::vector<std::string> names;
  std::map<std::string, unsigned> idOfName;
  std::map<Definition, unsigned> idOfDefinition;
  /// Of the symbols that have one: keys of idOfDefinition.
  llvm::DenseMap<unsigned, const Definition *> definitions;
  llvm::DenseSet<unsigned> isNamed; ///< Symbols that arguments' dims name.
  /// Symbols below this are dimensions of arguments.
  unsigned numArgumentSymbols = 0;
  llvm::DenseMap<unsigned, Source> sources;
  llvm::DenseMap<std::pair<mlir::Value, int64_t>, unsigned> elementSymbols;
  // Each stays where it is: shapeOf() and elementsOf() refer to it.
  llvm::DenseMap<mlir::Value, std::unique_ptr<Fact>> facts;
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<Requirement, 0>>
      requirements;
};
} // namespace mlir::bnn::onnx
