//===- RunTool.cpp - What bnn-run does ------------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Run/RunTool.h"

#include "dialects/BNN/PlainText.h"
#include "lib/Driver/PlainStream.h"
#include "lib/Run/Compare.h"
#include "lib/Run/LoadedModel.h"
#include "lib/Run/Measure.h"
#include "lib/Run/Npy.h"
#include "lib/Run/Profile.h"
#include "lib/Target/OutputFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/WithColor.h"
#include "llvm/TargetParser/Host.h"

using namespace llvm;

namespace mlir::bnn {

static Expected<std::vector<NamedTensor>>
readInputs(const RunOptions &options) {
  std::vector<NamedTensor> inputs;
  for (StringRef option : options.inputs) {
    auto [name, file] = option.split('=');
    if (name.empty() || file.empty())
      return createStringError("--input " + option + " is not NAME=FILE");
    Expected<HostTensor> tensor = readTensorFile(file);
    if (!tensor)
      return tensor.takeError();
    inputs.push_back({name.str(), std::move(*tensor)});
  }
  return inputs;
}

static Expected<std::unique_ptr<LoadedModel>>
loadModel(const RunOptions &options, ArrayRef<NamedTensor> inputs) {
  CompileOptions compile = options.compile;
  if (compile.input == "-") {
    auto bytes = MemoryBuffer::getSTDIN();
    if (!bytes)
      return createStringError("cannot read the standard input: " +
                               bytes.getError().message());
    compile.inputBytes = std::move(*bytes);
  }
  if (!compile.inputBytes && !StringRef(compile.input).ends_with(".onnx") &&
      !StringRef(compile.input).ends_with(".mlir")) {
    if (options.compileOptionsGiven || options.dynamicShapes)
      return createStringError("--dynamic and what says how to compile are for "
                               ".onnx models: '" +
                               compile.input + "' is compiled already");
    return LoadedModel::open(compile.input, compile.prefix);
  }
  if (options.profile) {
    compile.instrument = true;
    // The model runs here, whatever it is compiled for.
    compile.modelledCPU = sys::getHostCPUName();
  }
  if (!options.dynamicShapes)
    for (const NamedTensor &input : inputs)
      compile.inputShapes[input.name].assign(input.tensor.shape.begin(),
                                             input.tensor.shape.end());
  mlir::MLIRContext context;
  SourceMgr sources;
  PlainStream errors(errs()); // A model's names are not to be trusted.
  mlir::SourceMgrDiagnosticHandler handler(sources, &context, errors);
  auto object = compileToObject(compile, context);
  if (failed(object)) // Why, it has said itself.
    return createStringError("cannot compile '" + compile.input + "'");
  return LoadedModel::load(std::move(*object), compile.prefix);
}

/// Makes the folder for the outputs where there is none.
static Error prepareFolder(StringRef folder) {
  std::error_code code = sys::fs::create_directories(folder);
  if (!code && !sys::fs::is_directory(folder))
    code = std::make_error_code(std::errc::not_a_directory);
  if (code)
    return createStringError("cannot create the folder '" + folder +
                             "': " + code.message());
  return Error::success();
}

/// Writes and compares the outputs as the options ask for, and says so.
static Expected<RunResult> finish(const RunOptions &options,
                                  ArrayRef<NamedTensor> outputs) {
  if (!options.outputDir.empty())
    if (Error error = prepareFolder(options.outputDir))
      return std::move(error);
  RunResult result = RunResult::Done;
  OutputFiles files;
  DistinctFiles distinct;
  if (options.compile.input != "-")
    distinct.addInput("the model", options.compile.input);
  for (StringRef input : options.inputs)
    distinct.addInput("an input", input.split('=').second);
  std::string text;
  raw_string_ostream report(text);
  for (auto [output, file] : zip_equal(outputs, outputFileNames(outputs))) {
    const HostTensor &tensor = output.tensor;
    report << escapeHidden(output.name) << ": "
           << elementTypeName(tensor.elementType) << ' '
           << shapeString(tensor.shape);
    if (!options.outputDir.empty()) {
      SmallString<128> path(options.outputDir);
      sys::path::append(path, file + ".npy");
      auto write = [&](raw_ostream &out) {
        writeNpy(tensor, out);
        return Error::success();
      };
      if (Error error =
              distinct.addOutput("output '" + output.name + "'", path))
        return std::move(error);
      if (Error error = files.add(path, write))
        return std::move(error);
      report << " -> " << path;
    }
    report << '\n';
    if (options.expectDir.empty())
      continue;
    Expected<HostTensor> expected = readExpected(options.expectDir, file);
    if (!expected)
      return expected.takeError();
    Comparison comparison =
        compareTensors(tensor, *expected, options.tolerance);
    report << "  " << comparison.text << '\n';
    if (!comparison.equal)
      result = RunResult::Different;
  }
  if (Error error = files.add("-", [&](raw_ostream &out) {
        out << text;
        return Error::success();
      }))
    return std::move(error);
  if (Error error = files.commit())
    return std::move(error);
  return result;
}

static Expected<RunResult> runModel(const RunOptions &options) {
  auto inputs = readInputs(options);
  if (!inputs)
    return inputs.takeError();
  auto model = loadModel(options, *inputs);
  if (!model)
    return model.takeError();
  if (options.profile && (*model)->profiledOps().empty())
    return createStringError("'" + options.compile.input +
                             "' is not instrumented: compile it with bnn-opt "
                             "--instrument, or give the .onnx file");
  auto bound = (*model)->bind(*inputs);
  if (!bound)
    return bound.takeError();
  if (int32_t status = (*bound)->run(); status != BNN_OK)
    return make_error<ModelError>(status);
  if (options.profile) {
    pinToOneCore();
    auto profile =
        profileModel(**bound, (*model)->profiledOps(), options.profile);
    if (!profile)
      return profile.takeError();
    printProfile(*profile, outs());
  }
  if (options.benchmark.rounds)
    if (Error error = benchmarkModel(**bound, options.compile.input, *inputs,
                                     options.benchmark, outs()))
      return std::move(error);
  return finish(options, (*bound)->takeOutputs());
}

RunResult runTool(const RunOptions &options) {
  Expected<RunResult> result = runModel(options);
  if (result)
    return *result;
  RunResult failure = RunResult::BadInput;
  Error rest = handleErrors(result.takeError(), [&](const ModelError &error) {
    failure = RunResult::ModelFailed;
    error.log(WithColor::error(errs(), "bnn-run"));
    errs() << '\n';
  });
  if (rest)
    logAllUnhandledErrors(std::move(rest), WithColor::error(errs(), "bnn-run"));
  return failure;
}

} // namespace mlir::bnn
