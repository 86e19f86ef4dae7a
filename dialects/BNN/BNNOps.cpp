//===- BNNOps.cpp - Verifiers of the bnn dialect --------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bnn/types.h"
#include "dialects/BNN/BNN.h"
#include "dialects/BNN/BNNTarget.h"
#include "dialects/BNN/Encoding.h"
#include "dialects/BNN/Layout.h"
#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace mlir::bnn;

#define GET_OP_CLASSES
#include "dialects/BNN/BNNOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Shared rules
//===----------------------------------------------------------------------===//

static ShapedType shaped(Value value) {
  return cast<ShapedType>(value.getType());
}

static BitsType bitsOf(Value value) {
  return dyn_cast<BitsType>(shaped(value).getElementType());
}

static bool isBits(Value value, bool isSigned) {
  BitsType bits = bitsOf(value);
  return bits && bits.getIsSigned() == isSigned && bits.getWidth() == 1;
}

// Dimensions agree if they are equal or one of them is dynamic.
static bool compatible(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  return succeeded(verifyCompatibleShape(a, b));
}

// Whether `value` has integers of a few bits, which ops compute with.
static bool isPlanes(Value value) {
  BitsType bits = bitsOf(value);
  return bits && (bits.getWidth() == 2 || bits.getWidth() == 4);
}

static LogicalResult verifyOutputCount(Operation *op, OperandRange outs,
                                       size_t most) {
  if (outs.empty() || outs.size() > most)
    return op->emitOpError("has ") << outs.size() << " outputs, expected 1"
                                   << (most > 1 ? " or 2" : "");
  return success();
}

static LogicalResult verifyOutputShape(Operation *op, OperandRange outs,
                                       ArrayRef<int64_t> shape) {
  for (Value out : outs)
    if (!compatible(shaped(out).getShape(), shape))
      return op->emitOpError("the output ")
             << out.getType() << " does not have the shape [" << shape << "]";
  return success();
}

// A second output is the mask of zeros of the first.
static LogicalResult verifyMaskOutput(Operation *op, OperandRange outs) {
  return outs.size() == 2 ? bnn::detail::verifyMask(op, outs[0], outs[1])
                          : success();
}

static LogicalResult verifyShift(Operation *op, Value shift, int64_t columns) {
  if (shift && !compatible(shaped(shift).getShape(), columns))
    return op->emitOpError("the shift ")
           << shift.getType() << " is not one value per element of a row";
  return success();
}

static SmallVector<OpOperand *> pointersTo(MutableOperandRange operands) {
  return llvm::map_to_vector(operands,
                             [](OpOperand &operand) { return &operand; });
}

//===----------------------------------------------------------------------===//
// ConstantOp
//===----------------------------------------------------------------------===//

OpFoldResult bnn::ConstantOp::fold(FoldAdaptor) { return getBits(); }

Operation *BNNDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                           Type type, Location loc) {
  auto bits = dyn_cast<ElementsAttr>(value);
  if (!bits || !isa<BitsType>(getElementTypeOrSelf(type)))
    return nullptr;
  return builder.create<bnn::ConstantOp>(loc, type, bits);
}

LogicalResult bnn::ConstantOp::verify() {
  auto type = cast<ShapedType>(getType());
  // [C1]
  if (!type.hasStaticShape())
    return emitOpError("needs a static shape, not ") << type;
  BitsType element = bitsOf(getResult());
  // [C2]
  if (element.getWidth() != 1 && !element.isByte())
    return emitOpError("holds elements of one bit or eight, not ") << type;
  ShapedType bits = getBits().getShapedType();
  SmallVector<int64_t> shape(type.getShape());
  unsigned width = element.getWidth();
  if (getLayout(type)) {
    shape = getStorageShape(type);
    width = kWordBits;
  }
  // [C3]
  if (bits.getShape() != ArrayRef<int64_t>(shape) ||
      !bits.getElementType().isInteger(width))
    return emitOpError("the bits of a constant of type ")
           << type << " are expected to be a tensor of shape [" << shape
           << "] of i" << width << ", not " << bits;
  return success();
}

//===----------------------------------------------------------------------===//
// BinarizeOp
//===----------------------------------------------------------------------===//

