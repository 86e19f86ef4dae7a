//===- DimensionBuilder.h - Symbolic dimensions at run time -----*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialects/ONNX/SymbolicShapes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::bnn {

/// The tensors that the given dimensions are read from at run time. Fails where
/// one depends on a quantity that is no dimension or element of any.
llvm::FailureOr<llvm::SetVector<mlir::Value>>
sourcesOf(llvm::ArrayRef<onnx::SymbolicDim> dims,
          const onnx::SymbolicShapes &shapes);

/// Computes dimensions at one place, where all that they are read from is
/// available.
class DimensionBuilder {
public:
  DimensionBuilder(mlir::ImplicitLocOpBuilder &b,
                   const onnx::SymbolicShapes &shapes)
      : b(b), shapes(shapes) {}

  /// The dimension, an index. Each of its symbols has a source or a definition.
  mlir::Value build(const onnx::SymbolicDim &dim);

private:
  mlir::Value build(unsigned symbol);
  mlir::Value read(const onnx::SymbolicShapes::Source &source);
  mlir::Value compute(const onnx::SymbolicShapes::Definition &definition);

  mlir::ImplicitLocOpBuilder &b;
  const onnx::SymbolicShapes &shapes;
  llvm::DenseMap<unsigned, mlir::Value> values;
};

} // namespace mlir::bnn
