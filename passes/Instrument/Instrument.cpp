//===- Instrument.cpp - A hook before each operation ----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Instrument/Instrument.h"
#include "dialects/BNN/BNN.h"
#include "dialects/BNN/BNNModel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_INSTRUMENT
#include "passes/Instrument/Instrument.h.inc"

namespace {

/// Whether a run spends time in `op`, as opposed to computing an address or a
/// size.
bool doesWork(Operation &op) {
  return isa<BNNDialect, linalg::LinalgDialect>(op.getDialect())
             ? llvm::any_of(op.getOperandTypes(), llvm::IsaPred<MemRefType>)
             : isa<memref::CopyOp>(op) ||
                   (op.getNumRegions() > 0 && !isa<func::FuncOp>(op));
}

/// The binary multiply-accumulates of `op`, an i64.
Value countMACs(ImplicitLocOpBuilder &b, Operation &op) {
  MultiplyAccumulates macs;
  if (auto kernel = dyn_cast<KernelOpInterface>(op))
    macs = kernel.getMultiplyAccumulates();
  if (!macs.factor)
    return b.create<arith::ConstantIntOp>(0, 64);
  Value count = b.create<arith::ConstantIndexOp>(macs.factor);
  for (auto [buffer, axis] : macs.dimensions) {
    auto type = cast<MemRefType>(buffer.getType());
    Value size;
    if (type.isDynamicDim(axis))
      size = b.create<memref::DimOp>(buffer, axis);
    else
      size = b.create<arith::ConstantIndexOp>(type.getDimSize(axis));
    count = b.create<arith::MulIOp>(count, size);
  }
  return b.create<arith::IndexCastOp>(b.getI64Type(), count);
}

/// The key of the port limit.
StringRef limitKey(Operation &op, TargetAttr target) {
  if (auto kernel = dyn_cast<KernelOpInterface>(op))
    return kernel.getKernelName(target);
  return isa<BNNDialect>(op.getDialect()) ? op.getName().stripDialect()
                                          : op.getName().getStringRef();
}

/// What the profile calls the op. An op whose multiply-accumulates are not
/// binary is not to be summed up with those whose are: it has the name of its
/// kernel besides.
std::string kindOf(Operation &op, TargetAttr target) {
  StringRef key = limitKey(op, target);
  auto kernel = dyn_cast<KernelOpInterface>(op);
  if (!kernel)
    return key.str();
  StringRef name = op.getName().stripDialect();
  if (kernel.getMultiplyAccumulates().factor || key == name)
    return name.str();
  return (name + "." + key).str();
}

struct Instrument : impl::InstrumentBase<Instrument> {
  using InstrumentBase::InstrumentBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal())
      return;
    if (main.getNumResults() != 1 || !main.getBody().hasOneBlock() ||
        !main.getResultTypes()[0].isInteger(32)) {
      main.emitError("to instrument a model, its function must have been given "
                     "buffers and a status: run --bnn-phase-bufferize first");
      return signalPassFailure();
    }
    MLIRContext *context = &getContext();
    ImplicitLocOpBuilder b(main.getLoc(), context);
    auto pointer = LLVM::LLVMPointerType::get(context);
    hook = addArgument(main, pointer, ArgumentKind::ProfileHook);
    this->context = addArgument(main, pointer, ArgumentKind::ProfileContext);

    Block &body = main.getBody().front();
    SmallVector<Operation *> work;
    for (Operation &op : body.without_terminator())
      if (doesWork(op))
        work.push_back(&op);
    auto limits = module->getAttrOfType<DictionaryAttr>(kPortLimitsAttr);
    auto target = getTarget(module);
    SmallVector<Attribute> table;
    for (auto [index, op] : llvm::enumerate(work)) {
      b.setInsertionPoint(op);
      b.setLoc(op->getLoc());
      call(b, index, countMACs(b, *op));
      auto limit =
          limits ? limits.getAs<FloatAttr>(limitKey(*op, target)) : FloatAttr();
      table.push_back(ProfiledAttr::get(context, kindOf(*op, target),
                                        nodeName(op->getLoc()),
                                        limit ? limit : b.getF64FloatAttr(0)));
    }
    b.setInsertionPoint(body.getTerminator());
    b.setLoc(main.getLoc());
    call(b, work.size(), b.create<arith::ConstantIntOp>(0, 64));
    module->setAttr(kProfiledOpsAttr, b.getArrayAttr(table));
    instrumented += work.size();
  }

private:
  static Value addArgument(func::FuncOp main, Type type, ArgumentKind kind) {
    Builder b(main.getContext());
    unsigned index = main.getNumArguments();
    auto argument = ArgumentAttr::get(main.getContext(), kind);
    main.insertArgument(
        index, type,
        b.getDictionaryAttr(b.getNamedAttr(kArgumentAttr, argument)),
        main.getLoc());
    return main.getArgument(index);
  }

  void call(ImplicitLocOpBuilder &b, int64_t index, Value macs) {
    Value number = b.create<arith::ConstantIntOp>(index, 32);
    auto type = LLVM::LLVMFunctionType::get(
        LLVM::LLVMVoidType::get(b.getContext()),
        {context.getType(), number.getType(), macs.getType()});
    b.create<LLVM::CallOp>(type, ValueRange{hook, context, number, macs});
  }

  Value hook, context;
};

} // namespace
} // namespace mlir::bnn