LogicalResult BinarizeOp::verify() {
  // [B1]
  if (failed(verifyOutputCount(*this, getOuts(), 2)))
    return failure();
  ArrayRef<int64_t> shape = shaped(getInput()).getShape();
  // [B2]
  if (shape.empty())
    return emitOpError("needs an input of rank 1 or more");
  const bool isSigned = !getThreshold();
  // [B3]
  if (!isBits(getOuts()[0], isSigned))
    return emitOpError("the first output has elements of !bnn.")
           << (isSigned ? "s1" : "u1") << ", not " << getOuts()[0].getType();
  // [B4]
  if (!isSigned && getOuts().size() == 2)
    return emitOpError("unsigned bits have no mask of zeros");
  // [B5]
  if (!isSigned && getThreshold()->isNaN())
    return emitOpError("needs a threshold that is a number");
  // [B6]
  if (failed(verifyOutputShape(*this, getOuts(), shape)))
    return failure();
  // [B7]
  if (failed(verifyShift(*this, getShift(), shape.back())))
    return failure();
  const bool isDecided = getZero() != ZeroPolicy::Zero;
  // [B8]
  if (isDecided && getOuts().size() == 2)
    return emitOpError("has a mask of zeros, but the sign of 0 is ")
           << stringifyZeroPolicy(getZero());
  // [B9]
  if (isDecided && !isSigned)
    return emitOpError("has a threshold, and a sign of 0 besides");
  // [B10]
  if (getNanPositive() && !isDecided && isSigned)
    return emitOpError("NaN has a sign, but 0 has none");
  return verifyMaskOutput(*this, getOuts());
}

arith::CmpFPredicate BinarizeOp::getPredicate() {
  const bool withEqual = getZero() == ZeroPolicy::Positive;
  if (getNanPositive())
    return withEqual ? arith::CmpFPredicate::UGE : arith::CmpFPredicate::UGT;
  return withEqual ? arith::CmpFPredicate::OGE : arith::CmpFPredicate::OGT;
}

SmallVector<Value> BinarizeOp::getEncodingParams() {
  return getShift() ? SmallVector<Value>{getShift()} : SmallVector<Value>();
}

SmallVector<Value> BinarizeOp::encode(OpBuilder &builder, Location loc,
                                      Value element, ValueRange params) {
  ImplicitLocOpBuilder b(loc, builder);
  if (getShift())
    element = b.create<arith::AddFOp>(element, params[0]);
  Value level = f32Like(b, getLevel(), element);
  SmallVector<Value> bits = {
      b.create<arith::CmpFOp>(getPredicate(), element, level)};
  if (getOuts().size() == 2)
    bits.push_back(isNeither(b, element, level));
  return bits;
}

//===----------------------------------------------------------------------===//
// QuantizeOp
//===----------------------------------------------------------------------===//

LogicalResult QuantizeOp::verify() {
  // [Q1]
  if (failed(verifyOutputCount(*this, getOuts(), 1)))
    return failure();
  ArrayRef<int64_t> shape = shaped(getInput()).getShape();
  // [Q2]
  if (shape.empty())
    return emitOpError("needs an input of rank 1 or more");
  BitsType element = bitsOf(getOuts()[0]);
  // [Q3]
  if (!isPlanes(getOuts()[0]) && !element.isByte())
    return emitOpError("the output has elements of 2, 4 or 8 bits, not ")
           << getOuts()[0].getType();
  // [Q4]
  if (getMinimum() && (element.getIsSigned() || element.isByte()))
    return emitOpError("signed integers, and those of 8 bits, have no minimum");
  // [Q7]
  if (getZeroPoint() && !element.isByte())
    return emitOpError("a zero point is for integers of 8 bits, not for ")
           << element;
  // [Q5]
  if (failed(verifyOutputShape(*this, getOuts(), shape)))
    return failure();
  // [Q6]
  return verifyShift(*this, getShift(), shape.back());
}

SmallVector<Value> QuantizeOp::getEncodingParams() {
  SmallVector<Value> params;
  for (Value param :
       SmallVector<Value>{getShift(), getMinimum(), getZeroPoint(), getStep()})
    if (param)
      params.push_back(param);
  return params;
}

