//===- Collect.cpp - Reads a report's figures off the IR ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Report/Collect.h"
#include "dialects/BNN/BNNModel.h"
#include "dialects/BNN/Layout.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;

namespace mlir::bnn {

namespace {
struct ReadPass : public PassWrapper<ReadPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ReadPass)

  explicit ReadPass(std::function<void(ModuleOp)> read)
      : read(std::move(read)) {}
  StringRef getName() const override { return "ReadReport"; }
  void runOnOperation() override {
    read(getOperation());
    markAllAnalysesPreserved();
  }

  std::function<void(ModuleOp)> read;
};
} // namespace

void ReportCollector::addAfter(OpPassManager &passes, Phase phase) {
  auto add = [&](void (ReportCollector::*read)(ModuleOp)) {
    passes.addPass(std::make_unique<ReadPass>(
        [this, read](ModuleOp module) { (this->*read)(module); }));
  };
  if (phase == Phase::Import)
    add(&ReportCollector::countImported);
  else if (phase == Phase::Fold)
    add(&ReportCollector::countFolded);
  else if (phase == Phase::Raise)
    add(&ReportCollector::readLayers);
  else if (phase == Phase::Pack)
    add(&ReportCollector::readWeights);
  else if (phase == Phase::Tile)
    add(&ReportCollector::readWorkspace);
}

static int64_t countNodes(ModuleOp module) {
  int64_t count = 0;
  module.walk([&](Operation *op) {
    count += isa_and_nonnull<onnx::ONNXDialect>(op->getDialect()) &&
             !isa<onnx::ConstantOp, onnx::NoValueOp>(op);
  });
  return count;
}

void ReportCollector::countImported(ModuleOp module) {
  report.nodesImported = countNodes(module);
}

void ReportCollector::countFolded(ModuleOp module) {
  report.nodesFolded = countNodes(module);
}

void ReportCollector::readLayers(ModuleOp module) {
  if (auto file = module->getAttrOfType<StringAttr>(onnx::kFileAttr))
    report.file = file.str();
  if (auto opset = module->getAttrOfType<IntegerAttr>(onnx::kOpsetAttr))
    report.opset = opset.getInt();
  report.model = getModel(module).getPrefix().str();
  for (auto func : module.getOps<func::FuncOp>())
    if (auto list = dyn_cast_or_null<ArrayAttr>(func->removeAttr(kLayersAttr)))
      llvm::append_range(layers, list.getAsRange<LayerAttr>());
}

void ReportCollector::readWeights(ModuleOp module) {
  module.walk([&](Operation *op) {
    if (!isa_and_nonnull<BNNDialect>(op->getDialect()))
      return;
    for (Value operand : op->getOperands()) {
      auto constant = operand.getDefiningOp<ConstantOp>();
      auto type = dyn_cast<ShapedType>(operand.getType());
      if (!constant || !type)
        continue;
      // Bits without a layout are stored in a byte each.
      int64_t bytes = type.getNumElements();
      if (getLayout(type))
        bytes =
            ShapedType::getNumElements(getStorageShape(type)) * (kWordBits / 8);
      packed[nodeName(op->getLoc())] += bytes;
    }
  });
}

void ReportCollector::readWorkspace(ModuleOp module) {
  ModelAttr model = getModel(module);
  auto evaluate = [&](CountAttr count) -> std::optional<int64_t> {
    return count ? count.evaluate(model) : std::nullopt;
  };
  for (LayerAttr layer : layers) {
    rows.push_back(evaluate(layer.getRows()));
    macs.push_back(evaluate(layer.getMacs()));
    otherMacs.push_back(evaluate(layer.getOtherMacs()));
  }
  for (auto func : module.getOps<func::FuncOp>()) {
    if (auto size = func->getAttrOfType<IntegerAttr>(kWorkspaceSizeAttr))
      report.workspaceBytes = size.getInt();
    auto buffers =
        dyn_cast_or_null<ArrayAttr>(func->removeAttr(kWorkspaceBuffersAttr));
    if (!buffers)
      continue;
    for (auto buffer : buffers.getAsRange<BufferAttr>())
      report.tensors.push_back({buffer.getName().str(), buffer.getBytes(),
                                buffer.getOffset(), buffer.getFirst(),
                                buffer.getLast()});
  }
  llvm::sort(report.tensors, [](const auto &a, const auto &b) {
    return std::tie(a.first, a.offset, a.last, a.bytes) <
           std::tie(b.first, b.offset, b.last, b.bytes);
  });
}

ModelReport ReportCollector::take() {
  for (auto [i, attr] : llvm::enumerate(layers)) {
    ModelReport::Layer layer;
    layer.name = attr.getName().str();
    layer.op = attr.getOp().str();
    layer.kind = attr.getKind();
    llvm::copy(attr.getSizes().asArrayRef(), layer.sizes);
    layer.became = attr.getSummary();
    layer.precision = attr.getPrecision();
    layer.reason = attr.getReason().str();
    layer.noise = attr.getNoise();
    if (layer.kind == LayerKind::Linear || layer.kind == LayerKind::Embedding) {
      layer.bytesBefore = layer.sizes[0] * layer.sizes[1] * 4;
      auto found = packed.find(layer.name);
      layer.bytesAfter = !attr.getWeights().isF32() && found != packed.end()
                             ? found->second
                             : layer.bytesBefore;
      if (layer.isBytes() && layer.kind == LayerKind::Embedding)
        layer.bytesAfter = layer.sizes[0] * layer.sizes[1];
      // One f32 scale for each row of a binary table.
      if (layer.isBinary() && layer.kind == LayerKind::Embedding)
        layer.bytesAfter += layer.sizes[0] * 4;
    }
    if (i < macs.size()) {
      layer.rows = rows[i];
      if (macs[i] && otherMacs[i]) {
        layer.binaryOps = layer.isBinary() ? *macs[i] : 0;
        layer.byteOps = layer.isBytes() ? *macs[i] : 0;
        layer.floatOps = *otherMacs[i] +
                         (layer.isBinary() || layer.isBytes() ? 0 : *macs[i]);
      }
    }
    report.layers.push_back(std::move(layer));
  }
  return std::move(report);
}

} // namespace mlir::bnn
