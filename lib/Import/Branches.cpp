//===- Branches.cpp - Which branch an If takes ----------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Exporters of scripted modules leave an If where a shape decides. What its
// condition depends on is imported into a function of its own, as far as an
// output of the graph needs it, and folded; the branch that is taken comes in
// place of the node. Each node is imported once for this, whatever the number
// of conditions.
//
//===----------------------------------------------------------------------===//

#include "dialects/ONNX/HalfFloats.h"
#include "lib/Import/Importer.h"
#include "lib/Import/OperatorTable.h"
#include "passes/Support/KnownValues.h"

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
using Node = ::onnx::NodeProto;

/// Decides what can be decided, and leaves the rest.
class Importer::BranchDecider {
public:
  BranchDecider(Importer &importer) : importer(importer) {
    auto &nodes = *importer.model.mutable_graph()->mutable_node();
    for (Node &node : nodes)
      produce(node);
    for (const auto &tensor : importer.model.graph().initializer())
      initializers.try_emplace(tensor.name(), &tensor);
  }

  Error run();

private:
  static bool isIf(const Node &node) {
    return node.op_type() == "If" && normalDomain(node.domain()).empty();
  }
  void produce(Node &node) {
    for (const std::string &output : node.output())
      if (!output.empty())
        producers[output] = &node;
  }
  Node *producerOf(StringRef value) const { return producers.lookup(value); }

  Error import(Node &root);
  std::optional<bool> conditionOf(const Node &node);
  Error take(Node &node, bool condition);
  Value constantOf(StringRef name);
  bool importNode(Node &node);
  void collect(NodeList &nodes, NodeList &result);

  Importer &importer;
  std::unique_ptr<KnownValues> known;
  StringMap<Node *> producers;
  StringMap<const ::onnx::TensorProto *> initializers;
  /// Nodes that were imported, or that cannot be: one that waits for its own
  /// output, too.
  llvm::DenseSet<const Node *> tried;
  /// What came in place of a node.
  llvm::DenseMap<const Node *, NodeList> taken;
};

/// An initializer as a value; null if there is none, or none that can be read.
Value Importer::BranchDecider::constantOf(StringRef name) {
  auto it = initializers.find(name);
  if (it == initializers.end())
    return {};
  Expected<ElementsAttr> value = importer.reader->read(*it->second);
  if (!value)
    return consumeError(value.takeError()), Value();
  auto constant = importer.builder.create<onnx::ConstantOp>(
      importer.locOf(name), value->getType(), *value);
  if (failed(importer.shapes->visit(constant)))
    return {};
  return importer.values[name] = constant;
}

/// A node whose inputs were tried. One that cannot be imported is no error yet.
bool Importer::BranchDecider::importNode(Node &node) {
  if (!normalDomain(node.domain()).empty() || !findOperator(node.op_type()) ||
      failed(importer.checkForm(node)))
    return false;
  for (const auto &attribute : node.attribute())
    if (attribute.has_t()) {
      Expected<ElementsAttr> value = importer.reader->read(attribute.t());
      if (!value)
        return consumeError(value.takeError()), false;
      importer.tensors[&attribute.t()] = *value;
    }
  for (const std::string &input : node.input())
    if (!input.empty() && !importer.values.contains(input) &&
        !constantOf(input))
      return false;
  // Numbers of 16 bits are not computed with before they are widened.
  auto isHalfInput = [&](const std::string &input) {
    Value value = importer.values.lookup(input);
    return value && onnx::isHalf(getElementTypeOrSelf(value.getType()));
  };
  if (node.op_type() != "Cast" && any_of(node.input(), isHalfInput))
    return false;
  if (succeeded(importer.addNode(node)))
    return true;
  for (const std::string &output : node.output())
    importer.values.erase(output);
  return false;
}

