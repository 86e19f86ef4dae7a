//===- Collect.h - Reads a report's figures off the IR ----------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Pipelines/Pipelines.h"
#include "lib/Report/Report.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::bnn {

/// Looks at a model on its way through the phases, each time at the point where
/// something is known: nodes before and after `fold`, layers after `raise`, the
/// size of packed weights after `pack`, the workspace after `tile`. The passes
/// that it adds change nothing but the attributes that were left for it, which
/// they remove.
class ReportCollector {
public:
  /// Adds what is to be read after `phase`. The collector must outlive the run.
  void addAfter(mlir::OpPassManager &passes, Phase phase);
  /// The report so far: without the object, and without what only the driver
  /// knows (target).
  ModelReport take();

private:
  void countImported(mlir::ModuleOp module);
  void countFolded(mlir::ModuleOp module);
  void readLayers(mlir::ModuleOp module);
  void readWeights(mlir::ModuleOp module);
  void readWorkspace(mlir::ModuleOp module);

  ModelReport report;
  std::vector<LayerAttr> layers;
  /// Bytes of the packed weights of the binary op that a node became.
  llvm::StringMap<int64_t> packed;
  std::vector<std::optional<int64_t>> rows, macs, otherMacs;
};

} // namespace mlir::bnn
