//===- wordpiece-limit.c - Vocabularies at the edge of the address space --===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For 32-bit targets: vocabularies of empty lines whose index needs more bytes
// than an object can have, and one whose index is just small enough.
//
//===----------------------------------------------------------------------===//
#define _GNU_SOURCE

#include "expect.h"

#include "bnn/wordpiece.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PIECE = 1 << 20 };

/* `pieces` MiB of line ends, which all are the same MiB of memory. */
static const char *line_ends(size_t pieces) {
  int file = memfd_create("line ends", 0);
  if (file < 0 || ftruncate(file, PIECE))
    return 0;
  char *all = mmap(0, pieces * PIECE, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (all == MAP_FAILED)
    return 0;
  for (size_t i = 0; i < pieces; ++i)
    if (mmap(all + i * PIECE, PIECE, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_FIXED, file, 0) == MAP_FAILED)
      return 0;
  for (size_t i = 0; i < PIECE; ++i)
    all[i] = '\n';
  return all;
}

int main(void) {
  const size_t fits = (size_t)1 << 27, wraps = ((size_t)1 << 28) + 1;
  const char *text = line_ends(wraps / PIECE + 1);
  if (!text || sizeof(size_t) != 4) {
    printf("wordpiece-limit: cannot run here\n");
    return 2;
  }
  EXPECT(bnn_wordpiece_memory(text, fits) == (3 * fits + 1) * 4);
  bnn_wordpiece tokenizer;
  uint32_t memory[4] = {1, 2, 3, 4};
  /* One line more doubles the slots. */
  EXPECT(bnn_wordpiece_memory(text, fits + 1) == 0);
  /* 5,368,709,128 bytes, which is 1,073,741,832 in 32 bits. */
  EXPECT(bnn_wordpiece_open(&tokenizer, text, wraps, memory, (size_t)-1) ==
         BNN_WORDPIECE_SIZE);
  EXPECT(memory[0] == 1 && memory[3] == 4);
  if (failures == 0)
    printf("wordpiece-limit: all passed\n");
  return failures != 0;
}
