//===- Options.cpp - Command-line options of a compilation ----------------===//
#include "lib/Driver/Options.h"
#include "llvm/Support/CommandLine.h"

using namespace llvm;

cl::OptionCategory mlir::bnn::compileCategory("Model and target options");
static cl::OptionCategory &category = mlir::bnn::compileCategory;
static cl::opt<std::string>
    mtriple("mtriple", cl::cat(category), cl::value_desc("triple"),
            cl::desc("Target triple (default: this machine)"));
static cl::opt<std::string> mcpu(
    "mcpu", cl::cat(category), cl::value_desc("cpu"),
    cl::desc("Target CPU, as llc's (default: this machine's, or the oldest "
             "supported with --mtriple). bnn-opt takes a list as well, as in "
             "x86-64-v3,icelake-server: a program runs the code for the last "
             "one that its machine fits (x86-64, ELF)"));
static cl::opt<std::string> mattr("mattr", cl::cat(category),
                                  cl::value_desc("+a,-b,..."),
                                  cl::desc("Target features, as llc's"));
static cl::opt<std::string>
    strategy("strategy", cl::cat(category), cl::value_desc("name"),
             cl::desc("Force a kernel strategy; see --print-targets"));
static cl::opt<std::string> strategyTable(
    "strategy-table", cl::cat(category), cl::value_desc("file"),
    cl::desc("Take the kernels' tiles from a table that bnn-tune wrote"));
static cl::opt<std::string>
    prefix("prefix", cl::cat(category), cl::value_desc("identifier"),
           cl::desc("What the model's C symbols begin with (default: from the "
                    "file's name)"));
static cl::opt<bool> reference("reference", cl::cat(category),
                               cl::desc("Compile the reference lowering: plain "
                                        "loops, slow, the same bytes"));
static cl::opt<bool>
    instrument("instrument", cl::cat(category),
               cl::desc("Compile a model that can be profiled: it calls a hook "
                        "of its caller's before each operation"));
static cl::list<std::string>
    inputShape("input-shape", cl::cat(category), cl::value_desc("name:1x128"),
               cl::desc("Fix the shape of an input; ? keeps a dimension"));
static cl::list<std::string>
    maxDim("max-dim", cl::cat(category), cl::value_desc("symbol:size"),
           cl::desc("Declare the maximum of a symbolic dimension (default: 8 "
                    "for the first of an input, 512 for others)"));
static cl::opt<bool> requireBinary(
    "require-binary", cl::cat(category),
    cl::desc("Refuse a model with a linear layer that is not binary"));
static cl::list<std::string>
    allowFloat("allow-float", cl::cat(category), cl::value_desc("pattern"),
               cl::desc("With --require-binary, accept linear layers whose "
                        "node's name matches: * any characters, ? any one, "
                        "[abc] one of those; may be repeated"));
static cl::opt<unsigned> optLevel("O", cl::Prefix, cl::init(3),
                                  cl::cat(category), cl::value_desc("0-3"),
                                  cl::desc("Optimisation level"));

static Error malformed(StringRef option, StringRef value, StringRef want) {
  return createStringError("'" + value + "' in --" + option +
                           " is not of the form " + want);
}

bool mlir::bnn::compileOptionsGiven() {
  return mtriple.getNumOccurrences() || mcpu.getNumOccurrences() ||
         mattr.getNumOccurrences() || strategy.getNumOccurrences() ||
         strategyTable.getNumOccurrences() || reference.getNumOccurrences() ||
         instrument.getNumOccurrences() || inputShape.getNumOccurrences() ||
         requireBinary || maxDim.getNumOccurrences() ||
         optLevel.getNumOccurrences();
}

Expected<mlir::bnn::CompileOptions>
mlir::bnn::compileOptions(std::string input) {
  CompileOptions options;
  options.input = std::move(input);
  options.triple = mtriple;
  options.cpu = mcpu;
  options.attrs = mattr;
  options.strategy = strategy;
  if (!strategyTable.empty()) {
    auto tiles = readStrategyTable(strategyTable);
    if (!tiles)
      return tiles.takeError();
    options.tiles = std::move(*tiles);
  }
  options.prefix = prefix;
  options.reference = reference;
  options.instrument = instrument;
  options.optLevel = optLevel;
  options.requireBinary = requireBinary;
  options.allowFloat = allowFloat;
  if (!allowFloat.empty() && !requireBinary)
    return createStringError(
        "--allow-float says what --require-binary is to accept; give both");
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
