//===- BNNInterfaces.cpp - What passes ask the bnn ops --------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/BNN/BNN.h"
#include "dialects/BNN/Layout.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::bnn;

#include "dialects/BNN/BNNInterfaces.cpp.inc"

//===----------------------------------------------------------------------===//
// EpilogueOpInterface
//===----------------------------------------------------------------------===//

// The types of an epilogue's arguments.
static SmallVector<Type> argumentTypes(TypeRange leading, ValueRange params) {
  SmallVector<Type> types(leading);
  for (Value param : params)
    types.push_back(getElementTypeOrSelf(param.getType()));
  return types;
}

SmallVector<Type> bnn::getTensorTypes(ValueRange outs) {
  return SmallVector<Type>(
      llvm::make_filter_range(outs.getTypes(), llvm::IsaPred<TensorType>));
}

void bnn::buildEpilogue(OpBuilder &builder, Location loc, Region &region,
                        TypeRange leading, ValueRange params,
                        EpilogueBuilder epilogue) {
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Type> types = argumentTypes(leading, params);
  Block *block = builder.createBlock(&region, region.end(), types,
                                     SmallVector<Location>(types.size(), loc));
  epilogue(builder, loc, block->getArguments());
}

EpilogueOpInterface EpilogueOpInterface::cloneWith(OpBuilder &builder,
                                                   ValueRange params,
                                                   ValueRange outs,
                                                   EpilogueBuilder epilogue) {
  // The operands' segments follow from a copy's; the results of an op cannot be
  // changed, so it is made anew from the copy's parts.
  Operation *copy = getOperation()->cloneWithoutRegions();
  cast<EpilogueOpInterface>(copy).getParamsMutable().assign(params);
  cast<EpilogueOpInterface>(copy).getOutsMutable().assign(outs);
  OperationState state(getLoc(), copy->getName());
  state.addOperands(copy->getOperands());
  state.addTypes(getTensorTypes(outs));
  state.propertiesAttr = copy->getPropertiesAsAttribute();
  state.addAttributes(copy->getDiscardableAttrDictionary().getValue());
  state.addRegion();
  copy->erase();
  auto result = cast<EpilogueOpInterface>(builder.create(state));
  buildEpilogue(builder, getLoc(), result.getEpilogue(), getLeadingTypes(),
                params, epilogue);
  return result;
}

SmallVector<Value> EpilogueOpInterface::inlineEpilogue(OpBuilder &builder,
                                                       ValueRange arguments) {
  if (getEpilogue().empty())
    return arguments;
  Block &body = getEpilogue().front();
  IRMapping mapping;
  mapping.map(body.getArguments(), arguments);
  for (Operation &op : body.without_terminator())
    builder.clone(op, mapping);
  return llvm::map_to_vector(
      body.getTerminator()->getOperands(),
      [&](Value value) { return mapping.lookupOrDefault(value); });
}

// A parameter is a scalar, one value per output channel, or of the outputs'
// shape.
static LogicalResult verifyParams(EpilogueOpInterface op) {
  ArrayRef<int64_t> shape =
      cast<ShapedType>(op.getOuts()[0].getType()).getShape();
  for (Value param : op.getParams()) {
    auto type = dyn_cast<ShapedType>(param.getType());
    if (!type)
      continue;
    bool perOutput =
        type.getRank() == 1 &&
        succeeded(verifyCompatibleShape(type.getShape(), shape.take_back()));
    // [X1]
    if (!perOutput && failed(verifyCompatibleShape(type.getShape(), shape)))
      return op.emitOpError("the parameter ")
             << type << " is neither one value per output nor of the shape ["
             << shape << "]";
  }
  return success();
}

