//===- Raise.cpp - Recognises what is binary ------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/Raise.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Iterators.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "passes/Raise/ByteProduct.h"
#include "passes/Raise/Matchers.h"
#include "passes/Raise/ScoreMask.h"
#include "passes/Support/ConstantFolder.h"
#include "passes/Support/QuantizedFactor.h"

#define DEBUG_TYPE "bnn-raise"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_RAISE
#include "passes/Raise/Raise.h.inc"

namespace {

struct Raise : impl::RaiseBase<Raise> {
  using RaiseBase::RaiseBase;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (budget < 1) {
      func->emitError() << "the budget of bnn-raise is a factor of at least 1, "
                           "not "
                        << int64_t(budget);
      return signalPassFailure();
    }
    Refusals refusals(DEBUG_TYPE, remarks);
    RaiseRewriter rewriter(&getContext(), refusals);
    eraseDead(rewriter, func);
    RefusedProducts refused;
    std::vector<ByteProduct> products = findByteProducts(func, refused);
    if (failed(foldOtherBytes(func, products)))
      return signalPassFailure();
    eraseDead(rewriter, func);
    dropFolded(func, products);
    onnx::SymbolicShapes shapes(func);
    if (failed(shapes.run()))
      return signalPassFailure();
    rewriter.takeStock(func, shapes);
    // From the last on: a product may read what another one computes.
    for (const ByteProduct &product : llvm::reverse(products))
      raiseByteProduct(rewriter, product, /*noise=*/recordLayers);
    linearsRaised += products.size();
    products.clear();
    eraseDead(rewriter, func);
    // Attention first: its matcher reads the onnx form of the projections and
    // of the layers that feed it only through their results.
    for (Operation *op : collect<onnx::TransposeOp>(func))
      transposesMoved +=
          moveTransposes(rewriter, cast<onnx::TransposeOp>(op), shapes);
    for (Operation *op : collect<onnx::MatMulOp>(func))
      (void)unfoldHeads(rewriter, cast<onnx::MatMulOp>(op), shapes);
    MaskForms forms(rewriter, shapes);
    for (Operation *op : collect<onnx::ReshapeOp>(func))
      attentionsRaised += succeeded(
          raiseAttention(rewriter, cast<onnx::ReshapeOp>(op), shapes, forms));
    eraseDead(rewriter, func);
    for (Operation *op : collect<onnx::MatMulOp>(func))
      attentionsRaised += succeeded(raiseUnjoinedAttention(
          rewriter, cast<onnx::MatMulOp>(op), shapes, forms));
    eraseDead(rewriter, func);
    for (Operation *op : collect<onnx::MatMulOp>(func))
      productsRaised += succeeded(
          raiseQuantizedProduct(rewriter, cast<onnx::MatMulOp>(op), shapes));
    eraseDead(rewriter, func);
    for (Operation *op : collect<onnx::GatherOp>(func))
      embeddingsRaised +=
          succeeded(raiseEmbedding(rewriter, cast<onnx::GatherOp>(op)));
    for (Operation *op : collect<onnx::MatMulOp, onnx::GemmOp>(func))
      if (!isProductOfVariables(op)) {
        auto it = refused.find(op);
        const bool isOfBytes = it != refused.end();
        bool isRaised = succeeded(raiseLinear(rewriter, op));
        if (!isRaised && isOfBytes && it->second.weights)
          isRaised = succeeded(raiseFloatsByBytes(
              rewriter, op, *it->second.weights, it->second.why,
              /*noise=*/recordLayers));
        if (!isRaised && isOfBytes)
          (void)rewriter.refuse(op, it->second.why);
        linearsRaised += isRaised;
      }
    // A linear layer takes the addition of its bias with it, so additions are
    // looked at afterwards.
    for (Operation *op : collect<onnx::AddOp, onnx::LayerNormalizationOp>(func))
      layerNormsRaised += succeeded(raiseLayerNorm(rewriter, op));
    eraseDead(rewriter, func);
    FailureOr<ArrayAttr> layers = rewriter.takeRemarks(recordLayers);
    if (failed(layers))
      return signalPassFailure();
    refusals.emitRemarks();
    if (recordLayers)
      func->setAttr(kLayersAttr, *layers);
  }

  void getDependentDialects(DialectRegistry &registry) const override {
    RaiseBase::getDependentDialects(registry);
    ConstantEvaluator::getDependentDialects(registry);
  }

  // Why a product of constant bytes is none of bytes, and the weights, if f32
  // can be multiplied by them.
  struct Refused {
    std::string why;
    std::optional<ByteWeights> weights;
  };
  using RefusedProducts = llvm::DenseMap<Operation *, Refused>;

  // The products of bytes; `refused` gets why others of constant bytes are
  // none.
  static std::vector<ByteProduct> findByteProducts(func::FuncOp func,
                                                   RefusedProducts &refused) {
    std::vector<ByteProduct> products;
    for (Operation *op : collect<onnx::MatMulOp, onnx::GemmOp>(func)) {
      std::string why;
      if (auto product = matchByteProduct(op, &why))
        products.push_back(std::move(*product));
      else if (!why.empty())
        refused[op] = {why, matchByteWeights(op)};
    }
    return products;
  }

  // Evaluates what folding left for a product of bytes that is none.
  LogicalResult foldOtherBytes(func::FuncOp func,
                               ArrayRef<ByteProduct> products) {
    auto isWide = [](Operation *op) {
      return widensBytes(op) ? WalkResult::interrupt() : WalkResult::advance();
    };
    if (!func.walk(isWide).wasInterrupted())
      return success();
    llvm::DenseSet<Operation *> ofBytes;
    for (const ByteProduct &product : products)
      ofBytes.insert(product.op);
    FoldState state{func, FoldBudget(func, budget)};
    state.shapes = std::make_unique<onnx::SymbolicShapes>(func);
    if (failed(state.shapes->run()))
      return failure();
    ConstantFolder constants(state, [&](Operation *op) {
      return widensBytes(op) && feedsOnlyProducts(op, [&](Operation *product) {
               return ofBytes.contains(product);
             });
    });
    while (constants.run())
      ;
    return success();
  }

  // Forgets products of which a part was a constant, and is gone.
  static void dropFolded(func::FuncOp func,
                         std::vector<ByteProduct> &products) {
    llvm::DenseSet<Operation *> left;
    func.walk([&](Operation *op) { left.insert(op); });
    auto isLeft = [&](Value value) {
      return !value || isa<BlockArgument>(value) ||
             left.contains(value.getDefiningOp());
    };
    llvm::erase_if(products, [&](const ByteProduct &product) {
      const ByteInput &input = product.input;
      return !left.contains(product.op) || !llvm::all_of(input.moves, isLeft) ||
             !llvm::all_of(std::array{input.source, input.step.tensor,
                                      input.zero.tensor, input.point.tensor},
                           isLeft);
    });
  }

  // A snapshot of the ops of some kinds. A rewrite erases the op that it was
  // given, or one of a kind that is not in the snapshot.
  template <typename... OpTys>
  static SmallVector<Operation *> collect(func::FuncOp func) {
    SmallVector<Operation *> ops;
    func.walk([&](Operation *op) {
      if (isa<OpTys...>(op))
        ops.push_back(op);
    });
    return ops;
  }

  // What only the layers' old spelling used, weights above all.
  static void eraseDead(RewriterBase &rewriter, func::FuncOp func) {
    func.walk<WalkOrder::PostOrder, ReverseIterator>([&](Operation *op) {
      if (isOpTriviallyDead(op))
        rewriter.eraseOp(op);
    });
  }
};

} // namespace
} // namespace mlir::bnn
