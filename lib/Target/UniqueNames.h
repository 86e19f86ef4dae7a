//===- UniqueNames.h - Names that are told apart ----------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/StringSet.h"
#include <string>

namespace mlir::bnn {

/// Gives names of one scope, each once.
class UniqueNames {
public:
  /// `name`, or else the first of `name`_2, `name`_3, ... that is free.
  std::string take(llvm::StringRef name) {
    std::string result = name.str();
    for (unsigned number = 2; !taken.insert(result).second; ++number)
      result = (name + "_" + llvm::Twine(number)).str();
    return result;
  }

private:
  llvm::StringSet<> taken;
};

} // namespace mlir::bnn
