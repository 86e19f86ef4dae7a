//===- guard.c - Calls compiled models between guard pages ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes the calls that a file lists, of the models that it is linked with:
//
//   guard CALLS RESULTS
//
// Each buffer of a call (inputs, outputs, workspace) lies alone between pages
// that nothing may touch, inputs on pages that can only be read. Each call is
// made twice: with every buffer against the guard behind it and then against
// the one before it, and with other bytes in outputs, workspace and gaps. What
// is looked at: no access faults, no gap changes, a failed call leaves every
// byte of the outputs alone, a call that succeeds writes all of them, and both
// calls agree.
//
// CALLS is a sequence of records in the machine's order, each padded to 8
// bytes: the model's index and the number of inputs (u32), and for each input
// its shape (i64[8]), its bytes (u64) and its data. RESULTS has one for each
// call: status (i32), length of a text (u32) and the text, empty where nothing
// is wrong, the number of outputs (u64), and as for inputs for each output.
//
//===----------------------------------------------------------------------===//

#define _GNU_SOURCE
#include "bnn/runtime.h"

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

/* Written by guard.py: the models' <prefix>_describe. */
extern const bnn_model_info *(*const guard_models[])(uint32_t);
extern const uint32_t guard_num_models;

enum { MAX_TENSORS = 64, TIMEOUT_SECONDS = 20 };
/* On each side of a buffer, so that accesses far away are seen as well. */
static const size_t GUARD_BYTES = (size_t)16 << 20;
static const unsigned char CANARY = 0xc3;

static void fail(const char *what) {
  fprintf(stderr, "guard: %s\n", what);
  exit(2);
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

typedef struct buffer {
  const char *kind; /* "input", "output" or "workspace" */
  const char *name; /* of the tensor */
  unsigned char *reserved;
  size_t reserved_bytes;
  unsigned char *pages; /* what lies between the guards */
  size_t pages_bytes;
  unsigned char *data;
  size_t size;
} buffer;

static size_t round_up(size_t bytes, size_t multiple) {
  return (bytes + multiple - 1) / multiple * multiple;
}

/* Which guard the buffers of a call lie against, and what they are filled with.
 */
typedef struct placement {
  int at_end;
  unsigned char pattern;
} placement;

static void allocate(buffer *b, const char *kind, const char *name, size_t size,
                     size_t alignment, placement where) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  b->kind = kind;
  b->name = name;
  b->size = size;
  b->pages_bytes = round_up(round_up(size, alignment), page);
  b->reserved_bytes = b->pages_bytes + 2 * GUARD_BYTES;
  b->reserved = mmap(NULL, b->reserved_bytes, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (b->reserved == MAP_FAILED)
    fail("memory is exhausted");
  b->pages = b->reserved + GUARD_BYTES;
  if (b->pages_bytes &&
      mprotect(b->pages, b->pages_bytes, PROT_READ | PROT_WRITE))
    fail("mprotect failed");
  b->data = b->pages;
  if (where.at_end)
    b->data += b->pages_bytes - round_up(size, alignment);
  memset(b->pages, CANARY, b->pages_bytes);
  memset(b->data, where.pattern, size);
}

/* The first byte of the buffer that is not `byte`, or its size. */
static size_t first_other(const buffer *b, unsigned char byte) {
  size_t i = 0;
  while (i < b->size && b->data[i] == byte)
    ++i;
  return i;
}

/* How far from the buffer's start a byte of its gaps was changed; 0 where none
 * was, which is no place of a gap. */
static ptrdiff_t changed_gap(const buffer *b) {
  for (const unsigned char *p = b->pages; p < b->pages + b->pages_bytes; ++p) {
    if (p == b->data)
      p += b->size;
    if (p < b->pages + b->pages_bytes && *p != CANARY)
      return p - b->data;
  }
  return 0;
}

//===----------------------------------------------------------------------===//
// One call
//===----------------------------------------------------------------------===//

/* A call's arguments, and what came of it. */
typedef struct call {
  const bnn_model_info *info;
  const bnn_tensor *shapes; /* of the inputs; data is what they hold */
  const size_t *input_bytes;
  bnn_tensor inputs[MAX_TENSORS], outputs[MAX_TENSORS];
  buffer buffers[2 * MAX_TENSORS + 1];
  unsigned num_buffers;
  buffer *output_buffers;
  int32_t status;
  char fault[512];
} call;

static void report(call *c, const char *format, ...) {
  if (c->fault[0])
    return;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(c->fault, sizeof c->fault, format, arguments);
  va_end(arguments);
}

static sigjmp_buf escape;
static volatile sig_atomic_t caught_signal;
static void *volatile caught_address;

static void on_signal(int number, siginfo_t *info, void *context) {
  (void)context;
  caught_signal = number;
  caught_address = info->si_addr;
  siglongjmp(escape, 1);
}

static void install_handlers(void) {
  static unsigned char stack[1 << 16];
  stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
  if (sigaltstack(&alternative, NULL))
    fail("sigaltstack failed");
  struct sigaction action = {.sa_sigaction = on_signal,
                             .sa_flags = SA_SIGINFO | SA_ONSTACK};
  const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGALRM};
  for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; ++i)
    if (sigaction(numbers[i], &action, NULL))
      fail("sigaction failed");
}

