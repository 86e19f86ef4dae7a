//===- FoldThresholds.cpp - Epilogues to interval tests -------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/FoldThresholds/FoldThresholds.h"
#include "dialects/BNN/BNN.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "passes/FoldThresholds/Staircase.h"
#include "passes/Support/Epilogue.h"
#include "passes/Support/EpilogueEvaluator.h"
#include "passes/Support/LoopBuilder.h"
#include "passes/Support/Refusals.h"

#define DEBUG_TYPE "bnn-fold-thresholds"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_FOLDTHRESHOLDS
#include "passes/FoldThresholds/FoldThresholds.h.inc"

namespace {

// The accumulators acc with (acc - low) < length, as unsigned 32-bit numbers.
struct IntervalTest {
  int32_t low = 0;
  uint32_t length = 0;
};

// The set of set bytes at first, first + 1, ... as an interval that may wrap
// around, or nothing.
std::optional<IntervalTest> intervalTestOf(ArrayRef<uint8_t> bytes,
                                           size_t stride, int32_t first) {
  const size_t count = llvm::divideCeil(bytes.size(), stride);
  auto at = [&](size_t i) { return bytes[i * stride] != 0; };
  SmallVector<size_t, 4> changes;
  for (size_t i = 1; i < count && changes.size() <= 2; ++i)
    if (at(i) != at(i - 1))
      changes.push_back(i);
  if (changes.size() > 2)
    return std::nullopt;
  auto value = [&](size_t i) { return int32_t(first + int64_t(i)); };
  // Outside the accumulator's range any answer will do, so a set that touches
  // an end goes on beyond it.
  constexpr uint32_t half = 1u << 31;
  if (changes.empty())
    return at(0) ? IntervalTest{first, half} : IntervalTest{0, 0};
  if (changes.size() == 1) {
    int32_t edge = value(changes[0]);
    return at(0) ? IntervalTest{int32_t(uint32_t(edge) - half), half}
                 : IntervalTest{edge, half};
  }
  int32_t low = value(changes[0]), high = value(changes[1]);
  uint32_t length = uint32_t(high) - uint32_t(low);
  // A set 1 0 1: all but the interval, which wraps around.
  return at(0) ? IntervalTest{high, 0u - length} : IntervalTest{low, length};
}

// With more values than this an accumulator's epilogue stays, and so it does
// where the values of all outputs are more than that.
constexpr int64_t kMostAccumulators = 1 << 22, kMostEvaluations = 1 << 30;

// The constant that a parameter is, one 4-byte value a channel.
std::optional<SmallVector<uint32_t>> constantParam(Value param,
                                                   int64_t channels) {
  Attribute attr;
  if (!matchPattern(param, m_Constant(&attr)))
    return std::nullopt;
  auto word = [](Attribute value) -> uint32_t {
    if (auto f = dyn_cast<FloatAttr>(value))
      return f.getValue().bitcastToAPInt().getZExtValue();
    return cast<IntegerAttr>(value).getValue().getZExtValue();
  };
  if (isa<FloatAttr, IntegerAttr>(attr))
    return SmallVector<uint32_t>(channels, word(attr));
  auto dense = dyn_cast<DenseElementsAttr>(attr);
  if (!dense || dense.getNumElements() != channels)
    return std::nullopt;
  SmallVector<uint32_t> words;
  for (Attribute value : dense.getValues<Attribute>())
    words.push_back(word(value));
  return words;
}

struct FoldThresholds : impl::FoldThresholdsBase<FoldThresholds> {
  using FoldThresholdsBase::FoldThresholdsBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    FoldThresholdsBase::getDependentDialects(registry);
    EpilogueEvaluator::getDependentDialects(registry);
  }

  void runOnOperation() override {
    EpilogueEvaluator evaluator;
    Refusals refusals(DEBUG_TYPE, remarks);
    SmallVector<EpilogueOpInterface> ops;
    getOperation()->walk([&](EpilogueOpInterface op) { ops.push_back(op); });
    for (EpilogueOpInterface op : ops)
      if (failed(fold(op, evaluator, refusals)))
        return signalPassFailure();
    refusals.emitRemarks();
  }

