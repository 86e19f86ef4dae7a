//===- DimensionBuilder.cpp - Symbolic dimensions at run time -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/Support/DimensionBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::bnn;
using namespace mlir::bnn::onnx;

FailureOr<SetVector<Value>> bnn::sourcesOf(ArrayRef<SymbolicDim> dims,
                                           const SymbolicShapes &shapes) {
  SetVector<Value> sources;
  SetVector<unsigned> symbols;
  auto add = [&](const SymbolicDim &dim) {
    dim.forEachTerm([&](ArrayRef<unsigned> factors, int64_t) {
      symbols.insert(factors.begin(), factors.end());
    });
  };
  llvm::for_each(dims, add);
  // The list grows as it is read.
  for (size_t i = 0; i < symbols.size(); ++i) {
    unsigned symbol = symbols[i];
    if (const SymbolicShapes::Definition *definition =
            shapes.definitionOf(symbol))
      llvm::for_each(definition->operands, add);
    else if (auto source = shapes.sourceOf(symbol))
      sources.insert(source->value);
    else
      return failure();
  }
  return sources;
}

Value DimensionBuilder::build(const SymbolicDim &dim) {
  Value sum;
  dim.forEachTerm([&](ArrayRef<unsigned> symbols, int64_t coefficient) {
    Value product;
    for (unsigned symbol : symbols) {
      Value factor = build(symbol);
      product =
          product ? b.createOrFold<arith::MulIOp>(product, factor) : factor;
    }
    if (!product || coefficient != 1) {
      Value factor = b.create<arith::ConstantIndexOp>(coefficient);
      product =
          product ? b.createOrFold<arith::MulIOp>(product, factor) : factor;
    }
    sum = sum ? b.createOrFold<arith::AddIOp>(sum, product) : product;
  });
  return sum ? sum : b.create<arith::ConstantIndexOp>(0);
}

Value DimensionBuilder::build(unsigned symbol) {
  if (Value known = values.lookup(symbol))
    return known;
  const SymbolicShapes::Definition *definition = shapes.definitionOf(symbol);
  Value value =
      definition ? compute(*definition) : read(*shapes.sourceOf(symbol));
  return values[symbol] = value;
}

Value DimensionBuilder::read(const SymbolicShapes::Source &source) {
  if (!source.isElement)
    return b.createOrFold<tensor::DimOp>(source.value, source.position);
  SmallVector<Value> at;
  if (cast<RankedTensorType>(source.value.getType()).getRank() == 1)
    at.push_back(b.create<arith::ConstantIndexOp>(source.position));
  Value element = b.create<tensor::ExtractOp>(source.value, at);
  return b.create<arith::IndexCastOp>(b.getIndexType(), element);
}

Value DimensionBuilder::compute(const SymbolicShapes::Definition &definition) {
  using Definition = SymbolicShapes::Definition;
  SmallVector<Value> operands;
  for (const SymbolicDim &operand : definition.operands)
    operands.push_back(build(operand));
  Value one = b.create<arith::ConstantIndexOp>(1);
  switch (definition.kind) {
  case Definition::Add:
    return b.createOrFold<arith::AddIOp>(operands[0], operands[1]);
  case Definition::Subtract:
    return b.createOrFold<arith::SubIOp>(operands[0], operands[1]);
  case Definition::Multiply:
    return b.createOrFold<arith::MulIOp>(operands[0], operands[1]);
  case Definition::Divide:
    // A division by 0 is an error of another check, but must not trap in this.
    return b.createOrFold<arith::DivSIOp>(
        operands[0], b.createOrFold<arith::MaxSIOp>(operands[1], one));
  case Definition::Minimum:
    return b.createOrFold<arith::MinSIOp>(operands[0], operands[1]);
  case Definition::Broadcast: {
    // The one that is not 1, if there is one: all others are equal.
    Value result = operands[0];
    for (Value operand : ArrayRef(operands).drop_front()) {
      Value isOne =
          b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, result, one);
      result = b.create<arith::SelectOp>(isOne, operand, result);
    }
    return result;
  }
  }
  llvm_unreachable("a kind of definition");
}
