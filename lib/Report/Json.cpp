//===- Json.cpp - The report for programs ---------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "llvm/Support/JSON.h"
#include "dialects/BNN/PlainText.h"
#include "lib/Report/Report.h"

using namespace llvm;

namespace mlir::bnn {

static json::Value number(std::optional<int64_t> value) {
  return value ? json::Value(*value) : json::Value(nullptr);
}

// Names come from the model's file and may be any bytes.
static json::Value text(StringRef value) { return json::fixUTF8(value); }

static json::Object shapeOf(const ModelReport::Layer &layer) {
  auto known = [](int64_t size) {
    return size ? json::Value(size) : json::Value(nullptr);
  };
  switch (layer.kind) {
  case LayerKind::Product:
    return json::Object{{"in", known(layer.sizes[0])},
                        {"out", known(layer.sizes[1])},
                        {"rows", number(layer.rows)}};
  case LayerKind::Linear:
    return json::Object{{"in", layer.sizes[0]},
                        {"out", layer.sizes[1]},
                        {"rows", number(layer.rows)}};
  case LayerKind::Attention:
    return json::Object{{"heads", layer.sizes[0]},
                        {"head_size", layer.sizes[1]},
                        {"tokens", number(layer.rows)}};
  case LayerKind::Embedding:
    return json::Object{{"vocabulary", layer.sizes[0]},
                        {"size", layer.sizes[1]}};
  }
  llvm_unreachable("no other kind");
}

static json::Value countOf(ModelReport::Count count) {
  return json::Object{
      {"binary", count.binary}, {"mixed", count.mixed}, {"all", count.all}};
}

static void writeNoise(json::OStream &j, NoiseAttr noise) {
  j.attribute("kurtosis", noise.getKurtosis().getValueAsDouble());
  j.attribute("row_kurtosis", noise.getRowKurtosis().getValueAsDouble());
  j.attribute("peak_over_rms", noise.getPeak().getValueAsDouble());
  j.attribute("sqnr_per_tensor", noise.getPerTensor().getValueAsDouble());
  j.attribute("sqnr_per_channel", noise.getPerChannel().getValueAsDouble());
  j.attributeArray("histogram", [&] {
    for (int64_t count : noise.getHistogram().asArrayRef())
      j.value(count);
  });
  j.attribute("advice", adviseOn(noise));
}

void writeJsonReport(const ModelReport &report, raw_ostream &out) {
  std::string document;
  raw_string_ostream stream(document);
  json::OStream j(stream, 2);
  j.objectBegin();
  j.attribute("model", text(report.model));
  j.attribute("file", text(report.file));
  j.attribute("opset", report.opset);
  j.attribute("target", text(report.target));
  j.attributeObject("nodes", [&] {
    j.attribute("imported", report.nodesImported);
    j.attribute("folded", report.nodesFolded);
  });
  j.attributeArray("layers", [&] {
    for (const ModelReport::Layer &layer : report.layers)
      j.object([&] {
        j.attribute("name", text(layer.name));
        j.attribute("op", text(layer.op));
        j.attribute("kind", stringifyLayerKind(layer.kind));
        j.attribute("shape", shapeOf(layer));
        j.attribute("became", layer.became);
        j.attribute("reason", text(layer.reason));
        j.attribute("bytes_before", layer.bytesBefore);
        j.attribute("bytes_after", layer.bytesAfter);
        j.attribute("binary_ops", number(layer.binaryOps));
        j.attribute("byte_ops", number(layer.byteOps));
        j.attribute("float_ops", number(layer.floatOps));
        j.attribute("share", report.shareOf(layer));
        if (layer.noise)
          j.attributeObject("noise", [&] { writeNoise(j, layer.noise); });
      });
  });
  j.attributeObject("totals", [&] {
    for (LayerKind kind : {LayerKind::Linear, LayerKind::Attention,
                           LayerKind::Embedding, LayerKind::Product})
      j.attribute((stringifyLayerKind(kind) + "s").str(),
                  countOf(report.count(kind)));
    j.attribute("bytes_before", report.totalBytesBefore());
    j.attribute("bytes_after", report.totalBytesAfter());
    j.attribute("binary_ops", report.totalBinaryOps());
    j.attribute("byte_ops", report.totalByteOps());
    j.attribute("float_ops", report.totalFloatOps());
    j.attribute("binary_share", report.binaryShare());
    j.attribute("byte_share", report.byteShare());
  });
  j.attribute("summary", summarize(report));
  j.attributeObject("object", [&] {
    j.attribute("bytes", report.objectBytes);
    j.attributeArray("sections", [&] {
      for (const ModelReport::Section &section : report.sections)
        j.object([&] {
          j.attribute("name", text(section.name));
          j.attribute("bytes", section.bytes);
        });
    });
  });
  j.attributeObject("workspace", [&] {
    j.attribute("bytes", report.workspaceBytes);
    j.attributeArray("tensors", [&] {
      for (const ModelReport::Tensor &tensor : report.tensors)
        j.object([&] {
          j.attribute("name", text(tensor.name));
          j.attribute("bytes", tensor.bytes);
          j.attribute("offset", tensor.offset);
          j.attribute("first", tensor.first);
          j.attribute("last", tensor.last);
        });
    });
  });
  j.objectEnd();
  j.flush();
  // What JSON lets pass can only stand in strings, which are read back as they
  // were.
  out << escapeHiddenLines(document) << '\n';
}

} // namespace mlir::bnn
