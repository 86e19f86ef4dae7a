//===- soak.c - A model run by many threads for a while -------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   soak SECONDS VOCABULARY
//
// Sixteen threads share one tokenizer and one model, each with a workspace of
// its own, on texts whose lengths are drawn at random: every result must be,
// byte for byte, what one thread alone got before. Built with
// -fsanitize=thread, model and all, a race is an error even where it changes
// nothing.
//
//===----------------------------------------------------------------------===//

#include "bnn/runtime.h"
#include "bnn/wordpiece.h"
#include "model.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS = 16, TEXTS = 64, MOST_TOKENS = 64, MOST_TEXT = 512 };

static const char *const words[] = {
    "how",    "much",  "money", "is",   "left",  "in",    "my",    "card",
    "wake",   "me",    "up",    "at",   "6:30",  "play",  "rain",  "Nina",
    "Zürich", "don't", "?",     "東京", "table", "seven", "xyzzy", "!"};

typedef struct sample {
  char text[MOST_TEXT];
  size_t length;
  float *alone; /* the logits that one thread got */
} sample;

static const bnn_model_info *info;
static bnn_wordpiece tokenizer;
static sample samples[TEXTS];
static size_t logits;
static int seconds;

static void fail(const char *what) {
  fprintf(stderr, "soak: %s\n", what);
  exit(1);
}

static void *allocate(size_t size, size_t alignment) {
  char *memory = malloc(size + alignment);
  if (!memory)
    fail("out of memory");
  return memory + (alignment - (uintptr_t)memory % alignment);
}

static uint32_t draw(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

static void write_text(sample *s, uint64_t *state) {
  uint32_t count = 1 + draw(state) % 80;
  for (uint32_t i = 0; i < count; ++i) {
    const char *word = words[draw(state) % (sizeof words / sizeof *words)];
    size_t size = strlen(word);
    if (s->length + size + 1 > MOST_TEXT)
      return;
    memcpy(s->text + s->length, word, size);
    s->length += size;
    s->text[s->length++] = ' ';
  }
}

/* Tokenises and classifies one text. */
static void classify(const sample *s, void *workspace, float *result) {
  int64_t arrays[3][MOST_TOKENS] = {{0}};
  size_t count = bnn_wordpiece_encode(&tokenizer, s->text, s->length, arrays[0],
                                      MOST_TOKENS);
  for (size_t i = 0; i < count; ++i)
    arrays[1][i] = 1;
  bnn_tensor inputs[3], output = {result, {0}};
  for (uint32_t i = 0; i < info->num_inputs; ++i) {
    inputs[i].data = arrays[i];
    inputs[i].shape[0] = 1;
    inputs[i].shape[1] = (int64_t)count;
  }
  int32_t status = model_run(inputs, &output, workspace, NULL);
  if (status != BNN_OK)
    fail(bnn_status_string(status));
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Returns how many runs it has made. */
static void *work(void *argument) {
  uint64_t state = (uint64_t)(uintptr_t)argument, runs = 0;
  size_t size = model_workspace_size();
#ifdef SHARED_WORKSPACE /* its bytes: the fault that must be seen */
  static char shared[SHARED_WORKSPACE] __attribute__((aligned(64)));
  if (size > sizeof shared)
    fail("SHARED_WORKSPACE is too small");
  void *workspace = shared;
#else
  void *workspace = allocate(size, info->workspace_alignment);
#endif
  float *result = malloc(logits * sizeof *result);
  for (double end = now() + seconds; now() < end; ++runs) {
    const sample *s = &samples[draw(&state) % TEXTS];
    /* A run may not depend on what the last one left. */
    memset(workspace, (int)draw(&state), size);
    memset(result, 0x5a, logits * sizeof *result);
    classify(s, workspace, result);
    if (memcmp(result, s->alone, logits * sizeof *result) != 0)
      fail("a thread got other bytes than one alone");
  }
  return (void *)(uintptr_t)runs;
}

static void open_vocabulary(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END))
    fail("cannot read the vocabulary");
  size_t length = (size_t)ftell(file);
  char *text = allocate(length, 1);
  rewind(file);
  if (fread(text, 1, length, file) != length)
    fail("cannot read the vocabulary");
  fclose(file);
  size_t size = bnn_wordpiece_memory(text, length);
  if (bnn_wordpiece_open(&tokenizer, text, length, allocate(size, 4), size))
    fail("the vocabulary is malformed");
}

int main(int argc, char **argv) {
  if (argc != 3)
    fail("usage: soak SECONDS VOCABULARY");
  seconds = atoi(argv[1]);
  open_vocabulary(argv[2]);
  info = model_describe(BNN_ABI_VERSION);
  if (info->num_inputs > 3 || info->num_outputs != 1 ||
      info->inputs[0].dims[1].max < MOST_TOKENS)
    fail("the model is not a classifier of texts");
  logits = (size_t)info->outputs[0].dims[1].max;

  uint64_t state = 1;
  void *workspace = allocate(model_workspace_size(), info->workspace_alignment);
  for (int i = 0; i < TEXTS; ++i) {
    write_text(&samples[i], &state);
    samples[i].alone = malloc(logits * sizeof(float));
    classify(&samples[i], workspace, samples[i].alone);
  }

  pthread_t threads[THREADS];
  for (uintptr_t i = 0; i < THREADS; ++i)
    if (pthread_create(&threads[i], NULL, work, (void *)(i + 2)))
      fail("cannot start a thread");
  uint64_t runs = 0;
  for (int i = 0; i < THREADS; ++i) {
    void *made;
    pthread_join(threads[i], &made);
    runs += (uintptr_t)made;
  }
  printf("%" PRIu64 " runs of %d threads, all as one alone\n", runs, THREADS);
  return runs < THREADS;
}
