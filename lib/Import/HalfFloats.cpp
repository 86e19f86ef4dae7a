//===- HalfFloats.cpp - Numbers of 16 bits become floats ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The graph is imported with the element types that it has, so that operators
// check them. Then f16 and bf16 become f32: constants and inputs are widened,
// and what computes is rounded.
//
//===----------------------------------------------------------------------===//

#include "dialects/ONNX/HalfFloats.h"
#include "dialects/ONNX/ONNXTraits.h"
#include "lib/Import/Importer.h"

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
namespace {
/// Goes through a function in its order, so that what an operation reads has
/// been widened.
class Widener {
public:
  explicit Widener(func::FuncOp func)
      : func(func), builder(func.getContext()), f32(builder.getF32Type()) {}

  LogicalResult run();

private:
  static Type withElement(Type type, Type element) {
    auto tensor = cast<TensorType>(type);
    if (!tensor.hasRank())
      return UnrankedTensorType::get(element);
    return RankedTensorType::get(tensor.getShape(), element);
  }
  /// The element type that the value had in the model.
  Type elementOf(Value value) const {
    if (Type half = halves.lookup(value))
      return half;
    return getElementTypeOrSelf(value.getType());
  }
  Value castTo(Location loc, Value x, Type element) {
    return builder.create<onnx::CastOp>(loc, withElement(x.getType(), element),
                                        x);
  }
  Value round(Location loc, Value x, Type format) {
    Value y = builder.create<onnx::RoundToHalfOp>(
        loc, withElement(x.getType(), f32), x, format);
    halves[y] = format;
    return y;
  }
  void widenArguments();
  LogicalResult widenAttribute(Operation *op);
  bool replaceCast(onnx::CastOp op);
  LogicalResult widen(Operation *op);
  void narrowResults(func::ReturnOp op);

  func::FuncOp func;
  OpBuilder builder;
  Type f32;
  /// Values of f32 that were of f16 or bf16.
  DenseMap<Value, Type> halves;
};

void Widener::widenArguments() {
  builder.setInsertionPointToStart(&func.getBody().front());
  for (BlockArgument argument : func.getArguments()) {
    Type element = getElementTypeOrSelf(argument.getType());
    if (!onnx::isHalf(element) || argument.use_empty())
      continue;
    Value wide = castTo(argument.getLoc(), argument, f32);
    argument.replaceAllUsesExcept(wide, wide.getDefiningOp());
    halves[wide] = element;
  }
}

/// The value of Constant and ConstantOfShape.
LogicalResult Widener::widenAttribute(Operation *op) {
  auto value = op->getAttrOfType<ElementsAttr>("value");
  if (!value || !onnx::isHalf(value.getElementType()))
    return success();
  ElementsAttr wide = onnx::widenHalves(value);
  if (!wide)
    return op->emitError("has no elements that can be read");
  op->setAttr("value", wide);
  return success();
}

/// A cast from or to 16 bits; whether it was one.
bool Widener::replaceCast(onnx::CastOp op) {
  Value x = op.getInput(), y;
  Type from = elementOf(x), to = getElementTypeOrSelf(op.getType());
  if (halves.contains(op.getOutput()))
    to = halves.lookup(op.getOutput());
  if (!onnx::isHalf(from) && !onnx::isHalf(to))
    return false;
  if (from == to || (onnx::isHalf(from) && to.isF32())) {
    y = x;
  } else if (!onnx::isHalf(to)) {
    return true; // From the f32 that has the number.
  } else {
    // Integers of a byte need no rounding; wider ones are rounded to f32 first.
    bool isFloat = isa<FloatType>(from);
    Value wide = isFloat ? x : castTo(op.getLoc(), x, f32);
    y = from.isInteger(1) || from.isInteger(8) ? wide
                                               : round(op.getLoc(), wide, to);
    halves[y] = to;
  }
  op.replaceAllUsesWith(y);
  halves.erase(op.getOutput());
  op.erase();
  return true;
}

LogicalResult Widener::widen(Operation *op) {
  builder.setInsertionPointAfter(op);
  for (Value result : op->getResults()) {
    Type element = getElementTypeOrSelf(result.getType());
    if (!onnx::isHalf(element))
      continue;
    halves[result] = element;
    result.setType(withElement(result.getType(), f32));
  }
  if (auto cast = dyn_cast<onnx::CastOp>(op); cast && replaceCast(cast))
    return success();
  if (failed(widenAttribute(op)))
    return failure();
  if (op->hasTrait<onnx::KeepsHalves>())
    return success();
  for (Value result : op->getResults()) {
    Type format = halves.lookup(result);
    if (!format || result.use_empty())
      continue;
    Value rounded = round(op->getLoc(), result, format);
    result.replaceAllUsesExcept(rounded, rounded.getDefiningOp());
  }
  return success();
}

void Widener::narrowResults(func::ReturnOp op) {
  builder.setInsertionPoint(op);
  for (auto [operand, type] :
       zip_equal(op->getOpOperands(), func.getResultTypes())) {
    Type wanted = getElementTypeOrSelf(type);
    if (wanted != getElementTypeOrSelf(operand.get().getType()))
      operand.set(castTo(operand.get().getLoc(), operand.get(), wanted));
  }
}

LogicalResult Widener::run() {
  SmallVector<Operation *> order;
  for (Operation &op : func.getBody().front())
    order.push_back(&op);
  widenArguments();
  for (Operation *op : order) {
    if (auto end = dyn_cast<func::ReturnOp>(op))
      narrowResults(end);
    else if (failed(widen(op)))
      return failure();
  }
  return success();
}
} // namespace

LogicalResult Importer::widenHalves() { return Widener(func).run(); }
} // namespace mlir::bnn
