//===- BufferConversion.h - From buffers of bits to buffers -----*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/BNN/BNN.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Transforms/DialectConversion.h"
#include "llvm/ADT/FunctionExtras.h"

namespace mlir {
class ModuleOp;
}

namespace mlir::bnn {

/// Converts buffers of bits to what `storage` returns, null where it cannot
/// store one; all other types stay.
struct BitsTypeConverter : mlir::TypeConverter {
  explicit BitsTypeConverter(
      std::function<mlir::Type(mlir::MemRefType)> storage);
};

/// Replaces an op on buffers by the loops that `emit(builder, op, operands)`
/// builds, and counts it in `lowered`, if there is one.
template <typename OpTy, typename BuilderTy>
struct LoopPattern : mlir::OpConversionPattern<OpTy> {
  using Emit = llvm::unique_function<void(BuilderTy &, OpTy,
                                          typename OpTy::Adaptor) const>;
  LoopPattern(const mlir::TypeConverter &types, mlir::MLIRContext *context,
              Emit emit, mlir::Pass::Statistic *lowered = nullptr)
      : mlir::OpConversionPattern<OpTy>(types, context), emit(std::move(emit)),
        lowered(lowered) {}

  mlir::LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    if (op->getNumResults())
      return rewriter.notifyMatchFailure(op, "bufferise first");
    BuilderTy builder(op.getLoc(), rewriter);
    emit(builder, op, adaptor);
    rewriter.eraseOp(op);
    if (lowered)
      ++*lowered;
    return mlir::success();
  }

  Emit emit;
  mlir::Pass::Statistic *lowered;
};

namespace detail {
template <typename BuilderTy, typename... OpTys, typename EmitTy>
void addLoopPatterns(mlir::RewritePatternSet &patterns,
                     const mlir::TypeConverter &types, EmitTy emit,
                     mlir::Pass::Statistic *lowered) {
  auto add = [&](auto null) {
    using OpTy = decltype(null);
    if constexpr (OpTy::template hasTrait<KernelOpInterface::Trait>())
      patterns.add<LoopPattern<OpTy, BuilderTy>>(types, patterns.getContext(),
                                                 emit, lowered);
  };
  (add(OpTys()), ...);
}
} // namespace detail

/// Adds a pattern for each bnn op that becomes a kernel: the loops that
/// `emit(builder, op, operands)` builds, which must take all such ops.
template <typename BuilderTy, typename EmitTy>
void addLoopPatterns(mlir::RewritePatternSet &patterns,
                     const mlir::TypeConverter &types, EmitTy emit,
                     mlir::Pass::Statistic *lowered = nullptr) {
  detail::addLoopPatterns<BuilderTy,
#define GET_OP_LIST
#include "dialects/BNN/BNNOps.cpp.inc"
                          >(patterns, types, emit, lowered);
}

/// Lowers every bnn op of a module with `patterns`, and all buffers of bits
/// with `types`: function signatures, calls, allocations and constants, which
/// become constant globals that hold `contents(constant, storage type)` (null:
/// the constant cannot be converted).
mlir::LogicalResult convertBuffers(
    mlir::ModuleOp module, mlir::TypeConverter &types,
    mlir::RewritePatternSet patterns,
    llvm::function_ref<mlir::ElementsAttr(ConstantOp, mlir::MemRefType)>
        contents);

} // namespace mlir::bnn
