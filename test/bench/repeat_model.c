//===- repeat_model.c - Runs the model that it is linked with so often ----===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   repeat_model TIMES
//
// Each shape is fixed. Ids count from 1 to 149 and again, a mask is 1, and
// others are 0.
//
//===----------------------------------------------------------------------===//

#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *allocate(size_t bytes) {
  void *data = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (!data)
    exit(2);
  return memset(data, 0, bytes);
}

static size_t elements(const bnn_tensor_info *info, bnn_tensor *tensor) {
  size_t count = 1;
  for (int32_t axis = 0; axis < info->rank; ++axis) {
    tensor->shape[axis] = info->dims[axis].max;
    count *= (size_t)tensor->shape[axis];
  }
  return count;
}

int main(int argc, char **argv) {
  const bnn_model_info *model = model_describe(BNN_ABI_VERSION);
  bnn_tensor inputs[8], outputs[8];
  if (argc != 2 || !model || model->num_inputs > 8 || model->num_outputs > 8)
    return 2;
  for (uint32_t i = 0; i < model->num_inputs; ++i) {
    const bnn_tensor_info *info = &model->inputs[i];
    if (info->element_type != BNN_I64)
      return 2;
    size_t count = elements(info, &inputs[i]);
    int64_t *data = inputs[i].data = allocate(count * sizeof(int64_t));
    for (size_t k = 0; k < count; ++k)
      data[k] = strcmp(info->name, "input_ids") == 0
                    ? (int64_t)(k % 149 + 1)
                    : strstr(info->name, "mask") != NULL;
  }
  for (uint32_t i = 0; i < model->num_outputs; ++i)
    outputs[i].data =
        allocate(elements(&model->outputs[i], &outputs[i]) * sizeof(float));
  void *workspace = allocate(model->workspace_size);
  for (int times = atoi(argv[1]); times > 0; --times)
    if (model_run(inputs, outputs, workspace, NULL) != BNN_OK)
      return 1;
  return 0;
}
