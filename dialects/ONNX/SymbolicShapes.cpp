#include "dialects/ONNX/SymbolicShapes.h"
#include "dialects/ONNX/ConstantView.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace bnn::onnx {
/// Shape arithmetic works on a few dimensions; longer lists are data.
static constexpr int64_t kMaxElements = 64;

//===----------------------------------------------------------------------===//
// SymbolicDim
//===----------------------------------------------------------------------===//

std::optional<int64_t> SymbolicDim::getConstant() const {
  if (terms.empty())
    return 0;
  if (terms.size() == 1 && terms.begin()->first.empty())
    return terms.begin()->second;
  return std::nullopt;
}

std::optional<unsigned> SymbolicDim::getSymbol() const {
  if (terms.size() == 1 && terms.begin()->first.size() == 1 &&
      terms.begin()->second == 1)
    return terms.begin()->first.front();
  return std::nullopt;
}

bool SymbolicDim::isNonNegative() const {
  return llvm::all_of(terms, [](const auto &term) { return term.second > 0; });
}

std::optional<SymbolicDim> SymbolicDim::plus(const SymbolicDim &other) const {
  SymbolicDim result = *this;
  for (const auto &[symbols, coefficient] : other.terms) {
    int64_t &sum = result.terms[symbols];
    if (__builtin_add_overflow(sum, coefficient, &sum))
      return std::nullopt;
    if (sum == 0)
      result.terms.erase(symbols);
  }
  return result;
}

std::optional<SymbolicDim> SymbolicDim::times(const SymbolicDim &other) const {
  SymbolicDim result;
  for (const auto &[left, a] : terms)
    for (const auto &[right, b] : other.terms) {
      std::vector<unsigned> symbols;
      std::merge(left.begin(), left.end(), right.begin(), right.end(),
                 std::back_inserter(symbols));
      int64_t coefficient;
      int64_t &sum = result.terms[symbols];
      if (__builtin_mul_overflow(a, b, &coefficient) ||
          __builtin_add_overflow(sum, coefficient, &sum))
        return std::nullopt;
      if (sum == 0)
        result.terms.erase(symbols);
    }
  return result;
}

std::optional<SymbolicDim> SymbolicDim::minus(const SymbolicDim &other) const {
  std::optional<SymbolicDim> negative = other.times(SymbolicDim(-1));
  if (!negative)
    return std::nullopt;
  return plus(*negative);
}

