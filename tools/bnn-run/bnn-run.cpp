//===- bnn-run.cpp - Runs a model, and checks or times it -----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Driver/Options.h"
#include "lib/Driver/Tool.h"
#include "lib/Run/RunTool.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/WithColor.h"

using namespace llvm;

namespace {
cl::OptionCategory category("bnn-run options");
cl::opt<std::string> modelPath(cl::Positional, cl::Required,
                               cl::desc("MODEL (.onnx, .so or .o; - for an "
                                        ".onnx on the standard input)"),
                               cl::cat(category));
cl::list<std::string>
    inputs("input", cl::desc("An input, once for each; FILE is .npy or .pb"),
           cl::value_desc("NAME=FILE"), cl::cat(category));
cl::opt<std::string> outputDir("output-dir", cl::desc("Write DIR/<output>.npy"),
                               cl::value_desc("DIR"), cl::cat(category));
cl::opt<std::string> expectDir("expect",
                               cl::desc("Compare with DIR/<output>.npy or .pb"),
                               cl::value_desc("DIR"), cl::cat(category));
cl::opt<double> tolerance("atol",
                          cl::desc("The absolute difference that --expect "
                                   "allows (default 0)"),
                          cl::init(0), cl::cat(category));
cl::opt<std::string>
    benchmark("benchmark",
              cl::desc("Time N rounds (default 20) on one core, and print the "
                       "least, the median and the 90th percentile"),
              cl::value_desc("N"), cl::ValueOptional, cl::cat(category));
cl::list<std::string> againstOnnxRuntime(
    "against-onnxruntime",
    cl::desc("Let ONNX Runtime run these models, one thread, in the same "
             "rounds, and print the ratio of its time to the model's"),
    cl::value_desc("MODEL.onnx,..."), cl::CommaSeparated, cl::cat(category));
cl::opt<std::string> onnxRuntimeLib(
    "onnxruntime-lib",
    cl::desc("Its libonnxruntime.so (default: the environment's "
             "BNN_ONNXRUNTIME, or where the dynamic linker finds it)"),
    cl::value_desc("PATH"), cl::cat(category));
cl::opt<std::string>
    profile("profile",
            cl::desc("Run N times (default 20) and print where the time goes"),
            cl::value_desc("N"), cl::ValueOptional, cl::cat(category));
cl::opt<bool> dynamicShapes(
    "dynamic",
    cl::desc("Keep dynamic dimensions dynamic; otherwise an .onnx is compiled "
             "for the shapes of the inputs"),
    cl::cat(category));

// The rounds that --benchmark or --profile asks for; 0 where it is absent.
Expected<unsigned> rounds(const cl::opt<std::string> &option) {
  if (!option.getNumOccurrences())
    return 0;
  unsigned count = 20;
  if (!option.empty() && (StringRef(option).getAsInteger(10, count) || !count))
    return createStringError("--" + option.ArgStr + "=" + option +
                             ": the number of rounds is 1 or more");
  return count;
}

Error readOptions(mlir::bnn::OptionTable &table,
                  mlir::bnn::RunOptions &options) {
  options.compile.input = modelPath;
  if (Error error = joinErrors(table.readCommandLine(),
                               mlir::bnn::verify(options.compile)))
    return error;
  options.compileOptionsGiven = any_of(
      table.given(), [](StringRef option) { return option != "--prefix"; });
  options.dynamicShapes = dynamicShapes;
  options.inputs = inputs;
  options.outputDir = outputDir;
  options.expectDir = expectDir;
  options.tolerance = tolerance;
  auto benchmarkRounds = rounds(benchmark), profileRounds = rounds(profile);
  if (!benchmarkRounds || !profileRounds)
    return joinErrors(benchmarkRounds.takeError(), profileRounds.takeError());
  options.profile = *profileRounds;
  options.benchmark = {*benchmarkRounds, againstOnnxRuntime, onnxRuntimeLib};
  if (!againstOnnxRuntime.empty() && !options.benchmark.rounds)
    options.benchmark.rounds = 20;
  return Error::success();
}
} // namespace

int main(int argc, char **argv) {
  mlir::bnn::Tool tool(argc, argv);
  mlir::bnn::RunOptions options;
  mlir::bnn::OptionTable table("Model and target options");
  addCompileOptions(table, options.compile);
  cl::HideUnrelatedOptions({&category, &table.registerCommandLine()});
  if (!cl::ParseCommandLineOptions(
          argc, argv,
          "Runs a model: an .onnx file, which is compiled in memory, or a "
          "compiled shared or relocatable object.\n\n"
          "Exit codes: 0 done, 1 an output differs from --expect, 2 something "
          "given is wrong or cannot be read, compiled or written, 3 the model "
          "refused its inputs (for example, a token id is out of range).\n",
          &errs()))
    return static_cast<int>(mlir::bnn::RunResult::BadInput);
  if (Error error = readOptions(table, options)) {
    logAllUnhandledErrors(std::move(error),
                          WithColor::error(errs(), "bnn-run"));
    return static_cast<int>(mlir::bnn::RunResult::BadInput);
  }
  return static_cast<int>(mlir::bnn::runTool(options));
}
