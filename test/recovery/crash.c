//===- crash.c - A crash at a place that is known -------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
// A library to be loaded before others: the call of `CRASH_CALL` ("umask" or
// "rename") whose number, from 1, is `CRASH_NUMBER` writes where no memory is.
// Bnn-opt asks for the umask before it places its outputs by renaming.
//===----------------------------------------------------------------------===//
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void crash(const char *call) {
  static int calls;
  const char *wanted = getenv("CRASH_CALL");
  if (wanted && strcmp(wanted, call) == 0 &&
      ++calls == atoi(getenv("CRASH_NUMBER")))
    *(volatile int *)8 = 0;
}

mode_t umask(mode_t mask) {
  crash("umask");
  return ((mode_t(*)(mode_t))dlsym(RTLD_NEXT, "umask"))(mask);
}

int rename(const char *from, const char *to) {
  crash("rename");
  return ((int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename"))(from,
                                                                           to);
}