std::optional<SymbolicDim>
SymbolicDim::dividedBy(const SymbolicDim &other) const {
  if (other.terms.size() != 1)
    return std::nullopt;
  const auto &[divisorSymbols, divisor] = *other.terms.begin();
  if (divisor == -1)
    return std::nullopt;
  SymbolicDim result;
  for (const auto &[symbols, coefficient] : terms) {
    if (coefficient % divisor != 0 ||
        !std::includes(symbols.begin(), symbols.end(), divisorSymbols.begin(),
                       divisorSymbols.end()))
      return std::nullopt;
    std::vector<unsigned> rest;
    std::set_difference(symbols.begin(), symbols.end(), divisorSymbols.begin(),
                        divisorSymbols.end(), std::back_inserter(rest));
    result.terms[rest] = coefficient / divisor;
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Symbols
//===----------------------------------------------------------------------===//

SymbolicDim SymbolicShapes::named(StringRef name) {
  auto [it, isNew] =
      idOf.try_emplace({/*isOpaque=*/false, name.str()}, names.size());
  if (isNew) {
    names.push_back(name.str());
    isNamed.insert(it->second);
  }
  return SymbolicDim::symbol(it->second);
}

SymbolicDim SymbolicShapes::fresh() {
  names.push_back("?" + std::to_string(names.size()));
  return SymbolicDim::symbol(names.size() - 1);
}

SymbolicDim SymbolicShapes::opaque(StringRef op, const SymbolicDim &a,
                                   const SymbolicDim &b) {
  // Apart from the names that a model gives, which may be anything.
  std::string name = (op + "(" + str(a) + "," + str(b) + ")").str();
  auto [it, isNew] = idOf.try_emplace({/*isOpaque=*/true, name}, names.size());
  if (isNew)
    names.push_back(name);
  return SymbolicDim::symbol(it->second);
}

SymbolicDim SymbolicShapes::add(const SymbolicDim &a, const SymbolicDim &b) {
  if (auto sum = a.plus(b))
    return *sum;
  return opaque("add", a, b);
}
SymbolicDim SymbolicShapes::subtract(const SymbolicDim &a,
                                     const SymbolicDim &b) {
  if (auto difference = a.minus(b))
    return *difference;
  return opaque("sub", a, b);
}
SymbolicDim SymbolicShapes::multiply(const SymbolicDim &a,
                                     const SymbolicDim &b) {
  if (auto product = a.times(b))
    return *product;
  return opaque("mul", a, b);
}
SymbolicDim SymbolicShapes::divide(const SymbolicDim &a, const SymbolicDim &b) {
  if (auto quotient = a.dividedBy(b))
    return *quotient;
  std::optional<int64_t> x = a.getConstant(), y = b.getConstant();
  if (x && y && *y != 0 && *y != -1)
    return *x / *y;
  return opaque("div", a, b);
}
SymbolicDim SymbolicShapes::join(const SymbolicDim &a, const SymbolicDim &b) {
  // Flat and sorted: broadcasting is associative, commutative and idempotent.
  auto partsOf = [&](const SymbolicDim &dim) -> std::vector<SymbolicDim> {
    if (std::optional<unsigned> id = dim.getSymbol())
      if (auto it = joined.find(*id); it != joined.end())
        return it->second;
    return {dim};
  };
  std::vector<SymbolicDim> parts, left = partsOf(a), right = partsOf(b);
  std::set_union(left.begin(), left.end(), right.begin(), right.end(),
                 std::back_inserter(parts));
  std::string name = "broadcast(";
  for (const SymbolicDim &part : parts)
    name += (&part == &parts.front() ? "" : ",") + str(part);
  auto [it, isNew] =
      idOf.try_emplace({/*isOpaque=*/true, name + ")"}, names.size());
  if (isNew) {
    names.push_back(name + ")");
    joined[it->second] = parts;
  }
  return SymbolicDim::symbol(it->second);
}
SymbolicDim SymbolicShapes::product(ArrayRef<SymbolicDim> dims) {
  SymbolicDim result(1);
  for (const SymbolicDim &dim : dims)
    result = multiply(result, dim);
  return result;
}

std::string SymbolicShapes::str(const SymbolicDim &dim) const {
  if (dim.terms.empty())
    return "0";
  std::string result;
  for (const auto &[symbols, coefficient] : dim.terms) {
    if (!result.empty())
      result += "+";
    std::string term;
    if (coefficient != 1 || symbols.empty())
      term = std::to_string(coefficient);
    for (unsigned id : symbols)
      term += (term.empty() ? "" : "*") + names[id];
    result += term;
  }
  return result;
}

void SymbolicShapes::forEachProduct(
    const SymbolicDim &dim,
    function_ref<void(int64_t, ArrayRef<StringRef>)> visit) const {
  for (const auto &[symbols, coefficient] : dim.terms) {
    SmallVector<StringRef> symbolNames;
    for (unsigned id : symbols) {
      // At its maximum the part that an argument gives is more than 1, so that
      // it is the broadcast's size.
      if (auto it = joined.find(id); it != joined.end())
        for (const SymbolicDim &part : it->second)
          if (auto symbol = part.getSymbol();
              symbol && isNamed.contains(*symbol)) {
            id = *symbol;
            break;
          }
      symbolNames.push_back(names[id]);
    }
    visit(coefficient, symbolNames);
  }
}

//===----------------------------------------------------------------------===//
// Queries
//===----------------------------------------------------------------------===//

SymbolicShapes::SymbolicShapes(func::FuncOp func) : func(func) {
  for (BlockArgument argument : func.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      continue;
    auto dimNames =
        func.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), "onnx.dims");
    Dims shape;
    for (int64_t axis = 0; axis < type.getRank(); ++axis) {
      StringAttr name;
      if (dimNames && axis < int64_t(dimNames.size()))
        name = dyn_cast<StringAttr>(dimNames[axis]);
      if (!type.isDynamicDim(axis))
        shape.push_back(type.getDimSize(axis));
      else if (name)
        shape.push_back(named(name.getValue()));
      else
        shape.push_back(fresh());
    }
    facts[argument].shape = shape;
  }
}

std::optional<ArrayRef<SymbolicDim>>
SymbolicShapes::shapeOf(Value value) const {
  auto it = facts.find(value);
  if (it == facts.end() || !it->second.shape)
    return std::nullopt;
  return ArrayRef<SymbolicDim>(*it->second.shape);
}

std::optional<ArrayRef<SymbolicDim>>
SymbolicShapes::elementsOf(Value value) const {
  auto it = facts.find(value);
  if (it == facts.end() || !it->second.elements)
    return std::nullopt;
  return ArrayRef<SymbolicDim>(*it->second.elements);
}

