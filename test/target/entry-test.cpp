//===- entry-test.cpp - Calls what bnn-emit-entry writes ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls what bnn-emit-entry writes: every status, the shapes of the outputs and
// the descriptor, through an object that was checked and loaded.
//
//===----------------------------------------------------------------------===//

#include "dialects/BNN/BNN.h"
#include "lib/Run/LoadedModel.h"
#include "lib/Target/ObjectWriter.h"
#include "lib/Target/Target.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "passes/EmitEntry/EmitEntry.h"
#include <cstring>

using namespace mlir;

// Sums each row of both inputs; the workspace is used as scratch, and an id of
// 100 or more is out of range.
static const char *const source = R"mlir(
module attributes {bnn.model = #bnn.model<prefix = "sums", max_dims = {batch = 8, seq = 64}>} {
  func.func private @main(
      %ids: memref<?x?xi64> {bnn.argument = #bnn.argument<input, "ids", ["batch", "seq"]>},
      %scale: memref<2xf32> {bnn.argument = #bnn.argument<input, "scale", [2]>},
      %out: memref<?x2xf32> {bnn.argument = #bnn.argument<output, "sums", ["batch", 2]>},
      %ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) -> i32
      attributes {bnn.workspace_size = 64 : i64} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %limit = arith.constant 100 : i64
    %ok = arith.constant 0 : i32
    %bad = arith.constant 4 : i32
    %zero = arith.constant 0.0 : f32
    %rows = memref.dim %ids, %c0 : memref<?x?xi64>
    %cols = memref.dim %ids, %c1 : memref<?x?xi64>
    %scratch = memref.view %ws[%c0][] : memref<?xi8> to memref<2xf32>
    memref.copy %scale, %scratch : memref<2xf32> to memref<2xf32>
    %status = scf.for %i = %c0 to %rows step %c1 iter_args(%s0 = %ok) -> i32 {
      %r:2 = scf.for %j = %c0 to %cols step %c1 iter_args(%x = %zero, %s = %s0) -> (f32, i32) {
        %id = memref.load %ids[%i, %j] : memref<?x?xi64>
        %fits = arith.cmpi ult, %id, %limit : i64
        %next = arith.select %fits, %s, %bad : i32
        %f = arith.sitofp %id : i64 to f32
        %sum = arith.addf %x, %f : f32
        scf.yield %sum, %next : f32, i32
      }
      %a = memref.load %scratch[%c0] : memref<2xf32>
      %b = memref.load %scratch[%c1] : memref<2xf32>
      %ya = arith.mulf %r#0, %a : f32
      %yb = arith.mulf %r#0, %b : f32
      memref.store %ya, %out[%i, %c0] : memref<?x2xf32>
      memref.store %yb, %out[%i, %c1] : memref<?x2xf32>
      scf.yield %r#1 : i32
    }
    return %status : i32
  }
}
)mlir";

static int failures = 0;

static void expect(bool condition, const llvm::Twine &what) {
  if (condition)
    return;
  llvm::errs() << "entry-test: wrong: " << what << '\n';
  ++failures;
}

static std::unique_ptr<llvm::MemoryBuffer> compile(unsigned level) {
  DialectRegistry registry;
  registry.insert<arith::ArithDialect, bnn::BNNDialect, cf::ControlFlowDialect,
                  func::FuncDialect, LLVM::LLVMDialect, memref::MemRefDialect,
                  scf::SCFDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  MLIRContext context(registry);
  context.allowUnregisteredDialects();
  auto module = parseSourceString<ModuleOp>(source, &context);
  PassManager passes(&context);
  passes.addPass(bnn::createEmitEntry());
  passes.addPass(createConvertSCFToCFPass());
  passes.addPass(createFinalizeMemRefToLLVMConversionPass());
  passes.addPass(createConvertControlFlowToLLVMPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createConvertFuncToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  if (!module || failed(passes.run(*module)))
    return nullptr;
  llvm::LLVMContext llvmContext;
  auto llvmModule = translateModuleToLLVMIR(*module, llvmContext);
  auto machine = bnn::createTargetMachine(
      llvm::cantFail(bnn::resolveTarget("", "native", "")));
  llvm::cantFail(bnn::optimizeModule(*llvmModule, *machine, level));
  std::string object;
  llvm::raw_string_ostream out(object);
  llvm::cantFail(bnn::emitObject(*llvmModule, *machine, out,
                                 llvm::CodeGenFileType::ObjectFile));
  return llvm::MemoryBuffer::getMemBufferCopy(object);
}

namespace {
/// A correct call, for the tests to spoil.
struct Call {
  int64_t ids[6] = {1, 2, 3, 4, 5, 6};
  float scale[2] = {1, 10};
  float sums[4] = {-1, -1, -1, -1};
  alignas(64) char workspace[128];
  bnn_tensor inputs[2] = {{ids, {2, 3}}, {scale, {2}}};
  bnn_tensor outputs[1] = {{sums, {-7, -7}}};
  bnn_options options = {sizeof(bnn_options), 0, nullptr, nullptr};
};
} // namespace

static void testDescriptor(const bnn_model_info &info) {
  expect(info.abi_version == BNN_ABI_VERSION, "abi_version");
  expect(std::strcmp(info.name, "sums") == 0, "name");
  expect(info.num_inputs == 2 && info.num_outputs == 1, "counts");
  expect(info.workspace_size == 64, "workspace_size");
  expect(info.workspace_alignment == 64, "workspace_alignment");
  const bnn_tensor_info &ids = info.inputs[0];
  expect(std::strcmp(ids.name, "ids") == 0 && ids.rank == 2 &&
             ids.element_type == BNN_I64,
         "the first input");
  expect(std::strcmp(ids.dims[1].name, "seq") == 0 && ids.dims[1].max == 64,
         "a symbolic dimension");
  expect(!info.inputs[1].dims[0].name && info.inputs[1].dims[0].max == 2,
         "a static dimension");
  expect(info.outputs[0].element_type == BNN_F32, "the output");
}

static void testCalls(bnn_run_function run) {
  auto check = [&](const char *what, int32_t status, auto spoil) {
    Call call;
    const bnn_options *options = spoil(call);
    int32_t got = run(call.inputs, call.outputs, call.workspace, options);
    expect(got == status,
           llvm::Twine(what) + ": got " + bnn_status_string(got));
    bool checked = status == BNN_OK || status == BNN_ERROR_INDEX;
    expect(call.outputs[0].shape[0] == (checked ? call.inputs[0].shape[0] : -7),
           llvm::Twine(what) + ": the output's shape");
  };
  using Options = const bnn_options *;
  Call good;
  expect(run(good.inputs, good.outputs, good.workspace, nullptr) == BNN_OK &&
             good.sums[0] == 6 && good.sums[1] == 60 && good.sums[2] == 15 &&
             good.sums[3] == 150 && good.outputs[0].shape[1] == 2,
         "the result");

  check("options", BNN_OK, [](Call &c) -> Options { return &c.options; });
  check("longer options", BNN_OK, [](Call &c) -> Options {
    c.options.struct_size += 8;
    return &c.options;
  });
  check("the shortest options", BNN_OK, [](Call &c) -> Options {
    c.options.struct_size = 8;
    return &c.options;
  });
  check("shorter options", BNN_ERROR_ABI, [](Call &c) -> Options {
    c.options.struct_size = 7;
    return &c.options;
  });
  check("reserved options", BNN_ERROR_ABI, [](Call &c) -> Options {
    c.options.reserved = 1;
    return &c.options;
  });
  check("null input", BNN_ERROR_NULL, [](Call &c) -> Options {
    c.inputs[1].data = nullptr;
    return nullptr;
  });
  check("null output", BNN_ERROR_NULL, [](Call &c) -> Options {
    c.outputs[0].data = nullptr;
    return nullptr;
  });
  check("batch 0", BNN_ERROR_CAPACITY, [](Call &c) -> Options {
    c.inputs[0].shape[0] = 0;
    return nullptr;
  });
  check("batch -1", BNN_ERROR_CAPACITY, [](Call &c) -> Options {
    c.inputs[0].shape[0] = -1;
    return nullptr;
  });
  check("batch 9", BNN_ERROR_CAPACITY, [](Call &c) -> Options {
    c.inputs[0].shape[0] = 9;
    return nullptr;
  });
  check("static dimension", BNN_ERROR_SHAPE, [](Call &c) -> Options {
    c.inputs[1].shape[0] = 3;
    return nullptr;
  });
  check("index", BNN_ERROR_INDEX, [](Call &c) -> Options {
    c.ids[4] = 100;
    return nullptr;
  });
  check("one row", BNN_OK, [](Call &c) -> Options {
    c.inputs[0].shape[0] = 1;
    return nullptr;
  });

  Call call;
  expect(run(nullptr, call.outputs, call.workspace, nullptr) == BNN_ERROR_NULL,
         "null inputs");
  expect(run(call.inputs, nullptr, call.workspace, nullptr) == BNN_ERROR_NULL,
         "null outputs");
  expect(run(call.inputs, call.outputs, nullptr, nullptr) ==
             BNN_ERROR_WORKSPACE,
         "null workspace");
  expect(run(call.inputs, call.outputs, call.workspace + 32, nullptr) ==
             BNN_ERROR_WORKSPACE,
         "misaligned workspace");
}

int main() {
  for (unsigned level : {0u, 3u}) {
    auto object = compile(level);
    if (!object)
      return 1;
    auto again = compile(level);
    expect(again && again->getBuffer() == object->getBuffer(),
           "two compilations give the same bytes");
    auto model = bnn::LoadedModel::load(std::move(object), "");
    if (!model) {
      llvm::errs() << llvm::toString(model.takeError()) << '\n';
      return 1;
    }
    testDescriptor((*model)->info());
    testCalls((*model)->info().run);
  }
  return failures != 0;
}
