//===- Contenders.h - Kernels and models that are compared ------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Run/Measure.h"
#include "lib/Run/OnnxRuntime.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace mlir::bnn::bench {

/// Prints what is wrong and ends the program with status 1.
[[noreturn]] void fail(const std::string &what);

/// A loaded shared library; it stays loaded until the program ends. Fails when
/// it cannot be loaded.
class Library {
public:
  explicit Library(const std::string &path);
  /// The function called `name`. Fails when there is none.
  template <typename Function> Function *find(const char *name) const {
    return reinterpret_cast<Function *>(address(name));
  }

private:
  void *address(const char *name) const;
  std::string path;
  void *handle;
};

/// The shape of a binary product: M x K bits by N x K bits.
struct GemmShape {
  int m, n, k;
};

/// The random activations of a shape, [M][K/32] words, and the weight words of
/// `path`, [N][K/32]. Fails when the file has another size.
struct GemmData {
  GemmData(const GemmShape &shape, const std::string &path);
  GemmShape shape;
  std::vector<uint32_t> activations, weights;
};

/// The generated product: `bench_gemm` of `library`, out [M][N]. Every turn
/// includes turning plain words into the layout of the kernel.
Contender generatedGemm(const GemmData &data, const Library &library,
                        std::vector<int32_t> &out);

/// The hand-written product `kernel` (csa3, popcnt, avx2) of the yardstick's
/// `library`, out [M][N]. Fails when the kernel cannot have this shape.
Contender handGemm(const GemmData &data, const Library &library,
                   const std::string &kernel, std::vector<int32_t> &out);

/// The product in plain C: `naive_gemm` of `library`, out [M][N].
Contender naiveGemm(const GemmData &data, const Library &library,
                    std::vector<int32_t> &out);

/// The hand-written BiPFT-B encoder of the yardstick: 12 layers, `tokens` a
/// multiple of 16.
Contender handForward(const Library &library, int tokens);

/// The model's inputs: [1, tokens], and random ids below the smallest
/// vocabulary of the models that the benchmark makes.
struct Tokens {
  explicit Tokens(int count);
  int64_t count;
  std::vector<int64_t> ids, mask, types;
};

/// A compiled classifier: `model_describe` of `library`, on `tokens`. Fails
/// when the model does not run.
Contender compiledModel(const Library &library, const Tokens &tokens);

/// An ONNX model in ONNX Runtime (`library` is the path of its shared library):
/// one thread, sequential. Fails when it does not run.
Contender onnxRuntime(const std::string &library, const std::string &model,
                      const Tokens &tokens, GraphOptimization optimization);

/// What a row of the table says. Times are seconds of CPU a call.
struct Row {
  std::string name;
  /// The contender that ours was compared with: the fastest of the others.
  std::string other;
  double oursMedian = 0, otherMedian = 0;
  /// The other's time over ours: the median and the 10th percentile of rounds.
  double ratioMedian = 0, ratioP10 = 0;
  int rounds = 0;
};

/// Runs ours and every other contender in `rounds` interleaved rounds.
Row measure(const std::string &name, const Contender &ours,
            const std::vector<Contender> &others, int rounds);

} // namespace mlir::bnn::bench
