//===- BNNCanonicalization.cpp - Epilogues without what nobody reads ------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/BNN/BNN.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/BitVector.h"

using namespace mlir;
using namespace mlir::bnn;

namespace {

SmallVector<Value> withoutUnused(ValueRange values,
                                 const llvm::BitVector &unused) {
  SmallVector<Value> kept;
  for (auto [index, value] : llvm::enumerate(values))
    if (!unused[index])
      kept.push_back(value);
  return kept;
}

// Outputs that nobody reads are not computed, but for the first: the others
// belong to it.
struct DropUnusedOutputs : OpInterfaceRewritePattern<EpilogueOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(EpilogueOpInterface op,
                                PatternRewriter &rewriter) const override {
    llvm::BitVector unused(op->getNumResults());
    for (OpResult result : op->getResults())
      if (result.getResultNumber() && result.use_empty())
        unused.set(result.getResultNumber());
    if (unused.none())
      return rewriter.notifyMatchFailure(op, "all outputs are read");
    auto slim = op.cloneWith(
        rewriter, op.getParams(), withoutUnused(op.getOuts(), unused),
        [&](OpBuilder &b, Location loc, ValueRange arguments) {
          b.create<YieldOp>(
              loc, withoutUnused(op.inlineEpilogue(b, arguments), unused));
        });
    unsigned next = 0;
    for (OpResult result : op->getResults())
      if (!unused[result.getResultNumber()])
        rewriter.replaceAllUsesWith(result, slim->getResult(next++));
    rewriter.eraseOp(op);
    return success();
  }
};

// Parameters that the epilogue does not use are not loaded.
struct DropUnusedParams : OpInterfaceRewritePattern<EpilogueOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(EpilogueOpInterface op,
                                PatternRewriter &rewriter) const override {
    if (op.getEpilogue().empty())
      return rewriter.notifyMatchFailure(op, "no epilogue");
    const unsigned leading = op.getLeadingTypes().size();
    llvm::BitVector unused(op.getParams().size());
    for (BlockArgument argument :
         op.getEpilogue().getArguments().drop_front(leading))
      if (argument.use_empty())
        unused.set(argument.getArgNumber() - leading);
    if (unused.none())
      return rewriter.notifyMatchFailure(op, "all parameters are used");
    auto slim = op.cloneWith(
        rewriter, withoutUnused(op.getParams(), unused), op.getOuts(),
        [&](OpBuilder &b, Location loc, ValueRange arguments) {
          SmallVector<Value> all(arguments.take_front(leading));
          ValueRange kept = arguments.drop_front(leading);
          for (unsigned param = 0; param < unused.size(); ++param) {
            // Any value stands for what nobody uses.
            all.push_back(unused[param] ? arguments[0] : kept.front());
            if (!unused[param])
              kept = kept.drop_front();
          }
          b.create<YieldOp>(loc, op.inlineEpilogue(b, all));
        });
    rewriter.replaceOp(op, slim->getResults());
    return success();
  }
};

} // namespace

void BNNDialect::getCanonicalizationPatterns(
    RewritePatternSet &patterns) const {
  patterns.add<DropUnusedOutputs, DropUnusedParams>(getContext());
}
