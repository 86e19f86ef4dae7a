//===- Text.cpp - The report on a terminal --------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/BNN/PlainText.h"
#include "lib/Report/Format.h"
#include "lib/Report/Report.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/Format.h"
#include <map>

using namespace llvm;

namespace mlir::bnn {

namespace {
// Columns as wide as what is in them.
class Table {
public:
  explicit Table(std::vector<std::string> heads) { add(std::move(heads)); }
  void add(std::vector<std::string> row) {
    widths.resize(std::max(widths.size(), row.size()));
    for (auto [width, cell] : zip(widths, row))
      width = std::max(width, cell.size());
    rows.push_back(std::move(row));
  }
  // The first `left` columns are text, the others numbers.
  void print(raw_ostream &out, unsigned left) const {
    for (const auto &row : rows) {
      std::string line = " ";
      for (auto [i, cell] : enumerate(row)) {
        std::string space(widths[i] - cell.size(), ' ');
        line += " " + (i < left ? cell + space : space + cell) + " ";
      }
      out << StringRef(line).rtrim() << '\n';
    }
  }

private:
  std::vector<std::vector<std::string>> rows;
  std::vector<size_t> widths;
};
} // namespace

static void writeLayers(const ModelReport &report, raw_ostream &out) {
  // Most models have no layer of bytes.
  const bool hasBytes = report.hasBytes();
  auto row = [&](std::vector<std::string> cells, const std::string &binary,
                 const std::string &bytes, const std::string &floats,
                 const std::string &share) {
    cells.push_back(binary);
    if (hasBytes)
      cells.push_back(bytes);
    cells.push_back(floats);
    cells.push_back(share);
    return cells;
  };
  Table table(row({"layer", "kind", "shape", "became", "f32 bytes", "bytes"},
                  "binary ops", "8-bit ops", "float ops", "share"));
  for (const ModelReport::Layer &layer : report.layers)
    table.add(
        row({escapeHidden(layer.name), stringifyLayerKind(layer.kind).str(),
             shapeInWords(layer), layer.became, inBytes(layer.bytesBefore),
             inBytes(layer.bytesAfter)},
            inThousands(layer.binaryOps), inThousands(layer.byteOps),
            inThousands(layer.floatOps), inPercent(report.shareOf(layer))));
  table.add(row({"total", "", "", "", inBytes(report.totalBytesBefore()),
                 inBytes(report.totalBytesAfter())},
                inThousands(report.totalBinaryOps()),
                inThousands(report.totalByteOps()),
                inThousands(report.totalFloatOps()), ""));
  table.print(out, 4);
}

static void writeReasons(const ModelReport &report, raw_ostream &out) {
  MapVector<StringRef, std::vector<StringRef>> byReason;
  for (const ModelReport::Layer &layer : report.layers)
    if (!layer.reason.empty())
      byReason[layer.reason].push_back(layer.name);
  if (byReason.empty())
    return;
  out << "\nNot binary, or on one side only, and why:\n";
  for (const auto &[reason, names] : byReason) {
    out << "  " << escapeHidden(reason) << ":\n";
    for (StringRef name : names)
      out << "    " << escapeHidden(name) << '\n';
  }
}

static void writeNoise(const ModelReport &report, raw_ostream &out) {
  Table table({"weights at 8 bits", "kurtosis", "of rows", "peak / rms",
               "per tensor", "per channel"});
  std::map<std::string, std::vector<StringRef>> byAdvice;
  bool isEmpty = true;
  for (const ModelReport::Layer &layer : report.layers) {
    if (!layer.noise)
      continue;
    isEmpty = false;
    auto number = [](FloatAttr value, int digits) {
      std::string text;
      raw_string_ostream(text)
          << format("%.*f", digits, value.getValueAsDouble());
      return text;
    };
    table.add({escapeHidden(layer.name), number(layer.noise.getKurtosis(), 2),
               number(layer.noise.getRowKurtosis(), 2),
               number(layer.noise.getPeak(), 1),
               number(layer.noise.getPerTensor(), 1) + " dB",
               number(layer.noise.getPerChannel(), 1) + " dB"});
    if (std::string advice = adviseOn(layer.noise); !advice.empty())
      byAdvice[advice].push_back(layer.name);
  }
  if (isEmpty)
    return;
  out << '\n';
  table.print(out, 1);
  for (const auto &[advice, names] : byAdvice) {
    out << "  " << advice << ":\n";
    for (StringRef name : names)
      out << "    " << escapeHidden(name) << '\n';
  }
}

void writeTextReport(const ModelReport &report, raw_ostream &out) {
  out << escapeHidden(report.file) << ": opset " << report.opset << ", "
      << report.nodesImported << " nodes, " << report.nodesFolded
      << " after folding; for " << report.target << '\n'
      << sentence(summarize(report)) << "\n\n";
  writeLayers(report, out);
  writeReasons(report, out);
  writeNoise(report, out);

  out << "\nObject: " << inBytes(report.objectBytes) << '\n';
  Table sections({"section", "bytes"});
  for (const ModelReport::Section &section : bySize(report.sections))
    sections.add({escapeHidden(section.name), inBytes(section.bytes)});
  sections.print(out, 1);

  out << "\nWorkspace: " << inBytes(report.workspaceBytes)
      << ", shared by tensors that do not live at once\n";
  Table tensors({"tensor of", "bytes", "offset"});
  for (const ModelReport::Tensor &tensor : report.tensors)
    tensors.add({tensor.name.empty() ? "-" : escapeHidden(tensor.name),
                 inBytes(tensor.bytes), std::to_string(tensor.offset)});
  tensors.print(out, 1);
}

} // namespace mlir::bnn
