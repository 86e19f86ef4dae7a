//===- MarkPhase.cpp - Says which phase a module has behind it ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/MarkPhase/MarkPhase.h"
#include "dialects/BNN/BNNModel.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_MARKPHASE
#include "passes/MarkPhase/MarkPhase.h.inc"

namespace {

struct MarkPhase : impl::MarkPhaseBase<MarkPhase> {
  using MarkPhaseBase::MarkPhaseBase;

  void runOnOperation() override {
    markAllAnalysesPreserved();
    std::optional<Phase> done = symbolizePhase(phase);
    if (!done) {
      getOperation().emitError("there is no phase '") << phase << "'";
      return signalPassFailure();
    }
    getOperation()->setAttr(kPhaseAttr,
                            PhaseAttr::get(&getContext(), *done, reference));
  }
};

} // namespace
} // namespace mlir::bnn
