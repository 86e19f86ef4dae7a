//===- Kernels.cpp - Rows, parameters and outputs of kernels --------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/LowerKernels/Kernels.h"
#include "dialects/BNN/Layout.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::bnn;

EpilogueParams::EpilogueParams(KernelBuilder &b, ValueRange values) {
  for (Value value : values) {
    auto type = dyn_cast<MemRefType>(value.getType());
    if (type && type.getRank() > 1)
      value = b.rows2d(value);
    buffers.push_back(value);
  }
}

void EpilogueParams::loadChannels(KernelBuilder &b, Value from, int64_t count) {
  channel = from;
  valid = count;
  channels.assign(panelsOf(count), {});
  for (auto [panel, vectors] : llvm::enumerate(channels))
    for (Value buffer : buffers) {
      auto type = dyn_cast<MemRefType>(buffer.getType());
      if (!type) {
        vectors.push_back(b.splat(buffer));
      } else if (type.getRank() == 1) {
        int64_t lanes = std::min<int64_t>(kLanes, count - panel * kLanes);
        vectors.push_back(
            b.loadLanes(buffer, b.offset(channel, panel * kLanes), lanes));
      } else {
        vectors.push_back(Value());
      }
    }
}

SmallVector<Value> EpilogueParams::vectors(KernelBuilder &b, Value row,
                                           int64_t panel) {
  SmallVector<Value> result(channels[panel]);
  int64_t lanes = std::min<int64_t>(kLanes, valid - panel * kLanes);
  for (auto [vector, buffer] : llvm::zip_equal(result, buffers))
    if (!vector)
      vector =
          b.loadLanes(buffer, {row, b.offset(channel, panel * kLanes)}, lanes);
  return result;
}

OutputRows::OutputRows(KernelBuilder &b, ValueRange logical,
                       ValueRange values) {
  for (auto [type, value] : llvm::zip_equal(logical.getTypes(), values)) {
    Output output = {b.rows2d(value), 0, 0, false};
    if (auto bits = dyn_cast<BitsType>(getElementTypeOrSelf(type));
        bits && !bits.isByte()) {
      output.planes = bits.getWidth();
      output.words =
          cast<MemRefType>(value.getType()).getShape().back() / output.planes;
      output.hasParity = cast<RowsAttr>(getLayout(type)).getParity();
    }
    outputs.push_back(output);
  }
}

void OutputRows::store(KernelBuilder &b, Value row, const UnitOfOutputs &unit,
                       ArrayRef<SmallVector<Value>> panels) {
  for (auto [out, output] : llvm::enumerate(outputs)) {
    SmallVector<Value> values;
    for (const SmallVector<Value> &panel : panels)
      values.push_back(panel[out]);
    store(b, output, row, unit, values);
  }
}

void OutputRows::storeOneByOne(KernelBuilder &b, Value row,
                               const UnitOfOutputs &unit, Block &epilogue,
                               ArrayRef<SmallVector<Value>> arguments) {
  for (auto [out, output] : llvm::enumerate(outputs)) {
    SmallVector<Value> values;
    for (const SmallVector<Value> &panel : arguments)
      values.push_back(b.vectorize(epilogue, panel)[out]);
    store(b, output, row, unit, values);
  }
}

void OutputRows::store(KernelBuilder &b, const Output &output, Value row,
                       const UnitOfOutputs &unit, ArrayRef<Value> panels) {
  auto lanes = [&](size_t panel) {
    return std::min<int64_t>(kLanes, unit.valid - panel * kLanes);
  };
  if (output.planes == 0)
    for (auto [panel, value] : llvm::enumerate(panels)) {
      Type element = getElementTypeOrSelf(output.buffer.getType());
      Value stored = element.isInteger(8)
                         ? b.create<arith::TruncIOp>(b.vectorOf(element), value)
                         : value;
      b.storeLanes(stored, output.buffer,
                   {row, b.offset(unit.channel, panel * kLanes)}, lanes(panel));
    }
  for (int64_t plane = 0; plane < output.planes; ++plane) {
    SmallVector<Value> masks;
    for (auto [panel, value] : llvm::enumerate(panels)) {
      Value mask = output.planes == 1 ? value : b.hasBit(value, plane);
      masks.push_back(b.keepLanes(mask, lanes(panel)));
    }
    constexpr size_t wordMasks = kWordBits / kLanes;
    for (size_t i = 0; i < masks.size(); i += wordMasks)
      b.store(
          b.packMasks(masks[i], i + 1 < masks.size() ? masks[i + 1] : Value()),
          output.buffer,
          {row, b.offset(unit.word, plane * output.words + i / wordMasks)});
  }
}

