//===- Registration.cpp - Dialects and interfaces of the tools ------------===//
#include "lib/Driver/Registration.h"
#include "dialects/BNN/BNN.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "lib/Pipelines/Pipelines.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "passes/Registration.h"

void mlir::bnn::registerAllDialects(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllToLLVMIRTranslations(registry);
  registry.insert<BNNDialect, onnx::ONNXDialect>();
  registerBufferizableOpInterfaceExternalModels(registry);
}

void mlir::bnn::registerAllPasses() {
  mlir::registerAllPasses();
  registerPasses();
  registerPipelines();
}
