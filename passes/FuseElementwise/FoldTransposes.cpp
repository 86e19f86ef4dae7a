//===- FoldTransposes.cpp - Sums that read transposed tensors -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/FuseElementwise/FoldTransposes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;

namespace mlir::bnn {
namespace {

bool keepsLast(linalg::TransposeOp op) {
  ArrayRef<int64_t> permutation = op.getPermutation();
  return permutation.size() >= 2 &&
         permutation.back() == int64_t(permutation.size()) - 1;
}

// Whether the operand is the second factor of a product of bytes, of which
// bnn-tile-products makes panels: these may as well be made of its columns.
bool becomesPanels(OpOperand &operand, AffineMap map) {
  auto op = cast<linalg::GenericOp>(operand.getOwner());
  auto last = dyn_cast<AffineDimExpr>(map.getResults().back());
  return operand.getOperandNumber() == 1 && op.getNumDpsInputs() == 2 &&
         getElementTypeOrSelf(operand.get()).isInteger(8) && last &&
         (last.getPosition() == op.getNumLoops() - 1 ||
          last.getPosition() == op.getNumLoops() - 2);
}

/// Axis i of the result is axis permutation[i] of the input.
struct FoldIntoReader : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getNumReductionLoops() == 0 || !op.hasPureTensorSemantics())
      return failure();
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    bool changed = false;
    for (OpOperand *operand : op.getDpsInputOperands()) {
      auto transpose = operand->get().getDefiningOp<linalg::TransposeOp>();
      if (!transpose)
        continue;
      AffineMap &map = maps[operand->getOperandNumber()];
      SmallVector<AffineExpr> axes(map.getNumResults());
      for (auto [from, expr] :
           llvm::zip_equal(transpose.getPermutation(), map.getResults()))
        axes[from] = expr;
      AffineMap folded = AffineMap::get(map.getNumDims(), map.getNumSymbols(),
                                        axes, op.getContext());
      if (!keepsLast(transpose) && !becomesPanels(*operand, folded))
        continue;
      map = folded;
      rewriter.modifyOpInPlace(op, [&] { operand->set(transpose.getInput()); });
      changed = true;
    }
    if (!changed)
      return failure();
    rewriter.modifyOpInPlace(op, [&] {
      op.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
    });
    return success();
  }
};

struct FoldIntoWriter : OpRewritePattern<linalg::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto writer = op.getInput().getDefiningOp<linalg::GenericOp>();
    if (!keepsLast(op) || !writer || writer.getNumReductionLoops() == 0 ||
        !writer->hasOneUse() || writer.getNumDpsInits() != 1)
      return failure();
    auto fill =
        writer.getDpsInitOperand(0)->get().getDefiningOp<linalg::FillOp>();
    if (!fill)
      return failure();
    SmallVector<AffineMap> maps = writer.getIndexingMapsArray();
    SmallVector<AffineExpr> axes;
    for (int64_t from : op.getPermutation())
      axes.push_back(maps.back().getResult(unsigned(from)));
    maps.back() =
        AffineMap::get(maps.back().getNumDims(), maps.back().getNumSymbols(),
                       axes, op.getContext());
    Value init =
        rewriter
            .create<linalg::FillOp>(op.getLoc(), fill.getInputs(), op.getInit())
            .getResult(0);
    auto result = rewriter.create<linalg::GenericOp>(
        writer.getLoc(), init.getType(), writer.getInputs(), init, maps,
        writer.getIteratorTypesArray());
    rewriter.inlineRegionBefore(writer.getRegion(), result.getRegion(),
                                result.getRegion().begin());
    result->setDiscardableAttrs(llvm::to_vector(writer->getDiscardableAttrs()));
    rewriter.replaceOp(op, result.getResults());
    rewriter.eraseOp(writer);
    return success();
  }
};

} // namespace

void populateFoldTransposes(RewritePatternSet &patterns) {
  patterns.add<FoldIntoReader, FoldIntoWriter>(patterns.getContext());
}

} // namespace mlir::bnn
