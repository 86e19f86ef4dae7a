// Shapes of the same elements, otherwise arranged.
#include "dialects/ONNX/ShapeInference.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace mlir::bnn::onnx {

ShapeInference::Result ShapeInference::inferLayouts() {
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<SqueezeOp>([&](SqueezeOp squeeze) -> LogicalResult {
        std::optional<Dims> dims = dimsOf(squeeze.getData());
        if (!dims)
          return success();
        SmallVector<bool> flags(dims->size(), false);
        if (isa<NoneType>(squeeze.getAxes().getType())) {
          for (size_t i = 0; i < dims->size(); ++i) {
            // Whether a symbol is 1 decides the rank: not known.
            if (!(*dims)[i].getConstant())
              return success();
            flags[i] = (*dims)[i].is(1);
          }
        } else {
          auto axes = constantElements(squeeze.getAxes());
          if (!axes)
            return success();
          if (failed(axisSet(*axes, dims->size(), flags)))
            return failure();
        }
        shape.emplace();
        for (size_t i = 0; i < dims->size(); ++i) {
          if (!flags[i])
            shape->push_back((*dims)[i]);
          else if ((*dims)[i].getConstant() && !(*dims)[i].is(1))
            return op->emitOpError("axis ")
                   << i << " of " << words(*dims) << " is not 1";
        }
        return success();
      })
      .Case<UnsqueezeOp>([&](UnsqueezeOp unsqueeze) -> LogicalResult {
        std::optional<Dims> dims = dimsOf(unsqueeze.getData());
        auto axes = constantElements(unsqueeze.getAxes());
        if (!dims || !axes)
          return success();
        SmallVector<bool> flags;
        if (failed(axisSet(*axes, dims->size() + axes->size(), flags)))
          return failure();
        shape.emplace();
        size_t next = 0;
        for (bool isNew : flags)
          shape->push_back(isNew ? SymbolicDim(1) : (*dims)[next++]);
        return success();
      })
      .Case<ReshapeOp>([&](ReshapeOp reshape) -> LogicalResult {
        std::optional<Dims> dims = dimsOf(reshape.getData());
        auto elements = elementsOf(reshape.getShape());
        if (!elements) {
          std::optional<Dims> length = dimsOf(reshape.getShape());
          if (length && length->size() == 1 && (*length)[0].getConstant() &&
              *(*length)[0].getConstant() <= kMaxShapeElements) {
            shape.emplace();
            for (int64_t i = 0; i < *(*length)[0].getConstant(); ++i)
              shape->push_back(fresh());
          }
          return success();
        }
        shape = Dims(elements->begin(), elements->end());
        std::optional<size_t> inferred;
        for (size_t i = 0; i < shape->size(); ++i) {
          std::optional<int64_t> constant = (*shape)[i].getConstant();
          if (!constant)
            continue;
          if (*constant == 0 && !reshape.getAllowzero()) {
            if (!dims) {
              (*shape)[i] = fresh();
              continue;
            }
            if (i >= dims->size())
              return op->emitOpError("shape ")
                     << words(*elements) << " copies axis " << i << " of "
                     << words(*dims);
            (*shape)[i] = (*dims)[i];
          } else if (*constant == -1) {
            if (inferred)
              return op->emitOpError("shape ")
                     << words(*elements) << " has -1 twice";
            inferred = i;
            (*shape)[i] = 1;
          } else if (*constant < 0) {
            return op->emitOpError("shape ")
                   << words(*elements) << " has a negative dimension";
          }
        }
        if (!dims) {
          if (inferred)
            (*shape)[*inferred] = fresh();
          return success();
        }
        SymbolicDim total = product(*dims), rest = product(*shape);
        if (inferred) {
          if (total.getConstant() && rest.getConstant() &&
              (rest.is(0) || *total.getConstant() % *rest.getConstant() != 0))
            return op->emitOpError("cannot reshape ")
                   << words(*dims) << " to " << words(*elements);
          (*shape)[*inferred] = all.divide(total, rest);
        } else if (total.getConstant() && rest.getConstant() && total != rest) {
          return op->emitOpError("cannot reshape ")
                 << words(*dims) << " to " << words(*elements);
        }
        return success();
      })
      .Case<FlattenOp>([&](FlattenOp flatten) {
        std::optional<Dims> dims = dimsOf(flatten.getInput());
        if (!dims)
          return success();
        int64_t axis = flatten.getAxis();
        if (axis < 0)
          axis += dims->size();
        if (axis < 0 || axis > int64_t(dims->size()))
          return LogicalResult(badAxis(flatten.getAxis(), dims->size()));
        ArrayRef<SymbolicDim> all(*dims);
        shape =
            Dims{product(all.take_front(axis)), product(all.drop_front(axis))};
        return success();
      })
      .Case<ExpandOp>([&](ExpandOp expand) -> LogicalResult {
        std::optional<Dims> dims = dimsOf(expand.getInput());
        auto elements = elementsOf(expand.getShape());
        if (!dims)
          return success();
        if (!elements) {
          std::optional<Dims> length = dimsOf(expand.getShape());
          if (length && length->size() == 1 && (*length)[0].getConstant() &&
              *(*length)[0].getConstant() <= kMaxShapeElements) {
            size_t rank =
                std::max<size_t>(*(*length)[0].getConstant(), dims->size());
            shape.emplace();
            for (size_t i = 0; i < rank; ++i)
              shape->push_back(fresh());
          }
          return success();
        }
        for (const SymbolicDim &element : *elements)
          if (element.getConstant().value_or(0) < 0)
            return op->emitOpError("shape ")
                   << words(*elements) << " has a negative dimension";
        shape = broadcast(*dims, *elements);
        if (!shape)
          return op->emitOpError("cannot broadcast ")
                 << words(*dims) << " and " << words(*elements);
        return success();
      })
      .Case<TransposeOp>([&](TransposeOp transpose) -> LogicalResult {
        std::optional<Dims> dims = dimsOf(transpose.getData());
        if (!dims) {
          if (transpose.getPerm()) {
            shape.emplace();
            for (size_t i = 0; i < transpose.getPerm()->size(); ++i)
              shape->push_back(fresh());
          }
          return success();
        }
        if (!transpose.getPerm()) {
          shape = Dims(dims->rbegin(), dims->rend());
          return success();
        }
        if (transpose.getPerm()->size() != dims->size())
          return op->emitOpError("perm has ")
                 << transpose.getPerm()->size()
                 << " axes but the input has rank " << dims->size();
        shape.emplace();
        for (int64_t axis : transpose.getPermAttr().asArrayRef())
          shape->push_back((*dims)[axis]);
        return success();
      })
      .Case<TileOp>([&](TileOp tile) -> LogicalResult {
        std::optional<Dims> dims = dimsOf(tile.getInput());
        auto repeats = elementsOf(tile.getRepeats());
        if (!dims)
          return success();
        if (repeats && repeats->size() != dims->size())
          return op->emitOpError("repeats has ")
                 << repeats->size() << " elements for rank " << dims->size();
        shape.emplace();
        for (size_t i = 0; i < dims->size(); ++i) {
          if (repeats && (*repeats)[i].getConstant().value_or(0) < 0)
            return op->emitOpError("repeats is negative");
          shape->push_back(repeats ? all.multiply((*dims)[i], (*repeats)[i])
                                   : fresh());
        }
        return success();
      })
      .Default([](Operation *) { return std::nullopt; });
}
} // namespace mlir::bnn::onnx
