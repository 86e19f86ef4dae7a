//===- RequireBinary.cpp - Refuses layers that are not binary -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/RequireBinary/RequireBinary.h"
#include "dialects/BNN/BNNModel.h"
#include "dialects/BNN/PlainText.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/GlobPattern.h"
#include <map>

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_REQUIREBINARY
#include "passes/RequireBinary/RequireBinary.h.inc"

namespace {

// A name as a pattern that matches it alone, but for what a terminal would
// hide.
std::string quoted(StringRef name, bool isPlain) {
  std::string pattern;
  for (char c : name) {
    if (!isPlain && !llvm::isPrint(c)) {
      pattern += '?';
      continue;
    }
    if (StringRef("*?[]{}\\").contains(c))
      pattern += '\\';
    pattern += c;
  }
  return pattern;
}

// The same for layers whose names differ in numbers: "layer.*/dense".
std::string family(StringRef name) {
  const bool isPlain = isPlainText(name);
  std::string pattern;
  for (size_t i = 0; i < name.size(); ++i) {
    if (!llvm::isDigit(name[i])) {
      pattern += quoted(name.substr(i, 1), isPlain);
      continue;
    }
    while (i + 1 < name.size() && llvm::isDigit(name[i + 1]))
      ++i;
    pattern += '*';
  }
  return pattern;
}

struct RequireBinary : impl::RequireBinaryBase<RequireBinary> {
  using RequireBinaryBase::RequireBinaryBase;

  void runOnOperation() override {
    markAllAnalysesPreserved();
    func::FuncOp func = getOperation();
    auto layers = func->getAttrOfType<ArrayAttr>(kLayersAttr);
    if (!layers) {
      emitError(func.getLoc(), "has no ")
          << kLayersAttr << ": run bnn-raise with record-layers before";
      return signalPassFailure();
    }
    std::string opset;
    if (auto module = func->getParentOfType<ModuleOp>())
      if (auto version = module->getAttrOfType<IntegerAttr>(onnx::kOpsetAttr))
        opset = ", opset " + std::to_string(version.getInt());
    SmallVector<llvm::GlobPattern> patterns;
    for (const std::string &text : allowFloat) {
      auto pattern = llvm::GlobPattern::create(text);
      if (!pattern) {
        emitError(func.getLoc(), "'")
            << text << "' in allow-float is no pattern: "
            << llvm::toString(pattern.takeError());
        return signalPassFailure();
      }
      patterns.push_back(std::move(*pattern));
    }
    SmallVector<bool> used(patterns.size(), false);
    // Patterns that would accept what is refused -> the names they stand for.
    std::map<std::string, SmallVector<std::string>> remedies;
    for (auto layer : layers.getAsRange<LayerAttr>()) {
      // An embedding has no products.
      if (layer.getKind() == LayerKind::Embedding)
        continue;
      std::string name = layer.getName().str();
      bool allowed = false;
      for (auto [i, pattern] : llvm::enumerate(patterns))
        if (pattern.match(name))
          used[i] = allowed = true;
      if (layer.isBinary() || layer.isMixed() ||
          (takesBytes &&
           layer.getPrecision() == LayerAttr::Precision::ManyBits))
        continue;
      if (allowed) {
        ++layersAllowed;
        continue;
      }
      ++layersRefused;
      remedies[family(name)].push_back(name);
      emitError(Location(layer.getLoc()), "node '")
          << escapeHidden(name) << "' (" << layer.getOp() << opset
          << ") is not " << (takesBytes ? "quantized" : "binary") << ": "
          << layer.getReason();
    }
    for (auto [text, isUsed] : llvm::zip_equal(allowFloat, used))
      if (!isUsed)
        emitWarning(func.getLoc(), "--allow-float=")
            << text
            << " matches no linear layer, attention or product of this model";
    if (remedies.empty())
      return;
    std::string advice;
    for (const auto &[pattern, names] : remedies)
      advice += " --allow-float='" +
                (names.size() == 1 ? quoted(names[0], isPlainText(names[0]))
                                   : pattern) +
                "'";
    emitRemark(func.getLoc(), "where float is meant, accept it:") << advice;
    signalPassFailure();
  }
};

} // namespace
} // namespace mlir::bnn
