//===- Options.h - Command-line options of a compilation --------*- C++ -*-===//
#pragma once
#include "lib/Driver/Driver.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Error.h"

namespace bnn {

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

} // namespace bnn