/// Imports what a node depends on and the node itself, conditions on the way
/// decided. An If counts as imported when its outputs are.
Error Importer::BranchDecider::import(Node &root) {
  SmallVector<Node *> stack;
  auto push = [&](Node *node) {
    if (node && tried.insert(node).second)
      stack.push_back(node);
  };
  push(&root);
  llvm::DenseSet<Node *> waiting;
  while (!stack.empty()) {
    Node *node = stack.back();
    if (waiting.insert(node).second) {
      const size_t height = stack.size();
      for (const std::string &input : node->input())
        push(producerOf(input));
      if (stack.size() > height)
        continue;
    }
    stack.pop_back();
    if (!isIf(*node)) {
      (void)importNode(*node);
      continue;
    }
    std::optional<bool> condition = conditionOf(*node);
    if (!condition)
      continue;
    if (Error error = take(*node, *condition))
      return error;
    for (const std::string &output : node->output())
      push(producerOf(output));
  }
  return Error::success();
}

/// The condition, if what it depends on is imported and known.
std::optional<bool> Importer::BranchDecider::conditionOf(const Node &node) {
  if (node.input_size() != 1)
    return std::nullopt;
  Value condition = importer.values.lookup(node.input(0));
  if (!condition)
    condition = constantOf(node.input(0));
  return condition ? known->getBoolean(condition) : std::nullopt;
}

Error Importer::BranchDecider::take(Node &node, bool condition) {
  const int before = importer.model.graph().initializer_size();
  Expected<NodeList> nodes = importer.splicer.takeBranch(
      node, condition ? "then_branch" : "else_branch");
  if (!nodes)
    return nodes.takeError();
  NodeList &list = taken[&node];
  list.Swap(&*nodes);
  for (Node &inner : list)
    produce(inner);
  const auto &tensors = importer.model.graph().initializer();
  for (int i = before; i < tensors.size(); ++i)
    initializers.try_emplace(tensors[i].name(), &tensors[i]);
  return Error::success();
}

/// Goes from the outputs to what they need; of an If that is its condition
/// first, and then what its branch reads.
Error Importer::BranchDecider::run() {
  known = std::make_unique<KnownValues>(importer.func, *importer.shapes);
  llvm::DenseSet<Node *> seen;
  SmallVector<Node *> stack;
  auto push = [&](const std::string &value) {
    Node *node = producerOf(value);
    if (node && seen.insert(node).second)
      stack.push_back(node);
  };
  for (const auto &output : importer.model.graph().output())
    push(output.name());
  while (!stack.empty()) {
    Node &node = *stack.pop_back_val();
    if (isIf(node)) {
      if (Error error = import(node))
        return error;
      if (taken.contains(&node)) {
        for (const std::string &output : node.output())
          push(output);
        continue;
      }
    }
    for (const std::string &input : node.input())
      push(input);
    forEachCapture(node, push);
  }
  NodeList result;
  auto *graph = importer.model.mutable_graph();
  collect(*graph->mutable_node(), result);
  graph->mutable_node()->Swap(&result);
  return Error::success();
}

/// The nodes in order, with what came in the place of others.
void Importer::BranchDecider::collect(NodeList &nodes, NodeList &result) {
  SmallVector<std::pair<NodeList *, int>> stack{{&nodes, 0}};
  while (!stack.empty()) {
    auto &[list, at] = stack.back();
    if (at == list->size()) {
      stack.pop_back();
      continue;
    }
    Node &node = (*list)[at++];
    if (auto it = taken.find(&node); it != taken.end())
      stack.emplace_back(&it->second, 0);
    else
      result.Add()->Swap(&node);
  }
}

LogicalResult Importer::takeBranches() {
  const auto &nodes = model.graph().node();
  if (none_of(nodes, [](const Node &node) { return node.op_type() == "If"; }))
    return success();
  KnownValues::loadDialects(context);
  std::string message;
  {
    // What cannot be imported here is reported where it has to be.
    ScopedDiagnosticHandler handler(context,
                                    [](Diagnostic &) { return success(); });
    noteReads();
    module = ModuleOp::create(baseLoc);
    builder.setInsertionPointToStart(module->getBody());
    if (succeeded(addInputs()))
      if (Error failure = BranchDecider(*this).run())
        message = toString(std::move(failure));
    shapes.reset();
    values.clear();
    tensors.clear();
    none = {};
    func = {};
    builder.clearInsertionPoint();
    module = nullptr;
  }
  if (message.empty())
    return success();
  return error() << message;
}
} // namespace mlir::bnn
