//===- Composer.cpp - Writing one operator as others ----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Composer.h"
#include "dialects/ONNX/HalfFloats.h"

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
Composer::Composer(Importer &importer, const ::onnx::NodeProto &node,
                   Values inputs)
    : importer(importer), node(node), inputs(inputs),
      loc(importer.locOf(Importer::nameOf(node))) {}

//===----------------------------------------------------------------------===//
// The node
//===----------------------------------------------------------------------===//

bool Composer::hasAttribute(StringRef name) const {
  return findAttribute(node, name) != nullptr;
}
int64_t Composer::integer(StringRef name, int64_t otherwise) const {
  const auto *attribute = findAttribute(node, name);
  return attribute ? attribute->i() : otherwise;
}
double Composer::number(StringRef name, double otherwise) const {
  const auto *attribute = findAttribute(node, name);
  return attribute ? attribute->f() : otherwise;
}
StringRef Composer::text(StringRef name, StringRef otherwise) const {
  const auto *attribute = findAttribute(node, name);
  return attribute ? StringRef(attribute->s()) : otherwise;
}
Composer::Integers Composer::integers(StringRef name) const {
  const auto *attribute = findAttribute(node, name);
  if (!attribute)
    return {};
  return Integers(attribute->ints().begin(), attribute->ints().end());
}

Value Composer::required(unsigned input) {
  if (has(input))
    return inputs[input];
  fail("its input number " + Twine(input) + " is left out");
  return inputs[0];
}

SmallVector<float> Composer::floats(StringRef name) const {
  const auto *attribute = findAttribute(node, name);
  if (!attribute)
    return {};
  return SmallVector<float>(attribute->floats().begin(),
                            attribute->floats().end());
}

bool Composer::isRead(unsigned i) const {
  return int(i) < node.output_size() && importer.isRead(node.output(int(i)));
}

void Composer::computeInFloat(Type wanted) {
  for (Value &input : inputs)
    if (onnx::isHalf(elementOf(input)))
      input = castTo(input, f32Type());
  if (onnx::isHalf(wanted))
    format = wanted;
}

void Composer::setOutput(unsigned i, Value value) {
  if (format && elementOf(value).isF32() && !isBad)
    value = castTo(value, format);
  if (int(i) < node.output_size() && !node.output(int(i)).empty())
    importer.values[node.output(int(i))] = value;
}

void Composer::fail(const Twine &message) {
  if (!isBad)
    importer.error(node) << message.str();
  isBad = true;
}

//===----------------------------------------------------------------------===//
// What is known
//===----------------------------------------------------------------------===//

int64_t Composer::rankOf(Value value) {
  if (auto type = dyn_cast<RankedTensorType>(value.getType()))
    return type.getRank();
  fail("the rank of an input is not known at compile time");
  return 0;
}

int64_t Composer::wrapAxis(int64_t axis, int64_t rank) {
  if (axis >= -rank && axis < rank)
    return axis < 0 ? axis + rank : axis;
  fail("axis " + Twine(axis) + " is out of range for rank " + Twine(rank));
  return 0;
}

int64_t Composer::sizeOf(Value value, int64_t axis) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (type && axis >= 0 && axis < type.getRank())
    return type.getDimSize(axis);
  fail("an input has no axis " + Twine(axis));
  return 1;
}

int64_t Composer::knownSizeOf(Value value, int64_t axis) {
  int64_t size = sizeOf(value, axis);
  if (!ShapedType::isDynamic(size))
    return size;
  fail("the length of axis " + Twine(axis) +
       " of an input is not known at compile time; give it by --input-shape");
  return 1;
}

