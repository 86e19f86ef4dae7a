//===- LowerKernels.cpp - Packed bnn ops to tiled vector loops ------------===//
#include "passes/LowerKernels/LowerKernels.h"
#include "dialects/BNN/BNN.h"
#include "dialects/BNN/Layout.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/LowerKernels/Dots/Dot.h"
#include "passes/Support/BufferConversion.h"

using namespace mlir;

namespace mlir::bnn {
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
        return Type(); // An error; nothing else converts it.
      return MemRefType::get(getStorageShape(type),
                             IntegerType::get(type.getContext(), kWordBits));
    });
  }
};

template <typename OpTy> struct KernelPattern : OpConversionPattern<OpTy> {
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

struct LowerKernelsPass : impl::LowerKernelsBase<LowerKernelsPass> {
  using LowerKernelsBase::LowerKernelsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    MLIRContext *context = &getContext();
    auto target = module->getAttrOfType<TargetAttr>(kTargetAttr);
    if (failed(verifyParams(module, target)))
      return signalPassFailure();
    StorageTypeConverter types;
    RewritePatternSet patterns(context);
    auto matmul = [=](KernelBuilder &b, MatmulOp op, MatmulOp::Adaptor in) {
      emitMatmul(b, op, in, target);
    };
    auto attention = [=](KernelBuilder &b, AttentionOp op,
                         AttentionOp::Adaptor in) {
      emitAttention(b, op, in, target);
    };
    patterns.add<KernelPattern<BinarizeOp>>(types, context, emitBinarize,
                                            lowered);
    patterns.add<KernelPattern<QuantizeOp>>(types, context, emitQuantize,
                                            lowered);
    patterns.add<KernelPattern<MatmulOp>>(types, context, matmul, lowered);
    patterns.add<KernelPattern<AttentionOp>>(types, context, attention,
                                             lowered);
    patterns.add<KernelPattern<EmbeddingOp>>(types, context, emitEmbedding,
                                             lowered);
    patterns.add<KernelPattern<LowRankOp>>(types, context, emitLowRank,
                                           lowered);
    patterns.add<KernelPattern<SignedSumOp>>(types, context, emitSignedSum,
                                             lowered);
    patterns.add<KernelPattern<LayerNormOp>>(types, context, emitLayerNorm,
                                             lowered);
    patterns.add<KernelPattern<bnn::ReduceOp>>(types, context, emitReduce,
                                               lowered);
    auto words = [](ConstantOp op, MemRefType) -> ElementsAttr {
      return op.getBits();
    };
    if (failed(convertBuffers(module, types, std::move(patterns), words)))
      signalPassFailure();
  }
};

} // namespace
} // namespace mlir::bnn
