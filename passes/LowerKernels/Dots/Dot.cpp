//===- Dot.cpp - Which dots add up a product ------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/LowerKernels/Dots/Dot.h"
#include "passes/LowerKernels/Dots/ByteTable.h"

using namespace mlir;
using namespace mlir::bnn;

Dot::~Dot() = default;

ProductDots bnn::createDots(KernelBuilder &b, const Product &p, MatmulOp op,
                            TargetAttr target) {
  CountOptions options;
  if (target)
    options = {{target.getRows(), target.getPanels()},
               target.getAvx512(),
               target.getByteCounts()};
  std::unique_ptr<CountDot> plain;
  if (p.element.getWidth() > 1)
    plain = createPlaneCount(b, p, options);
  else if (p.element.getIsSigned())
    plain = createXorCount(b, p, options);
  else
    plain = createAndCount(b, p, options);
  ProductDots dots;
  if (op.countsByTable(target))
    dots.block =
        std::make_unique<ByteTable>(b, p, *plain, target.getShuffleBytes());
  dots.plain = std::move(plain);
  return dots;
}
