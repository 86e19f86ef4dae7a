//===- ModelInterface.h - What a model takes and gives ----------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Read from the attributes of the module and of its entry function.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/BNN/BNNModel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include <optional>
#include <string>
#include <vector>

namespace mlir::bnn {

/// One dimension of an input or output.
struct ModelDim {
  /// The symbol that names it; empty where the dimension is static.
  std::string symbol;
  /// The size of a static dimension, the declared maximum of a symbolic one.
  int64_t max = 0;
};

/// One input or output.
struct ModelTensor {
  /// The name in the ONNX graph.
  std::string name;
  mlir::Type elementType;
  std::vector<ModelDim> dims;
  /// Which argument of the entry function it is.
  unsigned argument = 0;
};

/// What the hook of an instrumented model is called for.
struct ProfiledOp {
  std::string name, kind;
  /// Binary multiply-accumulates a cycle; 0 where not known.
  double portLimit = 0;
};

/// The interface of a model whose entry function has been lowered to memrefs.
struct ModelInterface {
  /// What the symbols of the object begin with: a C identifier.
  std::string prefix;
  std::vector<ModelTensor> inputs;
  std::vector<ModelTensor> outputs;
  /// Each symbolic dimension once, in order of first use by an input.
  std::vector<ModelDim> symbols;
  /// Bytes.
  int64_t workspaceSize = 0;
  /// The argument that takes the workspace, if there is one.
  std::optional<unsigned> workspaceArgument;
  /// The arguments that take a profile's hook and its context: both or none.
  std::optional<unsigned> profileHookArgument, profileContextArgument;
  /// `bnn.profiled_ops`; empty where there is no hook.
  std::vector<ProfiledOp> profiledOps;
  /// Empty where the module's `bnn.model` does not say.
  std::string targetTriple, targetCPU;
  /// BNN_CPU_* bits; 0 where the module's `bnn.model` does not say.
  uint64_t cpuFeatures = 0;
};

/// The value of enum bnn_element_type for `type`, or 0 if it has none.
int32_t elementTypeCode(mlir::Type type);

/// The entry function of `module`: the one with a `bnn.workspace_size`. Null
/// where there is none.
mlir::func::FuncOp findEntryFunction(mlir::ModuleOp module);

/// What readModelInterface() reads of the entry function, for a module that is
/// about to lose its types. Fails, and says so, where an argument does not say
/// what it is.
mlir::FailureOr<EntryAttr> describeEntry(mlir::func::FuncOp function);

/// Reads the interface of `module`, from its `bnn.entry` where it has one.
/// Reports on the entry function, and fails, where it is not called as a model
/// is, where an output has a symbolic dimension that no input defines, and
/// where no prefix is known.
mlir::FailureOr<ModelInterface> readModelInterface(mlir::ModuleOp module);

} // namespace mlir::bnn
