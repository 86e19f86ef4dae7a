//===- PrepareEntry.cpp - Caller-supplied buffers and a status ------------===//
#include "passes/PrepareEntry/PrepareEntry.h"
#include "bnn/runtime.h"
#include "dialects/BNN/BNN.h"
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

constexpr llvm::StringLiteral kMaxDimsAttr = "bnn.max_dims";

struct PrepareEntryPass : impl::PrepareEntryBase<PrepareEntryPass> {
  using PrepareEntryBase::PrepareEntryBase;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (func.getName() != "main")
      return;
    if (!func.getBody().hasOneBlock())
      return void(fail(func, "the model's function has more than one block"));
    for (Type type : llvm::concat<const Type>(func.getArgumentTypes(),
                                              func.getResultTypes()))
      if (!isa<RankedTensorType>(type))
        return void(fail(func, "the inputs and outputs of a model are ranked "
                               "tensors"));
    if (failed(declareMaxima(func)))
      return;
    rewrite(func);
    unshareInits(func);
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

  LogicalResult fail(Operation *op, const Twine &message) {
    signalPassFailure();
    return op->emitError(message);
  }

  // The dimensions of an argument or result: what the importer noted, or its
  // static shape.
  ArrayAttr dimsOf(Attribute noted, Type type, StringRef name) {
    auto known = dyn_cast_or_null<ArrayAttr>(noted);
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

  // Symbols without a declared maximum get the default.
  LogicalResult declareMaxima(func::FuncOp func) {
    auto module = func->getParentOfType<ModuleOp>();
    Builder b(&getContext());
    NamedAttrList maxima(module->getAttrOfType<DictionaryAttr>(kMaxDimsAttr));
    for (unsigned i = 0; i < func.getNumArguments(); ++i) {
      std::string name = nameOf(func.getArgAttr(i, "onnx.name"), "input", i);
      ArrayAttr dims = dimsOf(func.getArgAttr(i, "onnx.dims"),
                              func.getArgumentTypes()[i], name);
      for (auto [axis, dim] : llvm::enumerate(dims))
        if (auto symbol = dyn_cast<StringAttr>(dim);
            symbol && !maxima.get(symbol))
          maxima.set(symbol, b.getI64IntegerAttr(axis ? maxOther : maxFirst));
    }
    module->setAttr(kMaxDimsAttr, maxima.getDictionary(&getContext()));
    return success();
  }

  static std::string nameOf(Attribute noted, StringRef kind, unsigned index) {
    if (auto name = dyn_cast_or_null<StringAttr>(noted))
      return name.str();
    return (kind + Twine(index)).str();
  }

  DictionaryAttr attributes(StringRef kind, StringRef name, ArrayAttr dims) {
    Builder b(&getContext());
    return b.getDictionaryAttr(
        {b.getNamedAttr("bnn.dims", dims),
         b.getNamedAttr("bnn.kind", b.getStringAttr(kind)),
         b.getNamedAttr("bnn.name", b.getStringAttr(name))});
  }

  static MemRefType bufferType(Type type) {
    auto tensor = cast<RankedTensorType>(type);
    return MemRefType::get(tensor.getShape(), tensor.getElementType());
  }

  void rewrite(func::FuncOp func) {
    Block &body = func.getBody().front();
    auto ret = cast<func::ReturnOp>(body.getTerminator());
    ImplicitLocOpBuilder b(func.getLoc(), &getContext());
    SmallVector<DictionaryAttr> argAttrs;
    SmallVector<Type> types;

    b.setInsertionPointToStart(&body);
    for (BlockArgument argument : body.getArguments()) {
      unsigned i = argument.getArgNumber();
      std::string name = nameOf(func.getArgAttr(i, "onnx.name"), "input", i);
      argAttrs.push_back(attributes(
          "input", name,
          dimsOf(func.getArgAttr(i, "onnx.dims"), argument.getType(), name)));
      Type tensor = argument.getType();
      types.push_back(bufferType(tensor));
      argument.setType(types.back());
      auto toTensor = b.create<bufferization::ToTensorOp>(
          tensor, argument, /*restrict=*/true, /*writable=*/false);
      argument.replaceAllUsesExcept(toTensor, toTensor);
    }
    b.setInsertionPoint(ret);
    for (auto [i, value] : llvm::enumerate(ret.getOperands())) {
      std::string name =
          nameOf(func.getResultAttr(i, "onnx.name"), "output", i);
      argAttrs.push_back(attributes(
          "output", name,
          dimsOf(func.getResultAttr(i, "onnx.dims"), value.getType(), name)));
      types.push_back(bufferType(value.getType()));
      Value out = body.addArgument(types.back(), func.getLoc());
      b.create<bufferization::MaterializeInDestinationOp>(
          TypeRange(), value, out, /*restrict=*/true, /*writable=*/true);
    }
    types.push_back(MemRefType::get({ShapedType::kDynamic}, b.getI8Type()));
    body.addArgument(types.back(), func.getLoc());
    argAttrs.push_back(b.getDictionaryAttr(
        b.getNamedAttr("bnn.kind", b.getStringAttr("workspace"))));

    Value status = b.create<arith::ConstantIntOp>(BNN_OK, 32);
    Value wrong = b.create<arith::ConstantIntOp>(BNN_ERROR_INDEX, 32);
    for (auto check : body.getOps<CheckIndicesOp>())
      status = b.create<arith::SelectOp>(check.getOk(), status, wrong);
    Value misfit;
    for (auto check : llvm::make_early_inc_range(body.getOps<CheckShapeOp>())) {
      if (!misfit)
        misfit = b.create<arith::ConstantIntOp>(BNN_ERROR_SHAPE, 32);
      status = b.create<arith::SelectOp>(check.getOk(), status, misfit);
      check.erase();
    }
    b.create<func::ReturnOp>(status);
    ret.erase();

    func.setFunctionType(b.getFunctionType(types, b.getI32Type()));
    func.setAllArgAttrs(argAttrs);
    func.setAllResultAttrs(ArrayRef<DictionaryAttr>{b.getDictionaryAttr({})});
  }
};

} // namespace
} // namespace mlir::bnn
