//===- cpu.c - What this CPU can do ---------------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bnn/runtime.h"

/* Everything here is computed anew on each call: a cache would be a writable
 * global, and a model is asked about once. */

#if defined(__x86_64__) || defined(__i386__)

#include <cpuid.h>

/* Registers that CPUID fills in: leaf, subleaf if any, register. */
enum cpuid_word {
  Leaf1C,
  Leaf7B,
  Leaf7C,
  Leaf7D,
  Leaf7Sub1A,
  Extended1C,
  CPUIDWords
};

/* A feature is bit `bit` of a register, and of use where the operating system
 * saves what XCR0's bits `state` stand for. */
struct x86_feature {
  uint64_t feature;
  unsigned char word, bit, state;
};

uint64_t bnn_cpu_features(void) {
  static const struct x86_feature table[] = {
#define BNN_X86(NAME, LLVM, WORD, BIT, STATE)                                  \
  {BNN_CPU_X86_##NAME, WORD, BIT, STATE},
#include "bnn/cpu_features.def"
  };
  unsigned words[CPUIDWords] = {0};
  unsigned eax, ebx, ecx, edx, subleaves, enabled = 0;
  uint64_t features = 0;
  size_t i;

  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx))
    return 0;
  words[Leaf1C] = ecx;
  if (ecx >> 27 & 1u) { /* OSXSAVE: xgetbv may be used */
    unsigned high;
    __asm__ volatile("xgetbv" : "=a"(enabled), "=d"(high) : "c"(0));
    (void)high;
  }
  if (__get_cpuid_count(7, 0, &subleaves, &ebx, &ecx, &edx)) {
    words[Leaf7B] = ebx;
    words[Leaf7C] = ecx;
    words[Leaf7D] = edx;
    if (subleaves >= 1 && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx))
      words[Leaf7Sub1A] = eax;
  }
  if (__get_cpuid(0x80000001u, &eax, &ebx, &ecx, &edx))
    words[Extended1C] = ecx;

  for (i = 0; i < sizeof table / sizeof table[0]; ++i)
    if ((words[table[i].word] >> table[i].bit & 1u) &&
        (enabled & table[i].state) == table[i].state)
      features |= table[i].feature;
  return features;
}

#elif defined(__aarch64__)

#if defined(__linux__)

/* Linux system calls, made here because the runtime has no C library. A path
 * or a buffer is read or written by the kernel: hence the memory clobber. */
static long system_call(long number, long a, long b, long c) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = 0;
  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3)
                   : "memory", "cc");
  return x0;
}

enum { at_null = 0, at_hwcap = 16, at_hwcap2 = 26 };

/* The C library's, where it is part of the program. */
extern unsigned long getauxval(unsigned long type) __attribute__((weak));

/* The capability words that the kernel gave this process, from its file: 0
 * where it cannot be read, as by a process that may not be looked at
 * (PR_SET_DUMPABLE). */
static int read_auxv(uint64_t *hwcap, uint64_t *hwcap2) {
  enum { at_fdcwd = -100, sys_openat = 56, sys_close = 57, sys_read = 63 };
  static const char path[] = "/proc/self/auxv";
  uint64_t entry[2];
  long file = system_call(sys_openat, at_fdcwd, (long)path, 0);
  int found = 0;

  if (file < 0)
    return 0;
  while (system_call(sys_read, file, (long)entry, sizeof entry) ==
             (long)sizeof entry &&
         entry[0] != at_null) {
    if (entry[0] == at_hwcap) {
      *hwcap = entry[1];
      found = 1;
    } else if (entry[0] == at_hwcap2) {
      *hwcap2 = entry[1];
    }
  }
  system_call(sys_close, file, 0, 0);
  return found;
}

/* Whether the kernel lets programs read the ID registers, which all have done
 * since 4.11: it is asked for its version, as older ones end the program. */
static int may_read_registers(void) {
  enum { sys_uname = 160, length = 65, release = 2 * length };
  char names[6 * length];
  const char *c = names + release;
  unsigned number[2] = {0, 0}, i;

  if (system_call(sys_uname, (long)names, 0, 0) < 0)
    return 0;
  for (i = 0; i < 2; ++i) {
    for (; *c >= '0' && *c <= '9' && number[i] < 1000; ++c)
      number[i] = number[i] * 10 + (unsigned)(*c - '0');
    if (*c == '.')
      ++c;
  }
  return number[0] > 4 || (number[0] == 4 && number[1] >= 11);
}

/* By their numbers: an assembler may not know the names. */
#define READ(REGISTER)                                                         \
  __extension__({                                                              \
    uint64_t value;                                                            \
    __asm__("mrs %0, " REGISTER : "=r"(value));                                \
    value;                                                                     \
  })

/* The four bits from bit `field` on, a signed number. */
static int field_of(uint64_t value, unsigned field) {
  return (int)((value >> field & 15) ^ 8) - 8;
}

static uint64_t features_from_registers(void) {
  const uint64_t PFR0 = READ("S3_0_C0_C4_0"), ZFR0 = READ("S3_0_C0_C4_4"),
                 ISAR0 = READ("S3_0_C0_C6_0"), ISAR1 = READ("S3_0_C0_C6_1"),
                 ISAR2 = READ("S3_0_C0_C6_2");
  uint64_t features = 0;
#define BNN_AARCH64(NAME, LLVM, WORD, BIT, REGISTER, FIELD, LEAST, MACRO)      \
  features |= field_of(REGISTER, FIELD) >= (LEAST) ? BNN_CPU_ARM_##NAME : 0;
#include "bnn/cpu_features.def"
  return features;
}

static uint64_t features_from_system(void) {
  uint64_t Hwcap = 0, Hwcap2 = 0, features = 0;

  if (getauxval) {
    Hwcap = getauxval(at_hwcap);
    Hwcap2 = getauxval(at_hwcap2);
  }
  /* No AArch64 with Linux has none. */
  if (!Hwcap && !read_auxv(&Hwcap, &Hwcap2))
    return may_read_registers() ? features_from_registers() : 0;
#define BNN_AARCH64(NAME, LLVM, WORD, BIT, REGISTER, FIELD, LEAST, MACRO)      \
  features |= WORD >> BIT & 1 ? BNN_CPU_ARM_##NAME : 0;
#include "bnn/cpu_features.def"
  return features;
}

#else

static uint64_t features_from_system(void) { return 0; }

#endif

/* 1 where MACRO is defined as 1, 0 where it is not defined. Its value is pasted
 * to PLACEHOLDER_, which makes two arguments, "0, 1", of a 1 and one, without
 * meaning, of a name; so the second argument then is 1, or the 0 after it. */
#define PLACEHOLDER_1 0, 1
#define ASSUMED(MACRO) ASSUMED_EXPANDED(MACRO)
#define ASSUMED_EXPANDED(VALUE) SECOND(PLACEHOLDER_##VALUE, 0, 0)
#define SECOND(...) SECOND_EXPANDED(__VA_ARGS__)
#define SECOND_EXPANDED(FIRST, RESULT, ...) RESULT

uint64_t bnn_cpu_features(void) {
  uint64_t features = features_from_system();
#define BNN_AARCH64(NAME, LLVM, WORD, BIT, REGISTER, FIELD, LEAST, MACRO)      \
  features |= ASSUMED(MACRO) ? BNN_CPU_ARM_##NAME : 0;
#include "bnn/cpu_features.def"
  return features;
}

#else

/* No optional features are known here: the compiler asks for none either. */
uint64_t bnn_cpu_features(void) { return 0; }

#endif
