//===- Reciprocal.h - Quotients by products ---------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A quotient by a number that is known is nearly fma(x, high, x * low), where
// high + low is nearly the number's reciprocal: one rounding of what is off by
// less than 2^-46 of it (Brisebarre, Muller, Raina, "Accelerating correctly
// rounded floating-point division when the divisor is known in advance", IEEE
// Trans. Computers 53(8), 2004, which has the product and the sum in this
// order). Whether that is the quotient's own rounding is found out here for
// each number; nothing is taken for likely.
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstdint>
#include <optional>

namespace mlir::bnn {

/// 1 / d, nearly, as a sum: `high` is its rounding, `low` that of the rest.
struct Reciprocal {
  float high, low;
};

/// That of `divisor` where the integer nearest to fma(x, high, x * low), half
/// to even, is the one nearest to x / divisor, rounded to f32 before, for all x
/// of which it is at most `most` away from 0; nothing where that is not so, or
/// where `divisor` is not between 2^-100 and 2^100. `most` is at most 2^16.
std::optional<Reciprocal> getRoundingReciprocal(float divisor, int64_t most);

/// That of `divisor` where fma(x, high, x * low) is x / divisor for all x from
/// 2^-70 to 2^100, and their negatives; nothing where it is not, or where
/// `divisor` is not between 2^-20 and 2^20.
std::optional<Reciprocal> getExactReciprocal(float divisor);

} // namespace mlir::bnn