SmallVector<Value> QuantizeOp::encode(OpBuilder &builder, Location loc,
                                      Value element, ValueRange params) {
  ImplicitLocOpBuilder b(loc, builder);
  if (getShift())
    element = b.create<arith::AddFOp>(element, params.front());
  // Beside the step there is a minimum or a zero point.
  Value beside = params.size() > 1 ? params.drop_back().back() : Value();
  if (getMinimum())
    element = b.create<arith::SubFOp>(element, beside);
  BitsType type = bitsOf(getOuts()[0]);
  if (type.isByte())
    return {quantizedByte(b, element, params.back(),
                          getZeroPoint() ? beside : Value(), type)};
  return {quantizedBits(b, element, params.back(), type)};
}

//===----------------------------------------------------------------------===//
// MatmulOp
//===----------------------------------------------------------------------===//

// How many of `elements` a sum may have: all, and a correction as many again.
static int64_t addendsOf(MatmulOp op, int64_t elements) {
  // The others are dynamic, or too many already.
  return op.getCorrection() && llvm::isUInt<31>(elements) ? 2 * elements
                                                          : elements;
}

// The sums that are added to those of some blocks of outputs.
static LogicalResult verifyCorrection(MatmulOp op) {
  if (!op.getCorrection() && !op.getCorrected())
    return success();
  ArrayRef<int64_t> blocks = op.getCorrectedBlocks();
  const int64_t outputs = op.getOutputsPerRow();
  // [M7]
  if (!op.getCorrection() || !op.getCorrected() || !bitsOf(op.getInput()))
    return op.emitOpError("a correction and its blocks come together, beside "
                          "integers");
  // [M8]
  if (blocks.empty() || blocks.front() < 0 ||
      std::adjacent_find(blocks.begin(), blocks.end(),
                         std::greater_equal<int64_t>()) != blocks.end() ||
      ShapedType::isDynamic(outputs) ||
      blocks.back() >= int64_t(llvm::divideCeil(outputs, kLanes)))
    return op.emitOpError("the blocks [")
           << blocks << "] do not ascend within " << outputs << " outputs";
  SmallVector<int64_t> shape(shaped(op.getInput()).getShape());
  shape.back() = int64_t(blocks.size()) * kLanes;
  auto type = shaped(op.getCorrection());
  // [M9]
  if (failed(verifyCompatibleShape(type.getShape(), shape)))
    return op.emitOpError("the correction ")
           << type << " is not of the shape [" << shape << "]";
  return success();
}

LogicalResult MatmulOp::verify() {
  // [M1]
  if (failed(verifyOutputCount(*this, getOuts(), 2)))
    return failure();
  ArrayRef<int64_t> input = shaped(getInput()).getShape();
  // [M2]
  if (shaped(getWeight()).getRank() != 2 || input.empty())
    return emitOpError("multiplies rows by a matrix of outputs by inputs");
  // [M3]
  if (!bnn::getDotKind(shaped(getInput()).getElementType(),
                       shaped(getWeight()).getElementType()))
    return emitOpError("does not multiply ")
           << getInput().getType() << " by " << getWeight().getType();
  // [M4]
  if (!compatible(input.back(), getElementsPerRow()))
    return emitOpError("rows of ")
           << input.back() << " elements do not fit " << getWeight().getType();
  SmallVector<int64_t> shape(input);
  shape.back() = getOutputsPerRow();
  // [M5]
  if (failed(verifyOutputShape(*this, getOuts(), shape)))
    return failure();
  // [M6]
  BitsType element = bitsOf(getInput());
  const int64_t addends = addendsOf(*this, getElementsPerRow());
  if (element && !sumFits(element, addends))
    return emitOpError("sums of ")
           << addends << " elements of " << element << " can be beyond 32 bits";
  if (failed(verifyCorrection(*this)))
    return failure();
  return verifyMaskOutput(*this, getOuts());
}

void MatmulOp::build(OpBuilder &builder, OperationState &state, Value input,
                     Value weight, Value zeros, ValueRange params,
                     ValueRange outs, EpilogueBuilder epilogue) {
  build(builder, state, getTensorTypes(outs), input, weight, zeros,
        /*correction=*/Value(), /*corrected=*/DenseI64ArrayAttr(), params,
        outs);
  std::optional<DotKind> kind = bnn::getDotKind(
      shaped(input).getElementType(), shaped(weight).getElementType());
  assert(kind && "no dot takes such operands");
  buildEpilogue(builder, state.location, *state.regions[0],
                getAccumulatorType(builder.getContext(), *kind), params,
                epilogue);
}

