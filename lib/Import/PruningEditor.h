//===- PruningEditor.h - The edits of a pruning record ----------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Import/GraphNames.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <onnx/onnx_pb.h>
#include <string>

namespace mlir::bnn {

/// The edits of a record of bnn-prune, one after the other, on a graph.
///
/// A weight is cut by a Gather, which is folded like anything that is computed
/// of constants: a scale or a mean that the graph takes of a whole weight is
/// still that of the whole.
class PruningEditor {
public:
  /// `graph` outlives this.
  explicit PruningEditor(::onnx::GraphProto &graph);

  /// Fails with a sentence where the edit is malformed, or of another graph.
  llvm::Error apply(const llvm::json::Value &edit);

private:
  // What an edit says.
  llvm::Expected<llvm::StringRef> text(llvm::StringRef key) const;
  llvm::Expected<int64_t> number(llvm::StringRef key) const;
  llvm::Expected<::onnx::NodeProto *> node() const;
  llvm::Expected<std::string> result();

  // The kinds of edits.
  llvm::Error cut();
  llvm::Error constant();
  llvm::Error scale();
  llvm::Error copy();
  llvm::Error read();
  llvm::Error add();
  llvm::Error split();
  llvm::Error integer();

  llvm::Error reshape(::onnx::TensorProto &tensor);

  llvm::Error refuse(const llvm::Twine &why) const {
    return llvm::createStringError(why);
  }

  ::onnx::GraphProto &graph;
  /// By the first output that each had at first.
  llvm::StringMap<::onnx::NodeProto *> nodes;
  GraphNames names;
  int64_t places = 0;     ///< That were kept, over all edits.
  size_t bytesCopied = 0; ///< Of nodes.
  const llvm::json::Object *edit = nullptr;
};
} // namespace mlir::bnn