  // Fails where the epilogue cannot be evaluated; one that stays is refused.
  LogicalResult fold(EpilogueOpInterface op, EpilogueEvaluator &evaluator,
                     Refusals &refusals) {
    auto keep = [&](const Twine &why) {
      (void)refusals.refuse(op, why);
      return success();
    };
    if (op->getNumResults() == 0 || !llvm::all_of(op.getOuts(), [](Value out) {
          return isa<BitsType>(getElementTypeOrSelf(out));
        }))
      return success();
    std::optional<AccumulatorRange> range = op.getAccumulatorRange();
    int64_t channels =
        cast<ShapedType>(op.getOuts()[0].getType()).getShape().back();
    if (!range)
      return keep("its accumulator is no integer of a known range");
    if (range->most - range->least > kMostAccumulators)
      return keep("its accumulator has more than " + Twine(kMostAccumulators) +
                  " values");
    if (ShapedType::isDynamic(channels))
      return keep("the number of its outputs is not known");
    if (channels > kMostEvaluations / (range->most - range->least + 1))
      return keep("the accumulators of its outputs have more than " +
                  Twine(kMostEvaluations) + " values");
    SmallVector<SmallVector<uint32_t>> params;
    for (auto [i, param] : llvm::enumerate(op.getParams())) {
      auto words = constantParam(param, channels);
      if (!words)
        return keep("parameter #" + Twine(i) +
                    " is no constant of one value per output");
      params.push_back(std::move(*words));
    }
    sinkConstants(op.getEpilogue());
    auto function = evaluator.compile(op.getEpilogue());
    if (!function)
      return op.emitError(llvm::toString(function.takeError()));

    const size_t outputs = op.getOuts().size();
    const int32_t first = range->least, count = range->most - range->least + 1;
    std::vector<uint8_t> bytes(count * outputs);
    std::vector<SmallVector<IntervalTest>> intervals(outputs);
    auto element = cast<BitsType>(getElementTypeOrSelf(op.getOuts()[0]));
    SmallVector<RoundedLine> lines;
    SmallVector<uint32_t> arguments(params.size());
    for (int64_t n = 0; n < channels; ++n) {
      for (auto [argument, words] : llvm::zip(arguments, params))
        argument = words[n];
      (*function)(first, count, arguments.data(), bytes.data());
      valuesEvaluated += count;
      if (element.getWidth() > 1) {
        auto line = fitLine(integers(bytes, element), first, element.getLeast(),
                            element.getMost());
        if (!line) {
          ++kept;
          return keep("the steps of output " + Twine(n) +
                      " are those of no line");
        }
        lines.push_back(*line);
        continue;
      }
      for (size_t out = 0; out < outputs; ++out) {
        auto interval = intervalTestOf(ArrayRef<uint8_t>(bytes).drop_front(out),
                                       outputs, first);
        if (!interval) {
          ++kept;
          return keep("the accumulators that set bit " + Twine(n) +
                      " are no interval");
        }
        intervals[out].push_back(*interval);
      }
    }
    if (lines.empty())
      replace(op, intervals);
    else
      replace(op, lines, element);
    ++folded;
    return success();
  }

  // What the low bits of `bytes` stand for, in place.
  static ArrayRef<int8_t> integers(MutableArrayRef<uint8_t> bytes,
                                   BitsType element) {
    const unsigned unused = 8 - element.getWidth();
    for (uint8_t &byte : bytes) {
      uint8_t high = byte << unused;
      byte = element.getIsSigned() ? uint8_t(int8_t(high) >> unused)
                                   : high >> unused;
    }
    return {reinterpret_cast<const int8_t *>(bytes.data()), bytes.size()};
  }

  // Each value of `of` a line, as one scalar if all are equal.
  static Value perLine(LoopBuilder &b, ArrayRef<RoundedLine> lines,
                       llvm::function_ref<float(const RoundedLine &)> of) {
    SmallVector<float> values;
    for (const RoundedLine &line : lines)
      values.push_back(of(line));
    if (llvm::all_equal(values))
      return b.f32(values[0]);
    auto type = RankedTensorType::get(values.size(), b.getF32Type());
    return b.create<arith::ConstantOp>(
        DenseElementsAttr::get(type, ArrayRef<float>(values)));
  }

