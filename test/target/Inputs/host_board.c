//===- host_board.c - The board of the Cortex-M example, on a host --------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "board.h"

#include <stdio.h>

void board_write(const char *text) { fputs(text, stdout); }

void *board_memory(size_t *size) {
  static char memory[1 << 20];
  *size = sizeof memory;
  return memory;
}

uint32_t board_ticks(void) { return 0; }
