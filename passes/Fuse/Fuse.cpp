//===- Fuse.cpp - Consumers into epilogues --------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Fuse/Fuse.h"
#include "dialects/BNN/BNN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Support/Epilogue.h"
#include "passes/Support/Refusals.h"

#define DEBUG_TYPE "bnn-fuse"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_FUSE
#include "passes/Fuse/Fuse.h.inc"

namespace {

// Why what `consumer` makes of the producer's result cannot take its place;
// empty where it can: it is the one user of the one result, f32 or i32.
StringRef whyNotReplaced(EpilogueOpInterface producer, Operation *consumer) {
  if (producer.takesMoreOutputs())
    return "the producer keeps its first output";
  if (producer->getNumResults() != 1)
    return "the producer has several results";
  if (llvm::any_of(producer->getUsers(),
                   [&](Operation *user) { return user != consumer; }))
    return "the producer's result has other users";
  if (producer->getBlock() != consumer->getBlock())
    return "the producer is in another block";
  auto places = dyn_cast<DestinationStyleOpInterface>(consumer);
  if (places &&
      llvm::is_contained(places.getDpsInits(), producer->getResult(0)))
    return "the producer's result is where the outputs go";
  auto type = dyn_cast<RankedTensorType>(producer->getResult(0).getType());
  return type && (type.getElementType().isF32() ||
                  type.getElementType().isInteger(32))
             ? ""
             : "the producer's result is no tensor of f32 or i32";
}

// Rebuilds `producer` where `rewriter` stands with more parameters and other
// outputs. `extend` makes what the epilogue yields now of what it yields and of
// its arguments for `newParams`.
EpilogueOpInterface
rebuild(RewriterBase &rewriter, EpilogueOpInterface producer,
        ValueRange newParams, ValueRange outs,
        function_ref<SmallVector<Value>(ValueRange, ValueRange)> extend) {
  SmallVector<Value> params(producer.getParams());
  params.append(newParams.begin(), newParams.end());
  return producer.cloneWith(
      rewriter, params, outs,
      [&](OpBuilder &b, Location loc, ValueRange arguments) {
        SmallVector<Value> yielded =
            producer.inlineEpilogue(b, arguments.drop_back(newParams.size()));
        b.create<bnn::YieldOp>(
            loc, extend(yielded, arguments.take_back(newParams.size())));
      });
}

// Whether `value` is there before `op`, or a constant, which can be.
bool isAvailableBefore(Value value, Operation *op) {
  Operation *def = value.getDefiningOp();
  return !def || def->getBlock() != op->getBlock() ||
         def->isBeforeInBlock(op) || matchPattern(def, m_Constant());
}

// Such a value, where `rewriter` stands: before `op`.
Value getBefore(RewriterBase &rewriter, Value value, Operation *op) {
  Operation *def = value.getDefiningOp();
  bool isLater =
      def && def->getBlock() == op->getBlock() && op->isBeforeInBlock(def);
  return isLater ? rewriter.clone(*def)->getResult(0) : value;
}

// Moves an encoder to the end of its producer's epilogue, which ends in bits
// then.
LogicalResult endInBits(RewriterBase &rewriter, EncoderOpInterface op,
                        EpilogueOpInterface producer, Refusals &refusals) {
  StringRef why = whyNotReplaced(producer, op);
  if (!why.empty())
    return refusals.refuse(op, why);
  rewriter.setInsertionPoint(op);
  auto fused =
      rebuild(rewriter, producer, op.getEncodingParams(), op.getOuts(),
              [&](ValueRange yielded, ValueRange params) {
                return op.encode(rewriter, op.getLoc(), yielded[0], params);
              });
  rewriter.replaceOp(op, fused->getResults());
  rewriter.eraseOp(producer);
  return success();
}

// Makes the bits of an encoder outputs of its producer besides the numbers,
// which keep their other uses.
LogicalResult addBits(RewriterBase &rewriter, EncoderOpInterface op,
                      EpilogueOpInterface producer, Refusals &refusals) {
  SmallVector<Value> params = op.getEncodingParams();
  // All bits of a row lie alike: in groups, the others would have to be so as
  // well.
  auto wantsGroups = [](Operation *user) {
    auto reader = dyn_cast<LayoutOpInterface>(user);
    return reader && reader.getRowGroups() > 1;
  };
  if (op.getInput() != producer->getResult(0))
    return refusals.refuse(op, "it does not read the producer's first output");
  if (producer->getBlock() != op->getBlock())
    return refusals.refuse(op, "the producer is in another block");
  if (llvm::any_of(op->getUsers(), wantsGroups))
    return refusals.refuse(op, "a reader wants the bits in groups");
  if (!llvm::all_of(params, [&](Value param) {
        return isAvailableBefore(param, producer);
      }))
    return refusals.refuse(op, "it has a parameter that is computed after the "
                               "producer");
  rewriter.setInsertionPoint(producer);
  for (Value &param : params)
    param = getBefore(rewriter, param, producer);
  SmallVector<Value> outs(producer.getOuts());
  auto sizes = tensor::getMixedSizes(rewriter, op.getLoc(), outs[0]);
  for (Value out : op.getOuts())
    outs.push_back(rewriter.create<tensor::EmptyOp>(
        out.getLoc(), sizes, getElementTypeOrSelf(out.getType())));
  auto fused = rebuild(
      rewriter, producer, params, outs,
      [&](ValueRange yielded, ValueRange params) {
        SmallVector<Value> all(yielded);
        all.append(op.encode(rewriter, op.getLoc(), yielded[0], params));
        return all;
      });
  auto results = fused->getResults();
  rewriter.replaceOp(op, results.take_back(op->getNumResults()));
  rewriter.replaceOp(producer, results.take_front(producer->getNumResults()));
  return success();
}

// Whether the epilogue starts from a whole number.
bool isExact(EpilogueOpInterface producer) {
  return producer.getLeadingTypes()[0].isInteger(32);
}

// Whether each element of the one result is computed, by an expression that
// knows no place, from one element of each input.
bool isElementwise(linalg::GenericOp op) {
  return op.hasPureTensorSemantics() && op.getNumResults() == 1 &&
         op.getNumParallelLoops() == op.getNumLoops() &&
         op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity() &&
         !op.payloadUsesValueFromOperand(op.getDpsInitOperand(0)) &&
         !op.hasIndexSemantics() && capturesOnlyConstants(op.getRegion());
}

// Whether `map` reads the one element of a tensor wherever it is.
bool isOneElement(RankedTensorType type, AffineMap map) {
  return type && type.hasStaticShape() && type.getNumElements() == 1 &&
         llvm::all_of(map.getResults(), [](AffineExpr expr) {
           auto constant = dyn_cast<AffineConstantExpr>(expr);
           return constant && constant.getValue() == 0;
         });
}

// The producer whose epilogue `op` moves into, or null and why there is none.
// Where a product of bits is added to one of floats, the bits' accumulator is
// the one that thresholds can be folded for.
std::pair<EpilogueOpInterface, StringRef> findProducer(linalg::GenericOp op) {
  EpilogueOpInterface producer;
  StringRef why;
  for (OpOperand *input : op.getDpsInputOperands()) {
    auto found = input->get().getDefiningOp<EpilogueOpInterface>();
    if (!found)
      continue;
    StringRef whyNotFound = whyNotReplaced(found, op);
    if (!whyNotFound.empty())
      why = whyNotFound;
    else if (!producer || isExact(found) || !isExact(producer))
      producer = found;
  }
  return {producer, why};
}

struct FuseElementwise : OpRewritePattern<linalg::GenericOp> {
  FuseElementwise(MLIRContext *context, Pass::Statistic &count,
                  Refusals &refusals)
      : OpRewritePattern(context), count(count), refusals(refusals) {}

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    EpilogueOpInterface producer;
    StringRef why;
    std::tie(producer, why) = findProducer(op);
    if (!producer)
      // Most elementwise ops have nothing to do with epilogues.
      return why.empty() ? failure() : refusals.refuse(op, why);
    if (!isElementwise(op))
      return refusals.refuse(op, "it is not elementwise");
    // What an epilogue can yield.
    Type yielded = getElementTypeOrSelf(op->getResult(0).getType());
    if (!yielded.isF32() && !yielded.isInteger(32))
      return refusals.refuse(op, "its result is neither f32 nor i32");

