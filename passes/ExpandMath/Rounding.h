//===- Rounding.h - To whole numbers, for floats of any width ---*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// By a builder that has `f`, `abs`, `withSign` and `kWhole`, from which on its
// numbers have no fraction.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "passes/ExpandMath/FloatBuilder.h"

namespace mlir::bnn {

/// The integer nearest to x, half to even, for x >= 0 or NaN: below kWhole,
/// adding it rounds the fraction away.
template <typename Builder>
mlir::Value roundEvenMagnitude(Builder &m, mlir::Value x) {
  mlir::Value big = m.f(Builder::kWhole);
  return m.select(m.lt(x, big), m.sub(m.add(x, big), big), x);
}

/// The largest integer not above x, for x >= 0 or NaN.
template <typename Builder>
mlir::Value truncMagnitude(Builder &m, mlir::Value x) {
  mlir::Value r = roundEvenMagnitude(m, x);
  return m.select(m.gt(r, x), m.sub(r, m.f(1)), r);
}

template <typename Builder>
mlir::Value expandRoundEven(Builder &m, mlir::Value x) {
  return m.withSign(roundEvenMagnitude(m, m.abs(x)), x);
}

template <typename Builder> mlir::Value expandTrunc(Builder &m, mlir::Value x) {
  return m.withSign(truncMagnitude(m, m.abs(x)), x);
}

template <typename Builder> mlir::Value expandFloor(Builder &m, mlir::Value x) {
  mlir::Value r = expandTrunc(m, x);
  return m.select(m.gt(r, x), m.sub(r, m.f(1)), r);
}

/// From -1 to 0 it is -0, which is not less than x.
template <typename Builder> mlir::Value expandCeil(Builder &m, mlir::Value x) {
  mlir::Value r = expandTrunc(m, x);
  return m.select(m.lt(r, x), m.add(r, m.f(1)), r);
}

} // namespace mlir::bnn
