//===- OutputOptions.cpp - The options of an output -----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Driver/Options.h"
#include "lib/Target/OutputFile.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Path.h"
#include <cmath>

using namespace llvm;

namespace mlir::bnn {

// The phases, a line each, for --help.
static std::string describePhases() {
  std::string text;
  for (const PhaseInfo &info : allPhases())
    text += ("\n  " + stringifyPhase(info.phase) + ": " + info.summary).str();
  return text;
}

static Error readPhase(StringRef option, StringRef name,
                       std::optional<Phase> &phase) {
  phase = symbolizePhase(name);
  if (phase)
    return Error::success();
  return createStringError("unknown phase '" + name + "' in --" + option +
                           "; see --help");
}

static Error readEmit(StringRef kind, OutputOptions &options) {
  options.phase = StringSwitch<std::optional<Phase>>(kind)
                      .Case("onnx", Phase::Import)
                      .Case("bnn", Phase::Raise)
                      .Case("packed", Phase::Pack)
                      .Case("vector", Phase::Tile)
                      .Default(std::nullopt);
  auto emit = StringSwitch<std::optional<Emit>>(kind)
                  .Case("obj", Emit::Object)
                  .Case("asm", Emit::Assembly)
                  .Case("llvm", Emit::LLVM)
                  .Default(std::nullopt);
  if (!options.phase && !emit)
    return createStringError("unknown kind '" + kind +
                             "' in --emit; see --help");
  options.emit = emit.value_or(Emit::Object);
  return Error::success();
}

static Error readReportFormat(StringRef name,
                              std::optional<ReportFormat> &report) {
  report = parseReportFormat(name);
  if (report)
    return Error::success();
  return createStringError("unknown format '" + name +
                           "' in --report: use text, json or html");
}

void addReportOption(OptionTable &table, std::optional<ReportFormat> &report) {
  table.addValue(
      "report", "text|json|html",
      "Say what became of each layer of an ONNX model and why, and where its "
      "bytes are; without -o nothing else is written",
      [&report](StringRef name) { return readReportFormat(name, report); });
}

// The format that a file's name says.
static ReportFormat formatOf(StringRef path) {
  return StringSwitch<ReportFormat>(sys::path::extension(path))
      .Cases(".htm", ".html", ReportFormat::HTML)
      .Case(".json", ReportFormat::JSON)
      .Default(ReportFormat::Text);
}

// A positive number, as in 2.4.
static Error readPositive(StringRef option, StringRef text, double &value) {
  if (!text.trim().getAsDouble(value) && value > 0 && std::isfinite(value))
    return Error::success();
  return createStringError("'" + text + "' in --" + option +
                           " is no number above 0");
}

static void addEstimateOptions(OptionTable &table, OutputOptions &options) {
  EstimateOptions &estimate = options.estimate;
  table.addValue(
      "estimate", "cpu,...",
      "Estimate a run of the model, operation by operation, on CPUs that need "
      "not be here, by LLVM's scheduling models of them; native is this one. "
      "-o takes the estimate (default: standard output), nothing else is "
      "written, and every shape must be fixed (--input-shape)",
      [&estimate](StringRef list) -> Error {
        SmallVector<StringRef> names;
        list.split(names, ',');
        for (StringRef name : names) {
          if (name.trim().empty())
            return createStringError("'" + list +
                                     "' in --estimate has an empty name of a "
                                     "CPU");
          if (is_contained(estimate.cpus, name.trim()))
            return createStringError("the CPU '" + name.trim() +
                                     "' is there twice in --estimate");
          estimate.cpus.push_back(name.trim().str());
        }
        return Error::success();
      });
  table.addValue("estimate-clock", "GHz,...",
                 "The clock of an estimate: one for each CPU of --estimate, or "
                 "one for all (default: 2)",
                 [&estimate](StringRef list) -> Error {
                   SmallVector<StringRef> clocks;
                   list.split(clocks, ',');
                   for (StringRef clock : clocks)
                     if (Error error =
                             readPositive("estimate-clock", clock,
                                          estimate.clocks.emplace_back()))
                       return error;
                   return Error::success();
                 });
  table.addValue("estimate-bandwidth", "GB/s",
                 "How fast memory is in an estimate (default: 10)",
                 [&estimate](StringRef text) {
                   return readPositive("estimate-bandwidth", text,
                                       estimate.bandwidth);
                 });
  table.addValue("estimate-format", "text|json",
                 "How an estimate is written (default: text)",
                 [&options](StringRef name) -> Error {
                   if (name != "text" && name != "json")
                     return createStringError("unknown format '" + name +
                                              "' in --estimate-format: use "
                                              "text or json");
                   options.estimateAsJson = name == "json";
                   return Error::success();
                 });
}

Error verifyEstimate(const CompileOptions &compile, const OutputOptions &wanted,
                     const OptionTable &given) {
  const EstimateOptions &estimate = wanted.estimate;
  if (!wanted.isEstimate()) {
    for (StringRef option :
         {"estimate-clock", "estimate-bandwidth", "estimate-format"})
      if (given.isGiven(option))
        return createStringError("--" + option +
                                 " is about an estimate, and --estimate does "
                                 "not ask for one");
    return Error::success();
  }
  for (StringRef option : {"emit", "compile-to", "report", "report-file"})
    if (given.isGiven(option))
      return createStringError("--estimate and --" + option +
                               " both say what to write; give one of them");
  if (!compile.cpu.empty())
    return createStringError("--estimate names the CPUs that the model is "
                             "compiled for; leave out --mcpu");
  if (estimate.clocks.size() > 1 &&
      estimate.clocks.size() != estimate.cpus.size())
    return createStringError(
        "--estimate-clock has " + Twine(estimate.clocks.size()) +
        " clocks for the " + Twine(estimate.cpus.size()) +
        " CPUs of --estimate: give one for each, or one for all");
  return Error::success();
}

void addOutputOptions(OptionTable &table, OutputOptions &options) {
  auto emitGiven = std::make_shared<bool>(false);
  table.addValue("emit", "kind",
                 "What to write for a model: onnx, bnn, packed, vector (IR "
                 "after import, raise, pack, tile), llvm (LLVM IR), asm or obj "
                 "(default)",
                 [&options, emitGiven](StringRef kind) {
                   *emitGiven = true;
                   return readEmit(kind, options);
                 });
  table.addValue("compile-to", "phase",
                 "Stop after a phase and write IR, which bnn-opt --emit=obj "
                 "goes on with:" +
                     describePhases(),
                 [&options, emitGiven](StringRef name) -> Error {
                   if (*emitGiven)
                     return createStringError(
                         "--emit and --compile-to both say what to write; give "
                         "one of them");
                   return readPhase("compile-to", name, options.phase);
                 });
  table.addValue("after", "phase",
                 "Run the passes that are named beside a model after this "
                 "phase of its compilation",
                 [&options](StringRef name) {
                   return readPhase("after", name, options.after);
                 });
  addReportOption(table, options.report);
  table.addValue("report-file", "file",
                 "Write the report there (default: standard output); without "
                 "--report the file's name gives the format",
                 [&options](StringRef path) {
                   options.reportFile = path.str();
                   if (!options.report)
                     options.report = formatOf(path);
                   return Error::success();
                 });
  addEstimateOptions(table, options);
}

Error verify(const CompileOptions &compile, const OutputOptions &wanted,
             StringRef output) {
  if (Error error = verify(compile))
    return error;
  if ((compile.requireBinary || compile.requireQuantized) && wanted.phase &&
      *wanted.phase < Phase::Raise)
    return createStringError(
        "--require-" + Twine(compile.requireBinary ? "binary" : "quantized") +
        " is checked in phase raise; this stops before");
  if (compile.extraPasses && wanted.phase &&
      *wanted.phase < compile.extraPasses->after && !wanted.report)
    return createStringError("the passes are to run after a phase that is not "
                             "reached: --compile-to stops before");
  const bool noObject = wanted.isObject() && output == "-";
  if (noObject && !wanted.report)
    return createStringError("an object is not written to the terminal; name a "
                             "file with -o, as in -o model.o");
  return checkPlaces(compile, {}, wanted, output);
}

// The header's place beside an object.
static SmallString<128> headerOf(StringRef object) {
  SmallString<128> header(object);
  sys::path::replace_extension(header, "h");
  return header;
}

Error checkPlaces(const CompileOptions &compile,
                  ArrayRef<std::string> dataFiles, const OutputOptions &wanted,
                  StringRef output) {
  DistinctFiles files;
  if (!compile.inputBytes)
    files.addInput("the input", compile.input);
  if (!compile.strategyTable.empty())
    files.addInput("the strategy table", compile.strategyTable);
  if (!compile.pruningRecord.empty())
    files.addInput("the record of bnn-prune", compile.pruningRecord);
  for (StringRef file : dataFiles)
    files.addInput("the model's data", file);
  if (wanted.isEstimate())
    return files.addOutput("the estimate", output);
  const bool noCode = wanted.isObject() && output == "-";
  if (!noCode)
    if (Error error = files.addOutput("the code", output))
      return error;
  if (!noCode && wanted.isObject())
    if (Error error = files.addOutput("the header", headerOf(output)))
      return error;
  if (wanted.report)
    return files.addOutput("the report", wanted.reportFile);
  return Error::success();
}

Error writeOutputs(const CompiledModel &model, const OutputOptions &wanted,
                   StringRef output) {
  OutputFiles files;
  auto add = [&](StringRef path, StringRef text) {
    return files.add(path, [&](raw_ostream &out) {
      out << text;
      return Error::success();
    });
  };
  const bool noCode = wanted.isObject() && output == "-";
  if (!noCode)
    if (Error error = add(output, wanted.phase ? StringRef(model.ir)
                                               : model.code->getBuffer()))
      return error;
  if (!noCode && wanted.isObject())
    if (Error error = add(headerOf(output), model.header))
      return error;
  if (wanted.report)
    if (Error error = files.add(wanted.reportFile, [&](raw_ostream &out) {
          writeReport(*model.report, *wanted.report, out);
          return Error::success();
        }))
      return error;
  return files.commit();
}

} // namespace mlir::bnn
