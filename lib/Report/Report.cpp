//===- Report.cpp - What became of a model, layer by layer ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Report/Report.h"
#include "dialects/BNN/PlainText.h"
#include "lib/Report/Format.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::bnn {

using Layer = ModelReport::Layer;

// The sum over the layers of one of their numbers; what is not known is 0.
template <typename T>
static int64_t sumOf(ArrayRef<Layer> layers, T Layer::*number) {
  int64_t sum = 0;
  for (const Layer &layer : layers)
    sum += std::optional<int64_t>(layer.*number).value_or(0);
  return sum;
}

int64_t ModelReport::totalBytesBefore() const {
  return sumOf(layers, &Layer::bytesBefore);
}

int64_t ModelReport::totalBytesAfter() const {
  return sumOf(layers, &Layer::bytesAfter);
}

int64_t ModelReport::totalBinaryOps() const {
  return sumOf(layers, &Layer::binaryOps);
}

int64_t ModelReport::totalByteOps() const {
  return sumOf(layers, &Layer::byteOps);
}

int64_t ModelReport::totalFloatOps() const {
  return sumOf(layers, &Layer::floatOps);
}

double ModelReport::totalOps() const {
  return double(totalBinaryOps()) + double(totalByteOps()) +
         double(totalFloatOps());
}

double ModelReport::binaryShare() const {
  const double all = totalOps();
  return all > 0 ? double(totalBinaryOps()) / all : 0;
}

double ModelReport::byteShare() const {
  const double all = totalOps();
  return all > 0 ? double(totalByteOps()) / all : 0;
}

double ModelReport::shareOf(const Layer &layer) const {
  const double all = totalOps();
  return all > 0 ? (double(layer.binaryOps.value_or(0)) +
                    double(layer.byteOps.value_or(0)) +
                    double(layer.floatOps.value_or(0))) /
                       all
                 : 0;
}

ModelReport::Count ModelReport::count(LayerKind kind) const {
  Count count;
  for (const Layer &layer : layers)
    if (layer.kind == kind) {
      ++count.all;
      count.binary += layer.isBinary();
      count.mixed += layer.isMixed();
    }
  return count;
}

bool ModelReport::isAllFloat() const {
  return llvm::all_of(layers, [](const Layer &l) { return l.isFloat(); });
}

bool ModelReport::hasBytes() const {
  return llvm::any_of(layers, [](const Layer &l) { return l.isBytes(); });
}

llvm::Error ModelReport::addObject(llvm::MemoryBufferRef object) {
  auto file = llvm::object::ObjectFile::createObjectFile(object);
  if (!file)
    return file.takeError();
  objectBytes = int64_t(object.getBufferSize());
  for (const llvm::object::SectionRef &section : (*file)->sections()) {
    auto name = section.getName();
    if (!name)
      return name.takeError();
    if (section.getSize() && !name->empty())
      sections.push_back({name->str(), int64_t(section.getSize())});
  }
  return llvm::Error::success();
}

std::string summarize(const ModelReport &report) {
  if (report.layers.empty())
    return "this model has no linear layer, attention, embedding or product: "
           "nothing in it is binary";
  if (report.isAllFloat())
    return llvm::formatv("nothing in this model is binary: all of its {0} "
                         "layers are computed in f32",
                         report.layers.size())
        .str();
  std::string parts;
  for (LayerKind kind : {LayerKind::Linear, LayerKind::Attention,
                         LayerKind::Embedding, LayerKind::Product}) {
    ModelReport::Count count = report.count(kind);
    if (!count.all)
      continue;
    if (!parts.empty())
      parts += ", ";
    parts += llvm::formatv("{0} of {1} {2}{3}", count.binary, count.all,
                           stringifyLayerKind(kind), count.all == 1 ? "" : "s")
                 .str();
    if (count.mixed)
      parts += llvm::formatv(" and {0} on one side", count.mixed).str();
  }
  std::string bytes;
  if (report.hasBytes())
    bytes = ", " + inPercent(report.byteShare()) + " of 8-bit integers";
  return llvm::formatv("{0} of the operations are binary{1} ({2})",
                       inPercent(report.binaryShare()), bytes, parts)
      .str();
}

std::string adviseOn(NoiseAttr noise) {
  // A bit is 6 dB. Of normal weights one scale leaves 39 dB.
  constexpr double kBit = 6, kNoisy = 36, kHeavyTails = 6;
  const double perTensor = noise.getPerTensor().getValueAsDouble(),
               perChannel = noise.getPerChannel().getValueAsDouble();
  if (perTensor >= kNoisy)
    return "";
  if (noise.getRowKurtosis().getValueAsDouble() > kHeavyTails)
    return "outliers inside rows: one scale for each output does not help "
           "enough; train with a kurtosis penalty of 1.8";
  if (perChannel - perTensor >= kBit)
    return llvm::formatv("one scale for all costs {0:f0} dB here, one for each "
                         "output repairs it",
                         perChannel - perTensor)
        .str();
  return "";
}

std::optional<std::string> warnOfFloat(const ModelReport &report) {
  constexpr double kWorthAWord = 0.1;
  const bool isSomeBinary = llvm::any_of(report.layers, [](const Layer &l) {
    return l.kind != LayerKind::Embedding && (l.isBinary() || l.isMixed());
  });
  const double floats = double(report.totalFloatOps()), all = report.totalOps();
  if (!isSomeBinary || floats <= kWorthAWord * all)
    return std::nullopt;
  const Layer *most = nullptr;
  for (const Layer &layer : report.layers)
    if (!layer.reason.empty() && layer.floatOps.value_or(0) > 0 &&
        (!most || *layer.floatOps > *most->floatOps))
      most = &layer;
  if (!most)
    return std::nullopt;
  return llvm::formatv("{0} of the operations are not binary; '{1}' ({2}) has "
                       "most of them, {3}: {4}; --report lists all layers, "
                       "-Wno-float silences this",
                       inPercent(floats / all), escapeHidden(most->name),
                       most->op, inPercent(double(*most->floatOps) / all),
                       most->reason)
      .str();
}

std::optional<ReportFormat> parseReportFormat(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<ReportFormat>>(name)
      .Case("text", ReportFormat::Text)
      .Case("json", ReportFormat::JSON)
      .Case("html", ReportFormat::HTML)
      .Default(std::nullopt);
}

void writeReport(const ModelReport &report, ReportFormat format,
                 llvm::raw_ostream &out) {
  switch (format) {
  case ReportFormat::Text:
    return writeTextReport(report, out);
  case ReportFormat::JSON:
    return writeJsonReport(report, out);
  case ReportFormat::HTML:
    return writeHtmlReport(report, out);
  }
}

} // namespace mlir::bnn
