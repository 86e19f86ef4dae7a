//===- runtime-test.c - Tests of the runtime library ----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "expect.h"

#include "bnn/runtime.h"

#include <stdio.h>
#include <string.h>

static void test_status_string(void) {
  int32_t status, other;
  for (status = BNN_OK; status <= BNN_ERROR_CPU; ++status) {
    EXPECT(strlen(bnn_status_string(status)) > 0);
    EXPECT(strcmp(bnn_status_string(status), "an unknown status") != 0);
    for (other = BNN_OK; other < status; ++other)
      EXPECT(strcmp(bnn_status_string(status), bnn_status_string(other)) != 0);
  }
  EXPECT(strcmp(bnn_status_string(-1), "an unknown status") == 0);
  EXPECT(strcmp(bnn_status_string(99), "an unknown status") == 0);
}

static void test_element_size(void) {
  EXPECT(bnn_element_size(BNN_I64) == 8);
  EXPECT(bnn_element_size(BNN_F32) == 4);
  EXPECT(bnn_element_size(BNN_I32) == 4);
  EXPECT(bnn_element_size(BNN_BOOL) == 1);
  EXPECT(bnn_element_size(BNN_I8) == 1);
  EXPECT(bnn_element_size(BNN_U8) == 1);
  EXPECT(bnn_element_size(0) == 0);
  EXPECT(bnn_element_size(BNN_F64) == 8);
  EXPECT(bnn_element_size(BNN_F16) == 2);
  EXPECT(bnn_element_size(BNN_BF16) == 2);
  EXPECT(bnn_element_size(10) == 0);
}

static void test_tensor_bytes(void) {
  const bnn_dim dims[2] = {{"batch", 8}, {NULL, 2}};
  const bnn_dim huge[2] = {{NULL, INT64_MAX}, {NULL, 4}};
  const bnn_tensor_info info = {"logits", dims, 2, BNN_F32};
  const bnn_tensor_info scalar = {"loss", NULL, 0, BNN_I64};
  const bnn_tensor_info too_large = {"huge", huge, 2, BNN_F32};
  const int64_t fits[2] = {3, 2}, empty[2] = {0, 2}, long_[2] = {9, 2},
                wrong[2] = {3, 1};
  EXPECT(bnn_tensor_bytes(&info, fits) == 24);
  EXPECT(bnn_tensor_bytes(&info, NULL) == 64);
  EXPECT(bnn_tensor_bytes(&info, empty) == 0);
  EXPECT(bnn_tensor_bytes(&info, long_) == 0);
  EXPECT(bnn_tensor_bytes(&info, wrong) == 0);
  EXPECT(bnn_tensor_bytes(&scalar, NULL) == 8);
  EXPECT(bnn_tensor_bytes(&too_large, NULL) == 0);
  EXPECT(bnn_tensor_bytes(NULL, fits) == 0);
}

/* What is said of the inputs ids [batch, tokens] and mask [batch, 4, tokens].
 */
static int32_t explain(int64_t batch, int64_t tokens, int64_t other,
                       int64_t heads, char *text, size_t size) {
  const bnn_dim ids[2] = {{"batch", 8}, {"tokens", 32}};
  const bnn_dim mask[3] = {{"batch", 8}, {NULL, 4}, {"tokens", 32}};
  const bnn_tensor_info inputs[2] = {{"ids", ids, 2, BNN_I64},
                                     {"mask", mask, 3, BNN_F32}};
  const bnn_tensor given[2] = {{NULL, {batch, tokens}},
                               {NULL, {batch, heads, other}}};
  bnn_model_info info;
  memset(&info, 0, sizeof(info));
  info.num_inputs = 2;
  info.inputs = inputs;
  return bnn_explain_shapes(&info, given, text, size);
}

