/* A program that compiles a model and loads it: compiler-test MODEL.onnx */
#include "../runtime/expect.h"

#include "bnn/compiler.h"

#include <stdio.h>
#include <string.h>

static bnn_compile_options defaults(void) {
  bnn_compile_options options;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.opt_level = 1;
  return options;
}

/* Prints what the compiler says of a model that it refuses. */
static void refuse(const char *path, const bnn_compile_options *options) {
  size_t size = 1, index = 0;
  const bnn_diagnostic *diagnostic;
  bnn_compilation *compilation = bnn_compile(path, options);
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
  bnn_compile_options options = defaults();
  bnn_compilation *compilation;
  bnn_loaded_model *model;
  const bnn_model_info *info;
  const void *object;
  char *error = NULL;
  size_t size;
  if (argc != 2 || bnn_compiler_api_version() != BNN_COMPILER_API_VERSION)
    return 2;
  compilation = bnn_compile(argv[1], &options);
  EXPECT(bnn_compilation_succeeded(compilation));
  EXPECT(strstr(bnn_compilation_header(compilation), "tiny_run"));
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
  options.opt_level = 4;
  refuse(argv[1], &options);
  options.struct_size = 3;
  refuse(argv[1], &options);
  model = bnn_load_object("no object", 9, NULL, &error);
  EXPECT(!model && error);
  printf("load: %s\n", error);
  bnn_free_string(error);
  if (failures == 0)
    printf("compiler: all passed\n");
  return failures != 0;
}
