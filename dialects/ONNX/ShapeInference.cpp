#include "dialects/ONNX/ShapeInference.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace mlir::bnn::onnx {

LogicalResult ShapeInference::run() {
  for (auto group :
       {&ShapeInference::inferElementwise, &ShapeInference::inferValues,
        &ShapeInference::inferParts, &ShapeInference::inferLayouts,
        &ShapeInference::inferProducts, &ShapeInference::inferReductions})
    if (Result result = (this->*group)())
      return *result;
  if (auto placed = dyn_cast<DestinationStyleOpInterface>(op))
    inferPlaced(placed);
  return success();
}

void ShapeInference::inferPlaced(DestinationStyleOpInterface placed) {
  for (auto [result, fact] : llvm::zip_equal(op->getResults(), found)) {
    auto place = placed.getTiedOpOperand(cast<OpResult>(result))
                     ->get()
                     .getDefiningOp<tensor::EmptyOp>();
    if (!place)
      continue;
    fact.shape.emplace();
    for (OpFoldResult size : place.getMixedSizes()) {
      std::optional<int64_t> constant = getConstantIntValue(size);
      tensor::DimOp dim;
      if (!constant)
        dim = cast<Value>(size).getDefiningOp<tensor::DimOp>();
      std::optional<int64_t> axis = dim ? dim.getConstantIndex() : std::nullopt;
      std::optional<Dims> source = dim ? dimsOf(dim.getSource()) : std::nullopt;
      if (constant)
        fact.shape->push_back(*constant);
      else if (axis && source && *axis >= 0 && *axis < int64_t(source->size()))
        fact.shape->push_back((*source)[*axis]);
      else
        fact.shape->push_back(fresh());
    }
  }
}

std::optional<ShapeInference::Dims> ShapeInference::dimsOf(Value value) const {
  if (auto dims = all.shapeOf(value))
    return Dims(dims->begin(), dims->end());
  return std::nullopt;
}

std::string ShapeInference::words(ArrayRef<SymbolicDim> dims) const {
  std::string text = "[";
  for (const SymbolicDim &dim : dims)
    text += (text.size() > 1 ? ", " : "") + all.str(dim);
  return text + "]";
}

std::optional<int64_t> ShapeInference::wrap(int64_t axis, size_t rank) {
  if (axis < 0)
    axis += rank;
  if (axis < 0 || axis >= int64_t(rank))
    return std::nullopt;
  return axis;
}

LogicalResult ShapeInference::badAxis(int64_t axis, size_t rank) {
  return op->emitOpError("axis ")
         << axis << " is out of range for rank " << rank;
}

LogicalResult ShapeInference::axisSet(ArrayRef<int64_t> axes, size_t rank,
                                      SmallVector<bool> &flags) {
  flags.assign(rank, false);
  for (int64_t axis : axes) {
    std::optional<int64_t> position = wrap(axis, rank);
    if (!position)
      return badAxis(axis, rank);
    if (flags[*position])
      return op->emitOpError("axis ") << axis << " is listed twice";
    flags[*position] = true;
  }
  return success();
}

LogicalResult ShapeInference::broadcastAll(ValueRange values) {
  Dims result;
  for (Value value : values) {
    if (isa<NoneType>(value.getType()))
      continue;
    std::optional<Dims> dims = dimsOf(value);
    if (!dims)
      return success();
    std::optional<Dims> wider = broadcast(result, *dims);
    if (!wider)
      return op->emitOpError("cannot broadcast ")
             << words(result) << " and " << words(*dims);
    result = *wider;
  }
  shape = result;
  return success();
}

LogicalResult ShapeInference::reduce(Value data,
                                     std::optional<ArrayRef<int64_t>> axes,
                                     bool keep) {
  std::optional<Dims> dims = dimsOf(data);
  if (!dims)
    return success();
  SmallVector<bool> flags(dims->size(), true);
  if (axes && failed(axisSet(*axes, dims->size(), flags)))
    return failure();
  shape.emplace();
  for (auto [dim, reduced] : llvm::zip_equal(*dims, flags))
    if (!reduced)
      shape->push_back(dim);
    else if (keep)
      shape->push_back(1);
  return success();
}

ShapeInference::Result ShapeInference::inferElementwise() {
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<AddOp, SubOp, MulOp, DivOp, PowOp, AndOp, OrOp, XorOp, EqualOp,
            GreaterOp, GreaterOrEqualOp, LessOp, LessOrEqualOp, MaxOp, MinOp,
            MeanOp, SumOp, WhereOp>(
          [&](Operation *) { return broadcastAll(op->getOperands()); })
      .Case<NegOp, AbsOp, SqrtOp, ReciprocalOp, ExpOp, LogOp, ErfOp, TanhOp,
            SigmoidOp, ReluOp, SignOp, RoundOp, FloorOp, CeilOp, ClipOp, NotOp,
            CastOp, IdentityOp, DropoutOp, SoftmaxOp, LogSoftmaxOp, IsNaNOp,
            IsInfOp, LeakyReluOp, EluOp, SeluOp, CeluOp, HardSigmoidOp,
            HardSwishOp, SoftplusOp, SoftsignOp, ThresholdedReluOp, TriluOp>(
          [&](Operation *) {
            shape = dimsOf(op->getOperand(0));
            return success();
          })
      .Case<PReluOp>([&](PReluOp prelu) -> LogicalResult {
        shape = dimsOf(prelu.getX());
        std::optional<Dims> slope = dimsOf(prelu.getSlope());
        if (!shape || !slope)
          return success();
        // The slope is broadcast, X is not.
        std::optional<Dims> both = broadcast(*shape, *slope);
        if (!both || both->size() != shape->size())
          return op->emitOpError("cannot broadcast ")
                 << words(*slope) << " to " << words(*shape);
        return success();
      })
      .Case<QuantizeLinearOp, DequantizeLinearOp>(
          [&](Operation *) -> LogicalResult {
            shape = dimsOf(op->getOperand(0));
            std::optional<Dims> scale = dimsOf(op->getOperand(1));
            if (!shape || !scale || scale->empty())
              return success();
            int64_t axis = op->getAttrOfType<IntegerAttr>("axis").getInt();
            std::optional<int64_t> position = wrap(axis, shape->size());
            if (!position)
              return badAxis(axis, shape->size());
            SymbolicDim size = (*shape)[*position], count = scale->front();
            if (size.getConstant() && count.getConstant() && size != count)
              return op->emitOpError("has ")
                     << all.str(count) << " scales for an axis of "
                     << all.str(size);
            return success();
          })
      .Case<LayerNormalizationOp>([&](LayerNormalizationOp norm) {
        shape = dimsOf(norm.getX());
        if (!shape)
          return success();
        for (Value other : {Value(norm.getScale()), Value(norm.getB())}) {
          std::optional<Dims> dims = dimsOf(other);
          std::optional<Dims> all =
              dims ? broadcast(*shape, *dims) : std::optional<Dims>(*shape);
          if (!all || all->size() != shape->size())
            return LogicalResult(op->emitOpError("cannot broadcast ")
                                 << words(*dims) << " to " << words(*shape));
        }
        return success();
      })
      .Default([](Operation *) { return std::nullopt; });
}
} // namespace mlir::bnn::onnx
