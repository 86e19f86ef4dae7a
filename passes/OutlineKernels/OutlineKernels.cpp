//===- OutlineKernels.cpp - One function a kernel -------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/OutlineKernels/OutlineKernels.h"
#include "dialects/BNN/BNN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "passes/Support/Epilogue.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "passes/OutlineKernels/OutlineKernels.h.inc"

namespace {

struct OutlineKernels : impl::OutlineKernelsBase<OutlineKernels> {
  using OutlineKernelsBase::OutlineKernelsBase;

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    llvm::StringMap<func::FuncOp> known;
    SmallVector<Operation *> ops;
    for (auto func : getOperation().getOps<func::FuncOp>())
      collect(func, ops);
    for (Operation *op : ops)
      outline(op, symbols, known);
  }

  /// The ops of a function that become calls, in their order.
  void collect(func::FuncOp func, SmallVectorImpl<Operation *> &ops) {
    SmallVector<Operation *> all;
    unsigned numSmall = 0;
    func.walk([&](Operation *op) {
      if (op->getNumResults() > 0 || !hasLoops(op))
        return;
      all.push_back(op);
      numSmall += !isKernel(op);
    });
    llvm::copy_if(all, std::back_inserter(ops), [&](Operation *op) {
      return isKernel(op) ||
             (numSmall > mostOps &&
              llvm::all_of(op->getRegions(), capturesOnlyConstants));
    });
  }

  static bool hasLoops(Operation *op) {
    return isa<KernelOpInterface, linalg::LinalgOp>(op);
  }

  static bool isKernel(Operation *op) {
    auto kernel = dyn_cast<KernelOpInterface>(op);
    return kernel && kernel.isOutlined();
  }

  void outline(Operation *op, SymbolTable &symbols,
               llvm::StringMap<func::FuncOp> &known) {
    for (Region &region : op->getRegions())
      sinkConstants(region);
    OpBuilder b(&getContext());
    Location loc = op->getLoc();
    auto func =
        func::FuncOp::create(loc, op->getName().stripDialect(),
                             b.getFunctionType(op->getOperandTypes(), {}));
    func.setPrivate();
    // A kernel that is called once a layer is not worth a copy a layer.
    func->setAttr("passthrough", b.getStrArrayAttr({"noinline"}));
    Block *entry = func.addEntryBlock();
    b.setInsertionPointToStart(entry);
    IRMapping mapping;
    // One value used twice by an op is two arguments.
    Operation *clone = b.clone(*op, mapping);
    clone->setOperands(entry->getArguments());
    b.create<func::ReturnOp>(loc);

    std::string key;
    llvm::raw_string_ostream os(key);
    os << func.getName() << func.getFunctionType();
    OpPrintingFlags flags;
    flags.useLocalScope();
    func.print(os, flags);
    auto [found, isNew] = known.try_emplace(os.str(), func);
    if (isNew) {
      symbols.insert(func, getOperation().getBody()->begin());
      ++functionsMade;
    } else {
      func.erase();
    }
    OpBuilder at(op);
    at.create<func::CallOp>(loc, found->second, op->getOperands());
    op->erase();
    ++outlined;
  }
};

} // namespace
} // namespace mlir::bnn
