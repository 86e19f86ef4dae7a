//===- BufferConversion.cpp - From buffers of bits to buffers -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Support/BufferConversion.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"
#include "passes/Support/LoopBuilder.h"

using namespace mlir;
using namespace mlir::bnn;

namespace {

struct AllocPattern : OpConversionPattern<memref::AllocOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(memref::AllocOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto type = getTypeConverter()->convertType<MemRefType>(op.getType());
    if (!type)
      return rewriter.notifyMatchFailure(op, "bits in an unexpected layout");
    rewriter.replaceOpWithNewOp<memref::AllocOp>(
        op, type, adaptor.getDynamicSizes(), op.getAlignmentAttr());
    return success();
  }
};

struct DimPattern : OpConversionPattern<memref::DimOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(memref::DimOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<memref::DimOp>(op, adaptor.getSource(),
                                               adaptor.getIndex());
    return success();
  }
};

// Constants become constant globals.
struct ConstantPattern : OpConversionPattern<ConstantOp> {
  using Contents = llvm::function_ref<ElementsAttr(ConstantOp, MemRefType)>;
  ConstantPattern(const TypeConverter &types, MLIRContext *context,
                  SymbolTable &symbols, Contents contents)
      : OpConversionPattern(types, context), symbols(symbols),
        contents(contents) {}

  LogicalResult
  matchAndRewrite(ConstantOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto type = getTypeConverter()->convertType<MemRefType>(op.getType());
    ElementsAttr value = type ? contents(op, type) : ElementsAttr();
    if (!value)
      return rewriter.notifyMatchFailure(op, "not in the expected layout");
    memref::GlobalOp global;
    {
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointToStart(
          &cast<ModuleOp>(symbols.getOp()).getBodyRegion().front());
      global = rewriter.create<memref::GlobalOp>(
          op.getLoc(), "bits", rewriter.getStringAttr("private"), type, value,
          /*constant=*/true, rewriter.getI64IntegerAttr(kBufferAlignment));
    }
    symbols.insert(global);
    rewriter.replaceOpWithNewOp<memref::GetGlobalOp>(op, type,
                                                     global.getSymName());
    return success();
  }
  SymbolTable &symbols;
  Contents contents;
};

struct CheckIndicesPattern : OpConversionPattern<CheckIndicesOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(CheckIndicesOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (!isa<MemRefType>(op.getIds().getType()))
      return rewriter.notifyMatchFailure(op, "bufferise first");
    LoopBuilder b(op.getLoc(), rewriter);
    rewriter.replaceOp(op,
                       b.indicesInRange(adaptor.getIds(), adaptor.getLimit()));
    return success();
  }
};

// Puts constants of bits where they are first read, from where folding has
// gathered them: their globals lie in the order in which a run reads them.
void moveToFirstUse(ModuleOp module) {
  SetVector<Operation *> constants;
  module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    for (Value operand : op->getOperands()) {
      Operation *def = operand.getDefiningOp();
      if (!def || !matchPattern(def, m_Constant()) ||
          !isa<BNNDialect>(def->getDialect()) || !constants.insert(def))
        continue;
      if (Operation *user = def->getBlock()->findAncestorOpInBlock(*op))
        def->moveBefore(user);
    }
  });
}

} // namespace

BitsTypeConverter::BitsTypeConverter(std::function<Type(MemRefType)> storage) {
  addConversion([](Type type) { return type; });
  addConversion(
      [storage = std::move(storage)](MemRefType type) -> std::optional<Type> {
        // Null is an error; nothing else converts it.
        return isa<BitsType>(type.getElementType()) ? storage(type) : type;
      });
}

LogicalResult bnn::convertBuffers(
    ModuleOp module, TypeConverter &types, RewritePatternSet patterns,
    llvm::function_ref<ElementsAttr(ConstantOp, MemRefType)> contents) {
  MLIRContext *context = module.getContext();
  SymbolTable symbols(module);
  moveToFirstUse(module);
  patterns.add<AllocPattern, DimPattern, CheckIndicesPattern>(types, context);
  patterns.add<ConstantPattern>(types, context, symbols, contents);
  populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns,
                                                                 types);
  populateCallOpTypeConversionPattern(patterns, types);
  populateReturnOpTypeConversionPattern(patterns, types);

  ConversionTarget target(*context);
  target.addIllegalDialect<BNNDialect>();
  // Branches come when every function may have several blocks.
  target.addLegalOp<ReturnUnlessOp>();
  target.addDynamicallyLegalOp<func::FuncOp>([&](func::FuncOp op) {
    return types.isSignatureLegal(op.getFunctionType());
  });
  target.markUnknownOpDynamicallyLegal(
      [&](Operation *op) { return types.isLegal(op); });
  return applyPartialConversion(module, target, std::move(patterns));
}
