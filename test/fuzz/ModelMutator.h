//===- ModelMutator.h - Changes of ONNX models ------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "test/fuzz/Fuzz.h"
#include <onnx/onnx_pb.h>
#include <vector>

namespace mlir::bnn::fuzz {

/// Changes a model so that it stays well-formed and gets far: any field by
/// protobuf's reflection, and, knowing what they mean, wiring, operators,
/// dimensions and data.
class ModelMutator {
public:
  /// Makes a few changes.
  static void mutate(::onnx::ModelProto &model, Choices &choices);
  /// Makes changes of which most are about where tensors' data lies.
  static void mutateExternalData(::onnx::ModelProto &model, Choices &choices);

private:
  using Message = google::protobuf::Message;
  using Field = google::protobuf::FieldDescriptor;

  ModelMutator(::onnx::ModelProto &model, Choices &choices);

  /// A field of a message, set or not.
  struct Place {
    Message *message;
    const Field *field;
  };

  void collect(Message &message);
  void changeGraph();
  void changeAnyField();
  void changeSingular(const Place &place);
  void changeRepeated(const Place &place);
  void setScalar(const Place &place, int index);
  std::string newString(const Field &field, const std::string &old);
  int64_t newInteger(int64_t old);
  void changeNumbers(std::string &bytes);

  void rewire();
  void insertNode();
  void renameOperator();
  void resizeTensor();
  void changeDimension();
  void changeOpset();
  void moveOutside();

  std::string anyValue();
  ::onnx::NodeProto *anyNode();
  ::onnx::TensorProto *anyTensor();

  ::onnx::ModelProto &model;
  ::onnx::GraphProto &graph;
  Choices &choices;
  std::vector<Place> places;
  std::vector<std::string> strings; ///< All that occur.
  std::vector<::onnx::TensorProto *> tensors;
};

/// What LLVMFuzzerCustomMutator does: `change` of the model that the bytes are,
/// or of an empty one.
size_t mutateBytes(uint8_t *data, size_t size, size_t maxSize, unsigned seed,
                   void (*change)(::onnx::ModelProto &, Choices &));

/// The first model with a node of the second, and the tensors that it reads.
size_t crossOver(llvm::StringRef first, llvm::StringRef second, uint8_t *out,
                 size_t maxSize, unsigned seed);

} // namespace mlir::bnn::fuzz
