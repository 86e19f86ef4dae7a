/* Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef BNN_COMPILER_H
#define BNN_COMPILER_H

/* The compiler as a C library, libbnn_compiler.so: what bnn-opt does with an
 * ONNX file, and loading what it made into this process. The Python package
 * stands on it. Compiled models do not need it: see bnn/runtime.h.
 *
 * All functions may be called from any thread; an object that one of them
 * returned is not to be freed while another thread uses it. Strings are UTF-8.
 */

#include "bnn/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this file. */
#define BNN_COMPILER_API_VERSION 2

/* BNN_COMPILER_API_VERSION of the library: a program that was built with
 * another one must not call it. */
uint32_t bnn_compiler_api_version(void);

typedef enum bnn_severity {
  BNN_SEVERITY_ERROR = 1,
  BNN_SEVERITY_WARNING = 2,
  BNN_SEVERITY_REMARK = 3,
  BNN_SEVERITY_NOTE = 4 /* belongs to the diagnostic before it */
} bnn_severity;

/* Something that the compiler said. Strings are never null. */
typedef struct bnn_diagnostic {
  int32_t severity;      /* a bnn_severity */
  uint32_t line, column; /* 0 where there is none, as in ONNX files */
  const char *message;
  const char *file; /* "" where it is about no file */
  const char *node; /* the name of the model's node, or "" */
} bnn_diagnostic;

/* What became of a compilation. */
typedef struct bnn_compilation bnn_compilation;

/* Compiles the ONNX file at `path` to an object. The `count` arguments are
 * bnn-opt's options that say how to compile, spelt as on its command line, and
 * --report: each is one string, as in
 *
 *     const char *arguments[] = {"--mcpu=haswell", "--max-dim=seq:128", "-O2"};
 *     bnn_compile("model.onnx", 3, arguments);
 *
 * `bnn-opt --help` lists them under "Model and target options". An argument
 * that is unknown or wrong is a diagnostic. Null only where memory is short. */
bnn_compilation *bnn_compile(const char *path, size_t count,
                             const char *const *arguments);

/* Whether there is an object: 1 or 0. Where it is 0, some diagnostic is an
 * error. */
int32_t bnn_compilation_succeeded(const bnn_compilation *compilation);

/* The object file's bytes, and the text of its C header; null and 0 where the
 * compilation failed. They live as long as the compilation. */
const void *bnn_compilation_object(const bnn_compilation *compilation,
                                   size_t *size);
const char *bnn_compilation_header(const bnn_compilation *compilation);

/* What became of each layer, in the format that --report=text, --report=json or
 * --report=html asked for; null where the compilation failed or none did. */
const char *bnn_compilation_report(const bnn_compilation *compilation);

/* What the model was compiled for, and what its C symbols begin with; "" where
 * the compilation failed. */
const char *bnn_compilation_triple(const bnn_compilation *compilation);
const char *bnn_compilation_cpu(const bnn_compilation *compilation);
const char *bnn_compilation_prefix(const bnn_compilation *compilation);

/* What the compiler said, in order; null past the end. */
const bnn_diagnostic *
bnn_compilation_diagnostic(const bnn_compilation *compilation, size_t index);

void bnn_compilation_free(bnn_compilation *compilation);

/* A compiled model in this process. */
typedef struct bnn_loaded_model bnn_loaded_model;

/* Loads an object for this machine from memory, which it copies. `prefix` says
 * which model of several, and may be null where there is one. Where it fails,
 * it returns null, and *error is a sentence that bnn_free_string frees. */
bnn_loaded_model *bnn_load_object(const void *object, size_t size,
                                  const char *prefix, char **error);

/* Likewise from an object file or a shared library. */
bnn_loaded_model *bnn_load_file(const char *path, const char *prefix,
                                char **error);

/* The model's descriptor, with the function that runs it; it lives as long as
 * the model. */
const bnn_model_info *bnn_loaded_model_info(const bnn_loaded_model *model);

void bnn_loaded_model_free(bnn_loaded_model *model);

void bnn_free_string(char *string);

#ifdef __cplusplus
}
#endif

#endif /* BNN_COMPILER_H */
