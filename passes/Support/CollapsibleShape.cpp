//===- CollapsibleShape.cpp - Shapes whose dimensions merge ---------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/Support/CollapsibleShape.h"

using namespace mlir;

SmallVector<int64_t>
bnn::getCollapsibleShape(ArrayRef<int64_t> shape,
                         ArrayRef<ReassociationIndices> groups) {
  SmallVector<int64_t> result(shape);
  for (const ReassociationIndices &group : groups) {
    auto has = [&](int64_t size) {
      return llvm::any_of(group, [&](int64_t i) { return shape[i] == size; });
    };
    if (has(0) && has(ShapedType::kDynamic))
      for (int64_t i : group)
        result[i] = ShapedType::kDynamic;
  }
  return result;
}
