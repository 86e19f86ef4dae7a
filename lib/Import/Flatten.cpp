//===- Flatten.cpp - A graph of any form as a plain list of nodes ---------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What nobody reads goes before anything is refused; then functions of the
// model are written out, and an If whose condition is known becomes the branch
// that it takes.
//
//===----------------------------------------------------------------------===//

#include "lib/Import/Importer.h"

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
using Node = ::onnx::NodeProto;

/// Removes the nodes that no output of the graph depends on; returns them as
/// people know them.
SmallVector<std::string> Importer::dropDeadNodes() {
  auto &nodes = *model.mutable_graph()->mutable_node();
  // Two nodes may define one value, which is an error, but not here.
  StringMap<SmallVector<int, 1>> producers;
  for (int i = 0; i < nodes.size(); ++i)
    for (const std::string &output : nodes[i].output())
      if (!output.empty())
        producers[output].push_back(i);
  std::vector<bool> isLive(nodes.size());
  SmallVector<int> stack;
  StringSet<> seen;
  auto use = [&](const std::string &value) {
    auto it = producers.find(value);
    if (it == producers.end() || !seen.insert(value).second)
      return;
    for (int node : it->second) {
      if (isLive[node])
        continue;
      isLive[node] = true;
      stack.push_back(node);
    }
  };
  for (const auto &output : model.graph().output())
    use(output.name());
  while (!stack.empty()) {
    const Node &node = nodes[stack.pop_back_val()];
    for (const std::string &input : node.input())
      use(input);
    forEachCapture(node, use);
  }
  SmallVector<std::string> dropped;
  NodeList kept;
  for (int i = 0; i < nodes.size(); ++i)
    if (isLive[i])
      kept.Add()->Swap(&nodes[i]);
    else
      dropped.push_back("'" + nameOf(nodes[i]) + "' (" + nodes[i].op_type() +
                        ")");
  nodes.Swap(&kept);
  return dropped;
}

/// Removes the initializers that nothing reads: nobody need understand them.
/// One that is an input as well has to be there: it says that it is no input.
void Importer::dropUnusedInitializers() {
  noteReads();
  for (const auto &input : model.graph().input())
    read.insert(input.name());
  auto &tensors = *model.mutable_graph()->mutable_initializer();
  int kept = 0;
  for (int i = 0; i < tensors.size(); ++i)
    if (tensors[i].name().empty() || isRead(tensors[i].name()))
      tensors.SwapElements(kept++, i);
  tensors.DeleteSubrange(kept, tensors.size() - kept);
}

/// One remark, however many they are: a note needs a diagnostic to belong to.
void Importer::sayDropped(ArrayRef<std::string> nodes) {
  if (nodes.empty() || options.isRepeated)
    return;
  constexpr size_t kNamed = 3;
  std::string text;
  for (const std::string &node : nodes.take_front(kNamed))
    text += (text.empty() ? "" : ", ") + escapeHidden(node);
  if (nodes.size() > kNamed)
    text += " and " + std::to_string(nodes.size() - kNamed) + " more";
  emitRemark(fileLoc) << "left out what no output depends on: " << text;
}

void Importer::noteReads() {
  read.clear();
  for (const Node &node : model.graph().node()) {
    for (const std::string &input : node.input())
      read.insert(input);
    forEachCapture(node, [&](const std::string &name) { read.insert(name); });
  }
  for (const auto &output : model.graph().output())
    read.insert(output.name());
  read.erase(""); // what a node leaves out
}

LogicalResult Importer::flatten() {
  if (pruning) {
    if (llvm::Error failure = pruning->apply(*model.mutable_graph()))
      return error() << toString(std::move(failure));
    // What is cut is no news.
    dropDeadNodes();
  } else {
    sayDropped(dropDeadNodes());
  }
  if (llvm::Error failure = splicer.readFunctions(opset))
    return error() << toString(std::move(failure));
  if (llvm::Error failure =
          splicer.inlineCalls(*model.mutable_graph()->mutable_node()))
    return error() << toString(std::move(failure));
  if (failed(takeBranches()))
    return failure();
  // What only a condition, or a branch that is not taken, has read.
  dropDeadNodes();
  return success();
}
} // namespace mlir::bnn
