//===- ImportOpsets.cpp - Nodes of other opsets in the form of 17 ---------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/ONNX/ConstantView.h"
#include "lib/Import/Composer.h"

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
/// Attributes of older opsets that have become inputs: lists of integers, and
/// scalars of the first input's element type.
LogicalResult Importer::addFormerInputs(const ::onnx::NodeProto &node,
                                        const onnx::OperatorSpec &spec,
                                        SmallVectorImpl<Value> &operands) {
  Location loc = locOf(nameOf(node));
  bool isAnyThere = false;
  for (const char *name : spec.formerAttributes)
    isAnyThere |= findAttribute(node, name) != nullptr;
  if (!isAnyThere)
    return success();
  if (operands.size() != 1)
    return error(node) << "has " << operands.size() << " inputs";
  Type element = getElementTypeOrSelf(operands[0].getType());
  for (const char *name : spec.formerAttributes) {
    const ::onnx::AttributeProto *former = findAttribute(node, name);
    if (!former) {
      operands.push_back(noValue());
      continue;
    }
    if (former->type() == ::onnx::AttributeProto::FLOAT) {
      auto type = RankedTensorType::get({}, element);
      if (!isa<FloatType>(element))
        return error(node) << "needs floats, got " << operands[0].getType();
      auto constant = builder.create<onnx::ConstantOp>(
          loc, type,
          cast<ElementsAttr>(DenseElementsAttr::get(
              type, Attribute(builder.getFloatAttr(element, former->f())))));
      (void)shapes->visit(constant);
      operands.push_back(constant);
      continue;
    }
    bool isList = former->type() == ::onnx::AttributeProto::INTS;
    operands.push_back(constantOf(
        isList
            ? SmallVector<int64_t>(former->ints().begin(), former->ints().end())
            : SmallVector<int64_t>{former->i()},
        loc));
  }
  return success();
}

/// The elements of a list that is known at compile time.
std::optional<SmallVector<int64_t>> Importer::knownIntegers(Value list) {
  if (auto constants = onnx::getConstantIntegers(list))
    return constants;
  auto elements = shapes->elementsOf(list);
  if (!elements)
    return std::nullopt;
  SmallVector<int64_t> result;
  for (const onnx::SymbolicDim &element : *elements) {
    std::optional<int64_t> constant = element.getConstant();
    if (!constant)
      return std::nullopt;
    result.push_back(*constant);
  }
  return result;
}

/// What newer opsets have as an input, after all others, is an attribute of the
/// operation: the axes of a reduction.
LogicalResult
Importer::takeInputAttribute(const ::onnx::NodeProto &node,
                             const onnx::OperatorSpec &spec,
                             SmallVectorImpl<Value> &operands,
                             SmallVectorImpl<NamedAttribute> &attributes) {
  SmallVector<int64_t> axes;
  if (operands.size() > spec.maxInputs) {
    Value list = operands.pop_back_val();
    std::optional<SmallVector<int64_t>> known = isa<NoneType>(list.getType())
                                                    ? SmallVector<int64_t>()
                                                    : knownIntegers(list);
    if (!known)
      return error(node) << "its " << spec.inputAttribute
                         << " are not known at compile time";
    axes = *known;
  }
  // An empty list reduces nothing, and no list all.
  const auto *noop = findAttribute(node, "noop_with_empty_axes");
  if (!axes.empty() || (noop && noop->i()))
    attributes.push_back(builder.getNamedAttr(
        spec.inputAttribute, builder.getDenseI64ArrayAttr(axes)));
  return success();
}

/// Whether the node is a softmax of an older opset, which takes everything from
/// its axis on as one axis, of more axes than the last.
bool Importer::coversAxes(const ::onnx::NodeProto &node, Value input) {
  if (opset >= 13 ||
      (node.op_type() != "Softmax" && node.op_type() != "LogSoftmax"))
    return false;
  const auto *attribute = findAttribute(node, "axis");
  int64_t axis = attribute ? attribute->i() : 1;
  auto type = dyn_cast<RankedTensorType>(input.getType());
  return axis != -1 && (!type || axis != type.getRank() - 1);
}

