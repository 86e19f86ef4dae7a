/* Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* A whole program around a compiled text classifier:
 *
 *   bnn-opt tiny.onnx --prefix=model -o model.o
 *   cc classify.c model.o -lbnn_runtime -o classify
 *   ./classify vocab.txt "this movie is good"
 *
 * The model is in the program: no file is opened but the vocabulary. */
#define _POSIX_C_SOURCE 199309L
#include "bnn/runtime.h"
#include "model.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_WORDS = 65536, MAX_WORD = 64, MAX_TOKENS = 512, MAX_LOGITS = 64 };

/* The rows of a BERT vocabulary that are not words. */
static const char *const unknown = "[UNK]", *const first = "[CLS]",
                         *const last = "[SEP]";

static char vocabulary[MAX_WORDS][MAX_WORD];
static int64_t vocabulary_size;

static void fail(const char *what, const char *why) {
  fprintf(stderr, "classify: %s: %s\n", what, why);
  exit(1);
}

/* One word a line; the line's number, from 0, is the word's id. */
static void read_vocabulary(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file)
    fail(path, "cannot be read");
  while (vocabulary_size < MAX_WORDS &&
         fgets(vocabulary[vocabulary_size], MAX_WORD, file)) {
    char *word = vocabulary[vocabulary_size++];
    word[strcspn(word, "\r\n")] = 0;
  }
  fclose(file);
}

static int64_t find_word(const char *word) {
  for (int64_t id = 0; id < vocabulary_size; ++id)
    if (!strcmp(vocabulary[id], word))
      return id;
  return -1;
}

static int64_t special(const char *word) {
  int64_t id = find_word(word);
  if (id < 0)
    fail(word, "is not in the vocabulary");
  return id;
}

/* Whole words, in lower case, between [CLS] and [SEP]. Returns the number of
 * ids, at most `capacity`. */
static int64_t tokenize(const char *text, int64_t *ids, int64_t capacity) {
  int64_t count = 0;
  ids[count++] = special(first);
  while (*text && count + 1 < capacity) {
    char word[MAX_WORD];
    size_t length = 0;
    for (; isalnum((unsigned char)*text); ++text)
      if (length + 1 < sizeof word)
        word[length++] = (char)tolower((unsigned char)*text);
    word[length] = 0;
    if (length) {
      int64_t id = find_word(word);
      ids[count++] = id < 0 ? special(unknown) : id;
    } else {
      ++text;
    }
  }
  ids[count++] = special(last);
  return count;
}

static int64_t microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int main(int argc, char **argv) {
  if (argc != 3)
    fail("usage", "classify VOCABULARY SENTENCE");
  read_vocabulary(argv[1]);

  /* A generic program would ask for the descriptor of whatever it is linked
   * with; the sizes that it declares are maxima. */
  const bnn_model_info *info = model_describe(BNN_ABI_VERSION);
  int32_t status = bnn_model_supported(info);
  if (status != BNN_OK)
    fail("model", bnn_status_string(status));
  int64_t capacity = info->inputs[0].dims[1].max;
  if (capacity > MAX_TOKENS)
    capacity = MAX_TOKENS;
  if (info->num_inputs != 3 || info->num_outputs != 1 ||
      info->inputs[0].element_type != BNN_I64 ||
      bnn_tensor_bytes(&info->outputs[0], NULL) / info->outputs[0].dims[0].max >
          MAX_LOGITS * sizeof(float))
    fail("model", "is not a classifier of this shape");

  static int64_t ids[MAX_TOKENS], mask[MAX_TOKENS], types[MAX_TOKENS];
  float logits[MAX_LOGITS];
  int64_t count = tokenize(argv[2], ids, capacity);
  for (int64_t i = 0; i < count; ++i)
    mask[i] = 1;

  /* The model allocates nothing: its scratch memory is ours to give. */
  size_t alignment = info->workspace_alignment;
  char *memory = malloc(model_workspace_size() + alignment);
  if (!memory)
    fail("memory", "exhausted");
  void *workspace = memory + (alignment - (uintptr_t)memory % alignment);

  /* In the order that model.h lists: the rows of one sentence. */
  bnn_tensor inputs[3] = {
      {ids, {1, count}}, {mask, {1, count}}, {types, {1, count}}};
  bnn_tensor outputs[1] = {{logits, {0}}};
  int64_t fastest = INT64_MAX;
  for (int run = 0; run < 200; ++run) {
    int64_t start = microseconds();
    status = model_run(inputs, outputs, workspace, NULL);
    int64_t elapsed = microseconds() - start;
    if (status != BNN_OK)
      fail("model_run", bnn_status_string(status));
    if (elapsed < fastest)
      fastest = elapsed;
  }

  printf("sentence   %s\n", argv[2]);
  printf("words     ");
  for (int64_t i = 0; i < count; ++i)
    printf(" %s", vocabulary[ids[i]]);
  printf("\nids       ");
  for (int64_t i = 0; i < count; ++i)
    printf(" %" PRId64, ids[i]);
  printf("\nlogits    ");
  for (int64_t i = 0; i < outputs[0].shape[1]; ++i)
    printf(" %.6f", (double)logits[i]);
  printf("\ntime       %" PRId64 " us (the fastest of 200 runs, one thread)\n",
         fastest);
  printf("workspace  %zu bytes\n", info->workspace_size);
  printf("target     %s %s\n", info->target_triple, info->target_cpu);
  free(memory);
  return 0;
}