    unsigned rank = op.getNumLoops();
    AffineMap identity = rewriter.getMultiDimIdentityMap(rank);
    AffineMap perOutput =
        identity.getMinorIdentityMap(rank, rank ? 1 : 0, rewriter.getContext());
    SmallVector<Value> newParams;
    SmallVector<bool> areScalars;
    for (OpOperand *input : op.getDpsInputOperands()) {
      auto type = dyn_cast<RankedTensorType>(input->get().getType());
      AffineMap map = op.getMatchingIndexingMap(input);
      if (input->get().getDefiningOp() == producer) {
        if (map != identity)
          return refusals.refuse(op, "it reads the producer's result in "
                                     "another order");
        continue;
      }
      Type element = getElementTypeOrSelf(input->get().getType());
      bool isVector = type && map == perOutput && type.getRank() == 1;
      bool isFull = type && map == identity;
      bool isScalar = map.getNumResults() == 0 || isOneElement(type, map);
      if (!(element.isF32() || element.isInteger(32)) ||
          !(isVector || isFull || isScalar))
        return refusals.refuse(op, "an input is no scalar, value per output or "
                                   "tensor of the result's shape");
      newParams.push_back(input->get());
      areScalars.push_back(isScalar);
    }

    rewriter.setInsertionPoint(op);
    for (auto [param, isScalar] : llvm::zip_equal(newParams, areScalars))
      if (auto type = dyn_cast<RankedTensorType>(param.getType());
          type && isScalar) {
        SmallVector<Value> zeros(
            type.getRank(),
            rewriter.create<arith::ConstantIndexOp>(op.getLoc(), 0));
        param = rewriter.create<tensor::ExtractOp>(op.getLoc(), param, zeros);
      }
    auto extend = [&](ValueRange yielded, ValueRange params) {
      IRMapping mapping;
      unsigned next = 0;
      for (auto [operand, argument] :
           llvm::zip(op.getDpsInputs(), op.getBlock()->getArguments()))
        mapping.map(argument, operand.getDefiningOp() == producer
                                  ? yielded[0]
                                  : params[next++]);
      inlineBody(rewriter, *op.getBlock(), mapping);
      return SmallVector<Value>{mapping.lookupOrDefault(
          op.getBlock()->getTerminator()->getOperand(0))};
    };
    Operation *fused =
        rebuild(rewriter, producer, newParams, op.getDpsInits(), extend);
    rewriter.replaceOp(op, fused->getResults());
    rewriter.eraseOp(producer);
    ++count;
    return success();
  }

