//===- ComposeAttention.cpp - Attention as its parts ----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// As the function bodies of ONNX's own definitions have it, in f32.
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Composer.h"
#include <cmath>

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
using onnx::AttributeSpec;

Value splitHeads(Composer &c, Value x, int64_t heads) {
  int64_t width = c.knownSizeOf(x, 2);
  if (heads < 1 || width % heads) {
    c.fail("a width of " + Twine(width) + " is not that of " + Twine(heads) +
           " heads");
    return x;
  }
  Value split =
      c.reshape(x, {c.extent(x, 0), c.extent(x, 1), heads, width / heads});
  return c.transpose(split, {0, 2, 1, 3});
}

Value mergeHeads(Composer &c, Value x) {
  Extent width = c.product(c.knownSizeOf(x, 1), c.knownSizeOf(x, 3));
  Value rows = c.transpose(x, {0, 2, 1, 3});
  return c.reshape(rows, {c.extent(rows, 0), c.extent(rows, 1), width});
}

namespace {
/// Each head of keys or values for several of the queries.
Value repeatHeads(Composer &c, Value x, int64_t times) {
  if (times == 1)
    return x;
  Extent batch = c.extent(x, 0), tokens = c.extent(x, 2), size = c.extent(x, 3);
  int64_t heads = c.knownSizeOf(x, 1);
  Value many =
      c.expand(c.unsqueeze(x, {2}), {batch, heads, times, tokens, size});
  return c.reshape(many, {batch, heads * times, tokens, size});
}

class AttentionComposer {
public:
  explicit AttentionComposer(Composer &c) : c(c) {}

  void run();

private:
  bool readInputs();
  void addBias(Value more) { bias = bias ? c.add(bias, more) : more; }
  /// 0 where `isSeen`, else minus infinity.
  Value asBias(Value isSeen) {
    return c.select(isSeen, c.like(q, 0), c.like(q, -INFINITY));
  }
  void addMask();
  void addFrontiers();
  void putOut(Value scores, Value weights);

