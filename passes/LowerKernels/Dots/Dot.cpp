//===- Dot.cpp - Which dots add up a product ------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/LowerKernels/Dots/Dot.h"
#include "dialects/BNN/BNNTarget.h"
#include "passes/LowerKernels/Dots/ByteTiles.h"

using namespace mlir;
using namespace mlir::bnn;

Dot::~Dot() = default;
ProductDots::ProductDots() = default;
ProductDots::ProductDots(ProductDots &&) = default;
ProductDots::~ProductDots() = default;

std::unique_ptr<BlockDot> Dot::createBlock(DotAttr, TargetAttr) {
  return nullptr;
}

// The kernel of a kind; null for one that counts for another.
static const DotKernel *kernelOf(DotKind kind) {
  switch (kind) {
#define BNN_DOT(KIND, ...)                                                     \
  case DotKind::KIND:                                                          \
    return &k##KIND;
#include "dialects/BNN/Dots.def"
  default:
    return nullptr;
  }
}

LogicalResult bnn::verifyParams(Operation *op, TargetAttr target) {
  if (!target || !target.getDots())
    return success();
  for (DotAttr dot : target.getDots().getAsRange<DotAttr>()) {
    const DotKernel *kernel = kernelOf(dot.getKind());
    ArrayRef<StringLiteral> known;
    if (kernel && kernel->getParams)
      known = kernel->getParams();
    for (NamedAttribute param : dot.getParams() ? dot.getParams().getValue()
                                                : ArrayRef<NamedAttribute>())
      if (!llvm::is_contained(known, param.getName().getValue()))
        return op->emitError("the dot ")
               << stringifyDotKind(dot.getKind()) << " has no parameter "
               << param.getName();
  }
  return success();
}

ProductDots bnn::createDots(KernelBuilder &b, const Product &p, MatmulOp op,
                            TargetAttr target) {
  DotAttr dot = getDot(b.getContext(), target, op.getDotKind());
  ProductDots dots;
  dots.plain = kernelOf(dot.getKind())->create(b, p, dot, target);
  DotAttr best = op.getDot(target);
  if (best.getKind() == DotKind::ByteTiles)
    dots.tiles = std::make_unique<ByteTiles>(b, p);
  else if (best.getKind() != dot.getKind())
    dots.block = dots.plain->createBlock(best, target);
  return dots;
}
