//===- ComposeContribAttention.cpp - Attention as it is fused -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// com.microsoft's Attention and QAttention: one product for queries, keys and
// values, of floats or of bytes, and attention of floats.
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Bytes.h"
#include <cmath>
#include <limits>

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
namespace {
/// [batch, tokens, 3 * heads * size] and the mask, which may be null: the rest
/// of either operator.
class ContribAttention {
public:
  ContribAttention(Composer &c, Value packed, Value mask)
      : c(c), packed(packed), mask(mask) {}

  void run();

private:
  Value key() { return c.iota(tokens, 3, 4); }
  /// `filter` where nothing is to be seen, else 0.
  Value asBias(Value isSeen, double filter) {
    return c.select(isSeen, c.like(packed, 0), c.like(packed, filter));
  }
  Value isSeenByLength();
  Value isSeen();

  Composer &c;
  Value packed, mask;
  Extent batch = 0, tokens = 0;
};

/// A mask of one number for each sequence is its length; of two, where it ends
/// and then where it begins.
Value ContribAttention::isSeenByLength() {
  int64_t lengths = c.sizeOf(mask, 0), sequences = c.sizeOf(packed, 0);
  bool hasStart = !ShapedType::isDynamic(lengths) &&
                  !ShapedType::isDynamic(sequences) && lengths == 2 * sequences;
  Value end =
      hasStart ? c.slice(mask, 0, 0, sequences) : c.withExtent(mask, 0, batch);
  auto ofKeys = [&](Value list) {
    return c.unsqueeze(c.castTo(list, c.i64Type()), {1, 2, 3});
  };
  Value seen = c.compare<onnx::LessOp>(key(), ofKeys(end));
  if (!hasStart)
    return seen;
  Value start = c.slice(mask, 0, sequences, lengths);
  return c.compare<onnx::AndOp>(
      seen, c.compare<onnx::GreaterOrEqualOp>(key(), ofKeys(start)));
}

Value ContribAttention::isSeen() {
  int64_t rank = c.rankOf(mask);
  if (rank == 1)
    return isSeenByLength();
  if (rank != 2 && rank != 3) {
    c.fail("its mask of rank " + Twine(rank) +
           " is not supported: use one of [batch], [batch, tokens] or "
           "[batch, tokens, tokens]");
    return mask;
  }
  Value own = c.withExtent(c.withExtent(mask, 0, batch), rank - 1, tokens);
  if (rank == 3)
    own = c.withExtent(own, 1, tokens);
  Value wide = rank == 2 ? c.unsqueeze(own, {1, 2}) : c.unsqueeze(own, {1});
  return c.compare<onnx::GreaterOp>(wide, c.like(wide, 0));
}

void ContribAttention::run() {
  int64_t heads = c.integer("num_heads");
  if (c.rankOf(packed) != 3)
    return c.fail("its input is not [batch, tokens, width]");
  int64_t width = c.knownSizeOf(packed, 2);
  if (!c.hasFailed() && (heads < 1 || width % 3 || width / 3 % heads))
    c.fail("a width of " + Twine(width) + " is not three times that of " +
           Twine(heads) + " heads");
  if (c.hasFailed())
    return;
  batch = c.extent(packed, 0);
  tokens = c.extent(packed, 1);
  auto part = [&](int64_t i) {
    return splitHeads(
        c, c.slice(packed, 2, i * (width / 3), (i + 1) * (width / 3)), heads);
  };
  Value q = part(0), k = part(1), v = part(2);
  double scale = c.number("scale", 0);
  if (scale == 0)
    scale = 1 / std::sqrt(double(width / 3 / heads));
  Value scores = c.matmul(q, c.transpose(k, {0, 1, 3, 2}));
  scores = c.mul(scores, c.like(scores, float(scale)));
  if (mask)
    scores =
        c.add(scores, asBias(isSeen(), c.number("mask_filter_value", -10000)));
  if (c.integer("unidirectional")) {
    Value isPast = c.compare<onnx::LessOrEqualOp>(key(), c.iota(tokens, 2, 4));
    scores = c.select(isPast, scores,
                      c.like(scores, std::numeric_limits<float>::lowest()));
  }
  Value weights = composeSoftmax(c, scores, 3, /*isLog=*/false);
  c.setOutput(0, mergeHeads(c, c.matmul(weights, v)));
}

/// An input, or attributes of either operator, that have no counterpart.
bool refuses(Composer &c, unsigned input, const char *what) {
  if (c.has(input))
    c.fail("it has " + Twine(what) + ", which is not supported");
  for (const char *name : {"do_rotary", "past_present_share_buffer"})
    if (c.integer(name))
      c.fail("its " + Twine(name) + " is not supported");
  return c.hasFailed();
}

void composeAttention(Composer &c) {
  if (refuses(c, 4, "a past") || refuses(c, 5, "a bias of scores") ||
      refuses(c, 6, "a past"))
    return;
  if (!c.integers("qkv_hidden_sizes").empty())
    return c.fail("its qkv_hidden_sizes are not supported");
  Value packed = c.matmul(c.in(0), c.in(1));
  if (c.has(2))
    packed = c.add(packed, c.in(2));
  ContribAttention(c, packed, c.orNull(3)).run();
}

void composeQAttention(Composer &c) {
  if (refuses(c, 8, "a past"))
    return;
  Bytes x{c.in(0), c.in(3), c.orNull(6)},
      weights{c.in(1), c.in(4), c.orNull(7)};
  Value packed = multiplyToFloat(c, x, weights, c.in(2));
  ContribAttention(c, packed, c.orNull(5)).run();
}
} // namespace

void addContribAttention(std::vector<Composition> &all) {
  using Kind = onnx::AttributeSpec;
  std::vector<Kind> attributes = {{Kind::Int, "num_heads", /*required=*/true},
                                  {Kind::Int, "unidirectional"},
                                  {Kind::Float, "mask_filter_value"},
                                  {Kind::Float, "scale"},
                                  {Kind::Int, "do_rotary"},
                                  {Kind::Int, "rotary_embedding_dim"},
                                  {Kind::Int, "past_present_share_buffer"}};
  auto &bytes =
      addContribOperator(all, "QAttention", 5, 9, onnx::kI8 | onnx::kU8,
                         composeQAttention, attributes);
  bytes.maxOutputs = 2;
  bytes.restriction = "without a past";
  attributes.push_back({Kind::Ints, "qkv_hidden_sizes"});
  auto &floats =
      addContribOperator(all, "Attention", 2, 7, onnx::withHalves(onnx::kF32),
                         composeAttention, attributes);
  floats.maxOutputs = 2;
  floats.restriction =
      "without a past and a bias of scores, of heads that are all of one size";
}
} // namespace mlir::bnn
