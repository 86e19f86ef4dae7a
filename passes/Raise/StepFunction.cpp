//===- StepFunction.cpp - Functions of one number with few values ---------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/StepFunction.h"
#include "dialects/ONNX/ConstantView.h"
#include "dialects/ONNX/HalfFloats.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/ADT/bit.h"
#include <cmath>
#include <limits>
#include <optional>

using namespace mlir;
using namespace mlir::bnn;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Expressions of more operations than this are no quantisers.
constexpr size_t kMostNodes = 32;
constexpr size_t kMostValues = 16;

enum class Trend { Constant, Up, Down };

Trend reversed(Trend trend) {
  if (trend == Trend::Constant)
    return trend;
  return trend == Trend::Up ? Trend::Down : Trend::Up;
}

// Elements that a double holds: f32, f64, and integers as they are.
bool isNumber(Type type) {
  return type.isF32() || type.isF64() || isa<IntegerType>(type);
}

std::optional<double> constantOf(Value value) {
  auto view = onnx::ConstantView::get(value);
  if (!view || view->getNumElements() == 0 ||
      (!view->isSplat() && view->getNumElements() != 1))
    return std::nullopt;
  return isa<FloatType>(view->getElementType())
             ? view->getFloat(0)
             : static_cast<double>(view->getInteger(0));
}

// What the operation computes, in the type of its result. The arithmetic of f32
// in double, rounded to f32, is that of f32: double has the bits for it.
double apply(Operation *op, ArrayRef<double> a) {
  auto extreme = [&](bool larger) {
    double result = a[0];
    for (double x : a.drop_front())
      if (std::isnan(x) || std::isnan(result))
        result = kNaN;
      else
        result = larger ? std::max(result, x) : std::min(result, x);
    return result;
  };
  using namespace onnx;
  double result =
      llvm::TypeSwitch<Operation *, double>(op)
          .Case([&](AddOp) { return a[0] + a[1]; })
          .Case([&](SubOp) { return a[0] - a[1]; })
          .Case([&](MulOp) { return a[0] * a[1]; })
          .Case([&](DivOp) { return a[0] / a[1]; })
          .Case([&](NegOp) { return -a[0]; })
          .Case([&](ReluOp) { return std::isnan(a[0]) || a[0] > 0 ? a[0] : 0; })
          .Case([&](SignOp) {
            // As ONNX Runtime has it, where this is compared with something.
            return std::isnan(a[0]) ? kNaN
                                    : double(a[0] > 0) - double(a[0] < 0);
          })
          .Case([&](RoundOp) { return std::nearbyint(a[0]); })
          .Case([&](FloorOp) { return std::floor(a[0]); })
          .Case([&](CeilOp) { return std::ceil(a[0]); })
          .Case([&](MaxOp) { return extreme(true); })
          .Case([&](MinOp) { return extreme(false); })
          .Case([&](ClipOp) {
            double low = std::isnan(a[0]) ? kNaN : std::max(a[0], a[1]);
            return std::isnan(low) ? kNaN : std::min(low, a[2]);
          })
          .Case([&](HardSigmoidOp sigmoid) {
            // Of f32: the product is rounded before the sum is.
            const float product = static_cast<float>(
                double(sigmoid.getAlpha().convertToFloat()) * a[0]);
            const double line = static_cast<float>(
                double(product) + sigmoid.getBeta().convertToFloat());
            return std::isnan(line) ? line : std::min(std::max(line, 0.0), 1.0);
          })
          .Case([&](GreaterOp) { return a[0] > a[1]; })
          .Case([&](GreaterOrEqualOp) { return a[0] >= a[1]; })
          .Case([&](LessOp) { return a[0] < a[1]; })
          .Case([&](LessOrEqualOp) { return a[0] <= a[1]; })
          .Case([&](NotOp) { return a[0] == 0; })
          .Case([&](AndOp) { return a[0] != 0 && a[1] != 0; })
          .Case([&](OrOp) { return a[0] != 0 || a[1] != 0; })
          .Case([&](WhereOp) { return a[0] != 0 ? a[1] : a[2]; })
          .Case([&](RoundToHalfOp round) {
            return double(roundToHalf(a[0], round.getFormat()));
          })
          .Default([&](Operation *) { return a[0]; });
  Type type = getElementTypeOrSelf(op->getResult(0).getType());
  if (type.isF32())
    return static_cast<float>(result);
  return isa<IntegerType>(type) ? std::trunc(result) : result;
}

