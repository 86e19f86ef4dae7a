//===- LowerKernels.cpp - Packed bnn ops to tiled vector loops ------------===//
#include "dialects/BNN/BNN.h"
#include "dialects/BNN/Layout.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/DialectConversion.h"
#include "passes/LowerKernels/KernelBuilder.h"
#include "passes/Passes.h"

using namespace mlir;

namespace bnn {
#define GEN_PASS_DEF_LOWERKERNELS
#include "passes/LowerKernels/LowerKernels.h.inc"

namespace {

// A buffer of packed bits is a buffer of words.
struct StorageTypeConverter : TypeConverter {
  StorageTypeConverter() {
    addConversion([](Type type) { return type; });
    addConversion([](MemRefType type) -> std::optional<Type> {
      if (!isa<BitsType>(type.getElementType()))
        return type;
      if (!getLayout(type) || !type.getLayout().isIdentity())
        return std::nullopt;
      return MemRefType::get(getStorageShape(type),
                             IntegerType::get(type.getContext(), kWordBits));
    });
  }
};

template <typename OpTy>
struct KernelPattern : OpConversionPattern<OpTy> {
  using Emit = llvm::unique_function<void(KernelBuilder &, OpTy,
                                          typename OpTy::Adaptor) const>;
  KernelPattern(const TypeConverter &types, MLIRContext *context, Emit emit,
                Pass::Statistic &lowered)
      : OpConversionPattern<OpTy>(types, context), emit(std::move(emit)),
        lowered(lowered) {}

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (op->getNumResults())
      return rewriter.notifyMatchFailure(op, "bufferise first");
    KernelBuilder builder(op.getLoc(), rewriter);
    emit(builder, op, adaptor);
    rewriter.eraseOp(op);
    ++lowered;
    return success();
  }

  Emit emit;
  Pass::Statistic &lowered;
};

struct AllocPattern : OpConversionPattern<memref::AllocOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(memref::AllocOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto type =
        getTypeConverter()->convertType<MemRefType>(op.getType());
    if (!type)
      return rewriter.notifyMatchFailure(op, "bits without a packed layout");
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

// Packed weights become a constant global.
struct ConstantPattern : OpConversionPattern<ConstantOp> {
  ConstantPattern(const TypeConverter &types, MLIRContext *context,
                  SymbolTable &symbols)
      : OpConversionPattern(types, context), symbols(symbols) {}

  LogicalResult
  matchAndRewrite(ConstantOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto type = getTypeConverter()->convertType<MemRefType>(op.getType());
    if (!type)
      return rewriter.notifyMatchFailure(op, "bits without a packed layout");
    memref::GlobalOp global;
    {
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointToStart(
          &cast<ModuleOp>(symbols.getOp()).getBodyRegion().front());
      global = rewriter.create<memref::GlobalOp>(
          op.getLoc(), "bits", rewriter.getStringAttr("private"), type,
          op.getBits(), /*constant=*/true, rewriter.getI64IntegerAttr(64));
    }
    symbols.insert(global);
    rewriter.replaceOpWithNewOp<memref::GetGlobalOp>(op, type,
                                                     global.getSymName());
    return success();
  }
  SymbolTable &symbols;
};

// All indices in range: and over two comparisons each.
void emitCheckIndices(ConversionPatternRewriter &rewriter, CheckIndicesOp op,
                      Value ids) {
  KernelBuilder b(op.getLoc(), rewriter);
  Value list = b.flat(ids);
  Type type = getElementTypeOrSelf(ids.getType());
  auto constant = [&](int64_t value) -> Value {
    return b.create<arith::ConstantOp>(IntegerAttr::get(type, value));
  };
  Value low = constant(-op.getLimit()), high = constant(op.getLimit());
  Value yes = b.create<arith::ConstantOp>(b.getBoolAttr(true));
  SmallVector<Value> ok = b.loop(
      b.index(0), b.dim(list, 0), 1, yes,
      [&](Value i, ValueRange acc) -> SmallVector<Value> {
        Value id = b.load(list, i);
        Value above =
            b.create<arith::CmpIOp>(arith::CmpIPredicate::sge, id, low);
        Value below =
            b.create<arith::CmpIOp>(arith::CmpIPredicate::slt, id, high);
        Value both = b.create<arith::AndIOp>(above, below);
        return {b.create<arith::AndIOp>(acc[0], both)};
      });
  rewriter.replaceOp(op, ok);
}

struct CheckIndicesPattern : OpConversionPattern<CheckIndicesOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(CheckIndicesOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (!isa<MemRefType>(op.getIds().getType()))
      return rewriter.notifyMatchFailure(op, "bufferise first");
    emitCheckIndices(rewriter, op, adaptor.getIds());
    return success();
  }
};

struct LowerKernelsPass : impl::LowerKernelsBase<LowerKernelsPass> {
  using LowerKernelsBase::LowerKernelsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    MLIRContext *context = &getContext();
    int64_t rows = 1, panels = 1;
    if (auto target = module->getAttrOfType<TargetAttr>(kTargetAttr)) {
      rows = target.getRows();
      panels = target.getPanels();
    }
    StorageTypeConverter types;
    SymbolTable symbols(module);
    RewritePatternSet patterns(context);
    auto matmul = [=](KernelBuilder &b, MatmulOp op, MatmulOp::Adaptor in) {
      emitMatmul(b, op, in, rows, panels);
    };
    patterns.add<KernelPattern<BinarizeOp>>(types, context, emitBinarize,
                                            lowered);
    patterns.add<KernelPattern<MatmulOp>>(types, context, matmul, lowered);
    patterns.add<KernelPattern<AttentionOp>>(types, context, emitAttention,
                                             lowered);
    patterns.add<KernelPattern<EmbeddingOp>>(types, context, emitEmbedding,
                                             lowered);
    patterns.add<KernelPattern<LowRankOp>>(types, context, emitLowRank,
                                           lowered);
    patterns.add<KernelPattern<bnn::ReduceOp>>(types, context, emitReduce,
                                               lowered);
    patterns.add<AllocPattern, DimPattern, CheckIndicesPattern>(types, context);
    patterns.add<ConstantPattern>(types, context, symbols);
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns,
                                                                   types);
    populateCallOpTypeConversionPattern(patterns, types);
    populateReturnOpTypeConversionPattern(patterns, types);

    ConversionTarget target(*context);
    target.addIllegalDialect<BNNDialect>();
    target.addDynamicallyLegalOp<func::FuncOp>([&](func::FuncOp op) {
      return types.isSignatureLegal(op.getFunctionType());
    });
    target.markUnknownOpDynamicallyLegal(
        [&](Operation *op) { return types.isLegal(op); });
    if (failed(applyPartialConversion(module, target, std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace bnn
