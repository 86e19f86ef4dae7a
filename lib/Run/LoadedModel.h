//===- LoadedModel.h - A compiled model in this process ---------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "bnn/runtime.h"
#include "lib/Run/Tensor.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>
#include <vector>

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace mlir::bnn {

/// A tensor and the name that it has in the model.
struct NamedTensor {
  std::string name;
  HostTensor tensor;
};

/// A model with its inputs, room for its outputs, and a workspace.
class BoundModel {
public:
  ~BoundModel();
  /// Runs the model once and returns its status.
  int32_t run(const bnn_options *options = nullptr) {
    return info.run(inputs.data(), outputs.data(), workspace, options);
  }
  /// What the last run wrote, in the model's order.
  std::vector<NamedTensor> takeOutputs() { return std::move(results); }

private:
  friend class LoadedModel;
  explicit BoundModel(const bnn_model_info &info);
  const bnn_model_info &info;
  std::vector<bnn_tensor> inputs, outputs;
  std::vector<NamedTensor> results;
  void *workspace;
};

/// A compiled model that this process has loaded, and can run.
class LoadedModel {
public:
  /// Loads a shared object or a relocatable object. `prefix` says which model
  /// of several; it may be empty where there is one. Errors name the file.
  static llvm::Expected<std::unique_ptr<LoadedModel>>
  open(llvm::StringRef path, llvm::StringRef prefix);

  /// Loads a relocatable object from memory.
  static llvm::Expected<std::unique_ptr<LoadedModel>>
  load(std::unique_ptr<llvm::MemoryBuffer> object, llvm::StringRef prefix);

  ~LoadedModel();

  const bnn_model_info &info() const { return *description; }

  /// The table of an instrumented model's operations; empty where the model is
  /// not instrumented.
  llvm::ArrayRef<bnn_profiled_op> profiledOps() const { return operations; }

  /// Binds the model to `inputs`, in any order, which must outlive the result.
  /// Fails when an input is missing, is unknown, is given twice, or has the
  /// wrong type or shape.
  llvm::Expected<std::unique_ptr<BoundModel>>
  bind(std::vector<NamedTensor> &inputs) const;

  /// Runs the model once on `inputs` and returns the outputs in the model's
  /// order. Fails as `bind` does, and with a ModelError when the model returns
  /// a status other than BNN_OK.
  llvm::Expected<std::vector<NamedTensor>>
  run(std::vector<NamedTensor> &inputs) const;

private:
  LoadedModel();
  using DescribeFunction = const bnn_model_info *(*)(uint32_t);
  using ProfileFunction = const bnn_profiled_op *(*)(uint32_t *);
  llvm::Error describe(DescribeFunction function, ProfileFunction profile);
  llvm::Error openShared(llvm::StringRef path, llvm::StringRef symbol);
  llvm::Error openObject(std::unique_ptr<llvm::MemoryBuffer> object,
                         llvm::StringRef symbol);

  std::unique_ptr<llvm::orc::LLJIT> jit;
  const bnn_model_info *description = nullptr;
  llvm::ArrayRef<bnn_profiled_op> operations;
};

/// The status, other than BNN_OK, that a model returned.
class ModelError : public llvm::ErrorInfo<ModelError> {
public:
  static char ID;
  explicit ModelError(int32_t status) : status(status) {}
  void log(llvm::raw_ostream &out) const override;
  std::error_code convertToErrorCode() const override {
    return llvm::inconvertibleErrorCode();
  }

private:
  int32_t status;
};

/// Whether `path` is an object file of some kind, shared or relocatable.
bool isObjectFile(llvm::StringRef path);

} // namespace mlir::bnn