static void test_explain_shapes(void) {
  char text[128] = "old", tiny[9];
  const bnn_model_info info = {0};
  EXPECT(explain(8, 32, 32, 4, text, sizeof(text)) == BNN_OK && !*text);
  EXPECT(explain(1, 40, 40, 4, text, sizeof(text)) == BNN_ERROR_CAPACITY);
  EXPECT(strcmp(text, "input 'ids' has 40 in dimension 1 ('tokens'), which is "
                      "1 to 32 in this model") == 0);
  EXPECT(explain(0, 32, 32, 4, text, sizeof(text)) == BNN_ERROR_CAPACITY);
  EXPECT(strcmp(text, "input 'ids' has 0 in dimension 0 ('batch'), which is 1 "
                      "to 8 in this model") == 0);
  EXPECT(explain(1, 32, 31, 4, text, sizeof(text)) == BNN_ERROR_SHAPE);
  EXPECT(strcmp(text, "input 'mask' has 31 in dimension 2 ('tokens'), which is "
                      "32 before it") == 0);
  EXPECT(explain(1, 32, 32, INT64_MIN, text, sizeof(text)) == BNN_ERROR_SHAPE);
  EXPECT(strcmp(text, "input 'mask' has -9223372036854775808 in dimension 1, "
                      "which is 4 in this model") == 0);
  EXPECT(explain(INT64_MAX, 1, 1, 4, text, sizeof(text)) == BNN_ERROR_CAPACITY);
  EXPECT(strstr(text, " has 9223372036854775807 in ") != NULL);
  EXPECT(explain(100, 1, 1, 4, tiny, sizeof(tiny)) == BNN_ERROR_CAPACITY);
  EXPECT(strcmp(tiny, "input 'i") == 0);
  EXPECT(explain(1, 40, 40, 4, tiny, 0) == BNN_ERROR_CAPACITY && *tiny == 'i');
  EXPECT(explain(1, 40, 40, 4, NULL, 100) == BNN_ERROR_CAPACITY);
  EXPECT(bnn_explain_shapes(NULL, NULL, text, sizeof(text)) == BNN_ERROR_NULL);
  EXPECT(!*text);
  EXPECT(bnn_explain_shapes(&info, NULL, NULL, 0) == BNN_ERROR_NULL);
}

static void test_supported(void) {
  bnn_model_info info;
  uint64_t bit, features = bnn_cpu_features();
  memset(&info, 0, sizeof info);
  EXPECT(bnn_model_supported(NULL) == BNN_ERROR_NULL);
  EXPECT(bnn_model_supported(&info) == BNN_ERROR_ABI);
  info.abi_version = BNN_ABI_VERSION + 1;
  EXPECT(bnn_model_supported(&info) == BNN_ERROR_ABI);
  info.abi_version = BNN_ABI_VERSION;
  EXPECT(bnn_model_supported(&info) == BNN_OK);
  for (bit = 1; bit != 0; bit <<= 1) {
    info.required_cpu_features = bit;
    EXPECT(bnn_model_supported(&info) ==
           (features & bit ? BNN_OK : BNN_ERROR_CPU));
  }
}

/* Each bit of bnn/types.h has one row of the table that says how to ask for it.
 */
static void test_cpu_feature_table(void) {
  static const uint64_t rows[] = {
#define BNN_X86(NAME, LLVM, WORD, BIT, STATE) BNN_CPU_X86_##NAME,
#define BNN_AARCH64(NAME, LLVM, WORD, BIT, REGISTER, FIELD, LEAST, MACRO)      \
  BNN_CPU_ARM_##NAME,
#include "bnn/cpu_features.def"
  };
  uint64_t seen = 0;
  size_t i;
  for (i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
    EXPECT((seen & rows[i]) == 0);
    seen |= rows[i];
  }
  EXPECT(seen == (BNN_CPU_X86_GFNI | (BNN_CPU_X86_GFNI - 1) |
                  ((BNN_CPU_ARM_CSSC << 1) - BNN_CPU_ARM_NEON)));
}

static void test_cpu_features(void) {
  uint64_t features = bnn_cpu_features();
  EXPECT(features == bnn_cpu_features());
#if defined(__x86_64__) && defined(__GNUC__)
  /* What the compiler's own runtime finds. */
  EXPECT(!(features & BNN_CPU_X86_AVX2) == !__builtin_cpu_supports("avx2"));
  EXPECT(!(features & BNN_CPU_X86_FMA) == !__builtin_cpu_supports("fma"));
  EXPECT(!(features & BNN_CPU_X86_BMI2) == !__builtin_cpu_supports("bmi2"));
  EXPECT(!(features & BNN_CPU_X86_POPCNT) == !__builtin_cpu_supports("popcnt"));
  EXPECT(!(features & BNN_CPU_X86_AVX512F) ==
         !__builtin_cpu_supports("avx512f"));
  EXPECT(!(features & BNN_CPU_X86_AVX512BW) ==
         !__builtin_cpu_supports("avx512bw"));
  EXPECT(!(features & BNN_CPU_X86_AVX512VPOPCNTDQ) ==
         !__builtin_cpu_supports("avx512vpopcntdq"));
#elif defined(__aarch64__)
  EXPECT(features & BNN_CPU_ARM_NEON);
#endif
}

int main(int argc, char **argv) {
  test_status_string();
  test_element_size();
  test_tensor_bytes();
  test_explain_shapes();
  test_supported();
  test_cpu_feature_table();
  test_cpu_features();
  if (argc > 1 && strcmp(argv[1], "--features") == 0)
    printf("features %016llx\n", (unsigned long long)bnn_cpu_features());
  if (failures == 0)
    printf("runtime: all passed\n");
  return failures != 0;
}
