//===- ObjectWriter.cpp - LLVM IR to object code --------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Target/ObjectWriter.h"
#include "lib/Target/ArgumentRanges.h"
#include "lib/Target/NarrowIndices.h"
#include "lib/Target/OrderARM.h"
#include "lib/Target/SpellOut.h"
#include "lib/Target/TilePermission.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"

using namespace llvm;

namespace mlir::bnn {

/// The only functions that an object may leave for others to define. One for
/// Microsoft's linker also names _fltused, if it holds floats: it is no
/// function but a marker, which has the C runtime link what prints them.
static bool isAllowedUndefined(StringRef name, bool isCOFF, bool remembersCPU) {
  return StringSwitch<bool>(name)
      .Cases("memcpy", "memmove", "memset", true)
      .Case("_fltused", isCOFF)
      .Case("getauxval", remembersCPU)
      .Default(false);
}

/// The library that code is compiled against: these three functions. Without it
/// LLVM would turn loops and intrinsics into calls of others.
static TargetLibraryInfoImpl libraryInfo(const Triple &triple) {
  TargetLibraryInfoImpl info(triple);
  info.disableAllFunctions();
  info.setAvailable(LibFunc_memcpy);
  info.setAvailable(LibFunc_memmove);
  info.setAvailable(LibFunc_memset);
  return info;
}

Error optimizeModule(Module &module, TargetMachine &machine, unsigned level) {
  module.setDataLayout(machine.createDataLayout());
  module.setTargetTriple(machine.getTargetTriple().str());
  // Two PIC levels exist; the larger has no limit on the size of a GOT.
  module.setPICLevel(PICLevel::BigPIC);
  defineMayUseTiles(module);
  std::string problem;
  raw_string_ostream stream(problem);
  if (verifyModule(module, &stream))
    return createStringError("invalid LLVM IR was generated: " + problem);

  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  PassBuilder builder(&machine);
  functions.registerPass([&] {
    return TargetLibraryAnalysis(libraryInfo(machine.getTargetTriple()));
  });
  if (machine.getTargetTriple().isArch32Bit())
    // Last: what LLVM unrolls stays the same.
    builder.registerOptimizerLastEPCallback([](ModulePassManager &passes,
                                               OptimizationLevel level) {
      if (level == OptimizationLevel::O0)
        return;
      passes.addPass(ArgumentRanges());
      FunctionPassManager functions;
      functions.addPass(NarrowIndices());
      functions.addPass(InstCombinePass());
      passes.addPass(createModuleToFunctionPassAdaptor(std::move(functions)));
    });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);

  static const OptimizationLevel levels[] = {
      OptimizationLevel::O0, OptimizationLevel::O1, OptimizationLevel::O2,
      OptimizationLevel::O3};
  if (level >= std::size(levels))
    return createStringError("there is no optimisation level " + Twine(level) +
                             ": use 0 to 3");
  ModulePassManager passes =
      level == 0 ? builder.buildO0DefaultPipeline(levels[0])
                 : builder.buildPerModuleDefaultPipeline(levels[level]);
  passes.run(module, modules);
  return Error::success();
}

void prepareCodeGeneration(Module &module, TargetMachine &machine,
                           legacy::PassManager &passes) {
  module.setDataLayout(machine.createDataLayout());
  module.setTargetTriple(machine.getTargetTriple().str());
  spellOut(module, machine);
  orderARM(module, machine);
  passes.add(
      new TargetLibraryInfoWrapperPass(libraryInfo(machine.getTargetTriple())));
}

static Error generate(Module &module, TargetMachine &machine,
                      raw_pwrite_stream &out, CodeGenFileType type) {
  legacy::PassManager passes;
  prepareCodeGeneration(module, machine, passes);
  if (machine.addPassesToEmitFile(passes, out, nullptr, type))
    return createStringError("LLVM cannot write such a file for " +
                             machine.getTargetTriple().str());
  passes.run(module);
  return Error::success();
}

Error emitObject(Module &module, TargetMachine &machine, raw_ostream &out,
                 CodeGenFileType type) {
  SmallString<0> buffer;
  raw_svector_ostream stream(buffer);
  if (Error error = generate(module, machine, stream, type))
    return error;
  if (type == CodeGenFileType::ObjectFile)
    if (Error error = checkObjectContract(
            MemoryBufferRef(buffer, "object"),
            Remembered{module.getNamedGlobal(kRememberedCPU) != nullptr,
                       module.getNamedGlobal(kRememberedTiles) != nullptr}))
      return error;
  out << buffer;
  return Error::success();
}

/// Whether a section holds data that a program could write to. Constants with
/// addresses in them are writable for the dynamic linker only.
static Expected<bool> isWritable(const object::SectionRef &section) {
  Expected<StringRef> name = section.getName();
  if (!name)
    return name.takeError();
  if (section.getSize() == 0 || name->starts_with(".data.rel.ro"))
    return false;
  if (isa<object::ELFObjectFileBase>(section.getObject()))
    return (object::ELFSectionRef(section).getFlags() & ELF::SHF_WRITE) != 0;
  return section.isBSS() || (section.isData() && *name == "__data");
}

Error checkObjectContract(MemoryBufferRef buffer, Remembered remembered) {
  Expected<std::unique_ptr<object::ObjectFile>> object =
      object::ObjectFile::createObjectFile(buffer);
  if (!object)
    return object.takeError();
  for (const object::SymbolRef &symbol : (*object)->symbols()) {
    Expected<uint32_t> flags = symbol.getFlags();
    if (!flags)
      return flags.takeError();
    Expected<StringRef> name = symbol.getName();
    if (!name)
      return name.takeError();
    // Every ELF symbol table begins with a nameless undefined entry. Mach-O
    // puts an underscore before C's names.
    StringRef plain = *name;
    if ((*object)->isMachO())
      plain.consume_front("_");
    if ((*flags & object::SymbolRef::SF_Undefined) && !plain.empty() &&
        !isAllowedUndefined(plain, (*object)->isCOFF(), remembered.cpu))
      return createStringError(
          "the object would need '" + *name +
          "' from elsewhere; a model may need memcpy, memmove and memset only");
  }
  for (const object::SectionRef &section : (*object)->sections()) {
    Expected<bool> writable = isWritable(section);
    if (!writable)
      return writable.takeError();
    StringRef name = cantFail(section.getName());
    const bool isAllowed =
        (remembered.cpu && name == ".bss." + kRememberedCPU.str()) ||
        (remembered.tiles && name == ".bss." + kRememberedTiles.str());
    if (*writable && !isAllowed)
      return createStringError("the object has writable data in its section " +
                               name);
  }
  return Error::success();
}

} // namespace mlir::bnn
