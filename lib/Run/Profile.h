//===- Profile.h - Where the time of a run goes -----------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Run/LoadedModel.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::bnn {

/// One operation of a model, over all rounds of a profile.
struct OpProfile {
  bnn_profiled_op op;
  double seconds;      ///< The median.
  uint64_t binaryMACs; ///< In one run.
};

/// A profile: the operations in the order of a run.
struct Profile {
  std::vector<OpProfile> ops;
  double seconds = 0; ///< The sum of the operations' times.
  double clock = 0;   ///< Cycles a second: the median over the rounds.
  unsigned rounds = 0;
};

/// Runs an instrumented model, whose table of operations is `ops`, `rounds`
/// times (at least 1), and once more before them. Fails with a ModelError when
/// the model returns a status other than BNN_OK.
llvm::Expected<Profile> profileModel(BoundModel &model,
                                     llvm::ArrayRef<bnn_profiled_op> ops,
                                     unsigned rounds);

/// Prints a line for each operation, and the totals of each kind, the one that
/// takes most time first.
void printProfile(const Profile &profile, llvm::raw_ostream &out);

} // namespace mlir::bnn
