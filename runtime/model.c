//===- model.c - Whether a model can run, and its tensors' sizes ----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bnn/runtime.h"

int32_t bnn_model_supported(const bnn_model_info *info) {
  if (!info)
    return BNN_ERROR_NULL;
  if (info->abi_version != BNN_ABI_VERSION)
    return BNN_ERROR_ABI;
  if (info->required_cpu_features & ~bnn_cpu_features())
    return BNN_ERROR_CPU;
  return BNN_OK;
}

size_t bnn_element_size(int32_t element_type) {
  switch (element_type) {
  case BNN_F64:
  case BNN_I64:
    return 8;
  case BNN_F32:
  case BNN_I32:
    return 4;
  case BNN_F16:
  case BNN_BF16:
    return 2;
  case BNN_BOOL:
  case BNN_I8:
  case BNN_U8:
    return 1;
  default:
    return 0;
  }
}

size_t bnn_tensor_bytes(const bnn_tensor_info *info, const int64_t *shape) {
  size_t bytes;
  int32_t i;

  if (!info)
    return 0;
  bytes = bnn_element_size(info->element_type);
  for (i = 0; i < info->rank; ++i) {
    const bnn_dim *dim = &info->dims[i];
    int64_t size = shape ? shape[i] : dim->max;
    if (size < 1 || size > dim->max || (!dim->name && size != dim->max))
      return 0;
    /* No division: 32-bit ARM would call a library for it. */
    if (__builtin_mul_overflow(bytes, (uint64_t)size, &bytes))
      return 0;
  }
  return bytes;
}
