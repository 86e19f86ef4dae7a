//===- Import.h - Reading an ONNX model -------------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mlir::bnn {
/// What the user decides about a model before it is imported.
struct ImportOptions {
  /// Shapes of inputs by name; -1 leaves a dimension as the model has it. A
  /// symbolic dimension that is fixed here is fixed wherever its name occurs.
  llvm::StringMap<llvm::SmallVector<int64_t>> inputShapes;
  /// The file of a record of bnn-prune, by which the model is cut; or empty.
  std::string pruningRecord;
  /// Called for each file of external data that is read; may be null.
  std::function<void(llvm::StringRef path)> onDataFile;
  /// The model's bytes; null where they are those of a file. They come from the
  /// standard input, external data from the current folder.
  std::shared_ptr<llvm::MemoryBuffer> bytes;
  /// Whether the model was imported before, and its notes were given.
  bool isRepeated = false;
};

/// What the standard input is called in messages.
constexpr llvm::StringLiteral kStandardInput = "<stdin>";

/// Whether bytes that may be a model or IR are no IR: text has no control
/// characters, and bytecode says what it is.
bool isModelBytes(llvm::StringRef bytes);

/// Reads the ONNX model in the file `path` into a module that holds one
/// function `main` of `onnx` operations in the form of opset 17, in topological
/// order, with the shapes of all values as far as they can be inferred.
///
/// Weights are not copied: they share the mapped file's memory, aligned as it
/// may be, and the map lives as long as the context does.
///
/// The bytes are not trusted: whatever is wrong with them is reported through
/// the context's diagnostics, each with the file as location and, where there
/// is one, the node in the message, and the result is null. All unsupported
/// operators are reported together.
mlir::OwningOpRef<mlir::ModuleOp> importModel(llvm::StringRef path,
                                              const ImportOptions &options,
                                              mlir::MLIRContext *context);
} // namespace mlir::bnn
