//===- Splice.h - Bodies in place of the nodes that hold them ---*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Import/GraphNames.h"
#include "llvm/Support/Error.h"
#include <onnx/onnx_pb.h>

namespace mlir::bnn {
/// The names of the values of a graph that `graph` itself reads and does not
/// define: `visit` is called once a use. Deeper graphs count as part of it.
void forEachCapture(const ::onnx::GraphProto &graph,
                    llvm::function_ref<void(const std::string &)> visit);
/// The same for all graphs that a node holds.
void forEachCapture(const ::onnx::NodeProto &node,
                    llvm::function_ref<void(const std::string &)> visit);

/// What a node is called in messages.
std::string nameOfNode(const ::onnx::NodeProto &node);

/// Writes the body of a function of the model in place of a call of it, and a
/// branch in place of an If. Values and nodes get names that begin with that of
/// the node they stand for, and that no other has.
///
/// A small file can ask for many nodes: functions that call each other twice
/// double with each. What is written is counted, and an error where it is more
/// than any exporter writes.
class Splicer {
public:
  /// Reads the model's functions and names; `model` outlives this.
  explicit Splicer(::onnx::ModelProto &model) : model(model) {}

  /// Learns the functions. An error where one is defined twice, calls itself,
  /// or speaks another opset than the model, which is of `opset`.
  llvm::Error readFunctions(int64_t opset);
  /// Takes `nodes`, and leaves them with calls inlined.
  llvm::Error inlineCalls(NodeList &nodes);
  /// The nodes of one branch of `node`, an If. Initializers of the branch
  /// become the graph's.
  llvm::Expected<NodeList> takeBranch(const ::onnx::NodeProto &node,
                                      llvm::StringRef branch);

private:
  struct Function {
    const ::onnx::FunctionProto *proto;
    /// Attributes that a call may leave out.
    std::vector<::onnx::AttributeProto> defaults;
  };
  struct Scope;
  using Name = std::string;

  const Function *functionOf(const ::onnx::NodeProto &node) const;
  llvm::Error checkRecursion() const;
  llvm::Error checkOpset(const ::onnx::FunctionProto &function,
                         int64_t opset) const;
  Name freshName(const llvm::Twine &wanted);
  llvm::Error count(const ::onnx::NodeProto &node);
  llvm::Error addNode(::onnx::NodeProto &&node, unsigned depth, NodeList &out);
  llvm::Error addCall(const ::onnx::NodeProto &node, const Function &function,
                      unsigned depth, NodeList &out);
  llvm::Error addBody(const NodeList &body, Scope &scope, unsigned depth,
                      NodeList &out);
  llvm::Error
  nameOutputs(const google::protobuf::RepeatedPtrField<std::string> &formal,
              const ::onnx::NodeProto &node, Scope &scope, NodeList &out);

  ::onnx::ModelProto &model;
  std::vector<Function> functions;
  llvm::StringMap<unsigned> functionIds; ///< By domain, name and overload.
  GraphNames names;
  bool namesTaken = false;
  uint64_t nodesWritten = 0, bytesWritten = 0;
};
} // namespace mlir::bnn
