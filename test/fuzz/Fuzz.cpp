//===- Fuzz.cpp - What the fuzz targets share -----------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/fuzz/Fuzz.h"
#include "lib/Driver/Registration.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <cstdlib>
#include <limits>

namespace mlir::bnn::fuzz {

int64_t Choices::interestingNumber() {
  static const int64_t values[] = {0,
                                   1,
                                   -1,
                                   2,
                                   -2,
                                   3,
                                   5,
                                   7,
                                   8,
                                   15,
                                   16,
                                   17,
                                   31,
                                   32,
                                   33,
                                   63,
                                   64,
                                   65,
                                   127,
                                   128,
                                   255,
                                   256,
                                   1000,
                                   4096,
                                   65535,
                                   65536,
                                   -65536,
                                   100,
                                   999,
                                   1023,
                                   1 << 30,
                                   1 << 20,
                                   INT32_MAX,
                                   INT32_MIN,
                                   INT64_MAX,
                                   INT64_MIN,
                                   int64_t(1) << 32,
                                   int64_t(1) << 40};
  return from(values);
}

double Choices::interestingFloat() {
  static const double values[] = {0.0,
                                  -0.0,
                                  1.0,
                                  -1.0,
                                  0.5,
                                  127.0,
                                  128.0,
                                  1e-12,
                                  1e-40,
                                  3.4e38,
                                  -3.4e38,
                                  1e300,
                                  std::numeric_limits<double>::infinity(),
                                  -std::numeric_limits<double>::infinity(),
                                  std::numeric_limits<double>::quiet_NaN()};
  return from(values);
}

void fail(const llvm::Twine &what) {
  llvm::errs() << "FAILED: " << what << '\n';
  std::abort();
}

size_t giveBack(llvm::StringRef result, uint8_t *data, size_t maxSize) {
  result = result.take_front(maxSize);
  std::copy(result.begin(), result.end(), data);
  return result.size();
}

namespace {
struct ScratchFolder {
  ScratchFolder() {
    if (llvm::sys::fs::createUniqueDirectory("bnn-fuzz", path))
      fail("cannot make a folder for files");
  }
  ~ScratchFolder() { llvm::sys::fs::remove_directories(path); }
  llvm::SmallString<128> path;
};
} // namespace

std::string scratchPath(llvm::StringRef name) {
  static ScratchFolder folder;
  llvm::SmallString<128> path = folder.path;
  llvm::sys::path::append(path, name);
  return path.str().str();
}

std::string writeScratch(llvm::StringRef name, llvm::StringRef bytes) {
  std::string path = scratchPath(name);
  std::error_code error;
  llvm::raw_fd_ostream out(path, error);
  out << bytes;
  out.close();
  if (error || out.has_error())
    fail("cannot write " + path);
  return path;
}

ErrorCount::ErrorCount(MLIRContext &context)
    : handler(&context, [this](Diagnostic &diagnostic) {
        errors += diagnostic.getSeverity() == DiagnosticSeverity::Error;
        return success();
      }) {}

void ErrorCount::checkRefusal(llvm::StringRef what) const {
  if (!errors)
    fail(what + " was refused without an error");
}

void compileFile(const CompileOptions &options) {
  DialectRegistry registry;
  registerCompilerDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  ErrorCount errors(context);
  if (!compileToPhase(options, Phase::LLVM, context))
    errors.checkRefusal(options.input);
}

void compileModelBytes(llvm::StringRef bytes) {
  CompileOptions options;
  options.input = writeScratch("model.onnx", bytes);
  options.prefix = "model";
  switch (bytes.size() % 4) {
  case 0:
    options.triple = "x86_64-linux-gnu";
    options.cpu = "x86-64-v3";
    break;
  case 1:
    options.triple = "x86_64-linux-gnu";
    options.cpu = "icelake-server";
    break;
  case 2:
    options.triple = "aarch64-linux-gnu";
    options.cpu = "cortex-a76";
    break;
  case 3:
    options.reference = true;
    break;
  }
  compileFile(options);
}

} // namespace mlir::bnn::fuzz
