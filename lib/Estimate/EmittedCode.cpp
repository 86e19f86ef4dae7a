//===- EmittedCode.cpp - Machine code with its blocks ---------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM's printer of assembly and objects writes to a streamer; this one keeps
// what it is given. A pass right before the printer has every block labelled,
// so that the streamer can tell where each begins: labels are no instructions.
//
//===----------------------------------------------------------------------===//

#include "lib/Estimate/EmittedCode.h"
#include "lib/Target/ObjectWriter.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/CodeGen/AsmPrinter.h"
#include "llvm/CodeGen/MachineFunctionPass.h"
#include "llvm/CodeGen/MachineLoopInfo.h"
#include "llvm/CodeGen/MachineModuleInfo.h"
#include "llvm/CodeGen/Passes.h"
#include "llvm/CodeGen/TargetPassConfig.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/MCStreamer.h"
#include "llvm/MC/TargetRegistry.h"

using namespace llvm;

namespace mlir::bnn {

namespace {
/// The functions so far, and where instructions go.
struct Collection {
  explicit Collection(std::vector<EmittedFunction> &functions)
      : functions(functions) {}
  std::vector<EmittedFunction> &functions;
  DenseMap<const MCSymbol *, unsigned> blocks; ///< Of the last function.
  unsigned current = 0;
};

/// Keeps the instructions of each block.
class Collector : public MCStreamer {
public:
  Collector(MCContext &context, Collection &to) : MCStreamer(context), to(to) {}

  void emitLabel(MCSymbol *symbol, SMLoc loc) override {
    MCStreamer::emitLabel(symbol, loc);
    if (auto found = to.blocks.find(symbol); found != to.blocks.end())
      to.current = found->second;
  }
  void emitInstruction(const MCInst &inst, const MCSubtargetInfo &) override {
    if (!to.functions.empty())
      to.functions.back().blocks[to.current].instructions.push_back(inst);
  }
  // The printer asks, and emits inline assembly otherwise.
  bool hasRawTextSupport() const override { return true; }
  void emitRawTextImpl(StringRef) override {}
  bool emitSymbolAttribute(MCSymbol *, MCSymbolAttr) override { return true; }
  void emitCommonSymbol(MCSymbol *, uint64_t, Align) override {}
  void emitZerofill(MCSection *, MCSymbol *, uint64_t, Align, SMLoc) override {}

private:
  Collection &to;
};

/// Notes the blocks of each function right before they are printed.
class NoteBlocks : public MachineFunctionPass {
public:
  static char ID;
  explicit NoteBlocks(Collection &to) : MachineFunctionPass(ID), to(to) {}

  void getAnalysisUsage(AnalysisUsage &usage) const override {
    usage.addRequired<MachineLoopInfoWrapperPass>();
    usage.setPreservesAll();
    MachineFunctionPass::getAnalysisUsage(usage);
  }

  bool runOnMachineFunction(MachineFunction &code) override {
    const auto &loops = getAnalysis<MachineLoopInfoWrapperPass>().getLI();
    EmittedFunction function{&code.getFunction(), {}};
    DenseMap<const MachineBasicBlock *, unsigned> indices;
    for (MachineBasicBlock &block : code)
      indices.try_emplace(&block, indices.size());
    to.blocks.clear();
    to.current = 0;
    for (MachineBasicBlock &block : code) {
      if (!block.isEntryBlock())
        block.setLabelMustBeEmitted();
      to.blocks.try_emplace(block.getSymbol(), indices.lookup(&block));
      EmittedBlock &noted = function.blocks.emplace_back();
      noted.ir = block.getBasicBlock();
      for (MachineBasicBlock *next : block.successors())
        noted.successors.push_back(indices.lookup(next));
      if (const MachineLoop *loop = loops.getLoopFor(&block);
          loop && loop->isInnermost())
        noted.innermostLoop = indices.lookup(loop->getHeader());
    }
    to.functions.push_back(std::move(function));
    return false;
  }

private:
  Collection &to;
};

char NoteBlocks::ID = 0;
} // namespace

EmittedCode::EmittedCode() = default;
EmittedCode::EmittedCode(EmittedCode &&) = default;
EmittedCode::~EmittedCode() = default;

const EmittedFunction *EmittedCode::find(const Function *function) const {
  auto found = llvm::find_if(
      functions, [&](const EmittedFunction &f) { return f.ir == function; });
  return found == functions.end() ? nullptr : &*found;
}

Expected<EmittedCode> EmittedCode::generate(Module &module,
                                            TargetMachine &machine) {
  EmittedCode code;
  code.passes = std::make_unique<legacy::PassManager>();
  legacy::PassManager &passes = *code.passes;
  Collection collection(code.functions);
  prepareCodeGeneration(module, machine, passes);
  // As LLVMTargetMachine::addPassesToEmitFile(), with a printer of our own.
  auto &target = static_cast<LLVMTargetMachine &>(machine);
  auto *modules = new MachineModuleInfoWrapperPass(&target);
  TargetPassConfig *config = target.createPassConfig(passes);
  config->setDisableVerify(true);
  passes.add(config);
  passes.add(modules);
  if (config->addISelPasses())
    return createStringError("LLVM cannot generate code for " +
                             machine.getTargetTriple().str());
  config->addMachinePasses();
  config->setInitialized();
  auto streamer =
      std::make_unique<Collector>(modules->getMMI().getContext(), collection);
  target.getTarget().createNullTargetStreamer(*streamer);
  FunctionPass *printer =
      target.getTarget().createAsmPrinter(machine, std::move(streamer));
  if (!printer)
    return createStringError("LLVM cannot write code for " +
                             machine.getTargetTriple().str());
  passes.add(new NoteBlocks(collection));
  passes.add(printer);
  passes.add(createFreeMachineFunctionPass());
  passes.run(module);
  return std::move(code);
}

} // namespace mlir::bnn
