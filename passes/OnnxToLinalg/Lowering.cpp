#include "passes/OnnxToLinalg/Lowering.h"
#include "dialects/BNN/BNN.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace bnn::onnx {

Lowering::Lowering(func::FuncOp func, SymbolicShapes &shapes)
    : b(func.getContext()), loc(func.getLoc()), shapes(shapes) {
  for (BlockArgument argument : func.getArguments())
    if (std::optional<ArrayRef<SymbolicDim>> known = shapes.shapeOf(argument))
      for (auto [axis, dim] : llvm::enumerate(*known))
        if (dim.getSymbol())
          argumentDims.push_back({dim, argument, int64_t(axis)});
}

void Lowering::startAt(Operation *op) {
  b.setInsertionPoint(op);
  loc = op->getLoc();
}

//===----------------------------------------------------------------------===//
// Dimensions
//===----------------------------------------------------------------------===//

Value Lowering::asValue(OpFoldResult value) {
  if (auto v = dyn_cast<Value>(value))
    return v;
  return b.create<arith::ConstantIndexOp>(loc, *getConstantIntValue(value));
}

/// Folds, or builds `Op`.
template <typename Op>
static OpFoldResult fold(Lowering &l, OpFoldResult x, OpFoldResult y,
                         llvm::function_ref<int64_t(int64_t, int64_t)> f) {
  std::optional<int64_t> a = getConstantIntValue(x), c = getConstantIntValue(y);
  if (a && c)
    return l.index(f(*a, *c));
  return l.b.create<Op>(l.loc, l.asValue(x), l.asValue(y)).getResult();
}

OpFoldResult Lowering::add(OpFoldResult x, OpFoldResult y) {
  if (isConstantIntValue(x, 0))
    return y;
  if (isConstantIntValue(y, 0))
    return x;
  return fold<arith::AddIOp>(*this, x, y, std::plus<int64_t>());
}

OpFoldResult Lowering::sub(OpFoldResult x, OpFoldResult y) {
  if (isConstantIntValue(y, 0))
    return x;
  return fold<arith::SubIOp>(*this, x, y, std::minus<int64_t>());
}

OpFoldResult Lowering::mul(OpFoldResult x, OpFoldResult y) {
  if (isConstantIntValue(x, 1))
    return y;
  if (isConstantIntValue(y, 1))
    return x;
  return fold<arith::MulIOp>(*this, x, y, std::multiplies<int64_t>());
}

OpFoldResult Lowering::divide(OpFoldResult x, OpFoldResult y) {
  if (isConstantIntValue(y, 1))
    return x;
  // Sizes of empty tensors divide sizes too; what comes of it does not matter,
  // but that it does not trap does.
  y = max(y, index(1));
  return fold<arith::DivSIOp>(*this, x, y,
                              [](int64_t a, int64_t c) { return a / c; });
}

OpFoldResult Lowering::divideUp(OpFoldResult x, int64_t y) {
  return divide(add(x, index(y - 1)), index(y));
}

OpFoldResult Lowering::min(OpFoldResult x, OpFoldResult y) {
  return fold<arith::MinSIOp>(
      *this, x, y, [](int64_t a, int64_t c) { return std::min(a, c); });
}

OpFoldResult Lowering::max(OpFoldResult x, OpFoldResult y) {
  return fold<arith::MaxSIOp>(
      *this, x, y, [](int64_t a, int64_t c) { return std::max(a, c); });
}

OpFoldResult Lowering::product(ArrayRef<OpFoldResult> values) {
  OpFoldResult result = index(1);
  for (OpFoldResult value : values)
    result = mul(result, value);
  return result;
}

