//===- Triangle.cpp - What lies above and below a diagonal ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/Triangle.h"
#include "dialects/ONNX/ConstantView.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;
using namespace mlir::bnn;

using Number = std::optional<double>;

namespace {
/// Element [.., i, ..] is `start` + i, with i the index of the axis that is
/// `axis` from the last one.
struct Ramp {
  int64_t axis;
  double start;
};

class Matcher {
public:
  explicit Matcher(const onnx::SymbolicShapes &shapes) : shapes(shapes) {}
  Triangle match(Value value);

private:
  const onnx::SymbolicShapes &shapes;
  int looked = 0;

  bool sameDim(Value a, Value b, size_t axis);
  bool isBroadcast(Value operand, Value result);
  std::optional<Ramp> matchRamp(Value value);
  std::optional<Triangle> compareRamps(Operation *op);
  Triangle matchUnsqueeze(onnx::UnsqueezeOp op);
  Triangle matchOperator(Operation *op);
  Triangle matchOperand(Value operand, Value result);
};
} // namespace

bool bnn::isSameSize(const onnx::SymbolicShapes &shapes,
                     const onnx::SymbolicDim &size,
                     const onnx::SymbolicDim &whole) {
  if (size == whole)
    return true;
  auto pair = shapes.minimumOf(size);
  if (!pair)
    return false;
  auto isMany = [](const onnx::SymbolicDim &dim) {
    return dim.getConstant().value_or(0) > 1;
  };
  return (pair->first == whole && isMany(pair->second)) ||
         (pair->second == whole && isMany(pair->first));
}

// Whether two values have the same size of the axis that is `axis` from the
// last one.
bool Matcher::sameDim(Value a, Value b, size_t axis) {
  auto left = shapes.shapeOf(a), right = shapes.shapeOf(b);
  return left && right && left->size() > axis && right->size() > axis &&
         isSameSize(shapes, (*left)[left->size() - 1 - axis],
                    (*right)[right->size() - 1 - axis]);
}

// Whether one of the last two axes may be of size 1 in the operand alone.
bool Matcher::isBroadcast(Value operand, Value result) {
  return !sameDim(operand, result, 0) || !sameDim(operand, result, 1);
}

// Exporters' masks are a few operators. That many are looked at.
constexpr int kMostOperators = 256;

static double elementOf(const onnx::ConstantView &view, int64_t i) {
  return isa<FloatType>(view.getElementType()) ? view.getFloat(i)
                                               : double(view.getInteger(i));
}

// As the element type holds it.
static Number rounded(Number number, Value value) {
  if (number && getElementTypeOrSelf(value.getType()).isF32())
    return static_cast<float>(*number);
  return number;
}

static int64_t rankOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? type.getRank() : -1;
}

// Whether a Slice of the last two axes begins at 0 and takes one after the
// other.
static bool isFromStart(onnx::SliceOp slice) {
  auto starts = onnx::getConstantIntegers(slice.getStarts());
  auto steps = isa<NoneType>(slice.getSteps().getType())
                   ? SmallVector<int64_t>{1}
                   : onnx::getConstantIntegers(slice.getSteps());
  return starts && steps &&
         llvm::all_of(*starts, [](int64_t start) { return start == 0; }) &&
         llvm::all_of(*steps, [](int64_t step) { return step == 1; });
}

//===----------------------------------------------------------------------===//
// Ramps
//===----------------------------------------------------------------------===//

static std::optional<Ramp> rampOfConstant(const onnx::ConstantView &view) {
  if (!view.getType().hasRank() || view.getNumElements() < 2)
    return std::nullopt;
  ArrayRef<int64_t> shape = view.getType().getShape();
  int64_t axis = -1;
  for (auto [i, size] : llvm::enumerate(shape)) {
    if (size != 1 && axis >= 0)
      return std::nullopt;
    if (size != 1)
      axis = int64_t(shape.size() - 1 - i);
  }
  const double start = elementOf(view, 0);
  for (int64_t i = 0; i < view.getNumElements(); ++i)
    if (elementOf(view, i) != start + double(i))
      return std::nullopt;
  return Ramp{axis, start};
}

static std::optional<double> scalarOf(Value value) {
  auto view = onnx::ConstantView::get(value);
  if (!view || view->getNumElements() != 1)
    return std::nullopt;
  return elementOf(*view, 0);
}

