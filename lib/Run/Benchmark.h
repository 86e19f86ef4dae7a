//===- Benchmark.h - Time a model, and ONNX Runtime beside it ---*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Run/LoadedModel.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::bnn {

/// What to compare with.
struct BenchmarkOptions {
  unsigned rounds = 0;
  /// ONNX models that ONNX Runtime runs on the same inputs.
  std::vector<std::string> onnxModels;
  /// Its shared library; empty: see OnnxRuntime::load.
  std::string onnxRuntime;
};

/// Pins this process to a core, lets the model and its peers take turns in
/// interleaved rounds, and prints for each the least, the median and the 90th
/// percentile of its times, and for the peers the ratio to the model's: above 1
/// the model is faster. Fails with a ModelError when the model does not run,
/// and when a peer does not.
llvm::Error benchmarkModel(BoundModel &model, llvm::StringRef name,
                           const std::vector<NamedTensor> &inputs,
                           const BenchmarkOptions &options,
                           llvm::raw_ostream &out);

} // namespace mlir::bnn
