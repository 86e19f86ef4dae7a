//===- Fuse.cpp - Consumers into epilogues --------------------------------===//
#include "passes/Fuse/Fuse.h"
#include "dialects/BNN/BNN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Support/Epilogue.h"
#include "passes/Support/LoopBuilder.h"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_FUSE
#include "passes/Fuse/Fuse.h.inc"

namespace {

// The op with an epilogue whose one f32 result has `consumer` as its one user.
Operation *fusibleProducer(Value value, Operation *consumer) {
  Operation *producer = value.getDefiningOp();
  if (!isa_and_nonnull<MatmulOp, AttentionOp>(producer) ||
      producer->getNumResults() != 1 || producer->use_empty() ||
      llvm::any_of(producer->getUsers(),
                   [&](Operation *user) { return user != consumer; }) ||
      producer->getBlock() != consumer->getBlock())
    return nullptr;
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getElementType().isF32() ? producer : nullptr;
}

// Rebuilds `producer` where `rewriter` stands with more parameters and other
// outputs. The epilogue moves, with an argument added for each parameter, and
// still yields what it did.
template <typename OpTy>
Operation *rebuild(RewriterBase &rewriter, OpTy producer, ValueRange newParams,
                   ValueRange outs) {
  auto clone =
      cast<OpTy>(rewriter.cloneWithoutRegions(*producer.getOperation()));
  clone.getParamsMutable().append(newParams);
  clone.getOutsMutable().assign(outs);
  // Results follow the outputs, so the op is made anew from the clone's parts.
  OperationState state(producer.getLoc(), producer->getName());
  state.addOperands(clone->getOperands());
  state.addTypes(outs.getTypes());
  state.propertiesAttr = clone->getPropertiesAsAttribute();
  state.addAttributes(clone->getDiscardableAttrDictionary().getValue());
  Region *region = state.addRegion();
  rewriter.eraseOp(clone);
  rewriter.inlineRegionBefore(producer.getEpilogue(), *region, region->end());
  Operation *result = rewriter.create(state);
  Block &body = result->getRegion(0).front();
  for (Value param : newParams)
    body.addArgument(getElementTypeOrSelf(param.getType()), param.getLoc());
  return result;
}

// The epilogue that a normalisation without one stands for.
void addEpilogue(RewriterBase &rewriter, LayerNormOp norm) {
  OpBuilder::InsertionGuard guard(rewriter);
  Location loc = norm.getLoc();
  Block *body =
      rewriter.createBlock(&norm.getEpilogue(), {}, rewriter.getF32Type(), loc);
  rewriter.create<bnn::YieldOp>(loc, ValueRange(body->getArgument(0)));
}

Operation *rebuild(RewriterBase &rewriter, Operation *producer,
                   ValueRange newParams, ValueRange outs) {
  if (auto matmul = dyn_cast<MatmulOp>(producer))
    return rebuild(rewriter, matmul, newParams, outs);
  if (auto norm = dyn_cast<LayerNormOp>(producer)) {
    if (norm.getEpilogue().empty())
      addEpilogue(rewriter, norm);
    return rebuild(rewriter, norm, newParams, outs);
  }
  return rebuild(rewriter, cast<AttentionOp>(producer), newParams, outs);
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

// Moves `op`, which turns its input into bits, to the end of its producer's
// epilogue. `encode` gets the number that the epilogue yields and the
// epilogue's arguments for `params`, and returns what it yields now. A
// normalised row keeps its other uses: the bits are outputs besides.
template <typename OpTy>
LogicalResult fuseEncoder(
    RewriterBase &rewriter, OpTy op, SmallVector<Value> params,
    function_ref<SmallVector<Value>(Value, ArrayRef<BlockArgument>)> encode) {
  auto norm = op.getInput().template getDefiningOp<LayerNormOp>();
  Operation *producer = norm;
  SmallVector<Value> outs, yielded;
  if (norm) {
    // Attention lays bits out by heads, the others of a row would have to be
    // so as well.
    if (norm->getBlock() != op->getBlock() ||
        llvm::any_of(op->getUsers(), llvm::IsaPred<AttentionOp>) ||
        llvm::any_of(params, [&](Value param) {
          return !isAvailableBefore(param, norm);
        }))
      return failure();
    rewriter.setInsertionPoint(norm);
    for (Value &param : params)
      param = getBefore(rewriter, param, norm);
    llvm::append_range(outs, norm.getOuts());
    auto sizes = tensor::getMixedSizes(rewriter, op.getLoc(), norm.getInput());
    for (Value out : op.getOuts())
      outs.push_back(rewriter.create<tensor::EmptyOp>(
          out.getLoc(), sizes, getElementTypeOrSelf(out.getType())));
  } else {
    producer = fusibleProducer(op.getInput(), op);
    if (!producer)
      return failure();
    rewriter.setInsertionPoint(op);
    outs = op.getOuts();
  }
  Operation *fused = rebuild(rewriter, producer, params, outs);
  Block &body = fused->getRegion(0).front();
  auto yield = cast<bnn::YieldOp>(body.getTerminator());
  rewriter.setInsertionPoint(yield);
  if (norm)
    llvm::append_range(yielded, yield.getValues());
  yielded.append(encode(
      yield.getValues()[0],
      ArrayRef<BlockArgument>(body.getArguments()).take_back(params.size())));
  rewriter.replaceOpWithNewOp<bnn::YieldOp>(yield, yielded);
  auto results = fused->getResults();
  rewriter.replaceOp(op, results.take_back(op->getNumResults()));
  if (norm)
    rewriter.replaceOp(norm, results.take_front(norm->getNumResults()));
  else
    rewriter.eraseOp(producer);
  return success();
}

struct FuseElementwise : OpRewritePattern<linalg::GenericOp> {
  FuseElementwise(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern(context), count(count) {}

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics() || op.getNumResults() != 1 ||
        op.getNumParallelLoops() != op.getNumLoops() ||
        !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity() ||
        op.payloadUsesValueFromOperand(op.getDpsInitOperand(0)) ||
        op.hasIndexSemantics() || !capturesOnlyConstants(op.getRegion()))
      return failure();
    // What an epilogue can yield.
    Type yielded = getElementTypeOrSelf(op->getResult(0).getType());
    if (!yielded.isF32() && !yielded.isInteger(32))
      return failure();
    Operation *producer = nullptr;
    for (OpOperand *input : op.getDpsInputOperands())
      if (Operation *found = fusibleProducer(input->get(), op))
        producer = found;
    if (!producer)
      return failure();

    unsigned rank = op.getNumLoops();
    AffineMap identity = rewriter.getMultiDimIdentityMap(rank);
    AffineMap perOutput =
        identity.getMinorIdentityMap(rank, rank ? 1 : 0, rewriter.getContext());
    SmallVector<Value> newParams;
    for (OpOperand *input : op.getDpsInputOperands()) {
      auto type = dyn_cast<RankedTensorType>(input->get().getType());
      AffineMap map = op.getMatchingIndexingMap(input);
      if (input->get().getDefiningOp() == producer) {
        if (map != identity)
          return failure();
        continue;
      }
      Type element = getElementTypeOrSelf(input->get().getType());
      bool isVector = type && map == perOutput && type.getRank() == 1;
      bool isFull = type && map == identity;
      bool isScalar = map.getNumResults() == 0;
      if (!(element.isF32() || element.isInteger(32)) ||
          !(isVector || isFull || isScalar))
        return failure();
      newParams.push_back(input->get());
    }

    rewriter.setInsertionPoint(op);
    for (Value &param : newParams)
      if (auto type = dyn_cast<RankedTensorType>(param.getType());
          type && type.getRank() == 0)
        param = rewriter.create<tensor::ExtractOp>(op.getLoc(), param,
                                                   ValueRange());
    Operation *fused = rebuild(rewriter, producer, newParams, op.getDpsInits());
    Block &body = fused->getRegion(0).front();
    auto yield = cast<bnn::YieldOp>(body.getTerminator());
    IRMapping mapping;
    unsigned next = body.getNumArguments() - newParams.size();
    for (auto [operand, argument] :
         llvm::zip(op.getDpsInputs(), op.getBlock()->getArguments()))
      mapping.map(argument, operand.getDefiningOp() == producer
                                ? yield.getValues()[0]
                                : Value(body.getArgument(next++)));
    rewriter.setInsertionPoint(yield);
    inlineBody(rewriter, *op.getBlock(), mapping);
    Value result =
        mapping.lookupOrDefault(op.getBlock()->getTerminator()->getOperand(0));
    rewriter.replaceOpWithNewOp<bnn::YieldOp>(yield, result);
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
};

struct FuseBinarize : OpRewritePattern<BinarizeOp> {
  FuseBinarize(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern(context), count(count) {}

  LogicalResult matchAndRewrite(BinarizeOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Value> params;
    if (op.getShift())
      params.push_back(op.getShift());
    auto encode = [&](Value v, ArrayRef<BlockArgument> arguments) {
      Location loc = op.getLoc();
      if (op.getShift())
        v = rewriter.create<arith::AddFOp>(loc, v, arguments[0]);
      Value level = rewriter.create<arith::ConstantOp>(
          loc, rewriter.getF32FloatAttr(op.getLevel()));
      SmallVector<Value> values = {rewriter.create<arith::CmpFOp>(
          loc, arith::CmpFPredicate::OGT, v, level)};
      if (op.getOuts().size() == 2)
        values.push_back(rewriter.create<arith::CmpFOp>(
            loc, arith::CmpFPredicate::UEQ, v, level));
      return values;
    };
    if (failed(fuseEncoder(rewriter, op, params, encode)))
      return failure();
    ++count;
    return success();
  }

  Pass::Statistic &count;
};

struct FuseQuantize : OpRewritePattern<QuantizeOp> {
  FuseQuantize(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern(context), count(count) {}

  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Value> params;
    if (op.getShift())
      params.push_back(op.getShift());
    if (op.getMinimum())
      params.push_back(op.getMinimum());
    params.push_back(op.getStep());
    auto encode = [&](Value v, ArrayRef<BlockArgument> arguments) {
      LoopBuilder b(op.getLoc(), rewriter);
      unsigned next = 0;
      if (op.getShift())
        v = b.create<arith::AddFOp>(v, arguments[next++]);
      if (op.getMinimum())
        v = b.create<arith::SubFOp>(v, arguments[next++]);
      auto type = cast<BitsType>(getElementTypeOrSelf(op.getOuts()[0]));
      return SmallVector<Value>{b.quantizedBits(v, arguments[next], type)};
    };
    if (failed(fuseEncoder(rewriter, op, params, encode)))
      return failure();
    ++count;
    return success();
  }

  Pass::Statistic &count;
};

struct FusePass : impl::FuseBase<FusePass> {
  using FuseBase::FuseBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseElementwise>(&getContext(), elementwise);
    patterns.add<FuseBinarize>(&getContext(), binarised);
    patterns.add<FuseQuantize>(&getContext(), quantised);
    if (failed(
            applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mlir::bnn