std::optional<Ramp> Matcher::matchRamp(Value value) {
  if (++looked > kMostOperators)
    return std::nullopt;
  if (auto view = onnx::ConstantView::get(value))
    return rampOfConstant(*view);
  if (auto range = value.getDefiningOp<onnx::RangeOp>()) {
    auto start = scalarOf(range.getStart()), step = scalarOf(range.getDelta());
    if (!start || !step || *step != 1)
      return std::nullopt;
    return Ramp{0, *start};
  }
  if (auto cast = value.getDefiningOp<onnx::CastOp>())
    return matchRamp(cast.getInput());
  if (auto slice = value.getDefiningOp<onnx::SliceOp>())
    return isFromStart(slice) ? matchRamp(slice.getData()) : std::nullopt;
  if (auto expand = value.getDefiningOp<onnx::ExpandOp>()) {
    auto ramp = matchRamp(expand.getInput());
    return ramp && sameDim(expand.getInput(), value, ramp->axis) ? ramp
                                                                 : std::nullopt;
  }
  if (auto unsqueeze = value.getDefiningOp<onnx::UnsqueezeOp>()) {
    auto axes = onnx::getConstantIntegers(unsqueeze.getAxes());
    auto ramp = matchRamp(unsqueeze.getData());
    const int64_t rank = rankOf(value);
    if (!axes || !ramp || rank < 0)
      return std::nullopt;
    // From the last axis on, those that are inserted are skipped.
    SmallVector<bool> inserted(rank, false);
    for (int64_t axis : *axes)
      inserted[axis < 0 ? axis + rank : axis] = true;
    int64_t left = ramp->axis;
    for (int64_t i = rank; i-- > 0;)
      if (!inserted[i] && left-- == 0)
        return Ramp{rank - 1 - i, ramp->start};
  }
  return std::nullopt;
}

// A comparison of the column's number with the row's, as of ranges: true where
// j - i <= limit, or where not.
std::optional<Triangle> Matcher::compareRamps(Operation *op) {
  enum { Less, LessOrEqual, Other } kind = Other;
  Value a, b;
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](onnx::LessOp o) { kind = Less, a = o.getA(), b = o.getB(); })
      .Case([&](onnx::LessOrEqualOp o) {
        kind = LessOrEqual, a = o.getA(), b = o.getB();
      })
      .Case([&](onnx::GreaterOp o) { kind = Less, a = o.getB(), b = o.getA(); })
      .Case([&](onnx::GreaterOrEqualOp o) {
        kind = LessOrEqual, a = o.getB(), b = o.getA();
      });
  if (kind == Other)
    return std::nullopt;
  auto left = matchRamp(a), right = matchRamp(b);
  if (!left || !right || left->axis + right->axis != 1 ||
      std::min(left->axis, right->axis) != 0 ||
      !sameDim(a, op->getResult(0), left->axis) ||
      !sameDim(b, op->getResult(0), right->axis))
    return std::nullopt;
  // a < b with a = j + s, b = i + t: j - i <= t - s - 1.
  const bool isColumnLeft = left->axis == 0;
  double limit = right->start - left->start - (kind == Less ? 1 : 0);
  // With a = i + s, b = j + t: j - i >= s - t [+ 1], not at most one less.
  if (!isColumnLeft)
    limit = -limit - 1;
  Triangle result;
  if (limit >= 0)
    result.below = isColumnLeft;
  if (limit <= 0)
    result.above = !isColumnLeft;
  return result;
}

//===----------------------------------------------------------------------===//
// Triangles
//===----------------------------------------------------------------------===//

static Triangle triangleOfConstant(const onnx::ConstantView &view) {
  if (view.isSplat() || view.getNumElements() == 1) {
    double only = elementOf(view, 0);
    return {only, only};
  }
  if (!view.getType().hasRank() || view.getType().getRank() < 2)
    return {};
  ArrayRef<int64_t> shape = view.getType().getShape().take_back(2);
  if (shape[0] == 1)
    return {};
  bool isKnown[2] = {true, true};
  Number found[2];
  for (int64_t at = 0; at < view.getNumElements(); ++at) {
    const int64_t column = at % shape[1], row = at / shape[1] % shape[0];
    const bool isBelow = column <= row;
    double element = elementOf(view, at);
    if (!found[isBelow])
      found[isBelow] = element;
    isKnown[isBelow] &= *found[isBelow] == element;
    if (!isKnown[0] && !isKnown[1])
      return {};
  }
  return {isKnown[0] ? found[0] : std::nullopt,
          isKnown[1] ? found[1] : std::nullopt};
}

