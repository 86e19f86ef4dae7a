//===- BlockTrace.h - Which blocks a model runs -----------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace mlir::bnn {

struct FunctionRun;

/// What calls itself to the attention of a run's reader: a call of a function
/// of the module, or of the hook of an instrumented model.
struct RunEvent {
  const FunctionRun *callee; ///< Null: the hook.
  uint32_t op = 0;           ///< The operation that the hook is called for.
  uint64_t binaryMACs = 0;   ///< As the hook is told.
};

/// One run of a function, from its entry to its return.
struct FunctionRun {
  const llvm::Function *function;
  /// The blocks that it runs, in order: their numbers in the function.
  std::vector<uint32_t> path;
  /// Its calls, in order.
  std::vector<RunEvent> events;
  /// The memory that it touches itself, in bytes: whole lines of 64, each once
  /// between two calls of the hook, and what stands at addresses that data
  /// decide. One number, and one more for each call of the hook. The stack is
  /// left out.
  std::vector<uint64_t> bytes;
  /// How often data, and not shapes, decided where it went on.
  uint64_t guesses = 0;

  bool callsHook() const {
    return llvm::any_of(events, [](const RunEvent &e) { return !e.callee; });
  }
};

/// Runs the integer arithmetic of a module's LLVM IR: counters, addresses,
/// sizes. What is loaded is not known, and so is what follows from it.
///
/// Where a branch depends on that, a loop with other exits goes on and a loop
/// without leaves. Elsewhere nothing special is taken to be the case: a
/// function with a status does not return early, and what is done for some data
/// only, as for activations that are exactly 0, is not done.
class BlockTrace {
public:
  explicit BlockTrace(const llvm::Module &module);
  ~BlockTrace();

  /// The run of a function whose pointers point to objects that do not
  /// overlap. It lives as long as this object. Fails where a run is longer than
  /// can be followed.
  llvm::Expected<const FunctionRun *> run(const llvm::Function &function);

private:
  class Program;
  class Machine;
  struct Result;
  friend class Machine;

  const llvm::Module &module;
  std::map<const llvm::Function *, std::unique_ptr<Program>> programs;
  std::map<
      std::pair<const llvm::Function *, std::vector<std::optional<uint64_t>>>,
      std::unique_ptr<Result>>
      results;
  std::map<const llvm::GlobalValue *, uint64_t> globals;
  uint64_t steps = 0;
};

} // namespace mlir::bnn
