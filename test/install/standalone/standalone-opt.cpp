// bnn-opt with one pass more.
#include "CountAttention.h"
#include "lib/Driver/OptMain.h"
#include "lib/Driver/Registration.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::bnn::registerCompilerDialects(registry);
  mlir::bnn::registerAllPasses();
  registerCountAttention();
  return mlir::bnn::optMain(argc, argv, registry);
}
