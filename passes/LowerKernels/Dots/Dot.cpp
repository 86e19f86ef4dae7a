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

// The dot of a product's operands by counting bits.
static std::unique_ptr<CountDot> createCount(KernelBuilder &b, const Product &p,
                                             TargetAttr target) {
  auto dot = [&](DotKind kind) { return getDot(b.getContext(), target, kind); };
  if (p.element.getWidth() > 1)
    return createPlaneCount(b, p, dot(DotKind::XorCount), target);
  if (p.element.getIsSigned())
    return createXorCount(b, p, dot(DotKind::XorCount), target);
  return createAndCount(b, p, dot(DotKind::AndCount), target);
}

ProductDots bnn::createDots(KernelBuilder &b, const Product &p, MatmulOp op,
                            TargetAttr target) {
  ProductDots dots;
  std::unique_ptr<CountDot> count = createCount(b, p, target);
  if (DotAttr dot = op.getDot(target); dot.getKind() == DotKind::ByteTable)
    dots.block = std::make_unique<ByteTable>(b, p, *count, dot, target);
  dots.plain = std::move(count);
  return dots;
}
