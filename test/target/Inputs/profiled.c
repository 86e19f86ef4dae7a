//===- profiled.c - An instrumented model with a hook ---------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs an instrumented model with a hook, with options that are older than the
// hook, without a hook and without options: the same output bytes. Prints what
// the hook heard.
//
//===----------------------------------------------------------------------===//

#include "model.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t calls;
static uint64_t macs;

static void hook(void *context, uint32_t index, uint64_t binary_macs) {
  if (context != &calls || index != calls++)
    exit(1);
  macs += binary_macs;
}

int main(void) {
  static union {
    double aligned;
    char bytes[MODEL_WORKSPACE_SIZE + MODEL_WORKSPACE_ALIGNMENT];
  } memory;
  char *workspace = memory.bytes + MODEL_WORKSPACE_ALIGNMENT -
                    (uintptr_t)memory.bytes % MODEL_WORKSPACE_ALIGNMENT;
  int64_t ids[5] = {2, 7, 9, 11, 3}, mask[5] = {1, 1, 1, 1, 1}, types[5] = {0};
  float logits[5][2];
  bnn_tensor inputs[3], outputs[1];
  bnn_options options;
  const bnn_profiled_op *ops;
  uint32_t count = 0, i;
  memset(inputs, 0, sizeof inputs);
  memset(outputs, 0, sizeof outputs);
  memset(&options, 0, sizeof options);
  inputs[0].data = ids;
  inputs[1].data = mask;
  inputs[2].data = types;
  for (i = 0; i < 3; ++i) {
    inputs[i].shape[0] = 1;
    inputs[i].shape[1] = 5;
  }
  for (i = 0; i < 5; ++i) {
    outputs[0].data = logits[i];
    options.struct_size = i == 1 ? 8 : sizeof options;
    options.profile = i == 2 || i == 3 ? NULL : hook;
    options.profile_context = &calls;
    if (model_run(inputs, outputs, workspace, i == 3 ? NULL : &options))
      return 1;
    if (memcmp(logits[i], logits[0], sizeof logits[0]))
      return 1;
    if (i == 1 || i == 2 || i == 3) {
      /* The hook was not called again. */
      if (calls != count + 1)
        return 1;
    } else {
      ops = model_profile_ops(&count);
      printf("1 + %u calls for %u operations, %lu multiply-accumulates\n",
             (unsigned)calls - 1, (unsigned)count, (unsigned long)macs);
      if (i == 4)
        for (calls = 0; calls < count; ++calls)
          printf("%s %s %.1f\n", ops[calls].kind, ops[calls].name,
                 ops[calls].port_limit);
    }
    if (i == 3)
      calls = 0, macs = 0;
  }
  return 0;
}