static void report_signal(call *c) {
  if (caught_signal == SIGALRM) {
    report(c, "timeout: still running after %d s", TIMEOUT_SECONDS);
    return;
  }
  if (caught_signal != SIGSEGV && caught_signal != SIGBUS) {
    report(c, "signal: %s", strsignal(caught_signal));
    return;
  }
  uintptr_t address = (uintptr_t)caught_address;
  for (unsigned i = 0; i < c->num_buffers; ++i) {
    const buffer *b = &c->buffers[i];
    if (address - (uintptr_t)b->reserved >= b->reserved_bytes)
      continue;
    int inside = address - (uintptr_t)b->data < b->size;
    report(c, "%s: %s '%s' of %zu bytes, at byte %td",
           inside ? "write to input" : "access out of bounds", b->kind, b->name,
           b->size, (ptrdiff_t)(address - (uintptr_t)b->data));
    return;
  }
  report(c, "access out of bounds: at no buffer");
}

/* The size of a dimension as the inputs of the call have it: the most that the
 * caller of the model can know. */
static int64_t size_of(const call *c, const bnn_dim *dim) {
  if (!dim->name)
    return dim->max;
  for (uint32_t i = 0; i < c->info->num_inputs; ++i)
    for (int32_t axis = 0; axis < c->info->inputs[i].rank; ++axis) {
      const bnn_dim *other = &c->info->inputs[i].dims[axis];
      if (other->name && !strcmp(other->name, dim->name))
        return c->shapes[i].shape[axis];
    }
  return dim->max;
}

static size_t output_bytes(const call *c, const bnn_tensor_info *info) {
  size_t bytes = bnn_element_size(info->element_type);
  for (int32_t axis = 0; axis < info->rank; ++axis) {
    int64_t size = size_of(c, &info->dims[axis]);
    bytes *= size < 0 ? 0 : (size_t)size;
  }
  return bytes;
}

