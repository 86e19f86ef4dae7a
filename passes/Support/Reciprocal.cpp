//===- Reciprocal.cpp - Quotients by products -----------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/Support/Reciprocal.h"
#include "llvm/ADT/bit.h"
#include <cmath>

namespace mlir::bnn {

static Reciprocal reciprocalOf(float divisor) {
  const float high = 1.0f / divisor;
  // What is left is exact in one fma.
  return {high, std::fma(-high, divisor, 1.0f) / divisor};
}

static float timesReciprocal(float x, Reciprocal r) {
  return std::fma(x, r.high, x * r.low);
}

// As far from 0 as x and `steps` numbers further.
static float awayFrom(float x, int32_t steps) {
  return llvm::bit_cast<float>(llvm::bit_cast<int32_t>(x) + steps);
}

// The integers that the two round to differ only where x / divisor lies within
// two units in the last place of the middle between two integers, which is
// itself a number: further away, both are rounded to the same side of it. So
// much of x's own last places is eight of them, and all are tried. Negative
// ones are the same.
std::optional<Reciprocal> getRoundingReciprocal(float divisor, int64_t most) {
  if (!(divisor >= 0x1p-100f && divisor <= 0x1p100f))
    return std::nullopt;
  constexpr int32_t kNear = 8;
  const Reciprocal result = reciprocalOf(divisor);
  for (int64_t k = 0; k < most; ++k) {
    const float middle = (float(k) + 0.5f) * divisor;
    for (int32_t i = -kNear; i <= kNear; ++i) {
      const float x = awayFrom(middle, i);
      if (std::nearbyint(timesReciprocal(x, result)) !=
          std::nearbyint(x / divisor))
        return std::nullopt;
    }
  }
  return result;
}

// Powers of two change nothing but exponents, so that the 2^23 numbers from 1
// to 2 stand for all. What is rounded is off by less than 2^-46 of it, so that
// it can be rounded elsewhere than the quotient only where the quotient is as
// close to the middle between two numbers, and those are tried. With X and D
// the significands as integers, X / D is at such a place if X * 2^23 (2^24
// where X < D), divided by D, leaves about D / 2.
std::optional<Reciprocal> getExactReciprocal(float divisor) {
  if (!(divisor >= 0x1p-20f && divisor <= 0x1p20f))
    return std::nullopt;
  constexpr uint32_t kOne = 1u << 23;
  const Reciprocal result = reciprocalOf(divisor);
  const uint32_t d = (llvm::bit_cast<uint32_t>(divisor) & (kOne - 1)) | kOne;
  // 2^-22 of D, twice, as the remainder is.
  constexpr int64_t kClose = 8;
  auto remainder = [&](uint32_t x, uint32_t shift) {
    return uint32_t((uint64_t(x) << shift) % d);
  };
  auto agree = [&](uint32_t from, uint32_t to, uint32_t shift) {
    uint32_t rest = remainder(from, shift);
    const uint32_t step = remainder(1, shift);
    for (uint32_t x = from; x < to; ++x) {
      const int64_t distance = int64_t(2) * rest - d;
      if (distance >= -kClose && distance <= kClose)
        if (const float number = float(x);
            timesReciprocal(number, result) != number / divisor)
          return false;
      rest += step;
      rest = rest >= d ? rest - d : rest;
    }
    return true;
  };
  if (!agree(kOne, d, 24) || !agree(d, 2 * kOne, 23))
    return std::nullopt;
  return result;
}

} // namespace mlir::bnn
