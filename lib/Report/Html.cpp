//===- Html.cpp - The report as one page ----------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// XHTML, so that a test can parse it as XML; no script, style or image from
// elsewhere.
//
//===----------------------------------------------------------------------===//

#include "dialects/BNN/PlainText.h"
#include "lib/Report/Format.h"
#include "lib/Report/Report.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace mlir::bnn {

static constexpr StringLiteral kStyle =
#include "lib/Report/Page.css.inc"
    ;
static constexpr StringLiteral kScript =
#include "lib/Report/Page.js.inc"
    ;

static std::string escaped(StringRef text) {
  std::string result;
  raw_string_ostream stream(result);
  printHTMLEscaped(escapeHidden(text), stream);
  return result;
}

// What colour a layer has.
static StringRef styleOf(const ModelReport::Layer &layer) {
  switch (layer.precision) {
  case LayerAttr::Precision::OneBit:
    return "bits";
  case LayerAttr::Precision::FewBits:
    return "planes";
  case LayerAttr::Precision::Mixed:
    return "mixed";
  case LayerAttr::Precision::ManyBits:
  case LayerAttr::Precision::Float:
    return "float";
  }
  llvm_unreachable("no other precision");
}

static std::string percentOf(double part, double whole) {
  return formatv("{0:F2}%", whole > 0 ? 100 * part / whole : 0.0).str();
}

static void writeTile(raw_ostream &out, StringRef value, StringRef label,
                      StringRef note) {
  out << "<div class=\"tile\"><b>" << escaped(value) << "</b><span>"
      << escaped(label) << "</span><small>" << escaped(note)
      << "</small></div>\n";
}

static void writeHead(const ModelReport &report, raw_ostream &out) {
  out << "<h1>" << escaped(report.model) << "</h1>\n<p class=\"sub\">"
      << escaped(report.file) << " &#183; opset " << report.opset
      << " &#183; for " << escaped(report.target) << "</p>\n<p class=\"verdict"
      << (report.isAllFloat() ? " none" : "") << "\">"
      << escaped(sentence(summarize(report)))
      << "</p>\n<div class=\"tiles\">\n";
  writeTile(out, inPercent(report.binaryShare()), "of the operations binary",
            inThousands(report.totalBinaryOps()) + " binary, " +
                inThousands(report.totalFloatOps()) + " float");
  writeTile(out,
            inBytes(report.totalBytesBefore()) + " \u2192 " +
                inBytes(report.totalBytesAfter()),
            "of weights, f32 to packed",
            report.totalBytesAfter()
                ? formatv("{0:F1} times smaller",
                          double(report.totalBytesBefore()) /
                              double(report.totalBytesAfter()))
                      .str()
                : "");
  writeTile(out, inBytes(report.objectBytes), "object file",
            std::to_string(report.sections.size()) + " sections");
  writeTile(out, inBytes(report.workspaceBytes), "workspace",
            std::to_string(report.tensors.size()) + " tensors share it");
  writeTile(out,
            std::to_string(report.nodesImported) + " \u2192 " +
                std::to_string(report.nodesFolded),
            "ONNX nodes, folded", "the rest is known at compile time");
  out << "</div>\n";
}

static void writeLegend(const ModelReport &report, raw_ostream &out) {
  out << "<p class=\"legend\">";
  StringSet<> seen;
  for (const ModelReport::Layer &layer : report.layers)
    if (seen.insert(layer.became).second)
      out << "<span><i class=\"" << styleOf(layer) << "\"></i>"
          << escaped(layer.became) << "</span>";
  out << "<span class=\"what\">bits of the weights &#215; bits of the "
         "activations</span></p>\n";
}

// All operations or bytes of the model in one bar.
static void writeOverview(const ModelReport &report, raw_ostream &out) {
  auto bar = [&](StringRef title, auto valueOf, double whole, auto inWords) {
    out << "<div class=\"overview\"><span>" << title
        << "</span><div class=\"stack\">";
    for (const ModelReport::Layer &layer : report.layers)
      if (valueOf(layer) > 0)
        out << "<i class=\"" << styleOf(layer)
            << "\" style=\"width:" << percentOf(valueOf(layer), whole)
            << "\" title=\"" << escaped(layer.name) << ": "
            << escaped(inWords(layer)) << "\"></i>";
    out << "</div></div>\n";
  };
  bar(
      "operations",
      [](const auto &l) {
        return double(l.binaryOps.value_or(0)) + double(l.byteOps.value_or(0)) +
               double(l.floatOps.value_or(0));
      },
      report.totalOps(),
      [&](const auto &l) { return inPercent(report.shareOf(l)); });
  bar(
      "weights before", [](const auto &l) { return double(l.bytesBefore); },
      double(report.totalBytesBefore()),
      [](const auto &l) { return inBytes(l.bytesBefore); });
  bar(
      "weights after", [](const auto &l) { return double(l.bytesAfter); },
      double(report.totalBytesBefore()),
      [](const auto &l) { return inBytes(l.bytesAfter); });
}

