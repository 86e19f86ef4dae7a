// Verifiers of the `onnx` operations: what ONNX demands of ranks and element
// types beyond what the operands' own constraints say.
#include "dialects/ONNX/ONNXDialect.h"
#include "mlir/IR/Builders.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "dialects/ONNX/ONNXOps.cpp.inc"

namespace mlir::bnn::onnx {
/// The rank of `value`, or nothing for an unranked tensor or no value.
static std::optional<int64_t> rankOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type)
    return std::nullopt;
  return type.getRank();
}

static LogicalResult verifyAxis(Operation *op, int64_t axis, Value data,
                                bool endAllowed = false) {
  std::optional<int64_t> rank = rankOf(data);
  if (!rank)
    return success();
  if (axis < -*rank || axis >= *rank + (endAllowed ? 1 : 0))
    return op->emitOpError("axis ")
           << axis << " is out of range for rank " << *rank;
  return success();
}

static LogicalResult verifySameElement(Operation *op, Value a, Value b,
                                       StringRef what) {
  if (isa<NoneType>(a.getType()) || isa<NoneType>(b.getType()))
    return success();
  if (getElementTypeOrSelf(a.getType()) != getElementTypeOrSelf(b.getType()))
    return op->emitOpError(what) << ": element types " << a.getType() << " and "
                                 << b.getType() << " differ";
  return success();
}

/// An optional list of integers: absent, or a tensor of rank 1 (`scalarToo`: or
/// 0) with elements i64 (`i32Too`: or i32).
static LogicalResult verifyIntegerList(Operation *op, Value list,
                                       StringRef what, bool i32Too = false) {
  if (isa<NoneType>(list.getType()))
    return success();
  Type element = getElementTypeOrSelf(list.getType());
  if (!element.isSignlessInteger(64) &&
      !(i32Too && element.isSignlessInteger(32)))
    return op->emitOpError(what)
           << " must hold integers, got " << list.getType();
  std::optional<int64_t> rank = rankOf(list);
  if (rank && *rank != 1)
    return op->emitOpError(what) << " must have rank 1, got " << list.getType();
  return success();
}

static LogicalResult verifyScalar(Operation *op, Value value, StringRef what) {
  std::optional<int64_t> rank = rankOf(value);
  if (rank && *rank != 0)
    return op->emitOpError(what)
           << " must be a scalar, got " << value.getType();
  return success();
}

static LogicalResult verifyFlag(Operation *op, int64_t value, StringRef name) {
  if (value != 0 && value != 1)
    return op->emitOpError("attribute ") << name << " must be 0 or 1";
  return success();
}

static LogicalResult verifyFloat(Operation *op, Value value) {
  if (!isa<FloatType>(getElementTypeOrSelf(value.getType())))
    return op->emitOpError("needs floating-point elements, got ")
           << value.getType();
  return success();
}

LogicalResult PowOp::verify() {
  return verifySameElement(*this, getX(), getZ(), "X and Z");
}

LogicalResult ClipOp::verify() {
  for (Value bound : {Value(getMin()), Value(getMax())})
    if (failed(
            verifySameElement(*this, getInput(), bound, "input and bound")) ||
        failed(verifyScalar(*this, bound, "a bound")))
      return failure();
  return verifySameElement(*this, getInput(), getOutput(), "input and output");
}

LogicalResult MaxOp::verify() {
  return getData().empty() ? emitOpError("needs an input") : success();
}
LogicalResult MinOp::verify() {
  return getData().empty() ? emitOpError("needs an input") : success();
}

LogicalResult IsInfOp::verify() {
  if (failed(verifyFlag(*this, getDetectNegative(), "detect_negative")) ||
      failed(verifyFlag(*this, getDetectPositive(), "detect_positive")))
    return failure();
  return verifyFloat(*this, getX());
}

/// One scale, or a list of them along an axis of `data`; the zero point is of
/// the element type of the quantised side and as many.
static LogicalResult verifyQuantization(Operation *op, Value data, Value scale,
                                        Value zero, Value quantized,
                                        int64_t axis) {
  std::optional<int64_t> scales = rankOf(scale), zeros = rankOf(zero);
  if (scales && *scales > 1)
    return op->emitOpError("the scale must be a scalar or have rank 1, got ")
           << scale.getType();
  if (scales && zeros && *scales != *zeros)
    return op->emitOpError("scale and zero point differ in rank");
  if (failed(verifyFloat(op, scale)) ||
      failed(verifySameElement(op, quantized, zero,
                               "quantised tensor and zero point")))
    return failure();
  if (scales && *scales == 1)
    return verifyAxis(op, axis, data);
  return success();
}

