/* Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef BNN_RUNTIME_TYPES_H
#define BNN_RUNTIME_TYPES_H

/* The types that a compiled model and its caller share. The compiler copies
 * this file into each header that it writes, so that an object and its header
 * are enough to build a program. */

#include <stddef.h>
#include <stdint.h>

/* The version of everything in this file. A model says in its descriptor which
 * version it speaks; <prefix>_describe(max_abi) returns NULL to a caller who
 * knows only older ones. */
#define BNN_ABI_VERSION 1

/* The largest rank of an input or output. */
#define BNN_MAX_RANK 8

/* What <prefix>_run and the runtime's functions return. */
typedef enum bnn_status {
  BNN_OK = 0,
  BNN_ERROR_NULL = 1,      /* a pointer is null that must not be */
  BNN_ERROR_SHAPE = 2,     /* a dimension is not what the model declares, two
                              that share a name differ, or shapes do not fit
                              an operator of the model */
  BNN_ERROR_CAPACITY = 3,  /* a dimension is below 1 or over its maximum */
  BNN_ERROR_INDEX = 4,     /* an index (a token id) is out of its table */
  BNN_ERROR_WORKSPACE = 5, /* the workspace is null or misaligned */
  BNN_ERROR_ABI = 6,       /* versions do not match, or options are malformed */
  BNN_ERROR_CPU = 7        /* this CPU lacks something that the model uses */
} bnn_status;

/* Element types. A boolean is one byte, 0 or 1. A number of f16 (IEEE 754
 * binary16) or bf16 (the upper half of a float) is a uint16_t with its bits. */
typedef enum bnn_element_type {
  BNN_F32 = 1,
  BNN_I64 = 2,
  BNN_I32 = 3,
  BNN_BOOL = 4,
  BNN_I8 = 5,
  BNN_U8 = 6,
  BNN_F64 = 7,
  BNN_F16 = 8,
  BNN_BF16 = 9
} bnn_element_type;

/* CPU features that an object may need: bits of
 * bnn_model_info.required_cpu_features. x86-64 and AArch64 use disjoint bits.
 */
#define BNN_CPU_X86_POPCNT (UINT64_C(1) << 0)
#define BNN_CPU_X86_AVX (UINT64_C(1) << 1)
#define BNN_CPU_X86_AVX2 (UINT64_C(1) << 2)
#define BNN_CPU_X86_FMA (UINT64_C(1) << 3)
#define BNN_CPU_X86_BMI (UINT64_C(1) << 4)
#define BNN_CPU_X86_BMI2 (UINT64_C(1) << 5)
#define BNN_CPU_X86_LZCNT (UINT64_C(1) << 6)
#define BNN_CPU_X86_MOVBE (UINT64_C(1) << 7)
#define BNN_CPU_X86_F16C (UINT64_C(1) << 8)
#define BNN_CPU_X86_AVX512F (UINT64_C(1) << 9)
#define BNN_CPU_X86_AVX512BW (UINT64_C(1) << 10)
#define BNN_CPU_X86_AVX512CD (UINT64_C(1) << 11)
#define BNN_CPU_X86_AVX512DQ (UINT64_C(1) << 12)
#define BNN_CPU_X86_AVX512VL (UINT64_C(1) << 13)
#define BNN_CPU_X86_AVX512VPOPCNTDQ (UINT64_C(1) << 14)
#define BNN_CPU_X86_AVX512BITALG (UINT64_C(1) << 15)
#define BNN_CPU_X86_AVX512VBMI (UINT64_C(1) << 16)
#define BNN_CPU_X86_AVX512VBMI2 (UINT64_C(1) << 17)
#define BNN_CPU_X86_AVX512IFMA (UINT64_C(1) << 18)
#define BNN_CPU_X86_AVX512VNNI (UINT64_C(1) << 19)
#define BNN_CPU_X86_AVX512BF16 (UINT64_C(1) << 20)
#define BNN_CPU_X86_AVX512FP16 (UINT64_C(1) << 21)
#define BNN_CPU_X86_AVXVNNI (UINT64_C(1) << 22)
#define BNN_CPU_X86_GFNI (UINT64_C(1) << 23)
#define BNN_CPU_ARM_NEON (UINT64_C(1) << 32)
#define BNN_CPU_ARM_RDM (UINT64_C(1) << 33)
#define BNN_CPU_ARM_FP16 (UINT64_C(1) << 34)
#define BNN_CPU_ARM_DOTPROD (UINT64_C(1) << 35)
#define BNN_CPU_ARM_FCMA (UINT64_C(1) << 36)
#define BNN_CPU_ARM_SVE (UINT64_C(1) << 37)
#define BNN_CPU_ARM_SVE2 (UINT64_C(1) << 38)
#define BNN_CPU_ARM_I8MM (UINT64_C(1) << 39)
#define BNN_CPU_ARM_BF16 (UINT64_C(1) << 40)
#define BNN_CPU_ARM_SHA3 (UINT64_C(1) << 41)
#define BNN_CPU_ARM_MOPS (UINT64_C(1) << 42)
#define BNN_CPU_ARM_CSSC (UINT64_C(1) << 43)

