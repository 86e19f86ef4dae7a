//===- cpu-features.c - What is found where little may be asked -----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints bnn_cpu_features(). With --closed nobody may look at the process, and
// it may open no file: its /proc/self/auxv cannot be read.
//
//===----------------------------------------------------------------------===//

#define _GNU_SOURCE
#include "bnn/runtime.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "--closed") == 0) {
    const struct rlimit none = {0, 0};
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) || setrlimit(RLIMIT_NOFILE, &none) ||
        open("/proc/self/auxv", O_RDONLY) >= 0) {
      printf("the file can be read\n");
      return 1;
    }
  }
  printf("features %016llx\n", (unsigned long long)bnn_cpu_features());
  return 0;
}
