//===- CustomNodes.cpp - Nodes of other domains, in ONNX's own ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Import/Importer.h"
#include <limits>

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
namespace {
using Node = ::onnx::NodeProto;

/// Writes the nodes that stand for one custom node.
class Expansion {
public:
  Expansion(const Node &node, std::string name, int64_t opset,
            google::protobuf::RepeatedPtrField<Node> &nodes)
      : node(node), name(std::move(name)), opset(opset), nodes(nodes) {}

  int64_t attribute(StringRef key, int64_t otherwise) const {
    for (const auto &attribute : node.attribute())
      if (attribute.name() == key && attribute.has_i())
        return attribute.i();
    return otherwise;
  }
  float number(StringRef key, float otherwise) const {
    for (const auto &attribute : node.attribute())
      if (attribute.name() == key && attribute.has_f())
        return attribute.f();
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
  static void set(Node &node, StringRef key, ArrayRef<int64_t> numbers) {
    auto &attribute = *node.add_attribute();
    attribute.set_name(key.str());
    attribute.set_type(::onnx::AttributeProto::INTS);
    for (int64_t number : numbers)
      attribute.add_ints(number);
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
    SmallVector<int64_t> axes;
    if (hasAttribute("axis"))
      axes.push_back(attribute("axis", 0));
    Node &scale = meanOf(magnitude, axes);
    set(scale, "keepdims", hasAttribute("axis"));
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

  /// The mean over these axes, or over all: an attribute before opset 18, an
  /// input since.
  Node &meanOf(const std::string &x, ArrayRef<int64_t> axes) {
    if (axes.empty())
      return add("ReduceMean", {x});
    if (opset < 18) {
      Node &mean = add("ReduceMean", {x});
      set(mean, "axes", axes);
      return mean;
    }
    Node &list = add("Constant", {});
    set(list, "value_ints", axes);
    return add("ReduceMean", {x, list.output(0)});
  }

  /// The mean over the last `count` axes, which stay with length 1.
  std::string mean(const std::string &x, int64_t count) {
    return meanOf(x, llvm::to_vector(llvm::seq<int64_t>(-count, 0))).output(0);
  }

  // LayerNormalization as ONNX has it since opset 17, of the last `count` axes.
  void layerNormalization(int64_t count) {
    std::string x = node.input(0), scale = node.input(1);
    std::string centred = value("Sub", {x, mean(x, count)});
    std::string square = value("Pow", {centred, constant(2)});
    std::string epsilon = constant(number("epsilon", 1e-5f));
    std::string shifted = value("Add", {mean(square, count), epsilon});
    std::string normal = value("Div", {centred, value("Sqrt", {shifted})});
    bool hasBias = node.input_size() > 2 && !node.input(2).empty();
    Node &scaled = add("Mul", {normal, scale}, /*last=*/!hasBias);
    if (hasBias)
      add("Add", {scaled.output(0), node.input(2)}, /*last=*/true);
  }

private:
  const Node &node;
  std::string name;
  int64_t opset;
  google::protobuf::RepeatedPtrField<Node> &nodes;
  int count = 0;
};

/// An operator that is written out here.
struct CustomOperator {
  StringRef domain, name;
  int minInputs, maxInputs;
  int until; ///< The opset of ONNX that has an operator of its own.
};
constexpr int kNever = std::numeric_limits<int>::max();
constexpr CustomOperator kCustomOperators[] = {
    {"bnn", "BwnWeight", 1, 1, kNever},
    {"bnn", "Binarize", 2, 3, kNever},
    {"bnn", "Quantize", 2, 3, kNever},
    {"", "LayerNormalization", 2, 3, 17}};

const CustomOperator *customOperatorOf(const Node &node, int opset) {
  const auto *found = find_if(kCustomOperators, [&](const auto &known) {
    return known.domain == normalDomain(node.domain()) &&
           known.name == node.op_type() && opset < known.until;
  });
  return found == std::end(kCustomOperators) ? nullptr : found;
}
} // namespace

LogicalResult Importer::expandCustomNodes() {
  auto &nodes = *model.mutable_graph()->mutable_node();
  if (none_of(nodes, [&](const Node &n) { return customOperatorOf(n, opset); }))
    return success();
  google::protobuf::RepeatedPtrField<Node> expanded;
  for (Node &node : nodes) {
    const CustomOperator *known = customOperatorOf(node, opset);
    if (!known) {
      expanded.Add()->Swap(&node);
      continue;
    }
    if (node.input_size() < known->minInputs ||
        node.input_size() > known->maxInputs || node.output_size() != 1)
      return error(node) << "it has " << node.input_size() << " inputs and "
                         << node.output_size()
                         << " outputs; see docs/custom-operators.md";
    Expansion expansion(node, nameOf(node), opset, expanded);
    int64_t bits = expansion.attribute("bits", 1);
    int64_t axis = expansion.attribute("axis", -1);
    if (bits < 1 || bits > 8)
      return error(node) << "bits is " << bits << ", not 1 to 8";
    if (known->name == "BwnWeight")
      expansion.bwnWeight();
    else if (known->name != "LayerNormalization")
      expansion.quantise(bits, expansion.attribute("signed", 1) != 0);
    else if (axis < -8 || axis > -1)
      return error(node) << "its axis is " << axis << ", and before opset 17 "
                         << "it must count from the end: export the model in "
                            "opset 17 or later";
    else
      expansion.layerNormalization(-axis);
  }
  nodes.Swap(&expanded);
  return success();
}
} // namespace mlir::bnn
