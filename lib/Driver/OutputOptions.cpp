//===- OutputOptions.cpp - Command-line options of an output --------------===//
#include "lib/Driver/Options.h"
#include "lib/Target/OutputFile.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using mlir::bnn::Emit;
using mlir::bnn::Phase;

static cl::OptionCategory outputCategory("Output options");
static cl::opt<std::string>
    emitKind("emit", cl::cat(outputCategory), cl::init("obj"),
             cl::desc("What to write for a model: onnx, bnn, packed, "
                      "vector (IR after import, raise, pack, tile), llvm (LLVM "
                      "IR), asm or obj"));
static cl::opt<std::string>
    compileTo("compile-to", cl::cat(outputCategory),
              cl::desc("Stop after a phase and write IR: import, fold, raise, "
                       "fuse, pack, bufferize, tile or llvm"));

static cl::opt<std::string> reportFormat(
    "report", cl::cat(outputCategory), cl::value_desc("text|json|html"),
    cl::desc("Say what became of each layer of an ONNX model and why, and "
             "where its bytes are; without -o nothing else is written"));
static cl::opt<std::string>
    reportFile("report-file", cl::cat(outputCategory), cl::value_desc("file"),
               cl::desc("Write the report there (default: standard output); "
                        "without --report the file's name gives the format"));

bool mlir::bnn::outputRequested() {
  return emitKind.getNumOccurrences() || compileTo.getNumOccurrences() ||
         reportFormat.getNumOccurrences() || reportFile.getNumOccurrences();
}

static Error readReportOptions(mlir::bnn::OutputOptions &options) {
  if (reportFormat.empty() && reportFile.empty())
    return Error::success();
  options.reportFile = reportFile.empty() ? "-" : reportFile.getValue();
  StringRef name = reportFormat;
  if (reportFormat.getNumOccurrences() == 0) {
    name = sys::path::extension(reportFile);
    name = StringSwitch<StringRef>(name.drop_front(name.empty() ? 0 : 1))
               .Case("htm", "html")
               .Cases("json", "html", name.drop_front(name.empty() ? 0 : 1))
               .Default("text");
  }
  options.report = mlir::bnn::parseReportFormat(name);
  if (!options.report)
    return createStringError("unknown format '" + name +
                             "' in --report: use text, json or html");
  return Error::success();
}

Expected<mlir::bnn::OutputOptions> mlir::bnn::outputOptions() {
  OutputOptions options;
  if (Error error = readReportOptions(options))
    return std::move(error);
  if (!compileTo.empty()) {
    options.phase = parsePhase(compileTo);
    if (!options.phase)
      return createStringError("unknown phase '" + compileTo +
                               "' in --compile-to; see --help");
    return options;
  }
  options.phase = StringSwitch<std::optional<Phase>>(emitKind)
                      .Case("onnx", Phase::Import)
                      .Case("bnn", Phase::Raise)
                      .Case("packed", Phase::Pack)
                      .Case("vector", Phase::Tile)
                      .Default(std::nullopt);
  auto emit = StringSwitch<std::optional<Emit>>(emitKind)
                  .Case("obj", Emit::Object)
                  .Case("asm", Emit::Assembly)
                  .Case("llvm", Emit::LLVM)
                  .Default(std::nullopt);
  if (!options.phase && !emit)
    return createStringError("unknown kind '" + emitKind +
                             "' in --emit; see --help");
  options.emit = emit.value_or(Emit::Object);
  return options;
}

static bool isObject(const mlir::bnn::OutputOptions &wanted) {
  return !wanted.phase && wanted.emit == Emit::Object;
}

Error mlir::bnn::checkOutputs(const CompileOptions &compile,
                              const OutputOptions &wanted, StringRef output) {
  if (compile.requireBinary && wanted.phase && *wanted.phase < Phase::Raise)
    return createStringError("--require-binary is checked in phase raise; this "
                             "stops before");
  const bool noObject = isObject(wanted) && output == "-";
  if (noObject && !wanted.report)
    return createStringError("an object is not written to the terminal; name a "
                             "file with -o, as in -o model.o");
  if (wanted.report && !noObject && output == wanted.reportFile)
    return createStringError("the report and the code would go to the same "
                             "place; name a file with -o or --report-file");
  return Error::success();
}

Error mlir::bnn::writeOutputs(const CompiledModel &model,
                              const OutputOptions &wanted, StringRef output) {
  OutputFiles files;
  auto add = [&](StringRef path, StringRef text) {
    return files.add(path, [&](raw_ostream &out) {
      out << text;
      return Error::success();
    });
  };
  const bool noCode = wanted.phase || (isObject(wanted) && output == "-");
  if (!noCode)
    if (Error error = add(output, model.code->getBuffer()))
      return error;
  if (!noCode && isObject(wanted)) {
    SmallString<128> header(output);
    sys::path::replace_extension(header, "h");
    if (Error error = add(header, model.header))
      return error;
  }
  if (wanted.report)
    if (Error error = files.add(wanted.reportFile, [&](raw_ostream &out) {
          writeReport(*model.report, *wanted.report, out);
          return Error::success();
        }))
      return error;
  return files.commit();
}
