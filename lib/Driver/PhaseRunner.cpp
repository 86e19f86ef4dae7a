//===- PhaseRunner.cpp - Runs a model through the phases ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Driver/PhaseRunner.h"
#include "lib/Driver/Tool.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace mlir::bnn {

PhaseRunner::PhaseRunner(ModuleOp module, Phase done,
                         const CompileOptions &options,
                         ReportCollector *collector)
    : module(module), options(options), collector(collector),
      passes(std::make_unique<PassManager>(module.getContext())), done(done) {
  phases.reference = options.reference;
  phases.instrument = options.instrument;
  phases.report = collector != nullptr;
  phases.remarks = options.remarks;
  phases.foldBudget = options.foldBudget;
  phases.requireBinary = options.requireBinary;
  phases.requireQuantized = options.requireQuantized;
  phases.allowFloat = options.allowFloat;
}

/// Whether the module verifies, without a word.
static bool isValid(ModuleOp module) {
  ScopedDiagnosticHandler silence(module.getContext(),
                                  [](Diagnostic &) { return success(); });
  return succeeded(verify(module));
}

LogicalResult PhaseRunner::run() {
  if (options.configurePasses && failed(options.configurePasses(*passes)))
    return failure();
  // What a model may be refused for, a pass says, and it leaves IR that is
  // valid; all else is the compiler's fault.
  unsigned errors = 0;
  LogicalResult result = failure();
  {
    ScopedDiagnosticHandler counter(
        module.getContext(), [&](Diagnostic &diagnostic) {
          errors += diagnostic.getSeverity() == DiagnosticSeverity::Error;
          return failure(); // The next handler's to print.
        });
    result = passes->run(module);
  }
  if (failed(result) && !errors)
    emitInternalError(module, "a pass failed without saying why");
  else if (failed(result) && !isValid(module))
    emitInternalError(module, "a pass left IR that is not valid");
  ran.push_back(std::move(passes));
  passes = std::make_unique<PassManager>(module.getContext());
  return result;
}

LogicalResult PhaseRunner::finishPhase(Phase phase) {
  if (collector)
    collector->addAfter(*passes, phase);
  if (options.extraPasses && options.extraPasses->after == phase) {
    // On their own, as mlir-opt would run them: they may be anchored elsewhere.
    if (failed(run()))
      return failure();
    static_cast<OpPassManager &>(*passes) = options.extraPasses->passes;
    if (failed(run()))
      return failure();
  }
  if (options.keepIR == phase) {
    if (failed(run()))
      return failure();
    llvm::raw_string_ostream(ir) << *module << '\n';
  }
  return success();
}

LogicalResult PhaseRunner::runTo(Phase last) {
  for (const PhaseInfo &info : allPhases()) {
    if (info.phase < done || (finished && info.phase <= *finished) ||
        info.phase > last)
      continue;
    if (info.phase > done)
      addPhase(*passes, info.phase, phases);
    if (failed(finishPhase(info.phase)))
      return failure();
    finished = info.phase;
  }
  return passes->empty() ? success() : run();
}

} // namespace mlir::bnn
