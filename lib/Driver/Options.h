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

} // namespace bnn