// Whether the two are computed alike from the same values.
bool areAlike(Value a, Value b, int depth = 6) {
  if (a == b)
    return true;
  Operation *x = a.getDefiningOp(), *y = b.getDefiningOp();
  return depth && x && y && x->getName() == y->getName() &&
         x->getNumResults() == 1 && y->getNumResults() == 1 &&
         a.getType() == b.getType() && x->getNumRegions() == 0 &&
         x->getAttrDictionary() == y->getAttrDictionary() &&
         x->getNumOperands() == y->getNumOperands() &&
         llvm::all_of(
             llvm::zip(x->getOperands(), y->getOperands()), [&](auto pair) {
               return areAlike(std::get<0>(pair), std::get<1>(pair), depth - 1);
             });
}

// Whether the two are one tensor that an estimator's terms have. A constant is
// none: (x + c) - c with a large one is how some round.
bool areEqual(Value a, Value b) {
  return !onnx::ConstantView::get(a) && areAlike(a, b);
}

// s, where the value is s - y, or s + -y.
Value withoutSubtracted(Value value, Value y) {
  Operation *op = onnx::beforeRounding(value).getDefiningOp();
  if (auto sub = dyn_cast_or_null<onnx::SubOp>(op))
    return areEqual(sub.getB(), y) ? sub.getA() : Value();
  if (!isa_and_nonnull<onnx::AddOp>(op))
    return Value();
  for (unsigned i : {0, 1})
    if (auto negative = op->getOperand(i).getDefiningOp<onnx::NegOp>();
        negative && areEqual(negative.getX(), y))
      return op->getOperand(1 - i);
  return Value();
}

// s, where `op` computes (s - y) + y, (s + y) - y or s + (y - y): the value of
// a straight-through estimator that was written with two detached terms. Null
// if it does not.
Value withoutResidue(Operation *op) {
  if (!isa<onnx::AddOp, onnx::SubOp>(op))
    return Value();
  Value a = op->getOperand(0), b = op->getOperand(1), kept;
  if (isa<onnx::AddOp>(op)) {
    kept = withoutSubtracted(a, b);
    if (!kept)
      kept = withoutSubtracted(b, a);
    for (Value zero : {a, b})
      if (auto sub = onnx::beforeRounding(zero).getDefiningOp<onnx::SubOp>();
          sub && !kept && areEqual(sub.getA(), sub.getB()))
        kept = zero == a ? b : a;
  } else if (auto add = onnx::beforeRounding(a).getDefiningOp<onnx::AddOp>()) {
    if (areEqual(add.getB(), b))
      kept = add.getA();
    else if (areEqual(add.getA(), b))
      kept = add.getB();
  }
  return kept && kept.getType() == op->getResult(0).getType() ? kept : Value();
}

// A comparison with one constant for each element of a row: its variable, and
// the constants.
struct RowComparison {
  Value input;
  SmallVector<float> constants;
  bool isFirst; // The variable is the first operand.
};

std::optional<RowComparison> matchRowComparison(Operation *op) {
  if (!op || !isa<onnx::GreaterOp, onnx::GreaterOrEqualOp, onnx::LessOp,
                  onnx::LessOrEqualOp>(op))
    return std::nullopt;
  for (bool isFirst : {true, false}) {
    Value input = op->getOperand(isFirst ? 0 : 1);
    auto view = onnx::ConstantView::get(op->getOperand(isFirst ? 1 : 0));
    auto type = dyn_cast<RankedTensorType>(input.getType());
    if (!view || !type || type.getRank() == 0 ||
        !type.getElementType().isF32() || !view->getElementType().isF32() ||
        view->getNumElements() < 2 ||
        view->getType().getShape().back() != type.getShape().back() ||
        view->getNumElements() != type.getShape().back() ||
        type.getShape() !=
            cast<ShapedType>(op->getResult(0).getType()).getShape())
      continue;
    RowComparison row{input, {}, isFirst};
    for (int64_t i = 0; i < view->getNumElements(); ++i) {
      row.constants.push_back(view->at<float>(i));
      if (!std::isfinite(row.constants.back()))
        return std::nullopt;
    }
    return row;
  }
  return std::nullopt;
}

// A value as an expression of one leaf.
class Expression {
public:
  // Fails where the value depends on anything else, or by an operation that is
  // not known here.
  static std::optional<Expression> get(Value root, Value leaf,
                                       bool isLeafWhole) {
    Expression result(leaf, isLeafWhole);
    if (!result.add(root) || !result.isMonotone())
      return std::nullopt;
    return result;
  }

