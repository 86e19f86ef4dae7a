//===- PruningRecord.h - What bnn-prune has decided -------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <onnx/onnx_pb.h>
#include <string>

namespace mlir::bnn {

/// A record of bnn-prune: which model it is of, and what is done to that model
/// to cut heads and neurons out of it (docs/pruning.md#in-the-compiler).
///
/// The record is a file like any other, and not trusted: whatever is wrong with
/// it is an error that says in a sentence what and where.
class PruningRecord {
public:
  /// Reads the file `path`, which holds the record of a finished run.
  static llvm::Expected<PruningRecord> read(llvm::StringRef path);

  /// Fails where `bytes` are not what the record's model had in the file that
  /// it calls `name`: "" is its own, others hold external data.
  llvm::Error checkFile(llvm::StringRef name, llvm::ArrayRef<char> bytes) const;

  /// Cuts the record's model, without looking at the data of its tensors. What
  /// is cut is still there, unread, and so is what nobody needs any more.
  llvm::Error apply(::onnx::GraphProto &graph) const;

private:
  PruningRecord() = default;

  std::string name;                   ///< Of the record's file.
  llvm::StringMap<std::string> files; ///< SHA-256 by name, in hexadecimal.
  llvm::json::Array edits;
};
} // namespace mlir::bnn
