//===- Strategy.cpp - How kernels are shaped for a target -----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Target/Strategy.h"

#include "mlir/AsmParser/AsmParser.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/Format.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

namespace mlir::bnn {

// Measured and left out; multiply-accumulates a cycle by llvm-mca unless a
// machine is named:
// - AArch64 with dotprod, udot as the accumulator of cnt's bytes: the same as
//   neon in the loop on Neoverse N1 (78), Cortex-A76 (75) and Neoverse V1
//   (150), 22.9 against 24.8 on Cortex-A55.
// - SVE, in code for any length, three rows by two vectors of outputs as in
//   parity_chain, which makes 205 with neon on Neoverse V1 and V2 and 102 on
//   N2. V1 has 256 bits in two pipes, what neon has in four of 128, but no bit
//   select (that is SVE2's BSL): xor_count makes 170 there, and a carry of
//   exclusive ors and an and 146. With BSL at 128 bits it is neon's
//   loop, instruction for instruction: 204 on V2 and 102 on N2.
// - AVX-VNNI and AVX-512 VNNI on bytes: 119 measured on Sapphire Rapids, where
//   bits reach 377 with AVX-512 and AVX2's table more than 129.
// - AVX-VNNI-INT8's vpdpbssd, signed bytes by signed ones: 63 on Lunar Lake and
//   Sierra Forest, as vpdpbusd, and a loop with nothing less in it, since rows
//   are quantised to unsigned bytes where that is what the CPU multiplies.
// - cortex-m on Cortex-M55, whose vectors (MVE) have no population count: 3.5;
//   portable's additions and shifts of vectors make 5.5.
// - mve with counts of bytes: 137 instructions of the loop in place of 145, and
//   4.6 % more in all of the demo, whose rows are short.
// - AMX on bits as bytes: 430 to 530 on the same machine in quiet minutes, less
//   than bits in busy ones; weights of a byte come from a farther cache, and
//   packed ones have to be expanded. It wants a Linux system call before it
//   runs.
// clang-format off
static const StrategyDot portable[] = {
    {DotKind::XorCount, {1, 1}, "parity = true",
     "one row and one panel: right everywhere, tuned for nothing"},
};
static const StrategyDot avx2[] = {
    {DotKind::XorCount, {1, 1}, "parity = true, params = {count_bytes}",
     "one row and one panel, which two more would spill"},
    {DotKind::AndCount, {1, 1}, "params = {count_bytes}", "as xor_count"},
    {DotKind::ByteTable, {2, 4}, "",
     "a byte shuffle counts four bits of two rows for 32 outputs, 1.3 times as "
     "fast as one row at a time from 6 rows on; two pairs of rows would spill"},
    {DotKind::DotBytes, {3, 1}, "",
     "a panel takes two of 16 registers: six accumulators, the weights and the "
     "rows; vpdpbusd where the CPU has it, else pairs of bytes where their sums "
     "fit 16 bits, else pairs of 16 bits"},
};
static const StrategyDot avx512[] = {
    {DotKind::XorCount, {4, 2}, "parity = true, queries = 2, params = {count_bytes}",
     "eight accumulators of 32 registers, the population count by shuffles "
     "needs the rest"},
    {DotKind::AndCount, {4, 2}, "params = {count_bytes}", "as xor_count"},
    {DotKind::ByteTable, {4, 4}, "",
     "a byte shuffle counts four bits of two rows for 64 outputs, from 6 rows on"},
    {DotKind::DotBytes, {4, 4}, "",
     "16 accumulators of 32 registers, and what bytes are widened to"},
};
static const StrategyDot avx512Vpopcntdq[] = {
    {DotKind::XorCount, {4, 2}, "parity = true, queries = 2",
     "vpopcntd on 32-bit lanes; 4x2 was the best tile for 8 rows and more"},
    {DotKind::AndCount, {4, 2}, "", "as xor_count"},
    {DotKind::DotBytes, {8, 2}, "",
     "16 accumulators of 32 registers: ten loads feed 16 vpdpbusd, and two "
     "panels of 768 inputs stay in the first cache"},
    {DotKind::ByteTiles, {16, 2}, "",
     "tdpbusd and tdpbssd, where a CPU has AMX and Linux gives it: four of eight "
     "registers are sums, of two tiles of rows by two panels; from 16 rows on"},
};
static const StrategyDot neon[] = {
    {DotKind::XorCount, {3, 1}, "params = {count_bytes}",
     "a panel takes four of 32 registers, and four rows would spill; cnt counts "
     "bytes in one instruction, and a carry-save adder would spill"},
    {DotKind::AndCount, {3, 1}, "params = {count_bytes}", "as xor_count"},
    {DotKind::ParityChain, {3, 1}, "",
     "five operations for two words of four outputs where xor_count has six: "
     "two registers of outputs by three rows leave room for three parities each"},
    {DotKind::DotBytes, {5, 1}, "",
     "a panel takes four of 32 registers: 20 accumulators, five rows of four "
     "words, which sdot takes by lane, and the weights; without sdot two rows, "
     "products of 16 bits and two sums an output"},
    {DotKind::ByteSquares, {4, 1}, "",
     "smmla and usmmla, where a CPU has i8mm: two rows by two outputs are a "
     "register, 16 of 32; from 8 rows on"},
};
static const StrategyDot armv7Neon[] = {
    {DotKind::XorCount, {2, 1}, "params = {count_bytes, mask_one_row}",
     "a panel takes four of 16 registers: two rows share the weights; vcnt "
     "counts bytes in one instruction"},
    {DotKind::AndCount, {2, 1}, "params = {count_bytes, mask_one_row}", "as xor_count"},
    {DotKind::DotBytes, {1, 1}, "", "a panel takes four of 16 registers"},
    {DotKind::Fma, {1, 1}, "",
     "f32 are scalars, since vectors flush denormal numbers: 16 of 32 registers "
     "are sums"},
    {DotKind::FmaBytes, {1, 1}, "", "as fma"},
};

static const StrategyDot cortexM[] = {
    {DotKind::XorCount, {1, 1}, "parity = true, params = {carry_save}",
     "0.29 instructions for a multiply-accumulate at K = 768, where portable "
     "has 0.49: adders of three words, then one count of all their digits, for "
     "an output at a time, which fits into 13 registers"},
    {DotKind::AndCount, {1, 1}, "params = {carry_save}", "as xor_count"},
};

static const StrategyDot mve[] = {
    {DotKind::XorCount, {1, 1}, "parity = true",
     "vectors without a population count: one by additions and shifts, 0.14 "
     "instructions for a multiply-accumulate, and 1.6 times as fast as cortex-m"},
    {DotKind::AndCount, {1, 1}, "", "as xor_count"},
};

static const KernelStrategy table[] = {
    {"portable", "any", "", portable},
    {"avx2", "x86_64", "+avx2,+fma", avx2},
    {"avx512", "x86_64", "+avx512f,+avx512bw,+avx512vl", avx512},
    {"avx512-vpopcntdq", "x86_64", "+avx512f,+avx512bw,+avx512vl,+avx512vpopcntdq", avx512Vpopcntdq},
    {"neon", "aarch64", "+neon", neon},
    {"armv7-neon", "arm", "+neon", armv7Neon},
    {"cortex-m", "arm", "+mclass", cortexM},
    {"mve", "arm", "+mve", mve},
};
// clang-format on

ArrayRef<KernelStrategy> kernelStrategies() { return table; }

Expected<StrategyChoice> selectStrategy(const TargetSpec &spec,
                                        StringRef forced) {
  StrategyChoice choice;
  if (!forced.empty()) {
    std::string names;
    for (const KernelStrategy &strategy : table) {
      if (strategy.name == forced) {
        choice.strategy = &strategy;
        return choice;
      }
      names += (names.empty() ? "" : ", ") + strategy.name.str();
    }
    return createStringError("no strategy '" + forced + "': choose one of " +
                             names);
  }
  Triple triple(spec.triple);
  // Thumb is another encoding of what the same CPU does.
  StringRef architecture = Triple::getArchTypeName(
      triple.isThumb() ? Triple::arm : triple.getArch());
  std::unique_ptr<MCSubtargetInfo> info = createSubtargetInfo(spec);
  for (const KernelStrategy &strategy : table)
    if (strategy.architecture == "any" ||
        (strategy.architecture == architecture &&
         info->checkFeatures(strategy.features.str())))
      choice.strategy = &strategy;
  if (choice.strategy->architecture == "any")
    choice.warning = "no kernel is tuned for " + spec.triple + " with CPU '" +
                     spec.cpu +
                     "': using the portable one, which is correct and slow";
  return choice;
}

KernelTile KernelStrategy::getTile() const {
  for (const StrategyDot &dot : dots)
    if (dot.kind == DotKind::XorCount)
      return dot.tile;
  return {1, 1};
}

TargetAttr getTargetAttr(mlir::MLIRContext *context, const TargetSpec &spec,
                         const KernelStrategy &strategy,
                         std::optional<KernelTile> tile) {
  SmallVector<mlir::Attribute> dots;
  for (const StrategyDot &dot : strategy.dots) {
    const bool isCount =
        dot.kind == DotKind::XorCount || dot.kind == DotKind::AndCount;
    const KernelTile &own = tile && isCount ? *tile : dot.tile;
    std::string text;
    raw_string_ostream out(text);
    out << "#bnn.dot<" << stringifyDotKind(dot.kind) << ", rows = " << own.rows
        << ", panels = " << own.panels << (dot.options.empty() ? "" : ", ")
        << dot.options << '>';
    dots.push_back(mlir::parseAttribute(text, context));
  }
  return TargetAttr::get(context, strategy.name,
                         mlir::ArrayAttr::get(context, dots),
                         vectorInstructions(spec));
}

void printTargets(raw_ostream &out) {
  initializeTargets();
  out << "Kernel strategies (the last one that fits the target is used; "
         "--strategy=<name> forces one), their dots and register tiles:\n\n";
  for (const KernelStrategy &strategy : table) {
    out << "  " << left_justify(strategy.name, 18) << strategy.architecture
        << '\n';
    if (!strategy.features.empty())
      out << "    needs " << strategy.features << '\n';
    for (const StrategyDot &dot : strategy.dots)
      out << "    " << left_justify(stringifyDotKind(dot.kind), 13)
          << dot.tile.rows << " x " << dot.tile.panels * kLanes << " outputs"
          << (dot.options.empty() ? "" : ", ") << dot.options << "\n      "
          << dot.reason << '\n';
  }
  SmallVector<StringRef> architectures;
  for (const Target &target : TargetRegistry::targets())
    if (target.hasTargetMachine())
      architectures.push_back(target.getName());
  llvm::sort(architectures);
  out << "\nx86 must be x86-64-v3 or newer; every target needs a fused "
         "multiply-add instruction.\n\nThis machine: "
      << sys::getDefaultTargetTriple() << ", " << sys::getHostCPUName()
      << "\n\nArchitectures for --mtriple: " << join(architectures, ", ")
      << '\n';
}

} // namespace mlir::bnn
