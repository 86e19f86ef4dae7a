//===- halves.c - Calls models in FLOAT16 and in BFLOAT16 -----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Both compute y = x + x.
//
//===----------------------------------------------------------------------===//

#include "brain.h"
#include "half.h"
#include <stdio.h>
#include <stdlib.h>

static int run(const bnn_model_info *info, int32_t element, const uint16_t *x,
               uint16_t *y) {
  bnn_tensor input = {0}, output = {0};
  static uint64_t workspace[1024];
  uintptr_t start = ((uintptr_t)workspace + info->workspace_alignment - 1) &
                    ~(uintptr_t)(info->workspace_alignment - 1);
  if (info->inputs[0].element_type != element ||
      info->outputs[0].element_type != element ||
      info->workspace_size + info->workspace_alignment > sizeof workspace)
    return -1;
  input.data = (void *)x;
  input.shape[0] = 2;
  output.data = y;
  return info->run(&input, &output, (void *)start, NULL);
}

int main(void) {
  /* 1.5 and the smallest number; 1.5 and the largest power of 2. */
  const uint16_t half[2] = {0x3e00, 1}, brain[2] = {0x3fc0, 0x7f00};
  uint16_t y[2];
  if (run(half_describe(BNN_ABI_VERSION), BNN_F16, half, y) != BNN_OK)
    return 1;
  printf("%04x %04x\n", y[0], y[1]);
  if (run(brain_describe(BNN_ABI_VERSION), BNN_BF16, brain, y) != BNN_OK)
    return 1;
  printf("%04x %04x\n", y[0], y[1]);
  return 0;
}
