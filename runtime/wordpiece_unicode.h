//===- wordpiece_unicode.h - What becomes of a character --------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_RUNTIME_WORDPIECE_UNICODE_H
#define BNN_RUNTIME_WORDPIECE_UNICODE_H

/* What a character becomes before words are cut into pieces. */

#include <stdint.h>

/* What a character is to its neighbours. */
enum {
  BNN_WORDPIECE_LETTER, /* part of a word */
  BNN_WORDPIECE_SPACE,  /* between words */
  BNN_WORDPIECE_ALONE   /* a word of its own: punctuation, or CJK */
};

/* Writes what `character`, any number, becomes: lower case, without accents.
 * Returns how many characters that is, 0 where it is dropped; kinds[i] says
 * what folded[i] is. */
unsigned bnn_wordpiece_fold(uint32_t character, uint32_t folded[3],
                            uint8_t kinds[3]);

#endif /* BNN_RUNTIME_WORDPIECE_UNICODE_H */