/// The value of `dim` from constants and dimensions of arguments, or null: a
/// product of such, or one of them plus a constant.
OpFoldResult Lowering::materialize(const SymbolicDim &dim) {
  if (std::optional<int64_t> constant = dim.getConstant())
    return index(*constant);
  if (auto parts = shapes.minimumOf(dim)) {
    OpFoldResult x = materialize(parts->first), y = materialize(parts->second);
    return x && y ? min(x, y) : OpFoldResult();
  }
  for (const ArgumentDim &known : argumentDims) {
    auto value = [&] {
      return OpFoldResult(
          b.create<tensor::DimOp>(loc, known.argument, known.axis).getResult());
    };
    if (dim == known.dim)
      return value();
    if (std::optional<SymbolicDim> rest = dim.dividedBy(known.dim))
      if (OpFoldResult factor = materialize(*rest))
        return mul(value(), factor);
    if (std::optional<SymbolicDim> rest = dim.minus(known.dim))
      if (std::optional<int64_t> constant = rest->getConstant())
        return add(value(), index(*constant));
  }
  return {};
}

std::optional<SymbolicDim> Lowering::symbolic(Value tensor, int64_t axis) {
  RankedTensorType type = typeOf(tensor);
  if (!type.isDynamicDim(axis))
    return SymbolicDim(type.getDimSize(axis));
  if (auto known = shapes.shapeOf(tensor))
    return (*known)[axis];
  return std::nullopt;
}

OpFoldResult Lowering::knownDim(Value result, int64_t axis) {
  if (std::optional<SymbolicDim> dim = symbolic(result, axis))
    return materialize(*dim);
  return {};
}

/// Whether two sizes are computed in the same way, and so are equal.
static bool isSameSize(OpFoldResult x, OpFoldResult y) {
  if (x == y)
    return true;
  std::optional<int64_t> a = getConstantIntValue(x), c = getConstantIntValue(y);
  if (a || c)
    return a == c;
  Operation *left = llvm::cast<Value>(x).getDefiningOp();
  Operation *right = llvm::cast<Value>(y).getDefiningOp();
  return left && right && left->getNumResults() == 1 && isPure(left) &&
         OperationEquivalence::isEquivalentTo(
             left, right,
             [](Value l, Value r) {
               return success(l == r ||
                              (l.getType().isIndex() && isSameSize(l, r)));
             },
             nullptr, OperationEquivalence::IgnoreLocations);
}

OpFoldResult Lowering::dim(Value tensor, int64_t axis) {
  if (OpFoldResult known = knownDim(tensor, axis))
    return known;
  while (auto cast = tensor.getDefiningOp<tensor::CastOp>())
    tensor = cast.getSource();
  // What was made in a place of known size has that size; so has a view.
  if (auto made = dyn_cast<OpResult>(tensor))
    if (auto op = dyn_cast<DestinationStyleOpInterface>(made.getOwner()))
      if (auto place =
              op.getTiedOpOperand(made)->get().getDefiningOp<tensor::EmptyOp>())
        return place.getMixedSizes()[axis];
  if (auto slice = tensor.getDefiningOp<tensor::ExtractSliceOp>();
      slice && slice.getSourceType().getRank() == rankOf(tensor))
    return slice.getMixedSizes()[axis];
  if (auto split = tensor.getDefiningOp<tensor::ExpandShapeOp>())
    return getMixedValues(split.getStaticOutputShape(), split.getOutputShape(),
                          b)[axis];
  if (auto merged = tensor.getDefiningOp<tensor::CollapseShapeOp>()) {
    Value source = merged.getSrc();
    ReassociationIndices parts = merged.getReassociationIndices()[axis];
    llvm::erase_if(
        parts, [&](int64_t i) { return typeOf(source).getDimSize(i) == 1; });
    if (parts.size() == 1)
      return dim(source, parts.front());
  }
  return b.create<tensor::DimOp>(loc, tensor, axis).getResult();
}

Dims Lowering::dims(Value tensor) {
  Dims result;
  for (int64_t axis = 0; axis < rankOf(tensor); ++axis)
    result.push_back(dim(tensor, axis));
  return result;
}

OpFoldResult Lowering::element(Value list, int64_t i) {
  if (auto known = shapes.elementsOf(list); known && i < int64_t(known->size()))
    if (OpFoldResult value = materialize((*known)[i]))
      return value;
  SmallVector<Value> at;
  if (rankOf(list) == 1)
    at.push_back(asValue(index(i)));
  Value value = b.create<tensor::ExtractOp>(loc, list, at);
  return b.create<arith::IndexCastOp>(loc, b.getIndexType(), value).getResult();
}

