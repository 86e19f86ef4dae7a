//===- Registration.h - Registers the project's passes ----------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

namespace mlir::bnn {

/// Registers every pass of the project with MLIR's pass registry.
void registerPasses();

} // namespace mlir::bnn