/// Such a softmax: that of the rows of a matrix.
LogicalResult Importer::addSoftmaxOfAxes(const ::onnx::NodeProto &node,
                                         Value x) {
  Composer c(*this, node, x);
  c.setOutput(0, composeSoftmaxFrom(c, x, c.integer("axis", 1),
                                    node.op_type() == "LogSoftmax"));
  return success(!c.hasFailed());
}

/// An operation along rows has no f64: whether it is one of these.
bool Importer::isOfDoubles(const ::onnx::NodeProto &node, Value x) {
  return getElementTypeOrSelf(x.getType()).isF64() &&
         (node.op_type() == "Softmax" || node.op_type() == "LogSoftmax" ||
          node.op_type() == "LayerNormalization");
}

/// Writes it as others.
LogicalResult Importer::addOfDoubles(const ::onnx::NodeProto &node,
                                     ArrayRef<Value> operands) {
  Composer c(*this, node, operands);
  if (node.op_type() == "LayerNormalization") {
    composeLayerNorm(c);
  } else {
    int64_t axis = c.wrapAxis(c.integer("axis", opset < 13 ? 1 : -1),
                              c.rankOf(operands[0]));
    c.setOutput(0, composeSoftmax(c, operands[0], axis,
                                  node.op_type() == "LogSoftmax"));
  }
  return success(!c.hasFailed());
}

/// Of pieces that are counted only the last may be shorter.
LogicalResult Importer::adaptSplit(const ::onnx::NodeProto &node, Value input,
                                   Value &split) {
  int64_t count = findAttribute(node, "num_outputs")->i();
  if (count != node.output_size())
    return error(node) << "num_outputs is " << count << ", but it has "
                       << node.output_size() << " outputs";
  const auto *attribute = findAttribute(node, "axis");
  auto type = dyn_cast<RankedTensorType>(input.getType());
  int64_t axis = attribute ? attribute->i() : 0,
          rank = type ? type.getRank() : 0;
  axis += axis < 0 ? rank : 0;
  if (axis < 0 || axis >= rank)
    return success(); // The operation says so.
  int64_t size = type.getDimSize(axis);
  if (ShapedType::isDynamic(size)) {
    Composer c(*this, node, input);
    Extent whole = c.extent(input, axis), parts = count;
    Value piece =
        c.div(c.add(c.asList(whole), c.list({count - 1})), c.asList(parts));
    Value rest = c.sub(c.asList(whole), c.mul(piece, c.list({count - 1})));
    SmallVector<Value> pieces(count - 1, piece);
    pieces.push_back(rest);
    split = c.concat(pieces, 0);
    return success(!c.hasFailed());
  }
  if (size % count == 0)
    return success();
  int64_t piece = (size + count - 1) / count;
  SmallVector<int64_t> sizes(count, piece);
  sizes.back() = size - (count - 1) * piece;
  if (sizes.back() < 0)
    return error(node) << "cannot cut an axis of " << size << " into " << count
                       << " pieces";
  split = constantOf(sizes, locOf(nameOf(node)));
  return success();
}

/// Other element types than bytes and f32 are left out.
LogicalResult Importer::adaptQuantization(const ::onnx::NodeProto &node) {
  for (const auto &attribute : node.attribute()) {
    StringRef name = attribute.name();
    bool isType = name == "output_dtype" || name == "precision";
    if (!isType || attribute.i() == 0)
      continue;
    bool isQuantised =
        name == "output_dtype" && node.op_type() == "QuantizeLinear";
    auto code = int32_t(attribute.i());
    bool isKnown = isQuantised ? code == ::onnx::TensorProto::UINT8 ||
                                     code == ::onnx::TensorProto::INT8
                               : code == ::onnx::TensorProto::FLOAT;
    if (!isKnown)
      return error(node) << "its " << name << " " << nameOfDataType(code)
                         << " is not supported; use "
                         << (isQuantised ? "UINT8 or INT8" : "FLOAT");
  }
  return success();
}

/// Whether there is a scale for each block of an axis.
bool Importer::hasBlocks(const ::onnx::NodeProto &node) {
  const auto *size = findAttribute(node, "block_size");
  bool isQuantization = node.op_type() == "QuantizeLinear" ||
                        node.op_type() == "DequantizeLinear";
  return isQuantization && size && size->i() != 0;
}

