//===- IRMutator.h - Changes of MLIR ----------------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "test/fuzz/Fuzz.h"
#include <vector>

namespace mlir::bnn::fuzz {

/// Changes a module so that the odds are good that it still verifies: operands
/// become values of the same type, dimensions and element types change wherever
/// they occur.
class IRMutator {
public:
  IRMutator(ModuleOp module, Choices &choices);
  void mutate();

private:
  void changeOperand();
  void cloneOperation();
  void eraseOperation();
  void moveOperation();
  void changeAttribute();
  void changeDimension();
  void changeElementType();

  /// The values that an operation can read.
  std::vector<Value> visibleTo(Operation *op);
  Value visibleTo(Operation *op, Type type);
  /// An operation of which a block can have more or fewer; null if there is
  /// none.
  Operation *anyInner();
  void replaceTypes(llvm::function_ref<Type(ShapedType)> change);

  Attribute changed(Attribute attribute);
  Attribute changedNumber(IntegerAttr attribute);
  Attribute changedArray(ArrayAttr attribute);
  Attribute changedDictionary(DictionaryAttr attribute);
  Attribute changedElements(DenseElementsAttr attribute);
  Attribute changedElements(DenseArrayAttr attribute);
  Attribute changedMap(AffineMapAttr attribute);
  Attribute changedParts(Attribute attribute);

  ModuleOp module;
  Choices &choices;
  std::vector<Operation *> operations;
};

/// MLIR as text with some of its tokens changed.
std::string changedText(llvm::StringRef text, Choices &choices);

/// The IR changed in one way or the other.
std::string changedIR(llvm::StringRef text, Choices &choices);

} // namespace mlir::bnn::fuzz
