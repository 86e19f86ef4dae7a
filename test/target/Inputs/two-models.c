//===- two-models.c - Two models in one program ---------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two models in one program, each run by two threads at once: what every thread
// gets must be what a run alone got, since calls share nothing.
//
//===----------------------------------------------------------------------===//

#include "first.h"
#include "second.h"

#include "tiny.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { repeats = 50 };

struct job {
  bnn_run_function run;
  size_t workspace_size;
  float alone[rows * classes];
  int wrong;
};

static void *work(void *argument) {
  struct job *job = argument;
  char *memory = malloc(job->workspace_size + 64);
  void *workspace = (void *)(((uintptr_t)memory + 63) & ~(uintptr_t)63);
  float logits[rows * classes];
  int i;
  for (i = 0; i < repeats; ++i) {
    /* A run may not depend on what the workspace held. */
    memset(workspace, i, job->workspace_size);
    if (!run_tiny(job->run, workspace, logits) ||
        memcmp(logits, job->alone, sizeof logits) != 0)
      job->wrong = 1;
  }
  free(memory);
  return NULL;
}

int main(void) {
  struct job jobs[4];
  pthread_t threads[4];
  int i, wrong = 0;
  for (i = 0; i < 4; ++i) {
    char *memory;
    jobs[i].run = i % 2 ? second_run : first_run;
    jobs[i].workspace_size =
        i % 2 ? second_workspace_size() : first_workspace_size();
    jobs[i].wrong = 0;
    memory = calloc(1, jobs[i].workspace_size + 64);
    if (!run_tiny(jobs[i].run,
                  (void *)(((uintptr_t)memory + 63) & ~(uintptr_t)63),
                  jobs[i].alone))
      return 1;
    free(memory);
  }
  for (i = 0; i < 4; ++i)
    if (pthread_create(&threads[i], NULL, work, &jobs[i]) != 0)
      return 1;
  for (i = 0; i < 4; ++i) {
    pthread_join(threads[i], NULL);
    wrong |= jobs[i].wrong;
  }
  printf("%s %s: %s\n", first_describe(BNN_ABI_VERSION)->name,
         second_describe(BNN_ABI_VERSION)->name, wrong ? "wrong" : "the same");
  return wrong || first_describe(0) != NULL;
}