DotKind MatmulOp::getDotKind() {
  return *bnn::getDotKind(shaped(getInput()).getElementType(),
                          shaped(getWeight()).getElementType());
}

int64_t MatmulOp::getWeightSize(bool ofOutputs) {
  const bool outputsFirst = !hasOutputsSideBySide(getDotKind());
  return shaped(getWeight()).getDimSize(ofOutputs == outputsFirst ? 0 : 1);
}

std::optional<AccumulatorRange> MatmulOp::getAccumulatorRange() {
  const int64_t addends =
      addendsOf(*this, shaped(getInput()).getShape().back());
  BitsType element = bitsOf(getInput());
  // Sums of bytes are too many for a staircase.
  if (ShapedType::isDynamic(addends) || !element || element.isByte())
    return std::nullopt;
  const int64_t most =
      addends * std::max(element.getMost(), -element.getLeast());
  return AccumulatorRange{-most, most};
}

SmallVector<Type> MatmulOp::getLeadingTypes() {
  return {getAccumulatorType(getContext(), getDotKind())};
}

MultiplyAccumulates MatmulOp::getMultiplyAccumulates() {
  BitsType element = bitsOf(getInput());
  if (!element)
    return {};
  // Planes are multiplied one by one.
  MultiplyAccumulates result{element.isByte() ? 1 : element.getWidth(), {}};
  result.addAllDimensions(getInput());
  result.dimensions.emplace_back(getWeight(), 0);
  return result;
}

StringRef MatmulOp::getKernelName(TargetAttr target) {
  auto layout = dyn_cast_or_null<PanelsAttr>(getLayout(getWeight().getType()));
  return getLimitName(getDot(target).getKind(), layout && layout.getParity());
}

DotAttr MatmulOp::getDot(TargetAttr target) {
  DotAttr plain = bnn::getDot(getContext(), target, getDotKind());
  auto layout = dyn_cast_or_null<PanelsAttr>(getLayout(getWeight().getType()));
  if (layout && layout.getRunning()) {
    DotAttr chain =
        target ? target.getListedDot(DotKind::ParityChain) : DotAttr();
    return chain ? chain : plain;
  }
  ArrayRef<int64_t> input = shaped(getInput()).getShape();
  const bool hasKnownRows = !ShapedType::isDynamicShape(input.drop_back());
  if (layout && layout.getWord() == kWordBits &&
      plain.getKind() == DotKind::DotBytes) {
    auto mayHave = [&](int64_t rows) {
      return !hasKnownRows ||
             ShapedType::getNumElements(input.drop_back()) >= rows;
    };
    auto find = [&](DotKind kind, Instructions instruction) {
      return target && target.does(instruction) ? target.getListedDot(kind)
                                                : DotAttr();
    };
    DotAttr tiles = find(DotKind::ByteTiles, Instructions::DotTiles);
    if (tiles && getTileStep(getElementsPerRow()) &&
        layout.getOutGroup() > kLanes && mayHave(kByteTileRows))
      return tiles;
    // A word of bits has the outputs of two panels.
    const bool hasBits = llvm::any_of(
        getOuts(), [](Value out) { return bool(getLayout(out.getType())); });
    DotAttr squares = find(DotKind::ByteSquares, Instructions::DotSquares);
    if (squares && getElementsPerRow() >= kByteSquareStep &&
        layout.getOutGroup() == getOutputsPerRow() &&
        getOutputsPerRow() >= kLanes && !hasBits &&
        mayHave(kByteSquareLeastRows))
      return squares;
    return plain;
  }
  DotAttr table = target ? target.getListedDot(DotKind::ByteTable) : DotAttr();
  if (!table || !getShuffledBytes(target) || !layout || !bitsOf(getInput()) ||
      bitsOf(getInput()).isByte())
    return plain;
  const int64_t words = packedWords(input.back(), layout.getGroup());
  const bool isShort =
      hasKnownRows && ShapedType::getNumElements(input.drop_back()) *
                              bitsOf(getInput()).getWidth() <
                          kTableLeastRows;
  // Counts are 16 bits wide.
  const bool isWorth = !isShort && words > 0 && words * kWordBits <= 0xFFFF &&
                       layout.getOutGroup() >= kTablePanels * kLanes;
  return isWorth ? table : plain;
}

