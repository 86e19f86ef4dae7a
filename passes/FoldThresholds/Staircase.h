//===- Staircase.h - Rounded lines through steps ----------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/Support/LLVM.h"
#include <optional>

namespace mlir::bnn {

/// A function of an i32 x to the integers from `least` to `most`: fma(x, slope,
/// offset), brought into that range and rounded, half to even, in f32.
struct RoundedLine {
  float slope = 0, offset = 0;
  int8_t least = 0, most = 0;

  int8_t operator()(int32_t x) const;
};

/// A rounded line that has the value steps[i] for first + i, for all i, within
/// `least` to `most` or, if that is impossible, within the values' own range;
/// nothing if the steps are those of no line. Every value is compared.
std::optional<RoundedLine> fitLine(llvm::ArrayRef<int8_t> steps, int32_t first,
                                   int8_t least, int8_t most);

} // namespace mlir::bnn
