//===- OptMain.h - The main function of bnn-opt and its like ----*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/DialectRegistry.h"

namespace mlir::bnn {

/// mlir-opt for the dialects of `registry` and the registered passes, which
/// also compiles ONNX models, and IR if asked to. Returns what main() is to
/// return: 0 done, 1 the model or the IR was refused, 2 wrong usage or an
/// output that cannot be written. A project with passes of its own calls it
/// after their registration: see docs/out-of-tree.md.
int optMain(int argc, char **argv, DialectRegistry &registry);

} // namespace mlir::bnn