Composer::Integers Composer::knownIntegers(Value list, StringRef what) {
  if (std::optional<Integers> known = importer.knownIntegers(list))
    return *known;
  fail("its " + what + " are not known at compile time");
  return {};
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

Value Composer::finish(Operation *op) {
  // finish() has reported what is wrong.
  if (failed(importer.finish(node, op)))
    isBad = true;
  return op->getResult(0);
}

Value Composer::constant(DenseElementsAttr value) {
  if (isBad)
    return inputs[0];
  return finish(importer.builder.create<onnx::ConstantOp>(
      loc, value.getType(), cast<ElementsAttr>(value)));
}

Value Composer::castTo(Value x, Type element) {
  return elementOf(x) == element ? x : make<onnx::CastOp>(element, x);
}

Value Composer::scalar(Type element, double value) {
  auto type = RankedTensorType::get({}, element);
  Attribute attribute;
  if (isa<FloatType>(element))
    attribute = importer.builder.getFloatAttr(element, value);
  else
    attribute = importer.builder.getIntegerAttr(element, int64_t(value));
  return constant(DenseElementsAttr::get(type, attribute));
}

Value Composer::list(ArrayRef<int64_t> values) {
  return table(values, {int64_t(values.size())});
}

bool Composer::canMakeTable(int64_t rows, int64_t columns) {
  int64_t all;
  if (!isBad &&
      (__builtin_mul_overflow(rows, columns, &all) || all > kMaxTable))
    fail("it has too many elements to be supported: a table of " + Twine(rows) +
         " by " + Twine(columns));
  return !isBad;
}

Value Composer::table(ArrayRef<float> values, Integers shape) {
  return constant(
      DenseElementsAttr::get(RankedTensorType::get(shape, f32Type()), values));
}
Value Composer::table(ArrayRef<int64_t> values, Integers shape) {
  return constant(
      DenseElementsAttr::get(RankedTensorType::get(shape, i64Type()), values));
}

Extent Composer::extent(Value value, int64_t axis) {
  int64_t size = sizeOf(value, axis);
  if (!ShapedType::isDynamic(size))
    return size;
  return make<onnx::ShapeOp>(i64Type(), value, i64Attr(axis),
                             i64Attr(axis + 1));
}

Extent Composer::product(const Extent &x, const Extent &y) {
  int64_t both;
  if (!x.list && !y.list) {
    if (!__builtin_mul_overflow(x.size, y.size, &both))
      return both;
    fail("a dimension is too large");
    return 1;
  }
  return mul(asList(x), asList(y));
}

Value Composer::asList(const Extent &extent) {
  return extent.list ? extent.list : list({extent.size});
}

Value Composer::shape(ArrayRef<Extent> extents) {
  bool isKnown = llvm::none_of(extents, [](auto &e) { return bool(e.list); });
  if (isKnown)
    return list(llvm::to_vector(
        llvm::map_range(extents, [](const Extent &e) { return e.size; })));
  SmallVector<Value> parts;
  for (const Extent &extent : extents)
    parts.push_back(asList(extent));
  return concat(parts, 0);
}

Value Composer::reshape(Value x, ArrayRef<Extent> extents) {
  return make<onnx::ReshapeOp>(elementOf(x), x, shape(extents), i64Attr(1));
}

Value Composer::withExtent(Value x, int64_t axis, const Extent &wanted) {
  if (isBad)
    return x;
  Extent own = extent(x, axis);
  if (!own.list && !wanted.list) {
    if (own.size != wanted.size)
      fail("an axis of an input has length " + Twine(own.size) + ", not " +
           Twine(wanted.size));
    return x;
  }
  Value list = asList(wanted); // before what the next op would move
  auto dims = importer.shapes->shapeOf(x);
  auto elements = importer.shapes->elementsOf(list);
  if (dims && elements && (*dims)[axis] == elements->front())
    return x;
  // The same number of elements, and the other axes as they are.
  SmallVector<Extent> extents;
  for (int64_t i = 0, rank = rankOf(x); i < rank; ++i)
    extents.push_back(i == axis ? wanted : extent(x, i));
  return reshape(x, extents);
}

Value Composer::withShapeOf(Value y, Value x) {
  if (isBad || importer.shapes->haveSameShape(y, x))
    return y;
  SmallVector<Extent> extents;
  for (int64_t i = 0, rank = rankOf(x); i < rank; ++i)
    extents.push_back(extent(x, i));
  return reshape(y, extents);
}

Value Composer::expand(Value x, ArrayRef<Extent> extents) {
  return make<onnx::ExpandOp>(elementOf(x), x, shape(extents));
}

Value Composer::transpose(Value x, ArrayRef<int64_t> perm) {
  return make<onnx::TransposeOp>(elementOf(x), x,
                                 importer.builder.getDenseI64ArrayAttr(perm));
}

Value Composer::unsqueeze(Value x, ArrayRef<int64_t> axes) {
  return make<onnx::UnsqueezeOp>(elementOf(x), x, list(axes));
}

Value Composer::squeeze(Value x, ArrayRef<int64_t> axes) {
  return make<onnx::SqueezeOp>(elementOf(x), x, list(axes));
}

Value Composer::concat(Values values, int64_t axis) {
  return values.size() == 1 ? values[0]
                            : make<onnx::ConcatOp>(elementOf(values[0]), values,
                                                   i64Attr(axis));
}

Value Composer::gather(Value x, Value indices, int64_t axis) {
  return make<onnx::GatherOp>(elementOf(x), x, indices, i64Attr(axis));
}

Value Composer::slice(Value x, int64_t axis, int64_t start, int64_t end,
                      int64_t step) {
  return make<onnx::SliceOp>(elementOf(x), x, list({start}), list({end}),
                             list({axis}), list({step}));
}

Value Composer::slice(Value x, int64_t axis, int64_t start, const Extent &end) {
  return make<onnx::SliceOp>(elementOf(x), x, list({start}), asList(end),
                             list({axis}), list({1}));
}

Value Composer::pad(Value x, int64_t axis, int64_t before, int64_t after,
                    Value fill) {
  SmallVector<Value> parts;
  auto margin = [&](int64_t size) {
    SmallVector<Extent> extents;
    for (int64_t i = 0, rank = rankOf(x); i < rank; ++i)
      extents.push_back(i == axis ? Extent(size) : extent(x, i));
    return expand(fill, extents);
  };
  if (before > 0)
    parts.push_back(margin(before));
  parts.push_back(x);
  if (after > 0)
    parts.push_back(margin(after));
  return concat(parts, axis);
}

Value Composer::filled(ArrayRef<Extent> extents, Type element, double value) {
  auto type = RankedTensorType::get({1}, element);
  Attribute attribute;
  if (isa<FloatType>(element))
    attribute = importer.builder.getFloatAttr(element, value);
  else
    attribute = importer.builder.getIntegerAttr(element, int64_t(value));
  return make<onnx::ConstantOfShapeOp>(
      element, shape(extents),
      cast<ElementsAttr>(DenseElementsAttr::get(type, attribute)));
}

Value Composer::iota(const Extent &count, int64_t axis, int64_t rank) {
  Value numbers;
  if (count.list || count.size > 4096) {
    Value end = squeeze(asList(count), {0});
    numbers = make<onnx::RangeOp>(i64Type(), scalar(i64Type(), 0), end,
                                  scalar(i64Type(), 1));
  } else {
    numbers = list(llvm::to_vector(llvm::seq<int64_t>(0, count.size)));
  }
  SmallVector<int64_t> others;
  for (int64_t i = 0; i < rank; ++i)
    if (i != axis)
      others.push_back(i);
  return others.empty() ? numbers : unsqueeze(numbers, others);
}

Value Composer::reduceSum(Value x, ArrayRef<int64_t> axes, bool keep) {
  // Of no axes it is the input: ONNX takes an empty list for all.
  if (axes.empty())
    return x;
  return make<onnx::ReduceSumOp>(elementOf(x), x, list(axes), i64Attr(keep),
                                 i64Attr(0));
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

onnx::OperatorSpec specOf(const char *name, int since, unsigned minInputs,
                          unsigned maxInputs, unsigned types) {
  onnx::OperatorSpec spec;
  spec.name = name;
  spec.since = since;
  spec.minInputs = minInputs;
  spec.maxInputs = maxInputs;
  spec.types = onnx::withHalves(types);
  return spec;
}

onnx::OperatorSpec contribSpecOf(const char *name, unsigned minInputs,
                                 unsigned maxInputs, unsigned types) {
  onnx::OperatorSpec spec =
      specOf(name, onnx::kMinOpset, minInputs, maxInputs, types);
  spec.domain = onnx::kContrib;
  spec.types = types;
  return spec;
}

onnx::OperatorSpec &
addContribOperator(std::vector<Composition> &all, const char *name,
                   unsigned minInputs, unsigned maxInputs, unsigned types,
                   void (*compose)(Composer &),
                   std::vector<onnx::AttributeSpec> attributes) {
  onnx::OperatorSpec spec = contribSpecOf(name, minInputs, maxInputs, types);
  spec.nodeAttributes = std::move(attributes);
  all.push_back({std::move(spec), compose});
  return all.back().spec;
}

ArrayRef<Composition> getCompositions() {
  static const std::vector<Composition> all = [] {
    std::vector<Composition> made;
    for (auto family :
         {addElementwise, addTrigonometry, addNormalizations, addArrangements,
          addIndexed, addPooling, addConvolutions, addEinsum, addAttention,
          addBytes, addContrib, addContribAttention})
      family(made);
    return made;
  }();
  return all;
}
} // namespace mlir::bnn
