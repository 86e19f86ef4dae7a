//===- wordpiece-test.c - The tokeniser under sanitizers ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tokeniser under sanitizers, on texts that are cut, spoilt or endless: it
// reads no byte past a text and writes no id past the caller's. What the ids
// are is compared with Python's in python/tests/test_wordpiece.py.
//
//===----------------------------------------------------------------------===//

#include "expect.h"

#include "bnn/wordpiece.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char vocabulary[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nun\n##aff\n##able\n##a\n##\xC3\xBF\n"
    "a\nu\n!\n\xE5\x8C\x97\n\xC3\xA6\n##\xF0\x9F\x98\x80\n\xF0\x9F\x98\x80";

static uint32_t state = 1;
static uint32_t next_random(uint32_t below) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state % below;
}

/* A copy of exactly this size, so that a sanitizer sees what lies outside. */
static void *copy(const void *bytes, size_t size) {
  void *result = malloc(size ? size : 1);
  if (!result)
    exit(2);
  memcpy(result, bytes, size);
  return result;
}

/* The ids of a text, in place: `ids` has room for exactly `capacity`. */
static size_t encode(const bnn_wordpiece *t, const void *bytes, size_t size,
                     size_t capacity) {
  char *text = copy(bytes, size);
  int64_t *ids = malloc(capacity * sizeof *ids + 1);
  if (!ids)
    exit(2);
  size_t count = bnn_wordpiece_encode(t, text, size, ids, capacity), i;
  EXPECT(count <= capacity && (count >= 2 || capacity < 2));
  for (i = 0; i < count; ++i)
    EXPECT(ids[i] >= 0 && ids[i] < t->num_tokens);
  if (count) {
    EXPECT(ids[0] == t->first);
    EXPECT(ids[count - 1] == t->last);
  }
  free(ids);
  free(text);
  return count;
}

static void test_open(void) {
  size_t length = sizeof vocabulary - 1, cut,
         bytes = bnn_wordpiece_memory(vocabulary, length);
  uint32_t *memory = malloc(bytes + 4);
  bnn_wordpiece t;
  EXPECT(bnn_wordpiece_memory(NULL, 1) == 0);
  EXPECT(bnn_wordpiece_memory(vocabulary, (size_t)1 << 30) == 0);
  EXPECT(bnn_wordpiece_open(&t, vocabulary, length, memory, bytes) ==
         BNN_WORDPIECE_OK);
  EXPECT(t.num_tokens == 17 && t.pad == 0 && t.unknown == 1 && t.first == 2 &&
         t.last == 3 && t.mask == 4);
  EXPECT(bnn_wordpiece_open(NULL, vocabulary, length, memory, bytes) ==
         BNN_WORDPIECE_NULL);
  EXPECT(bnn_wordpiece_open(&t, NULL, length, memory, bytes) ==
         BNN_WORDPIECE_NULL);
  EXPECT(bnn_wordpiece_open(&t, vocabulary, length, NULL, bytes) ==
         BNN_WORDPIECE_NULL);
  EXPECT(bnn_wordpiece_open(&t, vocabulary, length, memory, bytes - 1) ==
         BNN_WORDPIECE_MEMORY);
  EXPECT(bnn_wordpiece_open(&t, vocabulary, length, (char *)memory + 1,
                            bytes) == BNN_WORDPIECE_MEMORY);
  EXPECT(bnn_wordpiece_open(&t, vocabulary, (size_t)1 << 30, memory, bytes) ==
         BNN_WORDPIECE_SIZE);
  EXPECT(bnn_wordpiece_open(&t, "a\na", 3, memory, bytes) ==
         BNN_WORDPIECE_LINE);
  EXPECT(bnn_wordpiece_open(&t, "a\n\nb", 4, memory, bytes) ==
         BNN_WORDPIECE_LINE);
  EXPECT(bnn_wordpiece_open(&t, "a\nb", 3, memory, bytes) ==
         BNN_WORDPIECE_SPECIAL);
  free(memory);
  /* A vocabulary that ends anywhere, in memory of the promised size. */
  for (cut = 0; cut <= length; ++cut) {
    char *text = copy(vocabulary, cut);
    bytes = bnn_wordpiece_memory(text, cut);
    memory = malloc(bytes);
    int32_t status = bnn_wordpiece_open(&t, text, cut, memory, bytes);
    if (cut < 23)
      EXPECT(status == BNN_WORDPIECE_SPECIAL);
    else
      EXPECT(status == BNN_WORDPIECE_OK || status == BNN_WORDPIECE_LINE);
    if (status == BNN_WORDPIECE_OK)
      encode(&t, "unaffable \xE5\x8C\x97!", 14, 16);
    free(memory);
    free(text);
  }
}

