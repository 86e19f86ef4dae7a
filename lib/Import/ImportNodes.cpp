//===- ImportNodes.cpp - A graph's nodes and constants --------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/ONNX/ConstantView.h"
#include "lib/Import/Composer.h"
#include "lib/Import/OperatorTable.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
LogicalResult Importer::addConstants() {
  // Unused weights cost nothing: they are neither read nor kept.
  llvm::StringSet<> used;
  for (const ::onnx::NodeProto *node : order)
    for (const std::string &input : node->input())
      used.insert(input);
  for (const auto &output : model.graph().output())
    used.insert(output.name());
  for (const ::onnx::TensorProto &tensor : model.graph().initializer()) {
    if (!used.contains(tensor.name()))
      continue;
    auto constant = builder.create<onnx::ConstantOp>(
        locOf(tensor.name()), tensors[&tensor].getType(), tensors[&tensor]);
    values[tensor.name()] = constant;
    if (failed(shapes->visit(constant)))
      return failure();
  }
  return success();
}

Value Importer::noValue() {
  if (!none) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&func.getBody().front());
    none = builder.create<onnx::NoValueOp>(baseLoc, NoneType::get(context));
  }
  return none;
}

Value Importer::constantOf(ArrayRef<int64_t> list, Location loc) {
  auto type =
      RankedTensorType::get({int64_t(list.size())}, builder.getI64Type());
  auto constant = builder.create<onnx::ConstantOp>(
      loc, type, cast<ElementsAttr>(DenseElementsAttr::get(type, list)));
  (void)shapes->visit(constant);
  return constant;
}

FailureOr<Value> Importer::lookup(const ::onnx::NodeProto &node,
                                  StringRef name) {
  if (name.empty())
    return noValue();
  auto it = values.find(name);
  if (it == values.end())
    return error(node) << "its input '" << name
                       << "' is an output that is not supported";
  return it->second;
}

/// Verifies a new operation and infers its results' shapes; what the operation
/// has to say about itself is reported with the node's name.
LogicalResult Importer::finish(const ::onnx::NodeProto &node, Operation *op) {
  std::string message;
  {
    ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
      if (message.empty())
        message = diagnostic.str();
      return success();
    });
    // Inference relies on what the verifier checks.
    if (succeeded(verify(op)) && succeeded(shapes->visit(op))) {
      for (Value result : op->getResults())
        result.setType(shapes->refinedType(result));
      if (succeeded(verify(op)))
        return success();
    }
  }
  StringRef text(message);
  text.consume_front("'" + op->getName().getStringRef().str() + "' op ");
  return error(node) << text
                     << "; export the model again, or see that --input-shape "
                        "gives shapes that it was made for";
}

LogicalResult Importer::addConstantNode(const ::onnx::NodeProto &node) {
  ElementsAttr value;
  if (node.attribute_size() != 1)
    return error(node) << "needs one attribute";
  const ::onnx::AttributeProto &attribute = node.attribute(0);
  // Of each kind: one value or a list.
  auto dense = [&](auto values, Type element, bool isList) {
    SmallVector<int64_t> dims;
    if (isList)
      dims.push_back(values.size());
    return DenseElementsAttr::get(RankedTensorType::get(dims, element),
                                  llvm::ArrayRef(values));
  };
  Type f32 = builder.getF32Type(), i64 = builder.getI64Type();
  if (attribute.name() == "value" && attribute.has_t())
    value = tensors[&attribute.t()];
  else if (attribute.name() == "value_float")
    value = dense(SmallVector<float>{attribute.f()}, f32, false);
  else if (attribute.name() == "value_int")
    value = dense(SmallVector<int64_t>{attribute.i()}, i64, false);
  else if (attribute.name() == "value_floats")
    value = dense(SmallVector<float>(attribute.floats().begin(),
                                     attribute.floats().end()),
                  f32, true);
  else if (attribute.name() == "value_ints")
    value = dense(
        SmallVector<int64_t>(attribute.ints().begin(), attribute.ints().end()),
        i64, true);
  else
    return error(node) << "a constant by attribute '" << attribute.name()
                       << "' is not supported";
  auto constant = builder.create<onnx::ConstantOp>(locOf(nameOf(node)),
                                                   value.getType(), value);
  values[node.output(0)] = constant;
  return finish(node, constant);
}

