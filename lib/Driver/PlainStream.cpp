//===- PlainStream.cpp - A stream on which nothing hides ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Driver/PlainStream.h"
#include "dialects/BNN/PlainText.h"

namespace mlir::bnn {

void PlainStream::write_impl(const char *bytes, size_t size) {
  llvm::StringRef text(bytes, size);
  line += text;
  if (text.contains('\n'))
    pass();
}

void PlainStream::pass() {
  out << escapeHiddenLines(line);
  line.clear();
}

} // namespace mlir::bnn