static void test_token(const bnn_wordpiece *t) {
  size_t length = 9;
  const char *token = bnn_wordpiece_token(t, 7, &length);
  EXPECT(token && length == 6 && memcmp(token, "##able", 6) == 0);
  token = bnn_wordpiece_token(t, 16, &length);
  EXPECT(token && length == 4);
  EXPECT(!bnn_wordpiece_token(t, 17, &length) && length == 0);
  EXPECT(!bnn_wordpiece_token(t, -1, &length));
  EXPECT(!bnn_wordpiece_token(NULL, 0, &length));
  EXPECT(!bnn_wordpiece_token(t, 0, NULL));
}

static void test_encode(const bnn_wordpiece *t) {
  int64_t ids[8];
  EXPECT(bnn_wordpiece_encode(NULL, "a", 1, ids, 8) == 0);
  EXPECT(bnn_wordpiece_encode(t, NULL, 1, ids, 8) == 0);
  EXPECT(bnn_wordpiece_encode(t, "a", 1, NULL, 8) == 0);
  EXPECT(bnn_wordpiece_encode(t, "a", 1, ids, 1) == 0);
  EXPECT(encode(t, "", 0, 8) == 2);
  EXPECT(encode(t, "UNaffABLE!", 10, 8) == 6);
  EXPECT(encode(t, "unaffable!", 10, 4) == 4);
  EXPECT(bnn_wordpiece_encode(t, "unaffable!", 10, ids, 8) == 6 &&
         ids[1] == 5 && ids[2] == 6 && ids[3] == 7 && ids[4] == 12);
  EXPECT(bnn_wordpiece_encode(t, "unaffablex a", 12, ids, 8) == 4 &&
         ids[1] == 1 && ids[2] == 10);
}

static void test_long(const bnn_wordpiece *t) {
  size_t size = (size_t)1 << 20, i;
  static const char *const units[] = {
      "a", "!", " ", "\xFF", "\xF0\x9F\x98\x80", "\xED\x95\x9C"};
  char *text = malloc(size);
  for (i = 0; i < sizeof units / sizeof *units; ++i) {
    size_t unit = strlen(units[i]), at;
    for (at = 0; at < size; ++at)
      text[at] = units[i][at % unit];
    encode(t, text, size, 512);
    /* One character too many, and as many as a word may have. */
    encode(t, text, 100 * unit, 512);
    encode(t, text, 101 * unit, 512);
    encode(t, text, 100 * unit - 1, 512);
  }
  free(text);
}

/* Random bytes and random pieces of a text, spoilt here and there. */
static void fuzz(const bnn_wordpiece *t, int rounds) {
  static const char text[] =
      "Unaffable \xE5\x8C\x97\xE4\xBA\xAC! \xC3\xA6\xC3\xBF\xF0\x9F\x98\x80 "
      "a\xCC"
      "\x81\xED\x95\x9C un\xC0\x80un\xED\xA0\x80\xF4\x90\x80\x80\xE2\x80\xA8u";
  char spoilt[256];
  while (rounds-- > 0) {
    size_t size = next_random(sizeof spoilt), i;
    for (i = 0; i < size; ++i)
      spoilt[i] = rounds & 1 ? (char)next_random(256)
                             : text[(i + (size_t)rounds) % (sizeof text - 1)];
    if (size)
      for (i = next_random(4); i > 0; --i)
        spoilt[next_random((uint32_t)size)] = (char)next_random(256);
    encode(t, spoilt, size, next_random(40));
  }
}

int main(int argc, char **argv) {
  size_t length = sizeof vocabulary - 1,
         bytes = bnn_wordpiece_memory(vocabulary, length);
  char *text = copy(vocabulary, length);
  void *memory = malloc(bytes);
  bnn_wordpiece t;
  test_open();
  if (bnn_wordpiece_open(&t, text, length, memory, bytes) != BNN_WORDPIECE_OK)
    return 1;
  test_token(&t);
  test_encode(&t);
  test_long(&t);
  fuzz(&t, argc > 1 ? atoi(argv[1]) : 50000);
  free(memory);
  free(text);
  if (failures == 0)
    printf("wordpiece: all passed\n");
  return failures != 0;
}
