//===- BufferConversion.h - From buffers of bits to buffers -----*- C++ -*-===//
#pragma once
#include "dialects/BNN/BNN.h"
#include "mlir/Transforms/DialectConversion.h"

namespace mlir {
class ModuleOp;
}

namespace mlir::bnn {

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
