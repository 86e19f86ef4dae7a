//===- PruningRecord.cpp - What bnn-prune has decided ---------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A weight is cut by a Gather, which is folded like anything that is computed
// of constants: a scale or a mean that the graph takes of a whole weight is
// still that of the whole.
//
//===----------------------------------------------------------------------===//

#include "lib/Import/PruningRecord.h"
#include "lib/Import/Splice.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"

using namespace llvm;

namespace mlir::bnn {
/// What bnn-prune writes.
static constexpr StringLiteral kFormat = "bnn-prune 2";
/// Deeper than any record nests; the parser takes a frame for each level.
static constexpr unsigned kMaxDepth = 16;
/// More channels than stay of any model, over all of its weights.
static constexpr int64_t kMaxPlaces = int64_t(1) << 24;

static bool isDeep(StringRef text) {
  unsigned depth = 0;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"')
      inString = !inString;
    else if (inString)
      i += c == '\\';
    else if (c == '[' || c == '{')
      ++depth;
    else if (c == ']' || c == '}')
      --depth;
    if (depth > kMaxDepth)
      return true;
  }
  return false;
}

Expected<PruningRecord> PruningRecord::read(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return createStringError("cannot read '" + path +
                             "': " + buffer.getError().message());
  PruningRecord record;
  record.name = sys::path::filename(path).str();
  auto refuse = [&](const Twine &why) {
    return createStringError("'" + Twine(record.name) +
                             "' is no record of bnn-prune: " + why);
  };
  if (isDeep((*buffer)->getBuffer()))
    return refuse("it nests too deep");
  Expected<json::Value> parsed = json::parse((*buffer)->getBuffer());
  if (!parsed)
    return refuse(toString(parsed.takeError()));
  json::Object *root = parsed->getAsObject();
  if (!root || root->getString("format") != kFormat)
    return refuse("its format is not '" + kFormat + "'");
  json::Object *files = root->getObject("files");
  json::Array *edits = root->getArray("edits");
  if (!files || !edits)
    return createStringError(
        "'" + Twine(record.name) +
        "' is the record of a run of bnn-prune that has not ended: run it "
        "again with the same options, which goes on from there");
  for (const auto &[file, digest] : *files) {
    auto text = digest.getAsString();
    if (!text)
      return refuse("the digest of '" + StringRef(file) + "' is no string");
    record.files[file] = text->str();
  }
  record.edits = std::move(*edits);
  return record;
}

Error PruningRecord::checkFile(StringRef file, ArrayRef<char> bytes) const {
  auto expected = files.find(file);
  SHA256 hash;
  hash.update(
      ArrayRef(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()));
  if (expected != files.end() &&
      expected->second == toHex(hash.final(), /*LowerCase=*/true))
    return Error::success();
  return createStringError(
      "'" + Twine(name) + "' is the record of another model: " +
      (file.empty() ? Twine("the file differs")
                    : "the external data '" + file + "' differ") +
      " from the one that bnn-prune was given; prune this one");
}

namespace {
/// The edits of a record, one after the other, on a graph.
class Cutter {
public:
  explicit Cutter(::onnx::GraphProto &graph) : graph(graph) {
    for (auto &node : *graph.mutable_node()) {
      for (const std::string &output : node.output())
        taken.insert(output);
      if (node.output_size() && !node.output(0).empty())
        nodes.try_emplace(node.output(0), &node);
    }
    for (const auto &tensor : graph.initializer())
      taken.insert(tensor.name());
    for (const auto &input : graph.input())
      taken.insert(input.name());
  }

  Error apply(const json::Value &edit);

private:
  // What an edit says.
  Expected<StringRef> text(StringRef key) const;
  Expected<int64_t> number(StringRef key) const;
  Expected<::onnx::NodeProto *> node() const;
  Expected<std::string> result();

  // The kinds of edits.
  Error cut();
  Error constant();
  Error copy();
  Error read();
  Error add();
  Error split();

