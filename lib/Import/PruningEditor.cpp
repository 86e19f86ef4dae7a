//===- PruningEditor.cpp - The edits of a pruning record ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Import/PruningEditor.h"

using namespace llvm;

namespace mlir::bnn {
/// More channels than stay of any model, over all of its weights.
static constexpr int64_t kMaxPlaces = int64_t(1) << 24;
/// More than the nodes have that make a weight of others.
static constexpr size_t kMaxCopied = size_t(1) << 24;

PruningEditor::PruningEditor(::onnx::GraphProto &graph) : graph(graph) {
  names.take(graph);
  // Pointers to nodes stay: messages of a repeated field do not move.
  for (auto &node : *graph.mutable_node())
    if (node.output_size() && !node.output(0).empty())
      nodes.try_emplace(node.output(0), &node);
}

Expected<StringRef> PruningEditor::text(StringRef key) const {
  if (auto value = edit->getString(key); value && !value->empty())
    return *value;
  return refuse("it has no string '" + key + "'");
}

Expected<int64_t> PruningEditor::number(StringRef key) const {
  if (auto value = edit->getInteger(key))
    return *value;
  return refuse("it has no integer '" + key + "'");
}

Expected<::onnx::NodeProto *> PruningEditor::node() const {
  auto name = text("node");
  if (!name)
    return name.takeError();
  if (auto *found = nodes.lookup(*name))
    return found;
  return refuse("no node of the model gives '" + *name + "' first");
}

/// The name of the tensor that an edit makes.
Expected<std::string> PruningEditor::result() {
  auto name = text("result");
  if (!name)
    return name.takeError();
  if (!names.take(*name))
    return refuse("there is a tensor '" + *name + "' already");
  return name->str();
}

static ::onnx::TensorProto &addVector(::onnx::GraphProto &graph, StringRef name,
                                      int64_t size,
                                      ::onnx::TensorProto::DataType type) {
  auto &tensor = *graph.add_initializer();
  tensor.set_name(name.str());
  tensor.set_data_type(type);
  tensor.add_dims(size);
  return tensor;
}

/// {"edit": "cut", "tensor", "axis", "places": [[first, count], ...], "result"}
Error PruningEditor::cut() {
  auto tensor = text("tensor");
  if (!tensor)
    return tensor.takeError();
  auto axis = number("axis");
  if (!axis)
    return axis.takeError();
  auto made = result();
  if (!made)
    return made.takeError();
  const json::Array *runs = edit->getArray("places");
  if (!runs)
    return refuse("it has no array 'places'");
  std::vector<int64_t> indices;
  for (const json::Value &value : *runs) {
    const json::Array *run = value.getAsArray();
    if (!run || run->size() != 2)
      return refuse("'places' has a run that is no [first, count]");
    auto first = (*run)[0].getAsInteger(), count = (*run)[1].getAsInteger();
    if (!first || !count || *first < 0 || *count < 1 || *first > kMaxPlaces ||
        *count > kMaxPlaces - places)
      return refuse("'places' has a run that is no part of an axis");
    places += *count;
    for (int64_t i = 0; i < *count; ++i)
      indices.push_back(*first + i);
  }
  auto &tensorOfPlaces =
      addVector(graph, names.fresh(*made + "_places"), int64_t(indices.size()),
                ::onnx::TensorProto::INT64);
  tensorOfPlaces.mutable_int64_data()->Assign(indices.begin(), indices.end());
  auto &gather = *graph.add_node();
  gather.set_name(*made);
  gather.set_op_type("Gather");
  gather.add_input(tensor->str());
  gather.add_input(tensorOfPlaces.name());
  gather.add_output(*made);
  auto &attribute = *gather.add_attribute();
  attribute.set_name("axis");
  attribute.set_type(::onnx::AttributeProto::INT);
  attribute.set_i(*axis);
  return Error::success();
}

/// {"edit": "constant", "type": "float32" or "int64", "values", "result"}; of
/// more dimensions than one it has a "shape" as well
Error PruningEditor::constant() {
  auto type = text("type");
  if (!type)
    return type.takeError();
  auto made = result();
  if (!made)
    return made.takeError();
  const json::Array *values = edit->getArray("values");
  if (!values)
    return refuse("it has no array 'values'");
  const bool isFloat = *type == "float32";
  if (!isFloat && *type != "int64")
    return refuse("its type is '" + *type + "', not float32 or int64");
  auto &tensor = addVector(graph, *made, int64_t(values->size()),
                           isFloat ? ::onnx::TensorProto::FLOAT
                                   : ::onnx::TensorProto::INT64);
  for (const json::Value &value : *values) {
    if (auto one = value.getAsNumber(); one && isFloat)
      tensor.add_float_data(static_cast<float>(*one));
    else if (auto whole = value.getAsInteger(); whole && !isFloat)
      tensor.add_int64_data(*whole);
    else
      return refuse("'values' has one that is no " + *type);
  }
  return reshape(tensor);
}

/// Gives a vector the edit's "shape", if it has one.
Error PruningEditor::reshape(::onnx::TensorProto &tensor) {
  if (!edit->get("shape"))
    return Error::success();
  const json::Array *shape = edit->getArray("shape");
  if (!shape)
    return refuse("its 'shape' is no array");
  const int64_t count = tensor.dims(0);
  int64_t left = count;
  tensor.clear_dims();
  for (const json::Value &value : *shape) {
    auto size = value.getAsInteger();
    // A divisor of what is left, so that no product can be too large.
    if (!size || *size < 1 || left % *size)
      return refuse("its 'shape' is not that of " + Twine(count) + " numbers");
    left /= *size;
    tensor.add_dims(*size);
  }
  if (left != 1)
    return refuse("its 'shape' is not that of " + Twine(count) + " numbers");
  return Error::success();
}

/// {"edit": "scale", "tensor", "axis": -1 or -2, "values": [...], "result"}
Error PruningEditor::scale() {
  auto scaled = text("tensor");
  if (!scaled)
    return scaled.takeError();
  auto axis = number("axis");
  if (!axis)
    return axis.takeError();
  if (*axis != -1 && *axis != -2)
    return refuse("its axis is " + Twine(*axis) + ", not -1 or -2");
  auto made = result();
  if (!made)
    return made.takeError();
  const json::Array *values = edit->getArray("values");
  if (!values)
    return refuse("it has no array 'values'");
  auto &factors =
      addVector(graph, names.fresh(*made + "_values"), int64_t(values->size()),
                ::onnx::TensorProto::FLOAT);
  if (*axis == -2)
    factors.add_dims(1);
  for (const json::Value &value : *values) {
    auto one = value.getAsNumber();
    if (!one)
      return refuse("'values' has one that is no float32");
    factors.add_float_data(static_cast<float>(*one));
  }
  auto &product = *graph.add_node();
  product.set_name(*made);
  product.set_op_type("Mul");
  product.add_input(scaled->str());
  product.add_input(factors.name());
  product.add_output(*made);
  return Error::success();
}

/// {"edit": "copy", "node", "inputs": [...], "result"}
Error PruningEditor::copy() {
  auto original = node();
  if (!original)
    return original.takeError();
  auto made = result();
  if (!made)
    return made.takeError();
  const json::Array *inputs = edit->getArray("inputs");
  if (!inputs)
    return refuse("it has no array 'inputs'");
  bytesCopied += (*original)->ByteSizeLong();
  if (bytesCopied > kMaxCopied)
    return refuse("copies of nodes have more than " + Twine(kMaxCopied >> 20) +
                  " MiB in all");
  ::onnx::NodeProto copied = **original;
  copied.clear_input();
  copied.clear_output();
  copied.set_name(*made);
  copied.add_output(*made);
  for (const json::Value &input : *inputs) {
    auto name = input.getAsString();
    if (!name)
      return refuse("'inputs' has one that is no string");
    copied.add_input(name->str());
  }
  graph.add_node()->Swap(&copied);
  return Error::success();
}

/// {"edit": "read", "node", "input", "tensor"}
Error PruningEditor::read() {
  auto reader = node();
  if (!reader)
    return reader.takeError();
  auto index = number("input");
  if (!index)
    return index.takeError();
  auto tensor = text("tensor");
  if (!tensor)
    return tensor.takeError();
  if (*index < 0 || *index >= (*reader)->input_size())
    return refuse("its node has no input " + Twine(*index));
  (*reader)->set_input(static_cast<int>(*index), tensor->str());
  return Error::success();
}

/// {"edit": "add", "node", "tensor"}
Error PruningEditor::add() {
  auto producer = node();
  if (!producer)
    return producer.takeError();
  auto tensor = text("tensor");
  if (!tensor)
    return tensor.takeError();
  const std::string sum = (*producer)->output(0);
  // Of the first name: that of the last would grow with each edit.
  const std::string part = names.fresh(*edit->getString("node") + "_before");
  (*producer)->set_output(0, part);
  auto &added = *graph.add_node();
  added.set_name(names.fresh(*edit->getString("node") + "_Add"));
  added.set_op_type("Add");
  added.add_input(part);
  added.add_input(tensor->str());
  added.add_output(sum);
  return Error::success();
}

/// {"edit": "split", "node", "sizes": [...]}
Error PruningEditor::split() {
  auto splitter = node();
  if (!splitter)
    return splitter.takeError();
  const json::Array *sizes = edit->getArray("sizes");
  if (!sizes)
    return refuse("it has no array 'sizes'");
  for (auto &attribute : *(*splitter)->mutable_attribute()) {
    if (attribute.name() != "split")
      continue;
    attribute.clear_ints();
    for (const json::Value &size : *sizes) {
      auto whole = size.getAsInteger();
      if (!whole)
        return refuse("'sizes' has one that is no integer");
      attribute.add_ints(*whole);
    }
    return Error::success();
  }
  return refuse("its node has no attribute 'split'");
}

/// {"edit": "integer", "node", "attribute", "value"}
Error PruningEditor::integer() {
  auto changed = node();
  if (!changed)
    return changed.takeError();
  auto name = text("attribute");
  if (!name)
    return name.takeError();
  auto whole = number("value");
  if (!whole)
    return whole.takeError();
  for (auto &attribute : *(*changed)->mutable_attribute()) {
    if (attribute.name() != *name)
      continue;
    if (attribute.type() != ::onnx::AttributeProto::INT)
      return refuse("the attribute '" + *name + "' is no integer");
    attribute.set_i(*whole);
    return Error::success();
  }
  return refuse("its node has no attribute '" + *name + "'");
}

Error PruningEditor::apply(const json::Value &value) {
  edit = value.getAsObject();
  if (!edit)
    return refuse("it is no object");
  auto kind = text("edit");
  if (!kind)
    return kind.takeError();
  using Apply = Error (PruningEditor::*)();
  const std::pair<StringLiteral, Apply> kinds[] = {
      {"add", &PruningEditor::add},           {"copy", &PruningEditor::copy},
      {"constant", &PruningEditor::constant}, {"cut", &PruningEditor::cut},
      {"integer", &PruningEditor::integer},   {"read", &PruningEditor::read},
      {"scale", &PruningEditor::scale},       {"split", &PruningEditor::split}};
  for (const auto &[name, apply] : kinds)
    if (*kind == name)
      return (this->*apply)();
  return refuse("'" + *kind + "' is no kind of edit");
}
} // namespace mlir::bnn