SmallVector<MaskedBits> MatmulOp::getMaskedBits() {
  return {{getInput(), getZerosMutable()}};
}

SmallVector<OpOperand *> MatmulOp::getOperandsReadInPlace() {
  return pointersTo(getParamsMutable());
}

// Whether weights that are bytes are `small` (`#bnn.panels`), on a target that
// makes use of it.
static bool areSmall(Value weights, TargetAttr target) {
  if (auto panels = dyn_cast_or_null<PanelsAttr>(getLayout(weights.getType())))
    return panels.getSmall();
  DenseElementsAttr bytes;
  return target && target.does(Instructions::Multiply16Pairs) &&
         !target.does(Instructions::Dot32Bytes) &&
         !target.does(Instructions::Dot64Bytes) &&
         matchPattern(weights, m_Constant(&bytes)) && haveSmallPairs(bytes);
}

Attribute MatmulOp::getOperandLayout(OpOperand &operand, TargetAttr target) {
  auto type = cast<ShapedType>(operand.get().getType());
  const bool isByte = cast<BitsType>(type.getElementType()).isByte();
  if (&operand == &getInputMutable() && !isByte)
    return getRowsLayout(type, getRowGroups(),
                         canHaveParity(type.getElementType(), target));
  if (&operand != &getWeightMutable())
    return detail::getOperandLayout(operand, getRowGroups(), target);
  // Bytes beside f32 lie as they are.
  if (hasOutputsSideBySide(getDotKind()))
    return {};
  // Only a constant of some elements is packed, and this is none.
  if (!type.hasStaticShape() || type.getNumElements() == 0)
    return PanelsAttr::get(getContext(), kLanes, kWordBits, /*group=*/1,
                           /*out_group=*/1, /*parity=*/false,
                           /*running=*/false, /*small=*/false);
  auto input = dyn_cast_or_null<RowsAttr>(getLayout(getInput().getType())),
       out = dyn_cast_or_null<RowsAttr>(getLayout(getOuts()[0].getType()));
  const int64_t group = input ? input.getGroup() : type.getDimSize(1);
  const bool parity = input && input.getParity();
  // A chain of fewer words has no loop.
  const bool running = target && target.getListedDot(DotKind::ParityChain) &&
                       getDotKind() == DotKind::XorCount && !parity &&
                       packedWords(type.getDimSize(1), group) >= kChainWords;
  return PanelsAttr::get(getContext(), kLanes, kWordBits, group,
                         out ? out.getGroup() : type.getDimSize(0), parity,
                         running, isByte && areSmall(operand.get(), target));
}

//===----------------------------------------------------------------------===//
// AttentionOp
//===----------------------------------------------------------------------===//

// The bits of query, key and value.
static LogicalResult verifyElements(AttentionOp op) {
  Value query = op.getQuery();
  BitsType element = bitsOf(query);
  // [A4]
  if (!element.getIsSigned() || (element.getWidth() != 1 && !isPlanes(query)))
    return op.emitOpError("query, key and value have signed elements of 1, 2 "
                          "or 4 bits, not ")
           << query.getType();
  // [A5]
  for (Value bits : {op.getKey(), op.getValue()})
    if (bitsOf(bits) != element)
      return op.emitOpError("query, key and value differ in their elements: ")
             << query.getType() << " and " << bits.getType();
  return success();
}

