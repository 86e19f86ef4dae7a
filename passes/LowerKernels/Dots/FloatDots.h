//===- FloatDots.h - Dots that add up floats --------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "passes/LowerKernels/Dots/Dot.h"

namespace mlir::bnn {

/// f32 by {-1, +1}, in panels: sums and differences.
std::unique_ptr<Dot> createSignedSum(KernelBuilder &b, const Product &p,
                                     DotAttr dot);
/// f32 by f32 [K, N]: fused multiply-additions.
std::unique_ptr<Dot> createFma(KernelBuilder &b, const Product &p, DotAttr dot);

} // namespace mlir::bnn
