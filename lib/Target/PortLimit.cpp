//===- PortLimit.cpp - What a CPU's execution ports allow -----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Target/PortLimit.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCInst.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCObjectFileInfo.h"
#include "llvm/MC/MCParser/MCAsmParser.h"
#include "llvm/MC/MCParser/MCTargetAsmParser.h"
#include "llvm/MC/MCRegisterInfo.h"
#include "llvm/MC/MCStreamer.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/MCA/Support.h"
#include "llvm/Support/SourceMgr.h"

using namespace llvm;

namespace mlir::bnn {

namespace {
/// What a dot of a strategy does to the words of one output lane group: the
/// instructions for `bits` multiply-accumulates.
struct Step {
  StringLiteral strategy;
  DotKind dot;
  bool parity; ///< Whether the dot reads words with parity.
  unsigned bits;
  StringLiteral assembly;
};
} // namespace

// clang-format off
/// Differing bits, two words at a time: the carry of a chain of adders is
/// counted. Then the same for one word. By table: three hexadecimal digits, 12
/// bits, of two rows and all bytes of a register; broadcasts of entries are
/// loads. Not for AVX-512: LLVM's model of the CPUs that count so gives 512 bits
/// three ports, of which they have two.
static const Step steps[] = {
    {"avx512-vpopcntdq", DotKind::XorCount, true, 2 * 512,
     "vpxord %zmm1, %zmm2, %zmm3\n" "vpxord %zmm1, %zmm4, %zmm5\n"
     "vpternlogd $212, %zmm3, %zmm5, %zmm6\n"
     "vpopcntd %zmm6, %zmm7\n" "vpaddd %zmm7, %zmm8, %zmm8\n"},
    {"avx512-vpopcntdq", DotKind::XorCount, false, 512,
     "vpxord %zmm1, %zmm2, %zmm3\n" "vpopcntd %zmm3, %zmm4\n" "vpaddd %zmm4, %zmm5, %zmm5\n"},
    {"avx512-vpopcntdq", DotKind::AndCount, false, 512,
     "vpandd %zmm1, %zmm2, %zmm3\n" "vpopcntd %zmm3, %zmm4\n" "vpaddd %zmm4, %zmm5, %zmm5\n"},
    {"avx2", DotKind::ByteTable, false, 12 * 2 * 32,
     "vpshufb %ymm1, %ymm2, %ymm3\n" "vpshufb %ymm4, %ymm5, %ymm6\n" "vpshufb %ymm7, %ymm8, %ymm9\n"
     "vpaddb %ymm3, %ymm6, %ymm10\n" "vpaddb %ymm9, %ymm10, %ymm11\n"
     "vpand %ymm11, %ymm12, %ymm13\n" "vpaddb %ymm13, %ymm14, %ymm14\n"
     "vpsrlw $4, %ymm11, %ymm15\n" "vpaddw %ymm15, %ymm0, %ymm0\n"},
    {"neon", DotKind::XorCount, false, 128,
     "eor v1.16b, v2.16b, v3.16b\n" "cnt v4.16b, v1.16b\n" "add v5.16b, v5.16b, v4.16b\n"},
    {"neon", DotKind::ParityChain, false, 2 * 128,
     "eor v1.16b, v2.16b, v3.16b\n" "eor v4.16b, v5.16b, v6.16b\n" "bit v7.16b, v4.16b, v1.16b\n"
     "cnt v8.16b, v7.16b\n" "add v9.16b, v9.16b, v8.16b\n"},
    {"neon", DotKind::AndCount, false, 128,
     "and v1.16b, v2.16b, v3.16b\n" "cnt v4.16b, v1.16b\n" "add v5.16b, v5.16b, v4.16b\n"},
};
// clang-format on

namespace {
/// Keeps the instructions that the parser finds.
class Collector : public MCStreamer {
public:
  explicit Collector(MCContext &context) : MCStreamer(context) {}
  void emitInstruction(const MCInst &inst, const MCSubtargetInfo &) override {
    instructions.push_back(inst);
  }
  bool emitSymbolAttribute(MCSymbol *, MCSymbolAttr) override { return true; }
  void emitCommonSymbol(MCSymbol *, uint64_t, Align) override {}
  void emitZerofill(MCSection *, MCSymbol *, uint64_t, Align, SMLoc) override {}
  SmallVector<MCInst> instructions;
};
} // namespace

/// The cycles for which `assembly` occupies its most wanted execution ports.
static std::optional<double> portCycles(const TargetSpec &spec, StringRef cpu,
                                        StringRef assembly) {
  initializeTargets();
  std::string message;
  const Target *target = TargetRegistry::lookupTarget(spec.triple, message);
  TargetSpec modelled = spec;
  modelled.cpu = cpu.str();
  std::unique_ptr<MCSubtargetInfo> subtarget = createSubtargetInfo(modelled);
  const MCSchedModel &model = subtarget->getSchedModel();
  if (!model.hasInstrSchedModel())
    return std::nullopt;
  std::unique_ptr<MCRegisterInfo> registers(
      target->createMCRegInfo(spec.triple));
  MCTargetOptions options;
  std::unique_ptr<MCAsmInfo> asmInfo(
      target->createMCAsmInfo(*registers, spec.triple, options));
  std::unique_ptr<MCInstrInfo> instructions(target->createMCInstrInfo());
  SourceMgr source;
  // An instruction that is not there is an answer, and no news.
  source.setDiagHandler([](const SMDiagnostic &, void *) {});
  source.AddNewSourceBuffer(MemoryBuffer::getMemBuffer(assembly), SMLoc());
  MCContext context(Triple(spec.triple), asmInfo.get(), registers.get(),
                    subtarget.get(), &source);
  std::unique_ptr<MCObjectFileInfo> objectInfo(
      target->createMCObjectFileInfo(context, /*PIC=*/true));
  context.setObjectFileInfo(objectInfo.get());
  Collector collector(context);
  std::unique_ptr<MCAsmParser> parser(
      createMCAsmParser(source, context, collector, *asmInfo));
  std::unique_ptr<MCTargetAsmParser> targetParser(
      target->createMCAsmParser(*subtarget, *parser, *instructions, options));
  parser->setTargetParser(*targetParser);
  if (parser->Run(/*NoInitialTextSection=*/false))
    return std::nullopt; // The CPU lacks an instruction.

  SmallVector<unsigned> usage(model.getNumProcResourceKinds());
  for (const MCInst &inst : collector.instructions) {
    unsigned kind = instructions->get(inst.getOpcode()).getSchedClass();
    while (kind && model.getSchedClassDesc(kind)->isVariant())
      kind = subtarget->resolveVariantSchedClass(
          kind, &inst, instructions.get(), model.getProcessorID());
    const MCSchedClassDesc *desc = model.getSchedClassDesc(kind);
    if (!desc->isValid())
      return std::nullopt;
    for (const MCWriteProcResEntry &entry :
         make_range(subtarget->getWriteProcResBegin(desc),
                    subtarget->getWriteProcResEnd(desc)))
      usage[entry.ProcResourceIdx] +=
          entry.ReleaseAtCycle - entry.AcquireAtCycle;
  }
  return mca::computeBlockRThroughput(model, /*DispatchWidth=*/1,
                                      /*NumMicroOps=*/0, usage);
}

std::vector<PortLimit> portLimits(const TargetSpec &spec, StringRef cpu,
                                  const KernelStrategy &strategy) {
  std::vector<PortLimit> limits;
  for (const Step &step : steps)
    if (step.strategy == strategy.name)
      if (auto cycles = portCycles(spec, cpu, step.assembly))
        if (*cycles > 0)
          limits.push_back(
              {getLimitName(step.dot, step.parity).str(), step.bits / *cycles});
  return limits;
}

} // namespace mlir::bnn
