//===- Estimate.h - What a model costs on a CPU -----------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/BNN/ModelInterface.h"
#include "lib/Target/Target.h"

#include "llvm/IR/Module.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

namespace mlir::bnn {

/// What an estimate takes for granted.
struct EstimateSettings {
  double clock = 2e9;      ///< Cycles a second.
  double bandwidth = 10e9; ///< Bytes a second.
};

/// One operation of a model, as its profile names it.
struct OpEstimate {
  std::string kind, name;
  double cycles = 0;         ///< Of its code, with all data in the first cache.
  uint64_t instructions = 0; ///< That it executes.
  uint64_t bytes = 0;        ///< Of memory that it touches, each once.
  uint64_t binaryMACs = 0;   ///< Multiply-accumulates of bits.
  double portLimit = 0;      ///< Those a cycle that ports allow; 0: not known.
};

/// An innermost loop, over a whole run of the model.
struct LoopEstimate {
  std::string function;
  uint64_t entries = 0, iterations = 0;
  size_t instructions = 0; ///< Of an iteration.
  double cycles = 0;       ///< Of an iteration among many.
  /// Of an iteration, if nothing but the ports and the issue slots held it up.
  double limit = 0;
  /// Its instructions' names, each once with how often it is there.
  std::vector<std::pair<std::string, unsigned>> opcodes;
};

/// What a model costs on one CPU, by LLVM's model of that CPU.
struct Estimate {
  TargetSpec target;
  EstimateSettings settings;
  bool inOrder = false;
  unsigned issueWidth = 0;
  /// Other CPUs for which LLVM has the very same model.
  std::vector<std::string> sameModel;
  std::vector<OpEstimate> ops;     ///< In the order of a run.
  std::vector<LoopEstimate> loops; ///< The one with most cycles first.
  /// How many branches data decided, over a whole run.
  uint64_t guesses = 0;
  /// Instructions that the model does not know, which count as none.
  std::vector<std::string> unknownInstructions;

  /// The cycles that an operation's memory takes, if nothing else is done.
  double memoryCycles(const OpEstimate &op) const {
    return op.bytes / settings.bandwidth * settings.clock;
  }
  /// Those of both, which overlap in part: a core asks for memory ahead while
  /// it computes. Neither the sum nor the larger is right; the root of the sum
  /// of squares lies between them.
  double cycles(const OpEstimate &op) const {
    return std::hypot(op.cycles, memoryCycles(op));
  }
  double totalCycles() const;
};

/// Estimates an instrumented model, whose optimised LLVM IR for `target` is
/// `module`; generates its code, which changes the module. Fails, naming the
/// CPU, where LLVM has no scheduling model of it; where a dimension is open;
/// and where a run is too long to follow.
llvm::Expected<Estimate> estimateModel(llvm::Module &module,
                                       const TargetSpec &target,
                                       const ModelInterface &interface,
                                       const EstimateSettings &settings,
                                       unsigned optLevel);

/// Fails where `target` names no CPU that LLVM has a scheduling model of.
llvm::Error checkModelled(const TargetSpec &target);

/// Fails where a dimension of the model is open, naming the remedy.
llvm::Error checkStatic(const ModelInterface &interface);

/// For people: a line for each operation, totals of each kind, and the loops
/// that take most; what the numbers leave out. Of several CPUs a table of the
/// totals at the end.
void printEstimates(llvm::ArrayRef<Estimate> estimates, llvm::raw_ostream &out);

/// For programs: one JSON document.
void writeJsonEstimates(llvm::ArrayRef<Estimate> estimates,
                        llvm::raw_ostream &out);

} // namespace mlir::bnn
