//===- Target.cpp - What to compile for, checked --------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Target/Target.h"

#include "bnn/types.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/CodeGen/TargetLowering.h"
#include "llvm/CodeGen/TargetSubtargetInfo.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/ARMTargetParser.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"

using namespace llvm;

namespace mlir::bnn {

namespace {
struct FeatureBit {
  const char *name;
  uint64_t bit;
};
} // namespace

/// What x86-64-v3 means, as LLVM spells its features.
static const FeatureBit x86Baseline[] = {
#define BNN_X86_V3(NAME, LLVM, WORD, BIT, STATE) {LLVM, BNN_CPU_X86_##NAME},
#include "bnn/cpu_features.def"
};

/// All features that the code generator makes use of by itself.
static const FeatureBit x86Features[] = {
#define BNN_X86(NAME, LLVM, WORD, BIT, STATE) {LLVM, BNN_CPU_X86_##NAME},
#include "bnn/cpu_features.def"
};

static const FeatureBit aarch64Features[] = {
#define BNN_AARCH64(NAME, LLVM, WORD, BIT, REGISTER, FIELD, LEAST, MACRO)      \
  {LLVM, BNN_CPU_ARM_##NAME},
#include "bnn/cpu_features.def"
};

static bool has(const MCSubtargetInfo &info, StringRef feature) {
  return info.checkFeatures(("+" + feature).str());
}

void initializeTargets() {
  InitializeAllTargetInfos();
  InitializeAllTargets();
  InitializeAllTargetMCs();
  InitializeAllAsmParsers();
  InitializeAllAsmPrinters();
}

static Expected<const Target *> findTarget(const std::string &triple) {
  initializeTargets();
  std::string message;
  const Target *target = TargetRegistry::lookupTarget(triple, message);
  if (target)
    return target;
  SmallVector<StringRef> known;
  for (const Target &t : TargetRegistry::targets())
    if (t.hasTargetMachine())
      known.push_back(t.getName());
  llvm::sort(known);
  return createStringError("no target '" + triple +
                           "' in this LLVM: use --mtriple with one of the "
                           "architectures " +
                           join(known, ", "));
}

/// The known names nearest to `name`, for an error message.
template <typename Table>
static std::string nearNames(StringRef name, Table table) {
  std::vector<std::pair<unsigned, StringRef>> names;
  for (const auto &entry : table) {
    StringRef key = entry.Key;
    // A longer name that begins with what was typed is a good guess as well.
    unsigned distance =
        key.starts_with_insensitive(name) ? 1 : name.edit_distance(key);
    names.emplace_back(distance, key);
  }
  llvm::sort(names);
  std::string result;
  for (const auto &[distance, key] : ArrayRef(names).take_front(6))
    if (result.empty() || distance <= 3)
      result += (result.empty() ? "" : ", ") + key.str();
  return result;
}

bool knowsCPU(const std::string &triple, StringRef cpu) {
  Expected<const Target *> target = findTarget(triple);
  if (!target) {
    consumeError(target.takeError());
    return false;
  }
  std::unique_ptr<MCSubtargetInfo> info(
      (*target)->createMCSubtargetInfo(triple, "", ""));
  return info && info->isCPUStringValid(cpu);
}

static Error checkNames(const Target &target, const TargetSpec &spec) {
  // Made without CPU and features: LLVM prints a warning about unknown ones.
  std::unique_ptr<MCSubtargetInfo> info(
      target.createMCSubtargetInfo(spec.triple, "", ""));
  if (!info)
    return createStringError("LLVM cannot describe the target '" + spec.triple +
                             "'");
  auto cpus = info->getAllProcessorDescriptions();
  if (!info->isCPUStringValid(spec.cpu))
    return createStringError("unknown CPU '" + spec.cpu + "' for " +
                             spec.triple + ": did you mean one of " +
                             nearNames(spec.cpu, cpus) + "?");
  SubtargetFeatures features(spec.features);
  for (const std::string &feature : features.getFeatures()) {
    StringRef name = SubtargetFeatures::StripFlag(feature);
    if (none_of(info->getAllProcessorFeatures(),
                [&](const auto &known) { return name == known.Key; }))
      return createStringError(
          "unknown feature '" + name + "' for " + spec.triple +
          ": did you mean one of " +
          nearNames(name, info->getAllProcessorFeatures()) + "?");
  }
  return Error::success();
}

static Error checkX86(const TargetSpec &spec) {
  std::unique_ptr<MCSubtargetInfo> info = createSubtargetInfo(spec);
  std::string missing;
  for (const FeatureBit &feature : x86Baseline)
    if (!has(*info, feature.name))
      missing += (missing.empty() ? "" : ", ") + std::string(feature.name);
  if (missing.empty())
    return Error::success();
  return createStringError("the CPU '" + spec.cpu +
                           "' is older than x86-64-v3, the oldest x86 "
                           "supported: it lacks " +
                           missing + "; use --mcpu=x86-64-v3 or newer");
}

/// Whether an fma of two floats is an instruction, as opposed to a call.
static bool hasFusedMultiplyAdd(const TargetSpec &spec) {
  std::unique_ptr<TargetMachine> machine = createTargetMachine(spec);
  LLVMContext context;
  Module module("probe", context);
  module.setDataLayout(machine->createDataLayout());
  module.setTargetTriple(spec.triple);
  Function *function = Function::Create(
      llvm::FunctionType::get(llvm::Type::getVoidTy(context), false),
      Function::ExternalLinkage, "probe", module);
  const TargetSubtargetInfo *subtarget = machine->getSubtargetImpl(*function);
  const TargetLowering *lowering = subtarget->getTargetLowering();
  return lowering && lowering->isOperationLegalOrCustom(ISD::FMA, MVT::f32);
}

Expected<TargetSpec> resolveTarget(StringRef triple, StringRef cpu,
                                   StringRef attributes) {
  TargetSpec spec;
  spec.triple = Triple::normalize(triple.empty() ? sys::getDefaultTargetTriple()
                                                 : triple.str());
  Expected<const Target *> target = findTarget(spec.triple);
  if (!target)
    return target.takeError();
  if (!(*target)->hasTargetMachine())
    return createStringError("LLVM cannot generate code for '" + spec.triple +
                             "'");

  Triple parsed(spec.triple);
  // Packed weights and bits are bytes that words are read from.
  if (!parsed.isLittleEndian())
    return createStringError(
        "the target '" + spec.triple +
        "' is big-endian, and packed weights are little-endian: name a "
        "little-endian target with --mtriple, such as aarch64-linux-gnu or "
        "powerpc64le-linux-gnu");
  SubtargetFeatures features;
  if (cpu == "native" || (cpu.empty() && triple.empty())) {
    if (parsed.getArch() != Triple(sys::getProcessTriple()).getArch())
      return createStringError(
          "--mcpu=native means this machine, which is no " +
          parsed.getArchName() + ": name a CPU");
    spec.cpu = sys::getHostCPUName().str();
    // In a fixed order: the same machine must give the same bytes.
    StringMap<bool> host = sys::getHostCPUFeatures();
    SmallVector<StringRef> names(host.keys());
    llvm::sort(names);
    for (StringRef name : names)
      features.AddFeature(name, host.lookup(name));
  } else if (!cpu.empty()) {
    spec.cpu = cpu.str();
  } else {
    spec.cpu = parsed.getArch() == Triple::x86_64 ? "x86-64-v3" : "generic";
  }
  if (parsed.isARM() || parsed.isThumb()) {
    // LLVM has the floating-point unit apart from the CPU; this is the one that
    // clang takes for it.
    std::vector<StringRef> unit;
    ARM::getFPUFeatures(
        ARM::getDefaultFPU(spec.cpu, ARM::parseArch(parsed.getArchName())),
        unit);
    for (StringRef feature : unit)
      features.AddFeature(feature);
  }
  // By LLVM's model a load of two vectors is no faster there than two loads,
  // and takes three times as long to issue.
  if (parsed.isAArch64() && spec.cpu == "cortex-a55")
    features.AddFeature("slow-paired-128");
  SmallVector<StringRef> requested;
  attributes.split(requested, ',', -1, /*KeepEmpty=*/false);
  for (StringRef attribute : requested)
    features.AddFeature(attribute.trim());
  spec.features = features.getString();

  if (Error error = checkNames(**target, spec))
    return std::move(error);
  if (parsed.isX86()) {
    if (!parsed.isArch64Bit())
      return createStringError("32-bit x86 is not supported: use "
                               "--mtriple=x86_64-linux-gnu");
    if (Error error = checkX86(spec))
      return std::move(error);
  }
  if (!hasFusedMultiplyAdd(spec))
    return createStringError(
        "the CPU '" + spec.cpu + "' of " + spec.triple +
        " has no fused multiply-add instruction, which exact results need: "
        "name a CPU that has one with --mcpu, or enable it with --mattr (on "
        "ARMv7: --mattr=+vfp4; on RISC-V: --mattr=+f)");
  return spec;
}

std::unique_ptr<MCSubtargetInfo> createSubtargetInfo(const TargetSpec &spec) {
  const Target *target = cantFail(findTarget(spec.triple));
  return std::unique_ptr<MCSubtargetInfo>(
      target->createMCSubtargetInfo(spec.triple, spec.cpu, spec.features));
}

std::unique_ptr<TargetMachine> createTargetMachine(const TargetSpec &spec,
                                                   CodeGenOptLevel level) {
  const Target *target = cantFail(findTarget(spec.triple));
  TargetOptions options;
  options.AllowFPOpFusion = FPOpFusion::Strict;
  options.FunctionSections = true;
  return std::unique_ptr<TargetMachine>(
      target->createTargetMachine(spec.triple, spec.cpu, spec.features, options,
                                  Reloc::PIC_, CodeModel::Small, level));
}

Instructions vectorInstructions(const TargetSpec &spec) {
  Instructions result = Instructions::None;
  const Triple triple(spec.triple);
  if (!triple.isX86() && !triple.isAArch64())
    return result;
  std::unique_ptr<MCSubtargetInfo> info = createSubtargetInfo(spec);
  if (triple.isAArch64()) {
    if (info->checkFeatures("+neon"))
      result = result | Instructions::AddPairs | Instructions::ShiftInsert |
               Instructions::MaximumFloats;
    if (info->checkFeatures("+dotprod"))
      result = result | Instructions::DotSigned16Bytes;
    if (info->checkFeatures("+i8mm"))
      result = result | Instructions::DotSquares;
    return result;
  }
  if (info->checkFeatures("+avx512f"))
    result = result | Instructions::TernaryLogic | Instructions::ScaleFloats;
  if (info->checkFeatures("+avx2"))
    result =
        result | Instructions::Shuffle32Bytes | Instructions::Multiply16Pairs;
  if (info->checkFeatures("+avx512bw"))
    result =
        result | Instructions::Shuffle64Bytes | Instructions::Multiply32Pairs;
  if (info->checkFeatures("+avxvnni") ||
      info->checkFeatures("+avx512vnni,+avx512vl"))
    result = result | Instructions::Dot32Bytes;
  if (info->checkFeatures("+avx512vnni"))
    result = result | Instructions::Dot64Bytes;
  // A system has to be asked first, and which question to ask is known of one.
  if (triple.getArch() == Triple::x86_64 && triple.isOSLinux() &&
      !triple.isX32() && info->checkFeatures("+amx-tile,+amx-int8"))
    result = result | Instructions::DotTiles;
  return result;
}

uint64_t requiredCPUFeatures(const TargetSpec &spec) {
  std::unique_ptr<MCSubtargetInfo> info = createSubtargetInfo(spec);
  Triple triple(spec.triple);
  ArrayRef<FeatureBit> table;
  if (triple.getArch() == Triple::x86_64)
    table = x86Features;
  else if (triple.isAArch64())
    table = aarch64Features;
  uint64_t result = 0;
  for (const FeatureBit &feature : table)
    if (has(*info, feature.name))
      result |= feature.bit;
  return result;
}

} // namespace mlir::bnn
