//===- GraphNames.h - Names that no value has yet ---------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include <onnx/onnx_pb.h>
#include <string>

namespace mlir::bnn {
using NodeList = google::protobuf::RepeatedPtrField<::onnx::NodeProto>;

/// The names of the values of graphs, and new ones.
class GraphNames {
public:
  /// All of a graph, and of those that its nodes hold.
  void take(const ::onnx::GraphProto &graph);
  void take(const NodeList &nodes);
  /// This one; false where it is taken.
  bool take(llvm::StringRef name) { return taken.insert(name).second; }
  /// A name like `wanted`, which is taken from now on. Takes no longer where
  /// the same one is wanted again and again.
  std::string fresh(const llvm::Twine &wanted);

private:
  llvm::StringSet<> taken;
  llvm::StringMap<unsigned> suffixes; ///< The next one of a name that is taken.
};
} // namespace mlir::bnn
