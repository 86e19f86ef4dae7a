//===- CollapsibleShape.h - Shapes whose dimensions merge -------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

namespace mlir::bnn {

/// The shape with which a tensor or buffer of `shape` can be collapsed by
/// `groups`. What 0 and a dimension of run time make is 0 to upstream's
/// builders and dynamic to its verifiers: then all of a group are dynamic.
llvm::SmallVector<int64_t>
getCollapsibleShape(llvm::ArrayRef<int64_t> shape,
                    llvm::ArrayRef<mlir::ReassociationIndices> groups);

} // namespace mlir::bnn
