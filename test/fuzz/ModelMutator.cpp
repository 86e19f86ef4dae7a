//===- ModelMutator.cpp - Changes of ONNX models --------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/fuzz/ModelMutator.h"
#include "lib/Import/OperatorTable.h"
#include <cstring>

namespace mlir::bnn::fuzz {

using google::protobuf::Reflection;

// Of fields that nothing reads.
static bool isIgnored(const google::protobuf::FieldDescriptor &field) {
  static const llvm::StringLiteral names[] = {
      "doc_string",     "producer_name", "producer_version",
      "model_version",  "training_info", "metadata_props",
      "denotation",     "segment",       "quantization_annotation",
      "sparse_tensors", "sparse_tensor"};
  return llvm::is_contained(names, llvm::StringRef(field.name()));
}

ModelMutator::ModelMutator(::onnx::ModelProto &model, Choices &choices)
    : model(model), graph(*model.mutable_graph()), choices(choices) {
  collect(model);
}

void ModelMutator::collect(Message &message) {
  if (message.GetDescriptor() == ::onnx::TensorProto::descriptor())
    tensors.push_back(static_cast<::onnx::TensorProto *>(&message));
  const Reflection &reflection = *message.GetReflection();
  const auto &descriptor = *message.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const Field *field = descriptor.field(i);
    if (isIgnored(*field))
      continue;
    places.push_back({&message, field});
    bool isString = field->cpp_type() == Field::CPPTYPE_STRING &&
                    field->type() == Field::TYPE_STRING;
    if (field->is_repeated()) {
      for (int n = 0; n < reflection.FieldSize(message, field); ++n)
        if (field->cpp_type() == Field::CPPTYPE_MESSAGE)
          collect(*reflection.MutableRepeatedMessage(&message, field, n));
        else if (isString)
          strings.push_back(reflection.GetRepeatedString(message, field, n));
    } else if (reflection.HasField(message, field)) {
      if (field->cpp_type() == Field::CPPTYPE_MESSAGE)
        collect(*reflection.MutableMessage(&message, field));
      else if (isString)
        strings.push_back(reflection.GetString(message, field));
    }
  }
}

//===----------------------------------------------------------------------===//
// Any field
//===----------------------------------------------------------------------===//

int64_t ModelMutator::newInteger(int64_t old) {
  switch (choices.below(4)) {
  case 0:
    return int64_t(uint64_t(old) + choices.below(3) - 1);
  case 1:
    return int64_t(choices.below(20));
  default:
    return choices.interestingNumber();
  }
}

std::string ModelMutator::newString(const Field &field,
                                    const std::string &old) {
  if (field.name() == "op_type" && !choices.oneIn(8))
    return choices.from(getOperators()).name;
  if (!strings.empty() && !choices.oneIn(4))
    return choices.from(strings);
  static const char *const odd[] = {"",
                                    "x",
                                    "2*n",
                                    "n",
                                    "ai.onnx",
                                    "com.microsoft",
                                    "weights.bin",
                                    "a\x1b[31m",
                                    "\xe2\x80\xae",
                                    "bnn_run"};
  return choices.oneIn(2) ? choices.from(odd) : old + choices.from(odd);
}

/// Bytes as numbers: one of them becomes another.
void ModelMutator::changeNumbers(std::string &bytes) {
  static const size_t widths[] = {1, 4, 8, 8};
  size_t width = choices.from(widths);
  if (bytes.size() < width)
    return;
  size_t at = choices.below(bytes.size() / width) * width;
  int64_t number = choices.interestingNumber();
  float real = float(choices.interestingFloat());
  if (width == 4 && choices.oneIn(2))
    memcpy(&bytes[at], &real, sizeof real);
  else
    memcpy(&bytes[at], &number, width);
}