  static void inlineBody(RewriterBase &rewriter, Block &body,
                         IRMapping &mapping) {
    for (Operation &inner : body.without_terminator()) {
      for (Value operand : inner.getOperands())
        cloneConstant(rewriter, operand, mapping);
      rewriter.clone(inner, mapping);
    }
    for (Value operand : body.getTerminator()->getOperands())
      cloneConstant(rewriter, operand, mapping);
  }

  static void cloneConstant(RewriterBase &rewriter, Value value,
                            IRMapping &mapping) {
    Operation *def = value.getDefiningOp();
    if (!mapping.contains(value) && def && matchPattern(def, m_Constant()))
      rewriter.clone(*def, mapping);
  }

  Pass::Statistic &count;
  Refusals &refusals;
};

struct FuseEncoder : OpInterfaceRewritePattern<EncoderOpInterface> {
  FuseEncoder(MLIRContext *context, Pass::Statistic &count, Refusals &refusals)
      : OpInterfaceRewritePattern(context), count(count), refusals(refusals) {}

  LogicalResult matchAndRewrite(EncoderOpInterface op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getInput().getDefiningOp<EpilogueOpInterface>();
    if (!producer)
      return failure();
    if (failed(producer.takesMoreOutputs()
                   ? addBits(rewriter, op, producer, refusals)
                   : endInBits(rewriter, op, producer, refusals)))
      return failure();
    ++count;
    return success();
  }

  Pass::Statistic &count;
  Refusals &refusals;
};

struct Fuse : impl::FuseBase<Fuse> {
  using FuseBase::FuseBase;

  void runOnOperation() override {
    Refusals refusals(DEBUG_TYPE, remarks);
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseElementwise>(&getContext(), elementwiseFused, refusals);
    patterns.add<FuseEncoder>(&getContext(), encodersFused, refusals);
    GreedyRewriteConfig config;
    config.listener = &refusals;
    if (failed(applyPatternsAndFoldGreedily(getOperation(), std::move(patterns),
                                            config)))
      return signalPassFailure();
    refusals.emitRemarks();
  }
};

} // namespace
} // namespace mlir::bnn
