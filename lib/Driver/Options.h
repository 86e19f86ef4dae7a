//===- Options.h - Command-line options of a compilation --------*- C++ -*-===//
#pragma once
#include "lib/Driver/Driver.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Error.h"

namespace mlir::bnn {

/// The category of the options that compileOptions() reads, for --help.
extern llvm::cl::OptionCategory compileCategory;

/// Whether one of them, other than --prefix, is on the command line.
bool compileOptionsGiven();

/// What the options --mtriple, --mcpu, --mattr, --strategy, --strategy-table,
/// --prefix, --reference, --instrument, --input-shape, --max-dim,
/// --require-binary, --allow-float and -O say, for the model in the file
/// `input`. Fails where one of them is malformed. A tool has
/// these options if it links this file.
llvm::Expected<CompileOptions> compileOptions(std::string input);

/// What --emit, --compile-to, --report and --report-file ask for.
struct OutputOptions {
  std::optional<Phase> phase;         ///< IR after this phase, if IR is wanted.
  Emit emit = Emit::Object;           ///< What else.
  std::optional<ReportFormat> report; ///< As --report.
  std::string reportFile;             ///< "-" for the standard output.
};

// In a file of their own, so that only a tool that asks for them has them:

/// Whether one of them is there: IR is then compiled as a model is.
bool outputRequested();

/// What those options say; fails on an unknown name.
llvm::Expected<OutputOptions> outputOptions();

/// Fails where these options and `output` (as -o) are at odds: an object for
/// the standard output, code and report in one place, a check in a phase that
/// is not reached.
llvm::Error checkOutputs(const CompileOptions &compile,
                         const OutputOptions &wanted, llvm::StringRef output);

/// Writes the code to `output` unless IR was wanted, an object's header beside
/// it, and the report: all of them or none. With a report and an object for the
/// standard output only the report is written.
llvm::Error writeOutputs(const CompiledModel &model,
                         const OutputOptions &wanted, llvm::StringRef output);

} // namespace mlir::bnn