std::optional<SmallVector<int64_t>>
SymbolicShapes::constantElements(Value value) const {
  std::optional<ArrayRef<SymbolicDim>> elements = elementsOf(value);
  if (!elements)
    return std::nullopt;
  SmallVector<int64_t> result;
  for (const SymbolicDim &element : *elements) {
    std::optional<int64_t> constant = element.getConstant();
    if (!constant)
      return std::nullopt;
    result.push_back(*constant);
  }
  return result;
}

bool SymbolicShapes::haveSameShape(Value a, Value b) const {
  std::optional<ArrayRef<SymbolicDim>> x = shapeOf(a), y = shapeOf(b);
  return x && y && *x == *y;
}

void SymbolicShapes::forget(Operation *op) {
  for (Value result : op->getResults())
    facts.erase(result);
}

void SymbolicShapes::copy(Value from, Value to) {
  auto it = facts.find(from);
  if (it == facts.end())
    return;
  Fact fact = it->second;
  facts[to] = fact;
}

std::optional<SmallVector<SymbolicDim>>
SymbolicShapes::broadcast(ArrayRef<SymbolicDim> a, ArrayRef<SymbolicDim> b) {
  Dims result;
  size_t rank = std::max(a.size(), b.size());
  for (size_t i = 0; i < rank; ++i) {
    // A missing leading axis counts as 1.
    SymbolicDim x = i + a.size() < rank ? 1 : a[i + a.size() - rank];
    SymbolicDim y = i + b.size() < rank ? 1 : b[i + b.size() - rank];
    if (x == y || y.is(1))
      result.push_back(x);
    else if (x.is(1))
      result.push_back(y);
    else if (x.getConstant() && y.getConstant())
      return std::nullopt;
    else if (x.getConstant())
      result.push_back(x);
    else if (y.getConstant())
      result.push_back(y);
    else
      result.push_back(join(x, y));
  }
  return result;
}

Type SymbolicShapes::refinedType(Value value) const {
  std::optional<ArrayRef<SymbolicDim>> dims = shapeOf(value);
  auto type = dyn_cast<TensorType>(value.getType());
  auto ranked = dyn_cast<RankedTensorType>(value.getType());
  if (!dims || !type || (ranked && ranked.getEncoding()))
    return value.getType();
  SmallVector<int64_t> shape;
  for (const SymbolicDim &dim : *dims)
    shape.push_back(dim.getConstant().value_or(ShapedType::kDynamic));
  return RankedTensorType::get(shape, type.getElementType());
}

void SymbolicShapes::refineTypes() {
  for (Operation &op : func.getBody().front())
    if (isa_and_nonnull<ONNXDialect>(op.getDialect()))
      for (Value result : op.getResults())
        result.setType(refinedType(result));
  Operation *terminator = func.getBody().front().getTerminator();
  func.setFunctionType(
      FunctionType::get(func.getContext(), func.getArgumentTypes(),
                        llvm::to_vector(terminator->getOperandTypes())));
}

int64_t sliceBounds(int64_t size, int64_t start, int64_t end, int64_t step,
                    int64_t &count) {
  // Bounds far outside stand for the ends of the axis.
  auto wrap = [&](int64_t bound) { return bound < 0 ? bound + size : bound; };
  start = wrap(start);
  end = wrap(end);
  if (step > 0) {
    start = std::clamp<int64_t>(start, 0, size);
    end = std::clamp<int64_t>(end, 0, size);
    count = end > start ? (end - start - 1) / step + 1 : 0;
  } else {
    start = std::clamp<int64_t>(start, -1, size - 1);
    end = std::clamp<int64_t>(end, -1, size - 1);
    // -step may overflow.
    count = start > end
                ? (step == INT64_MIN ? 1 : (start - end - 1) / -step + 1)
                : 0;
  }
  return start;
}

//===----------------------------------------------------------------------===//
// Transfer functions
//===----------------------------------------------------------------------===//

LogicalResult SymbolicShapes::run() {
  for (Operation &op : func.getBody().front())
    if (failed(visit(&op)))
      return failure();
  return success();
}