/// The operands, as many as the operation has: an attribute of older opsets has
/// become an input, and what a node leaves out is no value.
LogicalResult Importer::readOperands(const ::onnx::NodeProto &node,
                                     const onnx::OperatorSpec &spec,
                                     SmallVectorImpl<Value> &operands) {
  for (const std::string &input : node.input()) {
    FailureOr<Value> value = lookup(node, input);
    if (failed(value))
      return failure();
    operands.push_back(*value);
  }
  if (opset < spec.formerUntil && failed(addFormerInputs(node, spec, operands)))
    return failure();
  bool tooMany = spec.maxInputs != onnx::kVariadic &&
                 operands.size() > spec.maxInputsAt(opset);
  if (operands.size() < spec.minInputs || tooMany)
    return error(node) << "has " << operands.size() << " inputs";
  if (spec.maxInputs != onnx::kVariadic)
    while (operands.size() < spec.maxInputs)
      operands.push_back(noValue());
  for (auto [i, operand] : llvm::enumerate(operands))
    if (isa<NoneType>(operand.getType()) &&
        (i < spec.minInputs || spec.maxInputs == onnx::kVariadic))
      return error(node) << "its input number " << i << " is left out";
  return success();
}

/// The attributes that the node has; the operation knows the defaults of
/// others.
LogicalResult
Importer::readAttributes(const ::onnx::NodeProto &node,
                         const onnx::OperatorSpec &spec,
                         SmallVectorImpl<NamedAttribute> &attributes) {
  for (const onnx::AttributeSpec &expected : spec.attributes) {
    if (spec.hasInputAttribute(opset) &&
        StringRef(expected.name) == spec.inputAttribute)
      continue;
    const ::onnx::AttributeProto *attribute =
        findAttribute(node, expected.name);
    if (!attribute) {
      if (expected.required)
        return error(node) << "attribute '" << expected.name << "' is missing";
      continue;
    }
    Attribute value;
    switch (expected.kind) {
    case onnx::AttributeSpec::Int:
      value = builder.getI64IntegerAttr(attribute->i());
      break;
    case onnx::AttributeSpec::Float:
      value = builder.getF32FloatAttr(attribute->f());
      break;
    default:
      value = builder.getDenseI64ArrayAttr(SmallVector<int64_t>(
          attribute->ints().begin(), attribute->ints().end()));
      break;
    }
    attributes.push_back(builder.getNamedAttr(expected.name, value));
  }
  return success();
}

/// The element type of the results. A tensor among the attributes, which
/// decides it, is added to `attributes`.
FailureOr<Type> Importer::resultElement(
    const ::onnx::NodeProto &node, const onnx::OperatorSpec &spec,
    ArrayRef<Value> operands, SmallVectorImpl<NamedAttribute> &attributes) {
  switch (spec.element) {
  case onnx::ResultElement::First:
    return getElementTypeOrSelf(operands[0].getType());
  case onnx::ResultElement::Second:
    return getElementTypeOrSelf(operands[1].getType());
  case onnx::ResultElement::Third:
    // Of QuantizeLinear: without a zero point the result is uint8, or of the
    // type that a node of newer opsets names.
    if (const auto *named = findAttribute(node, "output_dtype");
        named && named->i() && isa<NoneType>(operands[2].getType()))
      return getElementType(int32_t(named->i()), context);
    if (isa<NoneType>(operands[2].getType()))
      return Type(builder.getIntegerType(8, /*isSigned=*/false));
    return getElementTypeOrSelf(operands[2].getType());
  case onnx::ResultElement::Float:
    return Type(builder.getF32Type());
  case onnx::ResultElement::Bool:
    return Type(builder.getI1Type());
  case onnx::ResultElement::Int64:
    return Type(builder.getI64Type());
  case onnx::ResultElement::Special:
    break;
  }
  if (StringRef(spec.name) == "Cast") {
    const auto *to = findAttribute(node, "to");
    int64_t code = to ? to->i() : 0;
    Type element =
        code == int32_t(code) ? getElementType(code, context) : Type();
    if (!element)
      return error(node) << "a cast to element type " << nameOfDataType(code)
                         << " is not supported";
    return element;
  }
  const auto *fill = findAttribute(node, "value");
  ElementsAttr value =
      fill ? tensors[&fill->t()]
           : ElementsAttr(DenseElementsAttr::get(
                 RankedTensorType::get({1}, builder.getF32Type()), 0.0f));
  attributes.push_back(builder.getNamedAttr("value", value));
  return value.getElementType();
}

