//===- WireSkeleton.h - A model's bytes without its weights -----*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace mlir::bnn {
/// Raw tensor data of at least this many bytes stays in the file.
constexpr size_t kInlineBytes = 1024;

/// Copies the bytes of a ModelProto, but replaces the raw data of every large
/// tensor (initializers and tensor attributes, also of functions and of graphs
/// that nodes hold) by a reference to the place where it lies, written as
/// ONNX's external data: `fileName`, offset and length in bytes. Protobuf would
/// otherwise copy every weight.
/// External data of the file's own stays only where data_location says
/// EXTERNAL, as ONNX has it; raw data beside it is then left out, but not the
/// field. Fails if the bytes are not well-formed at the levels that lead to
/// tensors.
llvm::Expected<std::string> makeSkeleton(llvm::ArrayRef<char> model,
                                         llvm::StringRef fileName);
} // namespace mlir::bnn
