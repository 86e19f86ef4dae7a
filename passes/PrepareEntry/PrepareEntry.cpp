//===- PrepareEntry.cpp - Caller-supplied buffers and a status ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/PrepareEntry/PrepareEntry.h"
#include "bnn/types.h"
#include "dialects/BNN/BNN.h"
#include "dialects/BNN/BNNModel.h"
#include "dialects/ONNX/DimBounds.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "passes/PrepareEntry/EntryChecks.h"
#include "llvm/ADT/StringSet.h"

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
    declareMaxima(main, inputs);
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
    // Where it is read, so that until then its memory is another's.
    SmallVector<linalg::FillOp> fills;
    func.walk([&](linalg::FillOp fill) { fills.push_back(fill); });
    for (linalg::FillOp fill : fills) {
      for (OpOperand &use : llvm::make_early_inc_range(fill->getUses())) {
        OpBuilder b(use.getOwner());
        use.set(b.clone(*fill)->getResult(0));
      }
      fill.erase();
    }
    func.walk([&](tensor::EmptyOp empty) {
      OpBuilder b(empty);
      for (OpOperand &use : llvm::make_early_inc_range(
               llvm::drop_begin(empty->getUses(), empty->use_empty() ? 0 : 1)))
        use.set(b.clone(*empty)->getResult(0));
    });
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
                             completeDims(kind, dims, type, name));
  }

  // The dimensions that the importer noted, or those of the type. What nothing
  // is known about has a name of its own if it is an input's.
  ArrayAttr completeDims(ArgumentKind kind, ArrayAttr known, Type type,
                         StringRef argument) {
    auto tensor = cast<RankedTensorType>(type);
    // At import the rank may have been unknown.
    bool isUsable = known && int64_t(known.size()) == tensor.getRank();
    Builder b(&getContext());
    SmallVector<Attribute> dims;
    for (auto [i, size] : llvm::enumerate(tensor.getShape())) {
      if (!ShapedType::isDynamic(size))
        dims.push_back(b.getI64IntegerAttr(size));
      else if (isUsable && isa<StringAttr>(known[i]))
        dims.push_back(known[i]);
      else if (kind == ArgumentKind::Input)
        dims.push_back(b.getStringAttr(newName(argument + "_d" + Twine(i))));
      else if (isUsable && isa<ComputedDimAttr>(known[i]))
        dims.push_back(known[i]);
      else
        dims.push_back(ComputedDimAttr::get(&getContext(), "?", ""));
    }
    return b.getArrayAttr(dims);
  }

  // `wanted`, or what is like it and no name of an input's dimension.
  std::string newName(const Twine &wanted) {
    std::string name = wanted.str();
    while (!dimNames.insert(name).second)
      name += '_';
    return name;
  }

  SmallVector<ArgumentAttr> describeInputs(func::FuncOp main) {
    dimNames.clear();
    for (unsigned i = 0; i < main.getNumArguments(); ++i)
      if (auto dims = main.getArgAttrOfType<ArrayAttr>(i, onnx::kDimsAttr))
        for (Attribute dim : dims)
          if (auto name = dyn_cast<StringAttr>(dim))
            dimNames.insert(name.getValue());
    SmallVector<ArgumentAttr> inputs;
    for (auto [i, type] : llvm::enumerate(main.getArgumentTypes()))
      inputs.push_back(describe(ArgumentKind::Input, main.getArgAttrDict(i),
                                type, "input" + Twine(i)));
    return inputs;
  }

  // Symbols without a declared maximum get the default. None is declared that
  // no run can have.
  void declareMaxima(func::FuncOp main, ArrayRef<ArgumentAttr> inputs) {
    ModelAttr model = getModel(getOperation());
    Builder b(&getContext());
    NamedAttrList maxima(model.getMaxDims());
    auto bounds = main->getAttrOfType<DictionaryAttr>(onnx::kDimBoundsAttr);
    main->removeAttr(onnx::kDimBoundsAttr);
    for (ArgumentAttr input : inputs)
      for (auto [axis, dim] : llvm::enumerate(input.getDims())) {
        auto symbol = dyn_cast<StringAttr>(dim);
        if (!symbol)
          continue;
        auto wished = dyn_cast_or_null<IntegerAttr>(maxima.get(symbol));
        int64_t most = wished ? wished.getInt() : axis ? maxOther : maxFirst;
        auto bound = bounds ? bounds.getAs<IntegerAttr>(symbol) : IntegerAttr();
        if (wished && bound && bound.getInt() < most)
          getOperation().emitWarning()
              << "dimension '" << symbol.getValue() << "' has a maximum of "
              << bound.getInt() << ", not " << most
              << ": what the model holds, such as a table of positions, is for "
                 "no more";
        if (bound)
          most = std::min(most, bound.getInt());
        maxima.set(symbol, b.getI64IntegerAttr(most));
      }
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

  // Writes an output, behind `lastCheck` if there is one: nothing is written
  // before it is clear that the run succeeds.
  static void write(ImplicitLocOpBuilder &b, Value value, Value out,
                    Operation *lastCheck) {
    if (!lastCheck || isComputedBehind(value, lastCheck)) {
      b.create<bufferization::MaterializeInDestinationOp>(
          TypeRange(), value, out, /*restrict=*/true, /*writable=*/true);
      return;
    }
    // A destination that bufferisation knows of is one that it computes in.
    Value computed = b.create<bufferization::ToMemrefOp>(out.getType(), value,
                                                         /*read_only=*/true);
    linalg::makeMemRefCopyOp(b, b.getLoc(), computed, out);
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
    Operation *lastCheck = placeChecks(body);
    b.setInsertionPoint(ret);
    for (auto [i, value] : llvm::enumerate(ret.getOperands())) {
      argAttrs.push_back(
          attributesOf(describe(ArgumentKind::Output, func.getResultAttrDict(i),
                                value.getType(), "output" + Twine(i))));
      types.push_back(bufferType(value.getType()));
      write(b, value, body.addArgument(types.back(), func.getLoc()), lastCheck);
    }
    types.push_back(MemRefType::get({ShapedType::kDynamic}, b.getI8Type()));
    body.addArgument(types.back(), func.getLoc());
    argAttrs.push_back(attributesOf(
        ArgumentAttr::get(&getContext(), ArgumentKind::Workspace)));

    Value status = b.create<arith::ConstantIntOp>(BNN_OK, 32);
    b.create<func::ReturnOp>(status);
    ret.erase();

    func.setFunctionType(b.getFunctionType(types, b.getI32Type()));
    func.setAllArgAttrs(argAttrs);
    func.setAllResultAttrs(ArrayRef<DictionaryAttr>{b.getDictionaryAttr({})});
  }

  // The names of inputs' dimensions.
  llvm::StringSet<> dimNames;
};

} // namespace
} // namespace mlir::bnn