  Error refuse(const Twine &why) const { return createStringError(why); }
  std::string fresh(const Twine &wanted);

  ::onnx::GraphProto &graph;
  /// By the first output that each had at first.
  StringMap<::onnx::NodeProto *> nodes;
  StringSet<> taken;
  int64_t places = 0;
  const json::Object *edit = nullptr;
};
} // namespace

Expected<StringRef> Cutter::text(StringRef key) const {
  if (auto value = edit->getString(key); value && !value->empty())
    return *value;
  return refuse("it has no string '" + key + "'");
}

Expected<int64_t> Cutter::number(StringRef key) const {
  if (auto value = edit->getInteger(key))
    return *value;
  return refuse("it has no integer '" + key + "'");
}

Expected<::onnx::NodeProto *> Cutter::node() const {
  auto name = text("node");
  if (!name)
    return name.takeError();
  if (auto *found = nodes.lookup(*name))
    return found;
  return refuse("no node of the model gives '" + *name + "' first");
}

/// The name of the tensor that an edit makes.
Expected<std::string> Cutter::result() {
  auto name = text("result");
  if (!name)
    return name.takeError();
  if (!taken.insert(*name).second)
    return refuse("there is a tensor '" + *name + "' already");
  return name->str();
}

std::string Cutter::fresh(const Twine &wanted) {
  std::string base = wanted.str(), name = base;
  for (unsigned i = 1; !taken.insert(name).second; ++i)
    name = base + "_" + std::to_string(i);
  return name;
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
Error Cutter::cut() {
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
      addVector(graph, fresh(*made + "_places"), int64_t(indices.size()),
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

/// {"edit": "constant", "type": "float32" or "int64", "values", "result"}
Error Cutter::constant() {
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
  return Error::success();
}

/// {"edit": "copy", "node", "inputs": [...], "result"}
Error Cutter::copy() {
  auto original = node();
  if (!original)
    return original.takeError();
  auto made = result();
  if (!made)
    return made.takeError();
  const json::Array *inputs = edit->getArray("inputs");
  if (!inputs)
    return refuse("it has no array 'inputs'");
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
Error Cutter::read() {
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
Error Cutter::add() {
  auto producer = node();
  if (!producer)
    return producer.takeError();
  auto tensor = text("tensor");
  if (!tensor)
    return tensor.takeError();
  const std::string sum = (*producer)->output(0);
  const std::string part = fresh(sum + "_before");
  (*producer)->set_output(0, part);
  auto &added = *graph.add_node();
  added.set_name(fresh(sum + "_Add"));
  added.set_op_type("Add");
  added.add_input(part);
  added.add_input(tensor->str());
  added.add_output(sum);
  return Error::success();
}

/// {"edit": "split", "node", "sizes": [...]}
Error Cutter::split() {
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

Error Cutter::apply(const json::Value &value) {
  edit = value.getAsObject();
  if (!edit)
    return refuse("it is no object");
  auto kind = text("edit");
  if (!kind)
    return kind.takeError();
  using Apply = Error (Cutter::*)();
  const std::pair<StringLiteral, Apply> kinds[] = {
      {"add", &Cutter::add},           {"copy", &Cutter::copy},
      {"constant", &Cutter::constant}, {"cut", &Cutter::cut},
      {"read", &Cutter::read},         {"split", &Cutter::split}};
  for (const auto &[name, apply] : kinds)
    if (*kind == name)
      return (this->*apply)();
  return refuse("'" + *kind + "' is no kind of edit");
}

Error PruningRecord::apply(::onnx::GraphProto &graph) const {
  // Pointers to nodes stay: messages of a repeated field do not move.
  Cutter cutter(graph);
  for (const auto &[i, edit] : llvm::enumerate(edits))
    if (Error error = cutter.apply(edit))
      return createStringError("'" + Twine(name) + "', edit " + Twine(i) +
                               ": " + toString(std::move(error)));
  // Shapes inside of the graph may be others now.
  graph.clear_value_info();
  return Error::success();
}
} // namespace mlir::bnn
