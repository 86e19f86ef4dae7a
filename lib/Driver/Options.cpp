//===- Options.cpp - Command-line options of a compilation ----------------===//
#include "lib/Driver/Options.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Path.h"

using namespace llvm;

static cl::OptionCategory category("Model and target options");
static cl::opt<std::string>
    mtriple("mtriple", cl::cat(category), cl::value_desc("triple"),
            cl::desc("Target triple (default: this machine)"));
static cl::opt<std::string> mcpu(
    "mcpu", cl::cat(category), cl::value_desc("cpu"),
    cl::desc("Target CPU, as llc's (default: this machine's, or the oldest "
             "supported with --mtriple)"));
static cl::opt<std::string> mattr("mattr", cl::cat(category),
                                  cl::value_desc("+a,-b,..."),
                                  cl::desc("Target features, as llc's"));
static cl::opt<std::string>
    strategy("strategy", cl::cat(category), cl::value_desc("name"),
             cl::desc("Force a kernel strategy; see --print-targets"));
static cl::opt<std::string>
    prefix("prefix", cl::cat(category), cl::value_desc("identifier"),
           cl::desc("What the model's C symbols begin with (default: from the "
                    "file's name)"));
static cl::opt<bool> reference("reference", cl::cat(category),
                               cl::desc("Compile the reference lowering: plain "
                                        "loops, slow, the same bytes"));
static cl::list<std::string>
    inputShape("input-shape", cl::cat(category), cl::value_desc("name:1x128"),
               cl::desc("Fix the shape of an input; ? keeps a dimension"));
static cl::list<std::string>
    maxDim("max-dim", cl::cat(category), cl::value_desc("symbol:size"),
           cl::desc("Declare the maximum of a symbolic dimension (default: 8 "
                    "for the first of an input, 512 for others)"));
static cl::opt<unsigned> optLevel("O", cl::Prefix, cl::init(3),
                                  cl::cat(category), cl::value_desc("0-3"),
                                  cl::desc("Optimisation level"));

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

static Error malformed(StringRef option, StringRef value, StringRef want) {
  return createStringError("'" + value + "' in --" + option +
                           " is not of the form " + want);
}

Expected<bnn::CompileOptions> bnn::compileOptions(std::string input) {
  CompileOptions options;
  options.input = std::move(input);
  options.triple = mtriple;
  options.cpu = mcpu;
  options.attrs = mattr;
  options.strategy = strategy;
  options.prefix = prefix;
  options.reference = reference;
  options.optLevel = optLevel;
  options.passManagerOptions = true;
  if (optLevel > 3)
    return createStringError("the optimisation level is 0 to 3");
  for (StringRef value : inputShape) {
    auto [name, dims] = value.rsplit(':');
    SmallVector<StringRef> parts;
    dims.split(parts, 'x');
    SmallVector<int64_t> shape;
    for (StringRef part : parts) {
      int64_t size = -1;
      if (part != "?" && (part.getAsInteger(10, size) || size < 1))
        return malformed("input-shape", value, "name:1x128");
      shape.push_back(size);
    }
    if (name.empty() || dims.empty())
      return malformed("input-shape", value, "name:1x128");
    options.inputShapes[name] = shape;
  }
  for (StringRef value : maxDim) {
    auto [name, text] = value.rsplit(':');
    int64_t size = 0;
    if (name.empty() || text.getAsInteger(10, size) || size < 1)
      return malformed("max-dim", value, "symbol:size");
    options.maxDims[name] = size;
  }
  return options;
}

bool bnn::outputRequested() {
  return emitKind.getNumOccurrences() || compileTo.getNumOccurrences() ||
         reportFormat.getNumOccurrences() || reportFile.getNumOccurrences();
}

static Error readReportOptions(bnn::OutputOptions &options) {
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
  options.report = bnn::parseReportFormat(name);
  if (!options.report)
    return createStringError("unknown format '" + name +
                             "' in --report: use text, json or html");
  return Error::success();
}

Expected<bnn::OutputOptions> bnn::outputOptions() {
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
