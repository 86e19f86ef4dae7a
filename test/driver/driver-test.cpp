//===- driver-test.cpp - What a compilation says of its own faults --------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   driver-test MODEL
//
// Passes with a fault of their own: each is an internal error. A model that is
// refused is none.
//
//===----------------------------------------------------------------------===//

#include "lib/Driver/Driver.h"
#include "lib/Driver/Registration.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace {

/// Fails without a word.
struct Silent : PassWrapper<Silent, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(Silent)
  void runOnOperation() override { signalPassFailure(); }
};

/// Leaves functions without an end.
struct Breaking : PassWrapper<Breaking, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(Breaking)
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      function.getBody().back().getTerminator()->erase();
  }
};

/// Refuses the model, as a pass does that finds fault with it.
struct Refusing : PassWrapper<Refusing, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(Refusing)
  void runOnOperation() override {
    getOperation().emitError("refused");
    signalPassFailure();
  }
};

} // namespace

/// The errors of a compilation that `pass` takes part in.
static std::string errorsWith(llvm::StringRef model,
                              std::unique_ptr<Pass> pass) {
  DialectRegistry registry;
  bnn::registerAllDialects(registry);
  MLIRContext context(registry);
  std::string errors;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      errors += diagnostic.str() + "\n";
    return success();
  });
  bnn::CompileOptions options;
  options.input = model.str();
  OpPassManager passes(ModuleOp::getOperationName());
  passes.addPass(std::move(pass));
  options.extraPasses = {bnn::Phase::Fold, passes};
  if (succeeded(bnn::compileModel(options, bnn::Emit::Object, context)))
    errors += "it compiled\n";
  return errors;
}

int main(int argc, char **argv) {
  if (argc != 2)
    return llvm::errs() << "usage: driver-test MODEL\n", 2;
  int failures = 0;
  auto expect = [&](bool condition, const llvm::Twine &what) {
    failures += !condition;
    if (!condition)
      llvm::errs() << "driver-test: wrong: " << what << '\n';
  };
  std::string silent = errorsWith(argv[1], std::make_unique<Silent>());
  expect(llvm::StringRef(silent).starts_with(
             "internal error: a pass failed without saying why; this is a "
             "fault of bnn-mlir"),
         silent);
  std::string broken = errorsWith(argv[1], std::make_unique<Breaking>());
  expect(llvm::StringRef(broken).contains(
             "internal error: a pass left IR that is not valid"),
         broken);
  std::string refused = errorsWith(argv[1], std::make_unique<Refusing>());
  expect(refused == "refused\n", refused);
  if (!failures)
    llvm::outs() << "driver: all passed\n";
  return failures != 0;
}
