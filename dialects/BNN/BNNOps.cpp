//===- BNNOps.cpp - Verifiers of the bnn dialect --------------------------===//
#include "dialects/BNN/BNN.h"
#include "dialects/BNN/Encoding.h"
#include "dialects/BNN/Layout.h"
#include "mlir/IR/Builders.h"

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

// A mask of zeros belongs to signed bits of the same shape.
static LogicalResult verifyZeros(Operation *op, Value bits, Value zeros) {
  if (!zeros)
    return success();
  if (!isBits(bits, true))
    return op->emitOpError("a mask of zeros belongs to !bnn.s1, not to ")
           << bits.getType();
  if (!isBits(zeros, false))
    return op->emitOpError("a mask of zeros has elements of !bnn.u1, not ")
           << zeros.getType();
  if (!compatible(shaped(bits).getShape(), shaped(zeros).getShape()))
    return op->emitOpError("the mask of zeros ")
           << zeros.getType() << " does not have the shape of "
           << bits.getType();
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

static LogicalResult verifyParams(Operation *op, OperandRange params,
                                  ArrayRef<int64_t> shape) {
  for (Value param : params) {
    auto type = dyn_cast<ShapedType>(param.getType());
    if (!type)
      continue;
    bool perOutput =
        type.getRank() == 1 && compatible(type.getShape(), shape.back());
    if (!perOutput && !compatible(type.getShape(), shape))
      return op->emitOpError("the parameter ")
             << type << " is neither one value per output nor of the shape ["
             << shape << "]";
  }
  return success();
}

// Outputs of one shape and parameters that fit them; a second output is the
// mask of zeros of the first.
static LogicalResult verifyOutputs(Operation *op, OperandRange outs,
                                   OperandRange params,
                                   ArrayRef<int64_t> shape) {
  if (failed(verifyOutputShape(op, outs, shape)) ||
      failed(verifyParams(op, params, shape)))
    return failure();
  return outs.size() == 2 ? verifyZeros(op, outs[0], outs[1]) : success();
}

static SmallVector<OpOperand *> pointersTo(MutableOperandRange operands) {
  return llvm::map_to_vector(operands,
                             [](OpOperand &operand) { return &operand; });
}

//===----------------------------------------------------------------------===//
// ConstantOp
//===----------------------------------------------------------------------===//

LogicalResult bnn::ConstantOp::verify() {
  auto type = cast<ShapedType>(getType());
  if (!type.hasStaticShape())
    return emitOpError("needs a static shape, not ") << type;
  if (bitsOf(getResult()).getWidth() != 1)
    return emitOpError("holds elements of one bit, not ") << type;
  ShapedType bits = getBits().getShapedType();
  SmallVector<int64_t> shape(type.getShape());
  unsigned width = 1;
  if (getLayout(type)) {
    shape = getStorageShape(type);
    width = kWordBits;
  }
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
  if (failed(verifyOutputCount(*this, getOuts(), 2)))
    return failure();
  ArrayRef<int64_t> shape = shaped(getInput()).getShape();
  if (shape.empty())
    return emitOpError("needs an input of rank 1 or more");
  const bool isSigned = !getThreshold();
  if (!isBits(getOuts()[0], isSigned))
    return emitOpError("the first output has elements of !bnn.")
           << (isSigned ? "s1" : "u1") << ", not " << getOuts()[0].getType();
  if (!isSigned && getOuts().size() == 2)
    return emitOpError("unsigned bits have no mask of zeros");
  if (!isSigned && getThreshold()->isNaN())
    return emitOpError("needs a threshold that is a number");
  if (failed(verifyOutputShape(*this, getOuts(), shape)))
    return failure();
  if (getOuts().size() == 2 &&
      failed(verifyZeros(*this, getOuts()[0], getOuts()[1])))
    return failure();
  if (getShift() && !compatible(shaped(getShift()).getShape(), shape.back()))
    return emitOpError("the shift ")
           << getShift().getType() << " is not one value per element of a row";
  return success();
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
  SmallVector<Value> bits = {isAbove(b, element, level)};
  if (getOuts().size() == 2)
    bits.push_back(isNeither(b, element, level));
  return bits;
}

//===----------------------------------------------------------------------===//
// QuantizeOp
//===----------------------------------------------------------------------===//

LogicalResult QuantizeOp::verify() {
  if (failed(verifyOutputCount(*this, getOuts(), 1)))
    return failure();
  ArrayRef<int64_t> shape = shaped(getInput()).getShape();
  if (shape.empty())
    return emitOpError("needs an input of rank 1 or more");
  if (!isPlanes(getOuts()[0]))
    return emitOpError("the output has elements of 2 or 4 bits, not ")
           << getOuts()[0].getType();
  if (getMinimum() && bitsOf(getOuts()[0]).getIsSigned())
    return emitOpError("signed integers have no minimum");
  if (failed(verifyOutputShape(*this, getOuts(), shape)))
    return failure();
  if (getShift() && !compatible(shaped(getShift()).getShape(), shape.back()))
    return emitOpError("the shift ")
           << getShift().getType() << " is not one value per element of a row";
  return success();
}

SmallVector<Value> QuantizeOp::getEncodingParams() {
  SmallVector<Value> params;
  for (Value param : SmallVector<Value>{getShift(), getMinimum(), getStep()})
    if (param)
      params.push_back(param);
  return params;
}

SmallVector<Value> QuantizeOp::encode(OpBuilder &builder, Location loc,
                                      Value element, ValueRange params) {
  ImplicitLocOpBuilder b(loc, builder);
  if (getShift())
    element = b.create<arith::AddFOp>(element, params.front());
  if (getMinimum())
    element = b.create<arith::SubFOp>(element, params.drop_back().back());
  return {quantizedBits(b, element, params.back(), bitsOf(getOuts()[0]))};
}

//===----------------------------------------------------------------------===//
// MatmulOp
//===----------------------------------------------------------------------===//

// The shape of a product's output: the rows of the input, the outputs of
// the weight.
static SmallVector<int64_t> productShape(Value input, int64_t outputs) {
  SmallVector<int64_t> shape(shaped(input).getShape());
  shape.back() = outputs;
  return shape;
}

LogicalResult MatmulOp::verify() {
  if (failed(verifyOutputCount(*this, getOuts(), 2)))
    return failure();
  ArrayRef<int64_t> input = shaped(getInput()).getShape(),
                    weight = shaped(getWeight()).getShape();
  if (weight.size() != 2 || input.empty())
    return emitOpError("multiplies rows by a matrix of outputs by inputs");
  if (!compatible(input.back(), weight.back()))
    return emitOpError("rows of ")
           << input.back() << " elements do not fit " << getWeight().getType();
  if (!isBits(getWeight(), true))
    return emitOpError("the weights have elements of !bnn.s1, not ")
           << getWeight().getType();
  if (bitsOf(getInput()).getWidth() != 1 && !isPlanes(getInput()))
    return emitOpError("the input has elements of 1, 2 or 4 bits, not ")
           << getInput().getType();
  if (failed(verifyZeros(*this, getInput(), getZeros())))
    return failure();
  return verifyOutputs(*this, getOuts(), getParams(),
                       productShape(getInput(), weight[0]));
}

std::optional<AccumulatorRange> MatmulOp::getAccumulatorRange() {
  int64_t columns = shaped(getInput()).getShape().back();
  if (ShapedType::isDynamic(columns))
    return std::nullopt;
  BitsType element = bitsOf(getInput());
  const int64_t most =
      columns * std::max(element.getMost(), -element.getLeast());
  return AccumulatorRange{-most, most};
}

SmallVector<Type> MatmulOp::getLeadingTypes() {
  return {IntegerType::get(getContext(), 32)};
}

MultiplyAccumulates MatmulOp::getMultiplyAccumulates() {
  MultiplyAccumulates result{bitsOf(getInput()).getWidth(), {}};
  result.addAllDimensions(getInput());
  result.dimensions.emplace_back(getWeight(), 0);
  return result;
}

StringRef MatmulOp::getKernelName(TargetAttr target) {
  if (bitsOf(getInput()).getWidth() > 1)
    return "matmul.planes";
  if (countsByTable(target))
    return "matmul.table";
  auto layout = dyn_cast_or_null<PanelsAttr>(getLayout(getWeight().getType()));
  return layout && layout.getParity() ? "matmul.parity" : "matmul";
}

bool MatmulOp::countsByTable(TargetAttr target) {
  auto layout = dyn_cast_or_null<PanelsAttr>(getLayout(getWeight().getType()));
  if (!target || !target.getShuffleBytes() || !layout)
    return false;
  ArrayRef<int64_t> input = shaped(getInput()).getShape();
  const int64_t words = packedWords(input.back(), layout.getGroup());
  const bool isShort = !ShapedType::isDynamicShape(input.drop_back()) &&
                       ShapedType::getNumElements(input.drop_back()) *
                               bitsOf(getInput()).getWidth() <
                           kTableLeastRows;
  // Counts are 16 bits wide.
  return !isShort && words > 0 && words * kWordBits <= 0xFFFF &&
         layout.getOutGroup() >= kTablePanels * kLanes;
}

SmallVector<MaskedBits> MatmulOp::getMaskedBits() {
  return {{getInput(), getZerosMutable()}};
}

SmallVector<OpOperand *> MatmulOp::getOperandsReadInPlace() {
  return pointersTo(getParamsMutable());
}

Attribute MatmulOp::getOperandLayout(OpOperand &operand, TargetAttr target) {
  auto type = cast<ShapedType>(operand.get().getType());
  if (&operand == &getInputMutable())
    return getRowsLayout(type, getRowGroups(),
                         canHaveParity(type.getElementType(), target));
  if (&operand != &getWeightMutable())
    return detail::getOperandLayout(operand, getRowGroups(), target);
  auto input = dyn_cast_or_null<RowsAttr>(getLayout(getInput().getType())),
       out = dyn_cast_or_null<RowsAttr>(getLayout(getOuts()[0].getType()));
  return PanelsAttr::get(getContext(), kLanes, kWordBits,
                         input ? input.getGroup() : type.getDimSize(1),
                         out ? out.getGroup() : type.getDimSize(0),
                         input && input.getParity());
}

//===----------------------------------------------------------------------===//
// AttentionOp
//===----------------------------------------------------------------------===//

LogicalResult AttentionOp::verify() {
  if (failed(verifyOutputCount(*this, getOuts(), 2)))
    return failure();
  ArrayRef<int64_t> shape = shaped(getQuery()).getShape();
  if (shape.size() != 3)
    return emitOpError("query, key and value have the shape [batch, tokens, "
                       "heads * size]");
  for (Value other : {getKey(), getValue()})
    if (!compatible(shaped(other).getShape(), shape))
      return emitOpError("query, key and value differ in shape: ")
             << getQuery().getType() << " and " << other.getType();
  BitsType element = bitsOf(getQuery());
  if (!element.getIsSigned() ||
      (element.getWidth() != 1 && !isPlanes(getQuery())))
    return emitOpError("query, key and value have signed elements of 1, 2 or "
                       "4 bits, not ")
           << getQuery().getType();
  for (Value bits : {getKey(), getValue()})
    if (bitsOf(bits) != element)
      return emitOpError("query, key and value differ in their elements: ")
             << getQuery().getType() << " and " << bits.getType();
  if (!getCutoff() == !getProbability())
    return emitOpError("needs a cutoff or quantised probabilities, and not "
                       "both");
  if (!getProbability() != !getStep() || !getStep() != !getMinimum())
    return emitOpError("quantised probabilities have a step and a minimum");
  if (!getProbability() && element.getWidth() != 1)
    return emitOpError("a query of ")
           << element << " needs quantised probabilities";
  if (getProbability() &&
      *getProbability() !=
          BitsType::get(getContext(), false, element.getWidth()))
    return emitOpError("probabilities of ")
           << *getProbability() << " do not go with a query of " << element;
  if (getProbability() && element.getWidth() == 1)
    return emitOpError("probabilities of one bit have a cutoff");
  if (getProbability() && getResidual())
    return emitOpError("quantised probabilities have no value residual");
  int64_t heads = getHeads();
  if (heads < 1 || (!ShapedType::isDynamic(shape[2]) && shape[2] % heads))
    return emitOpError() << heads << " heads do not divide " << shape[2]
                         << " channels";
  if (failed(verifyZeros(*this, getQuery(), getQueryZeros())) ||
      failed(verifyZeros(*this, getKey(), getKeyZeros())) ||
      failed(verifyZeros(*this, getValue(), getValueZeros())))
    return failure();
  if (!getLeft() != !getRight())
    return emitOpError("low-rank terms come in pairs");
  for (Value term : {getLeft(), getRight(), getResidual()}) {
    if (!term)
      continue;
    ArrayRef<int64_t> got = shaped(term).getShape();
    if (got.size() != 3 || !compatible(got.take_front(2), shape.take_front(2)))
      return emitOpError("the low-rank term ")
             << term.getType() << " is expected to be [batch, tokens, rank]";
  }
  if (getLeft() && !compatible(shaped(getLeft()).getShape().back(),
                               shaped(getRight()).getShape().back()))
    return emitOpError("low-rank terms differ in rank: ")
           << getLeft().getType() << " and " << getRight().getType();
  if (getResidual() && !compatible(shaped(getResidual()).getShape().back(), 1))
    return emitOpError("the value residual ")
           << getResidual().getType() << " has one number a token";
  if (getMask() &&
      !compatible(shaped(getMask()).getShape(), shape.take_front(2)))
    return emitOpError("the mask ")
           << getMask().getType() << " is expected to be [batch, tokens]";
  if (getDivisor().isZero() || getDivisor().isNaN())
    return emitOpError("needs a divisor that is a number and not 0");
  return verifyOutputs(*this, getOuts(), getParams(), shape);
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
// EmbeddingOp, LowRankOp, ReduceOp, LayerNormOp, CheckIndicesOp
//===----------------------------------------------------------------------===//

LogicalResult EmbeddingOp::verify() {
  if (failed(verifyOutputCount(*this, getOuts(), 1)))
    return failure();
  ArrayRef<int64_t> weight = shaped(getWeight()).getShape();
  if (weight.size() != 2 || weight[0] == 0)
    return emitOpError("the table is a matrix of rows, not ")
           << getWeight().getType();
  if (!isBits(getWeight(), true))
    return emitOpError("the table has elements of !bnn.s1, not ")
           << getWeight().getType();
  if (!compatible(shaped(getScale()).getShape(), weight[0]))
    return emitOpError("the scale ")
           << getScale().getType() << " is not one value per row of the table";
  SmallVector<int64_t> shape(shaped(getIds()).getShape());
  shape.push_back(weight[1]);
  return verifyOutputShape(*this, getOuts(), shape);
}

LogicalResult LowRankOp::verify() {
  if (failed(verifyOutputCount(*this, getOuts(), 1)))
    return failure();
  ArrayRef<int64_t> input = shaped(getInput()).getShape(),
                    weight = shaped(getWeight()).getShape();
  if (input.empty() || weight.size() != 2 ||
      !compatible(input.back(), weight[0]))
    return emitOpError("rows of ")
           << getInput().getType() << " do not fit " << getWeight().getType();
  if (!compatible(shaped(getBias()).getShape(), weight[1]))
    return emitOpError("the bias ")
           << getBias().getType() << " is not one value per output";
  return verifyOutputShape(*this, getOuts(),
                           productShape(getInput(), weight[1]));
}

LogicalResult SignedSumOp::verify() {
  if (failed(verifyOutputCount(*this, getOuts(), 1)))
    return failure();
  ArrayRef<int64_t> input = shaped(getInput()).getShape(),
                    weight = shaped(getWeight()).getShape();
  if (!isBits(getWeight(), true))
    return emitOpError("the weight has elements of !bnn.s1, not ")
           << getWeight().getType();
  if (input.empty() || weight.size() != 2 ||
      !compatible(input.back(), weight[1]))
    return emitOpError("rows of ")
           << getInput().getType() << " do not fit " << getWeight().getType();
  for (Value value : {getScale(), getBias()})
    if (!compatible(shaped(value).getShape(), weight[0]))
      return emitOpError() << value.getType() << " is not one value per output";
  return verifyOutputShape(*this, getOuts(),
                           productShape(getInput(), weight[0]));
}

Attribute SignedSumOp::getOperandLayout(OpOperand &operand, TargetAttr target) {
  if (&operand != &getWeightMutable())
    return detail::getOperandLayout(operand, getRowGroups(), target);
  auto type = cast<ShapedType>(getWeight().getType());
  return PanelsAttr::get(getContext(), kLanes, kWordBits, type.getDimSize(1),
                         type.getDimSize(0), /*parity=*/false);
}

LogicalResult bnn::ReduceOp::verify() {
  if (failed(verifyOutputCount(*this, getOuts(), 1)))
    return failure();
  ArrayRef<int64_t> input = shaped(getInput()).getShape();
  if (input.empty())
    return emitOpError("needs an input of rank 1 or more");
  return verifyOutputShape(*this, getOuts(), input.drop_back());
}

// There are few of them, and short: a call would cost as much.
bool bnn::ReduceOp::isOutlined() { return false; }

LogicalResult LayerNormOp::verify() {
  if (getOuts().empty())
    return emitOpError("has no outputs");
  ArrayRef<int64_t> input = shaped(getInput()).getShape();
  if (input.empty() || ShapedType::isDynamic(input.back()) || !input.back())
    return emitOpError("needs rows of a static size of at least 1, not ")
           << getInput().getType();
  for (Value row : {getScale(), getBias()})
    if (!compatible(shaped(row).getShape(), input.back()))
      return emitOpError("the parameter ")
             << row.getType() << " is not one value per element of a row";
  if (failed(verifyOutputShape(*this, getOuts(), input)))
    return failure();
  return verifyParams(*this, getParams(), input);
}

SmallVector<Type> LayerNormOp::getLeadingTypes() {
  return {Float32Type::get(getContext())};
}

bool LayerNormOp::takesMoreOutputs() { return true; }

SmallVector<OpOperand *> LayerNormOp::getOperandsReadInPlace() {
  return {&getInputMutable()};
}

LogicalResult CheckIndicesOp::verify() {
  if (getLimit() < 1)
    return emitOpError("needs a limit of at least 1, not ") << getLimit();
  return success();
}

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
  // A check must not vanish before `bnn-prepare-entry` makes its answer the
  // model's status.
  else
    effects.emplace_back(MemoryEffects::Write::get(),
                         SideEffects::DefaultResource::get());
}

LogicalResult bnn::YieldOp::verify() {
  if (!isa_and_nonnull<EpilogueOpInterface>((*this)->getParentOp()))
    return emitOpError("ends the epilogue of an op that has one");
  return success();
}
