//===- several-cpus.c - For which CPU the code was that ran ---------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the model `both` and says for which CPU the code was that ran, and the
// bytes that it computed.
//
//===----------------------------------------------------------------------===//

#include "both.h"

#include "tiny.h"

#include <stdio.h>
#include <string.h>

static _Alignas(BOTH_WORKSPACE_ALIGNMENT) char workspace[BOTH_WORKSPACE_SIZE];

int main(void) {
  const bnn_model_info *info = both_describe(BNN_ABI_VERSION);
  float logits[rows * classes];
  int i;
  if (!run_tiny(both_run, workspace, logits))
    return 1;
  /* The table is that of the code that runs, and has room in the header's. */
  if (info->workspace_size != both_workspace_size() ||
      info->workspace_size > BOTH_WORKSPACE_SIZE)
    return 1;
  printf("%s", info->target_cpu);
  for (i = 0; i < rows * classes; ++i) {
    uint32_t bits;
    memcpy(&bits, &logits[i], sizeof bits);
    printf(" %08x", (unsigned)bits);
  }
  printf("\n");
  return !run_tiny(info->run, workspace, logits);
}