OpFoldResult Lowering::broadcastDim(OpFoldResult x, OpFoldResult y) {
  if (isSameSize(x, y) || isConstantIntValue(y, 1))
    return x;
  if (isConstantIntValue(x, 1))
    return y;
  // A constant other than 1 is the length, or there is none.
  if (getConstantIntValue(x))
    return x;
  if (getConstantIntValue(y))
    return y;
  Value isOne = b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq,
                                        asValue(x), asValue(index(1)));
  return b.create<arith::SelectOp>(loc, isOne, asValue(y), asValue(x))
      .getResult();
}

Dims Lowering::broadcastDims(Value result, ValueRange inputs) {
  int64_t rank = rankOf(result);
  Dims out;
  for (int64_t axis = 0; axis < rank; ++axis) {
    if (OpFoldResult length = knownDim(result, axis)) {
      out.push_back(length);
      continue;
    }
    OpFoldResult size = index(1);
    std::optional<SymbolicDim> known;
    for (Value input : inputs) {
      int64_t own = axis - rank + rankOf(input);
      if (own < 0 || typeOf(input).getDimSize(own) == 1)
        continue;
      // A length that is there already needs no second look.
      std::optional<SymbolicDim> next = symbolic(input, own);
      if (known && next && *known == *next)
        continue;
      known = known ? std::nullopt : next;
      size = broadcastDim(size, dim(input, own));
    }
    out.push_back(size);
  }
  return out;
}

void Lowering::requireEqual(OpFoldResult x, OpFoldResult y) {
  if (isSameSize(x, y))
    return;
  Value equal = b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq,
                                        asValue(x), asValue(y));
  b.create<bnn::CheckShapeOp>(loc, equal);
}

void Lowering::requireBroadcast(OpFoldResult x, OpFoldResult y) {
  if (isConstantIntValue(x, 1) || isSameSize(x, y))
    return;
  auto equal = [&](OpFoldResult to) -> Value {
    return b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, asValue(x),
                                   asValue(to));
  };
  Value fits = b.create<arith::OrIOp>(loc, equal(index(1)), equal(y));
  b.create<bnn::CheckShapeOp>(loc, fits);
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

/// The type of a tensor of this shape.
static RankedTensorType typeFor(ArrayRef<OpFoldResult> dims, Type element) {
  SmallVector<int64_t> shape;
  for (OpFoldResult dim : dims)
    shape.push_back(getConstantIntValue(dim).value_or(ShapedType::kDynamic));
  return RankedTensorType::get(shape, element);
}

Value Lowering::empty(ArrayRef<OpFoldResult> dims, Type element) {
  // A dimension that is a constant operation belongs into the type.
  Dims folded;
  for (OpFoldResult dim : dims) {
    std::optional<int64_t> constant = getConstantIntValue(dim);
    folded.push_back(constant ? index(*constant) : dim);
  }
  return b.create<tensor::EmptyOp>(loc, folded, element);
}

Type Lowering::signlessType(Type element) {
  if (element.isUnsignedInteger())
    return IntegerType::get(element.getContext(),
                            element.getIntOrFloatBitWidth());
  return element;
}

/// The same bits with the sign of `type`, or none.
static Value withSign(OpBuilder &b, Location loc, Value x, Type type) {
  if (x.getType() == type)
    return x;
  return b.create<UnrealizedConversionCastOp>(loc, type, x).getResult(0);
}

Value Lowering::filled(ArrayRef<OpFoldResult> dims, TypedAttr value) {
  Type element = value.getType(), signless = signlessType(element);
  if (element != signless)
    value =
        b.getIntegerAttr(signless, mlir::cast<IntegerAttr>(value).getValue());
  Value scalar = withSign(b, loc, constant(value), element);
  return b.create<linalg::FillOp>(loc, scalar, empty(dims, element))
      .getResult(0);
}

Value Lowering::cast(Value tensor, Type type) {
  if (tensor.getType() == type)
    return tensor;
  return b.create<tensor::CastOp>(loc, type, tensor);
}

Value Lowering::castToDims(Value tensor, ArrayRef<OpFoldResult> dims) {
  return cast(tensor, typeFor(dims, typeOf(tensor).getElementType()));
}