LogicalResult SymbolicShapes::visit(Operation *op) {
  SmallVector<Fact> found(op->getNumResults());
  if (failed(infer(op, found)))
    return failure();
  for (auto [result, fact] : llvm::zip_equal(op->getResults(), found)) {
    auto type = dyn_cast<TensorType>(result.getType());
    if (!type)
      continue;
    // What the type says already holds as well.
    if (type.hasRank()) {
      if (!fact.shape) {
        fact.shape.emplace();
        for (int64_t size : type.getShape())
          fact.shape->push_back(
              ShapedType::isDynamic(size) ? fresh() : SymbolicDim(size));
      }
      if (int64_t(fact.shape->size()) != type.getRank())
        return op->emitOpError("has a result of rank ")
               << fact.shape->size() << " but its type is " << type;
      for (auto [size, dim] : llvm::zip_equal(type.getShape(), *fact.shape)) {
        if (ShapedType::isDynamic(size))
          continue;
        std::optional<int64_t> constant = dim.getConstant();
        if (constant && *constant != size)
          return op->emitOpError("has a result dimension of ")
                 << *constant << " but its type is " << type;
        dim = size;
      }
    }
    if (fact.shape && !fact.elements &&
        isa<IntegerType>(type.getElementType()) && fact.shape->size() <= 1)
      inferElements(op, fact);
    facts[result] = std::move(fact);
  }
  return success();
}

