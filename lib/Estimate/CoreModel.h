//===- CoreModel.h - LLVM's model of a CPU at work --------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Target/Target.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/MC/MCInst.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir::bnn {

/// A core as llvm-mca knows it: dispatch, execution ports, latencies, queues.
/// No caches, no branch predictor, no fetching of instructions: every load hits
/// the first level, and every branch was foreseen.
class CoreModel {
public:
  /// Fails, naming the CPU, where LLVM has no scheduling model of it, and where
  /// its name stands for no CPU.
  static llvm::Expected<std::unique_ptr<CoreModel>>
  create(const TargetSpec &spec);
  ~CoreModel();

  /// Adds a piece of straight code and returns its number. Calls and returns
  /// are left out; instructions that the model does not know are counted.
  uint32_t add(llvm::ArrayRef<llvm::MCInst> instructions);

  bool isCall(const llvm::MCInst &inst) const;
  /// Whether a call goes where a register or memory says.
  bool isIndirectCall(const llvm::MCInst &inst) const;

  /// The cycles of pieces that run one after another. A long stream is looked
  /// at in places and not everywhere; the rest is taken to behave as these.
  double cyclesOf(llvm::ArrayRef<uint32_t> stream) const;
  /// The cycles of one more of many repetitions.
  double cyclesOfIteration(llvm::ArrayRef<uint32_t> iteration) const;
  /// The cycles for which the most wanted of the execution ports and of the
  /// issue slots are busy with one piece: what it takes if nothing has to wait.
  double limitOf(uint32_t piece) const;
  size_t sizeOf(uint32_t piece) const; ///< Instructions.
  /// The names of the instructions of pieces, and how often each is there.
  std::vector<std::pair<std::string, unsigned>>
  opcodesOf(llvm::ArrayRef<uint32_t> pieces) const;

  unsigned issueWidth() const;
  bool isInOrder() const;
  /// The opcodes, as LLVM names them, that the model does not know.
  std::vector<std::string> unknownInstructions() const;
  /// Names of CPUs, this one left out, for which LLVM has the same model.
  std::vector<std::string> sameModel() const;

private:
  CoreModel();
  struct State;
  std::unique_ptr<State> state;
};

} // namespace mlir::bnn