AffineMap Lowering::broadcastMap(RankedTensorType input,
                                 RankedTensorType result) {
  SmallVector<AffineExpr> exprs;
  int64_t lead = result.getRank() - input.getRank();
  for (int64_t axis = 0; axis < input.getRank(); ++axis)
    exprs.push_back(input.getDimSize(axis) == 1 &&
                            result.getDimSize(axis + lead) != 1
                        ? b.getAffineConstantExpr(0)
                        : b.getAffineDimExpr(unsigned(axis + lead)));
  return AffineMap::get(unsigned(result.getRank()), 0, exprs, b.getContext());
}

/// The element that all of a constant's have, or null.
static TypedAttr splatElement(Value value, Builder &b) {
  std::optional<ConstantView> view = ConstantView::get(value);
  if (!view || !(view->isSplat() || view->getNumElements() == 1))
    return {};
  Type element = view->getElementType();
  if (isa<FloatType>(element))
    return b.getFloatAttr(element, view->getFloat(0));
  if (isa<IntegerType>(element))
    return b.getIntegerAttr(Lowering::signlessType(element),
                            view->getInteger(0));
  return {};
}

Value Lowering::align(Value input, Value result, ArrayRef<OpFoldResult> dims,
                      ArrayRef<int64_t> axes) {
  RankedTensorType type = typeOf(input);
  SmallVector<Value> last(type.getRank());
  Dims own;
  bool copy = false;
  for (int64_t axis = 0; axis < type.getRank(); ++axis) {
    if (axis >= int64_t(axes.size())) {
      own.push_back(dim(input, axis));
      continue;
    }
    int64_t target = axes[axis];
    own.push_back(type.isDynamicDim(axis) ? dims[target]
                                          : index(type.getDimSize(axis)));
    if (!type.isDynamicDim(axis))
      continue;
    std::optional<SymbolicDim> mine = symbolic(input, axis);
    std::optional<SymbolicDim> wanted = symbolic(result, target);
    if (mine && wanted && *mine == *wanted)
      continue;
    OpFoldResult length = dim(input, axis);
    if (isSameSize(length, dims[target]))
      continue;
    requireBroadcast(length, dims[target]);
    last[axis] = asValue(sub(length, index(1)));
    copy = true;
  }
  if (!copy)
    return input;
  // An axis of length 1 is read at 0 always; and whatever the shapes are,
  // nothing outside the tensor is read.
  Value zero = asValue(index(0));
  return elementwise(
      own, type.getElementType(), {}, {},
      [&](OpBuilder &nested, Location at, ValueRange) -> Value {
        SmallVector<Value> position;
        for (auto [axis, bound] : llvm::enumerate(last)) {
          Value i = nested.create<linalg::IndexOp>(at, axis);
          if (bound) {
            i = nested.create<arith::MinSIOp>(at, i, bound);
            i = nested.create<arith::MaxSIOp>(at, i, zero);
          }
          position.push_back(i);
        }
        Value x = nested.create<tensor::ExtractOp>(at, input, position);
        return withSign(nested, at, x, signlessType(x.getType()));
      });
}

Value Lowering::align(Value input, Value result, ArrayRef<OpFoldResult> dims) {
  int64_t lead = int64_t(dims.size()) - rankOf(input);
  return align(input, result, dims,
               llvm::to_vector(llvm::seq<int64_t>(lead, int64_t(dims.size()))));
}

Value Lowering::broadcast(Value result, Type element, ValueRange inputs,
                          Body body) {
  Dims dims = broadcastDims(result, inputs);
  SmallVector<Value> aligned;
  for (Value input : inputs)
    aligned.push_back(align(input, result, dims));
  return elementwise(dims, element, aligned, body);
}

Value Lowering::elementwise(ArrayRef<OpFoldResult> dims, Type element,
                            ValueRange inputs, Body body) {
  RankedTensorType result = typeFor(dims, element);
  SmallVector<AffineMap> maps;
  for (Value input : inputs)
    maps.push_back(broadcastMap(typeOf(input), result));
  return elementwise(dims, element, inputs, maps, body);
}

