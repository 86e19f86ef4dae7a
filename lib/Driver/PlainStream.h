//===- PlainStream.h - A stream on which nothing hides ----------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/Support/raw_ostream.h"
#include <string>

namespace mlir::bnn {

/// Writes lines to another stream, with what hides in them escaped: diagnostics
/// quote names that come from a file. Colours are the other stream's.
class PlainStream : public llvm::raw_ostream {
public:
  explicit PlainStream(llvm::raw_ostream &out)
      : raw_ostream(/*unbuffered=*/true), out(out) {}
  ~PlainStream() override { pass(); }

  raw_ostream &changeColor(enum Colors color, bool bold,
                           bool background) override {
    pass();
    out.changeColor(color, bold, background);
    return *this;
  }
  raw_ostream &resetColor() override {
    pass();
    out.resetColor();
    return *this;
  }
  bool is_displayed() const override { return out.is_displayed(); }
  bool has_colors() const override { return out.has_colors(); }

private:
  void write_impl(const char *bytes, size_t size) override;
  uint64_t current_pos() const override { return out.tell() + line.size(); }
  void pass();

  llvm::raw_ostream &out;
  std::string line; ///< A character may come in pieces.
};

} // namespace mlir::bnn