// What becomes of the probabilities: bits, or integers of a few.
static LogicalResult verifyProbabilities(AttentionOp op) {
  BitsType element = bitsOf(op.getQuery());
  std::optional<Type> probability = op.getProbability();
  // [A6]
  if (bool(op.getCutoff()) + op.getThreshold().has_value() +
          probability.has_value() !=
      1)
    return op.emitOpError("needs one of a cutoff, a threshold and quantised "
                          "probabilities");
  // [A7]
  if (!probability != !op.getStep() || !op.getStep() != !op.getMinimum())
    return op.emitOpError("quantised probabilities have a step and a minimum");
  // [A8]
  if (!probability && element.getWidth() != 1)
    return op.emitOpError("a query of ")
           << element << " needs quantised probabilities";
  // [A9]
  if (probability &&
      *probability != BitsType::get(op.getContext(), false, element.getWidth()))
    return op.emitOpError("probabilities of ")
           << *probability << " do not go with a query of " << element;
  // [A10]
  if (probability && element.getWidth() == 1)
    return op.emitOpError("probabilities of one bit have a cutoff");
  // [A11]
  if (probability && op.getResidual())
    return op.emitOpError("quantised probabilities have no value residual");
  // [A22]
  if (op.getThreshold() && op.getThreshold()->isNaN())
    return op.emitOpError("the threshold is NaN");
  // [A24]
  if (op.getInclusive() && !op.getThreshold())
    return op.emitOpError("only a threshold is inclusive");
  return success();
}

std::optional<int64_t> AttentionOp::periodOf(size_t i) {
  const ShapedType mask = shaped(getMasks()[i]);
  const int64_t rows = mask.getDimSize(0);
  if (ShapedType::isDynamic(rows) || (mask.getRank() == 4 && rows == 1) ||
      rows == shaped(getQuery()).getDimSize(0))
    return std::nullopt;
  return rows;
}

// The masks: [B, T], or [B, heads, S, T] where the first three may be 1, or the
// first a divisor of B.
static LogicalResult verifyMasks(AttentionOp op) {
  ArrayRef<int64_t> query = shaped(op.getQuery()).getShape(),
                    key = shaped(op.getKeyTokens()).getShape();
  const int64_t whole[] = {query[0], int64_t(op.getHeads()), query[1], key[1]};
  for (Value mask : op.getMasks()) {
    SmallVector<int64_t> shape(shaped(mask).getShape());
    if (!shape.empty() && shape[0] > 0 && whole[0] > 0 &&
        whole[0] % shape[0] == 0)
      shape[0] = whole[0];
    bool fits = shape.size() == 2 && compatible(shape, key.take_front(2));
    if (shape.size() == 4) {
      for (int64_t i = 0; i < 3; ++i)
        shape[i] = shape[i] == 1 ? whole[i] : shape[i];
      fits = compatible(shape, whole);
    }
    // [A17]
    if (!fits)
      return op.emitOpError("the mask ")
             << mask.getType()
             << " is expected to be [batch, tokens of the key] or [batch, "
                "heads, "
                "tokens of the query, tokens of the key], or to have a "
                "divisor of the batch in its place";
  }
  // [A20]
  if (op.getMaskKinds() && op.getMaskKinds()->size() != op.getMasks().size())
    return op.emitOpError("'mask_kinds' has ")
           << op.getMaskKinds()->size() << " elements for "
           << op.getMasks().size() << " masks";
  const int64_t early = int64_t(op.getEarlyMasks());
  // [A21]
  if (early < 0 || early > int64_t(op.getMasks().size()))
    return op.emitOpError() << early << " of " << op.getMasks().size()
                            << " masks cannot be before the division";
  // [A23]
  if (op.getCausal() && op.getCross())
    return op.emitOpError("is causal, and its keys are other tokens");
  return success();
}

// The f32 operands of [batch, tokens, rank].
static LogicalResult verifyTerms(AttentionOp op, ArrayRef<int64_t> ofQuery,
                                 ArrayRef<int64_t> ofKey) {
  // [A13]
  if (!op.getLeft() != !op.getRight())
    return op.emitOpError("low-rank terms come in pairs");
  for (Value term : {op.getLeft(), op.getRight(), op.getResidual()}) {
    if (!term)
      continue;
    // [A14]
    ArrayRef<int64_t> got = shaped(term).getShape();
    if (got.size() != 3 ||
        !compatible(got.take_front(2), term == op.getLeft() ? ofQuery : ofKey))
      return op.emitOpError("the low-rank term ")
             << term.getType() << " is expected to be [batch, tokens, rank]";
  }
  // [A15]
  if (op.getLeft() && !compatible(shaped(op.getLeft()).getShape().back(),
                                  shaped(op.getRight()).getShape().back()))
    return op.emitOpError("low-rank terms differ in rank: ")
           << op.getLeft().getType() << " and " << op.getRight().getType();
  // [A16]
  if (op.getResidual() &&
      !compatible(shaped(op.getResidual()).getShape().back(), 1))
    return op.emitOpError("the value residual ")
           << op.getResidual().getType() << " has one number a token";
  return success();
}