// Gives each row of `words` words its parity: every other word becomes the
// exclusive or of all words up to it.
static void storeParity(KernelBuilder &b, Value rows, int64_t words) {
  SmallVector<bool> isParity;
  SmallVector<int64_t> last(kLanes, kLanes - 1);
  for (int64_t lane = 0; lane < kLanes; ++lane)
    isParity.push_back(lane % 2 == 0);
  Value mask = b.create<arith::ConstantOp>(
      DenseElementsAttr::get(b.vectorOf(b.getI1Type()), isParity));
  Value none = b.splatI32(0);
  // The words of a vector from `at` on; `before` has the parity of all words
  // before them in every lane. Returns that of the next vector.
  auto vector = [&](Value row, Value at, int64_t valid, Value before) {
    Value words = b.loadLanes(rows, {row, at}, valid), sum = words;
    for (int64_t by = 1; by < kLanes; by *= 2) {
      SmallVector<int64_t> up;
      for (int64_t lane = 0; lane < kLanes; ++lane)
        up.push_back(lane < by ? kLanes : lane - by);
      sum = b.create<arith::XOrIOp>(sum,
                                    b.create<vector::ShuffleOp>(sum, none, up));
    }
    sum = b.create<arith::XOrIOp>(sum, before);
    b.storeLanes(b.create<arith::SelectOp>(mask, sum, words), rows, {row, at},
                 valid);
    return b.create<vector::ShuffleOp>(sum, sum, last);
  };
  const int64_t whole = words / kLanes * kLanes;
  b.loop(b.index(0), b.dim(rows, 0), 1, [&](Value row) {
    Value before = none;
    if (whole)
      before = b.loop(b.index(0), b.index(whole), kLanes, none,
                      [&](Value at, ValueRange carried) -> SmallVector<Value> {
                        return {vector(row, at, kLanes, carried[0])};
                      })[0];
    if (whole < words)
      vector(row, b.index(whole), words - whole, before);
  });
}

bool OutputRows::hasBits() const {
  return llvm::any_of(outputs,
                      [](const Output &output) { return output.planes > 0; });
}

void OutputRows::finish(KernelBuilder &b) {
  // Rows of two words are their own parity.
  for (const Output &output : outputs)
    if (output.hasParity && output.words > 2)
      storeParity(b, b.parts2d(output.buffer, output.planes), output.words);
}

void bnn::forUnits(KernelBuilder &b, int64_t channels, int64_t group,
                   llvm::function_ref<void(const UnitOfOutputs &)> body,
                   int64_t size) {
  const int64_t words = packedWords(group, group), full = group / kWordBits,
                tail = group % kWordBits, wide = size / kWordBits,
                wideEnd = full / wide * wide;
  auto unit = [&](Value firstWord, Value firstChannel, Value number,
                  int64_t valid) {
    Value word = b.add(firstWord, number);
    body({b.mul(word, b.index(kWordBits / kLanes)),
          b.add(firstChannel, b.mul(number, b.index(kWordBits))), word, valid});
  };
  b.loop(b.index(0), b.index(channels / group), 1, [&](Value number) {
    Value firstWord = b.mul(number, b.index(words));
    Value firstChannel = b.mul(number, b.index(group));
    if (wideEnd)
      b.loop(b.index(0), b.index(wideEnd), wide,
             [&](Value u) { unit(firstWord, firstChannel, u, size); });
    if (wideEnd < full)
      b.loop(b.index(wideEnd), b.index(full), 1,
             [&](Value u) { unit(firstWord, firstChannel, u, kWordBits); });
    if (tail)
      unit(firstWord, firstChannel, b.index(full), tail);
  });
}
