//===- Options.cpp - The options of a compilation -------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Driver/Options.h"

using namespace llvm;

namespace mlir::bnn {

static Error malformed(StringRef option, StringRef value, StringRef want) {
  return createStringError("'" + value + "' in --" + option +
                           " is not of the form " + want);
}

static Error readInputShape(CompileOptions &options, StringRef value) {
  auto [name, dims] = value.rsplit(':');
  SmallVector<StringRef> parts;
  dims.split(parts, 'x');
  SmallVector<int64_t> shape;
  for (StringRef part : parts) {
    int64_t size = -1;
    if (part != "?" && part.getAsInteger(10, size))
      return malformed("input-shape", value, "name:1x128");
    shape.push_back(size);
  }
  if (name.empty())
    return malformed("input-shape", value, "name:1x128");
  options.inputShapes[name] = shape;
  return Error::success();
}

static Error readMaxDim(CompileOptions &options, StringRef value) {
  auto [name, text] = value.rsplit(':');
  int64_t size = 0;
  if (name.empty() || text.getAsInteger(10, size))
    return malformed("max-dim", value, "symbol:size");
  options.maxDims[name] = size;
  return Error::success();
}

// What a model may have that is not binary.
static void addRequirements(OptionTable &table, CompileOptions &options) {
  table.addFlag("require-binary",
                "Refuse a model with a linear layer, an attention or a product "
                "that is not binary",
                options.requireBinary);
  table.addFlag("require-quantized",
                "Refuse a model with a linear layer, an attention or a product "
                "that is neither binary nor of 8-bit integers",
                options.requireQuantized);
  table.addFlag("Wno-float",
                "Do not warn where some layers of a model are binary and more "
                "than a tenth of its operations are not",
                options.quietFloat);
  table.addList("allow-float", "pattern",
                "With --require-binary or --require-quantized, accept layers "
                "whose node's name matches: * any characters, ? any one, [abc] "
                "one of those; may be repeated",
                [&options](StringRef pattern) {
                  options.allowFloat.push_back(pattern.str());
                  return Error::success();
                });
}

void addCompileOptions(OptionTable &table, CompileOptions &options) {
  table.addValue("mtriple", "triple", "Target triple (default: this machine)",
                 options.triple);
  table.addValue(
      "mcpu", "cpu",
      "Target CPU, as llc's (default: this machine's, or the oldest supported "
      "with --mtriple). bnn-opt takes a list as well, as in "
      "x86-64-v3,icelake-server: a program runs the code for the last one that "
      "its machine fits (x86-64 with ELF, AArch64 with Linux)",
      options.cpu);
  table.addValue("mattr", "+a,-b,...", "Target features, as llc's",
                 options.attrs);
  table.addValue("strategy", "name",
                 "Force a kernel strategy; see --print-targets",
                 options.strategy);
  table.addValue("strategy-table", "file",
                 "Take the kernels' tiles from a table that bnn-tune wrote",
                 [&options](StringRef path) -> Error {
                   options.strategyTable = path.str();
                   return readStrategyTable(path).moveInto(options.tiles);
                 });
  table.addValue("prefix", "identifier",
                 "What the model's C symbols begin with (default: from the "
                 "file's name)",
                 options.prefix);
  table.addFlag("reference",
                "Compile the reference lowering: plain loops, slow, the same "
                "bytes",
                options.reference);
  table.addFlag("instrument",
                "Compile a model that can be profiled: it calls a hook of its "
                "caller's before each operation",
                options.instrument);
  table.addList(
      "input-shape", "name:1x128",
      "Fix the shape of an input; ? keeps a dimension",
      [&options](StringRef value) { return readInputShape(options, value); });
  table.addList(
      "max-dim", "symbol:size",
      "Declare the maximum of a symbolic dimension (default: 8 for the first "
      "of an input, 512 for others, and what a table of positions leaves)",
      [&options](StringRef value) { return readMaxDim(options, value); });
  table.addValue("prune", "record",
                 "Cut the heads and neurons out of the model that a record of "
                 "bnn-prune names; it must be the model that was pruned",
                 options.pruningRecord);
  addRequirements(table, options);
  table.addValue(
      "fold-budget", "factor",
      "Let folding constants use so many times its budget, 64 MiB "
      "and twice the weights' bytes, and operations in proportion (default: 1)",
      [&options](StringRef factor) -> Error {
        if (factor.getAsInteger(10, options.foldBudget))
          return malformed("fold-budget", factor, "4");
        return Error::success();
      });
  table.addFlag("remarks",
                "Say why layers stay as they are, and why operations are not "
                "fused, folded to thresholds or packed with parity",
                options.remarks);
  table.addPrefix("O", "0-3", "Optimisation level (default: 3)",
                  [&options](StringRef level) -> Error {
                    if (level.getAsInteger(10, options.optLevel))
                      return createStringError(
                          "-O" + level + ": the optimisation level is 0 to 3");
                    return Error::success();
                  });
}

Error verify(const CompileOptions &options) {
  if (!options.allowFloat.empty() && !options.requireBinary &&
      !options.requireQuantized)
    return createStringError("--allow-float says what --require-binary or "
                             "--require-quantized is to accept; give both");
  if (options.foldBudget < 1)
    return createStringError("the budget of folding is a factor of at least 1");
  if (options.optLevel > 3)
    return createStringError("the optimisation level is 0 to 3");
  for (const auto &entry : options.maxDims)
    if (entry.second < 1)
      return createStringError("the maximum of dimension '" + entry.first() +
                               "' is below 1");
  for (const auto &entry : options.inputShapes)
    for (int64_t size : entry.second)
      if (size < 1 && size != -1)
        return createStringError("the shape of input '" + entry.first() +
                                 "' has a dimension that is neither positive "
                                 "nor left as it is");
  return Error::success();
}

} // namespace mlir::bnn
