//===- naive_gemm.c - The product in plain C ------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include <stdint.h>
#include <string.h>

/* out[M][N] = K - 2 popcount(activations[m] ^ weights[n]); rows of K bits, K a
 * multiple of 64. */
void naive_gemm(int M, int N, int K, const uint32_t *activations,
                const uint32_t *weights, int32_t *out) {
  for (int m = 0; m < M; ++m)
    for (int n = 0; n < N; ++n) {
      const uint32_t *a = activations + (int64_t)m * (K / 32);
      const uint32_t *w = weights + (int64_t)n * (K / 32);
      int count = 0;
      for (int k = 0; k < K / 32; k += 2) {
        uint64_t x, y;
        memcpy(&x, a + k, sizeof x);
        memcpy(&y, w + k, sizeof y);
        count += __builtin_popcountll(x ^ y);
      }
      out[(int64_t)m * N + n] = K - 2 * count;
    }
}
