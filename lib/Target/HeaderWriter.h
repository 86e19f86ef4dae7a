//===- HeaderWriter.h - The C header of a compiled model --------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/BNN/ModelInterface.h"

#include "llvm/Support/raw_ostream.h"

namespace mlir::bnn {

/// Writes the header: valid C99 and C++, and enough by itself to use the
/// object. It may be included together with bnn/runtime.h and with other
/// models' headers, in any order.
void writeHeader(const ModelInterface &model, llvm::raw_ostream &out);

} // namespace mlir::bnn