Value Lowering::elementwise(ArrayRef<OpFoldResult> dims, Type element,
                            ValueRange inputs, ArrayRef<AffineMap> maps,
                            Body body) {
  // Constants of one element are read once, before the loop.
  SmallVector<Value> scalars(inputs.size()), operands;
  SmallVector<AffineMap> operandMaps;
  for (auto [i, input] : llvm::enumerate(inputs)) {
    if (TypedAttr scalar = splatElement(input, b)) {
      scalars[i] = constant(scalar);
      continue;
    }
    operands.push_back(input);
    operandMaps.push_back(maps[i]);
  }
  int64_t rank = int64_t(dims.size());
  operandMaps.push_back(b.getMultiDimIdentityMap(unsigned(rank)));
  Value out = empty(dims, element);
  bool supported = true;
  auto generic = b.create<linalg::GenericOp>(
      loc, out.getType(), operands, out, operandMaps,
      SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel),
      [&](OpBuilder &nested, Location at, ValueRange args) {
        SmallVector<Value> values;
        size_t next = 0;
        for (Value scalar : scalars) {
          Value x = scalar ? scalar : args[next++];
          values.push_back(withSign(nested, at, x, signlessType(x.getType())));
        }
        Value result = body(nested, at, values);
        supported = bool(result);
        nested.create<linalg::YieldOp>(
            at, result ? withSign(nested, at, result, element) : args.back());
      });
  if (!supported) {
    generic.erase();
    return {};
  }
  return generic.getResult(0);
}

//===----------------------------------------------------------------------===//
// Other shapes of the same elements
//===----------------------------------------------------------------------===//

Value Lowering::collapse(Value tensor, const Groups &groups) {
  return b.create<tensor::CollapseShapeOp>(loc, tensor, groups);
}

Value Lowering::expand(Value tensor, ArrayRef<OpFoldResult> dims,
                       const Groups &groups) {
  RankedTensorType result = typeFor(dims, typeOf(tensor).getElementType());
  // Where a result axis is dynamic, the axis that it is split from has to be.
  SmallVector<int64_t> shape;
  for (const ReassociationIndices &group : groups) {
    int64_t size = 1;
    for (int64_t axis : group) {
      if (result.isDynamicDim(axis)) {
        size = ShapedType::kDynamic;
        break;
      }
      size *= result.getDimSize(axis);
    }
    shape.push_back(size);
  }
  tensor = cast(tensor, RankedTensorType::get(shape, result.getElementType()));
  Dims folded;
  for (OpFoldResult dim : dims) {
    std::optional<int64_t> constant = getConstantIntValue(dim);
    folded.push_back(constant ? index(*constant) : dim);
  }
  return b.create<tensor::ExpandShapeOp>(loc, result, tensor, groups, folded);
}

/// Which axes of the longer shape make one of the shorter shape, where `unit`
/// axes of the longer have length 1 and are not in the shorter.
static Groups unitGroups(int64_t rank, ArrayRef<int64_t> unit) {
  Groups groups;
  ReassociationIndices pending;
  for (int64_t axis = 0; axis < rank; ++axis) {
    pending.push_back(axis);
    if (llvm::is_contained(unit, axis))
      continue;
    groups.push_back(pending);
    pending.clear();
  }
  // Unit axes at the end belong to the last other axis; without one there is
  // no group, and the shorter shape has rank 0.
  if (!groups.empty())
    groups.back().append(pending.begin(), pending.end());
  return groups;
}

Value Lowering::insertUnitAxes(Value tensor, ArrayRef<int64_t> axes) {
  if (axes.empty())
    return tensor;
  int64_t rank = rankOf(tensor) + int64_t(axes.size());
  Dims result;
  int64_t from = 0;
  for (int64_t axis = 0; axis < rank; ++axis)
    result.push_back(llvm::is_contained(axes, axis) ? index(1)
                                                    : dim(tensor, from++));
  return expand(tensor, result, unitGroups(rank, axes));
}