LogicalResult QuantizeLinearOp::verify() {
  if (!getElementTypeOrSelf(getY().getType()).isInteger(8))
    return emitOpError("the result must have elements i8 or ui8, got ")
           << getY().getType();
  if (failed(verifySameElement(*this, getX(), getYScale(), "X and scale")))
    return failure();
  return verifyQuantization(*this, getX(), getYScale(), getYZeroPoint(), getY(),
                            getAxis());
}

LogicalResult DequantizeLinearOp::verify() {
  if (!isa<IntegerType>(getElementTypeOrSelf(getX().getType())))
    return emitOpError("needs integers, got ") << getX().getType();
  if (failed(verifySameElement(*this, getXScale(), getY(), "scale and result")))
    return failure();
  return verifyQuantization(*this, getX(), getXScale(), getXZeroPoint(), getX(),
                            getAxis());
}

LogicalResult WhereOp::verify() {
  if (failed(verifySameElement(*this, getX(), getY(), "X and Y")))
    return failure();
  return verifySameElement(*this, getX(), getOutput(), "X and output");
}

LogicalResult ConstantOp::verify() {
  auto type = dyn_cast<RankedTensorType>(getType());
  if (!type || getValue().getShapedType() != type)
    return emitOpError("value has type ")
           << getValue().getShapedType() << " but the result is " << getType();
  return success();
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValueAttr(); }

/// The only operand of an operation that does nothing to it.
static OpFoldResult foldToOperand(Operation *op) {
  Value operand = op->getOperand(0);
  return operand.getType() == op->getResult(0).getType() ? operand
                                                         : OpFoldResult();
}

OpFoldResult IdentityOp::fold(FoldAdaptor) { return foldToOperand(*this); }
OpFoldResult DropoutOp::fold(FoldAdaptor) { return foldToOperand(*this); }
OpFoldResult CastOp::fold(FoldAdaptor) { return foldToOperand(*this); }
OpFoldResult ConcatOp::fold(FoldAdaptor) {
  return getNumOperands() == 1 ? foldToOperand(*this) : OpFoldResult();
}
OpFoldResult MaxOp::fold(FoldAdaptor) {
  return getNumOperands() == 1 ? foldToOperand(*this) : OpFoldResult();
}
OpFoldResult MinOp::fold(FoldAdaptor) {
  return getNumOperands() == 1 ? foldToOperand(*this) : OpFoldResult();
}

/// Drops a permutation that moves nothing, writes out the reversed order that a
/// missing one stands for, and makes one of two.
OpFoldResult TransposeOp::fold(FoldAdaptor) {
  Builder builder(getContext());
  if (!getPerm()) {
    std::optional<int64_t> rank = rankOf(getData());
    if (!rank)
      return {};
    setPermAttr(builder.getDenseI64ArrayAttr(
        llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, *rank)))));
    return getResult();
  }
  ArrayRef<int64_t> perm = *getPerm();
  if (llvm::equal(perm, llvm::seq<int64_t>(0, perm.size())))
    return foldToOperand(*this);
  auto inner = getData().getDefiningOp<TransposeOp>();
  if (!inner || !inner.getPerm())
    return {};
  SmallVector<int64_t> both;
  for (int64_t axis : perm)
    both.push_back((*inner.getPerm())[axis]);
  setOperand(inner.getData());
  setPermAttr(builder.getDenseI64ArrayAttr(both));
  return getResult();
}

LogicalResult ConstantOfShapeOp::verify() {
  if (getValue().getNumElements() != 1)
    return emitOpError("value must have one element");
  if (getValue().getElementType() != getElementTypeOrSelf(getType()))
    return emitOpError("value and result differ in element type");
  return verifyIntegerList(*this, getInput(), "the shape");
}

LogicalResult RangeOp::verify() {
  for (Value operand : getOperands())
    if (failed(verifyScalar(*this, operand, "a bound")))
      return failure();
  return success();
}

LogicalResult GatherOp::verify() {
  if (failed(
          verifySameElement(*this, getData(), getOutput(), "data and output")))
    return failure();
  return verifyAxis(*this, getAxis(), getData());
}

