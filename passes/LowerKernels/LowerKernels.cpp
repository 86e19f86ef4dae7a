//===- LowerKernels.cpp - Packed bnn ops to tiled vector loops ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerKernels/LowerKernels.h"
#include "dialects/BNN/BNNModel.h"
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
Type wordsOf(MemRefType type) {
  if (!getLayout(type) || !type.getLayout().isIdentity())
    return {};
  return MemRefType::get(getStorageShape(type),
                         IntegerType::get(type.getContext(), kWordBits));
}

template <typename OpTy> using KernelPattern = LoopPattern<OpTy, KernelBuilder>;

struct LowerKernels : impl::LowerKernelsBase<LowerKernels> {
  using LowerKernelsBase::LowerKernelsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    MLIRContext *context = &getContext();
    auto target = getTarget(module);
    if (failed(verifyParams(module, target)))
      return signalPassFailure();
    BitsTypeConverter types(wordsOf);
    RewritePatternSet patterns(context);
    auto matmul = [=](KernelBuilder &b, MatmulOp op, MatmulOp::Adaptor in) {
      emitMatmul(b, op, in, target);
    };
    auto attention = [=](KernelBuilder &b, AttentionOp op,
                         AttentionOp::Adaptor in) {
      emitAttention(b, op, in, target);
    };
    patterns.add<KernelPattern<BinarizeOp>>(types, context, emitBinarize,
                                            &lowered);
    patterns.add<KernelPattern<QuantizeOp>>(types, context, emitQuantize,
                                            &lowered);
    patterns.add<KernelPattern<MatmulOp>>(types, context, matmul, &lowered);
    patterns.add<KernelPattern<AttentionOp>>(types, context, attention,
                                             &lowered);
    patterns.add<KernelPattern<EmbeddingOp>>(types, context, emitEmbedding,
                                             &lowered);
    patterns.add<KernelPattern<LayerNormOp>>(types, context, emitLayerNorm,
                                             &lowered);
    patterns.add<KernelPattern<bnn::ReduceOp>>(types, context, emitReduce,
                                               &lowered);
    auto words = [](ConstantOp op, MemRefType) -> ElementsAttr {
      return op.getBits();
    };
    if (failed(convertBuffers(module, types, std::move(patterns), words)))
      signalPassFailure();
  }
};

} // namespace
} // namespace mlir::bnn
