//===- intent.c - The intent classifier without an operating system -------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Says what some sentences ask for, as ../intent does, with a sum over the bits
// of the logits: it is the same on every CPU. All memory is the board's.
//
//===----------------------------------------------------------------------===//
#include "intent.h"
#include "bnn/runtime.h"
#include "bnn/wordpiece.h"
#include "board.h"
#include "intent_text.h"

#include <stdint.h>

#ifndef INTENT_COUNT
#define INTENT_COUNT 0 /* 1: say how long a run took */
#endif

enum { NUM_LABELS = sizeof labels / sizeof *labels };

static const char *const sentences[] = {
    "how much money is left in my checking account",
    "I need a table for four at seven tonight",
    "my card was stolen, please freeze it",
    "wake me up at 6:30 tomorrow",
    "how do you say thank you in Japanese",
};

static int64_t ids[INTENT_MAX_LENGTH], mask[INTENT_MAX_LENGTH];
static float logits[NUM_LABELS];

static int fail(const char *why) {
  board_write(why);
  board_write("\n");
  return 1;
}

static size_t length_of(const char *text) {
  size_t length = 0;
  while (text[length])
    ++length;
  return length;
}

/* Cuts `size` bytes off the memory; null where there are fewer. */
static void *take(char **memory, size_t *left, size_t size, size_t alignment) {
  size_t skipped = (alignment - (uintptr_t)*memory % alignment) % alignment;
  void *result = *memory + skipped;
  if (*left < skipped || *left - skipped < size)
    return NULL;
  *memory += skipped + size;
  *left -= skipped + size;
  return result;
}

/* FNV-1a of the logits' bits. */
static uint32_t sum_of_logits(void) {
  const unsigned char *bytes = (const unsigned char *)logits;
  uint32_t sum = 2166136261u;
  for (size_t i = 0; i < sizeof logits; ++i)
    sum = (sum ^ bytes[i]) * 16777619u;
  return sum;
}

static void write_hex(uint32_t value) {
  char text[9] = {0};
  for (int i = 0; i < 8; ++i)
    text[i] = "0123456789abcdef"[value >> (28 - 4 * i) & 15];
  board_write(text);
}

int main(void) {
  size_t left;
  char *memory = board_memory(&left);
  const bnn_model_info *info = intent_describe(BNN_ABI_VERSION);
  if (!info || bnn_model_supported(info) != BNN_OK)
    return fail("the model is not for this CPU");
  size_t size = bnn_wordpiece_memory(vocabulary, sizeof vocabulary - 1);
  void *index = take(&memory, &left, size, sizeof(uint32_t));
  void *workspace =
      take(&memory, &left, intent_workspace_size(), INTENT_WORKSPACE_ALIGNMENT);
  if (!index || !workspace)
    return fail("there is too little memory");
  bnn_wordpiece tokenizer;
  if (bnn_wordpiece_open(&tokenizer, vocabulary, sizeof vocabulary - 1, index,
                         size) != BNN_WORDPIECE_OK)
    return fail("the vocabulary is malformed");

  for (size_t i = 0; i < sizeof sentences / sizeof *sentences; ++i) {
    size_t count =
        bnn_wordpiece_encode(&tokenizer, sentences[i], length_of(sentences[i]),
                             ids, INTENT_MAX_LENGTH);
    bnn_tensor inputs[INTENT_NUM_INPUTS] = {{ids, {1, (int64_t)count}},
                                            {mask, {1, (int64_t)count}}};
    bnn_tensor output = {logits, {0}};
    for (size_t k = 0; k < count; ++k)
      mask[k] = 1;
    uint32_t begin = board_ticks();
    int32_t status = intent_run(inputs, &output, workspace, NULL);
    uint32_t ticks = (board_ticks() - begin) & 0xFFFFFF;
    if (status != BNN_OK)
      return fail(bnn_status_string(status));
    int best = 0;
    for (int k = 1; k < NUM_LABELS; ++k)
      if (logits[k] > logits[best])
        best = k;
    board_write(labels[best]);
    board_write(" ");
    write_hex(sum_of_logits());
    board_write("  ");
    board_write(sentences[i]);
    board_write("\n");
    if (INTENT_COUNT) {
      board_write("ticks ");
      write_hex(ticks);
      board_write(" tokens ");
      write_hex((uint32_t)count);
      board_write("\n");
    }
  }
  return 0;
}
