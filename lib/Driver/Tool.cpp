//===- Tool.cpp - What the main function of a tool begins with ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Driver/Tool.h"
#include "lib/Target/OutputFile.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/PrettyStackTrace.h"
#include "llvm/Support/Signals.h"
#ifdef LLVM_ON_UNIX
#include <csignal>
#include <unistd.h>
#endif

namespace mlir::bnn {

#define BNN_REPORT                                                             \
  "this is a fault of bnn-mlir " BNN_VERSION                                   \
  ", and not of the model. Please report it with the command and, if you "     \
  "may, the model; bnn-opt --mlir-pass-pipeline-crash-reproducer=x.mlir "      \
  "writes "                                                                    \
  "the IR and the passes that lead here, which says as much"

// LLVM prints the stack from within the signal's handler and allocates there: a
// crash within malloc, whose lock is held, would wait for itself for ever. What
// comes before, the command and what was being done, has an alarm of its own
// and ends with none.
Tool::CrashLimit::CrashLimit() {
  llvm::EnablePrettyStackTrace();
#ifdef LLVM_ON_UNIX
  constexpr unsigned seconds = 10;
  llvm::sys::AddSignalHandler(
      [](void *) {
        std::signal(SIGALRM, SIG_DFL);
        alarm(seconds);
      },
      nullptr);
#endif
}

Tool::Tool(int &argc, char **&argv)
    : init(argc, argv, /*InstallPipeSignalExitHandler=*/false) {
  llvm::setBugReportMsg("internal error: a crash; " BNN_REPORT ".\n");
  llvm::cl::AddExtraVersionPrinter(
      [](llvm::raw_ostream &out) { out << "bnn-mlir " BNN_VERSION "\n"; });
  reportFailedWrites();
}

void emitInternalError(ModuleOp module, const llvm::Twine &what) {
  mlir::emitError(module.getLoc())
      << "internal error: " << what << "; " BNN_REPORT;
}

} // namespace mlir::bnn