/// QuantizeLinear and DequantizeLinear with a scale for each block, which is
/// repeated for the elements of the block.
LogicalResult Importer::addBlockQuantization(const ::onnx::NodeProto &node,
                                             ArrayRef<Value> operands) {
  if (failed(adaptQuantization(node)))
    return failure();
  Composer c(*this, node, operands);
  Value x = c.in(0);
  int64_t rank = c.rankOf(x), axis = c.wrapAxis(c.integer("axis", 1), rank);
  int64_t size = c.knownSizeOf(x, axis), block = c.integer("block_size");
  int64_t blocks = block > 0 ? size / block + (size % block != 0) : 0;
  if (blocks < 1 || block > size || c.rankOf(c.in(1)) != rank) {
    c.fail("blocks of " + Twine(block) + " do not fit an axis of " +
           Twine(size));
    return failure();
  }
  auto repeat = [&](Value list) {
    SmallVector<Extent> apart, together;
    for (int64_t i = 0; i < rank; ++i) {
      Extent extent = i == axis ? Extent(blocks) : c.extent(x, i);
      list = c.withExtent(list, i, extent);
      apart.push_back(extent);
      together.push_back(i == axis ? c.product(blocks, block) : extent);
      if (i == axis)
        apart.push_back(block);
    }
    Value all = c.expand(c.unsqueeze(list, {axis + 1}), apart);
    return c.slice(c.reshape(all, together), axis, 0, size);
  };
  Value scale = repeat(c.in(1));
  Value zero = c.has(2) ? repeat(c.in(2)) : Value();
  if (node.op_type() == "DequantizeLinear") {
    Value whole = c.castTo(x, c.i32Type());
    if (zero)
      whole = c.sub(whole, c.castTo(zero, c.i32Type()));
    c.setOutput(0, c.mul(c.castTo(whole, c.elementOf(scale)), scale));
    return success(!c.hasFailed());
  }
  Type to = zero ? c.elementOf(zero) : c.typeOf(c.integer("output_dtype"));
  Value y = c.unary<onnx::RoundOp>(c.div(x, scale));
  if (zero)
    y = c.add(y, c.castTo(zero, c.elementOf(x)));
  c.setOutput(0, c.castTo(y, to ? to : c.u8Type()));
  return success(!c.hasFailed());
}

/// Checks what the claim leaves out, and brings an operator that was another in
/// an older opset into the form of opset 17.
LogicalResult Importer::adaptNode(const ::onnx::NodeProto &node,
                                  const onnx::OperatorSpec &spec,
                                  MutableArrayRef<Value> operands,
                                  SmallVectorImpl<NamedAttribute> &attributes) {
  StringRef name = spec.name;
  if ((name == "Softmax" || name == "LogSoftmax") && opset < 13) {
    attributes.clear();
    attributes.push_back(
        builder.getNamedAttr("axis", builder.getI64IntegerAttr(-1)));
    return success();
  }
  if (name == "Split" && isa<NoneType>(operands[1].getType()) &&
      findAttribute(node, "num_outputs"))
    return adaptSplit(node, operands[0], operands[1]);
  if (name == "QuantizeLinear" || name == "DequantizeLinear")
    return adaptQuantization(node);
  if (name == "Dropout") {
    if (!isa<NoneType>(operands[2].getType())) {
      auto training = onnx::ConstantView::get(operands[2]);
      if (!training || !training->getElementType().isInteger(1) ||
          training->getNumElements() != 1 || training->getInteger(0))
        return error(node) << "training_mode is not the constant false; export "
                              "the model in evaluation mode (model.eval())";
    }
    operands[1] = operands[2] = noValue();
  }
  // Axes decide the rank.
  if (spec.formerAttributes.size() == 1 &&
      StringRef(spec.formerAttributes[0]) == "axes" &&
      !isa<NoneType>(operands[1].getType()) &&
      !onnx::getConstantIntegers(operands[1]) &&
      !shapes->elementsOf(operands[1]))
    return error(node) << "its axes are not known at compile time";
  return success();
}
} // namespace mlir::bnn
