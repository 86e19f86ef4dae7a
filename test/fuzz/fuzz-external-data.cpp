//===- fuzz-external-data.cpp - Models with data in other files -----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The input is a model. Beside it lie files that it can name: two with data, a
// folder, and links that lead out. What is read must lie below the folder.
//
//===----------------------------------------------------------------------===//

#include "test/fuzz/Fuzz.h"
#include "test/fuzz/ModelMutator.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir::bnn;
using namespace llvm;

static std::string makeFolder() {
  std::string outside = fuzz::writeScratch("outside.bin", "not the model's");
  std::string folder = fuzz::scratchPath("model");
  if (sys::fs::create_directories(folder + "/sub"))
    fuzz::fail("cannot make " + folder);
  std::string bytes(4096, '\1');
  fuzz::writeScratch("model/weights.bin", bytes);
  fuzz::writeScratch("model/sub/few.bin", StringRef(bytes).take_front(7));
  fuzz::writeScratch("model/empty.bin", "");
  if (sys::fs::create_link(outside, folder + "/link") ||
      sys::fs::create_link(sys::path::parent_path(outside), folder + "/up"))
    fuzz::fail("cannot make links in " + folder);
  SmallString<128> real;
  if (sys::fs::real_path(folder, real))
    fuzz::fail("cannot read " + folder);
  return (real + "/").str();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const std::string folder = makeFolder();
  CompileOptions options;
  options.input =
      fuzz::writeScratch("model/model.onnx", fuzz::textOf(data, size));
  options.prefix = "model";
  options.cpu = "x86-64-v3";
  options.triple = "x86_64-linux-gnu";
  options.onDataFile = [](StringRef path) {
    if (!path.starts_with(folder))
      fuzz::fail("read outside of the model's folder: " + path);
  };
  fuzz::compileFile(options);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t maxSize, unsigned seed) {
  return fuzz::mutateBytes(data, size, maxSize, seed,
                           &fuzz::ModelMutator::mutateExternalData);
}
