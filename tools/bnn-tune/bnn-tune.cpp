//===- bnn-tune.cpp - Finds the fastest register tile ---------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Of the binary product, on this machine; written for bnn-opt --strategy-table.
//
//===----------------------------------------------------------------------===//
#include "lib/Driver/Options.h"
#include "lib/Driver/Tool.h"
#include "lib/Run/Measure.h"
#include "lib/Target/OutputFile.h"
#include "lib/Target/Strategy.h"
#include "lib/Tune/Tune.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/WithColor.h"

using namespace llvm;

namespace {
cl::OptionCategory category("bnn-tune options");
cl::list<std::string> shapeTexts(
    "shape", cl::CommaSeparated, cl::value_desc("MxNxK,..."),
    cl::desc("Products to measure: M rows of K bits, N outputs (default: "
             "1x768x768,4x768x768,128x768x768,128x768x3072,128x768x770)"),
    cl::cat(category));
cl::list<std::string>
    tileTexts("tile", cl::CommaSeparated, cl::value_desc("RxP,..."),
              cl::desc("Tiles to try, rows x panels of 16 outputs (default: "
                       "1, 2, 4, 6 and 8 by 1, 2 and 4)"),
              cl::cat(category));
cl::opt<unsigned>
    rounds("rounds", cl::init(15), cl::cat(category),
           cl::desc("Interleaved rounds of a shape (default 15)"));
cl::opt<std::string> output("o", cl::value_desc("file"), cl::cat(category),
                            cl::desc("Write the table there"));

/// "128x768x768" as `count` numbers of at least 1.
Expected<std::vector<unsigned>> numbers(StringRef text, size_t count) {
  SmallVector<StringRef> parts;
  text.split(parts, 'x');
  std::vector<unsigned> result(parts.size());
  bool right = parts.size() == count;
  for (size_t i = 0; right && i < count; ++i)
    right = !parts[i].getAsInteger(10, result[i]) && result[i] >= 1;
  if (!right)
    return createStringError("'" + text + "' is not " + Twine(count) +
                             " numbers with an x between them");
  return result;
}

Error tune(const mlir::bnn::CompileOptions &options) {
  if (!options.triple.empty())
    return createStringError("--mtriple: tiles are measured on this machine");
  if (rounds < 1)
    return createStringError("--rounds: at least 1");
  auto spec = mlir::bnn::resolveTarget("", options.cpu, options.attrs);
  if (!spec)
    return spec.takeError();
  auto choice = mlir::bnn::selectStrategy(*spec, options.strategy);
  if (!choice)
    return choice.takeError();
  if (shapeTexts.empty())
    for (const char *text : {"1x768x768", "4x768x768", "128x768x768",
                             "128x768x3072", "128x768x770"})
      shapeTexts.push_back(text);
  if (tileTexts.empty())
    for (const char *rows : {"1", "2", "4", "6", "8"})
      for (const char *panels : {"x1", "x2", "x4"})
        tileTexts.push_back(std::string(rows) + panels);
  std::vector<mlir::bnn::ProductShape> shapes;
  for (StringRef text : shapeTexts) {
    auto sizes = numbers(text, 3);
    if (!sizes)
      return sizes.takeError();
    shapes.push_back({(*sizes)[0], (*sizes)[1], (*sizes)[2]});
  }
  std::vector<mlir::bnn::KernelTile> tiles;
  for (StringRef text : tileTexts) {
    auto sizes = numbers(text, 2);
    if (!sizes)
      return sizes.takeError();
    if (!mlir::bnn::isTile((*sizes)[0], (*sizes)[1]))
      return createStringError("--tile " + text + ": a tile has " +
                               mlir::bnn::kTileBounds);
    tiles.push_back({(*sizes)[0], (*sizes)[1]});
  }
  mlir::bnn::pinToOneCore();
  auto results = mlir::bnn::measureTiles(options, shapes, tiles, rounds);
  if (!results)
    return results.takeError();

  std::string text;
  raw_string_ostream table(text);
  const mlir::bnn::KernelStrategy &strategy = *choice->strategy;
  const mlir::bnn::KernelTile builtIn = strategy.getTile();
  table << "# bnn-tune on " << spec->cpu << ", " << rounds
        << " rounds: microseconds of a product, and the mean loss\n#  tile";
  for (StringRef shape : shapeTexts)
    table << ' ' << right_justify(shape, 13);
  table << "   loss\n";
  for (const mlir::bnn::TileTimes &times : *results) {
    table << format("# %2ux%-2u", times.tile.rows, times.tile.panels);
    for (double seconds : times.seconds)
      table << format(" %13.2f", seconds * 1e6);
    table << format(" %5.1f%%", 100 * (times.loss - 1))
          << (times.tile.rows == builtIn.rows &&
                      times.tile.panels == builtIn.panels
                  ? "  built in\n"
                  : "\n");
  }
  table << strategy.name << ' ' << results->front().tile.rows << ' '
        << results->front().tile.panels << '\n';
  mlir::bnn::OutputFiles files;
  auto write = [&](raw_ostream &out) {
    out << text;
    return Error::success();
  };
  if (!output.empty() && output != "-")
    if (Error error = files.add(output, write))
      return error;
  if (Error error = files.add("-", write))
    return error;
  return files.commit();
}
} // namespace

int main(int argc, char **argv) {
  mlir::bnn::Tool tool(argc, argv);
  mlir::bnn::CompileOptions options;
  mlir::bnn::OptionTable table("Model and target options");
  addCompileOptions(table, options);
  cl::HideUnrelatedOptions({&category, &table.registerCommandLine()});
  cl::ParseCommandLineOptions(
      argc, argv,
      "Measures register tiles of the binary product on this machine, and "
      "prints a table for bnn-opt --strategy-table.\n\n"
      "Exit codes: 0 done, 2 wrong usage or an output that cannot be "
      "written.\n");
  Error error = joinErrors(table.readCommandLine(), mlir::bnn::verify(options));
  if (!error)
    error = tune(options);
  if (error) {
    logAllUnhandledErrors(std::move(error),
                          WithColor::error(errs(), "bnn-tune"));
    return 2;
  }
  return 0;
}
