// The elements of shape arithmetic: which lists of dimensions an operation
// computes.
#include "dialects/ONNX/ShapeInference.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;

namespace mlir::bnn::onnx {
void SymbolicShapes::inferElements(Operation *op, Fact &fact) {
  // The result is a scalar or a list; how many elements?
  int64_t count = 1;
  if (!fact.shape->empty()) {
    std::optional<int64_t> constant = fact.shape->front().getConstant();
    if (!constant || *constant < 0 || *constant > kMaxShapeElements)
      return;
    count = *constant;
  }
  auto operand = [&](unsigned index) {
    return elementsOf(op->getOperand(index));
  };
  // Element i of an operand that is broadcast to `count` elements.
  auto at = [](ArrayRef<SymbolicDim> elements,
               int64_t i) -> const SymbolicDim & {
    return elements[elements.size() == 1 ? 0 : i];
  };
  auto zip = [&](auto combine) {
    auto a = operand(0), b = operand(1);
    if (!a || !b)
      return;
    Dims result;
    for (int64_t i = 0; i < count; ++i) {
      std::optional<SymbolicDim> value = combine(at(*a, i), at(*b, i));
      if (!value)
        return;
      result.push_back(*value);
    }
    fact.elements = result;
  };
  auto compare = [&](auto predicate) {
    zip([&](const SymbolicDim &a,
            const SymbolicDim &b) -> std::optional<SymbolicDim> {
      if (a.getConstant() && b.getConstant())
        return SymbolicDim(predicate(*a.getConstant(), *b.getConstant()));
      return std::nullopt;
    });
  };
  auto take = [&](std::optional<ArrayRef<SymbolicDim>> elements) {
    if (elements && int64_t(elements->size()) == count)
      fact.elements = Dims(elements->begin(), elements->end());
  };

  llvm::TypeSwitch<Operation *>(op)
      .Case<ConstantOp>([&](ConstantOp constant) {
        if (auto values = getConstantIntegers(constant)) {
          fact.elements.emplace();
          for (int64_t value : *values)
            fact.elements->push_back(value);
        } else if (auto view = ConstantView::get(constant);
                   view && isa<FloatType>(view->getElementType())) {
          Dims whole;
          for (int64_t i = 0; i < count; ++i) {
            double value = view->getFloat(i);
            if (!(std::fabs(value) <= 0x1p24 && value == std::trunc(value)))
              return;
            whole.push_back(int64_t(value));
          }
          fact.elements = whole;
        }
      })
      .Case<IdentityOp, SqueezeOp, UnsqueezeOp, ReshapeOp, TransposeOp>(
          [&](Operation *) { take(operand(0)); })
      .Case<CastOp>([&](CastOp cast) {
        Type to = getElementTypeOrSelf(cast.getType());
        if (!to.isInteger(1) && !to.isInteger(8))
          take(operand(0));
      })
      .Case<GatherOp>([&](GatherOp gather) {
        auto data = elementsOf(gather.getData());
        auto indices = constantElements(gather.getIndices());
        auto shape = shapeOf(gather.getData());
        if (!data || !indices || !shape || shape->size() != 1)
          return;
        Dims result;
        for (int64_t index : *indices) {
          if (index < 0)
            index += data->size();
          if (index < 0 || index >= int64_t(data->size()))
            return;
          result.push_back((*data)[index]);
        }
        fact.elements = result;
      })
      .Case<ConcatOp>([&](ConcatOp concat) {
        Dims result;
        for (Value input : concat.getInputs()) {
          auto elements = elementsOf(input);
          if (!elements)
            return;
          result.append(elements->begin(), elements->end());
        }
        fact.elements = result;
      })
      .Case<SliceOp>([&](SliceOp slice) {
        auto data = elementsOf(slice.getData());
        auto starts = constantElements(slice.getStarts());
        auto ends = constantElements(slice.getEnds());
        auto steps = constantElements(slice.getSteps());
        if (!data || !starts || !ends || starts->size() != 1 ||
            ends->size() != 1)
          return;
        int64_t step = steps && steps->size() == 1 ? (*steps)[0] : 1;
        if (step == 0 || (!steps && !isa<NoneType>(slice.getSteps().getType())))
          return;
        int64_t number = 0;
        int64_t start =
            sliceBounds(data->size(), (*starts)[0], (*ends)[0], step, number);
        Dims result;
        for (int64_t i = 0; i < number; ++i)
          result.push_back((*data)[start + i * step]);
        fact.elements = result;
      })
      .Case<AddOp>([&](Operation *) {
        zip([&](const SymbolicDim &a, const SymbolicDim &b) {
          return a.plus(b);
        });
      })
      .Case<SubOp>([&](Operation *) {
        zip([&](const SymbolicDim &a, const SymbolicDim &b) {
          return a.minus(b);
        });
      })
      .Case<MulOp>([&](Operation *) {
        zip([&](const SymbolicDim &a, const SymbolicDim &b) {
          return a.times(b);
        });
      })
      .Case<MinOp>([&](MinOp min) {
        Dims result;
        for (auto [n, value] : llvm::enumerate(min.getData())) {
          auto elements = elementsOf(value);
          if (!elements)
            return;
          for (int64_t i = 0; i < count; ++i) {
            const SymbolicDim &element = at(*elements, i);
            if (!element.isNonNegative())
              return;
            if (n == 0)
              result.push_back(element);
            else
              result[i] = minimum(result[i], element);
          }
        }
        fact.elements = result;
      })
      .Case<DivOp>([&](Operation *) {
        zip([&](const SymbolicDim &a,
                const SymbolicDim &b) -> std::optional<SymbolicDim> {
          // Rounding towards zero is rounding down only where nothing is
          // negative.
          if (!a.isNonNegative() || !b.isNonNegative() || b.is(0))
            return std::nullopt;
          return divide(a, b);
        });
      })
      .Case<EqualOp>([&](Operation *) {
        zip([&](const SymbolicDim &a,
                const SymbolicDim &b) -> std::optional<SymbolicDim> {
          if (a == b)
            return SymbolicDim(1);
          if (a.getConstant() && b.getConstant())
            return SymbolicDim(0);
          // A dimension is never -1.
          if ((a.isNonNegative() && b.getConstant().value_or(0) < 0) ||
              (b.isNonNegative() && a.getConstant().value_or(0) < 0))
            return SymbolicDim(0);
          return std::nullopt;
        });
      })
      .Case<GreaterOp>([&](Operation *) { compare(std::greater<int64_t>()); })
      .Case<GreaterOrEqualOp>(
          [&](Operation *) { compare(std::greater_equal<int64_t>()); })
      .Case<LessOp>([&](Operation *) { compare(std::less<int64_t>()); })
      .Case<LessOrEqualOp>(
          [&](Operation *) { compare(std::less_equal<int64_t>()); })
      .Case<WhereOp>([&](WhereOp where) {
        auto condition = constantElements(where.getCondition());
        auto x = elementsOf(where.getX()), y = elementsOf(where.getY());
        if (!condition || !x || !y)
          return;
        Dims result;
        for (int64_t i = 0; i < count; ++i)
          result.push_back((*condition)[condition->size() == 1 ? 0 : i]
                               ? at(*x, i)
                               : at(*y, i));
        fact.elements = result;
      })
      .Case<ConstantOfShapeOp>([&](ConstantOfShapeOp fill) {
        if (auto view = ConstantView::get(fill.getValue()))
          fact.elements = Dims(count, SymbolicDim(view->getInteger(0)));
      })
      .Case<ExpandOp>([&](ExpandOp expand) {
        auto elements = elementsOf(expand.getInput());
        if (elements &&
            (elements->size() == 1 || int64_t(elements->size()) == count)) {
          Dims result;
          for (int64_t i = 0; i < count; ++i)
            result.push_back(at(*elements, i));
          fact.elements = result;
        }
      })
      .Default([](Operation *) {});
}
} // namespace mlir::bnn::onnx
