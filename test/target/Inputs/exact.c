//===- exact.c - exact.mlir, compiled, against C --------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compares exact.mlir, compiled, with the same in C.
//
//===----------------------------------------------------------------------===//

#include "exact.h"

#include <stdio.h>
#include <string.h>

enum { count = 16 };

static const int64_t longs[count] = {
    0, 1, -1, 16777217, -16777219, INT64_MAX, INT64_MIN + 1,
    /* Halfway between two floats, a little more and a little less: what a
     * double in between would round away. */
    0x4000004000000000, 0x4000004000000001, 0x4000003fffffffff,
    -0x4000004000000001, 0x20000020000001, 0x1234567890abcdef,
    -0x1234567890abcde, 0x80000000, INT64_MIN};
static const int64_t divisors[count] = {1,
                                        -1,
                                        7,
                                        3,
                                        -1000,
                                        1234567890123,
                                        2,
                                        0x100000001,
                                        -0x100000001,
                                        10,
                                        0x7fffffff,
                                        -3,
                                        0x4000000000000000,
                                        12,
                                        5,
                                        9};
static const float floats[count] = {
    0,         0.99f,        -1.5f,    1e-45f,   -3e-45f, 1.17549435e-38f,
    -1.2e-38f, 3e-39f,       16777216, -8388609, 1e10f,   -1e18f,
    9.2e18f,   4294967296.f, -0.0f,    123456.7f};

int main(void) {
  float converted[count], halves[count];
  int64_t truncated[count], quotients[count];
  bnn_tensor inputs[3] = {{(void *)longs, {count}},
                          {(void *)divisors, {count}},
                          {(void *)floats, {count}}};
  bnn_tensor outputs[4] = {
      {converted, {0}}, {truncated, {0}}, {quotients, {0}}, {halves, {0}}};
  int i, wrong = 0;
  if (exact_run(inputs, outputs, NULL, NULL) != BNN_OK)
    return 1;
  for (i = 0; i < count; ++i) {
    volatile float c = (float)longs[i], h = floats[i] * 0.5f;
    float expected[2];
    expected[0] = c;
    expected[1] = h;
    if (memcmp(&converted[i], &expected[0], 4) != 0 ||
        memcmp(&halves[i], &expected[1], 4) != 0 ||
        truncated[i] != (int64_t)floats[i] ||
        quotients[i] != longs[i] / divisors[i] + longs[i] % divisors[i]) {
      printf("element %d: %a %lld %lld %a\n", i, converted[i],
             (long long)truncated[i], (long long)quotients[i], halves[i]);
      ++wrong;
    }
  }
  printf("%d of %d wrong\n", wrong, (int)count);
  return wrong != 0;
}
