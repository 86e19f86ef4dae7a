//===- run_model.c - Runs the model that it is linked with ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the model that it is linked with, whatever its inputs and outputs are:
//
//   run_model NAME=2x16:FILE ... --output-dir=DIR
//
// FILE holds an input's bytes, dense and in the machine's order; DIR/NAME.bin
// gets an output's. Prints a line "NAME SHAPE FILE" for each output.
//
//===----------------------------------------------------------------------===//

#include "bnn/runtime.h"
#include "model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what, const char *why) {
  fprintf(stderr, "run_model: %s: %s\n", what, why);
  exit(1);
}

static void *allocate(size_t bytes, size_t alignment) {
  if (alignment < sizeof(void *))
    alignment = sizeof(void *);
  /* aligned_alloc wants a size that is a multiple of the alignment. */
  void *data =
      aligned_alloc(alignment, (bytes + alignment) / alignment * alignment);
  if (!data)
    fail("memory", "exhausted");
  /* Whatever is not written must not look like a result. */
  memset(data, 0xa5, bytes);
  return data;
}

/* Fills in `tensor` from an argument "2x16:FILE". */
static void read_input(const bnn_tensor_info *info, const char *text,
                       bnn_tensor *tensor) {
  for (int32_t axis = 0; axis < info->rank; ++axis) {
    char *end;
    tensor->shape[axis] = strtoll(text, &end, 10);
    if (end == text || *end != (axis + 1 < info->rank ? 'x' : ':'))
      fail(info->name, "the shape's rank is wrong");
    text = end + 1;
  }
  size_t bytes = bnn_tensor_bytes(info, tensor->shape);
  if (!bytes)
    fail(info->name, "a dimension is out of range");
  tensor->data = allocate(bytes, 64);
  FILE *file = fopen(text, "rb");
  if (!file)
    fail(text, "cannot be read");
  int exact =
      fread(tensor->data, 1, bytes, file) == bytes && fgetc(file) == EOF;
  fclose(file);
  if (!exact)
    fail(text, "its size does not fit the shape");
}

static void write_output(const bnn_tensor_info *info, const bnn_tensor *tensor,
                         const char *folder) {
  char path[4096];
  int length = snprintf(path, sizeof path, "%s/%s.bin", folder, info->name);
  if (length < 0 || (size_t)length >= sizeof path)
    fail(folder, "the path is too long");
  size_t bytes = bnn_tensor_bytes(info, tensor->shape);
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(tensor->data, 1, bytes, file) != bytes || fclose(file))
    fail(path, "cannot be written");
  printf("%s ", info->name);
  for (int32_t axis = 0; axis < info->rank; ++axis)
    printf("%s%" PRId64, axis ? "x" : "", tensor->shape[axis]);
  printf("%s %s\n", info->rank ? "" : "scalar", path);
}

int main(int argc, char **argv) {
  const bnn_model_info *info = model_describe(BNN_ABI_VERSION);
  int32_t status = bnn_model_supported(info);
  if (status != BNN_OK)
    fail("model", bnn_status_string(status));

  bnn_tensor *inputs = calloc(info->num_inputs + 1, sizeof *inputs);
  bnn_tensor *outputs = calloc(info->num_outputs + 1, sizeof *outputs);
  if (!inputs || !outputs)
    fail("memory", "exhausted");
  const char *folder = ".";
  for (int i = 1; i < argc; ++i) {
    if (!strncmp(argv[i], "--output-dir=", 13)) {
      folder = argv[i] + 13;
      continue;
    }
    uint32_t found = 0;
    size_t length = strcspn(argv[i], "=");
    while (found < info->num_inputs &&
           (strlen(info->inputs[found].name) != length ||
            strncmp(info->inputs[found].name, argv[i], length)))
      ++found;
    if (found == info->num_inputs || argv[i][length] != '=')
      fail(argv[i], "the model has no such input");
    read_input(&info->inputs[found], argv[i] + length + 1, &inputs[found]);
  }
  for (uint32_t i = 0; i < info->num_inputs; ++i)
    if (!inputs[i].data)
      fail(info->inputs[i].name, "no file given");
  for (uint32_t i = 0; i < info->num_outputs; ++i)
    outputs[i].data = allocate(bnn_tensor_bytes(&info->outputs[i], NULL), 64);
  void *workspace = allocate(info->workspace_size, info->workspace_alignment);

  status = model_run(inputs, outputs, workspace, NULL);
  if (status != BNN_OK)
    fail("model_run", bnn_status_string(status));
  for (uint32_t i = 0; i < info->num_outputs; ++i)
    write_output(&info->outputs[i], &outputs[i], folder);

  for (uint32_t i = 0; i < info->num_inputs; ++i)
    free(inputs[i].data);
  for (uint32_t i = 0; i < info->num_outputs; ++i)
    free(outputs[i].data);
  free(workspace);
  free(inputs);
  free(outputs);
  return 0;
}