LogicalResult GatherElementsOp::verify() {
  std::optional<int64_t> data = rankOf(getData()),
                         indices = rankOf(getIndices());
  if (data && indices && *data != *indices)
    return emitOpError("data and indices differ in rank");
  if (failed(
          verifySameElement(*this, getData(), getOutput(), "data and output")))
    return failure();
  return verifyAxis(*this, getAxis(), getData());
}

LogicalResult TriluOp::verify() {
  std::optional<int64_t> rank = rankOf(getInput());
  if (rank && *rank < 2)
    return emitOpError("needs an input of rank 2 or more, got ")
           << getInput().getType();
  std::optional<int64_t> diagonal = rankOf(getK());
  if (diagonal && *diagonal > 1)
    return emitOpError("k must have one element, got ") << getK().getType();
  if (failed(verifyFlag(*this, getUpper(), "upper")))
    return failure();
  return verifySameElement(*this, getInput(), getOutput(), "input and output");
}

LogicalResult ConcatOp::verify() {
  if (getInputs().empty())
    return emitOpError("needs an input");
  std::optional<int64_t> rank;
  for (Value input : getInputs()) {
    std::optional<int64_t> own = rankOf(input);
    if (own && rank && *own != *rank)
      return emitOpError("inputs differ in rank");
    if (own)
      rank = own;
    if (failed(verifyAxis(*this, getAxis(), input)))
      return failure();
  }
  return success();
}

LogicalResult SliceOp::verify() {
  for (Value list : {Value(getStarts()), Value(getEnds()), Value(getAxes()),
                     Value(getSteps())})
    if (failed(verifyIntegerList(*this, list, "a bound", /*i32Too=*/true)))
      return failure();
  return verifySameElement(*this, getData(), getOutput(), "data and output");
}

LogicalResult SplitOp::verify() {
  if (getOutputs().empty())
    return emitOpError("needs an output");
  for (Value output : getOutputs())
    if (failed(
            verifySameElement(*this, getInput(), output, "input and output")))
      return failure();
  if (failed(verifyIntegerList(*this, getSplit(), "split")))
    return failure();
  return verifyAxis(*this, getAxis(), getInput());
}

LogicalResult SqueezeOp::verify() {
  if (failed(verifyIntegerList(*this, getAxes(), "axes")))
    return failure();
  return verifySameElement(*this, getData(), getSqueezed(), "data and result");
}

LogicalResult UnsqueezeOp::verify() {
  if (failed(verifyIntegerList(*this, getAxes(), "axes")))
    return failure();
  return verifySameElement(*this, getData(), getExpanded(), "data and result");
}

LogicalResult ReshapeOp::verify() {
  if (failed(verifyIntegerList(*this, getShape(), "the shape")) ||
      failed(verifyFlag(*this, getAllowzero(), "allowzero")))
    return failure();
  return verifySameElement(*this, getData(), getReshaped(), "data and result");
}

LogicalResult FlattenOp::verify() {
  if (failed(verifySameElement(*this, getInput(), getOutput(),
                               "input and output")))
    return failure();
  return verifyAxis(*this, getAxis(), getInput(), /*endAllowed=*/true);
}

LogicalResult ExpandOp::verify() {
  if (failed(verifyIntegerList(*this, getShape(), "the shape")))
    return failure();
  return verifySameElement(*this, getInput(), getOutput(), "input and output");
}

LogicalResult TransposeOp::verify() {
  if (!getPerm())
    return success();
  ArrayRef<int64_t> perm = *getPerm();
  std::optional<int64_t> rank = rankOf(getData());
  if (rank && *rank != int64_t(perm.size()))
    return emitOpError("perm has ")
           << perm.size() << " axes but the input has rank " << *rank;
  SmallVector<bool> seen(perm.size(), false);
  for (int64_t axis : perm) {
    if (axis < 0 || axis >= int64_t(perm.size()) || seen[axis])
      return emitOpError("perm is not a permutation");
    seen[axis] = true;
  }
  return success();
}

LogicalResult TileOp::verify() {
  if (failed(verifyIntegerList(*this, getRepeats(), "repeats")))
    return failure();
  return verifySameElement(*this, getInput(), getOutput(), "input and output");
}

LogicalResult DropoutOp::verify() {
  if (failed(verifyScalar(*this, getRatio(), "ratio")) ||
      failed(verifyScalar(*this, getTrainingMode(), "training_mode")))
    return failure();
  return verifySameElement(*this, getData(), getOutput(), "data and output");
}