LogicalResult SymbolicShapes::infer(Operation *op,
                                    SmallVectorImpl<Fact> &found) {
  if (found.empty())
    return success();
  std::optional<Dims> &shape = found.front().shape;
  auto dimsOf = [&](Value value) -> std::optional<Dims> {
    if (auto dims = shapeOf(value))
      return Dims(dims->begin(), dims->end());
    return std::nullopt;
  };
  auto words = [&](ArrayRef<SymbolicDim> dims) {
    std::string text = "[";
    for (const SymbolicDim &dim : dims)
      text += (text.size() > 1 ? ", " : "") + str(dim);
    return text + "]";
  };
  auto wrap = [](int64_t axis, size_t rank) -> std::optional<int64_t> {
    if (axis < 0)
      axis += rank;
    if (axis < 0 || axis >= int64_t(rank))
      return std::nullopt;
    return axis;
  };
  auto badAxis = [&](int64_t axis, size_t rank) {
    return op->emitOpError("axis ")
           << axis << " is out of range for rank " << rank;
  };
  // A list of axes as sorted flags.
  auto axisSet = [&](ArrayRef<int64_t> axes, size_t rank,
                     SmallVector<bool> &flags) -> LogicalResult {
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
  };
  auto broadcastAll = [&](ValueRange values) -> LogicalResult {
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
  };
  auto reduce = [&](Value data, std::optional<ArrayRef<int64_t>> axes,
                    bool keep) -> LogicalResult {
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
  };

  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<ConstantOp>([&](ConstantOp constant) {
        shape.emplace();
        for (int64_t size : constant.getValue().getShapedType().getShape())
          shape->push_back(size);
        return success();
      })
      .Case<AddOp, SubOp, MulOp, DivOp, PowOp, AndOp, OrOp, EqualOp, GreaterOp,
            GreaterOrEqualOp, LessOp, LessOrEqualOp, MaxOp, MinOp, WhereOp>(
          [&](Operation *) { return broadcastAll(op->getOperands()); })
      .Case<NegOp, AbsOp, SqrtOp, ReciprocalOp, ExpOp, LogOp, ErfOp, TanhOp,
            SigmoidOp, ReluOp, SignOp, RoundOp, FloorOp, CeilOp, ClipOp, NotOp,
            CastOp, IdentityOp, DropoutOp, SoftmaxOp, LogSoftmaxOp>(
          [&](Operation *) {
            shape = dimsOf(op->getOperand(0));
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
      .Case<ConstantOfShapeOp>([&](ConstantOfShapeOp fill) -> LogicalResult {
        if (auto elements = elementsOf(fill.getInput())) {
          shape = Dims(elements->begin(), elements->end());
          for (const SymbolicDim &dim : *shape)
            if (dim.getConstant().value_or(0) < 0)
              return op->emitOpError("shape ")
                     << words(*shape) << " has a negative dimension";
        } else if (auto dims = dimsOf(fill.getInput());
                   dims && dims->size() == 1 && (*dims)[0].getConstant() &&
                   *(*dims)[0].getConstant() <= kMaxElements) {
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
          SymbolicDim length = subtract((*limit)[0], (*start)[0]);
          if (length.isNonNegative()) {
            (*shape)[0] = length;
            return success();
          }
        }
        (*shape)[0] = fresh();
        return success();
      })
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
              (*shape)[i] = add((*shape)[i], (*dims)[i]);
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
          } else if (step == 1 && start == 0 && (*ends)[i] == dim) {
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
                divide((*dims)[*axis], int64_t(found.size()));
          else
            (*fact.shape)[*axis] = fresh();
          total = add(total, (*fact.shape)[*axis]);
        }
        if (total.getConstant() && (*dims)[*axis].getConstant() &&
            total != (*dims)[*axis])
          return op->emitOpError("the pieces make ")
                 << str(total) << " but the axis has " << str((*dims)[*axis]);
        return success();
      })
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
              *(*length)[0].getConstant() <= kMaxElements) {
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
          (*shape)[*inferred] = divide(total, rest);
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
              *(*length)[0].getConstant() <= kMaxElements) {
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
          shape->push_back(repeats ? multiply((*dims)[i], (*repeats)[i])
                                   : fresh());
        }
        return success();
      })
      .Case<MatMulOp>([&](MatMulOp matmul) -> LogicalResult {
        std::optional<Dims> a = dimsOf(matmul.getA()),
                            b = dimsOf(matmul.getB());
        if (!a || !b)
          return success();
        if (a->empty() || b->empty())
          return op->emitOpError("operands must not be scalars");
        bool vectorA = a->size() == 1, vectorB = b->size() == 1;
        if (vectorA)
          a->insert(a->begin(), SymbolicDim(1));
        if (vectorB)
          b->push_back(1);
        const SymbolicDim &inner = a->back(), &other = (*b)[b->size() - 2];
        ArrayRef<SymbolicDim> left(*a), right(*b);
        std::optional<Dims> outer =
            broadcast(left.drop_back(2), right.drop_back(2));
        if (!outer ||
            (inner.getConstant() && other.getConstant() && inner != other))
          return op->emitOpError("cannot multiply matrices of shapes ")
                 << words(*a) << " and " << words(*b);
        shape = outer;
        if (!vectorA)
          shape->push_back((*a)[a->size() - 2]);
        if (!vectorB)
          shape->push_back(b->back());
        return success();
      })
      .Case<GemmOp>([&](GemmOp gemm) -> LogicalResult {
        std::optional<Dims> a = dimsOf(gemm.getA()), b = dimsOf(gemm.getB());
        if (!a || !b)
          return success();
        if (a->size() != 2 || b->size() != 2)
          return op->emitOpError("A and B must have rank 2");
        if (gemm.getTransA())
          std::swap((*a)[0], (*a)[1]);
        if (gemm.getTransB())
          std::swap((*b)[0], (*b)[1]);
        shape = Dims{(*a)[0], (*b)[1]};
        std::optional<Dims> c = dimsOf(gemm.getC());
        std::optional<Dims> all = c ? broadcast(*shape, *c) : shape;
        if (((*a)[1].getConstant() && (*b)[0].getConstant() &&
             (*a)[1] != (*b)[0]) ||
            !all || all->size() != 2)
          return op->emitOpError("operand shapes do not fit: ")
                 << words(*a) << " by " << words(*b);
        return success();
      })
      .Case<ReduceMeanOp, ReduceMaxOp, ReduceMinOp, ReduceL1Op>(
          [&](auto reduceOp) {
            return reduce(reduceOp.getData(), reduceOp.getAxes(),
                          reduceOp.getKeepdims());
          })
      .Case<ReduceSumOp>([&](ReduceSumOp sum) -> LogicalResult {
        bool none = isa<NoneType>(sum.getAxes().getType());
        std::optional<SmallVector<int64_t>> axes;
        if (!none && !(axes = constantElements(sum.getAxes()))) {
          if (sum.getKeepdims())
            if ((shape = dimsOf(sum.getData())))
              for (SymbolicDim &dim : *shape)
                dim = fresh();
          return success();
        }
        if ((none || axes->empty())) {
          if (sum.getNoopWithEmptyAxes()) {
            shape = dimsOf(sum.getData());
            return success();
          }
          return reduce(sum.getData(), std::nullopt, sum.getKeepdims());
        }
        return reduce(sum.getData(), ArrayRef<int64_t>(*axes),
                      sum.getKeepdims());
      })
      .Default([](Operation *) { return success(); });
}

void SymbolicShapes::inferElements(Operation *op, Fact &fact) {
  // The result is a scalar or a list; how many elements?
  int64_t count = 1;
  if (!fact.shape->empty()) {
    std::optional<int64_t> constant = fact.shape->front().getConstant();
    if (!constant || *constant < 0 || *constant > kMaxElements)
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
        }
      })
      .Case<IdentityOp, SqueezeOp, UnsqueezeOp, ReshapeOp, TransposeOp>(
          [&](Operation *) { take(operand(0)); })
      .Case<CastOp>([&](CastOp cast) {
        Type to = getElementTypeOrSelf(cast.getType());
        if (!to.isInteger(1))
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
} // namespace bnn::onnx
