//===- Importer.h - One model on its way into the onnx dialect --*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/BNN/PlainText.h"
#include "dialects/ONNX/SymbolicShapes.h"
#include "lib/Import/Import.h"
#include "lib/Import/PruningRecord.h"
#include "lib/Import/Splice.h"
#include "lib/Import/TensorData.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Path.h"
#include <onnx/onnx_pb.h>

namespace mlir::bnn {
/// No tensor of a model that can run has more elements.
constexpr int64_t kMaxTensorElements = int64_t(1) << 40;
constexpr size_t kMaxRank = 64;

/// A domain as ONNX's own is spelt: empty.
inline llvm::StringRef normalDomain(llvm::StringRef domain) {
  return domain == "ai.onnx" ? llvm::StringRef() : domain;
}

/// An error in the making. Names in a model may be any bytes: what hides in
/// them is escaped before a terminal sees it. String literals are taken as they
/// are.
class Report {
public:
  explicit Report(mlir::Location location) : location(location) {}
  Report(Report &&other)
      : location(other.location), text(std::move(other.text)),
        active(std::exchange(other.active, false)) {}
  ~Report() {
    if (active)
      mlir::emitError(location) << text;
  }

  template <typename T> Report &&operator<<(const T &value) && {
    *this << value;
    return std::move(*this);
  }
  template <typename T> Report &operator<<(const T &value) & {
    std::string part;
    llvm::raw_string_ostream stream(part);
    stream << value;
    text += std::is_array_v<T> ? part : escapeHidden(part);
    return *this;
  }
  operator mlir::LogicalResult() { return mlir::failure(); }
  template <typename T> operator mlir::FailureOr<T>() {
    return mlir::failure();
  }

private:
  mlir::Location location;
  std::string text;
  bool active = true;
};

struct Composition;

class Importer {
  friend class Composer;

public:
  Importer(llvm::StringRef path, const ImportOptions &options,
           mlir::MLIRContext *context)
      : path(path.str()), options(options), context(context), builder(context),
        fileLoc(mlir::FileLineColLoc::get(context, path, 0, 0)),
        baseLoc(mlir::FileLineColLoc::get(
            context, llvm::sys::path::filename(path), 0, 0)) {}

  mlir::OwningOpRef<mlir::ModuleOp> run();

private:
  Report error() { return Report(fileLoc); }
  Report error(const ::onnx::NodeProto &node) {
    return Report(fileLoc) << "node '" << nameOf(node) << "' ("
                           << node.op_type() << ", opset " << opset << "): ";
  }
  static std::string nameOf(const ::onnx::NodeProto &node) {
    return nameOfNode(node);
  }
  mlir::Location locOf(llvm::StringRef name) {
    return mlir::NameLoc::get(builder.getStringAttr(name), baseLoc);
  }

  mlir::LogicalResult load();
  mlir::LogicalResult readPruningRecord();
  mlir::LogicalResult checkNames();
  mlir::LogicalResult readOpsets();
  class BranchDecider;
  mlir::LogicalResult flatten();
  mlir::LogicalResult takeBranches();
  llvm::SmallVector<std::string> dropDeadNodes();
  void dropUnusedInitializers();
  void sayDropped(llvm::ArrayRef<std::string> nodes);
  void noteReads();
  mlir::LogicalResult expandCustomNodes();
  mlir::LogicalResult checkOperators();
  mlir::LogicalResult sortNodes();
  mlir::LogicalResult runChecker();
  mlir::LogicalResult checkForm(const ::onnx::NodeProto &node);
  mlir::LogicalResult checkForms();
  mlir::LogicalResult checkAttributes(const ::onnx::NodeProto &node,
                                      const onnx::OperatorSpec &spec);
  struct GraphInput;
  mlir::FailureOr<GraphInput> readInput(const ::onnx::ValueInfoProto &info);
  mlir::LogicalResult checkInputShapes(llvm::ArrayRef<GraphInput> inputs);
  void nameDims(llvm::MutableArrayRef<GraphInput> inputs);
  mlir::LogicalResult fixDims(llvm::MutableArrayRef<GraphInput> inputs);
  void createFunction(llvm::ArrayRef<GraphInput> inputs);
  mlir::LogicalResult addInputs();
  mlir::LogicalResult checkOutput(const ::onnx::ValueInfoProto &output,
                                  mlir::Value value);
  mlir::ArrayAttr outputDims(const ::onnx::ValueInfoProto &output,
                             mlir::Value value);
  mlir::LogicalResult addConstants();
  mlir::LogicalResult addNode(const ::onnx::NodeProto &node);
  mlir::LogicalResult addOutputs();
  mlir::LogicalResult checkSizes();
  mlir::LogicalResult widenHalves();

