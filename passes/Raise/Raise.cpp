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
#include "passes/Raise/Matchers.h"
#include "passes/Raise/ScoreMask.h"

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
    onnx::SymbolicShapes shapes(func);
    if (failed(shapes.run()))
      return signalPassFailure();
    Refusals refusals(DEBUG_TYPE, remarks);
    RaiseRewriter rewriter(&getContext(), refusals);
    eraseDead(rewriter, func);
    rewriter.takeStock(func, shapes);
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
    for (Operation *op : collect<onnx::GatherOp>(func))
      embeddingsRaised +=
          succeeded(raiseEmbedding(rewriter, cast<onnx::GatherOp>(op)));
    for (Operation *op : collect<onnx::MatMulOp, onnx::GemmOp>(func))
      if (!isProductOfVariables(op))
        linearsRaised += succeeded(raiseLinear(rewriter, op));
    // A linear layer takes the addition of its bias with it, so additions are
    // looked at afterwards.
    for (Operation *op : collect<onnx::AddOp, onnx::LayerNormalizationOp>(func))
      layerNormsRaised += succeeded(raiseLayerNorm(rewriter, op));
    eraseDead(rewriter, func);
    FailureOr<ArrayAttr> layers = rewriter.takeRemarks();
    if (failed(layers))
      return signalPassFailure();
    refusals.emitRemarks();
    if (recordLayers)
      func->setAttr(kLayersAttr, *layers);
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
