//===- Refusals.cpp - Why a pass leaves operations as they are ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Support/Refusals.h"

#include "llvm/Support/Debug.h"

namespace mlir::bnn {

LogicalResult Refusals::refuse(Operation *op, const Twine &reason) {
  DEBUG_WITH_TYPE(debugType, llvm::dbgs()
                                 << '[' << debugType << "] " << op->getName()
                                 << " at " << op->getLoc() << ' ' << what
                                 << ": " << reason << '\n');
  if (remarks)
    reasons[op] = reason.str();
  return failure();
}

void Refusals::emitRemarks() {
  // At the location only: an operation on constants prints all their numbers.
  for (auto &[op, reason] : reasons) {
    InFlightDiagnostic remark = emitRemark(op->getLoc());
    remark << '\'' << op->getName() << "' ";
    // The location of a node of a model is its name.
    if (auto node = op->getLoc()->findInstanceOf<NameLoc>())
      remark << "of node " << node.getName() << ' ';
    remark << what << ": " << reason;
  }
  reasons.clear();
}

} // namespace mlir::bnn
