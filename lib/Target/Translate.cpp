//===- Translate.cpp - From the LLVM dialect to LLVM IR -------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Target/Translate.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Export.h"

using namespace mlir;

/// MLIR makes a zeroinitializer of a repeated -0.0, which loses its sign: gives
/// it as the integer of the same bits. Whoever reads the global says as what.
static void keepNegativeZeros(ModuleOp module) {
  for (auto global : module.getOps<LLVM::GlobalOp>()) {
    auto array = dyn_cast<LLVM::LLVMArrayType>(global.getGlobalType());
    auto value = dyn_cast_or_null<SplatElementsAttr>(global.getValueOrNull());
    if (!array || !value || !isa<FloatType>(value.getElementType()) ||
        !value.getSplatValue<APFloat>().isNegZero())
      continue;
    SmallVector<unsigned> sizes;
    Type element = array;
    while (auto inner = dyn_cast<LLVM::LLVMArrayType>(element)) {
      sizes.push_back(inner.getNumElements());
      element = inner.getElementType();
    }
    APInt bits = value.getSplatValue<APFloat>().bitcastToAPInt();
    Type integer = IntegerType::get(module.getContext(), bits.getBitWidth());
    Type type = integer;
    for (unsigned size : llvm::reverse(sizes))
      type = LLVM::LLVMArrayType::get(type, size);
    global.setGlobalType(type);
    global.setValueAttr(DenseElementsAttr::get(
        RankedTensorType::get(value.getType().getShape(), integer), bits));
  }
}

std::unique_ptr<llvm::Module> bnn::translateToLLVMIR(ModuleOp module,
                                                     llvm::LLVMContext &context,
                                                     StringRef name) {
  keepNegativeZeros(module);
  return translateModuleToLLVMIR(module, context, name);
}