void ModelMutator::setScalar(const Place &place, int index) {
  Message *message = place.message;
  const Field *field = place.field;
  const Reflection &reflection = *message->GetReflection();
  const bool repeated = field->is_repeated();
  switch (field->cpp_type()) {
  case Field::CPPTYPE_INT64: {
    int64_t old = repeated ? reflection.GetRepeatedInt64(*message, field, index)
                           : reflection.GetInt64(*message, field);
    repeated
        ? reflection.SetRepeatedInt64(message, field, index, newInteger(old))
        : reflection.SetInt64(message, field, newInteger(old));
    break;
  }
  case Field::CPPTYPE_INT32: {
    auto value = int32_t(newInteger(1));
    repeated ? reflection.SetRepeatedInt32(message, field, index, value)
             : reflection.SetInt32(message, field, value);
    break;
  }
  case Field::CPPTYPE_FLOAT: {
    auto value = float(choices.interestingFloat());
    repeated ? reflection.SetRepeatedFloat(message, field, index, value)
             : reflection.SetFloat(message, field, value);
    break;
  }
  case Field::CPPTYPE_DOUBLE:
    if (repeated)
      reflection.SetRepeatedDouble(message, field, index,
                                   choices.interestingFloat());
    break;
  case Field::CPPTYPE_ENUM:
    if (!repeated)
      reflection.SetEnumValue(message, field, int(choices.below(21)));
    break;
  case Field::CPPTYPE_STRING: {
    std::string value =
        repeated ? reflection.GetRepeatedString(*message, field, index)
                 : reflection.GetString(*message, field);
    if (field->type() == Field::TYPE_STRING)
      value = newString(*field, value);
    else
      changeNumbers(value);
    repeated ? reflection.SetRepeatedString(message, field, index, value)
             : reflection.SetString(message, field, value);
    break;
  }
  default:
    break;
  }
}

void ModelMutator::changeSingular(const Place &place) {
  auto [message, field] = place;
  const Reflection &reflection = *message->GetReflection();
  bool isMessage = field->cpp_type() == Field::CPPTYPE_MESSAGE;
  if (reflection.HasField(*message, field) && choices.oneIn(isMessage ? 2 : 6))
    reflection.ClearField(message, field);
  else if (isMessage)
    reflection.MutableMessage(message, field);
  else
    setScalar(place, 0);
}

void ModelMutator::changeRepeated(const Place &place) {
  auto [message, field] = place;
  const Reflection &reflection = *message->GetReflection();
  bool isMessage = field->cpp_type() == Field::CPPTYPE_MESSAGE;
  int size = reflection.FieldSize(*message, field);
  auto last = int(choices.below(size_t(size)));
  switch (choices.below(4)) {
  case 0:
    if (size > 1)
      reflection.SwapElements(message, field, int(choices.below(size_t(size))),
                              last);
    break;
  case 1:
    if (size)
      reflection.RemoveLast(message, field);
    break;
  case 2:
    if (isMessage) {
      Message *added = reflection.AddMessage(message, field);
      if (size)
        added->CopyFrom(reflection.GetRepeatedMessage(*message, field, last));
    } else if (field->cpp_type() == Field::CPPTYPE_INT64) {
      reflection.AddInt64(message, field, newInteger(1));
    } else if (field->cpp_type() == Field::CPPTYPE_FLOAT) {
      reflection.AddFloat(message, field, float(choices.interestingFloat()));
    } else if (field->cpp_type() == Field::CPPTYPE_STRING) {
      reflection.AddString(message, field, newString(*field, ""));
    }
    break;
  case 3:
    if (size && !isMessage)
      setScalar(place, last);
    break;
  }
}

void ModelMutator::changeAnyField() {
  const Place &place = choices.from(places);
  place.field->is_repeated() ? changeRepeated(place) : changeSingular(place);
}

//===----------------------------------------------------------------------===//
// What the fields mean
//===----------------------------------------------------------------------===//

::onnx::NodeProto *ModelMutator::anyNode() {
  return graph.node_size() ? &choices.from(*graph.mutable_node()) : nullptr;
}

::onnx::TensorProto *ModelMutator::anyTensor() {
  return tensors.empty() ? nullptr : choices.from(tensors);
}

std::string ModelMutator::anyValue() {
  std::vector<std::string> values;
  for (const auto &input : graph.input())
    values.push_back(input.name());
  for (const auto &tensor : graph.initializer())
    values.push_back(tensor.name());
  for (const auto &node : graph.node())
    values.insert(values.end(), node.output().begin(), node.output().end());
  return values.empty() || choices.oneIn(16) ? "" : choices.from(values);
}

