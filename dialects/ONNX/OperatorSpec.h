//===- OperatorSpec.h - The operators that the compiler claims --*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the importer reads, what `bnn-opt --list-operators` prints, what
// docs/operators.md says and what the tests run are one table: a line for each
// operation of the dialect, generated from its ODS definition, and one for each
// composition of such (lib/Import/Compositions.h).
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/Types.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <string>
#include <vector>

namespace mlir::bnn::onnx {
/// An attribute as the operation has it. Those that hold a tensor are not
/// listed.
struct AttributeSpec {
  enum Kind {
    Int,
    Float,
    Ints,
    String,
    Floats,
    Strings,
    Tensor,
    SparseTensor
  } kind;
  const char *name;
  /// A node must have it: ONNX gives no default.
  bool required = false;
  /// The first opset with it.
  int since = 1;
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
  kF16 = 128,
  kBF16 = 256,
  kHalves = kF16 | kBF16,
  kSigned = kF32 | kF64 | kI32 | kI64 | kI8,
  kIntegers = kI32 | kI64 | kI8 | kU8,
  kNumbers = kSigned | kU8,
  kAnything = kNumbers | kBool,
};

/// The set, with f16 and bf16 where there is f32.
constexpr unsigned withHalves(unsigned types) {
  return types & kF32 ? types | kHalves : types;
}

constexpr unsigned kVariadic = ~0u;

/// The domain of ONNX Runtime's own operators.
constexpr const char *kContrib = "com.microsoft";

/// The range of opsets that models may have.
constexpr int kMinOpset = 7;
constexpr int kMaxOpset = 27;
/// The last opset whose nodes libonnx knows: the table itself says what nodes
/// of later ones have.
constexpr int kCheckedOpset = 17;
/// The last version of the format.
constexpr int kMaxIrVersion = 13;

/// One operator. What it has in other opsets than 17 is said beside what the
/// operation has.
struct OperatorSpec {
  const char *name;
  /// "" of ONNX's own operators.
  const char *domain = "";
  unsigned minInputs = 0;
  /// More inputs are an error; kVariadic for any number. Inputs left out up to
  /// this number become onnx.NoValue.
  unsigned maxInputs = 0;
  /// How many outputs a node may have.
  unsigned maxOutputs = 1;
  /// What is computed at run time: the element types of the first input (of
  /// the second one of Where, of the result of Constant and ConstantOfShape).
  unsigned types = 0;
  ResultElement element = ResultElement::First;
  std::vector<AttributeSpec> attributes;
  /// What a node has besides: the importer reads it itself, or inference has no
  /// use for it.
  std::vector<AttributeSpec> nodeAttributes;
  /// The attributes that older opsets have in place of the inputs after the
  /// first, and the first opset without them.
  std::vector<const char *> formerAttributes;
  int formerUntil = 0;
  /// The attribute that is an input, after all others, from the opset
  /// `inputSince` on, or "".
  const char *inputAttribute = "";
  int inputSince = 0;
  /// Else the operation has one result, and a node's further outputs are
  /// computed by operations of their own.
  bool hasVariadicResults = false;
  /// The first opset with the operator.
  int since = kMinOpset;
  /// The inputs that must be known at compile time: constants, or computed from
  /// the shapes of other values.
  std::vector<unsigned> knownInputs;
  /// What else the claim leaves out, in words.
  const char *restriction = "";
  /// An operator that is written as others: these move elements and compute
  /// none, so that they may have 16 bits. Else they compute in f32, and the
  /// results are rounded once.
  bool movesElements = false;

  /// Whether `opset` has the operation's inputAttribute as an input.
  bool hasInputAttribute(int64_t opset) const {
    return inputSince && opset >= inputSince;
  }
  /// The inputs that a node of `opset` may have.
  unsigned maxInputsAt(int64_t opset) const {
    return maxInputs + (hasInputAttribute(opset) ? 1 : 0);
  }
};

/// Those operators that are an operation of the dialect.
std::vector<OperatorSpec> getDialectOperators();

/// The bit of an element type, or 0.
unsigned elementTypeBit(Type element);
/// The names of a set of element types: "f32 i64 bool".
std::string elementTypeNames(unsigned types);
} // namespace mlir::bnn::onnx
