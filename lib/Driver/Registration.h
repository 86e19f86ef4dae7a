//===- Registration.h - Dialects and interfaces of the tools ----*- C++ -*-===//
#pragma once
#include "mlir/IR/DialectRegistry.h"

namespace mlir::bnn {

/// Registers the project's dialects, all upstream dialects, and the external
/// interface models that our pipelines use.
void registerAllDialects(mlir::DialectRegistry &registry);

/// Registers the project's passes and pipelines and all upstream passes.
void registerAllPasses();

} // namespace mlir::bnn
