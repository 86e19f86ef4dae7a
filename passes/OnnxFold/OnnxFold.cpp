//===- OnnxFold.cpp - Constant subgraphs and shape arithmetic -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/OnnxFold/OnnxFold.h"
#include "dialects/BNN/BNNBase.h"
#include "passes/OnnxFold/FoldSteps.h"
#include "passes/Support/ConstantFolder.h"
#include "passes/Support/QuantizedFactor.h"

namespace mlir::bnn {
#define GEN_PASS_DEF_ONNXFOLD
#include "passes/OnnxFold/OnnxFold.h.inc"
} // namespace mlir::bnn

using namespace mlir;
using namespace mlir::bnn;

namespace {

struct OnnxFold : bnn::impl::OnnxFoldBase<OnnxFold> {
  using OnnxFoldBase::OnnxFoldBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    OnnxFoldBase::getDependentDialects(registry);
    ConstantEvaluator::getDependentDialects(registry);
  }

  void runOnOperation() override {
    if (!getOperation().getBody().hasOneBlock())
      return;
    if (budget < 1) {
      getOperation()->emitError()
          << "the budget of onnx-fold is a factor of at least 1, not "
          << int64_t(budget);
      return signalPassFailure();
    }
    FoldState state{getOperation(), FoldBudget(getOperation(), budget)};
    if (failed(fold(state)))
      return signalPassFailure();
    alignConstants(state.func);
    nameResultDims(state);
    valuesFolded += state.valuesFolded;
    bytesEvaluated += state.bytesEvaluated;
    expandsRemoved += state.expandsRemoved;
  }

private:
  /// Every round removes operations or replaces them by constants; a rewrite
  /// may uncover a constant subgraph and the other way round.
  LogicalResult fold(FoldState &state) {
    // What may be weights of a product of bytes is raised as it is, and tables
    // of bytes stay such.
    ConstantFolder constants(state, [](Operation *op) {
      if (isTableOfBytes(op))
        return true;
      return widensBytes(op) && feedsOnlyProducts(op, [](Operation *product) {
               return !isConstantFactor(product->getOperand(0));
             });
    });
    if (failed(inferShapes(state)))
      return failure();
    bool changed = true;
    while (changed) {
      changed = false;
      while (simplify(state)) {
        changed = true;
        eraseDead(state, constants);
        if (failed(inferShapes(state)))
          return failure();
      }
      changed |= constants.run();
      eraseDead(state, constants);
      if (failed(inferShapes(state)))
        return failure();
    }
    return success();
  }

  /// Types hold what an earlier round knew; facts are found anew from them.
  static LogicalResult inferShapes(FoldState &state) {
    state.shapes = std::make_unique<onnx::SymbolicShapes>(state.func);
    if (failed(state.shapes->run()))
      return failure();
    state.shapes->refineTypes();
    return success();
  }

  /// A dead operation that needs something of its operands' shapes still fails
  /// the model where it does not hold.
  static void eraseDead(FoldState &state, ConstantFolder &constants) {
    for (Operation &op :
         llvm::make_early_inc_range(llvm::reverse(state.body())))
      if (isOpTriviallyDead(&op) && state.shapes->requirementsOf(&op).empty()) {
        state.shapes->forget(&op);
        constants.forget(&op);
        op.erase();
      }
  }
};

} // namespace