void ModelMutator::rewire() {
  ::onnx::NodeProto *node = anyNode();
  if (!node)
    return;
  if (node->input_size() && !choices.oneIn(4))
    choices.from(*node->mutable_input()) = anyValue();
  else
    node->add_input(anyValue());
}

/// A node between a value and the node that reads it.
void ModelMutator::insertNode() {
  ::onnx::NodeProto *reader = anyNode();
  if (!reader || !reader->input_size())
    return;
  std::string &read = choices.from(*reader->mutable_input());
  ::onnx::NodeProto node;
  if (choices.oneIn(2))
    node = *anyNode();
  const onnx::OperatorSpec &spec = choices.from(getOperators());
  if (!node.has_op_type() || choices.oneIn(2))
    node.set_op_type(spec.name);
  node.clear_input();
  node.add_input(read);
  for (unsigned i = 1; i < std::min(spec.minInputs, 4u); ++i)
    node.add_input(anyValue());
  node.clear_output();
  node.add_output("new" + std::to_string(graph.node_size()));
  node.set_name(node.output(0));
  read = node.output(0);
  *graph.add_node() = node;
}

void ModelMutator::renameOperator() {
  ::onnx::NodeProto *node = anyNode();
  if (!node)
    return;
  node->set_op_type(choices.from(getOperators()).name);
  if (choices.oneIn(2))
    node->clear_attribute();
}

/// Other dimensions, and as much data as they ask for.
void ModelMutator::resizeTensor() {
  ::onnx::TensorProto *tensor = anyTensor();
  if (!tensor)
    return;
  size_t old = 1, size = 1;
  for (int64_t dim : tensor->dims())
    old *= size_t(std::max<int64_t>(dim, 1));
  if (!tensor->dims_size() || choices.oneIn(6))
    tensor->add_dims(1);
  choices.from(*tensor->mutable_dims()) = int64_t(choices.below(70));
  for (int64_t dim : tensor->dims())
    size *= size_t(std::clamp<int64_t>(dim, 0, 70));
  size = std::min<size_t>(size, 4096);
  std::string *raw = tensor->mutable_raw_data();
  if (raw->empty())
    return tensor->clear_raw_data();
  size_t width = std::max<size_t>(1, raw->size() / std::max<size_t>(old, 1));
  std::string data = *raw;
  while (data.size() < size * width)
    data += *raw;
  data.resize(size * width);
  *raw = data;
}

void ModelMutator::changeDimension() {
  if (!graph.input_size())
    return;
  auto *type = choices.from(*graph.mutable_input())
                   .mutable_type()
                   ->mutable_tensor_type();
  if (choices.oneIn(6))
    return type->set_elem_type(int(choices.below(17)));
  auto *shape = type->mutable_shape();
  if (!shape->dim_size() || choices.oneIn(8))
    shape->add_dim();
  auto &dim = choices.from(*shape->mutable_dim());
  static const char *const symbols[] = {"n", "m", "batch", ""};
  switch (choices.below(3)) {
  case 0:
    return dim.set_dim_param(choices.from(symbols));
  case 1:
    return dim.set_dim_value(int64_t(choices.below(70)));
  case 2:
    return dim.set_dim_value(choices.interestingNumber());
  }
}

void ModelMutator::changeOpset() {
  for (auto &import : *model.mutable_opset_import())
    import.set_version(11 + int64_t(choices.below(7)));
}

