//===- TensorData.h - ONNX tensors to attributes ----------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <functional>
#include <memory>
#include <onnx/onnx_pb.h>
#include <string>

namespace mlir::bnn {
/// A file in memory, usually mapped. Constants that share its memory keep it
/// alive.
struct DataFile {
  std::unique_ptr<llvm::MemoryBuffer> buffer;
  /// Undoes the registration as a mapped file.
  std::shared_ptr<void> registration;

  llvm::ArrayRef<char> bytes() const {
    return {buffer->getBufferStart(), buffer->getBufferSize()};
  }
};

/// Maps the regular file `path` and registers the map with the onnx dialect.
llvm::Expected<std::shared_ptr<DataFile>> openFile(llvm::StringRef path,
                                                   mlir::MLIRContext *context);

/// The element type that stands for ONNX's; null if it is not supported.
mlir::Type getElementType(int32_t dataType, mlir::MLIRContext *context);

/// ONNX's name of an element type.
std::string nameOfDataType(int32_t dataType);

/// Reads tensors of one model, wherever their data lies.
class TensorReader {
public:
  /// Is given the name that the model has for a file, and what is in it.
  using Check = std::function<llvm::Error(llvm::StringRef location,
                                          llvm::ArrayRef<char> bytes)>;

  /// `model` is the file `path` that the tensors come from. `onDataFile` is
  /// called for each other file that is read; what `check` says of it is the
  /// reader's error. Both may be null.
  TensorReader(llvm::StringRef path, std::shared_ptr<DataFile> model,
               std::function<void(llvm::StringRef)> onDataFile, Check check,
               mlir::MLIRContext *context);

  /// The tensor's value. Large data is not copied unless the file holds it at
  /// an address that is not aligned for its element type.
  llvm::Expected<mlir::ElementsAttr> read(const ::onnx::TensorProto &tensor);

private:
  struct Layout;
  llvm::Expected<Layout> layoutOf(const ::onnx::TensorProto &tensor) const;
  llvm::Expected<std::shared_ptr<DataFile>>
  findExternal(const ::onnx::TensorProto &tensor, const Layout &layout,
               llvm::ArrayRef<char> &data);
  llvm::Expected<mlir::ElementsAttr>
  readExternal(const ::onnx::TensorProto &tensor, const Layout &layout);
  llvm::Expected<std::shared_ptr<DataFile>> open(llvm::StringRef location);

  std::string folder, fileName;
  /// The real folder of the file that the model's path leads to; empty for
  /// standard input.
  std::string blobs;
  std::shared_ptr<DataFile> model;
  std::function<void(llvm::StringRef)> onDataFile;
  Check check;
  mlir::MLIRContext *context;
  llvm::StringMap<std::shared_ptr<DataFile>> files;
};
} // namespace mlir::bnn
