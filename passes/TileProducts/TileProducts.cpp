//===- TileProducts.cpp - Sums of products in registers -------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/TileProducts/TileProducts.h"
#include "dialects/BNN/BNNModel.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/TileProducts/MatrixProduct.h"

#define DEBUG_TYPE "bnn-tile-products"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_TILEPRODUCTS
#include "passes/TileProducts/TileProducts.h.inc"

namespace {

struct TileProducts : impl::TileProductsBase<TileProducts> {
  using TileProductsBase::TileProductsBase;

  void runOnOperation() override {
    TargetAttr target = getTarget(getOperation());
    getOperation().walk([&](linalg::GenericOp op) {
      OpBuilder builder(op);
      if (succeeded(tileFloats(builder, op, target)))
        ++tiled;
      else if (succeeded(tileBytes(builder, op, target)))
        ++tiledBytes;
      else
        return;
      LLVM_DEBUG(llvm::dbgs() << "tiles " << op << '\n');
      op.erase();
    });
  }
};

} // namespace
} // namespace mlir::bnn