  double at(double x) const { return evaluate(x).back(); }
  bool hasResidue() const { return residue; }
  Trend trend() const { return trends.back(); }

private:
  struct Node {
    Operation *op = nullptr; // Null for the leaf and for constants.
    SmallVector<unsigned, 3> operands{};
    double constant = 0;
    bool isLeaf = false;
    bool isIdentity = false;
  };

  Expression(Value leaf, bool isLeafWhole)
      : leaf(leaf), isLeafWhole(isLeafWhole) {}

  std::optional<unsigned> add(Value value);
  std::optional<unsigned> push(Value value, Node node) {
    nodes.push_back(std::move(node));
    indexOf[value] = nodes.size() - 1;
    return nodes.size() - 1;
  }
  std::vector<double> evaluate(double x) const;
  bool isMonotone();
  std::optional<Trend> trendOf(const Node &node, ArrayRef<double> low,
                               ArrayRef<double> high) const;
  std::optional<Trend> trendOfWhere(const Node &node, ArrayRef<double> low,
                                    ArrayRef<double> high) const;
  std::optional<Trend> combine(const Node &node, ArrayRef<bool> isRising) const;

  Value leaf;
  bool isLeafWhole;
  bool residue = false;
  std::vector<Node> nodes; // Operands stand before their users.
  std::vector<Trend> trends;
  llvm::DenseMap<Value, unsigned> indexOf;
};

std::optional<unsigned> Expression::add(Value value) {
  if (auto it = indexOf.find(value); it != indexOf.end())
    return it->second;
  Node node;
  if (value == leaf) {
    node.isLeaf = true;
    return push(value, std::move(node));
  }
  if (auto constant = constantOf(value)) {
    if (std::isnan(*constant))
      return std::nullopt;
    node.constant = *constant;
    return push(value, std::move(node));
  }
  auto type = dyn_cast<RankedTensorType>(value.getType());
  Operation *op = value.getDefiningOp();
  using namespace onnx;
  if (!op || !type || !isNumber(type.getElementType()) ||
      nodes.size() >= kMostNodes ||
      type.getShape() != cast<RankedTensorType>(leaf.getType()).getShape() ||
      !isa<AddOp, SubOp, MulOp, DivOp, NegOp, ReluOp, SignOp, RoundOp, FloorOp,
           CeilOp, HardSigmoidOp, MaxOp, MinOp, ClipOp, GreaterOp,
           GreaterOrEqualOp, LessOp, LessOrEqualOp, NotOp, AndOp, OrOp, WhereOp,
           CastOp, IdentityOp, RoundToHalfOp>(op))
    return std::nullopt;
  node.op = op;
  SmallVector<Value, 3> operands(op->getOperands());
  if (Value kept = withoutResidue(op)) {
    operands = {kept};
    node.isIdentity = residue = true;
  }
  for (auto [i, operand] : llvm::enumerate(operands)) {
    // A bound that is left out does not bind.
    if (isa<NoneType>(operand.getType())) {
      Node bound;
      bound.constant = i == 1 ? -kInfinity : kInfinity;
      nodes.push_back(std::move(bound));
      node.operands.push_back(nodes.size() - 1);
      continue;
    }
    auto index = add(operand);
    if (!index)
      return std::nullopt;
    node.operands.push_back(*index);
  }
  return push(value, std::move(node));
}

std::vector<double> Expression::evaluate(double x) const {
  std::vector<double> results(nodes.size());
  for (auto [node, result] : llvm::zip(nodes, results)) {
    SmallVector<double, 3> operands;
    for (unsigned operand : node.operands)
      operands.push_back(results[operand]);
    if (node.isIdentity)
      result = operands[0];
    else if (node.op)
      result = apply(node.op, operands);
    else if (!node.isLeaf)
      result = node.constant;
    else if (auto row = matchRowComparison(leaf.getDefiningOp()))
      result = row->isFirst ? apply(leaf.getDefiningOp(), {x, 0.0})
                            : apply(leaf.getDefiningOp(), {0.0, x});
    else
      result = isLeafWhole ? std::nearbyint(x) : x;
  }
  return results;
}

