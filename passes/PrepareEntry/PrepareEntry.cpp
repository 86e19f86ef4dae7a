//===- PrepareEntry.cpp - Caller-supplied buffers and a status ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/PrepareEntry/PrepareEntry.h"
#include "bnn/runtime.h"
#include "dialects/BNN/BNN.h"
#include "dialects/BNN/BNNModel.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_PREPAREENTRY
#include "passes/PrepareEntry/PrepareEntry.h.inc"

namespace {

struct PrepareEntry : impl::PrepareEntryBase<PrepareEntry> {
  using PrepareEntryBase::PrepareEntryBase;

  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main)
      return;
    if (failed(check(main)))
      return signalPassFailure();
    SmallVector<ArgumentAttr> inputs = describeInputs(main);
    declareMaxima(inputs);
    rewrite(main, inputs);
    unshareInits(main);
  }

private:
  static LogicalResult check(func::FuncOp main) {
    if (!main.getBody().hasOneBlock())
      return main.emitError("the model's function has more than one block");
    for (Type type : llvm::concat<const Type>(main.getArgumentTypes(),
                                              main.getResultTypes()))
      if (!isa<RankedTensorType>(type))
        return main.emitError("the inputs and outputs of a model are ranked "
                              "tensors");
    return success();
  }

  // Ops that share an empty tensor, or one that was filled, would all be given
  // the output that the elimination of empty tensors finds for one of them.
  static void unshareInits(func::FuncOp func) {
    auto unshare = [](Operation *op) {
      OpBuilder b(op);
      for (OpOperand &use : llvm::make_early_inc_range(
               llvm::drop_begin(op->getUses(), op->use_empty() ? 0 : 1)))
        use.set(b.clone(*op)->getResult(0));
    };
    func.walk([&](linalg::FillOp fill) { unshare(fill); });
    func.walk([&](tensor::EmptyOp empty) { unshare(empty); });
  }

  // What the argument for an input or output is: as the importer noted, or
  // with names made from `fallback` and with the type's shape.
  ArgumentAttr describe(ArgumentKind kind, DictionaryAttr noted, Type type,
                        const Twine &fallback) {
    auto known =
        noted ? noted.getAs<StringAttr>(onnx::kNameAttr) : StringAttr();
    std::string name = known ? known.str() : fallback.str();
    auto dims = noted ? noted.getAs<ArrayAttr>(onnx::kDimsAttr) : ArrayAttr();
    return ArgumentAttr::get(&getContext(), kind, name,
                             completeDims(dims, type, name));
  }

  // The dimensions that the importer noted, or those of the type.
  ArrayAttr completeDims(ArrayAttr known, Type type, StringRef name) {
    auto tensor = cast<RankedTensorType>(type);
    // At import the rank may have been unknown.
    bool isUsable = known && int64_t(known.size()) == tensor.getRank();
    Builder b(&getContext());
    SmallVector<Attribute> dims;
    for (auto [i, size] : llvm::enumerate(tensor.getShape()))
      if (isUsable && !(isa<StringAttr>(known[i]) && size >= 0))
        dims.push_back(known[i]);
      else
        dims.push_back(ShapedType::isDynamic(size)
                           ? Attribute(b.getStringAttr(name + "_d" + Twine(i)))
                           : Attribute(b.getI64IntegerAttr(size)));
    return b.getArrayAttr(dims);
  }

  SmallVector<ArgumentAttr> describeInputs(func::FuncOp main) {
    SmallVector<ArgumentAttr> inputs;
    for (auto [i, type] : llvm::enumerate(main.getArgumentTypes()))
      inputs.push_back(describe(ArgumentKind::Input, main.getArgAttrDict(i),
                                type, "input" + Twine(i)));
    return inputs;
  }

  // Symbols without a declared maximum get the default.
  void declareMaxima(ArrayRef<ArgumentAttr> inputs) {
    ModelAttr model = getModel(getOperation());
    Builder b(&getContext());
    NamedAttrList maxima(model.getMaxDims());
    for (ArgumentAttr input : inputs)
      for (auto [axis, dim] : llvm::enumerate(input.getDims()))
        if (auto symbol = dyn_cast<StringAttr>(dim);
            symbol && !maxima.get(symbol))
          maxima.set(symbol, b.getI64IntegerAttr(axis ? maxOther : maxFirst));
    getOperation()->setAttr(
        kModelAttr, model.withMaxDims(maxima.getDictionary(&getContext())));
  }

  DictionaryAttr attributesOf(ArgumentAttr argument) {
    Builder b(&getContext());
    return b.getDictionaryAttr(b.getNamedAttr(kArgumentAttr, argument));
  }

  static MemRefType bufferType(Type type) {
    auto tensor = cast<RankedTensorType>(type);
    return MemRefType::get(tensor.getShape(), tensor.getElementType());
  }

  void rewrite(func::FuncOp func, ArrayRef<ArgumentAttr> inputs) {
    Block &body = func.getBody().front();
    auto ret = cast<func::ReturnOp>(body.getTerminator());
    ImplicitLocOpBuilder b(func.getLoc(), &getContext());
    SmallVector<DictionaryAttr> argAttrs;
    SmallVector<Type> types;

    b.setInsertionPointToStart(&body);
    for (auto [argument, input] :
         llvm::zip_equal(body.getArguments(), inputs)) {
      argAttrs.push_back(attributesOf(input));
      Type tensor = argument.getType();
      types.push_back(bufferType(tensor));
      argument.setType(types.back());
      auto toTensor = b.create<bufferization::ToTensorOp>(
          tensor, argument, /*restrict=*/true, /*writable=*/false);
      argument.replaceAllUsesExcept(toTensor, toTensor);
    }
    b.setInsertionPoint(ret);
    for (auto [i, value] : llvm::enumerate(ret.getOperands())) {
      argAttrs.push_back(
          attributesOf(describe(ArgumentKind::Output, func.getResultAttrDict(i),
                                value.getType(), "output" + Twine(i))));
      types.push_back(bufferType(value.getType()));
      Value out = body.addArgument(types.back(), func.getLoc());
      b.create<bufferization::MaterializeInDestinationOp>(
          TypeRange(), value, out, /*restrict=*/true, /*writable=*/true);
    }
    types.push_back(MemRefType::get({ShapedType::kDynamic}, b.getI8Type()));
    body.addArgument(types.back(), func.getLoc());
    argAttrs.push_back(attributesOf(
        ArgumentAttr::get(&getContext(), ArgumentKind::Workspace)));

    Value status = b.create<arith::ConstantIntOp>(BNN_OK, 32);
    // The last that fails counts: that with the least status.
    SmallVector<CheckOpInterface> checks(body.getOps<CheckOpInterface>());
    llvm::sort(checks, [](CheckOpInterface a, CheckOpInterface b) {
      return a.getStatus() != b.getStatus() ? a.getStatus() > b.getStatus()
                                            : a->isBeforeInBlock(b);
    });
    Value wrong;
    for (auto [i, check] : llvm::enumerate(checks)) {
      if (i == 0 || check.getStatus() != checks[i - 1].getStatus())
        wrong = b.create<arith::ConstantIntOp>(check.getStatus(), 32);
      status = b.create<arith::SelectOp>(check.getOk(), status, wrong);
    }
    for (CheckOpInterface check : checks)
      if (check->getNumResults() == 0)
        check->erase();
    b.create<func::ReturnOp>(status);
    ret.erase();

    func.setFunctionType(b.getFunctionType(types, b.getI32Type()));
    func.setAllArgAttrs(argAttrs);
    func.setAllResultAttrs(ArrayRef<DictionaryAttr>{b.getDictionaryAttr({})});
  }
};

} // namespace
} // namespace mlir::bnn
