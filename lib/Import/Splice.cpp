//===- Splice.cpp - Bodies in place of the nodes that hold them -----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Import/Splice.h"
#include "lib/Import/Importer.h"
#include "llvm/ADT/SmallVector.h"
#include <onnx/defs/schema.h>

using namespace llvm;

namespace mlir::bnn {
using ::onnx::AttributeProto;
using ::onnx::FunctionProto;
using ::onnx::GraphProto;
using ::onnx::NodeProto;

namespace {
constexpr uint64_t kMaxNodes = uint64_t(1) << 19;
constexpr uint64_t kMaxBytes = uint64_t(1) << 28;
constexpr unsigned kMaxDepth = 100;

// Fields that are younger than the schema that this is built with.
constexpr int kNodeOverload = 8, kFunctionAttributeProto = 11,
              kFunctionOverload = 13;

/// The fields of this number that the schema does not know.
template <typename Message>
SmallVector<StringRef> unknownFields(const Message &message, int number) {
  SmallVector<StringRef> result;
  const auto &fields = message.GetReflection()->GetUnknownFields(message);
  for (int i = 0; i < fields.field_count(); ++i)
    if (fields.field(i).number() == number &&
        fields.field(i).type() ==
            google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
      result.push_back(fields.field(i).length_delimited());
  return result;
}

template <typename Message>
std::string keyOf(const Message &message, StringRef name, int overloadField) {
  SmallVector<StringRef> overload = unknownFields(message, overloadField);
  std::string key = normalDomain(message.domain()).str();
  key.push_back('\0');
  key += name;
  key.push_back('\0');
  key += overload.empty() ? StringRef() : overload.back();
  return key;
}

/// Calls `visit` with each graph that a node holds.
template <typename Node, typename Visit>
void forEachGraph(Node &node, Visit visit) {
  if constexpr (std::is_const_v<Node>) {
    for (const AttributeProto &attribute : node.attribute()) {
      if (attribute.has_g())
        visit(attribute.g());
      for (const GraphProto &graph : attribute.graphs())
        visit(graph);
    }
  } else {
    for (AttributeProto &attribute : *node.mutable_attribute()) {
      if (attribute.has_g())
        visit(*attribute.mutable_g());
      for (GraphProto &graph : *attribute.mutable_graphs())
        visit(graph);
    }
  }
}

/// Calls `visit` with each node, also those of graphs that nodes hold. Graphs
/// are as deep as protobuf reads them: a hundred messages.
void forEachNode(const NodeList &nodes,
                 function_ref<void(const NodeProto &)> visit) {
  for (const NodeProto &node : nodes) {
    visit(node);
    forEachGraph(node, [&](const GraphProto &graph) {
      forEachNode(graph.node(), visit);
    });
  }
}

/// The names that are defined in a graph, over those of graphs around it.
class HiddenNames {
public:
  HiddenNames(const GraphProto &graph, StringMap<unsigned> &counts)
      : counts(counts) {
    for (const auto &input : graph.input())
      hide(input.name());
    for (const auto &tensor : graph.initializer())
      hide(tensor.name());
    for (const auto &tensor : graph.sparse_initializer())
      hide(tensor.values().name());
    for (const NodeProto &node : graph.node())
      for (const std::string &output : node.output())
        hide(output);
  }
  ~HiddenNames() {
    for (StringRef name : names)
      if (--counts[name] == 0)
        counts.erase(name);
  }

private:
  void hide(const std::string &name) {
    ++counts[name];
    names.push_back(name);
  }
  StringMap<unsigned> &counts;
  SmallVector<std::string> names;
};

/// Calls `visit` with each use of a name that is not defined in `graph`: the
/// name may be changed there.
template <typename Graph, typename Visit>
void visitCaptures(Graph &graph, StringMap<unsigned> &hidden, Visit visit) {
  HiddenNames names(graph, hidden);
  auto use = [&](auto &name) {
    if (!name.empty() && !hidden.contains(name))
      visit(name);
  };
  auto visitNode = [&](auto &node, auto &inputs) {
    for (auto &input : inputs)
      use(input);
    forEachGraph(node,
                 [&](auto &inner) { visitCaptures(inner, hidden, visit); });
  };
  if constexpr (std::is_const_v<Graph>) {
    for (const NodeProto &node : graph.node())
      visitNode(node, node.input());
    for (const auto &output : graph.output())
      use(output.name());
  } else {
    for (NodeProto &node : *graph.mutable_node())
      visitNode(node, *node.mutable_input());
    for (auto &output : *graph.mutable_output())
      use(*output.mutable_name());
  }
}
} // namespace

void forEachCapture(const GraphProto &graph,
                    function_ref<void(const std::string &)> visit) {
  StringMap<unsigned> hidden;
  visitCaptures(graph, hidden, visit);
}

void forEachCapture(const NodeProto &node,
                    function_ref<void(const std::string &)> visit) {
  forEachGraph(node,
               [&](const GraphProto &graph) { forEachCapture(graph, visit); });
}

std::string nameOfNode(const NodeProto &node) {
  if (!node.name().empty())
    return node.name();
  return node.output_size() ? node.output(0) : std::string("?");
}

/// What the names in a body become.
struct Splicer::Scope {
  Scope(const NodeProto &node, std::string what)
      : node(node), what(std::move(what)) {}