static void prepare(call *c, placement where) {
  const bnn_model_info *info = c->info;
  c->num_buffers = 0;
  for (uint32_t i = 0; i < info->num_inputs; ++i) {
    buffer *b = &c->buffers[c->num_buffers++];
    allocate(b, "input", info->inputs[i].name, c->input_bytes[i],
             bnn_element_size(info->inputs[i].element_type), where);
    memcpy(b->data, c->shapes[i].data, b->size);
    if (b->pages_bytes && mprotect(b->pages, b->pages_bytes, PROT_READ))
      fail("mprotect failed");
    c->inputs[i] = c->shapes[i];
    c->inputs[i].data = b->data;
  }
  c->output_buffers = c->buffers + c->num_buffers;
  for (uint32_t i = 0; i < info->num_outputs; ++i) {
    buffer *b = &c->buffers[c->num_buffers++];
    allocate(b, "output", info->outputs[i].name,
             output_bytes(c, &info->outputs[i]),
             bnn_element_size(info->outputs[i].element_type), where);
    memset(&c->outputs[i], 0, sizeof c->outputs[i]);
    c->outputs[i].data = b->data;
  }
  allocate(&c->buffers[c->num_buffers++], "workspace", "", info->workspace_size,
           info->workspace_alignment, where);
}

static void release(call *c) {
  for (unsigned i = 0; i < c->num_buffers; ++i)
    munmap(c->buffers[i].reserved, c->buffers[i].reserved_bytes);
}

/* Whether the shape that the model gave to an output is the one that its buffer
 * was made for. */
static int is_right_shape(const call *c, uint32_t index) {
  const bnn_tensor_info *info = &c->info->outputs[index];
  for (int32_t axis = 0; axis < info->rank; ++axis)
    if (c->outputs[index].shape[axis] != size_of(c, &info->dims[axis]))
      return 0;
  return 1;
}

static void check(call *c, placement where) {
  const bnn_model_info *info = c->info;
  for (unsigned i = 0; i < c->num_buffers; ++i) {
    ptrdiff_t gap = changed_gap(&c->buffers[i]);
    if (gap)
      report(c, "write out of bounds: %s '%s' of %zu bytes, at byte %td",
             c->buffers[i].kind, c->buffers[i].name, c->buffers[i].size, gap);
  }
  for (uint32_t i = 0; i < info->num_outputs; ++i) {
    const buffer *b = &c->output_buffers[i];
    size_t changed = first_other(b, where.pattern);
    if (c->status != BNN_OK && changed != b->size)
      report(c, "write after a failed check: output '%s' at byte %zu, %s",
             b->name, changed, bnn_status_string(c->status));
    if (c->status == BNN_OK && !is_right_shape(c, i))
      report(c, "wrong shape: of output '%s'", b->name);
  }
}

static void run(call *c, placement where) {
  prepare(c, where);
  const struct itimerval limit = {.it_value.tv_sec = TIMEOUT_SECONDS};
  const struct itimerval none = {{0, 0}, {0, 0}};
  if (sigsetjmp(escape, 1)) {
    setitimer(ITIMER_REAL, &none, NULL);
    report_signal(c);
    return;
  }
  setitimer(ITIMER_REAL, &limit, NULL);
  c->status = c->info->run(c->inputs, c->outputs,
                           c->buffers[c->num_buffers - 1].data, NULL);
  setitimer(ITIMER_REAL, &none, NULL);
  check(c, where);
}

//===----------------------------------------------------------------------===//
// Both calls, and the files
//===----------------------------------------------------------------------===//

static const placement PLACEMENTS[2] = {{1, 0xa5}, {0, 0x5a}};

/* What only two calls that differ in the bytes before show: in `first`, bytes
 * that no call wrote, and results that depend on bytes that no one wrote. */
static void compare(call *first, const call *second) {
  if (first->status != second->status)
    report(first, "two results: %s, then %s", bnn_status_string(first->status),
           bnn_status_string(second->status));
  if (first->status != BNN_OK)
    return;
  for (uint32_t i = 0; i < first->info->num_outputs; ++i) {
    const buffer *a = &first->output_buffers[i],
                 *b = &second->output_buffers[i];
    for (size_t byte = 0; byte < a->size; ++byte) {
      if (a->data[byte] == b->data[byte])
        continue;
      int unwritten = a->data[byte] == PLACEMENTS[0].pattern &&
                      b->data[byte] == PLACEMENTS[1].pattern;
      report(first, "%s: output '%s' of %zu bytes, at byte %zu",
             unwritten ? "not written" : "two results", a->name, a->size, byte);
      break;
    }
  }
}

