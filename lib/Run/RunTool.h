//===- RunTool.h - What bnn-run does ----------------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Driver/Driver.h"
#include "lib/Run/Benchmark.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace mlir::bnn {

/// What to run, on what, and what to do with the outputs.
struct RunOptions {
  /// How to compile; `input` is the model. Where it is neither an .onnx nor an
  /// .mlir file it is a compiled object, and `compileOptionsGiven` must be
  /// false.
  CompileOptions compile;
  /// Whether the user asked for something of the compiler.
  bool compileOptionsGiven = false;
  /// Keep an .onnx model's dynamic dimensions; otherwise it is compiled for the
  /// shapes of the inputs.
  bool dynamicShapes = false;
  /// "NAME=FILE" for each input.
  std::vector<std::string> inputs;
  /// The folder for DIR/<output>.npy; empty: write nothing.
  std::string outputDir;
  /// The folder to compare with; empty: compare nothing.
  std::string expectDir;
  /// The absolute difference that a comparison allows.
  double tolerance = 0;
  /// Rounds of a benchmark, and what else runs in them; 0: no benchmark.
  BenchmarkOptions benchmark;
  /// Rounds of a profile; 0: no profile.
  unsigned profile = 0;
};

/// The exit codes of bnn-run.
enum class RunResult { Done = 0, Different = 1, BadInput = 2, ModelFailed = 3 };

/// Loads or compiles the model, runs it, writes and compares the outputs.
/// Prints a line for each output, and each error, with a reason, to the
/// standard error output.
RunResult runTool(const RunOptions &options);

} // namespace mlir::bnn
