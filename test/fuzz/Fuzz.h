//===- Fuzz.h - What the fuzz targets share ---------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Driver/Driver.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringRef.h"
#include <cstddef>
#include <cstdint>
#include <random>

namespace mlir::bnn::fuzz {

/// The choices of a mutator: the same for the same seed.
class Choices {
public:
  explicit Choices(unsigned seed) : engine(seed) {}

  /// Less than `bound`; 0 where that is 0.
  size_t below(size_t bound) { return bound ? engine() % bound : 0; }
  bool oneIn(size_t times) { return below(times) == 0; }
  template <typename Range> auto &from(Range &&range) {
    return *std::next(std::begin(range),
                      below(std::distance(std::begin(range), std::end(range))));
  }
  /// A number at the edge of something.
  int64_t interestingNumber();
  double interestingFloat();

private:
  std::minstd_rand engine;
};

/// Ends the process, as a fault that libFuzzer reports.
[[noreturn]] void fail(const llvm::Twine &what);

/// The text of the input.
inline llvm::StringRef textOf(const uint8_t *data, size_t size) {
  return {reinterpret_cast<const char *>(data), size};
}

/// Copies what a mutator made into the buffer that libFuzzer gave it, as far as
/// it has room, and returns the size.
size_t giveBack(llvm::StringRef result, uint8_t *data, size_t maxSize);

/// A file of this process, in a folder of its own below TMPDIR, which goes when
/// the process ends in order.
std::string scratchPath(llvm::StringRef name);
/// Writes such a file.
std::string writeScratch(llvm::StringRef name, llvm::StringRef bytes);

/// Takes the diagnostics of a context, and knows whether there was an error.
class ErrorCount {
public:
  explicit ErrorCount(MLIRContext &context);
  /// Fails where something was refused and nobody said why.
  void checkRefusal(llvm::StringRef what) const;

private:
  unsigned errors = 0;
  ScopedDiagnosticHandler handler;
};

/// Compiles the file up to LLVM's dialect. It must be refused with an error or
/// pass.
void compileFile(const CompileOptions &options);

/// Compiles the model in one of four ways, which its size chooses.
void compileModelBytes(llvm::StringRef bytes);

} // namespace mlir::bnn::fuzz

/// libFuzzer's: changes bytes in place, and returns the new size.
extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);
