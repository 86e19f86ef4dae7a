// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A compiled model in this process.
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

namespace bnn {

/// A tensor and the name that it has in the model.
struct NamedTensor {
  std::string name;
  HostTensor tensor;
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

  /// Runs the model `repeat` times on `inputs`, in any order, and returns the
  /// outputs in the model's order; `seconds` receives the time of each run if
  /// it is not null. Fails when an input is missing, is unknown, is given
  /// twice, or has the wrong type or shape, and when the model returns a status
  /// other than BNN_OK: that one is a ModelError.
  llvm::Expected<std::vector<NamedTensor>>
  run(std::vector<NamedTensor> &inputs, unsigned repeat = 1,
      std::vector<double> *seconds = nullptr) const;

private:
  LoadedModel();
  using DescribeFunction = const bnn_model_info *(*)(uint32_t);
  llvm::Error describe(DescribeFunction function);
  llvm::Error openShared(llvm::StringRef path, llvm::StringRef symbol);
  llvm::Error openObject(std::unique_ptr<llvm::MemoryBuffer> object,
                         llvm::StringRef symbol);

  std::unique_ptr<llvm::orc::LLJIT> jit;
  const bnn_model_info *description = nullptr;
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

} // namespace bnn
