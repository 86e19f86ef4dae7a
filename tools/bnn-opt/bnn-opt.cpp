//===- bnn-opt.cpp - The compiler and pass driver -------------------------===//
//
// Given MLIR it is mlir-opt with our dialects, passes and phases; given an ONNX
// model it compiles. One parser serves both.
//
//===----------------------------------------------------------------------===//
#include "lib/Driver/Driver.h"
#include "lib/Driver/Options.h"
#include "lib/Driver/Registration.h"
#include "lib/Import/OperatorTable.h"
#include "lib/Target/OutputFile.h"
#include "lib/Target/Strategy.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
namespace cl = llvm::cl;

static cl::OptionCategory category("Information options");
static cl::opt<bool> printTargetsFlag("print-targets", cl::cat(category),
                                      cl::desc("Print targets and strategies"));
static cl::opt<bool> listOperatorsFlag("list-operators", cl::cat(category),
                                       cl::desc("Print the ONNX operators that "
                                                "are supported: opsets, "
                                                "element types, restrictions"));

namespace {
constexpr int kCompileError = 1, kUsageError = 2;

int usageError(const llvm::Twine &message) {
  llvm::WithColor::error(llvm::errs(), "bnn-opt") << message << '\n';
  return kUsageError;
}

int writeIR(const bnn::CompileOptions &options, bnn::Phase phase,
            StringRef output, MLIRContext &context) {
  auto module = bnn::compileToPhase(options, phase, context);
  if (!module)
    return kCompileError;
  auto error = bnn::writeFile(output, [&](llvm::raw_ostream &out) {
    module->print(out);
    out << '\n';
    return llvm::Error::success();
  });
  return error ? usageError(llvm::toString(std::move(error))) : 0;
}

int compile(StringRef input, std::string output) {
  auto options = bnn::compileOptions(input.str());
  if (!options)
    return usageError(llvm::toString(options.takeError()));
  options->passManagerOptions = true;
  auto wanted = bnn::outputOptions();
  if (!wanted)
    return usageError(llvm::toString(wanted.takeError()));

  DialectRegistry registry;
  bnn::registerAllDialects(registry);
  MLIRContext context(registry);
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context, llvm::errs());
  if (llvm::Error error = bnn::checkOutputs(*options, *wanted, output))
    return usageError(llvm::toString(std::move(error)));
  if (wanted->phase && !wanted->report)
    return writeIR(*options, *wanted->phase, output, context);
  const bool onTerminal = llvm::sys::Process::StandardErrIsDisplayed();
  options->report = wanted->report || onTerminal;
  auto model = bnn::compileModel(*options, wanted->emit, context);
  if (failed(model))
    return kCompileError;
  // The report is of the object, whatever else is written.
  if (wanted->report && wanted->emit != bnn::Emit::Object) {
    auto object = bnn::compileModel(*options, bnn::Emit::Object, context);
    if (failed(object))
      return kCompileError;
    model->report = std::move(object->report);
  }
  // Only now, so that no IR is written where the report would fail.
  if (wanted->phase)
    if (int code = writeIR(*options, *wanted->phase, output, context))
      return code;
  llvm::Error error = bnn::writeOutputs(*model, *wanted, output);
  if (error)
    return usageError(llvm::toString(std::move(error)));
  if (onTerminal)
    llvm::WithColor::note(llvm::errs(), "bnn-opt")
        << model->report->nodesImported << " nodes, "
        << model->report->nodesFolded << " after folding; "
        << bnn::summarize(*model->report) << "; --report says more\n";
  if (options->cpu.empty())
    llvm::WithColor::note(llvm::errs(), "bnn-opt")
        << "compiled for " << model->target.cpu << " (" << model->target.triple
        << "); --mcpu chooses another CPU, --print-targets lists kernels\n";
  return 0;
}
} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  DialectRegistry registry;
  bnn::registerAllDialects(registry);
  bnn::registerAllPasses();
  registerPassManagerCLOptions();
  auto [input, output] = registerAndParseCLIOptions(
      argc, argv,
      "bnn-mlir compiler\n\n"
      "bnn-opt model.onnx -o model.o   compiles to an object and model.h\n"
      "bnn-opt input.mlir --bnn-...    runs passes, as mlir-opt\n"
      "bnn-opt input.mlir --emit=obj   compiles IR as it does a model\n\n"
      "Exit codes: 0 done, 1 the model or the IR was refused, 2 wrong usage or "
      "an output that cannot be written.\n",
      registry);
  if (printTargetsFlag)
    return bnn::printTargets(llvm::outs()), 0;
  if (listOperatorsFlag)
    return bnn::printOperators(llvm::outs()), 0;
  if (StringRef(input).ends_with(".onnx") ||
      (StringRef(input).ends_with(".mlir") && bnn::outputRequested()))
    return compile(input, output);
  if (bnn::compileOptionsGiven())
    return usageError("options that say how to compile have no effect on " +
                      input + " unless --emit or --report asks for a result");
  return asMainReturnCode(MlirOptMain(argc, argv, input, output, registry));
}