static void writeLayers(const ModelReport &report, raw_ostream &out) {
  double mostBytes = 0, mostOps = 0;
  auto opsOf = [](const ModelReport::Layer &layer) -> std::optional<int64_t> {
    if (!layer.binaryOps || !layer.byteOps || !layer.floatOps)
      return std::nullopt;
    return *layer.binaryOps + *layer.byteOps + *layer.floatOps;
  };
  for (const ModelReport::Layer &layer : report.layers) {
    mostBytes = std::max(mostBytes, double(layer.bytesBefore));
    mostOps = std::max(mostOps, double(opsOf(layer).value_or(0)));
  }
  out << "<h2>Layers</h2>\n";
  writeLegend(report, out);
  out << "<label class=\"filter\"><input type=\"checkbox\" id=\"only\" /> only "
         "what is not binary on both sides</label>\n<table "
         "id=\"layers\"><thead><tr>";
  for (StringRef head : {"layer", "kind", "shape", "became"})
    out << "<th data-text=\"1\">" << head << "</th>";
  for (StringRef head : {"weights: f32 &#8594; packed", "operations", "share"})
    out << "<th>" << head << "</th>";
  out << "</tr></thead>\n<tbody>\n";
  for (const ModelReport::Layer &layer : report.layers) {
    StringRef style = styleOf(layer);
    out << "<tr class=\"" << style << "\"><td data-v=\"" << escaped(layer.name)
        << "\">" << escaped(layer.name);
    if (!layer.reason.empty())
      out << "<em>" << escaped(layer.reason) << "</em>";
    out << "</td><td>" << stringifyLayerKind(layer.kind) << "</td><td data-v=\""
        << layer.sizes[0] * layer.sizes[1] << "\">"
        << escaped(shapeInWords(layer)) << "</td><td><b class=\"pill " << style
        << "\">" << escaped(layer.became) << "</b></td><td data-v=\""
        << layer.bytesBefore << "\">";
    if (layer.bytesBefore)
      out << "<div class=\"bar\"><i class=\"ghost\" style=\"width:"
          << percentOf(double(layer.bytesBefore), mostBytes)
          << "\"></i><i class=\"" << style << "\" style=\"width:"
          << percentOf(double(layer.bytesAfter), mostBytes)
          << "\"></i></div><small>" << inBytes(layer.bytesBefore) << " &#8594; "
          << inBytes(layer.bytesAfter) << "</small>";
    std::optional<int64_t> ops = opsOf(layer);
    out << "</td><td data-v=\"" << ops.value_or(-1) << "\">";
    if (!ops || *ops) {
      const double binary = double(layer.binaryOps.value_or(0)) +
                            double(layer.byteOps.value_or(0)),
                   real = double(layer.floatOps.value_or(0));
      out << "<div class=\"bar\">";
      // A part of nothing would still be a pixel wide.
      if (binary > 0)
        out << "<i class=\"" << style
            << "\" style=\"width:" << percentOf(binary, mostOps) << "\"></i>";
      if (real > 0)
        out << "<i class=\"" << (layer.isMixed() ? "mixed" : "float")
            << "\" style=\"left:" << percentOf(binary, mostOps)
            << ";width:" << percentOf(real, mostOps) << "\"></i>";
      out << "</div><small>" << inThousands(ops) << "</small>";
    }
    out << "</td><td data-v=\"" << report.shareOf(layer) << "\">"
        << (ops ? escaped(inPercent(report.shareOf(layer))) : "?")
        << "</td></tr>\n";
  }
  out << "</tbody></table>\n";
}

// The histogram of a layer's weights, from the negative peak to the peak.
static void writeHistogram(NoiseAttr noise, raw_ostream &out) {
  constexpr int kHeight = 24, kBar = 4;
  ArrayRef<int64_t> counts = noise.getHistogram().asArrayRef();
  const double most =
      counts.empty() ? 1
                     : double(std::max<int64_t>(1, *llvm::max_element(counts)));
  out << "<svg width=\"" << counts.size() * kBar << "\" height=\"" << kHeight
      << "\" role=\"img\" aria-label=\"histogram\">";
  for (auto [i, count] : llvm::enumerate(counts)) {
    const double height = double(count) / most * kHeight;
    out << "<rect x=\"" << i * kBar << "\" width=\"" << kBar - 1 << "\" y=\""
        << llvm::format("%.1f", kHeight - height) << "\" height=\""
        << llvm::format("%.1f", height) << "\" fill=\"currentColor\" />";
  }
  out << "</svg>";
}

