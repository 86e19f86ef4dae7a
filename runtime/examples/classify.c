//===- classify.c - A whole program around a classifier -------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A whole program around a compiled text classifier:
//
//   bnn-opt tiny.onnx --prefix=model -o model.o
//   cc classify.c model.o -lbnn_runtime -o classify
//   ./classify vocab.txt "this movie is good"
//
// The model is in the program: no file is opened but the vocabulary.
//
//===----------------------------------------------------------------------===//

#define _POSIX_C_SOURCE 199309L
#include "bnn/runtime.h"
#include "bnn/wordpiece.h"
#include "model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_TOKENS = 512, MAX_LOGITS = 64 };

static void fail(const char *what, const char *why) {
  fprintf(stderr, "classify: %s: %s\n", what, why);
  exit(1);
}

static void *allocate(size_t size, size_t alignment) {
  char *memory = malloc(size + alignment);
  if (!memory)
    fail("memory", "exhausted");
  return memory + (alignment - (uintptr_t)memory % alignment);
}

/* Reads a vocabulary file: one token a line; the line's number is its id. */
static void read_vocabulary(bnn_wordpiece *tokenizer, const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file)
    fail(path, "cannot be read");
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  char *text = allocate(size < 0 ? 0 : (size_t)size, 1);
  if (size < 0 || fread(text, 1, (size_t)size, file) != (size_t)size)
    fail(path, "cannot be read");
  fclose(file);
  /* The tokeniser allocates nothing; its index lies where we say. */
  size_t memory = bnn_wordpiece_memory(text, (size_t)size);
  if (bnn_wordpiece_open(tokenizer, text, (size_t)size,
                         allocate(memory, sizeof(uint32_t)),
                         memory) != BNN_WORDPIECE_OK)
    fail(path, "is no vocabulary");
}

static int64_t microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int main(int argc, char **argv) {
  if (argc != 3)
    fail("usage", "classify VOCABULARY SENTENCE");
  bnn_wordpiece tokenizer;
  read_vocabulary(&tokenizer, argv[1]);

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
  int64_t count = (int64_t)bnn_wordpiece_encode(
      &tokenizer, argv[2], strlen(argv[2]), ids, (size_t)capacity);
  for (int64_t i = 0; i < count; ++i)
    mask[i] = 1;

  /* The model allocates nothing: its scratch memory is ours to give. */
  void *workspace = allocate(model_workspace_size(), info->workspace_alignment);

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
  printf("pieces    ");
  for (int64_t i = 0; i < count; ++i) {
    size_t length;
    const char *token = bnn_wordpiece_token(&tokenizer, ids[i], &length);
    printf(" %.*s", (int)length, token);
  }
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
  return 0;
}