  mlir::LogicalResult addComposition(const ::onnx::NodeProto &node,
                                     const Composition &composition);
  mlir::LogicalResult addConstantNode(const ::onnx::NodeProto &node);
  mlir::FailureOr<mlir::Value> lookup(const ::onnx::NodeProto &node,
                                      llvm::StringRef name);
  mlir::Value noValue();
  mlir::Value constantOf(llvm::ArrayRef<int64_t> values, mlir::Location loc);
  mlir::LogicalResult
  readOperands(const ::onnx::NodeProto &node, const onnx::OperatorSpec &spec,
               llvm::SmallVectorImpl<mlir::Value> &operands);
  mlir::LogicalResult
  addFormerInputs(const ::onnx::NodeProto &node, const onnx::OperatorSpec &spec,
                  llvm::SmallVectorImpl<mlir::Value> &operands);
  mlir::LogicalResult
  takeInputAttribute(const ::onnx::NodeProto &node,
                     const onnx::OperatorSpec &spec,
                     llvm::SmallVectorImpl<mlir::Value> &operands,
                     llvm::SmallVectorImpl<mlir::NamedAttribute> &attributes);
  std::optional<llvm::SmallVector<int64_t>> knownIntegers(mlir::Value list);
  mlir::LogicalResult
  readAttributes(const ::onnx::NodeProto &node, const onnx::OperatorSpec &spec,
                 llvm::SmallVectorImpl<mlir::NamedAttribute> &attributes);
  mlir::LogicalResult
  adaptNode(const ::onnx::NodeProto &node, const onnx::OperatorSpec &spec,
            llvm::MutableArrayRef<mlir::Value> operands,
            llvm::SmallVectorImpl<mlir::NamedAttribute> &attributes);
  mlir::LogicalResult adaptSplit(const ::onnx::NodeProto &node,
                                 mlir::Value input, mlir::Value &split);
  mlir::LogicalResult adaptQuantization(const ::onnx::NodeProto &node);
  bool coversAxes(const ::onnx::NodeProto &node, mlir::Value input);
  mlir::LogicalResult addSoftmaxOfAxes(const ::onnx::NodeProto &node,
                                       mlir::Value x);
  static bool isOfDoubles(const ::onnx::NodeProto &node, mlir::Value x);
  mlir::LogicalResult addOfDoubles(const ::onnx::NodeProto &node,
                                   llvm::ArrayRef<mlir::Value> operands);
  static bool hasBlocks(const ::onnx::NodeProto &node);
  mlir::LogicalResult
  addBlockQuantization(const ::onnx::NodeProto &node,
                       llvm::ArrayRef<mlir::Value> operands);
  mlir::FailureOr<mlir::Type>
  resultElement(const ::onnx::NodeProto &node, const onnx::OperatorSpec &spec,
                llvm::ArrayRef<mlir::Value> operands,
                llvm::SmallVectorImpl<mlir::NamedAttribute> &attributes);
  bool isRead(llvm::StringRef value) const { return read.contains(value); }
  mlir::LogicalResult addSideOutputs(const ::onnx::NodeProto &node,
                                     mlir::Operation *op);
  mlir::LogicalResult addDropoutMask(const ::onnx::NodeProto &node,
                                     mlir::Operation *op);
  mlir::LogicalResult addNormStatistics(const ::onnx::NodeProto &node,
                                        onnx::LayerNormalizationOp op);
  mlir::LogicalResult finish(const ::onnx::NodeProto &node,
                             mlir::Operation *op);

  std::string path;
  const ImportOptions &options;
  mlir::MLIRContext *context;
  mlir::OpBuilder builder;
  mlir::Location fileLoc, baseLoc;

  ::onnx::ModelProto model;
  Splicer splicer{model};
  /// The values that a node or the graph's caller reads.
  llvm::StringSet<> read;
  std::shared_ptr<DataFile> file;
  std::optional<PruningRecord> pruning;
  std::unique_ptr<TensorReader> reader;
  int64_t opset = 0;
  llvm::StringMap<int64_t> domains;
  llvm::SmallVector<const ::onnx::NodeProto *> order;
  llvm::DenseMap<const ::onnx::TensorProto *, mlir::ElementsAttr> tensors;

  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp func;
  std::unique_ptr<onnx::SymbolicShapes> shapes;
  llvm::StringMap<mlir::Value> values;
  mlir::Value none;
};

/// The attribute of this name, or null.
const ::onnx::AttributeProto *findAttribute(const ::onnx::NodeProto &node,
                                            llvm::StringRef name);
} // namespace mlir::bnn
