//===- gemm_entry.c - The generated product on plain words ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What bnn-bench calls: the generated product on plain words. M, N, K and
// PARITY (1, or 0 for plain words) come from the command line. Turning plain
// words into the kernel's layout belongs to the measured time, as it does in
// the hand-written kernels; in a compiled model whatever makes the bits writes
// them in this layout.
//
//===----------------------------------------------------------------------===//

#include <stdint.h>
#include <string.h>

#define WORDS (K / 32)

typedef struct {
  void *allocated, *aligned;
  int64_t offset, sizes[2], strides[2];
} matrix;

void _mlir_ciface_gemm(const matrix *activations, const matrix *out);

void bench_gemm(const uint32_t *activations, int32_t *out) {
  static uint32_t words[M * WORDS] __attribute__((aligned(64)));
  memcpy(words, activations, sizeof words);
#if PARITY
  for (int m = 0; m < M; ++m) {
    uint32_t *row = words + m * WORDS, sum = row[0];
    for (int w = 1; w + 1 < WORDS; w += 2)
      row[w + 1] = sum ^= row[w] ^ row[w + 1];
  }
#endif
  const matrix in = {words, words, 0, {M, WORDS}, {WORDS, 1}};
  const matrix result = {out, out, 0, {M, N}, {N, 1}};
  _mlir_ciface_gemm(&in, &result);
}
