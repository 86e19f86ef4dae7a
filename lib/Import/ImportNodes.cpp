// A graph's nodes and constants, in the form of opset 17.
#include "dialects/ONNX/ConstantView.h"
#include "lib/Import/Importer.h"
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

LogicalResult Importer::addNode(const ::onnx::NodeProto &node) {
  // Every operator here has an output; the checker has seen to the rest of the
  // schema, but nothing below relies on it.
  if (node.output_size() == 0 || node.output(0).empty())
    return error(node) << "has no output";
  const OperatorSpec &spec = *findOperator(node.op_type());
  StringRef name = spec.name;
  for (const auto &attribute : node.attribute())
    if (!attribute.ref_attr_name().empty())
      return error(node) << "attribute '" << attribute.name()
                         << "' refers to a function's attribute";
  if (name == "Constant")
    return addConstantNode(node);

  Location loc = locOf(nameOf(node));
  SmallVector<Value> operands;
  for (const std::string &input : node.input()) {
    FailureOr<Value> value = lookup(node, input);
    if (failed(value))
      return failure();
    operands.push_back(*value);
  }

  // Older spellings: the attribute becomes the last input.
  if (spec.formerAttribute && opset < spec.formerUntil) {
    if (const auto *former = findAttribute(node, spec.formerAttribute)) {
      if (operands.size() != spec.maxInputs - 1)
        return error(node) << "has " << operands.size() << " inputs";
      operands.push_back(constantOf(
          SmallVector<int64_t>(former->ints().begin(), former->ints().end()),
          loc));
    }
  }
  if (operands.size() < spec.minInputs || operands.size() > spec.maxInputs)
    return error(node) << "has " << operands.size() << " inputs";
  if (spec.maxInputs != kVariadic)
    while (operands.size() < spec.maxInputs)
      operands.push_back(noValue());
  for (auto [i, operand] : llvm::enumerate(operands))
    if (isa<NoneType>(operand.getType()) &&
        (i < spec.minInputs || spec.maxInputs == kVariadic))
      return error(node) << "its input number " << i << " is left out";

  SmallVector<NamedAttribute> attributes;
  for (const AttributeSpec &expected : spec.attributes) {
    const ::onnx::AttributeProto *attribute =
        findAttribute(node, expected.name);
    if (!attribute && !expected.defaultValue) {
      if (expected.required)
        return error(node) << "attribute '" << expected.name << "' is missing";
      continue;
    }
    Attribute value;
    switch (expected.kind) {
    case AttributeSpec::Int:
      value = builder.getI64IntegerAttr(
          attribute ? attribute->i() : int64_t(*expected.defaultValue));
      break;
    case AttributeSpec::Float:
      value = builder.getF32FloatAttr(
          attribute ? attribute->f() : float(*expected.defaultValue));
      break;
    case AttributeSpec::Ints:
      value = builder.getDenseI64ArrayAttr(SmallVector<int64_t>(
          attribute->ints().begin(), attribute->ints().end()));
      break;
    }
    attributes.push_back(builder.getNamedAttr(expected.name, value));
  }

  if ((name == "Softmax" || name == "LogSoftmax") && opset < 13) {
    // Then, everything from the axis on was one axis.
    const auto *attribute = findAttribute(node, "axis");
    int64_t axis = attribute ? attribute->i() : 1;
    auto type = dyn_cast<RankedTensorType>(operands[0].getType());
    int64_t rank = type ? type.getRank() : -1;
    if (axis != -1 && axis != rank - 1)
      return error(node) << "axis " << axis << " of an input of type "
                         << operands[0].getType()
                         << " covers several axes before opset 13, which is "
                            "not supported; use the last axis, or export with "
                            "opset 13 or later";
    attributes.clear();
    attributes.push_back(
        builder.getNamedAttr("axis", builder.getI64IntegerAttr(-1)));
  }
  if (name == "Dropout" && !isa<NoneType>(operands[2].getType())) {
    auto training = onnx::ConstantView::get(operands[2]);
    if (!training || !training->getElementType().isInteger(1) ||
        training->getNumElements() != 1 || training->getInteger(0))
      return error(node) << "training_mode is not the constant false; export "
                            "the model in evaluation mode (model.eval())";
  }
  if (name == "Dropout")
    operands[1] = operands[2] = noValue();
  if ((name == "Squeeze" || name == "Unsqueeze" || name == "ReduceSum") &&
      !isa<NoneType>(operands[1].getType()) &&
      !onnx::getConstantIntegers(operands[1]) &&
      !shapes->elementsOf(operands[1]))
    return error(node) << "its axes are not known at compile time";

  Type element;
  switch (spec.element) {
  case ResultElement::First:
    element = getElementTypeOrSelf(operands[0].getType());
    break;
  case ResultElement::Second:
    element = getElementTypeOrSelf(operands[1].getType());
    break;
  case ResultElement::Third:
    // Of QuantizeLinear: without a zero point the result is uint8.
    element = isa<NoneType>(operands[2].getType())
                  ? builder.getIntegerType(8, /*isSigned=*/false)
                  : getElementTypeOrSelf(operands[2].getType());
    break;
  case ResultElement::Float:
    element = builder.getF32Type();
    break;
  case ResultElement::Bool:
    element = builder.getI1Type();
    break;
  case ResultElement::Int64:
    element = builder.getI64Type();
    break;
  case ResultElement::Special:
    if (name == "Cast") {
      const auto *to = findAttribute(node, "to");
      int64_t code = to ? to->i() : 0;
      element = code == int32_t(code) ? getElementType(code, context) : Type();
      if (!element)
        return error(node) << "a cast to element type " << nameOfDataType(code)
                           << " is not supported";
    } else {
      const auto *fill = findAttribute(node, "value");
      ElementsAttr value =
          fill ? tensors[&fill->t()]
               : ElementsAttr(DenseElementsAttr::get(
                     RankedTensorType::get({1}, builder.getF32Type()), 0.0f));
      element = value.getElementType();
      attributes.push_back(builder.getNamedAttr("value", value));
    }
    break;
  }

  // What further outputs there are is computed by operators of its own.
  int outputs = node.output_size(), all = outputs;
  if (name != "Split")
    outputs = 1;
  while (outputs && node.output(outputs - 1).empty())
    --outputs;
  for (int i = 0; i < outputs; ++i)
    if (node.output(i).empty())
      return error(node) << "its output number " << i << " has no name";

  OperationState state(loc, ("onnx." + name).str());
  state.addOperands(operands);
  state.addAttributes(attributes);
  state.addTypes(SmallVector<Type>(outputs, UnrankedTensorType::get(element)));
  Operation *op = builder.create(state);
  for (int i = 0; i < outputs; ++i)
    values[node.output(i)] = op->getResult(i);
  if (failed(finish(node, op)))
    return failure();
  return name == "Split" ? success() : addSideOutputs(node, op, all);
}

