//===- board.h - What the example asks of a board ---------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

/* Writes a text that ends with NUL to wherever the board writes. */
void board_write(const char *text);

/* Memory that nothing else uses, and its size in bytes. */
void *board_memory(size_t *size);

/* Ticks of the board's clock, of 24 bits: only differences mean anything. */
uint32_t board_ticks(void);

/* What the program does; 0 when it could. */
int main(void);

#endif