LogicalResult AttentionOp::verify() {
  // [A1]
  if (failed(verifyOutputCount(*this, getOuts(), 2)))
    return failure();
  ArrayRef<int64_t> shape = shaped(getQuery()).getShape();
  // [A2]
  if (shape.size() != 3)
    return emitOpError("query, key and value have the shape [batch, tokens, "
                       "heads * size]");
  SmallVector<int64_t> key(shape);
  if (getCross() && shaped(getKey()).getRank() == 3)
    key[1] = shaped(getKey()).getDimSize(1);
  // [A3]
  for (Value other : {getKey(), getValue()})
    if (!compatible(shaped(other).getShape(), key))
      return emitOpError("query, key and value differ in shape: ")
             << getQuery().getType() << " and " << other.getType();
  if (failed(verifyElements(*this)) || failed(verifyProbabilities(*this)))
    return failure();
  int64_t heads = getHeads();
  // [A12]
  if (heads < 1 || (!ShapedType::isDynamic(shape[2]) && shape[2] % heads))
    return emitOpError() << heads << " heads do not divide " << shape[2]
                         << " channels";
  if (failed(verifyTerms(*this, shape.take_front(2),
                         ArrayRef(key).take_front(2))) ||
      failed(verifyMasks(*this)))
    return failure();
  // [A18]
  if (getDivisor().isZero() || getDivisor().isNaN())
    return emitOpError("needs a divisor that is a number and not 0");
  // [A19]
  if (failed(verifyOutputShape(*this, getOuts(), shape)))
    return failure();
  return verifyMaskOutput(*this, getOuts());
}

void AttentionOp::build(OpBuilder &builder, OperationState &state,
                        const AttentionParts &parts, EpilogueBuilder epilogue) {
  auto unit = [&](bool is) { return is ? builder.getUnitAttr() : UnitAttr(); };
  SmallVector<Attribute> kinds;
  for (MaskKind kind : parts.maskKinds)
    kinds.push_back(MaskKindAttr::get(builder.getContext(), kind));
  const bool areAdded = llvm::all_of(
      parts.maskKinds, [](MaskKind kind) { return kind == MaskKind::Add; });
  build(builder, state, getTensorTypes(parts.outs), parts.query, parts.key,
        parts.value, parts.queryZeros, parts.keyZeros, parts.valueZeros,
        parts.left, parts.right, parts.residual, parts.masks, parts.scale,
        parts.cutoff, parts.step, parts.minimum, parts.params, parts.outs,
        parts.probability, parts.threshold, unit(parts.inclusive),
        areAdded ? ArrayAttr() : builder.getArrayAttr(kinds),
        builder.getI64IntegerAttr(parts.earlyMasks), unit(parts.causal),
        unit(parts.cross), builder.getI64IntegerAttr(parts.heads),
        builder.getF32FloatAttr(parts.divisor));
  Type f32 = builder.getF32Type(), i32 = builder.getI32Type();
  buildEpilogue(builder, state.location, *state.regions[0],
                {i32, parts.probability ? i32 : f32}, parts.params, epilogue);
}

SmallVector<Type> AttentionOp::getLeadingTypes() {
  Builder b(getContext());
  return {b.getI32Type(),
          getProbability() ? Type(b.getI32Type()) : Type(b.getF32Type())};
}

MultiplyAccumulates AttentionOp::getMultiplyAccumulates() {
  // Each plane of the query with each of the key; the context, of as many
  // planes, costs as much as the scores.
  MultiplyAccumulates result{
      2 * bitsOf(getQuery()).getWidth() * bitsOf(getKey()).getWidth(), {}};
  result.addAllDimensions(getQuery());
  result.dimensions.emplace_back(getKey(), 1);
  return result;
}

SmallVector<MaskedBits> AttentionOp::getMaskedBits() {
  return {{getQuery(), getQueryZerosMutable()},
          {getKey(), getKeyZerosMutable()},
          {getValue(), getValueZerosMutable()}};
}

int64_t AttentionOp::getRowGroups() { return getHeads(); }

//===----------------------------------------------------------------------===//
// EmbeddingOp, ReduceOp, LayerNormOp, and the checks
//===----------------------------------------------------------------------===//