LogicalResult MatMulOp::verify() {
  auto a = dyn_cast<RankedTensorType>(getA().getType());
  auto b = dyn_cast<RankedTensorType>(getB().getType());
  if ((a && a.getRank() == 0) || (b && b.getRank() == 0))
    return emitOpError("operands must not be scalars");
  if (!a || !b)
    return success();
  int64_t inner = a.getShape().back();
  int64_t other =
      b.getRank() == 1 ? b.getDimSize(0) : b.getDimSize(b.getRank() - 2);
  if (!ShapedType::isDynamic(inner) && !ShapedType::isDynamic(other) &&
      inner != other)
    return emitOpError("inner dimensions differ: ")
           << inner << " and " << other;
  return success();
}

LogicalResult GemmOp::verify() {
  for (Value operand : {Value(getA()), Value(getB())}) {
    std::optional<int64_t> rank = rankOf(operand);
    if (rank && *rank != 2)
      return emitOpError("A and B must have rank 2, got ") << operand.getType();
    if (failed(verifySameElement(*this, operand, getY(), "operand and Y")))
      return failure();
  }
  std::optional<int64_t> rank = rankOf(getC());
  if (rank && *rank > 2)
    return emitOpError("C must have rank 2 or less, got ") << getC().getType();
  if (failed(verifySameElement(*this, getC(), getY(), "C and Y")) ||
      failed(verifyFlag(*this, getTransA(), "transA")) ||
      failed(verifyFlag(*this, getTransB(), "transB")))
    return failure();
  return success();
}

LogicalResult SoftmaxOp::verify() {
  if (failed(verifyFloat(*this, getInput())))
    return failure();
  return verifyAxis(*this, getAxis(), getInput());
}
LogicalResult LogSoftmaxOp::verify() {
  if (failed(verifyFloat(*this, getInput())))
    return failure();
  return verifyAxis(*this, getAxis(), getInput());
}

LogicalResult LayerNormalizationOp::verify() {
  if (failed(verifyFloat(*this, getX())) ||
      failed(verifySameElement(*this, getX(), getY(), "X and Y")) ||
      failed(verifySameElement(*this, getX(), getScale(), "X and Scale")) ||
      failed(verifySameElement(*this, getX(), getB(), "X and B")))
    return failure();
  return verifyAxis(*this, getAxis(), getX());
}

template <typename Reduce> static LogicalResult verifyReduce(Reduce op) {
  if (failed(verifyFlag(op, op.getKeepdims(), "keepdims")))
    return failure();
  if (std::optional<ArrayRef<int64_t>> axes = op.getAxes())
    for (int64_t axis : *axes)
      if (failed(verifyAxis(op, axis, op.getData())))
        return failure();
  return success();
}
LogicalResult ReduceMeanOp::verify() { return verifyReduce(*this); }
LogicalResult ReduceMaxOp::verify() { return verifyReduce(*this); }
LogicalResult ReduceMinOp::verify() { return verifyReduce(*this); }
LogicalResult ReduceL1Op::verify() { return verifyReduce(*this); }

LogicalResult ReduceL2Op::verify() { return verifyReduce(*this); }
LogicalResult ReduceProdOp::verify() { return verifyReduce(*this); }
LogicalResult ReduceSumSquareOp::verify() { return verifyReduce(*this); }
LogicalResult ReduceLogSumOp::verify() { return verifyReduce(*this); }

template <typename Pick> static LogicalResult verifyPick(Pick op) {
  if (failed(verifyFlag(op, op.getKeepdims(), "keepdims")) ||
      failed(verifyFlag(op, op.getSelectLastIndex(), "select_last_index")))
    return failure();
  return verifyAxis(op, op.getAxis(), op.getData());
}
LogicalResult ArgMaxOp::verify() { return verifyPick(*this); }
LogicalResult ArgMinOp::verify() { return verifyPick(*this); }

LogicalResult ReduceSumOp::verify() {
  if (failed(verifyFlag(*this, getKeepdims(), "keepdims")) ||
      failed(
          verifyFlag(*this, getNoopWithEmptyAxes(), "noop_with_empty_axes")) ||
      failed(verifyIntegerList(*this, getAxes(), "axes")))
    return failure();
  return verifySameElement(*this, getData(), getReduced(), "data and result");
}
} // namespace mlir::bnn::onnx
