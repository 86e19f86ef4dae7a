//===- GraphNames.cpp - Names that no value has yet -----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Import/GraphNames.h"

using namespace llvm;

namespace mlir::bnn {
void GraphNames::take(const ::onnx::GraphProto &graph) {
  for (const auto &input : graph.input())
    taken.insert(input.name());
  for (const auto &tensor : graph.initializer())
    taken.insert(tensor.name());
  take(graph.node());
}

void GraphNames::take(const NodeList &nodes) {
  for (const ::onnx::NodeProto &node : nodes) {
    for (const std::string &output : node.output())
      taken.insert(output);
    for (const ::onnx::AttributeProto &attribute : node.attribute()) {
      if (attribute.has_g())
        take(attribute.g());
      for (const ::onnx::GraphProto &graph : attribute.graphs())
        take(graph);
    }
  }
}

std::string GraphNames::fresh(const Twine &wanted) {
  std::string name = wanted.str();
  if (taken.insert(name).second)
    return name;
  unsigned &suffix = suffixes[name];
  std::string other;
  do
    other = name + "_" + std::to_string(++suffix);
  while (!taken.insert(other).second);
  return other;
}
} // namespace mlir::bnn
