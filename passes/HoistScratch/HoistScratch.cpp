//===- HoistScratch.cpp - The caller allocates a kernel's scratch ---------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/HoistScratch/HoistScratch.h"
#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_HOISTSCRATCH
#include "passes/HoistScratch/HoistScratch.h.inc"

namespace {

struct HoistScratch : impl::HoistScratchBase<HoistScratch> {
  using HoistScratchBase::HoistScratchBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    for (auto func : module.getOps<func::FuncOp>())
      if (func.isPrivate() && !func.isExternal() && func.getName() != "main" &&
          failed(hoist(func)))
        return signalPassFailure();
  }

  LogicalResult hoist(func::FuncOp func) {
    SmallVector<memref::AllocOp> allocs(
        func.getBody().front().getOps<memref::AllocOp>());
    if (allocs.empty())
      return success();
    auto uses = func.getSymbolUses(getOperation());
    SmallVector<func::CallOp> callers;
    for (SymbolTable::SymbolUse use : *uses) {
      auto call = dyn_cast<func::CallOp>(use.getUser());
      if (!call)
        return use.getUser()->emitError("is not a call of @")
               << func.getName() << ", whose scratch memory moves to callers";
      callers.push_back(call);
    }
    for (memref::AllocOp alloc : allocs) {
      // What computes the sizes, down to the arguments.
      SetVector<Operation *> slice;
      BackwardSliceOptions options;
      options.inclusive = true;
      getBackwardSlice(alloc.getOperation(), &slice, options);
      for (Operation *op : slice)
        if (op != alloc && !isMemoryEffectFree(op))
          return alloc.emitError("the size of this scratch memory is not "
                                 "computed from the function's arguments");
      for (func::CallOp call : callers) {
        OpBuilder b(call);
        IRMapping mapping;
        mapping.map(func.getArguments().take_front(call.getNumOperands()),
                    call.getOperands());
        for (Operation *op : slice)
          b.clone(*op, mapping);
        call.getOperandsMutable().append(mapping.lookup(alloc.getMemref()));
      }
      BlockArgument argument =
          func.getBody().front().addArgument(alloc.getType(), alloc.getLoc());
      alloc.replaceAllUsesWith(argument);
      alloc.erase();
      ++hoisted;
    }
    func.setFunctionType(FunctionType::get(&getContext(),
                                           func.getBody().getArgumentTypes(),
                                           func.getResultTypes()));
    return success();
  }
};

} // namespace
} // namespace mlir::bnn
