//===- EpilogueEvaluator.cpp - Runs an epilogue at compile time -----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/Support/EpilogueEvaluator.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/OwningOpRef.h"

using namespace mlir;
using namespace mlir::bnn;

void EpilogueEvaluator::getDependentDialects(DialectRegistry &registry) {
  HostJIT::getDependentDialects(registry);
  registry.insert<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect,
                  scf::SCFDialect>();
}

// void name(i32 first, i32 count, ptr params, ptr out)
static OwningOpRef<ModuleOp> buildModule(Region &epilogue, StringRef name) {
  MLIRContext *context = epilogue.getContext();
  Location loc = UnknownLoc::get(context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  ImplicitLocOpBuilder b(loc, context);
  b.setInsertionPointToEnd(module->getBody());
  Type i32 = b.getI32Type(), ptr = LLVM::LLVMPointerType::get(context);
  auto func =
      b.create<func::FuncOp>(name, b.getFunctionType({i32, i32, ptr, ptr}, {}));
  Block *entry = func.addEntryBlock();
  b.setInsertionPointToStart(entry);
  Value first = entry->getArgument(0), count = entry->getArgument(1),
        params = entry->getArgument(2), out = entry->getArgument(3);

  Block &body = epilogue.front();
  IRMapping mapping;
  for (BlockArgument argument : body.getArguments().drop_front()) {
    Value address = b.create<LLVM::GEPOp>(
        ptr, i32, params,
        ArrayRef<LLVM::GEPArg>{int32_t(argument.getArgNumber() - 1)});
    mapping.map(argument, b.create<LLVM::LoadOp>(argument.getType(), address));
  }
  unsigned outputs = body.getTerminator()->getNumOperands();
  Value zero = b.create<arith::ConstantIntOp>(0, 32);
  Value one = b.create<arith::ConstantIntOp>(1, 32);
  Value stride = b.create<arith::ConstantIntOp>(outputs, 32);
  auto loop = b.create<scf::ForOp>(zero, count, one);
  b.setInsertionPointToStart(loop.getBody());
  Value i = loop.getInductionVar();
  mapping.map(body.getArgument(0), b.create<arith::AddIOp>(first, i));
  for (Operation &op : body.without_terminator())
    b.clone(op, mapping);
  Value base = b.create<arith::MulIOp>(i, stride);
  for (auto [number, value] :
       llvm::enumerate(body.getTerminator()->getOperands())) {
    Value byte = mapping.lookupOrDefault(value);
    if (byte.getType().isInteger(1))
      byte = b.create<arith::ExtUIOp>(b.getI8Type(), byte);
    else
      byte = b.create<arith::TruncIOp>(b.getI8Type(), byte);
    Value at = b.create<arith::AddIOp>(
        base, b.create<arith::ConstantIntOp>(int64_t(number), 32));
    Value address = b.create<LLVM::GEPOp>(ptr, b.getI8Type(), out,
                                          ArrayRef<LLVM::GEPArg>{at});
    b.create<LLVM::StoreOp>(byte, address);
  }
  b.setInsertionPointToEnd(entry);
  b.create<func::ReturnOp>();
  return module;
}

llvm::Expected<EpilogueEvaluator::Function>
EpilogueEvaluator::compile(Region &epilogue) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (BlockArgument argument : epilogue.getArguments())
    os << argument.getType() << ' ';
  OpPrintingFlags flags;
  flags.useLocalScope();
  for (Operation &op : epilogue.front()) {
    op.print(os, flags);
    os << '\n';
  }
  auto [entry, isNew] = compiled.try_emplace(os.str(), nullptr);
  if (!isNew)
    return entry->second;

  std::string name = "epilogue_" + std::to_string(compiled.size());
  OwningOpRef<ModuleOp> module = buildModule(epilogue, name);
  llvm::Expected<void *> address = jit.compile(*module, name);
  if (!address)
    return llvm::createStringError("compile-time evaluation of an epilogue: " +
                                   llvm::toString(address.takeError()));
  entry->second = reinterpret_cast<Function>(*address);
  return entry->second;
}