LogicalResult bnn::detail::verifyEpilogue(Operation *op) {
  auto self = cast<EpilogueOpInterface>(op);
  OperandRange outs = self.getOuts(), params = self.getParams();
  SmallVector<Type> leading = self.getLeadingTypes();
  if (failed(verifyParams(self)))
    return failure();
  if (self.getEpilogue().empty()) {
    if (outs.size() == 1 && params.empty() && leading.size() == 1 &&
        getElementTypeOrSelf(outs[0]) == leading[0])
      return success();
    // [X2]
    return op->emitOpError("has one output of ")
           << leading << " and no parameters without an epilogue";
  }
  Block &block = self.getEpilogue().front();
  SmallVector<Type> arguments = argumentTypes(leading, params);
  // [X3]
  if (TypeRange(arguments) != TypeRange(block.getArgumentTypes()))
    return op->emitOpError("the epilogue's arguments are expected to be (")
           << arguments << ")";
  Operation *yield = block.getTerminator();
  // [X4]
  if (!yield->hasTrait<OpTrait::ReturnLike>() ||
      yield->getNumOperands() != outs.size())
    return op->emitOpError("the epilogue yields one value for each output");
  for (auto [value, out] : llvm::zip_equal(yield->getOperands(), outs)) {
    Type want = getElementTypeOrSelf(out);
    if (auto bits = dyn_cast<BitsType>(want))
      want = IntegerType::get(op->getContext(), bits.getWidth() == 1 ? 1 : 32);
    // [X5]
    if (value.getType() != want)
      return yield->emitOpError("yields ")
             << value.getType() << " for an output of " << out.getType();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// KernelOpInterface
//===----------------------------------------------------------------------===//

void MultiplyAccumulates::addAllDimensions(Value value) {
  for (int64_t axis : llvm::seq(cast<ShapedType>(value.getType()).getRank()))
    dimensions.emplace_back(value, axis);
}

LogicalResult bnn::detail::verifyMask(Operation *op, Value bits, Value zeros) {
  auto isBit = [](Value value, bool isSigned) {
    auto type = dyn_cast<BitsType>(getElementTypeOrSelf(value));
    return type && type.getIsSigned() == isSigned && type.getWidth() == 1;
  };
  // [Z1]
  if (!isBit(bits, true))
    return op->emitOpError("a mask of zeros belongs to !bnn.s1, not to ")
           << bits.getType();
  // [Z2]
  if (!isBit(zeros, false))
    return op->emitOpError("a mask of zeros has elements of !bnn.u1, not ")
           << zeros.getType();
  // [Z3]
  if (failed(verifyCompatibleShape(bits.getType(), zeros.getType())))
    return op->emitOpError("the mask of zeros ")
           << zeros.getType() << " does not have the shape of "
           << bits.getType();
  return success();
}

LogicalResult bnn::detail::verifyMasks(Operation *op) {
  for (const MaskedBits &masked : cast<KernelOpInterface>(op).getMaskedBits())
    if (masked.zeros.size() &&
        failed(verifyMask(op, masked.bits, masked.zeros[0].get())))
      return failure();
  return success();
}

// The masks of zeros of `op` that are `mask`.
static SmallVector<MutableOperandRange> masksThatAre(KernelOpInterface op,
                                                     Value mask) {
  SmallVector<MutableOperandRange> result;
  for (const MaskedBits &masked : op.getMaskedBits())
    if (masked.zeros.size() && masked.zeros[0].get() == mask)
      result.push_back(masked.zeros);
  return result;
}

bool KernelOpInterface::readsAsMaskOnly(Value value) {
  int64_t uses = llvm::count(getOperation()->getOperands(), value);
  return uses && uses == int64_t(masksThatAre(*this, value).size());
}

void KernelOpInterface::dropMask(Value mask) {
  // An operand less moves those after it, so ranges are asked for anew.
  while (true) {
    SmallVector<MutableOperandRange> masks = masksThatAre(*this, mask);
    if (masks.empty())
      return;
    masks[0].clear();
  }
}

//===----------------------------------------------------------------------===//
// LayoutOpInterface
//===----------------------------------------------------------------------===//

Attribute bnn::detail::getOperandLayout(OpOperand &operand, int64_t groups,
                                        TargetAttr target) {
  auto type = cast<ShapedType>(operand.get().getType());
  // Bytes lie as they are.
  if (cast<BitsType>(type.getElementType()).isByte())
    return {};
  // Whatever makes a row can give it parity words, but few read them.
  bool isWritten =
      cast<DestinationStyleOpInterface>(operand.getOwner()).isDpsInit(&operand);
  return getRowsLayout(
      type, groups, isWritten && canHaveParity(type.getElementType(), target));
}

//===----------------------------------------------------------------------===//
// Effects
//===----------------------------------------------------------------------===//

void bnn::detail::getDestinationEffects(
    DestinationStyleOpInterface op,
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    MemoryEffects::Effect *effect = MemoryEffects::Read::get();
    if (op.isDpsInit(&operand))
      effect = MemoryEffects::Write::get();
    effects.emplace_back(effect, &operand, SideEffects::DefaultResource::get());
  }
}
