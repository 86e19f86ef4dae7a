//===- OptMain.cpp - The main function of bnn-opt and its like ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Given MLIR it is mlir-opt; given an ONNX model it compiles. One parser serves
// both, and what the other one would do with an option is refused, not ignored.
//
//===----------------------------------------------------------------------===//
#include "lib/Driver/OptMain.h"
#include "lib/Driver/Driver.h"
#include "lib/Driver/Options.h"
#include "lib/Driver/PlainStream.h"
#include "lib/Driver/Tool.h"
#include "lib/Import/Import.h"
#include "lib/Import/OperatorTable.h"
#include "lib/Target/OutputFile.h"
#include "lib/Target/Strategy.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
namespace cl = llvm::cl;

namespace mlir::bnn {
namespace {

constexpr int kCompileError = 1, kUsageError = 2;

constexpr llvm::StringLiteral overview =
    "bnn-mlir compiler\n\n"
    "bnn-opt model.onnx -o model.o   compiles to an object and model.h\n"
    "bnn-opt - <model.onnx -o x.o    the same from the standard input\n"
    "bnn-opt input.mlir --bnn-...    runs passes, as mlir-opt\n"
    "bnn-opt input.mlir --emit=obj   compiles IR as it does a model\n"
    "bnn-opt model.onnx --estimate=cortex-a76\n"
    "                                says what it would cost there\n"
    "bnn-opt model.onnx --after=raise --bnn-... -o model.o\n"
    "                                runs passes on the way\n\n"
    "Exit codes: 0 done, 1 the model or the IR was refused, 2 wrong usage or "
    "an output that cannot be written.\n";

/// What mlir-opt does and a compilation does not.
constexpr llvm::StringLiteral mlirOptOnly[] = {
    "emit-bytecode",      "emit-bytecode-version",
    "irdl-file",          "mlir-generate-reproducer",
    "no-implicit-module", "output-split-marker",
    "run-reproducer",     "show-dialects",
    "split-input-file",   "verify-diagnostics",
    "verify-roundtrip"};

/// bnn-opt, or a tool like it, on one command line.
class OptTool {
public:
  explicit OptTool(DialectRegistry &registry) : registry(registry) {
    addCompileOptions(compileTable, options);
    addOutputOptions(outputTable, wanted);
  }

  int run(int argc, char **argv);

private:
  int usageError(const llvm::Twine &message) const {
    llvm::WithColor::error(llvm::errs(), name) << message << '\n';
    return kUsageError;
  }
  int usageError(llvm::Error error) const {
    return usageError(llvm::toString(std::move(error)));
  }
  /// Whether the input is a model, and no IR.
  bool isModel() const {
    return options.inputBytes ||
           llvm::StringRef(options.input).ends_with(".onnx");
  }
  int readStandardInput();
  int runPasses();
  int compile();
  int checkMlirOptOnly() const;
  int takePasses(const MlirOptMainConfig &config, MLIRContext &context);
  int writeIR(MLIRContext &context);
  int writeModel(MLIRContext &context);
  int writeEstimate(MLIRContext &context);
  void sayMore(const CompiledModel &model, bool summary) const;

