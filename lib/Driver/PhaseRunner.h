//===- PhaseRunner.h - Runs a model through the phases ----------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Driver/Driver.h"
#include "lib/Report/Collect.h"
#include "mlir/Pass/PassManager.h"

namespace mlir::bnn {

/// Takes a module from the phase that it has behind it to later ones, and on
/// the way runs the user's passes, reads what a report wants and keeps the IR
/// that is asked for.
class PhaseRunner {
public:
  /// `module` is as `done` left it. The collector may be null.
  PhaseRunner(ModuleOp module, Phase done, const CompileOptions &options,
              ReportCollector *collector);

  /// Runs what is left up to and with `last`; nothing where that is behind.
  LogicalResult runTo(Phase last);

  /// The text of the IR that options.keepIR names, once it is reached.
  std::string takeIR() { return std::move(ir); }

private:
  /// What stands at the end of a phase.
  LogicalResult finishPhase(Phase phase);
  /// Runs the passes that were added, and begins anew.
  LogicalResult run();

  ModuleOp module;
  const CompileOptions &options;
  ReportCollector *collector;
  PhaseOptions phases;
  std::unique_ptr<PassManager> passes;
  /// Kept, because timers know passes by their addresses.
  std::vector<std::unique_ptr<PassManager>> ran;
  /// The phases of which all has been run.
  std::optional<Phase> finished;
  Phase done;
  std::string ir;
};

} // namespace mlir::bnn
