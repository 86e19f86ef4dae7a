//===- HostJIT.h - Compiled code, run by the compiler -----------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace llvm::orc {
class LLJIT;
}

namespace mlir {
class DialectRegistry;
}

namespace mlir::bnn {

/// Compiles functions for the machine that compiles and calls them there, so
/// that what is computed at compile time is computed by the IR that would have
/// run on the target, to the last bit: math is expanded as it is for a target,
/// an fma stays one instruction, and nothing else becomes one.
///
/// mlir::ExecutionEngine does the same, but lies outside libMLIR and does not
/// let its user say how floats are fused.
class HostJIT {
public:
  HostJIT();
  ~HostJIT();

  /// What compile() needs to be loaded and registered in the context: for the
  /// getDependentDialects() of the pass that calls it, since nothing may be
  /// registered while passes run.
  static void getDependentDialects(DialectRegistry &registry);

  /// Lowers `module`, whose functions are made of func, scf, cf, math, arith,
  /// memref and LLVM operations, compiles it, and returns the address of its
  /// function `name`, valid as long as the JIT. No two functions that are
  /// compiled by one JIT may have one name. A buffer of static shape is passed
  /// as the address of its first element.
  llvm::Expected<void *> compile(ModuleOp module, StringRef name);

  /// The same for a function whose arguments are all buffers of static shape;
  /// the result takes an array of their addresses.
  using Packed = void (*)(void *const *addresses);
  llvm::Expected<Packed> compilePacked(ModuleOp module, StringRef name);

private:
  llvm::Error start();
  llvm::Expected<void *> compile(ModuleOp module, StringRef name,
                                 bool isPacked);

  std::unique_ptr<llvm::orc::LLJIT> jit;
};

} // namespace mlir::bnn
