//===- fuzz-passes.cpp - Any IR in each pass ------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The first line of the input names a pass or a pipeline and its options,
// "// bnn-raise remarks"; the rest is the IR that it is run on. IR that
// verifies passes or gets a diagnostic.
//
//===----------------------------------------------------------------------===//

#include "lib/Driver/Registration.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "test/fuzz/IRMutator.h"
#include "llvm/Support/CommandLine.h"

using namespace mlir;
using namespace mlir::bnn;

/// The arguments of the project's passes and pipelines.
static const std::vector<StringRef> &ourPasses() {
  static const std::vector<StringRef> names = [] {
    registerAllPasses();
    // MLIR lists what is registered as options of a command line only.
    static PassPipelineCLParser parser("", "Passes");
    std::vector<StringRef> found;
    for (auto &entry : llvm::cl::getRegisteredOptions())
      if (entry.getKey().starts_with("bnn-") ||
          entry.getKey().starts_with("onnx-"))
        found.push_back(entry.getKey());
    llvm::sort(found);
    return found;
  }();
  return names;
}

static const PassRegistryEntry *findPass(StringRef name) {
  if (!llvm::is_contained(ourPasses(), name))
    return nullptr;
  if (const PassRegistryEntry *pass = PassInfo::lookup(name))
    return pass;
  return PassPipelineInfo::lookup(name);
}

/// The line that names the pass, and the IR.
static std::pair<StringRef, StringRef> parts(StringRef input) {
  auto [line, ir] = input.split('\n');
  if (!line.consume_front("// "))
    return {"", input};
  return {line, ir};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto [line, ir] = parts(fuzz::textOf(data, size));
  auto [name, options] = line.split(' ');
  const PassRegistryEntry *pass = findPass(name);
  if (!pass)
    return -1;
  DialectRegistry registry;
  registerCompilerDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  fuzz::ErrorCount parserErrors(context);
  // The parser looks for the NUL behind it.
  auto module = parseSourceString<ModuleOp>(ir.str(), &context);
  PassManager passes(&context, ModuleOp::getOperationName(),
                     OpPassManager::Nesting::Implicit);
  auto ignore = [](const Twine &) { return failure(); };
  if (!module || failed(pass->addToPipeline(passes, options, ignore)))
    return 0;
  fuzz::ErrorCount errors(context);
  if (failed(passes.run(*module)))
    errors.checkRefusal(name);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t maxSize, unsigned seed) {
  fuzz::Choices choices(seed);
  auto [line, ir] = parts(fuzz::textOf(data, size));
  std::string first = line.str();
  if (choices.oneIn(8) || !findPass(line.split(' ').first))
    first = choices.from(ourPasses()).str();
  std::string result = "// " + first + "\n" + fuzz::changedIR(ir, choices);
  return result.size() > maxSize ? size : fuzz::giveBack(result, data, maxSize);
}