// The trend of what rises, or falls, with each of its operands.
std::optional<Trend> Expression::combine(const Node &node,
                                         ArrayRef<bool> isRising) const {
  Trend result = Trend::Constant;
  for (auto [i, operand] : llvm::enumerate(node.operands)) {
    bool rises = isRising[std::min(i, isRising.size() - 1)];
    Trend trend = rises ? trends[operand] : reversed(trends[operand]);
    if (trend == Trend::Constant)
      continue;
    if (result != Trend::Constant && result != trend)
      return std::nullopt;
    result = trend;
  }
  return result;
}

// One side up to where the condition changes, the other from there on: monotone
// if both are, and no value of the one is beyond one of the other.
std::optional<Trend> Expression::trendOfWhere(const Node &node,
                                              ArrayRef<double> low,
                                              ArrayRef<double> high) const {
  unsigned before = node.operands[2], after = node.operands[1];
  Trend condition = trends[node.operands[0]];
  if (condition == Trend::Constant)
    return std::nullopt;
  if (condition == Trend::Down)
    std::swap(before, after);
  for (Trend trend : {Trend::Up, Trend::Down}) {
    bool areAlike =
        llvm::all_of(ArrayRef<unsigned>{before, after}, [&](unsigned side) {
          return trends[side] == trend || trends[side] == Trend::Constant;
        });
    bool isOrdered = trend == Trend::Up ? high[before] <= low[after]
                                        : high[before] >= low[after];
    if (areAlike && isOrdered)
      return trend;
  }
  return std::nullopt;
}

std::optional<Trend> Expression::trendOf(const Node &node, ArrayRef<double> low,
                                         ArrayRef<double> high) const {
  if (node.isLeaf) {
    // A comparison as the leaf rises or falls with its variable.
    double first = low[&node - nodes.data()], last = high[&node - nodes.data()];
    return first <= last ? Trend::Up : Trend::Down;
  }
  if (!node.op)
    return Trend::Constant;
  if (node.isIdentity)
    return combine(node, {true});
  // Two infinities, or 0 and one of them, would be NaN between two numbers.
  auto isFinite = [&](unsigned operand) {
    return std::isfinite(low[operand]) && std::isfinite(high[operand]);
  };
  using namespace onnx;
  const bool isBoolean = isa<NotOp, AndOp, OrOp, GreaterOp, GreaterOrEqualOp,
                             LessOp, LessOrEqualOp>(node.op);
  if (isa<AddOp, SubOp>(node.op)) {
    if (!llvm::any_of(node.operands, isFinite))
      return std::nullopt;
    return combine(node, {true, isa<AddOp>(node.op)});
  }
  if (isa<MulOp, DivOp>(node.op)) {
    bool isSwapped = trends[node.operands[0]] == Trend::Constant;
    unsigned factor = node.operands[isSwapped ? 0 : 1];
    double value = nodes[factor].constant;
    bool isInteger =
        isa<IntegerType>(getElementTypeOrSelf(node.op->getResult(0).getType()));
    if (nodes[factor].op || nodes[factor].isLeaf || value == 0 ||
        !std::isfinite(value) ||
        (isa<DivOp>(node.op) && (isSwapped || isInteger)))
      return std::nullopt;
    return combine(node, {value > 0});
  }
  if (auto sigmoid = dyn_cast<HardSigmoidOp>(node.op)) {
    const float slope = sigmoid.getAlpha().convertToFloat();
    if (slope == 0 || !std::isfinite(slope) ||
        !getElementTypeOrSelf(sigmoid.getType()).isF32())
      return std::nullopt;
    return combine(node, {slope > 0});
  }
  if (isa<WhereOp>(node.op))
    return trendOfWhere(node, low, high);
  if (isa<ClipOp>(node.op)) {
    if (trends[node.operands[1]] != Trend::Constant ||
        trends[node.operands[2]] != Trend::Constant)
      return std::nullopt;
    return combine(node, {true});
  }
  if (isa<CastOp>(node.op)) {
    // Whether a number is 0 is no step.
    Type from = getElementTypeOrSelf(node.op->getOperand(0).getType()),
         to = getElementTypeOrSelf(node.op->getResult(0).getType());
    if (to.isInteger(1) && !from.isInteger(1))
      return std::nullopt;
    return combine(node, {true});
  }
  if (isa<GreaterOp, GreaterOrEqualOp>(node.op))
    return combine(node, {true, false});
  if (isa<LessOp, LessOrEqualOp>(node.op))
    return combine(node, {false, true});
  if (!isBoolean && isa<NegOp>(node.op))
    return combine(node, {false});
  return combine(node, {!isa<NotOp>(node.op)});
}

