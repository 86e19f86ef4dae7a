//===- BNN.h - The bnn dialect ----------------------------------*- C++ -*-===//
#pragma once
#include "dialects/BNN/BNNBase.h"
#include "dialects/BNN/BNNInterfaces.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#define GET_OP_CLASSES
#include "dialects/BNN/BNNOps.h.inc"

namespace mlir::bnn {

/// Lets one-shot bufferisation handle the dialect's ops.
void registerBufferizableOpInterfaceExternalModels(
    mlir::DialectRegistry &registry);

} // namespace mlir::bnn
