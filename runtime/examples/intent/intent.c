//===- intent.c - Says what a sentence asks for ---------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Says what a sentence asks for. The model, the vocabulary and the names of the
// intents are in the program: it opens no file.
//
//   intent              asks for sentences; without a terminal it takes its own
//   intent SENTENCE...  classifies these
//   intent -            classifies the lines of the standard input
//
// README.md beside this file says how it is built.
//
//===----------------------------------------------------------------------===//

#define _POSIX_C_SOURCE 199309L
#include "intent.h"
#include "bnn/runtime.h"
#include "bnn/wordpiece.h"
#include "intent_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_TOKENS = 512, MAX_TEXT = 4096 };
enum { NUM_LABELS = sizeof labels / sizeof *labels };

static const char *const own_sentences[] = {
    "how much money is left in my checking account",
    "I need a table for four at seven tonight",
    "will it rain in Seattle this weekend?",
    "my card was stolen, please freeze it",
    "wake me up at 6:30 tomorrow",
    "what's the exchange rate between euros and dollars",
    "play that song by Nina Simone again",
    "how do you say thank you in Japanese",
    "is there traffic on the way to work",
    "tell me something funny",
};

/* What classifying takes: made once. */
typedef struct classifier {
  bnn_wordpiece tokenizer;
  const bnn_model_info *info;
  void *workspace;
  int64_t ids[MAX_TOKENS], mask[MAX_TOKENS], types[MAX_TOKENS];
  size_t max_tokens;
  float logits[NUM_LABELS];
} classifier;

typedef struct answer {
  int label;
  double confidence; /* softmax of the logits: from 0 to 1 */
  int64_t tokens, microseconds;
} answer;

static void fail(const char *what, const char *why) {
  fprintf(stderr, "intent: %s: %s\n", what, why);
  exit(1);
}

static void *allocate(size_t size, size_t alignment) {
  char *memory = malloc(size + alignment);
  if (!memory)
    fail("memory", "exhausted");
  return memory + (alignment - (uintptr_t)memory % alignment);
}

/* The array that the model's input of this name reads. */
static int64_t *input_array(classifier *c, const char *name) {
  if (!strcmp(name, "input_ids"))
    return c->ids;
  if (!strcmp(name, "attention_mask"))
    return c->mask;
  if (!strcmp(name, "token_type_ids"))
    return c->types;
  fail(name, "is not an input that this program knows");
  return NULL;
}

static void start(classifier *c) {
  memset(c, 0, sizeof *c);
  size_t size = sizeof vocabulary - 1,
         memory = bnn_wordpiece_memory(vocabulary, size);
  if (bnn_wordpiece_open(&c->tokenizer, vocabulary, size,
                         allocate(memory, sizeof(uint32_t)),
                         memory) != BNN_WORDPIECE_OK)
    fail("vocabulary", "is malformed");

  c->info = intent_describe(BNN_ABI_VERSION);
  int32_t status = bnn_model_supported(c->info);
  if (status != BNN_OK)
    fail("model", bnn_status_string(status));
  if (c->info->num_inputs > 3 || c->info->num_outputs != 1 ||
      c->info->outputs[0].rank != 2 ||
      c->info->outputs[0].dims[1].max != NUM_LABELS)
    fail("model", "is not a classifier with as many outputs as intents");
  for (uint32_t i = 0; i < c->info->num_inputs; ++i)
    if (c->info->inputs[i].rank != 2 ||
        c->info->inputs[i].element_type != BNN_I64)
      fail(c->info->inputs[i].name, "is not a matrix of 64-bit integers");
  c->max_tokens = (size_t)c->info->inputs[0].dims[1].max;
  if (c->max_tokens > MAX_TOKENS)
    c->max_tokens = MAX_TOKENS;
  /* The model allocates nothing: its scratch memory is ours to give. */
  c->workspace =
      allocate(intent_workspace_size(), c->info->workspace_alignment);
}

static int64_t microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static answer classify(classifier *c, const char *text, size_t length) {
  int64_t before = microseconds();
  size_t count =
      bnn_wordpiece_encode(&c->tokenizer, text, length, c->ids, c->max_tokens);
  bnn_tensor inputs[3], output = {c->logits, {0}};
  for (uint32_t i = 0; i < c->info->num_inputs; ++i) {
    inputs[i].data = input_array(c, c->info->inputs[i].name);
    inputs[i].shape[0] = 1;
    inputs[i].shape[1] = (int64_t)count;
  }
  for (size_t i = 0; i < count; ++i)
    c->mask[i] = 1;
  int32_t status = intent_run(inputs, &output, c->workspace, NULL);
  if (status != BNN_OK)
    fail("intent_run", bnn_status_string(status));
  answer best = {0, 0, (int64_t)count, microseconds() - before};
  for (int i = 1; i < NUM_LABELS; ++i)
    if (c->logits[i] > c->logits[best.label])
      best.label = i;
  double sum = 0;
  for (int i = 0; i < NUM_LABELS; ++i)
    sum += exp((double)c->logits[i] - (double)c->logits[best.label]);
  best.confidence = 1 / sum;
  return best;
}

static void print_answer(classifier *c, const char *text, size_t length,
                         int repeat) {
  answer a = classify(c, text, length);
  printf("%-24s %5.1f%% %6" PRId64 " us", labels[a.label], 100 * a.confidence,
         a.microseconds);
  if (repeat)
    printf("  %.*s", (int)length, text);
  putchar('\n');
}

/* Reads a line into `text`; of a longer one the rest is dropped. Returns its
 * length without the line's end, or -1 at the end of the input. */
static int read_line(char *text, int size) {
  int length = 0, c = getchar();
  if (c == EOF)
    return -1;
  for (; c != EOF && c != '\n'; c = getchar())
    if (length < size)
      text[length++] = (char)c;
  return length;
}

static void read_sentences(classifier *c, int prompt) {
  static char text[MAX_TEXT];
  for (;;) {
    if (prompt) {
      fputs("> ", stdout);
      fflush(stdout);
    }
    int length = read_line(text, MAX_TEXT);
    if (length < 0)
      break;
    if (length > 0)
      print_answer(c, text, (size_t)length, !prompt);
  }
  if (prompt)
    putchar('\n');
}

int main(int argc, char **argv) {
  static classifier c;
  start(&c);
  if (argc == 2 && !strcmp(argv[1], "-")) {
    read_sentences(&c, 0);
  } else if (argc > 1) {
    for (int i = 1; i < argc; ++i)
      print_answer(&c, argv[i], strlen(argv[i]), 1);
  } else if (isatty(STDIN_FILENO)) {
    printf("Type a sentence; one of %d intents comes back. An empty input "
           "(Ctrl-D) ends.\n",
           NUM_LABELS);
    read_sentences(&c, 1);
  } else {
    for (size_t i = 0; i < sizeof own_sentences / sizeof *own_sentences; ++i)
      print_answer(&c, own_sentences[i], strlen(own_sentences[i]), 1);
  }
  return 0;
}
