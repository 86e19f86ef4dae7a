//===- ImportGraph.cpp - What a graph is checked for first ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Import/Importer.h"
#include "lib/Import/OperatorTable.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include <onnx/checker.h>
#include <queue>

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
/// Reports all nodes that have no counterpart at once, so that a user sees the
/// whole distance.
LogicalResult Importer::checkOperators() {
  bool good = true;
  for (const ::onnx::NodeProto &node : model.graph().node()) {
    StringRef domain = normalDomain(node.domain());
    auto version = domains.find(domain);
    std::string versionText = version == domains.end()
                                  ? "not imported"
                                  : "opset " + std::to_string(version->second);
    const onnx::OperatorSpec *spec = findOperator(node);
    bool subgraph = llvm::any_of(node.attribute(), [](const auto &attribute) {
      return attribute.has_g() || attribute.graphs_size();
    });
    if (spec && !subgraph)
      continue;
    good = false;
    Report diagnostic = error()
                        << "node '" << nameOf(node) << "': operator '"
                        << node.op_type() << "' of domain '"
                        << (domain.empty() ? StringRef("ai.onnx") : domain)
                        << "' (" << versionText << ") is not supported; ";
    if (node.op_type() == "PythonOp" || domain == "prim")
      diagnostic << "it stands for a torch.autograd.Function that was exported "
                    "with ONNX_FALLTHROUGH: give the function a `symbolic` "
                    "method that uses ONNX's own operators or those of "
                    "docs/custom-operators.md, or register one "
                    "with torch.onnx.register_custom_op_symbolic, and export "
                    "again with operator_export_type=ONNX";
    else if (domain.empty() && node.op_type() == "If")
      diagnostic << "which branch it takes depends on what is not known at "
                    "compile time: fix the shapes that its condition reads "
                    "with --input-shape, or export the model without control "
                    "flow (torch.jit.trace instead of script)";
    else if (domain.empty() &&
             (node.op_type() == "Loop" || node.op_type() == "Scan"))
      diagnostic << "it is a loop, which a model cannot have here: export the "
                    "model with its loops unrolled (torch.jit.trace instead of "
                    "script)";
    else if (subgraph)
      diagnostic << "it holds a subgraph: export the model for inference "
                    "without control flow (torch.jit.trace instead of script)";
    else if (domain == "bnn")
      diagnostic
          << "of this domain BwnWeight, Binarize and Quantize are known; "
             "docs/custom-operators.md says what they mean";
    else if (domain == onnx::kContrib)
      diagnostic << "of ONNX Runtime's own operators those of "
                    "docs/custom-operators.md are known: save the model with "
                    "its optimiser at level basic at most, or quantise it to "
                    "QDQ";
    else if (!domain.empty())
      diagnostic << "export the model with ONNX's own operators only";
    else
      diagnostic << "express it by supported operators in the model's source "
                    "and export again";
  }
  return success(good);
}

LogicalResult Importer::sortNodes() {
  const ::onnx::GraphProto &graph = model.graph();
  llvm::StringSet<> given;
  for (const auto &tensor : graph.initializer()) {
    if (tensor.name().empty())
      return error() << "an initializer has no name";
    if (!given.insert(tensor.name()).second)
      return error() << "initializer '" << tensor.name()
                     << "' is defined twice";
  }
  if (graph.sparse_initializer_size())
    return error() << "sparse initializers are not supported; export the "
                      "weights as dense tensors";
  llvm::StringSet<> inputs;
  for (const auto &input : graph.input()) {
    if (input.name().empty() || !inputs.insert(input.name()).second)
      return error() << "input '" << input.name()
                     << "' has no name or is defined twice";
    given.insert(input.name());
  }
  StringMap<int> producer;
  for (int i = 0; i < graph.node_size(); ++i)
    for (const std::string &output : graph.node(i).output()) {
      if (output.empty())
        continue;
      if (given.contains(output) || !producer.try_emplace(output, i).second)
        return error(graph.node(i))
               << "value '" << output << "' is defined twice";
    }

  // Kahn's algorithm; nodes that are ready are taken in the file's order.
  SmallVector<int> missing(graph.node_size(), 0);
  SmallVector<SmallVector<int, 2>> users(graph.node_size());
  for (int i = 0; i < graph.node_size(); ++i)
    for (const std::string &input : graph.node(i).input()) {
      if (input.empty() || given.contains(input))
        continue;
      auto it = producer.find(input);
      if (it == producer.end())
        return error(graph.node(i))
               << "its input '" << input
               << "' is neither an input of the graph, nor an initializer, nor "
                  "the output of a node";
      users[it->second].push_back(i);
      ++missing[i];
    }
  std::priority_queue<int, std::vector<int>, std::greater<int>> ready;
  for (int i = 0; i < graph.node_size(); ++i)
    if (!missing[i])
      ready.push(i);
  while (!ready.empty()) {
    int next = ready.top();
    ready.pop();
    order.push_back(&graph.node(next));
    for (int user : users[next])
      if (--missing[user] == 0)
        ready.push(user);
  }
  for (int i = 0; i < graph.node_size(); ++i)
    if (missing[i])
      return error(graph.node(i)) << "the graph has a cycle through this node";
  return success();
}

/// Has libonnx check the model against its own schemas, without the weights:
/// their bytes have been checked by then, and must not be copied.
LogicalResult Importer::runChecker() {
  ::onnx::ModelProto copy = model;
  copy.mutable_functions()->Clear();
  copy.mutable_training_info()->Clear();
  // Formats newer than libonnx only add what the importer does not accept; up
  // to the third, initializers were inputs too, which nothing here relies on.
  copy.set_ir_version(
      copy.ir_version() == 3 ? 4 : std::min<int64_t>(copy.ir_version(), 8));
  // The nodes of opsets that it does not know are checked by the table.
  bool checksNodes = opset <= onnx::kCheckedOpset;
  for (auto &import : *copy.mutable_opset_import())
    if (!checksNodes && normalDomain(import.domain()).empty())
      import.set_version(onnx::kCheckedOpset);
  if (failed(checkForms()))
    return failure();
  auto strip = [](::onnx::TensorProto *tensor) {
    if (tensor->data_location() != ::onnx::TensorProto::EXTERNAL)
      return;
    tensor->clear_external_data();
    tensor->clear_data_location();
    if (!llvm::is_contained(tensor->dims(), 0))
      tensor->set_raw_data("?");
  };
  ::onnx::GraphProto *graph = copy.mutable_graph();
  for (auto &tensor : *graph->mutable_initializer())
    strip(&tensor);
  // A graph is fine without value infos, and outputs without shapes.
  graph->clear_value_info();
  for (auto *infos : {graph->mutable_input(), graph->mutable_output()})
    for (auto &info : *infos)
      if (info.type().has_tensor_type())
        info.mutable_type()->mutable_tensor_type()->mutable_shape();
  graph->clear_node();
  for (const ::onnx::NodeProto *node : order) {
    if (!checksNodes)
      break;
    ::onnx::NodeProto *sorted = graph->add_node();
    *sorted = *node;
    for (auto &attribute : *sorted->mutable_attribute())
      if (attribute.has_t())
        strip(attribute.mutable_t());
  }
  try {
    ::onnx::checker::check_model(copy);
  } catch (const std::exception &exception) {
    // libonnx spreads its message over lines.
    std::string message = StringRef(exception.what()).trim().str();
    SmallVector<StringRef> lines;
    StringRef(message).split(lines, '\n', -1, /*KeepEmpty=*/false);
    return error() << "the model is not valid ONNX: " << llvm::join(lines, " ");
  }
  return success();
}
} // namespace mlir::bnn
