//===- Pipelines.h - The road a model takes, phase by phase -----*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/BNN/BNNBase.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/ArrayRef.h"
#include <optional>
#include <string>
#include <vector>

namespace mlir::bnn {

/// A phase of `--compile-to=<phase>`, which stops after one.
struct PhaseInfo {
  Phase phase;
  llvm::StringLiteral summary;
};

/// All phases, in order.
llvm::ArrayRef<PhaseInfo> allPhases();

struct PhaseOptions {
  /// Plain loops in place of fusion, packing and tiles: the meaning.
  bool reference = false;
  /// What the model's C symbols begin with; empty: the prefix of `bnn.model`.
  std::string prefix;
  /// Calls a hook before each operation (`bnn-instrument`).
  bool instrument = false;
  /// Adds the model's C interface; off for IR that has no entry function.
  bool entry = true;
  /// Keeps what the report wants: bnn.layers and bnn.workspace_buffers.
  bool report = false;
  /// Refuses linear layers that are not binary, but those whose node's name
  /// matches one of the patterns of `allowFloat`.
  bool requireBinary = false, requireQuantized = false;
  std::vector<std::string> allowFloat;
  /// How many times its budget of memory and operations folding may use.
  int64_t foldBudget = 1;
  /// Says in remarks why layers stay as they are, and why operations are not
  /// fused, folded to thresholds or packed with parity.
  bool remarks = false;
};

/// Adds the passes of one phase, and marks the module with it (none for
/// `import`).
void addPhase(mlir::OpPassManager &passes, Phase phase,
              const PhaseOptions &options);

/// Makes the phases pipelines of bnn-opt: `--bnn-phase-fold`, ...
void registerPipelines();

} // namespace mlir::bnn