LogicalResult EmbeddingOp::verify() {
  // [E1]
  if (failed(verifyOutputCount(*this, getOuts(), 1)))
    return failure();
  ArrayRef<int64_t> weight = shaped(getWeight()).getShape();
  // [E2]
  if (weight.size() != 2 || weight[0] == 0 || ShapedType::isDynamic(weight[0]))
    return emitOpError("the table is a matrix of rows, not ")
           << getWeight().getType();
  // [E3]
  if (!isBits(getWeight(), true))
    return emitOpError("the table has elements of !bnn.s1, not ")
           << getWeight().getType();
  // [E4]
  if (!compatible(shaped(getScale()).getShape(), weight[0]))
    return emitOpError("the scale ")
           << getScale().getType() << " is not one value per row of the table";
  SmallVector<int64_t> shape(shaped(getIds()).getShape());
  shape.push_back(weight[1]);
  // [E5]
  return verifyOutputShape(*this, getOuts(), shape);
}

LogicalResult bnn::ReduceOp::verify() {
  // [D1]
  if (failed(verifyOutputCount(*this, getOuts(), 1)))
    return failure();
  ArrayRef<int64_t> input = shaped(getInput()).getShape();
  // [D2]
  if (input.empty())
    return emitOpError("needs an input of rank 1 or more");
  // [D3]
  return verifyOutputShape(*this, getOuts(), input.drop_back());
}

// There are few of them, and short: a call would cost as much.
bool bnn::ReduceOp::isOutlined() { return false; }

LogicalResult LayerNormOp::verify() {
  // [N1]
  if (getOuts().empty())
    return emitOpError("has no outputs");
  ArrayRef<int64_t> input = shaped(getInput()).getShape();
  // [N2]
  if (input.empty() || ShapedType::isDynamic(input.back()) || !input.back())
    return emitOpError("needs rows of a static size of at least 1, not ")
           << getInput().getType();
  // [N3]
  for (Value row : {getScale(), getBias()})
    if (!compatible(shaped(row).getShape(), input.back()))
      return emitOpError("the parameter ")
             << row.getType() << " is not one value per element of a row";
  // [N4]
  return verifyOutputShape(*this, getOuts(), input);
}

SmallVector<Type> LayerNormOp::getLeadingTypes() {
  return {Float32Type::get(getContext())};
}

bool LayerNormOp::takesMoreOutputs() { return true; }

SmallVector<OpOperand *> LayerNormOp::getOperandsReadInPlace() {
  return {&getInputMutable()};
}

int32_t CheckIndicesOp::getStatus() { return BNN_ERROR_INDEX; }

int32_t CheckShapeOp::getStatus() { return BNN_ERROR_SHAPE; }

void CheckShapeOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  // It says something to the caller: it must stay.
  effects.emplace_back(MemoryEffects::Write::get());
}

void CheckIndicesOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  if (isa<MemRefType>(getIds().getType()))
    effects.emplace_back(MemoryEffects::Read::get(), &getIdsMutable(),
                         SideEffects::DefaultResource::get());
  // A check must not vanish before `bnn-prepare-entry` makes the model's status
  // of its answer.
  else
    effects.emplace_back(MemoryEffects::Write::get(),
                         SideEffects::DefaultResource::get());
}

LogicalResult ReturnUnlessOp::verify() {
  // [RU1]
  if (getStatus() == BNN_OK)
    return emitOpError("needs the status of a run that failed, not ")
           << getStatus();
  // [RU2]
  auto function = dyn_cast<FunctionOpInterface>((*this)->getParentOp());
  if (!function || function.getNumResults() != 1 ||
      !function.getResultTypes()[0].isSignlessInteger(32))
    return emitOpError("stands in the body of a function that returns one i32");
  return success();
}

void ReturnUnlessOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  // Nothing is read or written on the other side of it than where it stood.
  effects.emplace_back(MemoryEffects::Read::get());
  effects.emplace_back(MemoryEffects::Write::get());
}

LogicalResult bnn::YieldOp::verify() {
  // [Y1]
  if (!isa_and_nonnull<EpilogueOpInterface>((*this)->getParentOp()))
    return emitOpError("ends the epilogue of an op that has one");
  return success();
}
