//===- Print.cpp - An estimate for people ---------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Estimate/Estimate.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"

using namespace llvm;

namespace mlir::bnn {

/// Loops that are shown: those that take most.
static constexpr size_t mostLoops = 12;

namespace {
struct Total {
  unsigned count = 0;
  double cycles = 0, memory = 0, both = 0;
  uint64_t binaryMACs = 0;
};
} // namespace

static void printLine(const Total &line, const Estimate &estimate,
                      raw_ostream &out) {
  out << format("%10.2f %5.1f%% %12.0f %10.0f ",
                line.both / estimate.settings.clock * 1e6,
                100 * line.both / estimate.totalCycles(), line.cycles,
                line.memory);
  if (line.binaryMACs)
    out << format("%8.1f", line.binaryMACs / line.both);
  else
    out << "       -";
  out << "  ";
}

static void printHead(const Estimate &estimate, raw_ostream &out) {
  out << "Estimate for " << estimate.target.cpu << " ("
      << estimate.target.triple << ")\n"
      << "No measurement: the emitted code as LLVM's scheduling model of this "
         "CPU sees it\n"
      << format("(%s, %u issue slots)",
                estimate.inOrder ? "in order" : "out of order",
                estimate.issueWidth)
      << format(
             ", at %.2f GHz, and each operation's memory once at %.1f GB/s.\n",
             estimate.settings.clock * 1e-9, estimate.settings.bandwidth * 1e-9)
      << "Not in it: cache misses beyond that, branches foretold wrongly, and "
         "how code is fetched.\n";
  if (!estimate.sameModel.empty())
    out << "LLVM has this model for "
        << join(ArrayRef(estimate.sameModel).take_front(8), ", ")
        << (estimate.sameModel.size() > 8 ? " and others" : "") << " too.\n";
  if (estimate.guesses)
    out << "Data decide " << estimate.guesses
        << " branches of a run: no special case is taken to occur, and "
           "no error.\n";
  if (!estimate.unknownInstructions.empty())
    out << "Without a cost, since the model does not know them: "
        << join(estimate.unknownInstructions, ", ") << ".\n";
}

static void printEstimate(const Estimate &estimate, raw_ostream &out) {
  printHead(estimate, out);
  const char *columns =
      "        us  share       cycles     memory  MAC/cyc  kind             ";
  out << '\n' << columns << "node\n";
  MapVector<StringRef, Total> totals;
  Total all;
  for (const OpEstimate &op : estimate.ops) {
    Total line{1, op.cycles, estimate.memoryCycles(op), estimate.cycles(op),
               op.binaryMACs};
    printLine(line, estimate, out);
    out << left_justify(op.kind, 16) << ' ' << op.name << '\n';
    for (Total *total : {&totals[op.kind], &all}) {
      ++total->count;
      total->cycles += line.cycles;
      total->memory += line.memory;
      total->both += line.both;
      total->binaryMACs += line.binaryMACs;
    }
  }
  auto sorted = totals.takeVector();
  llvm::sort(sorted, [](const auto &a, const auto &b) {
    return std::pair(-a.second.both, a.first) <
           std::pair(-b.second.both, b.first);
  });
  sorted.emplace_back("total", all);
  out << '\n' << columns << "operations\n";
  for (const auto &[kind, total] : sorted) {
    printLine(total, estimate, out);
    out << left_justify(kind, 16) << ' ' << total.count << '\n';
  }
  out << "\nInnermost loops: cycles of an iteration, and what ports and issue "
         "slots allow\n"
      << " share   iterations  instructions   cycles    limit  function\n";
  for (const LoopEstimate &loop :
       ArrayRef(estimate.loops).take_front(mostLoops))
    out << format("%5.1f%% %12llu %13zu %8.1f %8.1f  ",
                  100 * loop.cycles * loop.iterations / estimate.totalCycles(),
                  static_cast<unsigned long long>(loop.iterations),
                  loop.instructions, loop.cycles, loop.limit)
        << loop.function << '\n';
}

void printEstimates(ArrayRef<Estimate> estimates, raw_ostream &out) {
  for (const Estimate &estimate : estimates) {
    printEstimate(estimate, out);
    out << '\n';
  }
  out << "       cycles         ms   GHz   GB/s  CPU, estimated\n";
  for (const Estimate &estimate : estimates)
    out << format("%13.0f %10.3f %5.2f %6.1f  ", estimate.totalCycles(),
                  estimate.totalCycles() / estimate.settings.clock * 1e3,
                  estimate.settings.clock * 1e-9,
                  estimate.settings.bandwidth * 1e-9)
        << estimate.target.cpu << '\n';
}

} // namespace mlir::bnn
