//===- PortLimit.h - What a CPU's execution ports allow ---------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Target/Strategy.h"

#include <string>
#include <vector>

namespace mlir::bnn {

/// How many binary multiply-accumulates a cycle an inner loop could do if
/// nothing but its execution ports held it up.
struct PortLimit {
  /// What does, as getLimitName() calls it: a dot, and whether it reads words
  /// with parity.
  std::string dot;
  double macsPerCycle;
};

/// The limits of a strategy's dots on `cpu`, by LLVM's model of that CPU.
/// Loads, the loop's own instructions and the fold at its end do not count:
/// with tiles they share the ports with many words. Empty where LLVM has no
/// model of the CPU, or the strategy's instructions are not listed here.
std::vector<PortLimit> portLimits(const TargetSpec &spec, llvm::StringRef cpu,
                                  const KernelStrategy &strategy);

} // namespace mlir::bnn
