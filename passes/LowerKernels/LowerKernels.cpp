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

// MLIR verifies the layouts of tensors, and not those of buffers. What is wrong
// with one is said of the op that cannot be converted.
bool hasPackedLayout(MemRefType type) {
  MLIRContext *context = type.getContext();
  auto layout = dyn_cast_or_null<VerifiableTensorEncoding>(getLayout(type));
  ScopedDiagnosticHandler quiet(context, [](Diagnostic &) {});
  return layout && succeeded(layout.verifyEncoding(
                       type.getShape(), type.getElementType(),
                       [&] { return emitError(UnknownLoc::get(context)); }));
}

// A buffer of packed bits, or of bytes of weights, is a buffer of words, and
// one of bytes in no layout stays one.
Type storageOf(MemRefType type) {
  if (cast<BitsType>(type.getElementType()).isByte() &&
      !type.getMemorySpace()) {
    // A row has a known number of them.
    if (type.getRank() == 0 || type.getShape().back() < 1)
      return {};
    return MemRefType::get(type.getShape(),
                           IntegerType::get(type.getContext(), 8),
                           type.getLayout());
  }
  if (!hasPackedLayout(type) || !type.getLayout().isIdentity())
    return {};
  return MemRefType::get(getStorageShape(type),
                         IntegerType::get(type.getContext(), kWordBits));
}

// Bytes in no layout are a buffer all the same: whether a kernel wants them in
// one, its op knows.
LogicalResult verifyPackedBytes(ModuleOp module, TargetAttr target) {
  WalkResult result = module.walk([&](LayoutOpInterface op) -> WalkResult {
    for (OpOperand &operand : op->getOpOperands()) {
      auto type = dyn_cast<MemRefType>(operand.get().getType());
      auto bits = type ? dyn_cast<BitsType>(type.getElementType()) : BitsType();
      if (bits && bits.isByte() && !getLayout(type) &&
          op.getOperandLayout(operand, target))
        return op.emitError("reads bytes that are not packed as operand #")
               << operand.getOperandNumber() << "; run bnn-pack before";
    }
    return success();
  });
  return failure(result.wasInterrupted());
}

struct LowerKernels : impl::LowerKernelsBase<LowerKernels> {
  using LowerKernelsBase::LowerKernelsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    MLIRContext *context = &getContext();
    auto target = getTarget(module);
    if (failed(verifyParams(module, target)) ||
        failed(verifyPackedBytes(module, target)))
      return signalPassFailure();
    BitsTypeConverter types(storageOf);
    RewritePatternSet patterns(context);
    addLoopPatterns<KernelBuilder>(
        patterns, types,
        [target](KernelBuilder &b, auto op, auto buffers) {
          b.setTarget(target);
          emitKernel(b, op, buffers, target);
        },
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
