//===- model.c - Whether a model can run, and on which shapes -------------===//
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

/* Text in the making. What does not fit is left out. */
typedef struct line {
  char *at;
  char *end; /* of the room, whose last byte is for the 0 */
} line;

static void put(line *l, const char *text) {
  while (*text && l->at < l->end)
    *l->at++ = *text++;
}

/* No division, as above. */
static void put_number(line *l, int64_t value) {
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  uint64_t power = UINT64_C(1);
  char digit[2] = {0, 0};
  int32_t digits = 1;

  if (value < 0)
    put(l, "-");
  while (digits < 19 && rest >= power * 10) {
    power *= 10;
    ++digits;
  }
  while (digits--) {
    int32_t i;
    for (digit[0] = '0'; rest >= power; rest -= power)
      ++digit[0];
    put(l, digit);
    for (power = 1, i = 1; i < digits; ++i)
      power *= 10;
  }
}

static int same_name(const char *a, const char *b) {
  while (*a && *a == *b)
    ++a, ++b;
  return *a == *b;
}

/* The size of the first dimension of that name: that of the axis itself, or one
 * before it. */
static int64_t first_size(const bnn_model_info *info, const bnn_tensor *inputs,
                          const char *name) {
  uint32_t i;
  int32_t axis;
  for (i = 0; i < info->num_inputs; ++i)
    for (axis = 0; axis < info->inputs[i].rank; ++axis) {
      const char *other = info->inputs[i].dims[axis].name;
      if (other && same_name(other, name))
        return inputs[i].shape[axis];
    }
  return 0;
}

/* The status for one dimension of an input, and its text. */
static int32_t explain(const bnn_tensor_info *input, int32_t axis, int64_t size,
                       int64_t first, line *l) {
  const bnn_dim *dim = &input->dims[axis];
  if (dim->name ? size >= 1 && size <= dim->max && size == first
                : size == dim->max)
    return BNN_OK;
  put(l, "input '");
  put(l, input->name);
  put(l, "' has ");
  put_number(l, size);
  put(l, " in dimension ");
  put_number(l, axis);
  if (!dim->name) {
    put(l, ", which is ");
    put_number(l, dim->max);
    put(l, " in this model");
    return BNN_ERROR_SHAPE;
  }
  put(l, " ('");
  put(l, dim->name);
  if (size != first) {
    put(l, "'), which is ");
    put_number(l, first);
    put(l, " before it");
    return BNN_ERROR_SHAPE;
  }
  put(l, "'), which is 1 to ");
  put_number(l, dim->max);
  put(l, " in this model");
  return BNN_ERROR_CAPACITY;
}

int32_t bnn_explain_shapes(const bnn_model_info *info, const bnn_tensor *inputs,
                           char *text, size_t size) {
  line l = {text, size && text ? text + size - 1 : text};
  int32_t status = BNN_OK, axis;
  uint32_t i;

  if (!info || !inputs)
    status = BNN_ERROR_NULL;
  for (i = 0; !status && i < info->num_inputs; ++i)
    for (axis = 0; !status && axis < info->inputs[i].rank; ++axis) {
      int64_t given = inputs[i].shape[axis];
      const char *name = info->inputs[i].dims[axis].name;
      status = explain(&info->inputs[i], axis, given,
                       name ? first_size(info, inputs, name) : given, &l);
    }
  if (size && text)
    *l.at = 0;
  return status;
}
