//===- OnnxToLinalg.cpp - Lowers what is not binary to linalg -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/OnnxToLinalg/OnnxToLinalg.h"
#include "dialects/BNN/BNN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/OnnxToLinalg/Lowering.h"

namespace mlir::bnn {
#define GEN_PASS_DEF_ONNXTOLINALG
#include "passes/OnnxToLinalg/OnnxToLinalg.h.inc"
} // namespace mlir::bnn

using namespace mlir;
using namespace mlir::bnn;

namespace {

// Types do not change and every operator has one lowering, so that this is one
// walk in program order and not a dialect conversion, which would stop at the
// first operator that it cannot lower.
struct OnnxToLinalg : bnn::impl::OnnxToLinalgBase<OnnxToLinalg> {
  using OnnxToLinalgBase::OnnxToLinalgBase;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (func.isExternal())
      return;
    SmallVector<Operation *> work, constants;
    func.walk([&](Operation *op) {
      if (!isa_and_nonnull<onnx::ONNXDialect>(op->getDialect()))
        return;
      bool isConstant = isa<onnx::ConstantOp, onnx::NoValueOp>(op);
      (isConstant ? constants : work).push_back(op);
    });
    if (failed(checkRanks(work)))
      return signalPassFailure();
    onnx::SymbolicShapes shapes(func);
    if (failed(shapes.run()))
      return signalPassFailure();

    onnx::Lowering lowering(func, shapes);
    bool failed = false;
    for (Operation *op : work)
      failed |= mlir::failed(lower(lowering, op));
    if (failed)
      return signalPassFailure();
    for (Operation *op : work)
      op->dropAllReferences();
    for (Operation *op : work)
      op->erase();
    // The lowerings read the values of constants, so these come last.
    for (Operation *op : constants)
      if (mlir::failed(lowerConstant(lowering, op)))
        return signalPassFailure();
  }

private:
  /// Every value must have a rank: shape inference has given up otherwise.
  LogicalResult checkRanks(ArrayRef<Operation *> work) {
    bool ok = true;
    auto check = [&](Operation *op, ValueRange values, StringRef what) {
      if (none_of(values.getTypes(), llvm::IsaPred<UnrankedTensorType>))
        return;
      op->emitError() << op->getName() << " has " << what
                      << " of unknown rank; export the model with shapes of "
                         "constant rank";
      ok = false;
    };
    for (Operation *op : work) {
      check(op, op->getOperands(), "an operand");
      check(op, op->getResults(), "a result");
    }
    return success(ok);
  }

  LogicalResult lower(onnx::Lowering &lowering, Operation *op) {
    lowering.startAt(op);
    onnx::Lowered lowered;
    for (auto family :
         {onnx::lowerElementwise, onnx::lowerPow, onnx::lowerQuantization,
          onnx::lowerProducts, onnx::lowerReductions, onnx::lowerRows,
          onnx::lowerShapes, onnx::lowerMovement})
      if ((lowered = family(lowering, op)))
        break;
    if (!lowered)
      return op->emitError()
             << op->getName()
             << " has no lowering; replace it in the model by operators that "
                "are supported (see --list-operators)";
    if (failed(*lowered))
      return failure();
    for (auto [from, to] : llvm::zip_equal(op->getResults(), **lowered)) {
      Value same = lowering.cast(to, from.getType());
      lowering.shapes.copy(from, same);
      from.replaceAllUsesWith(same);
    }
    ++nodesLowered;
    return success();
  }

  LogicalResult lowerConstant(onnx::Lowering &lowering, Operation *op) {
    if (auto constant = dyn_cast<onnx::ConstantOp>(op);
        constant && !op->use_empty()) {
      lowering.startAt(op);
      Value value = lowering.constant(constant.getValue());
      constant.replaceAllUsesWith(lowering.cast(value, constant.getType()));
    }
    if (!op->use_empty())
      return op->emitError("is used by an operation that is not of the onnx "
                           "dialect");
    op->erase();
    return success();
  }
};

} // namespace
