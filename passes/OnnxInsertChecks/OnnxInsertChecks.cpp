//===- OnnxInsertChecks.cpp - Checks shapes at run time -------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/OnnxInsertChecks/OnnxInsertChecks.h"
#include "dialects/BNN/BNN.h"
#include "dialects/ONNX/DimBounds.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/RegionUtils.h"
#include "passes/Support/DimensionBuilder.h"
#include <set>

namespace mlir::bnn {
#define GEN_PASS_DEF_ONNXINSERTCHECKS
#include "passes/OnnxInsertChecks/OnnxInsertChecks.h.inc"

namespace {

using onnx::Requirement;

/// Whether the requirement holds, an i1.
Value buildCondition(ImplicitLocOpBuilder &b, const Requirement &requirement,
                     const onnx::SymbolicShapes &shapes) {
  DimensionBuilder dims(b, shapes);
  Value left = dims.build(requirement.left),
        right = dims.build(requirement.right);
  auto compare = [&](arith::CmpIPredicate predicate, Value x, Value y) {
    return b.createOrFold<arith::CmpIOp>(predicate, x, y);
  };
  auto constant = [&](int64_t value) -> Value {
    return b.create<arith::ConstantIndexOp>(value);
  };
  auto either = [&](Value x, Value y) {
    return b.createOrFold<arith::OrIOp>(x, y);
  };
  Value equal = compare(arith::CmpIPredicate::eq, left, right);
  auto isOne = [&](Value x) {
    return compare(arith::CmpIPredicate::eq, x, constant(1));
  };
  switch (requirement.kind) {
  case Requirement::Equal:
    return equal;
  case Requirement::Broadcast:
    return either(equal, either(isOne(left), isOne(right)));
  case Requirement::BroadcastTo:
    return either(equal, isOne(left));
  case Requirement::AtMost:
    return compare(arith::CmpIPredicate::sle, left, right);
  case Requirement::Multiple: {
    Value divisor = b.createOrFold<arith::MaxSIOp>(right, constant(1));
    Value rest = b.createOrFold<arith::RemSIOp>(left, divisor);
    return b.createOrFold<arith::AndIOp>(
        compare(arith::CmpIPredicate::eq, rest, constant(0)),
        compare(arith::CmpIPredicate::eq, right, divisor));
  }
  case Requirement::InRange:
    break;
  }
  llvm_unreachable("a requirement of dimensions");
}

struct OnnxInsertChecks : impl::OnnxInsertChecksBase<OnnxInsertChecks> {
  using OnnxInsertChecksBase::OnnxInsertChecksBase;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (!func.getBody().hasOneBlock())
      return;
    onnx::SymbolicShapes shapes(func);
    if (failed(shapes.run()))
      return signalPassFailure();
    Block &body = func.getBody().front();
    Operation *start = &body.front();
    std::set<Requirement> seen;
    onnx::DimBounds bounds(shapes);
    for (Operation *op = start; op;) {
      Operation *next = op->getNextNode();
      for (const Requirement &requirement : shapes.requirementsOf(op)) {
        if (!seen.insert(requirement).second)
          continue;
        bounds.add(requirement);
        if (failed(check(op, {start, op, next}, requirement, shapes)))
          return signalPassFailure();
      }
      op = next;
    }
    if (DictionaryAttr known = bounds.get(&getContext()); !known.empty())
      func->setAttr(onnx::kDimBoundsAttr, known);
    IRRewriter rewriter(&getContext());
    (void)runRegionDCE(rewriter, func->getRegions());
  }

private:
  /// Before which operations a check may stand: if arguments decide it, if
  /// values do that the operation reads, and if its own results do.
  struct Places {
    Operation *start, *op, *next;
  };

  LogicalResult check(Operation *op, Places places,
                      const Requirement &requirement,
                      const onnx::SymbolicShapes &shapes) {
    FailureOr<SetVector<Value>> sources =
        sourcesOf({requirement.left, requirement.right}, shapes);
    if (failed(sources))
      return op->emitOpError("needs shapes that are not known at run time "
                             "either; export the model with shapes that are "
                             "computed from those of its inputs");
    if (requirement.indices)
      sources->insert(requirement.indices);
    bool ofArguments = llvm::all_of(*sources, llvm::IsaPred<BlockArgument>);
    bool ofResults = llvm::any_of(
        *sources, [&](Value v) { return v.getDefiningOp() == op; });
    ImplicitLocOpBuilder b(op->getLoc(), ofArguments ? places.start
                                         : ofResults ? places.next
                                                     : places.op);
    if (requirement.kind == Requirement::InRange)
      b.create<CheckIndicesOp>(
          b.getI1Type(), requirement.indices,
          DimensionBuilder(b, shapes).build(requirement.right));
    else
      b.create<CheckShapeOp>(buildCondition(b, requirement, shapes));
    ++checksInserted;
    return success();
  }
};

} // namespace
} // namespace mlir::bnn
