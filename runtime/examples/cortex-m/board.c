//===- board.c - Starts a Cortex-M of the MPS2 boards ---------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The vector table, what comes before main, the three functions of C that a
// model may call, and text through the debugger (semihosting), which QEMU
// prints. There is no C library.
//
//===----------------------------------------------------------------------===//
#include "board.h"

// From the linker script.
extern uint32_t stack_end, data_begin, data_end, data_load, bss_begin, bss_end;
extern char heap_begin, heap_end;

void *memset(void *to, int value, size_t size) {
  unsigned char *bytes = to;
  while (size--)
    *bytes++ = (unsigned char)value;
  return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  unsigned char *bytes = to;
  const unsigned char *source = from;
  while (size--)
    *bytes++ = *source++;
  return to;
}

void *memmove(void *to, const void *from, size_t size) {
  unsigned char *bytes = to;
  const unsigned char *source = from;
  if (bytes < source)
    return memcpy(to, from, size);
  while (size--)
    bytes[size] = source[size];
  return to;
}

// What the compiler of this program calls them, by the run-time ABI of Arm.
void __aeabi_memcpy(void *to, const void *from, size_t size) {
  memcpy(to, from, size);
}
void __aeabi_memclr(void *to, size_t size) { memset(to, 0, size); }
void __aeabi_memcpy4(void *, const void *, size_t)
    __attribute__((alias("__aeabi_memcpy")));
void __aeabi_memcpy8(void *, const void *, size_t)
    __attribute__((alias("__aeabi_memcpy")));
void __aeabi_memclr4(void *, size_t) __attribute__((alias("__aeabi_memclr")));
void __aeabi_memclr8(void *, size_t) __attribute__((alias("__aeabi_memclr")));

// An operation of the debugger's, as "Semihosting for AArch32" numbers them.
static void semihost(uint32_t operation, const void *argument) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

enum { SYS_WRITE0 = 4, SYS_EXIT = 0x18 };

void board_write(const char *text) { semihost(SYS_WRITE0, text); }

void *board_memory(size_t *size) {
  *size = (size_t)(&heap_end - &heap_begin);
  return &heap_begin;
}

// SysTick: what it controls, where it begins anew, and where it is. It counts
// down.
static volatile uint32_t *const systick = (volatile uint32_t *)0xE000E010;
enum { CONTROL, RELOAD, CURRENT, TICK_MASK = 0xFFFFFF };

uint32_t board_ticks(void) { return TICK_MASK - systick[CURRENT]; }

static void stop(int failed) {
  // The reasons for an exit: the program ended, or it could not go on.
  semihost(SYS_EXIT, (const void *)(failed ? 0x20023 : 0x20026));
  for (;;)
    ;
}

// The first thing that runs.
void reset(void) {
  // Coprocessors 10 and 11 are the floating-point unit.
  volatile uint32_t *cpacr = (volatile uint32_t *)0xE000ED88;
  *cpacr |= 0xFu << 20;
  __asm__ volatile("dsb\n isb");
  memcpy(&data_begin, &data_load,
         (size_t)((char *)&data_end - (char *)&data_begin));
  memset(&bss_begin, 0, (size_t)((char *)&bss_end - (char *)&bss_begin));
  systick[RELOAD] = TICK_MASK;
  systick[CURRENT] = 0;
  systick[CONTROL] = 5; // on, by the processor's clock, without interrupts
  stop(main());
}

static void fault(void) {
  board_write("fault\n");
  stop(1);
}

__attribute__((section(".vectors"),
               used)) static void (*const vectors[])(void) = {
    (void (*)(void))&stack_end, reset, fault, fault, fault, fault, fault};
