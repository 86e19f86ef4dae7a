/* Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "bnn/runtime.h"

/* Everything here is computed anew on each call: a cache would be a writable
 * global, and a model is asked about once. */

#if defined(__x86_64__) || defined(__i386__)

#include <cpuid.h>

/* One bit of one register of a CPUID leaf, and what it means to us. */
struct cpuid_bit {
  unsigned char bit;
  uint64_t feature;
};

static uint64_t decode(unsigned value, const struct cpuid_bit *bits,
                       size_t count) {
  uint64_t features = 0;
  size_t i;
  for (i = 0; i < count; ++i)
    if (value >> bits[i].bit & 1u)
      features |= bits[i].feature;
  return features;
}

#define DECODE(value, bits) decode(value, bits, sizeof(bits) / sizeof(bits[0]))

uint64_t bnn_cpu_features(void) {
  static const struct cpuid_bit leaf1_ecx[] = {
      {12, BNN_CPU_X86_FMA}, {22, BNN_CPU_X86_MOVBE}, {23, BNN_CPU_X86_POPCNT},
      {28, BNN_CPU_X86_AVX}, {29, BNN_CPU_X86_F16C},
  };
  static const struct cpuid_bit leaf7_ebx[] = {
      {3, BNN_CPU_X86_BMI},       {5, BNN_CPU_X86_AVX2},
      {8, BNN_CPU_X86_BMI2},      {16, BNN_CPU_X86_AVX512F},
      {17, BNN_CPU_X86_AVX512DQ}, {21, BNN_CPU_X86_AVX512IFMA},
      {28, BNN_CPU_X86_AVX512CD}, {30, BNN_CPU_X86_AVX512BW},
      {31, BNN_CPU_X86_AVX512VL},
  };
  static const struct cpuid_bit leaf7_ecx[] = {
      {1, BNN_CPU_X86_AVX512VBMI},    {6, BNN_CPU_X86_AVX512VBMI2},
      {8, BNN_CPU_X86_GFNI},          {11, BNN_CPU_X86_AVX512VNNI},
      {12, BNN_CPU_X86_AVX512BITALG}, {14, BNN_CPU_X86_AVX512VPOPCNTDQ},
  };
  static const struct cpuid_bit leaf7_edx[] = {
      {23, BNN_CPU_X86_AVX512FP16},
  };
  static const struct cpuid_bit leaf7_1_eax[] = {
      {4, BNN_CPU_X86_AVXVNNI},
      {5, BNN_CPU_X86_AVX512BF16},
  };
  static const struct cpuid_bit extended1_ecx[] = {
      {5, BNN_CPU_X86_LZCNT},
  };
  /* What needs the 256-bit registers, and the 512-bit registers and masks, to
   * be saved by the operating system. */
  const uint64_t avx512 = BNN_CPU_X86_AVX512F | BNN_CPU_X86_AVX512BW |
                          BNN_CPU_X86_AVX512CD | BNN_CPU_X86_AVX512DQ |
                          BNN_CPU_X86_AVX512VL | BNN_CPU_X86_AVX512VPOPCNTDQ |
                          BNN_CPU_X86_AVX512BITALG | BNN_CPU_X86_AVX512VBMI |
                          BNN_CPU_X86_AVX512VBMI2 | BNN_CPU_X86_AVX512IFMA |
                          BNN_CPU_X86_AVX512VNNI | BNN_CPU_X86_AVX512BF16 |
                          BNN_CPU_X86_AVX512FP16;
  const uint64_t avx = BNN_CPU_X86_AVX | BNN_CPU_X86_AVX2 | BNN_CPU_X86_FMA |
                       BNN_CPU_X86_F16C | BNN_CPU_X86_AVXVNNI |
                       BNN_CPU_X86_GFNI | avx512;
  unsigned eax, ebx, ecx, edx, subleaves, enabled = 0;
  uint64_t features = 0;

  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx))
    return 0;
  features |= DECODE(ecx, leaf1_ecx);
  if (ecx >> 27 & 1u) { /* OSXSAVE: xgetbv may be used */
    unsigned high;
    __asm__ volatile("xgetbv" : "=a"(enabled), "=d"(high) : "c"(0));
    (void)high;
  }
  if (__get_cpuid_count(7, 0, &subleaves, &ebx, &ecx, &edx)) {
    features |= DECODE(ebx, leaf7_ebx) | DECODE(ecx, leaf7_ecx) |
                DECODE(edx, leaf7_edx);
    if (subleaves >= 1 && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx))
      features |= DECODE(eax, leaf7_1_eax);
  }
  if (__get_cpuid(0x80000001u, &eax, &ebx, &ecx, &edx))
    features |= DECODE(ecx, extended1_ecx);

  if ((enabled & 0x06u) != 0x06u)
    features &= ~avx;
  if ((enabled & 0xe6u) != 0xe6u)
    features &= ~avx512;
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

