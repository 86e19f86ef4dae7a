// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// bnn-run: runs a model once, and checks or times it.

#include "lib/Run/RunTool.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"

using namespace llvm;

namespace {
cl::OptionCategory category("bnn-run options");
cl::opt<std::string> modelPath(cl::Positional, cl::Required,
                               cl::desc("MODEL (.onnx, .so or .o)"),
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
cl::opt<unsigned> benchmark("benchmark",
                            cl::desc("Run N times and print the time of a run"),
                            cl::value_desc("N"), cl::init(0),
                            cl::cat(category));
cl::opt<bool> reference("reference",
                        cl::desc("Compile with the reference lowering (.onnx)"),
                        cl::cat(category));
cl::opt<bool> dynamicShapes(
    "dynamic",
    cl::desc("Keep dynamic dimensions dynamic; otherwise an .onnx is compiled "
             "for the shapes of the inputs"),
    cl::cat(category));
cl::opt<std::string> cpu("mcpu", cl::desc("CPU to compile for (.onnx)"),
                         cl::cat(category));
cl::opt<std::string> attributes("mattr",
                                cl::desc("CPU features, +a,-b (.onnx)"),
                                cl::cat(category));
cl::opt<std::string> strategy("strategy",
                              cl::desc("Kernel strategy (.onnx); bnn-opt "
                                       "--print-targets lists them"),
                              cl::cat(category));
cl::opt<std::string> prefix("prefix",
                            cl::desc("Which model, where a file holds several"),
                            cl::cat(category));
} // namespace

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  if (!cl::ParseCommandLineOptions(
          argc, argv,
          "Runs a model: an .onnx file, which is compiled in memory, or a "
          "compiled shared or relocatable object.\n\n"
          "Exit codes: 0 done, 1 an output differs from --expect, 2 something "
          "given is wrong or cannot be read, compiled or written, 3 the model "
          "refused its inputs (for example, a token id is out of range).\n",
          &errs()))
    return static_cast<int>(bnn::RunResult::BadInput);
  bnn::RunOptions options;
  options.compile.input = modelPath;
  options.compile.cpu = cpu;
  options.compile.attrs = attributes;
  options.compile.strategy = strategy;
  options.compile.prefix = prefix;
  options.compile.reference = reference;
  options.dynamicShapes = dynamicShapes;
  options.inputs = inputs;
  options.outputDir = outputDir;
  options.expectDir = expectDir;
  options.tolerance = tolerance;
  options.benchmark = benchmark;
  return static_cast<int>(bnn::runTool(options));
}
