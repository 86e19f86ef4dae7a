//===- CustomNodes.cpp - Nodes of the domain bnn, in ONNX's own -----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Import/Importer.h"

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
namespace {
using Node = ::onnx::NodeProto;

/// Writes the nodes that stand for one custom node.
class Expansion {
public:
  Expansion(const Node &node, std::string name,
            google::protobuf::RepeatedPtrField<Node> &nodes)
      : node(node), name(std::move(name)), nodes(nodes) {}

  int64_t attribute(StringRef key, int64_t otherwise) const {
    for (const auto &attribute : node.attribute())
      if (attribute.name() == key && attribute.has_i())
        return attribute.i();
    return otherwise;
  }
  bool hasAttribute(StringRef key) const {
    return any_of(node.attribute(),
                  [&](const auto &a) { return a.name() == key; });
  }

  Node &add(StringRef op, ArrayRef<std::string> inputs, bool last = false) {
    Node &added = *nodes.Add();
    added.set_op_type(op.str());
    added.set_name(name + (last ? "" : "/" + std::to_string(count)));
    for (const std::string &input : inputs)
      added.add_input(input);
    added.add_output(last ? node.output(0)
                          : node.output(0) + "/" + std::to_string(count));
    ++count;
    return added;
  }
  std::string value(StringRef op, ArrayRef<std::string> inputs) {
    return add(op, inputs).output(0);
  }
  static void set(Node &node, StringRef key, int64_t number) {
    auto &attribute = *node.add_attribute();
    attribute.set_name(key.str());
    attribute.set_type(::onnx::AttributeProto::INT);
    attribute.set_i(number);
  }
  std::string constant(float number) {
    Node &added = add("Constant", {});
    auto &attribute = *added.add_attribute();
    attribute.set_name("value");
    attribute.set_type(::onnx::AttributeProto::TENSOR);
    attribute.mutable_t()->set_data_type(::onnx::TensorProto::FLOAT);
    attribute.mutable_t()->add_float_data(number);
    return added.output(0);
  }

  // sign(W - mean(W)) * mean(|W|): the mean of |W| over all of W or, with an
  // axis, over that axis.
  void bwnWeight() {
    std::string w = node.input(0);
    Node &mean = add("ReduceMean", {w});
    set(mean, "keepdims", 0);
    std::string centred = value("Sub", {w, mean.output(0)});
    std::string sign = value("Sign", {centred});
    std::string magnitude = value("Mul", {w, value("Sign", {w})});
    Node &scale = add("ReduceMean", {magnitude});
    set(scale, "keepdims", hasAttribute("axis"));
    if (hasAttribute("axis")) {
      auto &axes = *scale.add_attribute();
      axes.set_name("axes");
      axes.set_type(::onnx::AttributeProto::INTS);
      axes.add_ints(attribute("axis", 0));
    }
    add("Mul", {sign, scale.output(0)}, /*last=*/true);
  }

  // Signed bits are sign(x) * alpha, others clip(round((x - minimum) / alpha),
  // low, high) * alpha + minimum; alpha is at least 1e-5.
  void quantise(int64_t bits, bool isSigned) {
    std::string x = node.input(0), alpha = node.input(1);
    std::string epsilon = constant(1e-5f);
    alpha =
        value("Where", {value("Greater", {alpha, epsilon}), alpha, epsilon});
    if (bits == 1 && isSigned) {
      add("Mul", {value("Sign", {x}), alpha}, /*last=*/true);
      return;
    }
    bool hasMinimum = node.input_size() > 2 && !node.input(2).empty();
    if (hasMinimum)
      x = value("Sub", {x, node.input(2)});
    std::string rounded = value("Round", {value("Div", {x, alpha})});
    int64_t low = isSigned ? -(int64_t(1) << (bits - 1)) : 0;
    int64_t high = low + (int64_t(1) << bits) - 1;
    std::string clipped =
        value("Clip", {rounded, constant(low), constant(high)});
    Node &scaled = add("Mul", {clipped, alpha}, /*last=*/!hasMinimum);
    if (hasMinimum)
      add("Add", {scaled.output(0), node.input(2)}, /*last=*/true);
  }

private:
  const Node &node;
  std::string name;
  google::protobuf::RepeatedPtrField<Node> &nodes;
  int count = 0;
};
} // namespace

LogicalResult Importer::expandCustomNodes() {
  auto &nodes = *model.mutable_graph()->mutable_node();
  if (none_of(nodes, [](const Node &node) { return node.domain() == "bnn"; }))
    return success();
  google::protobuf::RepeatedPtrField<Node> expanded;
  for (Node &node : nodes) {
    StringRef op = node.op_type();
    bool isWeight = op == "BwnWeight",
         isQuantiser = op == "Binarize" || op == "Quantize";
    if (node.domain() != "bnn" || (!isWeight && !isQuantiser)) {
      expanded.Add()->Swap(&node);
      continue;
    }
    int inputs = isWeight ? 1 : 2;
    if (node.input_size() < inputs ||
        node.input_size() > inputs + isQuantiser || node.output_size() != 1)
      return error(node) << "it has " << node.input_size() << " inputs and "
                         << node.output_size()
                         << " outputs; see docs/custom-operators.md";
    Expansion expansion(node, nameOf(node), expanded);
    int64_t bits = expansion.attribute("bits", 1);
    if (bits < 1 || bits > 8)
      return error(node) << "bits is " << bits << ", not 1 to 8";
    if (isWeight)
      expansion.bwnWeight();
    else
      expansion.quantise(bits, expansion.attribute("signed", 1) != 0);
  }
  nodes.Swap(&expanded);
  return success();
}
} // namespace mlir::bnn