  DialectRegistry &registry;
  CompileOptions options;
  OutputOptions wanted;
  OptionTable compileTable{"Model and target options"};
  OptionTable outputTable{"Output options"};
  std::string name, output;
  /// The standard input, if it is what passes are to run over.
  std::unique_ptr<llvm::MemoryBuffer> text;
  std::vector<std::string> dataFiles; ///< Read beside the model.
};
} // namespace

int OptTool::checkMlirOptOnly() const {
  auto &given = cl::getRegisteredOptions();
  for (llvm::StringRef option : mlirOptOnly)
    if (auto found = given.find(option);
        found != given.end() && found->second->getNumOccurrences())
      return usageError("--" + option + " is for passes over IR, and " +
                        options.input + " is to be compiled");
  return 0;
}

int OptTool::takePasses(const MlirOptMainConfig &config, MLIRContext &context) {
  PassManager passes(&context, ModuleOp::getOperationName(),
                     OpPassManager::Nesting::Implicit);
  if (failed(config.setupPassPipeline(passes)))
    return kUsageError;
  if (passes.empty() && wanted.after)
    return usageError("--after says where passes run, and none is named");
  if (passes.empty())
    return 0;
  if (!wanted.after)
    return usageError("passes are named, but not after which phase of the "
                      "compilation they are to run: say --after=<phase>");
  options.extraPasses = {*wanted.after, static_cast<OpPassManager &>(passes)};
  return 0;
}

int OptTool::writeIR(MLIRContext &context) {
  auto module = compileToPhase(options, *wanted.phase, context);
  if (!module)
    return kCompileError;
  auto error = checkPlaces(options, dataFiles, wanted, output);
  if (!error)
    error = writeFile(output, [&](llvm::raw_ostream &out) {
      module->print(out);
      out << '\n';
      return llvm::Error::success();
    });
  return error ? usageError(std::move(error)) : 0;
}

void OptTool::sayMore(const CompiledModel &model, bool summary) const {
  if (summary)
    llvm::WithColor::note(llvm::errs(), name)
        << model.report->nodesImported << " nodes, "
        << model.report->nodesFolded << " after folding; "
        << summarize(*model.report) << "; --report says more\n";
  if (options.cpu.empty())
    llvm::WithColor::note(llvm::errs(), name)
        << "compiled for " << model.target.cpu << " (" << model.target.triple
        << "); --mcpu chooses another CPU, --print-targets lists kernels\n";
}

int OptTool::writeModel(MLIRContext &context) {
  // A report for the terminal's sake costs little where it is of the result.
  const bool summary = llvm::sys::Process::StandardErrIsDisplayed() &&
                       (wanted.report || (wanted.isObject() && isModel()));
  options.report = wanted.report || summary;
  options.keepIR = wanted.phase;
  auto model = compileModel(options, wanted.emit, context);
  if (failed(model))
    return kCompileError;
  llvm::Error error = checkPlaces(options, dataFiles, wanted, output);
  if (!error)
    error = writeOutputs(*model, wanted, output);
  if (error)
    return usageError(std::move(error));
  sayMore(*model, summary);
  return 0;
}

int OptTool::writeEstimate(MLIRContext &context) {
  EstimateOptions estimate = wanted.estimate;
  if (estimate.clocks.empty())
    estimate.clocks.push_back(EstimateSettings().clock * 1e-9);
  auto estimates = estimateModel(options, estimate, context);
  if (failed(estimates))
    return kCompileError;
  auto error = checkPlaces(options, dataFiles, wanted, output);
  if (!error)
    error = writeFile(output, [&](llvm::raw_ostream &out) {
      if (wanted.estimateAsJson)
        writeJsonEstimates(*estimates, out);
      else
        printEstimates(*estimates, out);
      return llvm::Error::success();
    });
  return error ? usageError(std::move(error)) : 0;
}

int OptTool::compile() {
  if (int code = checkMlirOptOnly())
    return code;
  auto config = MlirOptMainConfig::createFromCLOptions();
  MLIRContext context(registry);
  context.allowUnregisteredDialects(config.shouldAllowUnregisteredDialects());
  llvm::SourceMgr sources;
  PlainStream plainErrors(llvm::errs());
  SourceMgrDiagnosticHandler handler(sources, &context, plainErrors);
  if (int code = takePasses(config, context))
    return code;
  if (llvm::Error error = verifyEstimate(options, wanted, outputTable))
    return usageError(std::move(error));
  if (llvm::Error error = verify(options, wanted, output))
    return usageError(std::move(error));

  DefaultTimingManager timing;
  applyDefaultTimingManagerCLOptions(timing);
  TimingScope root = timing.getRootScope();
  options.timing = &root;
  options.onDataFile = [&](llvm::StringRef path) {
    dataFiles.push_back(path.str());
  };
  options.configurePasses = [&](PassManager &passes) {
    passes.enableVerifier(config.shouldVerifyPasses());
    passes.enableTiming(root);
    return applyPassManagerCLOptions(passes);
  };
  if (wanted.isEstimate())
    return writeEstimate(context);
  return wanted.phase && !wanted.report ? writeIR(context)
                                        : writeModel(context);
}

/// What comes in may be a model or IR, and has no name that says which.
int OptTool::readStandardInput() {
  if (llvm::sys::Process::StandardInIsUserInput())
    llvm::errs() << "(processing input from stdin now, hit ctrl-c/ctrl-d to "
                    "interrupt)\n";
  auto bytes = llvm::MemoryBuffer::getSTDIN();
  if (!bytes)
    return usageError("cannot read the standard input: " +
                      bytes.getError().message());
  if (isModelBytes((*bytes)->getBuffer()))
    options.inputBytes = std::move(*bytes);
  else
    text = std::move(*bytes);
  return 0;
}

int OptTool::runPasses() {
  auto given = compileTable.given();
  for (std::string &option : outputTable.given())
    given.push_back(std::move(option));
  if (!given.empty())
    return usageError(
        "options that say how to compile have no effect on " + options.input +
        " unless --emit, --report or --estimate asks for a result: " +
        llvm::join(given, ", "));
  auto config = MlirOptMainConfig::createFromCLOptions();
  // mlir-opt's own way to a file empties it before the input is read.
  DistinctFiles files;
  if (!text)
    files.addInput("the input", options.input);
  if (llvm::Error error = files.addOutput("the output", output))
    return usageError(std::move(error));
  std::string message;
  auto input = text ? std::move(text) : openInputFile(options.input, &message);
  if (!input) {
    llvm::errs() << message << '\n';
    return kCompileError;
  }
  bool passed = true;
  auto error = writeFile(output, [&](llvm::raw_ostream &out) {
    passed = succeeded(MlirOptMain(out, std::move(input), registry, config));
    return passed ? llvm::Error::success()
                  : llvm::createStringError("the passes failed");
  });
  if (error && passed)
    return usageError(std::move(error));
  llvm::consumeError(std::move(error)); // Why, the passes have said.
  return passed ? 0 : kCompileError;
}

int OptTool::run(int argc, char **argv) {
  name = llvm::sys::path::stem(argv[0]).str();
  compileTable.registerCommandLine();
  outputTable.registerCommandLine();
  cl::OptionCategory category("Information options");
  cl::opt<bool> targetsAsked("print-targets", cl::cat(category),
                             cl::desc("Print targets and strategies"));
  cl::opt<bool> operatorsAsked("list-operators", cl::cat(category),
                               cl::desc("Print the ONNX operators that are "
                                        "supported: opsets, element types, "
                                        "restrictions"));
  std::tie(options.input, output) =
      registerAndParseCLIOptions(argc, argv, overview, registry);
  if (targetsAsked)
    return printTargets(llvm::outs()), 0;
  if (operatorsAsked)
    return printOperators(llvm::outs()), 0;
  for (OptionTable *table : {&compileTable, &outputTable})
    if (llvm::Error error = table->readCommandLine())
      return usageError(std::move(error));
  if (MlirOptMainConfig::createFromCLOptions().shouldShowDialects())
    return asMainReturnCode(
        MlirOptMain(argc, argv, options.input, output, registry));
  if (options.input == "-")
    if (int code = readStandardInput())
      return code;
  // IR is compiled where a result is asked for.
  const bool resultAsked = llvm::any_of(
      llvm::ArrayRef<llvm::StringRef>{"emit", "compile-to", "report",
                                      "report-file", "estimate"},
      [&](auto name) { return outputTable.isGiven(name); });
  const bool isIR = llvm::StringRef(options.input).ends_with(".mlir");
  return isModel() || (isIR && resultAsked) ? compile() : runPasses();
}

int optMain(int argc, char **argv, DialectRegistry &registry) {
  Tool tool(argc, argv);
  return OptTool(registry).run(argc, argv);
}

} // namespace mlir::bnn
