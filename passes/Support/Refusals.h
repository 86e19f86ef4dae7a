//===- Refusals.h - Why a pass leaves operations as they are ----*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/MapVector.h"

#include <string>

namespace mlir::bnn {

/// What a pass says of the operations that it looked at and did not change as
/// it might have.
///
/// Each refusal is printed at once under LLVM's --debug-only=<debugType>. With
/// `remarks` (a pass includes passes/Support/Refusals.td for the option), the
/// last refusal of each operation is kept for emitRemarks(). This is the
/// listener of the pass's rewriter: what an operation was refused for is
/// forgotten when it is rewritten after all.
class Refusals : public RewriterBase::Listener {
public:
  /// `what` follows the name of the operation in what is said of it.
  Refusals(const char *debugType, bool remarks,
           StringRef what = "is left as it is")
      : debugType(debugType), remarks(remarks), what(what) {}

  /// Says why of `op`: a phrase without a full stop. Always fails, so that a
  /// pattern can return it.
  LogicalResult refuse(Operation *op, const Twine &reason);

  /// Says the refusals that held, as a remark at each operation, in the order
  /// in which the pass first refused them.
  void emitRemarks();

  void notifyOperationErased(Operation *op) override { reasons.erase(op); }

private:
  [[maybe_unused]] const char *debugType; // without NDEBUG only
  bool remarks;
  StringRef what;
  llvm::MapVector<Operation *, std::string> reasons;
};

} // namespace mlir::bnn
