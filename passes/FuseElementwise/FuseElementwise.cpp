//===- FuseElementwise.cpp - Elementwise ops, each element once -----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/FuseElementwise/FuseElementwise.h"
#include "dialects/BNN/BNN.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/FuseElementwise/FoldTransposes.h"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "passes/FuseElementwise/FuseElementwise.h.inc"

namespace {

// Whether the reader of `operand` reads each of its elements once.
bool readsOnce(OpOperand &operand) {
  auto reader = dyn_cast<linalg::LinalgOp>(operand.getOwner());
  if (!reader)
    return true; // a reshape
  return reader.getNumParallelLoops() == reader.getNumLoops() &&
         reader.getMatchingIndexingMap(&operand).isPermutation();
}

// Each fusion copies the producer's body: without an end, a chain of n ops
// would cost n * n.
constexpr int64_t kMaxBody = 128;

// Whether the bodies are short enough to become one.
bool isShort(OpOperand &operand) {
  auto bodySize = [](Operation *op) -> int64_t {
    auto generic = dyn_cast_or_null<linalg::GenericOp>(op);
    return generic ? generic.getBody()->getOperations().size() : 0;
  };
  return bodySize(operand.getOwner()) +
             bodySize(operand.get().getDefiningOp()) <=
         kMaxBody;
}

// Whether `op` makes integers of bytes, less a constant.
bool widensBytes(Operation *op) {
  auto generic = dyn_cast_or_null<linalg::GenericOp>(op);
  return generic && generic.getNumDpsInputs() == 1 &&
         generic.getNumDpsInits() == 1 &&
         getElementTypeOrSelf(generic.getInputs()[0]).isInteger(8) &&
         getElementTypeOrSelf(generic.getOutputs()[0]).isInteger(32) &&
         llvm::all_of(generic.getBody()->without_terminator(),
                      llvm::IsaPred<UnrealizedConversionCastOp, arith::ExtSIOp,
                                    arith::ExtUIOp, arith::SubIOp>);
}

// Whether `op` is a sum that reads `operand`, which bytes were made of: it
// reads the bytes as often, in a quarter of the memory.
bool readsBytes(OpOperand &operand) {
  auto sum = dyn_cast<linalg::GenericOp>(operand.getOwner());
  return sum && sum.getNumReductionLoops() &&
         widensBytes(operand.get().getDefiningOp());
}

// Whether the reader of `operand`, bytes, becomes a part of a sum.
bool feedsSum(OpOperand &operand) {
  Operation *reader = operand.getOwner();
  return widensBytes(reader) && reader->hasOneUse() &&
         readsBytes(*reader->getUses().begin());
}

// Whether `operand` is what an elementwise op makes of the result of a product,
// whose epilogue it becomes as long as no reshape stands between the two.
bool isEpilogue(OpOperand &operand) {
  auto generic = operand.get().getDefiningOp<linalg::GenericOp>();
  return generic && generic.getNumParallelLoops() == generic.getNumLoops() &&
         llvm::any_of(generic.getInputs(), [](Value input) {
           return input.hasOneUse() &&
                  isa_and_nonnull<EpilogueOpInterface>(input.getDefiningOp());
         });
}

struct FuseElementwise : impl::FuseElementwiseBase<FuseElementwise> {
  using FuseElementwiseBase::FuseElementwiseBase;

  void runOnOperation() override {
    MLIRContext *context = &getContext();
    auto hasOneReader = [](OpOperand *operand) {
      Operation *producer = operand->get().getDefiningOp();
      return producer && producer->hasOneUse();
    };
    auto isWorth = [&](OpOperand *operand) {
      return hasOneReader(operand) && isShort(*operand) &&
             (readsOnce(*operand) ? !feedsSum(*operand) : readsBytes(*operand));
    };
    RewritePatternSet patterns(context);
    linalg::populateElementwiseOpsFusionPatterns(patterns, isWorth);
    auto isWorthReshaping = [&](OpOperand *operand) {
      return hasOneReader(operand) && !isEpilogue(*operand);
    };
    linalg::populateFoldReshapeOpsByExpansionPatterns(patterns,
                                                      isWorthReshaping);
    linalg::populateConstantFoldLinalgOperations(patterns, hasOneReader);
    populateFoldTransposes(patterns);
    affine::AffineApplyOp::getCanonicalizationPatterns(patterns, context);
    linalg::GenericOp::getCanonicalizationPatterns(patterns, context);
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, context);
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, context);
    context->getLoadedDialect<linalg::LinalgDialect>()
        ->getCanonicalizationPatterns(patterns);
    GreedyRewriteConfig config;
    config.useTopDownTraversal = true; // as upstream's pass: fewer rounds
    if (failed(applyPatternsAndFoldGreedily(getOperation(), std::move(patterns),
                                            config)))
      return signalPassFailure();
    getOperation().walk([&](linalg::GenericOp op) {
      for (OpOperand *operand : op.getDpsInputOperands())
        if (auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
            producer && producer->hasOneUse() && !readsOnce(*operand))
          ++kept;
    });
  }
};

} // namespace
} // namespace mlir::bnn
