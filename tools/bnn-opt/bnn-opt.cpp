//===- bnn-opt.cpp - The compiler and pass driver -------------------------===//
#include "lib/Driver/Registration.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  bnn::registerAllDialects(registry);
  bnn::registerAllPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "bnn-mlir compiler\n", registry));
}