/* The capability words that the kernel gave this process. They stay 0, which
 * claims nothing, where /proc cannot be read. */
static void read_capabilities(uint64_t *hwcap, uint64_t *hwcap2) {
  enum { at_fdcwd = -100, sys_openat = 56, sys_close = 57, sys_read = 63 };
  enum { at_null = 0, at_hwcap = 16, at_hwcap2 = 26 };
  static const char path[] = "/proc/self/auxv";
  uint64_t entry[2];
  long file = system_call(sys_openat, at_fdcwd, (long)path, 0);

  *hwcap = *hwcap2 = 0;
  if (file < 0)
    return;
  while (system_call(sys_read, file, (long)entry, sizeof entry) ==
             (long)sizeof entry &&
         entry[0] != at_null) {
    if (entry[0] == at_hwcap)
      *hwcap = entry[1];
    else if (entry[0] == at_hwcap2)
      *hwcap2 = entry[1];
  }
  system_call(sys_close, file, 0, 0);
}

static uint64_t features_from_system(void) {
  uint64_t hwcap, hwcap2, features = 0;

  read_capabilities(&hwcap, &hwcap2);
  if (hwcap >> 10 & 1)
    features |= BNN_CPU_ARM_FP16;
  if (hwcap >> 12 & 1)
    features |= BNN_CPU_ARM_RDM;
  if (hwcap >> 14 & 1)
    features |= BNN_CPU_ARM_FCMA;
  if (hwcap >> 20 & 1)
    features |= BNN_CPU_ARM_DOTPROD;
  if (hwcap >> 22 & 1)
    features |= BNN_CPU_ARM_SVE;
  if (hwcap2 >> 1 & 1)
    features |= BNN_CPU_ARM_SVE2;
  if (hwcap2 >> 13 & 1)
    features |= BNN_CPU_ARM_I8MM;
  if (hwcap2 >> 14 & 1)
    features |= BNN_CPU_ARM_BF16;
  return features;
}

#else

static uint64_t features_from_system(void) { return 0; }

#endif

uint64_t bnn_cpu_features(void) {
  uint64_t features = BNN_CPU_ARM_NEON | features_from_system();
#ifdef __ARM_FEATURE_QRDMX
  features |= BNN_CPU_ARM_RDM;
#endif
#ifdef __ARM_FEATURE_FP16_VECTOR_ARITHMETIC
  features |= BNN_CPU_ARM_FP16;
#endif
#ifdef __ARM_FEATURE_DOTPROD
  features |= BNN_CPU_ARM_DOTPROD;
#endif
#ifdef __ARM_FEATURE_COMPLEX
  features |= BNN_CPU_ARM_FCMA;
#endif
#ifdef __ARM_FEATURE_SVE
  features |= BNN_CPU_ARM_SVE;
#endif
#ifdef __ARM_FEATURE_SVE2
  features |= BNN_CPU_ARM_SVE2;
#endif
#ifdef __ARM_FEATURE_MATMUL_INT8
  features |= BNN_CPU_ARM_I8MM;
#endif
#ifdef __ARM_FEATURE_BF16_VECTOR_ARITHMETIC
  features |= BNN_CPU_ARM_BF16;
#endif
  return features;
}

#else

/* No optional features are known here: the compiler asks for none either. */
uint64_t bnn_cpu_features(void) { return 0; }

#endif
