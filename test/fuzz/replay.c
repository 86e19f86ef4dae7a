//===- replay.c - A fuzz target on the files that are named ---------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// In place of libFuzzer's main function, where there is no libFuzzer.
//
//===----------------------------------------------------------------------===//

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    FILE *file = fopen(argv[i], "rb");
    if (!file || fseek(file, 0, SEEK_END)) {
      fprintf(stderr, "cannot read %s\n", argv[i]);
      return 2;
    }
    size_t size = (size_t)ftell(file);
    uint8_t *data = malloc(size ? size : 1);
    rewind(file);
    if (!data || fread(data, 1, size, file) != size)
      return 2;
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
  }
  printf("%d inputs replayed\n", argc - 1);
  return 0;
}
