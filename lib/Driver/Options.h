//===- Options.h - Command-line options of a compilation --------*- C++ -*-===//
#pragma once
#include "lib/Driver/Driver.h"
#include "llvm/Support/Error.h"

namespace bnn {

/// What the options --mtriple, --mcpu, --mattr, --strategy, --prefix,
/// --reference, --input-shape, --max-dim and -O say, for the model in the file
/// `input`. Fails where one of them is malformed. A tool has these options if
/// it links this file.
llvm::Expected<CompileOptions> compileOptions(std::string input);

/// What --emit, --compile-to, --report and --report-file ask for.
struct OutputOptions {
  std::optional<Phase> phase;         ///< IR after this phase, if IR is wanted.
  Emit emit = Emit::Object;           ///< What else.
  std::optional<ReportFormat> report; ///< As --report.
  std::string reportFile;             ///< "-" for the standard output.
};

/// Whether --emit or --compile-to is there: IR is then compiled as a model is.
bool outputRequested();

/// What those options say; fails on an unknown name.
llvm::Expected<OutputOptions> outputOptions();

} // namespace bnn
