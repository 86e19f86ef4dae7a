//===- Plugin.cpp - The dialects and passes as a plugin of mlir-opt -------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/BNN/BNN.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "lib/Pipelines/Pipelines.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "passes/Registration.h"

using namespace mlir;

extern "C" LLVM_ATTRIBUTE_WEAK DialectPluginLibraryInfo
mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "BNN", LLVM_VERSION_STRING,
          [](DialectRegistry *registry) {
            registry->insert<bnn::BNNDialect, bnn::onnx::ONNXDialect>();
            bnn::registerBufferizableOpInterfaceExternalModels(*registry);
          }};
}

extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "BNN", LLVM_VERSION_STRING, [] {
            bnn::registerPasses();
            bnn::registerPipelines();
          }};
}