static void put(FILE *file, const void *data, size_t bytes) {
  static const char padding[8];
  if (fwrite(data, 1, bytes, file) != bytes ||
      fwrite(padding, 1, round_up(bytes, 8) - bytes, file) !=
          round_up(bytes, 8) - bytes)
    fail("the results cannot be written");
}

static void put_result(FILE *file, const call *c) {
  uint32_t length = (uint32_t)strlen(c->fault);
  uint32_t head[2] = {(uint32_t)c->status, length};
  put(file, head, sizeof head);
  put(file, c->fault, length);
  uint64_t count =
      c->fault[0] || c->status != BNN_OK ? 0 : c->info->num_outputs;
  put(file, &count, sizeof count);
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t bytes = c->output_buffers[i].size;
    put(file, c->outputs[i].shape, sizeof c->outputs[i].shape);
    put(file, &bytes, sizeof bytes);
    put(file, c->output_buffers[i].data, bytes);
  }
}

/* `bytes` of the mapped file of calls. */
static const unsigned char *take(const unsigned char **at,
                                 const unsigned char *end, size_t bytes) {
  const unsigned char *start = *at;
  if ((size_t)(end - start) < round_up(bytes, 8))
    fail("the file of calls is cut off");
  *at += round_up(bytes, 8);
  return start;
}

static void run_record(const unsigned char **at, const unsigned char *end,
                       FILE *results) {
  static call calls[2];
  static bnn_tensor shapes[MAX_TENSORS];
  static size_t bytes[MAX_TENSORS];
  uint32_t head[2];
  memcpy(head, take(at, end, sizeof head), sizeof head);
  if (head[0] >= guard_num_models)
    fail("no such model");
  const bnn_model_info *info = guard_models[head[0]](BNN_ABI_VERSION);
  if (bnn_model_supported(info) != BNN_OK)
    fail("this CPU cannot run the model");
  if (head[1] != info->num_inputs || info->num_inputs > MAX_TENSORS ||
      info->num_outputs > MAX_TENSORS)
    fail("another number of inputs or outputs");
  for (uint32_t i = 0; i < head[1]; ++i) {
    uint64_t size;
    memcpy(shapes[i].shape, take(at, end, sizeof shapes[i].shape),
           sizeof shapes[i].shape);
    memcpy(&size, take(at, end, sizeof size), sizeof size);
    bytes[i] = size;
    shapes[i].data = (void *)take(at, end, size);
  }
  for (int i = 0; i < 2; ++i) {
    calls[i] = (call){.info = info, .shapes = shapes, .input_bytes = bytes};
    run(&calls[i], PLACEMENTS[i]);
  }
  if (!calls[0].fault[0] && calls[1].fault[0])
    memcpy(calls[0].fault, calls[1].fault, sizeof calls[0].fault);
  if (!calls[0].fault[0])
    compare(&calls[0], &calls[1]);
  put_result(results, &calls[0]);
  release(&calls[0]);
  release(&calls[1]);
}

int main(int argc, char **argv) {
  if (argc != 3)
    fail("usage: guard CALLS RESULTS");
  FILE *file = fopen(argv[1], "rb"), *results = fopen(argv[2], "wb");
  if (!file || !results)
    fail("a file cannot be opened");
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  unsigned char *bytes = malloc((size_t)size + 1);
  if (size < 0 || !bytes || fread(bytes, 1, (size_t)size, file) != (size_t)size)
    fail("the calls cannot be read");
  fclose(file);
  install_handlers();
  const unsigned char *at = bytes, *end = bytes + size;
  while (at != end)
    run_record(&at, end, results);
  if (fclose(results))
    fail("the results cannot be written");
  free(bytes);
  return 0;
}