  /// The node in whose place the body comes.
  const NodeProto &node;
  /// The body, for messages.
  std::string what;
  StringMap<std::string> names;
  /// Whether other names are values of the graph around it.
  bool isOpen = false;
  /// Of a call, by name, with what the function takes for those that it leaves
  /// out.
  StringMap<const AttributeProto *> attributes;
  bool isCall = false;

  Error error(const Twine &text) const {
    return createStringError("node '" + nameOfNode(node) + "' (" +
                             node.op_type() + "): " + what + ": " + text);
  }
  /// Gives attributes that refer to the call's their values; a reference to one
  /// that the call leaves out is as if it were not there.
  void resolve(NodeProto &clone) const {
    auto &attributes = *clone.mutable_attribute();
    int kept = 0;
    for (int i = 0; i < attributes.size(); ++i) {
      AttributeProto &attribute = attributes[i];
      if (!attribute.ref_attr_name().empty()) {
        const AttributeProto *value =
            this->attributes.lookup(attribute.ref_attr_name());
        if (!value)
          continue;
        std::string name = attribute.name();
        attribute = *value;
        attribute.set_name(name);
      } else {
        if (attribute.has_g())
          resolve(*attribute.mutable_g());
        for (GraphProto &graph : *attribute.mutable_graphs())
          resolve(graph);
      }
      attributes.SwapElements(kept++, i);
    }
    attributes.DeleteSubrange(kept, attributes.size() - kept);
  }
  void resolve(GraphProto &graph) const {
    for (NodeProto &inner : *graph.mutable_node())
      resolve(inner);
  }
  /// Renames what the graphs that a node holds read from around them.
  void renameCaptures(NodeProto &clone) const {
    StringMap<unsigned> hidden;
    forEachGraph(clone, [&](GraphProto &graph) {
      visitCaptures(graph, hidden, [&](std::string &name) {
        if (auto it = names.find(name); it != names.end())
          name = it->second;
      });
    });
  }
};

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

const Splicer::Function *Splicer::functionOf(const NodeProto &node) const {
  if (functions.empty())
    return nullptr;
  auto it = functionIds.find(keyOf(node, node.op_type(), kNodeOverload));
  return it == functionIds.end() ? nullptr : &functions[it->second];
}

Error Splicer::readFunctions(int64_t opset) {
  for (const FunctionProto &proto : model.functions()) {
    std::string key = keyOf(proto, proto.name(), kFunctionOverload);
    if (!functionIds.try_emplace(key, functions.size()).second)
      return createStringError("function '" + proto.name() + "' of domain '" +
                               proto.domain() + "' is defined twice");
    Function &function = functions.emplace_back();
    function.proto = &proto;
    for (StringRef bytes : unknownFields(proto, kFunctionAttributeProto))
      if (!function.defaults.emplace_back().ParseFromArray(bytes.data(),
                                                           bytes.size()))
        return createStringError("function '" + proto.name() +
                                 "': an attribute's default is malformed");
  }
  for (const Function &function : functions)
    if (Error error = checkOpset(*function.proto, opset))
      return error;
  return checkRecursion();
}

/// A function may say for itself which opset its body is written in. It is read
/// as one of the model's, so each of its operators must mean the same there.
Error Splicer::checkOpset(const FunctionProto &function, int64_t opset) const {
  int64_t own = opset;
  for (const auto &import : function.opset_import())
    if (normalDomain(import.domain()).empty())
      own = import.version();
  if (own == opset)
    return Error::success();
  // Of versions that the schemas do not know nothing is known.
  const int newest = ::onnx::OpSchemaRegistry::DomainToVersionRange::Instance()
                         .Map()
                         .at("")
                         .second;
  auto schemaOf = [&](const NodeProto &node, int64_t version) {
    return version < 1 || version > newest
               ? nullptr
               : ::onnx::OpSchemaRegistry::Schema(node.op_type(), int(version),
                                                  "");
  };
  std::optional<std::string> differs;
  forEachNode(function.node(), [&](const NodeProto &node) {
    if (differs || !normalDomain(node.domain()).empty() || functionOf(node))
      return;
    const auto *inner = schemaOf(node, own), *outer = schemaOf(node, opset);
    if (!inner || !outer || inner->SinceVersion() != outer->SinceVersion())
      differs = node.op_type();
  });
  if (!differs)
    return Error::success();
  return createStringError("function '" + function.name() + "' of domain '" +
                           function.domain() + "' is written in opset " +
                           Twine(own) + " and the model in " + Twine(opset) +
                           ", in which operator '" + *differs +
                           "' may differ; export both in one opset");
}

/// ONNX has no recursion. Functions are followed without any on this side
/// either: they may be many.
Error Splicer::checkRecursion() const {
  enum State : char { New, Open, Done };
  std::vector<std::vector<unsigned>> calls(functions.size());
  for (size_t i = 0; i < functions.size(); ++i)
    forEachNode(functions[i].proto->node(), [&](const NodeProto &node) {
      if (const Function *called = functionOf(node))
        calls[i].push_back(called - functions.data());
    });
  std::vector<State> states(functions.size(), New);
  for (size_t start = 0; start < functions.size(); ++start) {
    std::vector<unsigned> stack{unsigned(start)};
    while (!stack.empty()) {
      unsigned current = stack.back();
      states[current] = states[current] == New ? Open : states[current];
      if (calls[current].empty()) {
        states[current] = Done;
        stack.pop_back();
        continue;
      }
      unsigned next = calls[current].back();
      calls[current].pop_back();
      if (states[next] == Open)
        return createStringError(
            "function '" + functions[next].proto->name() + "' of domain '" +
            functions[next].proto->domain() +
            "' calls itself, perhaps through others; ONNX has no recursion");
      if (states[next] == New)
        stack.push_back(next);
    }
  }
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

Splicer::Name Splicer::freshName(const Twine &wanted) {
  if (!std::exchange(namesTaken, true)) {
    names.take(model.graph());
    for (const Function &function : functions)
      names.take(function.proto->node());
  }
  return names.fresh(wanted);
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

Error Splicer::count(const NodeProto &node) {
  ++nodesWritten;
  bytesWritten += node.ByteSizeLong();
  if (nodesWritten <= kMaxNodes && bytesWritten <= kMaxBytes)
    return Error::success();
  return createStringError(
      "with its functions and branches written out, the graph has more than " +
      Twine(kMaxNodes) + " nodes or " + Twine(kMaxBytes >> 20) +
      " MiB; export it without functions that call each other");
}

/// The results of a body take the names of those of its node. One that is no
/// result of a node of the body, or the second of that name, is copied.
Error Splicer::nameOutputs(
    const google::protobuf::RepeatedPtrField<std::string> &formal,
    const NodeProto &node, Scope &scope, NodeList &out) {
  if (node.output_size() > formal.size())
    return scope.error("it has " + Twine(formal.size()) +
                       " outputs, and the node " + Twine(node.output_size()));
  for (int i = 0; i < node.output_size(); ++i) {
    if (node.output(i).empty() ||
        scope.names.try_emplace(formal[i], node.output(i)).second)
      continue;
    NodeProto copy;
    copy.set_op_type("Identity");
    copy.set_name(nameOfNode(node) + "/" + formal[i]);
    copy.add_input(formal[i]);
    copy.add_output(node.output(i));
    *out.Add() = std::move(copy);
  }
  return Error::success();
}

/// Writes `body` under the names of `scope`, calls in it inlined. What `out`
/// holds already reads names of the body as well.
Error Splicer::addBody(const NodeList &body, Scope &scope, unsigned depth,
                       NodeList &out) {
  const std::string prefix = nameOfNode(scope.node) + "/";
  StringSet<> defined;
  for (const NodeProto &node : body)
    for (const std::string &output : node.output()) {
      if (output.empty())
        continue;
      if (!defined.insert(output).second)
        return scope.error("value '" + output + "' is defined twice");
      if (!scope.names.contains(output))
        scope.names[output] = freshName(prefix + output);
    }
  auto add = [&](NodeProto clone) -> Error {
    for (std::string &input : *clone.mutable_input()) {
      auto it = scope.names.find(input);
      if (it != scope.names.end())
        input = it->second;
      else if (!input.empty() && !scope.isOpen)
        return scope.error("its node '" + nameOfNode(clone) + "' reads '" +
                           input + "', which nothing defines");
    }
    scope.renameCaptures(clone);
    return addNode(std::move(clone), depth, out);
  };
  NodeList copies;
  copies.Swap(&out);
  for (const NodeProto &node : body) {
    NodeProto clone = node;
    clone.set_name(prefix + nameOfNode(node));
    for (std::string &output : *clone.mutable_output())
      if (!output.empty())
        output = scope.names[output];
    if (scope.isCall)
      scope.resolve(clone);
    if (Error error = add(std::move(clone)))
      return error;
  }
  for (NodeProto &copy : copies)
    if (Error error = add(std::move(copy)))
      return error;
  return Error::success();
}

Error Splicer::addCall(const NodeProto &node, const Function &function,
                       unsigned depth, NodeList &out) {
  const FunctionProto &proto = *function.proto;
  Scope scope{node, "function '" + proto.name() + "'"};
  scope.isCall = true;
  for (const AttributeProto &attribute : function.defaults)
    scope.attributes[attribute.name()] = &attribute;
  for (const AttributeProto &attribute : node.attribute()) {
    if (attribute.has_g() || attribute.graphs_size())
      return scope.error("its attribute '" + attribute.name() +
                         "' is a graph; only values are supported");
    scope.attributes[attribute.name()] = &attribute;
  }
  // A call of nothing is work as well.
  if (Error error = count(node))
    return error;
  if (depth >= kMaxDepth)
    return scope.error("functions call each other more than " +
                       Twine(kMaxDepth) + " deep");
  if (node.input_size() > proto.input_size())
    return scope.error("it takes " + Twine(proto.input_size()) +
                       " inputs, and the node has " + Twine(node.input_size()));
  // An input that is left out is left out wherever the body reads it.
  for (int i = 0; i < proto.input_size(); ++i)
    if (!scope.names
             .try_emplace(proto.input(i),
                          i < node.input_size() ? node.input(i) : "")
             .second)
      return scope.error("its input '" + proto.input(i) + "' is listed twice");
  for (const NodeProto &inner : proto.node())
    for (const std::string &output : inner.output())
      if (scope.names.contains(output))
        return scope.error("value '" + output + "' is defined twice");
  NodeList body;
  if (Error error = nameOutputs(proto.output(), node, scope, body))
    return error;
  if (Error error = addBody(proto.node(), scope, depth + 1, body))
    return error;
  for (NodeProto &inner : body)
    out.Add()->Swap(&inner);
  return Error::success();
}

Error Splicer::addNode(NodeProto &&node, unsigned depth, NodeList &out) {
  if (const Function *function = functionOf(node))
    return addCall(node, *function, depth, out);
  if (Error error = count(node))
    return error;
  *out.Add() = std::move(node);
  return Error::success();
}

Error Splicer::inlineCalls(NodeList &nodes) {
  if (functions.empty() ||
      none_of(nodes, [&](const NodeProto &node) { return functionOf(node); }))
    return Error::success();
  NodeList result;
  for (NodeProto &node : nodes) {
    const Function *function = functionOf(node);
    if (!function)
      result.Add()->Swap(&node);
    else if (Error error = addCall(node, *function, 0, result))
      return error;
  }
  nodes.Swap(&result);
  return Error::success();
}

Expected<NodeList> Splicer::takeBranch(const NodeProto &node,
                                       StringRef branch) {
  Scope scope{node, branch.str()};
  scope.isOpen = true;
  const AttributeProto *attribute = findAttribute(node, branch);
  if (!attribute || !attribute->has_g())
    return scope.error("it is missing");
  const GraphProto &graph = attribute->g();
  if (graph.input_size() || graph.sparse_initializer_size())
    return scope.error("it has inputs or sparse initializers");
  StringSet<> own;
  for (const NodeProto &inner : graph.node())
    for (const std::string &output : inner.output())
      own.insert(output);
  for (const auto &tensor : graph.initializer()) {
    ::onnx::TensorProto *moved = model.mutable_graph()->add_initializer();
    *moved = tensor;
    moved->set_name(freshName(nameOfNode(node) + "/" + tensor.name()));
    if (!scope.names.try_emplace(tensor.name(), moved->name()).second ||
        own.contains(tensor.name()))
      return scope.error("value '" + tensor.name() + "' is defined twice");
  }
  // What the branch hands on from around it has its own name there.
  google::protobuf::RepeatedPtrField<std::string> outputs;
  for (const auto &output : graph.output()) {
    *outputs.Add() = output.name();
    if (!own.contains(output.name()))
      scope.names.try_emplace(output.name(), output.name());
  }
  NodeList body;
  if (Error error = nameOutputs(outputs, node, scope, body))
    return std::move(error);
  if (Error error = addBody(graph.node(), scope, 0, body))
    return std::move(error);
  return body;
}
} // namespace mlir::bnn