Value Lowering::dropUnitAxes(Value tensor, ArrayRef<int64_t> axes) {
  if (axes.empty())
    return tensor;
  SmallVector<int64_t> shape(typeOf(tensor).getShape());
  for (int64_t axis : axes)
    shape[axis] = 1;
  tensor = cast(tensor,
                RankedTensorType::get(shape, typeOf(tensor).getElementType()));
  return collapse(tensor, unitGroups(rankOf(tensor), axes));
}

Value Lowering::reshape(Value tensor, ArrayRef<OpFoldResult> dims,
                        Value result) {
  int64_t sourceRank = rankOf(tensor), resultRank = int64_t(dims.size());
  // Of no elements there is nothing to keep.
  if (llvm::any_of(dims, [](auto dim) { return isConstantIntValue(dim, 0); }))
    return empty(dims, typeOf(tensor).getElementType());
  SmallVector<std::optional<SymbolicDim>> source, target;
  for (int64_t i = 0; i < sourceRank; ++i)
    source.push_back(symbolic(tensor, i));
  for (int64_t i = 0; i < resultRank; ++i) {
    std::optional<int64_t> constant = getConstantIntValue(dims[i]);
    target.push_back(constant ? std::optional(SymbolicDim(*constant))
                              : symbolic(result, i));
  }
  if (source == target && llvm::all_of(source, [](auto &d) { return !!d; }))
    return castToDims(tensor, dims);

  // Without axes on one side there is one element, and only axes of length 1.
  if (resultRank == 0)
    return dropUnitAxes(tensor,
                        llvm::to_vector(llvm::seq<int64_t>(0, sourceRank)));
  if (sourceRank == 0)
    return expand(tensor, Dims(resultRank, index(1)), {});

  auto product = [](ArrayRef<std::optional<SymbolicDim>> factors) {
    std::optional<SymbolicDim> result = SymbolicDim(1);
    for (const std::optional<SymbolicDim> &factor : factors)
      result = factor && result ? result->times(*factor) : std::nullopt;
    return result;
  };
  // The shortest runs of axes, on both sides, of the same number of elements.
  Groups from, to;
  int64_t i = 0, j = 0;
  while (i < sourceRank && j < resultRank) {
    int64_t takeFrom = sourceRank - i, takeTo = resultRank - j;
    bool found = false;
    for (int64_t total = 2; total < sourceRank - i + resultRank - j && !found;
         ++total)
      for (int64_t n = 1; n < total && !found; ++n) {
        if (i + n > sourceRank || j + total - n > resultRank)
          continue;
        auto x = product(ArrayRef(source).slice(i, n));
        auto y = product(ArrayRef(target).slice(j, total - n));
        if (x && y && *x == *y) {
          takeFrom = n;
          takeTo = total - n;
          found = true;
        }
      }
    from.emplace_back(llvm::to_vector<2>(llvm::seq(i, i + takeFrom)));
    to.emplace_back(llvm::to_vector<2>(llvm::seq(j, j + takeTo)));
    i += takeFrom;
    j += takeTo;
  }
  for (; i < sourceRank; ++i)
    from.back().push_back(i);
  for (; j < resultRank; ++j)
    to.back().push_back(j);

  // Bufferisation computes a split axis's parts from the axis, which works for
  // one unknown part. Where there are more, the whole shape is an operand.
  for (const ReassociationIndices &group : to)
    if (llvm::count_if(group, [&](int64_t axis) {
          return !getConstantIntValue(dims[axis]);
        }) > 1) {
      SmallVector<Value> sizes;
      for (OpFoldResult dim : dims)
        sizes.push_back(asValue(dim));
      Value shape = b.create<tensor::FromElementsOp>(loc, sizes);
      return b.create<tensor::ReshapeOp>(
          loc, typeFor(dims, typeOf(tensor).getElementType()), tensor, shape);
    }

  auto isTrivial = [](const Groups &groups) {
    return llvm::all_of(groups, [](const auto &g) { return g.size() == 1; });
  };
  Value value = isTrivial(from) ? tensor : collapse(tensor, from);
  return isTrivial(to) ? castToDims(value, dims) : expand(value, dims, to);
}

SmallVector<int64_t> normalizeAxes(ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t axis : axes)
    result.push_back(axis < 0 ? axis + rank : axis);
  llvm::sort(result);
  return result;
}

} // namespace bnn::onnx
