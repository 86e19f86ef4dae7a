//===- wordpiece_unicode.c - What becomes of a character ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "wordpiece_unicode.h"
#include "wordpiece_tables.h"

/* The last run that starts at or before `c`, or NULL where it does not hold
 * `c`. */
static const wordpiece_run *find_run(uint32_t c) {
  uint32_t low = 0, high = sizeof wordpiece_runs / sizeof *wordpiece_runs;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if ((wordpiece_runs[middle].source & 0x1fffff) <= c)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0)
    return 0;
  const wordpiece_run *run = &wordpiece_runs[low - 1];
  uint32_t distance = c - (run->source & 0x1fffff), last = run->source >> 21;
  if (run->target >> 24 & 1) {
    /* Every second character: between them lie others, which stay. */
    if (distance & 1)
      return 0;
    distance >>= 1;
  }
  return distance <= last ? run : 0;
}

static unsigned run_kind(const wordpiece_run *run) {
  return run ? run->target >> 21 & 7 : WORDPIECE_SAME;
}

static int is_cjk(uint32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
         (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B820 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

static int is_private(uint32_t c) {
  return (c >= 0xE000 && c <= 0xF8FF) || (c >= 0xF0000 && c <= 0xFFFFD) ||
         (c >= 0x100000 && c <= 0x10FFFD);
}

static unsigned fold_ascii(uint32_t c, uint32_t folded[3], uint8_t kinds[3]) {
  folded[0] = c;
  kinds[0] = BNN_WORDPIECE_ALONE;
  if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
    kinds[0] = BNN_WORDPIECE_SPACE;
  } else if (c < ' ' || c == 0x7F) {
    return 0;
  } else if (c >= 'A' && c <= 'Z') {
    folded[0] = c + ('a' - 'A');
    kinds[0] = BNN_WORDPIECE_LETTER;
  } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
    kinds[0] = BNN_WORDPIECE_LETTER;
  }
  return 1;
}

static uint8_t kind_of(uint32_t c) {
  uint32_t folded[3];
  uint8_t kinds[3];
  if (c < 0x80)
    return fold_ascii(c, folded, kinds) ? kinds[0] : BNN_WORDPIECE_SPACE;
  return run_kind(find_run(c)) == WORDPIECE_PUNCTUATION || is_cjk(c)
             ? BNN_WORDPIECE_ALONE
             : BNN_WORDPIECE_LETTER;
}

/* A syllable is two or three letters: Unicode, section 3.12. */
static unsigned fold_hangul(uint32_t c, uint32_t folded[3], uint8_t kinds[3]) {
  uint32_t index = c - 0xAC00;
  folded[0] = 0x1100 + index / 588;
  folded[1] = 0x1161 + index % 588 / 28;
  folded[2] = 0x11A7 + index % 28;
  kinds[0] = kinds[1] = kinds[2] = BNN_WORDPIECE_LETTER;
  return index % 28 ? 3 : 2;
}

unsigned bnn_wordpiece_fold(uint32_t c, uint32_t folded[3], uint8_t kinds[3]) {
  if (c < 0x80)
    return fold_ascii(c, folded, kinds);
  if (c >= 0xAC00 && c <= 0xD7A3)
    return fold_hangul(c, folded, kinds);
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) || is_private(c))
    return 0;
  const wordpiece_run *run = find_run(c);
  uint32_t target = run ? run->target & 0x1fffff : 0;
  unsigned count = 1;
  folded[0] = c;
  switch (run_kind(run)) {
  case WORDPIECE_DROPPED:
    return 0;
  case WORDPIECE_WHITE:
    kinds[0] = BNN_WORDPIECE_SPACE;
    return 1;
  case WORDPIECE_CONSTANT:
    folded[0] = target;
    break;
  case WORDPIECE_SHIFT:
    folded[0] = target + (c - (run->source & 0x1fffff));
    break;
  case WORDPIECE_SEQUENCE:
    for (count = 0; count < 3 && wordpiece_sequences[target][count]; ++count)
      folded[count] = wordpiece_sequences[target][count];
    break;
  }
  for (unsigned i = 0; i < count; ++i)
    kinds[i] = kind_of(folded[i]);
  return count;
}
