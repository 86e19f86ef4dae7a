//===- compiler-test.c - Compiles a model and loads it, from C ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../runtime/expect.h"

#include "bnn/compiler.h"

#include <stdio.h>
#include <string.h>

/* Prints what the compiler says of a model that it refuses. */
static void refuse(const char *path, const char *argument) {
  size_t size = 1, index = 0;
  const bnn_diagnostic *diagnostic;
  bnn_compilation *compilation = bnn_compile(path, argument != NULL, &argument);
  EXPECT(!bnn_compilation_succeeded(compilation));
  EXPECT(!bnn_compilation_object(compilation, &size) && size == 0);
  EXPECT(!bnn_compilation_header(compilation));
  EXPECT(strlen(bnn_compilation_prefix(compilation)) == 0);
  while ((diagnostic = bnn_compilation_diagnostic(compilation, index++))) {
    EXPECT(diagnostic->severity == BNN_SEVERITY_ERROR);
    printf("error: %s\n", diagnostic->message);
  }
  EXPECT(index > 1);
  bnn_compilation_free(compilation);
}

int main(int argc, char **argv) {
  const char *arguments[] = {"-O1", "--max-dim=seq:16", "--report=text"};
  bnn_compilation *compilation;
  bnn_loaded_model *model;
  const bnn_model_info *info;
  const void *object;
  char *error = NULL;
  size_t size;
  if (argc != 2 || bnn_compiler_api_version() != BNN_COMPILER_API_VERSION)
    return 2;
  compilation = bnn_compile(argv[1], 3, arguments);
  EXPECT(bnn_compilation_succeeded(compilation));
  EXPECT(strstr(bnn_compilation_header(compilation), "tiny_run"));
  EXPECT(strstr(bnn_compilation_report(compilation), "binary"));
  object = bnn_compilation_object(compilation, &size);
  model = bnn_load_object(object, size, NULL, &error);
  EXPECT(model && !error);
  info = bnn_loaded_model_info(model);
  printf("%s for %s %s: %u inputs, %u output\n",
         bnn_compilation_prefix(compilation),
         bnn_compilation_triple(compilation), bnn_compilation_cpu(compilation),
         info->num_inputs, info->num_outputs);
  bnn_compilation_free(compilation);
  bnn_loaded_model_free(model);
  refuse("missing.onnx", NULL);
  refuse(argv[1], "-O4");
  refuse(argv[1], "-Ofast");
  refuse(argv[1], "--mcpu");
  refuse(argv[1], "--reference=yes");
  refuse(argv[1], "--emit=asm");
  refuse(argv[1], "haswell");
  refuse(argv[1], "--allow-float=*");
  refuse(argv[1], "--report=xml");
  model = bnn_load_object("no object", 9, NULL, &error);
  EXPECT(!model && error);
  printf("load: %s\n", error);
  bnn_free_string(error);
  if (failures == 0)
    printf("compiler: all passed\n");
  return failures != 0;
}