/// Whether a node or the graph's caller reads this value.
bool Importer::isRead(StringRef value) const {
  if (value.empty())
    return false;
  for (const ::onnx::NodeProto *node : order)
    if (llvm::is_contained(node->input(), value))
      return true;
  return llvm::any_of(model.graph().output(), [&](const auto &output) {
    return output.name() == value;
  });
}

/// Builds those optional outputs of a node, after the first, that are read.
LogicalResult Importer::addSideOutputs(const ::onnx::NodeProto &node,
                                       Operation *op, int outputs) {
  int read = 0;
  for (int i = 1; i < outputs; ++i)
    if (isRead(node.output(i)))
      read = i;
  if (!read)
    return success();
  if (isa<onnx::DropoutOp>(op) && read == 1)
    return addDropoutMask(node, op);
  if (auto norm = dyn_cast<onnx::LayerNormalizationOp>(op); norm && read <= 2)
    return addNormStatistics(node, norm, outputs);
  return error(node) << "its output '" << node.output(read)
                     << "' is not supported";
}

/// At inference the mask keeps everything.
LogicalResult Importer::addDropoutMask(const ::onnx::NodeProto &node,
                                       Operation *op) {
  Location loc = op->getLoc();
  auto unranked = [](Type element) { return UnrankedTensorType::get(element); };
  auto shape = builder.create<onnx::ShapeOp>(
      loc, unranked(builder.getI64Type()), op->getOperand(0),
      builder.getI64IntegerAttr(0), IntegerAttr());
  if (failed(finish(node, shape)))
    return failure();
  auto type = RankedTensorType::get({1}, builder.getI1Type());
  auto mask = builder.create<onnx::ConstantOfShapeOp>(
      loc, unranked(builder.getI1Type()), shape,
      cast<ElementsAttr>(DenseElementsAttr::get(type, true)));
  values[node.output(1)] = mask;
  return finish(node, mask);
}

/// The mean and the reciprocal of the standard deviation that a
/// LayerNormalization computes on its way.
LogicalResult Importer::addNormStatistics(const ::onnx::NodeProto &node,
                                          onnx::LayerNormalizationOp op,
                                          int outputs) {
  auto type = dyn_cast<RankedTensorType>(op.getX().getType());
  if (!type)
    return error(node) << "its outputs after the first need an input of known "
                          "rank";
  int64_t axis = op.getAxis();
  auto axes = llvm::to_vector(llvm::seq<int64_t>(
      axis < 0 ? axis + type.getRank() : axis, type.getRank()));
  Type result = UnrankedTensorType::get(type.getElementType());
  Location loc = op.getLoc();
  bool good = true;
  auto build = [&](auto made) -> Value {
    good = good && succeeded(finish(node, made));
    return made->getResult(0);
  };
  auto mean = [&](Value x) {
    return build(builder.create<onnx::ReduceMeanOp>(
        loc, result, x, builder.getDenseI64ArrayAttr(axes),
        builder.getI64IntegerAttr(1)));
  };
  Value center = mean(op.getX());
  if (!node.output(1).empty())
    values[node.output(1)] = center;
  if (!good || outputs < 3 || node.output(2).empty())
    return success(good);
  Value d = build(builder.create<onnx::SubOp>(loc, result, op.getX(), center));
  if (good)
    d = mean(build(builder.create<onnx::MulOp>(loc, result, d, d)));
  if (!good)
    return failure();
  auto scalar = RankedTensorType::get({}, type.getElementType());
  Value epsilon = build(builder.create<onnx::ConstantOp>(
      loc, scalar,
      cast<ElementsAttr>(DenseElementsAttr::get(
          scalar,
          Attribute(builder.getFloatAttr(type.getElementType(),
                                         op.getEpsilon().convertToFloat()))))));
  Value sum = build(builder.create<onnx::AddOp>(loc, result, d, epsilon));
  if (!good)
    return failure();
  Value root = build(builder.create<onnx::SqrtOp>(loc, result, sum));
  if (!good)
    return failure();
  values[node.output(2)] =
      build(builder.create<onnx::ReciprocalOp>(loc, result, root));
  return success(good);
}
} // namespace mlir::bnn
