/* Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef BNN_RUNTIME_H
#define BNN_RUNTIME_H

/* The C interface of compiled models.
 *
 * For a model compiled with the prefix "model" the object file defines
 *
 *   int32_t model_run(const bnn_tensor *inputs, bnn_tensor *outputs,
 *                     void *workspace, const bnn_options *options);
 *     Runs the model. inputs and outputs hold one entry for each input and
 *     output, in the descriptor's order. Each outputs[i].data must have room
 *     for the shape that the inputs lead to (bnn_tensor_bytes gives the size
 *     for the largest). Fills in outputs[i].shape. workspace must have
 *     model_workspace_size() bytes, aligned to the descriptor's
 *     workspace_alignment, and needs no initialisation. options may be NULL.
 *     Returns a bnn_status; when it is not BNN_OK nothing has been written to
 *     outputs, neither data nor shapes. Of several errors it is the first in
 *     this order: pointers and options, the inputs' shapes, what the shapes
 *     lead to, indices. Keeps no state: calls may run at the same time as long
 *     as they share neither outputs nor workspace.
 *
 *   size_t model_workspace_size(void);
 *
 *   const bnn_model_info *model_describe(uint32_t max_abi);
 *     The model's descriptor, or NULL when it needs an ABI newer than max_abi.
 *     Pass BNN_ABI_VERSION.
 *
 * An object for several CPUs that was compiled for musl, or for an Android
 * before API level 30, remembers which of them it runs on. On AArch64 it takes
 * getauxval from the C library. One with products of bytes for an x86 with AMX
 * asks Linux once for AMX's registers, and remembers the answer. That is all
 * that objects ever write to memory of their own.
 *
 * The functions below are in libbnn_runtime.a. It needs no C library, keeps no
 * state and allocates nothing. A program that calls a model by name and knows
 * its CPU can do without it. */

#include "bnn/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A short English sentence for a bnn_status, never NULL: an unknown value gets
 * a sentence that says so. */
const char *bnn_status_string(int32_t status);

/* The BNN_CPU_* bits of this CPU that the operating system lets programs use.
 * On AArch64 with Linux or Android the kernel says it: by getauxval where the
 * program has that, by /proc/self/auxv otherwise, and where that cannot be read
 * by the ID registers, from Linux 4.11 on. Elsewhere the optional features are
 * those that the runtime was compiled for. */
uint64_t bnn_cpu_features(void);

/* Whether this CPU and this version of the interface can run the model: BNN_OK,
 * BNN_ERROR_NULL, BNN_ERROR_ABI or BNN_ERROR_CPU. */
int32_t bnn_model_supported(const bnn_model_info *info);

/* The bytes of one element, 0 for a value that is no bnn_element_type. */
size_t bnn_element_size(int32_t element_type);

/* The bytes of a tensor. shape holds info->rank dimensions; NULL means the
 * largest. Returns 0 when info is NULL, when a dimension is below 1 or over its
 * maximum, or when the size does not fit a size_t. */
size_t bnn_tensor_bytes(const bnn_tensor_info *info, const int64_t *shape);

/* Looks at the shapes of the inputs as the model's run function does: BNN_OK,
 * BNN_ERROR_NULL, BNN_ERROR_SHAPE or BNN_ERROR_CAPACITY. Of the first dimension
 * that is wrong it says which it is, and what it should be:
 *   input 'input_ids' has 40 in dimension 1 ('sequence'), which is 1 to 32 in
 *   this model
 * text gets at most size bytes, the last of them 0, and is empty where there is
 * nothing to say; it may be NULL. data is not looked at. */
int32_t bnn_explain_shapes(const bnn_model_info *info, const bnn_tensor *inputs,
                           char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* BNN_RUNTIME_H */
