//===- SymbolicShapes.cpp - Shapes as sums of symbols ---------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/ONNX/SymbolicShapes.h"
#include "dialects/ONNX/ShapeInference.h"

using namespace mlir;

namespace mlir::bnn::onnx {

//===----------------------------------------------------------------------===//
// Symbols
//===----------------------------------------------------------------------===//

SymbolicDim SymbolicShapes::named(StringRef name) {
  auto [it, isNew] = idOfName.try_emplace(name.str(), names.size());
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

SymbolicDim SymbolicShapes::define(Definition::Kind kind,
                                   std::vector<SymbolicDim> operands) {
  auto [it, isNew] = idOfDefinition.try_emplace(
      Definition{kind, std::move(operands)}, names.size());
  if (isNew) {
    static constexpr const char *words[] = {"add", "sub", "mul",
                                            "div", "min", "broadcast"};
    std::string name;
    for (const SymbolicDim &operand : it->first.operands)
      name += (name.empty() ? "(" : ",") + str(operand);
    // A name has the names of its operands in it; a long one tells nobody more.
    static constexpr size_t kMaxName = 128;
    if (name.size() > kMaxName)
      name = "(?" + std::to_string(it->second);
    names.push_back(words[kind] + name + ")");
    definitions[it->second] = &it->first;
  }
  return SymbolicDim::symbol(it->second);
}

const SymbolicShapes::Definition *
SymbolicShapes::definitionOf(unsigned symbol) const {
  return definitions.lookup(symbol);
}

SymbolicDim SymbolicShapes::elementOf(Value list, int64_t i) {
  if (auto known = elementsOf(list); known && i < int64_t(known->size()))
    return (*known)[i];
  auto [it, isNew] = elementSymbols.try_emplace({list, i}, names.size());
  if (isNew)
    sources[*fresh().getSymbol()] = {list, i, /*isElement=*/true};
  return SymbolicDim::symbol(it->second);
}

std::optional<SymbolicShapes::Source>
SymbolicShapes::sourceOf(unsigned symbol) const {
  auto it = sources.find(symbol);
  if (it == sources.end())
    return std::nullopt;
  return it->second;
}

SymbolicDim SymbolicShapes::add(const SymbolicDim &a, const SymbolicDim &b) {
  if (auto sum = a.plus(b))
    return *sum;
  return define(Definition::Add, {a, b});
}
SymbolicDim SymbolicShapes::subtract(const SymbolicDim &a,
                                     const SymbolicDim &b) {
  if (auto difference = a.minus(b))
    return *difference;
  return define(Definition::Subtract, {a, b});
}
SymbolicDim SymbolicShapes::multiply(const SymbolicDim &a,
                                     const SymbolicDim &b) {
  if (auto product = a.times(b))
    return *product;
  return define(Definition::Multiply, {a, b});
}
SymbolicDim SymbolicShapes::divide(const SymbolicDim &a, const SymbolicDim &b) {
  if (auto quotient = a.dividedBy(b))
    return *quotient;
  std::optional<int64_t> x = a.getConstant(), y = b.getConstant();
  if (x && y && *y != 0 && *y != -1)
    return *x / *y;
  return define(Definition::Divide, {a, b});
}

std::vector<SymbolicDim> SymbolicShapes::partsOf(const SymbolicDim &dim) const {
  if (std::optional<unsigned> id = dim.getSymbol())
    if (const Definition *definition = definitionOf(*id);
        definition && definition->kind == Definition::Broadcast)
      return definition->operands;
  return {dim};
}

SymbolicDim SymbolicShapes::join(const SymbolicDim &a, const SymbolicDim &b) {
  // Flat and sorted: broadcasting is associative, commutative and idempotent.
  std::vector<SymbolicDim> parts, left = partsOf(a), right = partsOf(b);
  std::set_union(left.begin(), left.end(), right.begin(), right.end(),
                 std::back_inserter(parts));
  // Each has a list of its own, so that these may not grow for ever.
  static constexpr size_t kMaxParts = 32;
  if (parts.size() > kMaxParts)
    parts = {std::min(a, b), std::max(a, b)};
  return define(Definition::Broadcast, std::move(parts));
}

SymbolicDim SymbolicShapes::product(ArrayRef<SymbolicDim> dims) {
  SymbolicDim result(1);
  for (const SymbolicDim &dim : dims)
    result = multiply(result, dim);
  return result;
}

bool SymbolicShapes::isPositive(const SymbolicDim &dim) const {
  return !dim.terms.empty() && dim.isNonNegative() &&
         llvm::all_of(dim.terms, [&](const auto &term) {
           return llvm::all_of(term.first, [&](unsigned id) {
             return id < numArgumentSymbols;
           });
         });
}

bool SymbolicShapes::isAtMost(const SymbolicDim &dim,
                              const SymbolicDim &bound) const {
  if (dim == bound)
    return true;
  auto parts = minimumOf(dim);
  return parts &&
         (isAtMost(parts->first, bound) || isAtMost(parts->second, bound));
}

SymbolicDim SymbolicShapes::minimum(const SymbolicDim &a,
                                    const SymbolicDim &b) {
  std::optional<int64_t> x = a.getConstant(), y = b.getConstant();
  if (x && y)
    return std::min(*x, *y);
  if (x)
    return minimum(b, a);
  if (isAtMost(a, b))
    return a;
  if (isAtMost(b, a) || y == 0)
    return b;
  if (y == 1 && isPositive(a))
    return 1;
  // One constant in all.
  if (auto parts = minimumOf(a); y && parts && parts->second.getConstant())
    return minimum(parts->first, minimum(parts->second, b));
  return define(Definition::Minimum, {a, b});
}

std::optional<std::pair<SymbolicDim, SymbolicDim>>
SymbolicShapes::minimumOf(const SymbolicDim &dim) const {
  std::optional<unsigned> symbol = dim.getSymbol();
  const Definition *definition = symbol ? definitionOf(*symbol) : nullptr;
  if (!definition || definition->kind != Definition::Minimum)
    return std::nullopt;
  return std::pair(definition->operands[0], definition->operands[1]);
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

std::optional<StringRef>
SymbolicShapes::argumentName(const SymbolicDim &dim) const {
  std::optional<unsigned> symbol = dim.getSymbol();
  if (!symbol || !isNamed.contains(*symbol))
    return std::nullopt;
  return names[*symbol];
}

void SymbolicShapes::forEachProduct(
    const SymbolicDim &dim,
    function_ref<void(int64_t, ArrayRef<StringRef>)> visit) const {
  for (const auto &[symbols, coefficient] : dim.terms) {
    SmallVector<StringRef> symbolNames;
    for (unsigned id : symbols) {
      // At its maximum the part that an argument gives is more than 1, so that
      // it is the broadcast's size.
      for (const SymbolicDim &part : partsOf(SymbolicDim::symbol(id)))
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
        func.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), kDimsAttr);
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
      if (std::optional<unsigned> symbol = shape.back().getSymbol())
        sources.try_emplace(*symbol,
                            Source{argument, axis, /*isElement=*/false});
    }
    facts[argument] = std::make_unique<Fact>(Fact{shape, std::nullopt});
  }
  numArgumentSymbols = names.size();
}

std::optional<ArrayRef<SymbolicDim>>
SymbolicShapes::shapeOf(Value value) const {
  auto it = facts.find(value);
  if (it == facts.end() || !it->second->shape)
    return std::nullopt;
  return ArrayRef<SymbolicDim>(*it->second->shape);
}

std::optional<ArrayRef<SymbolicDim>>
SymbolicShapes::elementsOf(Value value) const {
  auto it = facts.find(value);
  if (it == facts.end() || !it->second->elements)
    return std::nullopt;
  return ArrayRef<SymbolicDim>(*it->second->elements);
}

bool SymbolicShapes::haveSameShape(Value a, Value b) const {
  std::optional<ArrayRef<SymbolicDim>> x = shapeOf(a), y = shapeOf(b);
  return x && y && *x == *y;
}

void SymbolicShapes::forget(Operation *op) {
  requirements.erase(op);
  for (Value result : op->getResults())
    facts.erase(result);
}

void SymbolicShapes::copy(Value from, Value to) {
  auto it = facts.find(from);
  if (it == facts.end())
    return;
  auto fact = std::make_unique<Fact>(*it->second);
  facts[to] = std::move(fact);
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
    // If the smaller is not the other, then one of them is 1, and the larger
    // is what remains.
    else if (isAtMost(x, y) && isPositive(y))
      result.push_back(y);
    else if (isAtMost(y, x) && isPositive(x))
      result.push_back(x);
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
    // A start is on the axis, an end may be before it.
    start = std::min(std::max<int64_t>(start, 0), size - 1);
    end = std::min(std::max<int64_t>(end, -1), size - 1);
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

/// Whether the elements of the result may be dimensions. Bytes are data: nobody
/// counts in them, and they wrap. Some exporters take minima of dimensions in
/// floats, which hold them exactly up to 2^24.
static bool countsDimensions(Operation *op) {
  Type element = getElementTypeOrSelf(op->getResult(0).getType());
  return element.isInteger(64) || element.isInteger(32) ||
         element.isInteger(1) || op->hasTrait<KeepsWholeFloats>();
}

/// What nothing is known about can be read where it is first a dimension.
void SymbolicShapes::nameSources(OpResult result, const Fact &fact) {
  if (!fact.shape)
    return;
  for (auto [axis, dim] : llvm::enumerate(*fact.shape))
    if (std::optional<unsigned> symbol = dim.getSymbol();
        symbol && !definitionOf(*symbol))
      sources.try_emplace(*symbol,
                          Source{result, int64_t(axis), /*isElement=*/false});
}

/// Adds to `fact` what the type of the result says already.
LogicalResult SymbolicShapes::meetType(OpResult result, Fact &fact) {
  auto type = dyn_cast<RankedTensorType>(result.getType());
  if (type && !fact.shape) {
    fact.shape.emplace();
    for (int64_t size : type.getShape())
      fact.shape->push_back(ShapedType::isDynamic(size) ? fresh()
                                                        : SymbolicDim(size));
  }
  nameSources(result, fact);
  if (!type)
    return success();
  if (int64_t(fact.shape->size()) != type.getRank())
    return result.getOwner()->emitOpError("has a result of rank ")
           << fact.shape->size() << " but its type is " << type;
  for (auto [size, dim] : llvm::zip_equal(type.getShape(), *fact.shape)) {
    if (ShapedType::isDynamic(size))
      continue;
    if (!require(result.getOwner(), {Requirement::Equal, dim, size}))
      return result.getOwner()->emitOpError("has a result dimension of ")
             << str(dim) << " but its type is " << type;
    dim = size;
  }
  return success();
}

LogicalResult SymbolicShapes::visit(Operation *op) {
  if (op->getNumResults() == 0)
    return success();
  requirements.erase(op);
  SmallVector<Fact> found(op->getNumResults());
  ShapeInference inference(*this, op, found);
  if (failed(inference.inferShapes()))
    return failure();
  for (auto [result, fact] : llvm::zip_equal(op->getResults(), found))
    if (failed(meetType(result, fact)))
      return failure();
  if (countsDimensions(op))
    inference.inferElements();
  for (auto [result, fact] : llvm::zip_equal(op->getResults(), found))
    if (isa<TensorType>(result.getType()))
      facts[result] = std::make_unique<Fact>(std::move(fact));
  return success();
}
} // namespace mlir::bnn::onnx