static void writeNoise(const ModelReport &report, raw_ostream &out) {
  if (llvm::none_of(report.layers, [](const auto &l) { return bool(l.noise); }))
    return;
  out << "<h2>Weights at 8 bits</h2>\n<table><thead><tr>";
  for (StringRef head : {"layer", "weights", "kurtosis", "of rows",
                         "peak / rms", "per tensor", "per channel"})
    out << "<th>" << head << "</th>";
  out << "</tr></thead>\n<tbody>\n";
  for (const ModelReport::Layer &layer : report.layers) {
    if (!layer.noise)
      continue;
    out << "<tr><td>" << escaped(layer.name);
    if (std::string advice = adviseOn(layer.noise); !advice.empty())
      out << "<em>" << escaped(advice) << "</em>";
    out << "</td><td>";
    writeHistogram(layer.noise, out);
    for (auto [value, unit] :
         std::initializer_list<std::pair<FloatAttr, StringRef>>{
             {layer.noise.getKurtosis(), ""},
             {layer.noise.getRowKurtosis(), ""},
             {layer.noise.getPeak(), ""},
             {layer.noise.getPerTensor(), " dB"},
             {layer.noise.getPerChannel(), " dB"}})
      out << "</td><td>" << llvm::format("%.1f", value.getValueAsDouble())
          << unit;
    out << "</td></tr>\n";
  }
  out << "</tbody></table>\n";
}

static void writeSections(const ModelReport &report, raw_ostream &out) {
  out << "<h2>Object: " << inBytes(report.objectBytes)
      << "</h2>\n<table class=\"small\"><tbody>\n";
  auto sections = bySize(report.sections);
  for (const ModelReport::Section &section : sections)
    out << "<tr><td>" << escaped(section.name)
        << "</td><td class=\"wide\"><div class=\"bar\"><i class=\"plain\" "
           "style=\"width:"
        << percentOf(double(section.bytes), double(sections.front().bytes))
        << "\"></i></div></td><td>" << inBytes(section.bytes) << "</td></tr>\n";
  out << "</tbody></table>\n";
}

// A map of memory over time: a tensor is as wide as it lives, and as high as
// it is large.
static void writeWorkspace(const ModelReport &report, raw_ostream &out) {
  out << "<h2>Workspace: " << inBytes(report.workspaceBytes) << "</h2>\n";
  if (report.tensors.empty() || !report.workspaceBytes)
    return;
  int64_t begin = INT64_MAX, end = 0;
  for (const ModelReport::Tensor &tensor : report.tensors)
    if (tensor.last >= tensor.first) {
      begin = std::min(begin, tensor.first);
      end = std::max(end, tensor.last + 1);
    }
  constexpr double width = 1000, height = 320;
  auto x = [&](int64_t step) {
    return width * double(step - begin) /
           double(std::max<int64_t>(end - begin, 1));
  };
  auto y = [&](int64_t byte) {
    return height * double(byte) / double(report.workspaceBytes);
  };
  out << "<p class=\"sub\">From left to right the steps of the program, from "
         "top to bottom the bytes of the workspace. Tensors that do not live "
         "at once share bytes.</p>\n<svg viewBox=\"0 0 "
      << int(width) << " " << int(height) << "\" role=\"img\" "
      << "preserveAspectRatio=\"none\">\n";
  for (auto [i, tensor] : enumerate(report.tensors)) {
    if (tensor.last < tensor.first)
      continue;
    // A sliver is still something to point at.
    double w = std::max(x(tensor.last + 1) - x(tensor.first), 1.5),
           h = std::max(y(tensor.bytes), 0.5);
    out << formatv("<rect class=\"t{0}\" x=\"{1:F2}\" y=\"{2:F2}\" "
                   "width=\"{3:F2}\" height=\"{4:F2}\"><title>",
                   i % 6, x(tensor.first), y(tensor.offset), w, h)
        << escaped(tensor.name) << ": " << inBytes(tensor.bytes)
        << " at offset " << tensor.offset << "</title></rect>\n";
  }
  out << "</svg>\n<details><summary>All " << report.tensors.size()
      << " tensors</summary><table class=\"small\" id=\"tensors\"><thead><tr>"
         "<th data-text=\"1\">tensor of</th><th>bytes</th><th>offset</th></tr>"
         "</thead><tbody>\n";
  for (const ModelReport::Tensor &tensor : report.tensors)
    out << "<tr><td>" << escaped(tensor.name) << "</td><td data-v=\""
        << tensor.bytes << "\">" << inBytes(tensor.bytes)
        << "</td><td data-v=\"" << tensor.offset << "\">" << tensor.offset
        << "</td></tr>\n";
  out << "</tbody></table></details>\n";
}

void writeHtmlReport(const ModelReport &report, raw_ostream &out) {
  out << "<!DOCTYPE html>\n<html lang=\"en\" "
         "xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta "
         "charset=\"utf-8\" />\n<meta name=\"viewport\" "
         "content=\"width=device-width, initial-scale=1\" />\n<title>"
      << escaped(report.model) << ": what became binary</title>\n<style>"
      << kStyle << "</style>\n</head>\n<body>\n<main>\n";
  writeHead(report, out);
  if (!report.layers.empty()) {
    writeOverview(report, out);
    writeLayers(report, out);
  }
  writeNoise(report, out);
  writeSections(report, out);
  writeWorkspace(report, out);
  out << "</main>\n<script>" << kScript << "</script>\n</body>\n</html>\n";
}

} // namespace mlir::bnn
