//===- OnnxRuntime.h - ONNX Runtime, loaded to compare with -----*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX Runtime as a peer to measure against: its shared library is loaded when
// it is wanted, and nothing links with it.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Run/LoadedModel.h"

namespace mlir::bnn {

/// What ONNX Runtime may do to a graph before it runs: everything, or nothing,
/// which leaves the binarisation of weights to every run.
enum class GraphOptimization { all, none };

/// A model in ONNX Runtime, bound to its inputs: one thread, sequential
/// execution.
class OnnxSession {
public:
  ~OnnxSession();
  /// Runs the model once. The outputs stay in the session.
  llvm::Error run();

private:
  friend class OnnxRuntime;
  OnnxSession(const void *const *api) : api(api) {}
  const void *const *api;
  void *session = nullptr;
  std::vector<NamedTensor> inputs;
  std::vector<std::string> outputNames;
  std::vector<const char *> inputPointers, outputPointers;
  std::vector<void *> inputValues, outputValues;
};

/// The library.
class OnnxRuntime {
public:
  /// Loads libonnxruntime.so from `path` or, where that is empty, from the path
  /// in the environment's BNN_ONNXRUNTIME or else from where the dynamic linker
  /// finds it. It stays loaded until the program ends.
  static llvm::Expected<OnnxRuntime> load(llvm::StringRef path);

  const std::string &version() const { return versionString; }

  /// Opens an ONNX model. `inputs` has one tensor for each of its inputs, by
  /// name; others are left aside. Errors name the file.
  llvm::Expected<std::unique_ptr<OnnxSession>>
  open(llvm::StringRef model, std::vector<NamedTensor> inputs,
       GraphOptimization optimization = GraphOptimization::all) const;

private:
  llvm::Error bind(OnnxSession &session, std::vector<NamedTensor> inputs) const;
  const void *const *api = nullptr;
  void *environment = nullptr;
  std::string versionString;
};

} // namespace mlir::bnn
