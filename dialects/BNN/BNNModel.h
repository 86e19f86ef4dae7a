//===- BNNModel.h - What the passes tell each other of a model --*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialects/BNN/BNNBase.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::bnn {

/// The dialect's attributes of modules, functions, arguments and of math.exp;
/// its description says what each is. All verify.
/// @{
constexpr llvm::StringLiteral kTargetAttr =
    BNNDialect::TargetAttrHelper::getNameStr();
constexpr llvm::StringLiteral kModelAttr =
    BNNDialect::ModelAttrHelper::getNameStr();
constexpr llvm::StringLiteral kPhaseAttr =
    BNNDialect::PhaseAttrHelper::getNameStr();
constexpr llvm::StringLiteral kEntryAttr =
    BNNDialect::EntryAttrHelper::getNameStr();
constexpr llvm::StringLiteral kPortLimitsAttr =
    BNNDialect::PortLimitsAttrHelper::getNameStr();
constexpr llvm::StringLiteral kProfiledOpsAttr =
    BNNDialect::ProfiledOpsAttrHelper::getNameStr();
constexpr llvm::StringLiteral kLayersAttr =
    BNNDialect::LayersAttrHelper::getNameStr();
constexpr llvm::StringLiteral kWorkspaceSizeAttr =
    BNNDialect::WorkspaceSizeAttrHelper::getNameStr();
constexpr llvm::StringLiteral kWorkspaceBuffersAttr =
    BNNDialect::WorkspaceBuffersAttrHelper::getNameStr();
constexpr llvm::StringLiteral kArgumentAttr =
    BNNDialect::ArgumentAttrHelper::getNameStr();
constexpr llvm::StringLiteral kNotPositiveAttr =
    BNNDialect::NotPositiveAttrHelper::getNameStr();
/// @}

/// The module's `bnn.target`; null where it has none.
TargetAttr getTarget(mlir::Operation *module);

/// The module's `bnn.model`; an empty one where it has none.
ModelAttr getModel(mlir::Operation *module);

/// The module's `bnn.phase`; null where it has none.
PhaseAttr getPhase(mlir::Operation *module);

/// What argument `index` of the function is; null where it does not say.
ArgumentAttr getArgument(mlir::FunctionOpInterface function, unsigned index);

/// The name of the ONNX node that an operation came from: the first that its
/// location has, through what was fused and inlined; "" where there is none.
llvm::StringRef nodeName(mlir::Location location);

} // namespace mlir::bnn
