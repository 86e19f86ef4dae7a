// Shapes of values that are made from nothing or from parts of others.
#include "dialects/ONNX/ShapeInference.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace mlir::bnn::onnx {

ShapeInference::Result ShapeInference::inferValues() {
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<ConstantOp>([&](ConstantOp constant) {
        shape.emplace();
        for (int64_t size : constant.getValue().getShapedType().getShape())
          shape->push_back(size);
        return success();
      })
      .Case<ConstantOfShapeOp>([&](ConstantOfShapeOp fill) -> LogicalResult {
        if (auto elements = elementsOf(fill.getInput())) {
          shape = Dims(elements->begin(), elements->end());
          for (const SymbolicDim &dim : *shape)
            if (dim.getConstant().value_or(0) < 0)
              return op->emitOpError("shape ")
                     << words(*shape) << " has a negative dimension";
        } else if (auto dims = dimsOf(fill.getInput());
                   dims && dims->size() == 1 && (*dims)[0].getConstant() &&
                   *(*dims)[0].getConstant() <= kMaxShapeElements) {
          shape.emplace();
          for (int64_t i = 0; i < *(*dims)[0].getConstant(); ++i)
            shape->push_back(fresh());
        }
        return success();
      })
      .Case<ShapeOp>([&](ShapeOp shapeOp) {
        std::optional<Dims> dims = dimsOf(shapeOp.getData());
        if (!dims)
          return success();
        int64_t rank = dims->size();
        auto clampPosition = [&](int64_t position) {
          if (position < 0)
            position += rank;
          return std::clamp<int64_t>(position, 0, rank);
        };
        int64_t start = clampPosition(shapeOp.getStart());
        int64_t end = clampPosition(shapeOp.getEnd().value_or(rank));
        found[0].elements =
            Dims(dims->begin() + start, dims->begin() + std::max(start, end));
        shape = Dims{SymbolicDim(std::max<int64_t>(end - start, 0))};
        return success();
      })
      .Case<SizeOp>([&](SizeOp size) {
        shape = Dims{};
        if (std::optional<Dims> dims = dimsOf(size.getData()))
          found[0].elements = Dims{product(*dims)};
        return success();
      })
      .Case<RangeOp>([&](RangeOp range) {
        auto start = elementsOf(range.getStart());
        auto limit = elementsOf(range.getLimit());
        auto delta = elementsOf(range.getDelta());
        shape = Dims{SymbolicDim()};
        if (start && limit && delta && (*delta)[0].is(1)) {
          SymbolicDim length = all.subtract((*limit)[0], (*start)[0]);
          if (length.isNonNegative()) {
            (*shape)[0] = length;
            return success();
          }
        }
        (*shape)[0] = fresh();
        return success();
      })
      .Default([](Operation *) { return std::nullopt; });
}

