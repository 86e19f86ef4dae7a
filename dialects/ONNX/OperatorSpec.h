//===- OperatorSpec.h - The operators that the compiler claims --*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the importer reads, what `bnn-opt --list-operators` prints, what
// docs/operators.md says and what the tests run are one table: a line for each
// operation of the dialect, generated from its ODS definition.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <string>
#include <vector>

namespace mlir::bnn::onnx {
/// An attribute as the operation has it. Those that hold a tensor are not
/// listed.
struct AttributeSpec {
  enum Kind { Int, Float, Ints } kind;
  const char *name;
  /// A node must have it: ONNX gives no default.
  bool required;
};

/// What the element type of an operator's results is: that of an operand, a
/// fixed one, or (Special) what an attribute says.
enum class ResultElement { First, Second, Third, Bool, Int64, Float, Special };

/// Sets of element types, as bits.
enum ElementTypes : unsigned {
  kF32 = 1,
  kF64 = 2,
  kI32 = 4,
  kI64 = 8,
  kI8 = 16,
  kU8 = 32,
  kBool = 64,
  kSigned = kF32 | kF64 | kI32 | kI64 | kI8,
  kNumbers = kSigned | kU8,
  kAnything = kNumbers | kBool,
};

constexpr unsigned kVariadic = ~0u;

/// The range of opsets that models may have.
constexpr int kMinOpset = 11;
constexpr int kMaxOpset = 17;

/// One operator, in the form of opset 17.
struct OperatorSpec {
  const char *name;
  unsigned minInputs;
  /// More inputs are an error; kVariadic for any number. Inputs left out up to
  /// this number become onnx.NoValue.
  unsigned maxInputs;
  /// What is computed at run time: the element types of the first input (of
  /// the second one of Where, of the result of Constant and ConstantOfShape).
  unsigned types;
  ResultElement element;
  std::vector<AttributeSpec> attributes;
  /// The attribute that older opsets have in place of the last input, or "",
  /// and the first opset without it.
  const char *formerAttribute;
  int formerUntil;
  /// Else the operation has one result, and a node's further outputs are
  /// computed by operations of their own.
  bool hasVariadicResults;
  /// The first opset with the operator.
  int since;
  /// The inputs that must be known at compile time: constants, or computed from
  /// the shapes of other values.
  std::vector<unsigned> knownInputs;
  /// What else the claim leaves out, in words.
  const char *restriction;
};

/// All operators, by name.
ArrayRef<OperatorSpec> getOperators();
/// The operator of this name, or null.
const OperatorSpec *findOperator(StringRef name);

/// The names of a set of element types: "f32 i64 bool".
std::string elementTypeNames(unsigned types);
} // namespace mlir::bnn::onnx
