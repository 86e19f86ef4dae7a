//===- LoweredEvaluator.cpp - Evaluating by compiled code -----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/Support/LoweredEvaluator.h"
#include "dialects/BNN/BNN.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Linalg/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Pass/PassManager.h"
#include "passes/LowerReference/LowerReference.h"
#include "passes/OnnxToLinalg/OnnxToLinalg.h"
#include "passes/Support/Bufferize.h"
#include "passes/Support/Evaluation.h"
#include "llvm/Support/Debug.h"
#include "llvm/Support/Threading.h"

#define DEBUG_TYPE "onnx-fold"

using namespace mlir;
using namespace mlir::bnn;

/// From an onnx operation between buffers to loops over these.
static void addLowering(OpPassManager &passes) {
  passes.addNestedPass<func::FuncOp>(createOnnxToLinalg());
  addBufferization(passes);
  passes.addPass(createLowerReference());
  passes.addNestedPass<func::FuncOp>(createConvertLinalgToLoopsPass());
  passes.addPass(memref::createExpandStridedMetadataPass());
  passes.addPass(createLowerAffinePass());
}

void LoweredEvaluator::getDependentDialects(DialectRegistry &registry) {
  HostJIT::getDependentDialects(registry);
  OpPassManager passes(ModuleOp::getOperationName());
  addLowering(passes);
  passes.getDependentDialects(registry);
  registry.insert<bufferization::BufferizationDialect, func::FuncDialect,
                  memref::MemRefDialect, onnx::ONNXDialect>();
  arith::registerBufferizableOpInterfaceExternalModels(registry);
  linalg::registerBufferizableOpInterfaceExternalModels(registry);
  scf::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerBufferizableOpInterfaceExternalModels(registry);
  registerBufferizableOpInterfaceExternalModels(registry);
}

/// Whether the code is made for the value of an operand, as in a model where
/// only the others are computed: axes, the exponent of a power, and no
/// elements, which MLIR has no bare pointers to.
static bool isPartOfCode(const Evaluation &e, size_t index) {
  const EvalTensor &operand = *e.in[index];
  if (operand.numElements() == 0)
    return true;
  return index > 0 && operand.shape.size() <= 1 &&
         operand.numElements() <= 64 &&
         (operand.element.isInteger(64) || isa<onnx::PowOp>(e.op));
}

/// func NAME(a buffer per operand that is not part of the code, the result's)
static OwningOpRef<ModuleOp> buildModule(const Evaluation &e, StringRef name) {
  MLIRContext *context = e.op->getContext();
  ImplicitLocOpBuilder b(e.op->getLoc(), context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(b.getLoc());
  b.setInsertionPointToEnd(module->getBody());
  SmallVector<Type> types;
  for (auto [i, operand] : llvm::enumerate(e.in))
    if (operand && !isPartOfCode(e, i))
      types.push_back(MemRefType::get(operand->shape, operand->element));
  types.push_back(MemRefType::get(e.shape, e.element));
  auto func = b.create<func::FuncOp>(name, b.getFunctionType(types, {}));
  Block *entry = func.addEntryBlock();
  b.setInsertionPointToStart(entry);
  IRMapping mapping;
  unsigned next = 0;
  for (auto [i, operand] : llvm::enumerate(e.in)) {
    Value value;
    if (!operand) {
      value = b.create<onnx::NoValueOp>(b.getNoneType());
    } else if (isPartOfCode(e, i)) {
      ElementsAttr attribute = EvalTensor(*operand).toAttribute();
      value = b.create<onnx::ConstantOp>(attribute.getShapedType(), attribute);
    } else {
      value = b.create<bufferization::ToTensorOp>(
          RankedTensorType::get(operand->shape, operand->element),
          entry->getArgument(next++), /*restrict=*/true);
    }
    mapping.map(e.op->getOperand(i), value);
  }
  Operation *op = b.clone(*e.op, mapping);
  op->getResult(0).setType(RankedTensorType::get(e.shape, e.element));
  auto result = b.create<bufferization::MaterializeInDestinationOp>(
      /*result=*/Type(), op->getResult(0), entry->getArguments().back());
  result.setRestrict(true);
  result.setWritable(true);
  b.create<func::ReturnOp>();
  return module;
}

/// Frees what is allocated at the end of the block that allocates it: no buffer
/// leaves its block, since the result is written to a buffer of the caller's.
static void freeBuffers(ModuleOp module) {
  module.walk([](memref::AllocOp alloc) {
    OpBuilder b(alloc->getBlock()->getTerminator());
    b.create<memref::DeallocOp>(alloc.getLoc(), alloc);
  });
}

HostJIT::Packed LoweredEvaluator::compile(const Evaluation &e, StringRef name) {
  MLIRContext *context = e.op->getContext();
  // This thread's errors only: others may have something to say.
  ScopedDiagnosticHandler quiet(
      context, [thread = llvm::get_threadid()](Diagnostic &diagnostic) {
        if (llvm::get_threadid() != thread)
          return failure();
        LLVM_DEBUG(llvm::dbgs() << "not evaluated: " << diagnostic << '\n');
        return success();
      });
  OwningOpRef<ModuleOp> module = buildModule(e, name);
  PassManager passes(context);
  addLowering(passes);
  if (failed(passes.run(*module)))
    return nullptr;
  freeBuffers(*module);
  llvm::Expected<HostJIT::Packed> function = jit.compilePacked(*module, name);
  if (function)
    return *function;
  std::string reason = llvm::toString(function.takeError());
  LLVM_DEBUG(llvm::dbgs() << "not evaluated: " << reason << '\n');
  return nullptr;
}

/// What the code depends on.
static std::string describe(const Evaluation &e) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << e.op->getName() << e.op->getAttrDictionary();
  for (auto [i, operand] : llvm::enumerate(e.in)) {
    os << ' ';
    if (!operand)
      os << "none";
    else if (isPartOfCode(e, i))
      os << EvalTensor(*operand).toAttribute();
    else
      os << RankedTensorType::get(operand->shape, operand->element);
  }
  os << " -> " << RankedTensorType::get(e.shape, e.element);
  return text;
}

/// Processors do not agree on the sign and payload of the NaNs they compute.
static void unifyNaNs(const EvalTensor &tensor) {
  dispatchFloat(tensor.element, [&](auto zero) {
    using T = decltype(zero);
    T *values = tensor.mutableAs<T>();
    for (int64_t i = 0, e = tensor.numElements(); i < e; ++i)
      values[i] = withOneNaN(values[i]);
    return true;
  });
}

/// What compiling one function takes the time of.
static constexpr int64_t kOperationsToCompile = 4'000'000;

EvalTensorPtr LoweredEvaluator::evaluate(const Evaluation &e) {
  if (llvm::is_contained(e.shape, 0))
    return EvalTensor::allocate(e.element, e.shape);
  auto [entry, isNew] = compiled.try_emplace(describe(e), nullptr);
  if (isNew && !e.budget.takeOperations(kOperationsToCompile)) {
    compiled.erase(entry);
    return nullptr;
  }
  if (isNew)
    entry->second = compile(e, "evaluate_" + std::to_string(compiled.size()));
  if (!entry->second)
    return nullptr;
  EvalTensorPtr y = EvalTensor::allocate(e.element, e.shape);
  SmallVector<void *> addresses;
  for (auto [i, operand] : llvm::enumerate(e.in))
    if (operand && !isPartOfCode(e, i))
      addresses.push_back(const_cast<char *>(operand->bytes()));
  addresses.push_back(y->ownBytes());
  entry->second(addresses.data());
  unifyNaNs(*y);
  return y;
}
