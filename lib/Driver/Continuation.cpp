//===- Continuation.cpp - Where a compilation goes on ---------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Driver/Continuation.h"
#include "dialects/BNN/BNNModel.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "lib/Target/Target.h"

using namespace mlir;

namespace mlir::bnn {

static bool choosesTarget(const CompileOptions &options) {
  return !options.triple.empty() || !options.cpu.empty() ||
         !options.attrs.empty() || !options.strategy.empty() ||
         !options.tiles.empty() || options.tile;
}

// An option that acts in a phase which is behind can no longer be honoured.
static llvm::Error checkOptions(const CompileOptions &options, Phase done,
                                bool reference) {
  struct Use {
    bool isGiven;
    llvm::StringLiteral option;
    Phase phase;
  };
  const Use uses[] = {
      {!options.inputShapes.empty(), "--input-shape", Phase::Import},
      {!options.pruningRecord.empty(), "--prune", Phase::Import},
      {options.report, "--report", Phase::Fold},
      {options.requireBinary, "--require-binary", Phase::Raise},
      {options.requireQuantized, "--require-quantized", Phase::Raise},
      {options.reference && !reference, "--reference", Phase::Fuse},
      {choosesTarget(options),
       "what chooses the target (--mtriple, --mcpu, --mattr, --strategy and "
       "--strategy-table)",
       Phase::Pack},
      {!options.maxDims.empty(), "--max-dim", Phase::Bufferize},
      {options.instrument, "--instrument", Phase::Tile},
      {!options.prefix.empty(), "--prefix", Phase::LLVM},
  };
  if (options.extraPasses && options.extraPasses->after < done)
    return llvm::createStringError("the passes are to run after phase " +
                                   stringifyPhase(options.extraPasses->after) +
                                   ", and the IR has phase " +
                                   stringifyPhase(done) + " behind it");
  if (options.keepIR && *options.keepIR < done)
    return llvm::createStringError("the IR has phase " + stringifyPhase(done) +
                                   " behind it, which is later than " +
                                   stringifyPhase(*options.keepIR));
  for (const Use &use : uses)
    if (use.isGiven && use.phase <= done)
      return llvm::createStringError(
          llvm::Twine(use.option) + " acts in phase " +
          stringifyPhase(use.phase) + ", and the IR has phase " +
          stringifyPhase(done) + " behind it: compile the model with it");
  return llvm::Error::success();
}

llvm::Expected<Continuation> continueFrom(ModuleOp module,
                                          const CompileOptions &options) {
  Continuation result{options};
  PhaseAttr phase = getPhase(module);
  if (phase)
    result.done = phase.getDone();
  if (llvm::Error error =
          checkOptions(options, result.done, phase && phase.getReference()))
    return std::move(error);
  ModelAttr model = getModel(module);
  if (result.options.prefix.empty())
    result.options.prefix = model.getPrefix().str();
  if (result.options.prefix.empty())
    if (auto file = module->getAttrOfType<StringAttr>(onnx::kFileAttr))
      result.options.prefix = prefixFromPath(file);
  if (!phase)
    return result;
  result.options.reference |= phase.getReference();
  result.options.instrument |= module->hasAttr(kPortLimitsAttr);
  TargetAttr target = getTarget(module);
  if (choosesTarget(options) || !target)
    return result;
  result.options.strategy = target.getStrategy().str();
  result.options.cpu = model.getCpu().str();
  // The file may say what it likes, and its features are complete.
  if (model.getTriple().empty())
    return llvm::createStringError("the IR has a target, and no triple in "
                                   "'bnn.model': name it with --mtriple");
  auto resolved =
      resolveTarget(model.getTriple(), model.getCpu(), model.getAttributes());
  if (!resolved)
    return resolved.takeError();
  result.target =
      TargetSpec{resolved->triple, resolved->cpu, model.getAttributes().str()};
  return result;
}

} // namespace mlir::bnn
