//===- status.c - Statuses and element types in words and bytes -----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bnn/runtime.h"

const char *bnn_status_string(int32_t status) {
  switch (status) {
  case BNN_OK:
    return "no error";
  case BNN_ERROR_NULL:
    return "a pointer is null that must not be";
  case BNN_ERROR_SHAPE:
    return "an input's shape is not what the model declares";
  case BNN_ERROR_CAPACITY:
    return "a dimension is below 1 or over the maximum the model was compiled "
           "for";
  case BNN_ERROR_INDEX:
    return "an index, such as a token id, is out of range";
  case BNN_ERROR_WORKSPACE:
    return "the workspace is null or misaligned";
  case BNN_ERROR_ABI:
    return "the model and its caller speak different versions of the "
           "interface, or the options are malformed";
  case BNN_ERROR_CPU:
    return "this CPU lacks a feature that the model was compiled for";
  default:
    return "an unknown status";
  }
}
