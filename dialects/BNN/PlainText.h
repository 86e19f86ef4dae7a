//===- PlainText.h - Names that show what they are --------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/StringRef.h"
#include <string>

namespace mlir::bnn {

/// What hides in a text is escaped: control characters (C0, DEL, C1), the line
/// and paragraph separators, the marks, embeddings, overrides and isolates of
/// bidirectional text (Unicode's UAX #9), and bytes that are no UTF-8. A name
/// with any of these ends early as a C string, moves a terminal's cursor or
/// looks like another one.

/// Whether nothing hides in `text`.
bool isPlainText(llvm::StringRef text);

/// `text` with "\u202e" for such a character and "\xff" for such a byte. JSON
/// reads the former back where it stands in a string.
std::string escapeHidden(llvm::StringRef text);

/// The same, but line ends and tabs stay.
std::string escapeHiddenLines(llvm::StringRef text);

} // namespace mlir::bnn
