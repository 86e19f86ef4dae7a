//===- Import.cpp - Reading an ONNX model ---------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Import/Import.h"
#include "dialects/BNN/BNNBase.h"
#include "dialects/BNN/PlainText.h"
#include "lib/Import/Importer.h"
#include "lib/Import/WireSkeleton.h"
#include "mlir/IR/Verifier.h"

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
/// The attribute of this name, or null.
const ::onnx::AttributeProto *findAttribute(const ::onnx::NodeProto &node,
                                            StringRef name) {
  for (const auto &attribute : node.attribute())
    if (attribute.name() == name)
      return &attribute;
  return nullptr;
}

LogicalResult Importer::load() {
  if (options.bytes) {
    file = std::make_shared<DataFile>();
    file->buffer = MemoryBuffer::getMemBuffer(options.bytes->getMemBufferRef(),
                                              /*RequiresNullTerminator=*/false);
    file->registration = options.bytes;
  } else {
    Expected<std::shared_ptr<DataFile>> opened = openFile(path, context);
    if (!opened)
      return error() << "cannot read the model: "
                     << toString(opened.takeError());
    file = *opened;
  }
  StringRef fileName = sys::path::filename(path);
  if (!options.pruningRecord.empty() && failed(readPruningRecord()))
    return failure();
  Expected<std::string> skeleton = makeSkeleton(file->bytes(), fileName);
  if (!skeleton)
    return error() << toString(skeleton.takeError());
  if (skeleton->size() > INT32_MAX ||
      !model.ParseFromArray(skeleton->data(), skeleton->size()))
    return error() << "the file is not an ONNX model: its fields do not form a "
                      "ModelProto";
  if (!model.has_graph() || model.opset_import_size() == 0)
    return error() << "the file is not an ONNX model: it has no "
                   << (model.has_graph() ? "opset" : "graph");
  TensorReader::Check check;
  if (pruning)
    check = [this](StringRef location, ArrayRef<char> bytes) {
      return pruning->checkFile(location, bytes);
    };
  reader = std::make_unique<TensorReader>(path, file, options.onDataFile,
                                          std::move(check), context);
  return success();
}

/// Before anything is known of the model but its bytes: of another model the
/// record says nothing.
LogicalResult Importer::readPruningRecord() {
  Expected<PruningRecord> record = PruningRecord::read(options.pruningRecord);
  if (!record)
    return error() << toString(record.takeError());
  pruning = std::move(*record);
  if (Error different = pruning->checkFile("", file->bytes()))
    return error() << toString(std::move(different));
  return success();
}

/// Names that callers of the model see as C strings.
LogicalResult Importer::checkNames() {
  auto check = [&](StringRef what, StringRef owner, StringRef name) {
    if (isPlainText(name))
      return true;
    error() << "the name of " << what << owner << " is '" << name
            << "'; it has characters that a C string or a terminal does not "
               "show: rename it";
    return false;
  };
  auto checkAll = [&](StringRef what, const auto &infos) {
    for (const auto &info : infos) {
      if (!check(what, "", info.name()))
        return false;
      for (const auto &dim : info.type().tensor_type().shape().dim())
        if (!check("a dimension of ", what, dim.dim_param()))
          return false;
    }
    return true;
  };
  return success(checkAll("an input", model.graph().input()) &&
                 checkAll("an output", model.graph().output()));
}

LogicalResult Importer::readOpsets() {
  if (model.ir_version() > onnx::kMaxIrVersion)
    return error() << "the model's IR version is " << model.ir_version()
                   << "; ONNX has versions up to " << onnx::kMaxIrVersion;
  for (const auto &import : model.opset_import()) {
    StringRef domain = normalDomain(import.domain());
    if (!domains.try_emplace(domain, import.version()).second)
      return error() << "the model imports the opset domain '" << domain
                     << "' twice";
  }
  auto it = domains.find("");
  if (it == domains.end())
    return error() << "the model imports no opset of ONNX's own domain";
  opset = it->second;
  if (opset < onnx::kMinOpset || opset > onnx::kMaxOpset)
    return error() << "opset " << opset
                   << " is not supported; export the model "
                   << "with an opset from " << onnx::kMinOpset << " to "
                   << onnx::kMaxOpset
                   << " (torch.onnx.export: opset_version=18)";
  return success();
}

OwningOpRef<ModuleOp> Importer::run() {
  context->loadDialect<BNNDialect, onnx::ONNXDialect, func::FuncDialect>();
  StringRef fileName = sys::path::filename(path);
  if (failed(load()) || failed(checkNames()) || failed(readOpsets()) ||
      failed(flatten()) || failed(expandCustomNodes()) ||
      failed(checkOperators()) || failed(sortNodes()))
    return {};
  dropUnusedInitializers();

  // Only now that the graph makes sense are the weights' bytes looked for.
  bool good = true;
  auto read = [&](const ::onnx::TensorProto &tensor, const Twine &what) {
    Expected<ElementsAttr> value = reader->read(tensor);
    if (!value) {
      error() << what << ": " << toString(value.takeError());
      good = false;
      return;
    }
    tensors[&tensor] = *value;
  };
  for (const auto &tensor : model.graph().initializer())
    read(tensor, "initializer '" + Twine(tensor.name()) + "'");
  for (const ::onnx::NodeProto *node : order)
    for (const auto &attribute : node->attribute())
      if (attribute.has_t())
        read(attribute.t(), "node '" + Twine(nameOf(*node)) + "' (" +
                                node->op_type() + "): attribute '" +
                                attribute.name() + "'");
  if (!good || failed(runChecker()))
    return {};

  module = ModuleOp::create(baseLoc);
  builder.setInsertionPointToStart(module->getBody());
  module->getOperation()->setAttr(onnx::kOpsetAttr,
                                  builder.getI64IntegerAttr(opset));
  module->getOperation()->setAttr(onnx::kFileAttr,
                                  builder.getStringAttr(fileName));
  module->getOperation()->setAttr("onnx.graph",
                                  builder.getStringAttr(model.graph().name()));
  if (failed(addInputs()) || failed(addConstants()))
    return {};
  for (const ::onnx::NodeProto *node : order)
    if (failed(addNode(*node)))
      return {};
  if (failed(addOutputs()) || failed(checkSizes()) || failed(widenHalves()) ||
      failed(verify(*module)))
    return {};
  return std::move(module);
}

bool isModelBytes(StringRef bytes) {
  return !bytes.starts_with("ML\xefR") &&
         any_of(bytes.take_front(4096), [](unsigned char c) {
           return c < ' ' && !isSpace(static_cast<char>(c));
         });
}

OwningOpRef<ModuleOp> importModel(StringRef path, const ImportOptions &options,
                                  MLIRContext *context) {
  return Importer(options.bytes ? StringRef(kStandardInput) : path, options,
                  context)
      .run();
}
} // namespace mlir::bnn