bool Expression::isMonotone() {
  std::vector<double> low = evaluate(-kInfinity), high = evaluate(kInfinity);
  for (auto [i, node] : llvm::enumerate(nodes)) {
    std::optional<Trend> trend = trendOf(node, low, high);
    if (!trend || std::isnan(low[i]) || std::isnan(high[i]))
      return false;
    trends.push_back(*trend);
    // An integer's range holds the least and the greatest, and so all of them.
    Value value = node.op ? node.op->getResult(0) : Value();
    auto type = value ? dyn_cast<IntegerType>(getElementTypeOrSelf(value))
                      : IntegerType();
    if (!type || type.getWidth() == 1)
      continue;
    unsigned bits = type.isUnsigned() ? type.getWidth()
                                      : std::min(type.getWidth() - 1, 53u);
    double most = std::ldexp(1.0, bits) - 1,
           least = type.isUnsigned() ? 0 : -most;
    if (std::min(low[i], high[i]) < least || std::max(low[i], high[i]) > most)
      return false;
  }
  return true;
}

// The f32 numbers in their order, -0 and +0 as one.
int64_t keyOf(float value) {
  auto bits = llvm::bit_cast<uint32_t>(value);
  auto magnitude = static_cast<int64_t>(bits & 0x7fffffffu);
  return bits >> 31 ? -magnitude : magnitude;
}

float ofKey(int64_t key) {
  auto magnitude = static_cast<uint32_t>(key < 0 ? -key : key);
  return llvm::bit_cast<float>(magnitude | (key < 0 ? 0x80000000u : 0u));
}

// Fails where there is one value only, or too many.
bool findSteps(const Expression &expression, StepFunction &result) {
  const int64_t last = keyOf(std::numeric_limits<float>::infinity());
  int64_t at = -last;
  double value = expression.at(ofKey(at));
  const double end = expression.at(ofKey(last));
  if (!std::isfinite(value) || !std::isfinite(end))
    return false;
  result.values = {value};
  while (value != end) {
    if (result.values.size() == kMostValues)
      return false;
    // The value is the same at `at`, and another at `next`.
    int64_t next = last;
    while (next - at > 1) {
      int64_t middle = at + (next - at) / 2;
      (expression.at(ofKey(middle)) == value ? at : next) = middle;
    }
    at = next;
    value = expression.at(ofKey(at));
    result.values.push_back(value);
    result.thresholds.push_back(ofKey(at));
  }
  return result.values.size() > 1;
}

// Whether a value is a whole number, an infinity or NaN, wherever it is.
bool isAlwaysWhole(Value value) {
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<onnx::CastOp>(op))
    return isa<IntegerType>(getElementTypeOrSelf(op->getOperand(0)));
  return isa_and_nonnull<onnx::RoundOp, onnx::FloorOp, onnx::CeilOp>(op);
}

} // namespace

float bnn::below(float value) { return ofKey(keyOf(value) - 1); }

void bnn::forEachStepFunction(
    Value value, llvm::function_ref<bool(const StepFunction &)> take) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.getElementType().isF32())
    return;
  // What is behind the value, the nearest first.
  llvm::SetVector<Value> behind;
  behind.insert(value);
  for (size_t i = 0; i < behind.size() && behind.size() <= kMostNodes; ++i)
    if (Operation *op = behind[i].getDefiningOp())
      for (Value operand : op->getOperands())
        if (auto of = dyn_cast<RankedTensorType>(operand.getType());
            of && of.getShape() == type.getShape() && !constantOf(operand))
          behind.insert(operand);
  auto tryLeaf = [&](Value leaf, bool isWhole) {
    Type element = getElementTypeOrSelf(leaf);
    auto row = matchRowComparison(leaf.getDefiningOp());
    if (!element.isF32() && !row)
      return false;
    auto expression = Expression::get(value, leaf, isWhole);
    if (!expression || expression->trend() == Trend::Constant)
      return false;
    StepFunction steps;
    if (!findSteps(*expression, steps))
      return false;
    steps.input = leaf;
    if (row) {
      steps.input = row->input;
      for (float constant : row->constants)
        steps.shift.push_back(-constant);
    }
    steps.atNaN = expression->at(kNaN);
    steps.isWhole = isWhole;
    steps.hasResidue = expression->hasResidue();
    return take(steps);
  };
  for (bool isWhole : {false, true})
    for (Value leaf : behind) {
      if (leaf == value || (isWhole && !isAlwaysWhole(leaf)))
        continue;
      if (tryLeaf(leaf, isWhole))
        return;
    }
}