  void replace(EpilogueOpInterface op, ArrayRef<RoundedLine> lines,
               BitsType element) {
    OpBuilder at(op);
    LoopBuilder b(op.getLoc(), at);
    SmallVector<Value> params = {
        perLine(b, lines, [](const RoundedLine &line) { return line.slope; }),
        perLine(b, lines, [](const RoundedLine &line) { return line.offset; })};
    bool isFull = llvm::all_of(lines, [&](const RoundedLine &line) {
      return line.least == element.getLeast() && line.most == element.getMost();
    });
    if (!isFull) {
      params.push_back(perLine(
          b, lines, [](const RoundedLine &line) { return line.least; }));
      params.push_back(
          perLine(b, lines, [](const RoundedLine &line) { return line.most; }));
    }
    auto epilogue = [&](OpBuilder &body, Location loc, ValueRange arguments) {
      LoopBuilder b(loc, body);
      Value x = b.create<arith::SIToFPOp>(b.getF32Type(), arguments[0]);
      Value y = b.create<math::FmaOp>(x, arguments[1], arguments[2]);
      Value least = isFull ? b.f32(element.getLeast()) : arguments[3];
      Value most = isFull ? b.f32(element.getMost()) : arguments[4];
      b.create<bnn::YieldOp>(b.roundedBits(y, least, most));
    };
    replaceWith(op, op.cloneWith(b, params, op.getOuts(), epilogue));
  }

  void replace(EpilogueOpInterface op,
               ArrayRef<SmallVector<IntervalTest>> intervals) {
    OpBuilder b(op);
    Location loc = op.getLoc();
    auto isEmpty = [](const IntervalTest &interval) {
      return !interval.length;
    };
    size_t outputs = intervals.size();
    if (outputs == 2 && llvm::all_of(intervals[1], isEmpty) &&
        llvm::all_of(op->getResult(1).getUsers(), [&](Operation *user) {
          auto reader = dyn_cast<KernelOpInterface>(user);
          return reader && reader.readsAsMaskOnly(op->getResult(1));
        })) {
      outputs = 1;
      ++masksDropped;
    }
    SmallVector<Value> params;
    auto type = RankedTensorType::get(intervals[0].size(), b.getI32Type());
    for (size_t out = 0; out < outputs; ++out) {
      SmallVector<int32_t> lows, lengths;
      for (const IntervalTest &interval : intervals[out]) {
        lows.push_back(interval.low);
        lengths.push_back(int32_t(interval.length));
      }
      for (ArrayRef<int32_t> values : {ArrayRef(lows), ArrayRef(lengths)})
        params.push_back(b.create<arith::ConstantOp>(
            loc, DenseElementsAttr::get(type, values)));
    }
    auto epilogue = [&](OpBuilder &b, Location loc, ValueRange arguments) {
      SmallVector<Value> values;
      for (size_t out = 0; out < outputs; ++out) {
        Value distance =
            b.create<arith::SubIOp>(loc, arguments[0], arguments[2 * out + 1]);
        values.push_back(b.create<arith::CmpIOp>(
            loc, arith::CmpIPredicate::ult, distance, arguments[2 * out + 2]));
      }
      b.create<bnn::YieldOp>(loc, values);
    };
    auto folded =
        op.cloneWith(b, params, op.getOuts().take_front(outputs), epilogue);
    // The consumers of a mask that is always empty do without it.
    if (op->getNumResults() > outputs)
      for (Operation *user :
           llvm::make_early_inc_range(op->getResult(1).getUsers()))
        cast<KernelOpInterface>(user).dropMask(op->getResult(1));
    replaceWith(op, folded);
  }

  // Puts `folded`, whose results are the first of those of `op`, in its place.
  static void replaceWith(EpilogueOpInterface op, EpilogueOpInterface folded) {
    for (OpResult result : folded->getResults())
      op->getResult(result.getResultNumber()).replaceAllUsesWith(result);
    op->erase();
  }
};

} // namespace
} // namespace mlir::bnn
