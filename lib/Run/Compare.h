//===- Compare.h - Outputs against what they should be ----------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Run/LoadedModel.h"

namespace mlir::bnn {

/// What became of comparing one output.
struct Comparison {
  bool equal = false;
  /// One line: how many elements differ, and where and by how much.
  std::string text;
};

/// Compares element by element: |got - want| <= tolerance, or both not a
/// number. A difference in type or shape is a difference.
Comparison compareTensors(const HostTensor &got, const HostTensor &want,
                          double tolerance);

/// An output's name as a file name: characters other than letters, digits,
/// '.', '-' and '_' become '_', and so does a leading dot. Names of one model
/// that would meet get a number, in the order of the outputs.
std::vector<std::string> outputFileNames(llvm::ArrayRef<NamedTensor> outputs);

/// Reads what an output should be: `folder`/`name`.npy or else .pb.
llvm::Expected<HostTensor> readExpected(llvm::StringRef folder,
                                        llvm::StringRef name);

} // namespace mlir::bnn