  Composer &c;
  Value q, k, v, bias;
  Extent past = 0;
  bool isFlat = false;
  /// Whether a row of the bias may have nothing that is seen.
  bool mayHideAll = false;
};

bool AttentionComposer::readInputs() {
  q = c.in(0), k = c.in(1), v = c.in(2);
  int64_t rank = c.rankOf(q);
  isFlat = rank == 3;
  if ((rank != 3 && rank != 4) || c.rankOf(k) != rank || c.rankOf(v) != rank)
    c.fail("it needs three inputs of rank 3, or of rank 4");
  if (c.has(4) != c.has(5))
    c.fail("it has only one of past_key and past_value");
  if (c.has(6) && c.has(4))
    c.fail("it has past keys and nonpad_kv_seqlen");
  if (c.hasFailed())
    return false;
  if (isFlat) {
    q = splitHeads(c, q, c.integer("q_num_heads"));
    k = splitHeads(c, k, c.integer("kv_num_heads"));
    v = splitHeads(c, v, c.integer("kv_num_heads"));
  }
  k = c.withExtent(k, 0, c.extent(q, 0));
  v = c.withExtent(v, 0, c.extent(q, 0));
  if (c.has(4)) {
    past = c.extent(c.in(4), 2);
    k = c.concat({c.in(4), k}, 2);
    v = c.concat({c.in(5), v}, 2);
  }
  c.setOutput(1, k);
  c.setOutput(2, v);
  int64_t heads = c.knownSizeOf(q, 1), shared = c.knownSizeOf(k, 1);
  if (shared < 1 || heads % shared)
    c.fail(Twine(heads) + " heads of queries do not share " + Twine(shared) +
           " of keys");
  if (c.hasFailed())
    return false;
  k = repeatHeads(c, k, heads / shared);
  v = repeatHeads(c, v, heads / shared);
  return !c.hasFailed();
}

void AttentionComposer::addMask() {
  if (!c.has(3))
    return;
  Value mask = c.in(3);
  bool isBool = c.elementOf(mask).isInteger(1);
  int64_t last = c.rankOf(mask) - 1;
  if (last < 0)
    return c.fail("its mask is a scalar");
  // A mask may end before the keys do: the others are hidden.
  int64_t have = c.sizeOf(mask, last), want = c.sizeOf(k, 2);
  if (!ShapedType::isDynamic(have) && !ShapedType::isDynamic(want) &&
      have != 1 && have < want)
    mask =
        c.pad(mask, last, 0, want - have, c.like(mask, isBool ? 0 : -INFINITY));
  addBias(isBool ? asBias(mask) : mask);
  mayHideAll = true;
}

/// What is before and after each query: causal attention and windows of keys,
/// and the keys of each sequence that are no padding.
void AttentionComposer::addFrontiers() {
  int64_t left = c.integer("left_window_size", -1),
          right = c.integer("right_window_size", -1);
  bool isCausal = c.integer("is_causal") != 0;
  Extent queries = c.extent(q, 2), keys = c.extent(k, 2);
  Value key = c.iota(keys, 3, 4), valid;
  if (c.has(6)) {
    valid = c.unsqueeze(c.withExtent(c.in(6), 0, c.extent(q, 0)), {1, 2, 3});
    addBias(asBias(c.compare<onnx::LessOp>(key, valid)));
    mayHideAll = true;
  }
  if (!isCausal && left < 0 && right < 0)
    return;
  // Of the query among the keys: those before it are the past, or all valid
  // ones but the queries.
  Value place = c.iota(queries, 2, 4);
  if (valid)
    place = c.add(place, c.sub(valid, c.asList(queries)));
  else
    place = c.add(place, c.asList(past));
  auto number = [&](int64_t value) {
    return c.scalar(c.i64Type(), double(value));
  };
  if (isCausal)
    addBias(asBias(c.compare<onnx::LessOrEqualOp>(key, place)));
  if (left >= 0)
    addBias(asBias(
        c.compare<onnx::GreaterOrEqualOp>(key, c.sub(place, number(left)))));
  if (right >= 0)
    addBias(asBias(
        c.compare<onnx::LessOrEqualOp>(key, c.add(place, number(right)))));
  mayHideAll |= bool(valid) || left >= 0 || right >= 0;
}

void AttentionComposer::putOut(Value scores, Value weights) {
  Value y = c.matmul(weights, v);
  if (isFlat)
    y = mergeHeads(c, y);
  c.setOutput(0, y);
  int64_t mode = c.integer("qk_matmul_output_mode");
  if (mode < 0 || mode > 3)
    c.fail("its qk_matmul_output_mode is " + Twine(mode));
  c.setOutput(3, mode == 3           ? weights
                 : mode == 2 && bias ? c.add(scores, bias)
                                     : scores);
}

void AttentionComposer::run() {
  if (!readInputs())
    return;
  double size = double(c.knownSizeOf(q, 3));
  double root = std::sqrt(c.number("scale", 1 / std::sqrt(size)));
  if (!(root >= 0))
    return c.fail("its scale is negative");
  Value scale = c.like(q, root);
  Value turned = c.transpose(c.mul(k, scale), {0, 1, 3, 2});
  Value scores = c.matmul(c.mul(q, scale), turned);
  if (double cap = c.number("softcap", 0); cap > 0) {
    Value part = c.unary<onnx::TanhOp>(c.div(scores, c.like(q, cap)));
    scores = c.mul(part, c.like(q, cap));
  }
  addMask();
  addFrontiers();
  Value biased = bias ? c.add(scores, bias) : scores;
  Value weights =
      c.make<onnx::SoftmaxOp>(c.elementOf(q), biased, c.i64Attr(-1));
  if (mayHideAll) {
    // A query that sees nothing has no weights.
    Value most = c.reduce<onnx::ReduceMaxOp>(bias, {c.rankOf(bias) - 1});
    Value isHidden = c.compare<onnx::EqualOp>(most, c.like(most, -INFINITY));
    weights = c.select(isHidden, c.like(q, 0), weights);
  }
  putOut(scores, weights);
}

void composeAttention(Composer &c) { AttentionComposer(c).run(); }

//===-- RotaryEmbedding
//-----------------------------------------------------===//

/// The two halves of each head, or its even and odd elements, turned by the
/// angles whose cosines and sines are inputs.
void composeRotary(Composer &c) {
  Value x = c.in(0), cosine = c.in(1), sine = c.in(2);
  int64_t rank = c.rankOf(x);
  bool isFlat = rank == 3, isInterleaved = c.integer("interleaved") != 0;
  if (rank != 3 && rank != 4)
    return c.fail("it needs an input of rank 3 or 4");
  if (isFlat)
    x = splitHeads(c, x, c.integer("num_heads"));
  int64_t size = c.knownSizeOf(x, 3),
          turned = c.integer("rotary_embedding_dim");
  if (turned == 0)
    turned = size;
  if (c.hasFailed() || turned < 2 || turned % 2 || turned > size)
    return c.fail("it turns " + Twine(turned) + " elements of " + Twine(size));
  if (c.has(3)) {
    cosine = c.gather(cosine, c.in(3), 0);
    sine = c.gather(sine, c.in(3), 0);
  }
  for (Value *angle : {&cosine, &sine}) {
    if (c.rankOf(*angle) != 3)
      return c.fail("its cosines and sines are not of rank 3");
    *angle = c.withExtent(*angle, 0, c.extent(x, 0));
    *angle = c.withExtent(*angle, 1, c.extent(x, 2));
    *angle = c.unsqueeze(c.withExtent(*angle, 2, turned / 2), {1});
  }
  Value part = turned == size ? x : c.slice(x, 3, 0, turned);
  int64_t half = turned / 2, step = isInterleaved ? 2 : 1;
  Value first = c.slice(part, 3, 0, isInterleaved ? turned : half, step);
  Value second = c.slice(part, 3, isInterleaved ? 1 : half, turned, step);
  Value real = c.sub(c.mul(cosine, first), c.mul(sine, second));
  Value imaginary = c.add(c.mul(sine, first), c.mul(cosine, second));
  Value y;
  if (isInterleaved) {
    y = c.concat({c.unsqueeze(real, {4}), c.unsqueeze(imaginary, {4})}, 4);
    y = c.reshape(y, {c.extent(x, 0), c.extent(x, 1), c.extent(x, 2), turned});
  } else {
    y = c.concat({real, imaginary}, 3);
  }
  if (turned != size)
    y = c.concat({y, c.slice(x, 3, turned, size)}, 3);
  if (isFlat) {
    int64_t width = c.knownSizeOf(c.in(0), 2);
    y = c.reshape(c.transpose(y, {0, 2, 1, 3}),
                  {c.extent(x, 0), c.extent(x, 2), width});
  }
  c.setOutput(0, y);
}
} // namespace

void addAttention(std::vector<Composition> &all) {
  using Kind = AttributeSpec;
  onnx::OperatorSpec attention = specOf("Attention", 23, 3, 7, onnx::kF32);
  attention.maxOutputs = 4;
  attention.nodeAttributes = {{Kind::Int, "is_causal"},
                              {Kind::Int, "kv_num_heads"},
                              {Kind::Int, "q_num_heads"},
                              {Kind::Int, "left_window_size", false, 25},
                              {Kind::Int, "right_window_size", false, 25},
                              {Kind::Int, "qk_matmul_output_mode"},
                              {Kind::Float, "scale"},
                              {Kind::Float, "softcap"},
                              {Kind::Int, "softmax_precision"}};
  all.push_back({attention, composeAttention});
  onnx::OperatorSpec rotary = specOf("RotaryEmbedding", 23, 3, 4, onnx::kF32);
  rotary.nodeAttributes = {{Kind::Int, "interleaved"},
                           {Kind::Int, "num_heads"},
                           {Kind::Int, "rotary_embedding_dim"}};
  all.push_back({rotary, composeRotary});
}
} // namespace mlir::bnn