// One operator on one number each: nothing where an operand that matters is not
// known.
static Number evaluate(Operation *op, ArrayRef<Number> in) {
  auto both = [&](auto f) -> Number {
    if (!in[0] || !in[1])
      return std::nullopt;
    return double(f(*in[0], *in[1]));
  };
  return llvm::TypeSwitch<Operation *, Number>(op)
      .Case([&](onnx::WhereOp) -> Number {
        if (in[0])
          return *in[0] != 0 ? in[1] : in[2];
        return in[1] == in[2] ? in[1] : std::nullopt;
      })
      .Case([&](onnx::AndOp) -> Number {
        if (in[0] == 0.0 || in[1] == 0.0)
          return 0.0;
        return both([](double a, double b) { return a != 0 && b != 0; });
      })
      .Case([&](onnx::OrOp) -> Number {
        if (in[0] == 1.0 || in[1] == 1.0)
          return 1.0;
        return both([](double a, double b) { return a != 0 || b != 0; });
      })
      .Case([&](onnx::NotOp) -> Number {
        return in[0] ? Number(*in[0] == 0) : std::nullopt;
      })
      .Case([&](onnx::CastOp cast) -> Number {
        Type type = getElementTypeOrSelf(cast.getType());
        if (!in[0] || isa<FloatType>(type))
          return in[0];
        if (type.isInteger(1))
          return *in[0] != 0;
        return std::fabs(*in[0]) < 0x1p31 ? Number(std::trunc(*in[0]))
                                          : std::nullopt;
      })
      .Case([&](onnx::NegOp) -> Number {
        return in[0] ? Number(-*in[0]) : std::nullopt;
      })
      .Case([&](onnx::AddOp) { return both(std::plus<>()); })
      .Case([&](onnx::SubOp) { return both(std::minus<>()); })
      .Case([&](onnx::MulOp) { return both(std::multiplies<>()); })
      .Case([&](onnx::EqualOp) { return both(std::equal_to<>()); })
      .Case([&](onnx::LessOp) { return both(std::less<>()); })
      .Case([&](onnx::LessOrEqualOp) { return both(std::less_equal<>()); })
      .Case([&](onnx::GreaterOp) { return both(std::greater<>()); })
      .Case(
          [&](onnx::GreaterOrEqualOp) { return both(std::greater_equal<>()); })
      .Default([](Operation *) -> Number { return std::nullopt; });
}

// The part that Trilu keeps, and zeros.
static Triangle triangleOfTrilu(onnx::TriluOp op, const Triangle &in) {
  int64_t k = 0;
  if (!isa<NoneType>(op.getK().getType())) {
    auto known = onnx::getConstantIntegers(op.getK());
    if (!known || known->size() != 1)
      return {};
    k = known->front();
  }
  Triangle out;
  if (op.getUpper()) { // j - i >= k is kept.
    if (k <= 1 || in.above == 0.0)
      out.above = in.above;
    if (k >= 1 || in.below == 0.0)
      out.below = 0.0;
  } else { // j - i <= k is kept.
    if (k >= 0 || in.below == 0.0)
      out.below = in.below;
    if (k <= 0 || in.above == 0.0)
      out.above = 0.0;
  }
  return out;
}

Triangle Matcher::matchUnsqueeze(onnx::UnsqueezeOp op) {
  Triangle in = match(op.getData());
  if (in.isOneNumber())
    return in;
  // Before the last two axes.
  auto axes = onnx::getConstantIntegers(op.getAxes());
  const int64_t rank = rankOf(op.getExpanded());
  if (!axes || rankOf(op.getData()) < 2 ||
      llvm::any_of(*axes, [&](int64_t axis) {
        return (axis < 0 ? axis + rank : axis) >= rank - 2;
      }))
    return {};
  return in;
}

// An operand that is broadcast to `result`.
Triangle Matcher::matchOperand(Value operand, Value result) {
  Triangle in = match(operand);
  return in.isOneNumber() || !isBroadcast(operand, result) ? in : Triangle();
}

Triangle Matcher::matchOperator(Operation *op) {
  if (auto slice = dyn_cast<onnx::SliceOp>(op))
    return isFromStart(slice) ? match(slice.getData()) : Triangle();
  if (auto trilu = dyn_cast<onnx::TriluOp>(op))
    return triangleOfTrilu(trilu, match(trilu.getInput()));
  if (auto expand = dyn_cast<onnx::ExpandOp>(op))
    return matchOperand(expand.getInput(), expand.getOutput());
  if (auto unsqueeze = dyn_cast<onnx::UnsqueezeOp>(op))
    return matchUnsqueeze(unsqueeze);
  if (auto filled = dyn_cast<onnx::ConstantOfShapeOp>(op)) {
    auto view = onnx::ConstantView::get(filled.getValue());
    if (!view || view->getNumElements() != 1)
      return {};
    const double only = elementOf(*view, 0);
    return {only, only};
  }
  if (auto compared = compareRamps(op))
    return *compared;
  Value result = op->getResult(0);
  SmallVector<Number> above, below;
  for (Value operand : op->getOperands()) {
    Triangle in = matchOperand(operand, result);
    above.push_back(in.above);
    below.push_back(in.below);
  }
  return {rounded(evaluate(op, above), result),
          rounded(evaluate(op, below), result)};
}

Triangle Matcher::match(Value value) {
  if (++looked > kMostOperators)
    return {};
  if (auto view = onnx::ConstantView::get(value))
    return view->getNumElements() ? triangleOfConstant(*view) : Triangle();
  Operation *op = value.getDefiningOp();
  if (!op || op->getNumResults() != 1)
    return {};
  return matchOperator(op);
}

Triangle bnn::matchTriangle(Value value, const onnx::SymbolicShapes &shapes) {
  return Matcher(shapes).match(value);
}
