//===- OpSupport.h - What verifiers and folders share -----------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each verifier fails with an error at the operation; what is not known,
// because a tensor is unranked or an optional input is left out, is no error.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"
#include <optional>

namespace mlir::bnn::onnx {
/// The rank of `value`, or nothing for an unranked tensor or no value.
std::optional<int64_t> rankOf(Value value);
/// A scalar, or a list of one element, which is as good: writers mix them.
bool isOneElement(Value value);

/// `axis` is an axis of `data`, counted from the front or, below 0, from the
/// back; `endAllowed`: or its rank.
LogicalResult verifyAxis(Operation *op, int64_t axis, Value data,
                         bool endAllowed = false);
LogicalResult verifySameElement(Operation *op, Value a, Value b,
                                StringRef what);
/// An optional list of integers: absent, or a tensor of rank 1 with elements
/// i64 (`i32Too`: or i32).
LogicalResult verifyIntegerList(Operation *op, Value list, StringRef what,
                                bool i32Too = false);
/// The same, with an element for an axis: no more than shape inference looks
/// at, so that each has been looked at.
LogicalResult verifyAxisList(Operation *op, Value list, StringRef what,
                             bool i32Too = false);
LogicalResult verifyScalar(Operation *op, Value value, StringRef what);
/// An attribute is 0 or 1.
LogicalResult verifyFlag(Operation *op, int64_t value, StringRef name);
LogicalResult verifyFloat(Operation *op, Value value);

/// The first operand, for a folder of an operation that leaves it as it is:
/// null where the result's type says more or less than the operand's.
OpFoldResult foldToOperand(Operation *op);
} // namespace mlir::bnn::onnx
