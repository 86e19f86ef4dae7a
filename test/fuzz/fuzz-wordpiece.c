//===- fuzz-wordpiece.c - Any vocabulary and any text ---------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The input is a number of ids, a byte; a vocabulary, which ends at the first
// NUL; and a text. Each has exactly the bytes that it says.
//
//===----------------------------------------------------------------------===//

#include "bnn/wordpiece.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int condition) {
  if (!condition)
    abort();
}

static char *copy(const uint8_t *bytes, size_t size) {
  char *result = malloc(size ? size : 1);
  expect(result != 0);
  memcpy(result, bytes, size);
  return result;
}

static void check_ids(const bnn_wordpiece *tokenizer, const int64_t *ids,
                      size_t count) {
  for (size_t i = 0; i < count; ++i) {
    size_t length = 0;
    const char *token = bnn_wordpiece_token(tokenizer, ids[i], &length);
    expect(token != 0 && length > 0);
    /* Tokens lie within the vocabulary. */
    volatile char last = token[length - 1];
    (void)last;
  }
}

/* Fewer ids are the first of many, and the end. */
static void check_text(const bnn_wordpiece *tokenizer, const char *text,
                       size_t length, size_t capacity) {
  size_t room = 2 * length + 300 + 3;
  int64_t *many = malloc(room * sizeof(int64_t)),
          *few = malloc((capacity ? capacity : 1) * sizeof(int64_t));
  expect(many && few);
  size_t all = bnn_wordpiece_encode(tokenizer, text, length, many, room);
  size_t some = bnn_wordpiece_encode(tokenizer, text, length, few, capacity);
  expect(all >= 2 && all <= room);
  check_ids(tokenizer, many, all);
  expect(some == (capacity < 2 ? 0 : all < capacity ? all : capacity));
  if (some) {
    expect(memcmp(many, few, (some - 1) * sizeof(int64_t)) == 0);
    expect(few[some - 1] == many[all - 1]);
  }
  free(few);
  free(many);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2)
    return 0;
  size_t capacity = *data++;
  --size;
  const uint8_t *nul = memchr(data, 0, size);
  size_t words = nul ? (size_t)(nul - data) : size;
  size_t length = nul ? size - words - 1 : 0;
  char *vocabulary = copy(data, words);
  char *text = copy(data + size - length, length);
  size_t bytes = bnn_wordpiece_memory(vocabulary, words);
  expect(bytes != 0);
  void *memory = malloc(bytes);
  expect(memory != 0);
  bnn_wordpiece tokenizer;
  expect(bnn_wordpiece_open(&tokenizer, vocabulary, words, memory, bytes - 1) ==
         BNN_WORDPIECE_MEMORY);
  if (bnn_wordpiece_open(&tokenizer, vocabulary, words, memory, bytes) ==
      BNN_WORDPIECE_OK)
    check_text(&tokenizer, text, length, capacity);
  free(memory);
  free(text);
  free(vocabulary);
  return 0;
}
