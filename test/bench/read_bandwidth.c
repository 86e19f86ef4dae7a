//===- read_bandwidth.c - How fast memory is read -------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints the GB/s at which one core reads as many bytes as a BiPFT-B's object
// has, again and again; of many times the fastest.
//
//===----------------------------------------------------------------------===//

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

int main(void) {
  const size_t count = (16 << 20) / sizeof(uint64_t);
  uint64_t *words = malloc(count * sizeof(uint64_t));
  double best = 1e9;
  volatile uint64_t sink = 0;
  if (!words)
    return 1;
  for (size_t i = 0; i < count; ++i)
    words[i] = i;
  for (int round = 0; round < 400; ++round) {
    double start = now(), time;
    uint64_t sum = 0;
    for (size_t i = 0; i < count; ++i)
      sum += words[i];
    sink += sum;
    time = now() - start;
    best = time < best ? time : best;
  }
  printf("%.2f\n", 1e-9 * (double)(count * sizeof(uint64_t)) / best);
  free(words);
  return 0;
}
