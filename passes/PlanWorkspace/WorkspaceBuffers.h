//===- WorkspaceBuffers.h - The attribute that lists buffers ----*- C++ -*-===//
#pragma once
#include "llvm/ADT/StringRef.h"

namespace mlir::bnn {
/// The function attribute that lists where each buffer went: an array of
/// dictionaries with `name` (of the node that first writes it, or ""), `bytes`
/// and `offset`, and `first` and `last`, the positions in the function of the
/// first and last operation that touch it (0 and -1 where none does).
constexpr llvm::StringLiteral kWorkspaceBuffersAttr = "bnn.workspace_buffers";
} // namespace mlir::bnn
