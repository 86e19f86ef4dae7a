//===- CheckBounds.cpp - Shows that accesses stay within their buffers ----===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/CheckBounds/CheckBounds.h"
#include "dialects/BNN/BNN.h"
#include "dialects/BNN/BNNModel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ShapedOpInterfaces.h"
#include "passes/CheckBounds/AccessBounds.h"
#include "passes/CheckBounds/Accesses.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_CHECKBOUNDS
#include "passes/CheckBounds/CheckBounds.h.inc"

namespace {

struct CheckBounds : impl::CheckBoundsBase<CheckBounds> {
  using CheckBoundsBase::CheckBoundsBase;

  void runOnOperation() override {
    if (getOperation().walk(checkAxis).wasInterrupted())
      return signalPassFailure();
    bool isInBounds = true;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isPrivate() && !function.isExternal())
        isInBounds &= checkEntry(function);
    if (required && !isInBounds)
      signalPassFailure();
    markAllAnalysesPreserved();
  }

private:
  /// MLIR verifies no such axis, and reads its size behind the shape.
  static WalkResult checkAxis(ShapedDimOpInterface op) {
    auto type = dyn_cast<ShapedType>(op.getShapedValue().getType());
    std::optional<int64_t> axis = getConstantIntValue(op.getDimension());
    if (!axis || !type || !type.hasRank() ||
        (*axis >= 0 && *axis < type.getRank()))
      return WalkResult::advance();
    op->emitError() << "asks for axis " << *axis << " of " << type;
    return WalkResult::interrupt();
  }

  /// What the entry's checks of its arguments establish.
  SmallVector<EntryFact> factsOf(func::FuncOp entry) {
    ModelAttr model = getModel(getOperation());
    llvm::MapVector<StringRef, Size> first;
    SmallVector<EntryFact> facts;
    for (BlockArgument value : entry.getArguments()) {
      auto argument = bnn::getArgument(entry, value.getArgNumber());
      if (!argument || !argument.getDims())
        continue;
      for (auto [axis, dim] : llvm::enumerate(argument.getDims())) {
        auto name = dyn_cast<StringAttr>(dim);
        if (!name)
          continue;
        EntryFact fact{{value, axis}, {}, model.getMaximum(name)};
        auto [it, isNew] = first.insert({name.getValue(), fact.size});
        if (!isNew)
          fact.equal = it->second;
        facts.push_back(fact);
      }
    }
    return facts;
  }

  bool checkEntry(func::FuncOp entry) {
    total = inBounds = 0;
    checkFunction(entry, {}, factsOf(entry));
    accesses += total;
    shown += inBounds;
    emitRemark(entry.getLoc())
        << inBounds << " of " << total
        << " accesses are shown to stay within their buffers";
    return inBounds == total;
  }

  /// Checks what the function does, and what those do that it calls.
  void checkFunction(func::FuncOp function, ArrayRef<func::CallOp> calls,
                     ArrayRef<EntryFact> facts) {
    function.walk([&](Operation *op) {
      auto call = dyn_cast<func::CallOp>(op);
      auto callee =
          call ? getOperation().lookupSymbol<func::FuncOp>(call.getCallee())
               : func::FuncOp();
      if (callee && !callee.isExternal() && !llvm::is_contained(calls, call)) {
        SmallVector<func::CallOp> inner{call};
        inner.append(calls.begin(), calls.end());
        checkFunction(callee, inner, facts);
      }
      CallContext where{calls, facts};
      for (const Access &access : accessesOf(op))
        report(op, obstacle(op, access, where));
      for (const Reshaping &reshaping : reshapingsOf(op))
        report(op, obstacle(op, reshaping, where));
    });
  }

  /// Counts an access; where there is an obstacle, says which.
  void report(Operation *op, StringRef obstacle) {
    ++total;
    if (obstacle.empty()) {
      ++inBounds;
      return;
    }
    (required ? op->emitError() : op->emitRemark())
        << "cannot be shown to stay within its buffer: " << obstacle;
  }

  /// Why an access cannot be shown to be in bounds; empty where it can.
  std::string obstacle(Operation *op, const Access &access, CallContext where) {
    if (!access.isKnown)
      return "which elements it touches is not known";
    for (const AxisAccess &axis : access.axes) {
      AccessBounds bounds(&getContext(), where);
      AffineExpr begin = bounds.expr(axis.begin);
      AffineExpr extent = bounds.expr(axis.extent);
      AffineExpr size = bounds.dim(access.buffer, axis.axis);
      bounds.assumeSurroundings(op);
      std::string name = "axis " + std::to_string(axis.axis);
      if (!bounds.proves(bounds.constant(0), begin))
        return name + " may begin below 0";
      // The last is (extent - 1) strides from the first.
      AffineExpr end = begin + (extent - 1) * axis.stride + 1;
      if (!bounds.proves(end, size))
        return name + " may end beyond its size";
    }
    return "";
  }

  /// Likewise for a buffer that is given another shape.
  std::string obstacle(Operation *op, const Reshaping &reshaping,
                       CallContext where) {
    AccessBounds bounds(&getContext(), where);
    AffineExpr view = bounds.elements(reshaping.view, reshaping.viewAxes);
    AffineExpr buffer = bounds.elements(reshaping.buffer, reshaping.bufferAxes);
    bounds.assumeSurroundings(op);
    return bounds.proves(view, buffer) ? ""
                                       : "it may have more elements than that";
  }

  unsigned total = 0, inBounds = 0;
};

} // namespace
} // namespace mlir::bnn