/* One input or output of a call: dense, row-major, aligned to its element.
 * <prefix>_run reads shape of an input and fills in shape of an output; entries
 * past the rank are not looked at. The caller owns data. */
typedef struct bnn_tensor {
  void *data;
  int64_t shape[BNN_MAX_RANK];
} bnn_tensor;

/* A dimension: static when name is NULL (max is its size), otherwise any size
 * from 1 to max, the same wherever this model uses the name. */
typedef struct bnn_dim {
  const char *name;
  int64_t max;
} bnn_dim;

/* What the model declares about one input or output. */
typedef struct bnn_tensor_info {
  const char *name;    /* as in the ONNX graph */
  const bnn_dim *dims; /* rank entries */
  int32_t rank;
  int32_t element_type; /* a bnn_element_type */
} bnn_tensor_info;

/* What an instrumented model (bnn-opt --instrument) calls before it begins the
 * index-th of its operations, and with index their number when it has done the
 * last one. binary_macs are the operation's multiply-accumulates of bits. */
typedef void (*bnn_profile_hook)(void *context, uint32_t index,
                                 uint64_t binary_macs);

/* Options of a call. Zero the struct, then set struct_size to
 * sizeof(bnn_options); a null pointer means the defaults. The struct grows at
 * its end: what lies past struct_size is taken to be zero. */
typedef struct bnn_options {
  uint32_t struct_size; /* at least 8 */
  uint32_t reserved;    /* must be 0 */
  /* NULL, or what an instrumented model calls; others never do. */
  bnn_profile_hook profile;
  void *profile_context; /* its first argument */
} bnn_options;

/* What an instrumented model says of one of its operations: the entries of the
 * table that <prefix>_profile_ops(&count) returns, in the order of a run. */
typedef struct bnn_profiled_op {
  const char *name; /* of its node in the ONNX graph; "" where not known */
  const char *kind; /* "matmul", "attention", ... */
  /* Binary multiply-accumulates a cycle that the execution ports of the CPU
   * allow this kernel, by LLVM's model of the CPU; 0 where not known. */
  double port_limit;
} bnn_profiled_op;

/* The type of <prefix>_run. Returns a bnn_status. */
typedef int32_t (*bnn_run_function)(const bnn_tensor *inputs,
                                    bnn_tensor *outputs, void *workspace,
                                    const bnn_options *options);

/* The constant that <prefix>_describe returns. */
typedef struct bnn_model_info {
  uint32_t abi_version;
  uint32_t num_inputs;
  uint32_t num_outputs;
  uint32_t reserved;
  const char *name; /* the prefix of the model's symbols */
  const bnn_tensor_info *inputs;
  const bnn_tensor_info *outputs;
  size_t workspace_size;      /* bytes; enough for the largest shapes */
  size_t workspace_alignment; /* bytes */
  uint64_t required_cpu_features;
  const char *target_triple; /* "" where the compiler was not told */
  const char *target_cpu;    /* "" where the compiler was not told */
  bnn_run_function run;
} bnn_model_info;

#endif /* BNN_RUNTIME_TYPES_H */
