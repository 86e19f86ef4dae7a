//===- Npy.h - NumPy's array files ------------------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Run/Tensor.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::bnn {

/// Reads the bytes of an .npy file, versions 1 to 3: little-endian f4, i8, i4,
/// i1, u1 or b1 in C order. Fails, saying what to do, on anything else and when
/// the length is not what the header says.
llvm::Expected<HostTensor> parseNpy(llvm::StringRef bytes);

/// Writes an .npy file of version 1.
void writeNpy(const HostTensor &tensor, llvm::raw_ostream &out);

} // namespace mlir::bnn