/// An operator that stands for others.
LogicalResult Importer::addComposition(const ::onnx::NodeProto &node,
                                       const Composition &composition) {
  const onnx::OperatorSpec &spec = composition.spec;
  SmallVector<Value> operands;
  if (failed(readOperands(node, spec, operands)))
    return failure();
  size_t typed = spec.element == onnx::ResultElement::Second  ? 1
                 : spec.element == onnx::ResultElement::Third ? 2
                                                              : 0;
  Type element = getElementTypeOrSelf(operands[typed].getType());
  if (!(onnx::elementTypeBit(element) & spec.types))
    return error(node) << "elements of type " << element
                       << " are not supported; cast its inputs to "
                       << onnx::elementTypeNames(spec.types);
  Composer composer(*this, node, operands);
  if (!spec.movesElements)
    composer.computeInFloat(element);
  composition.compose(composer);
  if (composer.hasFailed())
    return failure();
  for (const std::string &output : node.output())
    if (isRead(output) && !values.contains(output))
      return error(node) << "its output '" << output << "' is not supported";
  return success();
}

LogicalResult Importer::addNode(const ::onnx::NodeProto &node) {
  // Every operator here has an output; the checker has seen to the rest of the
  // schema, but nothing below relies on it.
  if (node.output_size() == 0 || node.output(0).empty())
    return error(node) << "has no output";
  for (const auto &attribute : node.attribute())
    if (!attribute.ref_attr_name().empty())
      return error(node) << "attribute '" << attribute.name()
                         << "' refers to a function's attribute";
  const onnx::OperatorSpec &spec = *findOperator(node);
  if (StringRef(spec.name) == "Constant")
    return addConstantNode(node);
  for (const Composition &composition : getCompositions())
    if (StringRef(composition.spec.name) == spec.name &&
        StringRef(composition.spec.domain) == spec.domain)
      return addComposition(node, composition);

  SmallVector<Value> operands;
  SmallVector<NamedAttribute> attributes;
  if (failed(readOperands(node, spec, operands)))
    return failure();
  if (coversAxes(node, operands[0]))
    return addSoftmaxOfAxes(node, operands[0]);
  if (isOfDoubles(node, operands[0]))
    return addOfDoubles(node, operands);
  if (hasBlocks(node))
    return addBlockQuantization(node, operands);
  if (failed(readAttributes(node, spec, attributes)) ||
      (spec.hasInputAttribute(opset) &&
       failed(takeInputAttribute(node, spec, operands, attributes))) ||
      failed(adaptNode(node, spec, operands, attributes)))
    return failure();
  FailureOr<Type> element = resultElement(node, spec, operands, attributes);
  if (failed(element))
    return failure();

  int outputs = spec.hasVariadicResults ? node.output_size() : 1;
  while (outputs && node.output(outputs - 1).empty())
    --outputs;
  for (int i = 0; i < outputs; ++i)
    if (node.output(i).empty())
      return error(node) << "its output number " << i << " has no name";

  OperationState state(locOf(nameOf(node)), ("onnx." + Twine(spec.name)).str());
  state.addOperands(operands);
  state.addAttributes(attributes);
  state.addTypes(SmallVector<Type>(outputs, UnrankedTensorType::get(*element)));
  Operation *op = builder.create(state);
  for (int i = 0; i < outputs; ++i)
    values[node.output(i)] = op->getResult(i);
  if (failed(finish(node, op)))
    return failure();
  return spec.hasVariadicResults ? success() : addSideOutputs(node, op);
}
} // namespace mlir::bnn