/// A tensor's data moves to a file, or elsewhere in it.
void ModelMutator::moveOutside() {
  ::onnx::TensorProto *tensor = anyTensor();
  if (!tensor)
    return;
  static const char *const locations[] = {"weights.bin",
                                          "weights.bin",
                                          "weights.bin",
                                          "sub/few.bin",
                                          "empty.bin",
                                          "link",
                                          "up",
                                          "up/outside.bin",
                                          "sub",
                                          "../outside.bin",
                                          "model.onnx",
                                          "./sub/../weights.bin",
                                          "missing.bin",
                                          "/etc/hostname",
                                          "",
                                          "."};
  static const char *const keys[] = {"location", "offset", "length", "length",
                                     "checksum", "",       "offset "};
  static const char *const numbers[] = {"0",
                                        "4",
                                        "8",
                                        "64",
                                        "4096",
                                        "4095",
                                        "4097",
                                        "-1",
                                        "1e3",
                                        "0x10",
                                        " 8",
                                        "",
                                        "+8",
                                        "8 ",
                                        "08",
                                        "9223372036854775807",
                                        "1024",
                                        "512",
                                        "2048",
                                        "1",
                                        "18446744073709551615",
                                        "18446744073709551616"};
  if (!tensor->external_data_size() || choices.oneIn(3)) {
    auto *entry = tensor->add_external_data();
    entry->set_key(choices.from(keys));
  }
  auto &entry = choices.from(*tensor->mutable_external_data());
  if (choices.oneIn(6))
    entry.set_key(choices.from(keys));
  entry.set_value(entry.key() == "location" ? choices.from(locations)
                                            : choices.from(numbers));
  if (!choices.oneIn(4))
    tensor->set_data_location(::onnx::TensorProto::EXTERNAL);
  if (choices.oneIn(2))
    tensor->clear_raw_data();
}

void ModelMutator::changeGraph() {
  switch (choices.below(8)) {
  case 0:
  case 1:
    return rewire();
  case 2:
    return insertNode();
  case 3:
    return renameOperator();
  case 4:
    return resizeTensor();
  case 5:
  case 6:
    return changeDimension();
  case 7:
    return choices.oneIn(4) ? changeOpset() : resizeTensor();
  }
}

void ModelMutator::mutate(::onnx::ModelProto &model, Choices &choices) {
  // Each in the places that the one before has left.
  for (size_t n = 1 + choices.below(3); n--;) {
    ModelMutator mutator(model, choices);
    choices.oneIn(2) ? mutator.changeAnyField() : mutator.changeGraph();
  }
}

void ModelMutator::mutateExternalData(::onnx::ModelProto &model,
                                      Choices &choices) {
  for (size_t n = 1 + choices.below(4); n--;) {
    ModelMutator mutator(model, choices);
    choices.oneIn(6)   ? mutator.changeAnyField()
    : choices.oneIn(6) ? mutator.resizeTensor()
                       : mutator.moveOutside();
  }
}

//===----------------------------------------------------------------------===//
// For libFuzzer
//===----------------------------------------------------------------------===//

static bool parse(llvm::StringRef bytes, ::onnx::ModelProto &model) {
  return model.ParseFromArray(bytes.data(), int(bytes.size()));
}

size_t mutateBytes(uint8_t *data, size_t size, size_t maxSize, unsigned seed,
                   void (*change)(::onnx::ModelProto &, Choices &)) {
  Choices choices(seed);
  ::onnx::ModelProto model;
  if (!parse(textOf(data, size), model))
    model.Clear();
  change(model, choices);
  std::string result = model.SerializeAsString();
  // Half a model teaches nothing.
  return result.size() > maxSize ? size : giveBack(result, data, maxSize);
}

size_t crossOver(llvm::StringRef first, llvm::StringRef second, uint8_t *out,
                 size_t maxSize, unsigned seed) {
  Choices choices(seed);
  ::onnx::ModelProto model, other;
  if (!parse(first, model) || !parse(second, other) ||
      !other.graph().node_size())
    return 0;
  const ::onnx::NodeProto &node = choices.from(other.graph().node());
  ::onnx::GraphProto &graph = *model.mutable_graph();
  for (const auto &tensor : other.graph().initializer())
    if (llvm::is_contained(node.input(), tensor.name()))
      *graph.add_initializer() = tensor;
  *graph.add_node() = node;
  // Its result is read in place of another value.
  if (graph.node_size() > 1 && node.output_size()) {
    auto &reader =
        *graph.mutable_node(int(choices.below(graph.node_size() - 1)));
    if (reader.input_size()) {
      std::string &read = choices.from(*reader.mutable_input());
      auto &added = *graph.mutable_node(graph.node_size() - 1);
      if (added.input_size())
        added.set_input(0, read);
      read = node.output(0);
    }
  }
  std::string result = model.SerializeAsString();
  return result.size() > maxSize ? 0 : giveBack(result, out, maxSize);
}

} // namespace mlir::bnn::fuzz
