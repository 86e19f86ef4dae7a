//===- FloatBuilder.h - Arithmetic on floats of one shape -------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"

namespace mlir::bnn {

/// Writes arithmetic on scalars, or on vectors of the shape of `like`.
/// Constants are splatted, so that a function is spelt once for every width and
/// computes the same bits in all of them.
class FloatBuilder {
public:
  FloatBuilder(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type like)
      : b(builder), loc(loc), like(like) {}

  template <typename Op> mlir::Value op(mlir::Value x, mlir::Value y) {
    return b.create<Op>(loc, x, y);
  }
  mlir::Value add(mlir::Value x, mlir::Value y) {
    return op<mlir::arith::AddFOp>(x, y);
  }
  mlir::Value sub(mlir::Value x, mlir::Value y) {
    return op<mlir::arith::SubFOp>(x, y);
  }
  mlir::Value mul(mlir::Value x, mlir::Value y) {
    return op<mlir::arith::MulFOp>(x, y);
  }
  mlir::Value div(mlir::Value x, mlir::Value y) {
    return op<mlir::arith::DivFOp>(x, y);
  }
  mlir::Value fma(mlir::Value x, mlir::Value y, mlir::Value z) {
    return b.create<mlir::math::FmaOp>(loc, x, y, z);
  }

  mlir::Value cmp(mlir::arith::CmpFPredicate predicate, mlir::Value x,
                  mlir::Value y) {
    return b.create<mlir::arith::CmpFOp>(loc, predicate, x, y);
  }
  /// False where either is NaN, as are gt and eq.
  mlir::Value lt(mlir::Value x, mlir::Value y) {
    return cmp(mlir::arith::CmpFPredicate::OLT, x, y);
  }
  mlir::Value gt(mlir::Value x, mlir::Value y) {
    return cmp(mlir::arith::CmpFPredicate::OGT, x, y);
  }
  mlir::Value eq(mlir::Value x, mlir::Value y) {
    return cmp(mlir::arith::CmpFPredicate::OEQ, x, y);
  }
  mlir::Value select(mlir::Value c, mlir::Value x, mlir::Value y) {
    return b.create<mlir::arith::SelectOp>(loc, c, x, y);
  }

protected:
  /// `element`, or vectors of it of the builder's shape.
  mlir::Type with(mlir::Type element) const {
    if (auto vector = mlir::dyn_cast<mlir::VectorType>(like))
      return vector.clone(element);
    return element;
  }
  mlir::Value constant(mlir::Type type, mlir::TypedAttr scalar) {
    if (auto vector = mlir::dyn_cast<mlir::VectorType>(type))
      scalar = mlir::DenseElementsAttr::get(vector, mlir::Attribute(scalar));
    return b.create<mlir::arith::ConstantOp>(loc, scalar);
  }
  /// Horner's rule by fma: coefficients from the highest power down, each made
  /// a constant by `make`.
  template <typename T, typename Make>
  mlir::Value horner(mlir::Value x, llvm::ArrayRef<T> coefficients, Make make) {
    mlir::Value p = make(coefficients.front());
    for (T c : coefficients.drop_front())
      p = fma(p, x, make(c));
    return p;
  }

  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type like;
};

} // namespace mlir::bnn
