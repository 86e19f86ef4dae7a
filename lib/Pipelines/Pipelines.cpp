//===- Pipelines.cpp - The road a model takes, phase by phase -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Pipelines/Pipelines.h"
#include "dialects/BNN/BNNBase.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Passes.h"
#include "passes/Support/Bufferize.h"

using namespace mlir;

namespace mlir::bnn {

static void addFold(OpPassManager &passes, const PhaseOptions &options) {
  passes.addNestedPass<func::FuncOp>(
      createOnnxFold(OnnxFoldOptions{options.foldBudget}));
  // Before an operation goes that nothing reads, and before any is replaced by
  // another that takes its operands' shapes for granted.
  passes.addNestedPass<func::FuncOp>(createOnnxInsertChecks());
  passes.addPass(createCSEPass());
}

static void addRaise(OpPassManager &passes, const PhaseOptions &options) {
  RaiseOptions raise;
  const bool isChecked = options.requireBinary || options.requireQuantized;
  raise.recordLayers = options.report || isChecked;
  raise.remarks = options.remarks;
  raise.budget = options.foldBudget;
  passes.addNestedPass<func::FuncOp>(createRaise(raise));
  if (isChecked) {
    RequireBinaryOptions require;
    require.takesBytes = !options.requireBinary;
    require.allowFloat = options.allowFloat;
    passes.addNestedPass<func::FuncOp>(createRequireBinary(require));
  }
  passes.addNestedPass<func::FuncOp>(createOnnxToLinalg());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
}

static void addFuse(OpPassManager &passes, const PhaseOptions &options) {
  // Chains such as GELU become one op first, so that they can be an epilogue.
  passes.addNestedPass<func::FuncOp>(createFuseElementwise());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addNestedPass<func::FuncOp>(createFuse(FuseOptions{options.remarks}));
  passes.addPass(createFoldThresholds(FoldThresholdsOptions{options.remarks}));
  passes.addNestedPass<func::FuncOp>(createSinkToUses());
  passes.addNestedPass<func::FuncOp>(createUpdateInPlace());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
}

static void addPack(OpPassManager &passes, const PhaseOptions &options) {
  passes.addNestedPass<func::FuncOp>(createPack(PackOptions{options.remarks}));
}

static void addBufferize(OpPassManager &passes) {
  passes.addPass(createPrepareEntry());
  passes.addPass(bufferization::createEmptyTensorEliminationPass());
  addBufferization(passes);
  addBufferCanonicalizer(passes);
  passes.addPass(createCSEPass());
}

static void addTile(OpPassManager &passes, const PhaseOptions &options) {
  if (options.instrument)
    passes.addPass(createInstrument());
  if (options.reference) {
    passes.addPass(createLowerReference());
  } else {
    passes.addPass(createOutlineKernels());
    passes.addPass(createLowerKernels());
    passes.addPass(createTileProducts());
    passes.addPass(createHoistScratch());
    passes.addPass(createTileTransposes());
    passes.addPass(createVectorizeElementwise());
  }
  passes.addNestedPass<func::FuncOp>(createConvertLinalgToLoopsPass());
  addBufferCanonicalizer(passes);
  passes.addPass(createCSEPass());
  if (!options.reference) {
    passes.addPass(createTabulateBytes());
    passes.addPass(createReduceDivisions());
  }
  if (options.entry) {
    PlanWorkspaceOptions plan;
    plan.alignment = kBufferAlignment;
    plan.recordBuffers = options.report;
    passes.addPass(createPlanWorkspace(plan));
  }
}

static void addLLVM(OpPassManager &passes, const PhaseOptions &options) {
  if (options.entry) {
    EmitEntryOptions entry;
    entry.prefix = options.prefix;
    passes.addPass(createEmitEntry(entry));
  }
  passes.addNestedPass<func::FuncOp>(createLowerChecks());
  passes.addPass(createExpandMath());
  passes.addPass(memref::createExpandStridedMetadataPass());
  passes.addPass(createLowerAffinePass());
  passes.addPass(createConvertSCFToCFPass());
  ConvertVectorToLLVMPassOptions vector;
  // Canonical orders are spelt out: nothing may be reassociated.
  vector.reassociateFPReductions = false;
  passes.addPass(createConvertVectorToLLVMPass(vector));
  // One pass for all other dialects: each would walk and verify the whole.
  // memref.reshape is not converted there (LLVM 19).
  passes.addPass(createFinalizeMemRefToLLVMConversionPass());
  passes.addPass(createConvertToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  passes.addPass(createCanonicalizerPass());
}

llvm::ArrayRef<PhaseInfo> allPhases() {
  static constexpr PhaseInfo phases[] = {
      {Phase::Import, "the graph, node for node, as onnx ops"},
      {Phase::Fold, "constant subgraphs and shape arithmetic evaluated"},
      {Phase::Raise, "what is binary as bnn ops, the rest as linalg"},
      {Phase::Fuse, "epilogues fused and folded to integer thresholds"},
      {Phase::Pack, "layouts chosen, weights packed"},
      {Phase::Bufferize, "tensors to buffers"},
      {Phase::Tile, "tiled vector loops in one planned workspace"},
      {Phase::LLVM, "the LLVM dialect, with the model's C interface"},
  };
  return phases;
}

static void addPasses(OpPassManager &passes, Phase phase,
                      const PhaseOptions &options) {
  switch (phase) {
  case Phase::Import:
    return;
  case Phase::Fold:
    return addFold(passes, options);
  case Phase::Raise:
    return addRaise(passes, options);
  case Phase::Fuse:
    return options.reference ? void() : addFuse(passes, options);
  case Phase::Pack:
    return options.reference ? void() : addPack(passes, options);
  case Phase::Bufferize:
    return addBufferize(passes);
  case Phase::Tile:
    return addTile(passes, options);
  case Phase::LLVM:
    return addLLVM(passes, options);
  }
}

void addPhase(OpPassManager &passes, Phase phase, const PhaseOptions &options) {
  if (phase == Phase::Import)
    return;
  addPasses(passes, phase, options);
  MarkPhaseOptions mark;
  mark.phase = stringifyPhase(phase).str();
  mark.reference = options.reference;
  passes.addPass(createMarkPhase(mark));
}

namespace {
struct PhasePipelineOptions : public PassPipelineOptions<PhasePipelineOptions> {
  Option<bool> reference{*this, "reference",
                         llvm::cl::desc("Plain loops: the meaning"),
                         llvm::cl::init(false)};
  Option<bool> entry{*this, "entry",
                     llvm::cl::desc("Plan the workspace of @main and add the "
                                    "model's C interface"),
                     llvm::cl::init(true)};
};
} // namespace

void registerPipelines() {
  for (const PhaseInfo &info : allPhases()) {
    if (info.phase == Phase::Import)
      continue;
    PassPipelineRegistration<PhasePipelineOptions>(
        ("bnn-phase-" + stringifyPhase(info.phase)).str(), info.summary,
        [phase = info.phase](OpPassManager &passes,
                             const PhasePipelineOptions &pipeline) {
          PhaseOptions options;
          options.reference = pipeline.reference;
          options.entry = pipeline.entry;
          addPhase(passes, phase, options);
        });
  }
}

} // namespace mlir::bnn
