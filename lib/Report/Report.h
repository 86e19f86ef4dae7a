//===- Report.h - What became of a model, layer by layer --------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/BNN/BNNModel.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBufferRef.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mlir::bnn {

/// A compiled model in figures: one struct for every format of the report.
/// Sizes are in bytes; operations are multiply-accumulates at the largest
/// shapes that the model accepts, each counted once however many bits it has.
struct ModelReport {
  struct Layer {
    std::string name; ///< Of the ONNX node; attention's softmax, if it has one.
    std::string op;   ///< The node's operator.
    LayerKind kind;
    /// Linear and product: inputs and outputs (0: open); attention: heads and
    /// elements of a head; embedding: rows (the vocabulary) and columns of its
    /// table.
    int64_t sizes[2];
    /// Linear: rows of input at the largest shape; attention: tokens. Nothing
    /// where no bound is known; so below.
    std::optional<int64_t> rows;
    /// "1x1", "1x4", "1xf32", ...: bits of the weights x bits of the
    /// activations; or "float".
    std::string became;
    LayerAttr::Precision precision; ///< How few bits that is.
    std::string reason;      ///< Why not (wholly) binary; empty if it is.
    int64_t bytesBefore = 0; ///< The weights in f32.
    int64_t bytesAfter = 0;  ///< The weights in the object, with padding.
    /// Products of few bits on both sides, of integers of 8 bits, and others.
    std::optional<int64_t> binaryOps, byteOps, floatOps;
    /// What 8 bits make of the weights; null where they have fewer.
    NoiseAttr noise;

    bool isFloat() const { return precision == LayerAttr::Precision::Float; }
    /// Integers of 8 bits on one side, and of no more on the other.
    bool isBytes() const { return precision == LayerAttr::Precision::ManyBits; }
    /// Only the weights or only the activations are of few bits.
    bool isMixed() const { return precision == LayerAttr::Precision::Mixed; }
    bool isBinary() const {
      return precision == LayerAttr::Precision::OneBit ||
             precision == LayerAttr::Precision::FewBits;
    }
  };
  struct Section {
    std::string name;
    int64_t bytes;
  };
  struct Tensor {
    std::string name; ///< Of the node that first writes it, or "".
    int64_t bytes, offset;
    int64_t first, last; ///< The steps of the program that it lives through.
  };
  /// Of one kind, how many layers are binary, or on one side, of how many.
  struct Count {
    int64_t binary = 0, mixed = 0, all = 0;
  };

  std::string model; ///< The prefix of its symbols.
  std::string file;
  int64_t opset = 0;
  int64_t nodesImported = 0, nodesFolded = 0; ///< Before and after folding.
  std::string target;                         ///< Triple and CPU.
  std::vector<Layer> layers;
  int64_t objectBytes = 0;
  std::vector<Section> sections;
  int64_t workspaceBytes = 0;
  std::vector<Tensor> tensors; ///< In the order of the program.

  int64_t totalBytesBefore() const;
  int64_t totalBytesAfter() const;
  /// Sums over the layers whose operations are known.
  int64_t totalBinaryOps() const, totalByteOps() const, totalFloatOps() const;
  double totalOps() const;
  /// Binary operations, and those of 8 bits, of all operations, 0 to 1; 0 if
  /// there are none.
  double binaryShare() const, byteShare() const;
  /// A layer's operations of all operations, 0 to 1.
  double shareOf(const Layer &layer) const;
  Count count(LayerKind kind) const;
  bool isAllFloat() const;
  /// Whether a layer is of integers of 8 bits.
  bool hasBytes() const;

  /// Fills in the object's size and sections.
  llvm::Error addObject(llvm::MemoryBufferRef object);
};

/// One sentence: how much of the model is binary.
std::string summarize(const ModelReport &report);

/// What a layer's noise means for whoever quantises it; empty where nothing
/// special.
std::string adviseOn(NoiseAttr noise);

/// What is to be said where some layers are binary and more than a tenth of the
/// operations are not: the layer that has most of those, and why. Nothing
/// elsewhere.
std::optional<std::string> warnOfFloat(const ModelReport &report);

enum class ReportFormat { Text, JSON, HTML };
std::optional<ReportFormat> parseReportFormat(llvm::StringRef name);

void writeReport(const ModelReport &report, ReportFormat format,
                 llvm::raw_ostream &out);
void writeTextReport(const ModelReport &report, llvm::raw_ostream &out);
/// The fields are in docs/what-becomes-binary.md.
void writeJsonReport(const ModelReport &report, llvm::raw_ostream &out);
/// One page that needs nothing else.
void writeHtmlReport(const ModelReport &report, llvm::raw_ostream &out);

} // namespace mlir::bnn
