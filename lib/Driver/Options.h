//===- Options.h - The compiler's options -----------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Driver/Driver.h"
#include "lib/Driver/OptionTable.h"
#include "llvm/Support/Error.h"

namespace mlir::bnn {

/// Adds the options that say how to compile a model and for what, which fill
/// `options`.
void addCompileOptions(OptionTable &table, CompileOptions &options);

/// Adds `--report`, which fills `report`.
void addReportOption(OptionTable &table, std::optional<ReportFormat> &report);

/// What bnn-opt is to write, and where.
struct OutputOptions {
  std::optional<Phase> phase;         ///< IR after this phase, if IR is wanted.
  Emit emit = Emit::Object;           ///< What else.
  std::optional<ReportFormat> report; ///< If one is wanted.
  std::string reportFile = "-";       ///< "-" for the standard output.
  /// After which phase the passes run that stand beside a model.
  std::optional<Phase> after;
  /// If an estimate is wanted, in place of code or IR; and whether as JSON.
  EstimateOptions estimate;
  bool estimateAsJson = false;

  bool isEstimate() const { return !estimate.cpus.empty(); }
  bool isObject() const {
    return !phase && emit == Emit::Object && !isEstimate();
  }
};

/// Adds `--emit`, `--compile-to`, `--after`, `--report`, `--report-file` and
/// `--estimate` with what belongs to it, which fill `options`.
void addOutputOptions(OptionTable &table, OutputOptions &options);

/// Fails where these options and `output` (as -o) are at odds: an object for
/// the standard output, two files in one place, a check or a pass in a phase
/// that is not reached.
llvm::Error verify(const CompileOptions &compile, const OutputOptions &wanted,
                   llvm::StringRef output);

/// Fails where an estimate is asked for with what it does not go with: another
/// output, --mcpu, clocks for another number of CPUs; and where something is
/// said about an estimate and none is asked for.
llvm::Error verifyEstimate(const CompileOptions &compile,
                           const OutputOptions &wanted,
                           const OptionTable &given);

/// Fails where the code, its header or the report would go to the same file or
/// replace one that is read: the input, a table, or one of `dataFiles`.
llvm::Error checkPlaces(const CompileOptions &compile,
                        llvm::ArrayRef<std::string> dataFiles,
                        const OutputOptions &wanted, llvm::StringRef output);

/// Writes the IR or the code to `output`, an object's header beside it, and the
/// report: all of them or none. With a report and an object for the standard
/// output only the report is written.
llvm::Error writeOutputs(const CompiledModel &model,
                         const OutputOptions &wanted, llvm::StringRef output);

} // namespace mlir::bnn
