//===- faulty.c - Models that do what guard.c must see --------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each copies its input x: float [n] to its output y: float [n], and does one
// thing wrong; faulty.py has what guard.c must say of it.
//
//===----------------------------------------------------------------------===//

#include "bnn/runtime.h"

#include <string.h>

static int64_t copy(const bnn_tensor *inputs, bnn_tensor *outputs) {
  int64_t n = inputs[0].shape[0];
  outputs[0].shape[0] = n;
  memcpy(outputs[0].data, inputs[0].data, (size_t)n * sizeof(float));
  return n;
}

/* A model whose run does `statement` to x, y, workspace and n. */
#define MODEL(prefix, statement)                                               \
  static int32_t prefix##_run(const bnn_tensor *inputs, bnn_tensor *outputs,   \
                              void *memory, const bnn_options *options) {      \
    volatile float *x = inputs[0].data, *y = outputs[0].data;                  \
    volatile float *workspace = memory;                                        \
    int32_t status = BNN_OK;                                                   \
    int64_t n = copy(inputs, outputs);                                         \
    (void)x, (void)y, (void)workspace, (void)options, (void)n;                 \
    statement;                                                                 \
    return status;                                                             \
  }                                                                            \
  const bnn_model_info *prefix##_describe(uint32_t max_abi) {                  \
    static const bnn_dim dims[] = {{"n", 100}};                                \
    static const bnn_tensor_info in = {"x", dims, 1, BNN_F32};                 \
    static const bnn_tensor_info out = {"y", dims, 1, BNN_F32};                \
    static const bnn_model_info info = {.abi_version = BNN_ABI_VERSION,        \
                                        .num_inputs = 1,                       \
                                        .num_outputs = 1,                      \
                                        .name = #prefix,                       \
                                        .inputs = &in,                         \
                                        .outputs = &out,                       \
                                        .workspace_size = 64,                  \
                                        .workspace_alignment = 64,             \
                                        .target_triple = "",                   \
                                        .target_cpu = "",                      \
                                        .run = prefix##_run};                  \
    return max_abi < BNN_ABI_VERSION ? NULL : &info;                           \
  }

MODEL(right, workspace[15] = 1)
MODEL(reads_past_input, (void)x[n])
MODEL(reads_before_input, (void)x[-1])
MODEL(reads_far_past_input, (void)x[n + 100000])
MODEL(writes_input, x[0] = 1)
MODEL(writes_past_output, y[n] = 1)
MODEL(writes_before_output, y[-1] = 1)
MODEL(writes_past_workspace, workspace[16] = 1)
MODEL(writes_then_fails, status = BNN_ERROR_SHAPE)
MODEL(leaves_a_byte, memset(outputs[0].data, ((char *)memory)[0], 1))
MODEL(reads_workspace, y[0] = workspace[0] > 0)
MODEL(says_another_shape, outputs[0].shape[0] = n - 1)
MODEL(traps, __builtin_trap())
