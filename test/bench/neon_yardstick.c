//===- neon_yardstick.c - The yardstick counts what it should -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compares neon_block, which neon_yardstick.py writes, with counting one bit
// after the other, on random words, all ones, and none.
//
//===----------------------------------------------------------------------===//
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { most = 48, rows = 4, outputs = 8, bytes = 16 };

void neon_block(const uint8_t *rows, size_t stride, const uint8_t *weights,
                size_t blocks, uint16_t *counts);

static uint8_t x[rows * (most + 2) * bytes];
static uint8_t w[(most + 2) * outputs * bytes];

static uint8_t next(int pattern) {
  static uint32_t state = 1;
  state = state * 1664525 + 1013904223;
  return pattern == 0 ? (uint8_t)(state >> 24) : pattern == 1 ? 0xFF : 0;
}

static int differ(size_t row, size_t output, size_t blocks, size_t stride) {
  int count = 0;
  for (size_t i = 0; i < blocks * bytes; ++i) {
    uint8_t a = x[row * stride + i],
            b = w[i / bytes * outputs * bytes + output * bytes + i % bytes];
    for (int bit = 0; bit < 8; ++bit)
      count += (a >> bit & 1) != (b >> bit & 1);
  }
  return count;
}

int main(void) {
  int compared = 0, wrong = 0;
  for (int pattern = 0; pattern < 9; ++pattern) {
    for (size_t i = 0; i < sizeof x; ++i)
      x[i] = next(pattern % 3);
    for (size_t i = 0; i < sizeof w; ++i)
      w[i] = next(pattern / 3);
    for (size_t blocks = 1; blocks <= most; ++blocks) {
      const size_t stride = (blocks + 2) * bytes;
      uint16_t counts[rows][outputs];
      neon_block(x, stride, w, blocks, counts[0]);
      for (size_t r = 0; r < rows; ++r)
        for (size_t o = 0; o < outputs; ++o, ++compared)
          wrong += counts[r][o] != differ(r, o, blocks, stride);
    }
  }
  printf("%d sums compared, %d wrong\n", compared, wrong);
  return wrong != 0;
}
