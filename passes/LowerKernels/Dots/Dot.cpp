//===- Dot.cpp - Which dots add up a product ------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/LowerKernels/Dots/Dot.h"
#include "dialects/BNN/BNNTarget.h"
#include "passes/LowerKernels/Dots/ByteTable.h"
#include "passes/LowerKernels/Dots/FloatDots.h"

using namespace mlir;
using namespace mlir::bnn;

Dot::~Dot() = default;

// The params that the kernel of a dot knows.
static ArrayRef<StringRef> getParamNames(DotKind kind) {
  if (kind == DotKind::XorCount || kind == DotKind::AndCount)
    return Popcount::getParamNames();
  return {};
}

LogicalResult bnn::verifyParams(Operation *op, TargetAttr target) {
  if (!target || !target.getDots())
    return success();
  for (DotAttr dot : target.getDots().getAsRange<DotAttr>())
    for (NamedAttribute param : dot.getParams() ? dot.getParams().getValue()
                                                : ArrayRef<NamedAttribute>())
      if (!llvm::is_contained(getParamNames(dot.getKind()), param.getName()))
        return op->emitError("the dot ")
               << stringifyDotKind(dot.getKind()) << " has no parameter "
               << param.getName();
  return success();
}

// The dot of a product of bits, or of integers of a few bits.
static std::unique_ptr<CountDot> createCount(KernelBuilder &b, const Product &p,
                                             DotAttr dot, TargetAttr target) {
  if (p.element.getWidth() > 1)
    return createPlaneCount(b, p, dot, target);
  if (dot.getKind() == DotKind::XorCount)
    return createXorCount(b, p, dot, target);
  return createAndCount(b, p, dot, target);
}

ProductDots bnn::createDots(KernelBuilder &b, const Product &p, MatmulOp op,
                            TargetAttr target) {
  DotAttr dot = getDot(b.getContext(), target, op.getDotKind());
  ProductDots dots;
  if (dot.getKind() == DotKind::Fma) {
    dots.plain = createFma(b, p, dot);
  } else if (dot.getKind() == DotKind::SignedSum) {
    dots.plain = createSignedSum(b, p, dot);
  } else {
    std::unique_ptr<CountDot> count = createCount(b, p, dot, target);
    if (DotAttr table = op.getDot(target);
        table.getKind() == DotKind::ByteTable)
      dots.block = std::make_unique<ByteTable>(b, p, *count, table, target);
    dots.plain = std::move(count);
  }
  return dots;
}