ShapeInference::Result ShapeInference::inferParts() {
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<GatherOp>([&](GatherOp gather) -> LogicalResult {
        std::optional<Dims> data = dimsOf(gather.getData());
        std::optional<Dims> indices = dimsOf(gather.getIndices());
        if (!data || !indices)
          return success();
        std::optional<int64_t> axis = wrap(gather.getAxis(), data->size());
        if (!axis)
          return badAxis(gather.getAxis(), data->size());
        shape = Dims(data->begin(), data->begin() + *axis);
        shape->append(*indices);
        shape->append(data->begin() + *axis + 1, data->end());
        return success();
      })
      .Case<GatherElementsOp>([&](GatherElementsOp gather) -> LogicalResult {
        std::optional<Dims> data = dimsOf(gather.getData());
        shape = dimsOf(gather.getIndices());
        if (!data || !shape)
          return success();
        if (data->size() != shape->size())
          return op->emitOpError("data and indices differ in rank");
        if (!wrap(gather.getAxis(), data->size()))
          return badAxis(gather.getAxis(), data->size());
        return success();
      })
      .Case<ConcatOp>([&](ConcatOp concat) -> LogicalResult {
        for (Value input : concat.getInputs()) {
          std::optional<Dims> dims = dimsOf(input);
          if (!dims) {
            shape.reset();
            return success();
          }
          std::optional<int64_t> axis = wrap(concat.getAxis(), dims->size());
          if (!axis)
            return badAxis(concat.getAxis(), dims->size());
          if (!shape) {
            shape = dims;
            continue;
          }
          if (shape->size() != dims->size())
            return op->emitOpError("inputs differ in rank");
          for (size_t i = 0; i < dims->size(); ++i) {
            if (int64_t(i) == *axis) {
              (*shape)[i] = all.add((*shape)[i], (*dims)[i]);
              continue;
            }
            if ((*dims)[i].getConstant()) {
              if ((*shape)[i].getConstant() && (*shape)[i] != (*dims)[i])
                return op->emitOpError("cannot join ")
                       << words(*shape) << " and " << words(*dims);
              (*shape)[i] = (*dims)[i];
            }
          }
        }
        return success();
      })
      .Case<SliceOp>([&](SliceOp slice) -> LogicalResult {
        std::optional<Dims> dims = dimsOf(slice.getData());
        if (!dims)
          return success();
        auto starts = constantElements(slice.getStarts());
        auto ends = elementsOf(slice.getEnds());
        std::optional<SmallVector<int64_t>> axes, steps;
        if (isa<NoneType>(slice.getAxes().getType())) {
          if (starts) {
            axes.emplace();
            for (size_t i = 0; i < starts->size(); ++i)
              axes->push_back(i);
          }
        } else {
          axes = constantElements(slice.getAxes());
        }
        if (isa<NoneType>(slice.getSteps().getType())) {
          if (starts)
            steps.emplace(starts->size(), 1);
        } else {
          steps = constantElements(slice.getSteps());
        }
        SmallVector<bool> flags;
        if (axes && failed(axisSet(*axes, dims->size(), flags)))
          return failure();
        shape = dims;
        if (!starts || !ends || !axes || !steps) {
          for (size_t i = 0; i < dims->size(); ++i)
            if (!axes || flags[i])
              (*shape)[i] = fresh();
          return success();
        }
        if (starts->size() != ends->size() || axes->size() != ends->size() ||
            steps->size() != ends->size())
          return op->emitOpError(
              "starts, ends, axes and steps differ in length");
        for (size_t i = 0; i < axes->size(); ++i) {
          SymbolicDim &dim = (*shape)[*wrap((*axes)[i], dims->size())];
          int64_t start = (*starts)[i], step = (*steps)[i];
          std::optional<int64_t> end = (*ends)[i].getConstant();
          if (step == 0)
            return op->emitOpError("a step is 0");
          if (std::optional<int64_t> size = dim.getConstant(); size && end) {
            int64_t count = 0;
            sliceBounds(*size, start, *end, step, count);
            dim = count;
          } else if (step == 1 && start == 0 && end && *end >= INT32_MAX) {
            // The whole axis.
          } else if (step == 1 && start == 0 && (*ends)[i].isNonNegative()) {
            dim = all.minimum(dim, (*ends)[i]);
          } else {
            dim = fresh();
          }
        }
        return success();
      })
      .Case<SplitOp>([&](SplitOp split) -> LogicalResult {
        std::optional<Dims> dims = dimsOf(split.getInput());
        if (!dims)
          return success();
        std::optional<int64_t> axis = wrap(split.getAxis(), dims->size());
        if (!axis)
          return badAxis(split.getAxis(), dims->size());
        auto sizes = elementsOf(split.getSplit());
        if (sizes && sizes->size() != found.size())
          return op->emitOpError("split lists ")
                 << sizes->size() << " pieces for " << found.size()
                 << " outputs";
        SymbolicDim total;
        for (auto [i, fact] : llvm::enumerate(found)) {
          fact.shape = dims;
          if (sizes)
            (*fact.shape)[*axis] = (*sizes)[i];
          else if (isa<NoneType>(split.getSplit().getType()))
            (*fact.shape)[*axis] =
                all.divide((*dims)[*axis], int64_t(found.size()));
          else
            (*fact.shape)[*axis] = fresh();
          total = all.add(total, (*fact.shape)[*axis]);
        }
        if (total.getConstant() && (*dims)[*axis].getConstant() &&
            total != (*dims)[*axis])
          return op->emitOpError("the pieces make ")
                 << all.str(total) << " but the axis has "
                 << all.str((*dims)[*axis]);
        return success();
      })
      .Default([](Operation *) { return std::nullopt; });
}
} // namespace mlir::bnn::onnx
