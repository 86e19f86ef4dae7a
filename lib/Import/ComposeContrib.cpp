//===- ComposeContrib.cpp - What ONNX Runtime's optimiser fuses -----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators of the domain com.microsoft as the nodes that they were fused from.
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Composer.h"

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
Value composeActivation(Composer &c, Value x, ArrayRef<float> parameters) {
  StringRef name = c.text("activation", "");
  auto parameter = [&](size_t i, double otherwise) {
    return i < parameters.size() ? double(parameters[i]) : otherwise;
  };
  if (name.empty())
    return x;
  if (name == "Relu")
    return c.unary<onnx::ReluOp>(x);
  if (name == "Tanh")
    return c.unary<onnx::TanhOp>(x);
  if (name == "Sigmoid")
    return c.unary<onnx::SigmoidOp>(x);
  if (name == "LeakyRelu")
    return c.make<onnx::LeakyReluOp>(c.elementOf(x), x,
                                     c.f32Attr(parameter(0, 0.01)));
  if (name == "HardSigmoid")
    return c.make<onnx::HardSigmoidOp>(c.elementOf(x), x,
                                       c.f32Attr(parameter(0, 0.2)),
                                       c.f32Attr(parameter(1, 0.5)));
  if (name == "Clip" && parameters.size() == 2)
    return c.make<onnx::ClipOp>(c.elementOf(x), x, c.like(x, parameters[0]),
                                c.like(x, parameters[1]));
  c.fail("its activation " + name +
         " is not supported; save the model with "
         "the optimiser at level basic at most");
  return x;
}

namespace {
template <bool isApproximate> void composeGeluOf(Composer &c) {
  Value x = c.has(1) ? c.add(c.in(0), c.in(1)) : c.in(0);
  c.setOutput(0, composeGelu(c, x, isApproximate));
}

void composeQuickGelu(Composer &c) {
  Value x = c.in(0), scaled = c.mul(x, c.like(x, c.number("alpha", 1.702f)));
  c.setOutput(0, c.mul(x, c.unary<onnx::SigmoidOp>(scaled)));
}

void composeFusedMatMul(Composer &c) {
  Value a = c.in(0), b = c.in(1);
  if (c.integer("transBatchA") || c.integer("transBatchB"))
    return c.fail("its batch axes are transposed; save the model with the "
                  "optimiser at level basic at most");
  auto turn = [&](Value x) {
    auto perm = llvm::to_vector(llvm::seq<int64_t>(0, c.rankOf(x)));
    if (perm.size() > 1)
      std::swap(perm.back(), perm[perm.size() - 2]);
    return c.transpose(x, perm);
  };
  if (c.integer("transA"))
    a = turn(a);
  if (c.integer("transB"))
    b = turn(b);
  Value y = c.matmul(a, b);
  float alpha = float(c.number("alpha", 1));
  c.setOutput(0, alpha == 1 ? y : c.mul(y, c.like(y, alpha)));
}

void composeFusedGemm(Composer &c) {
  Value y = c.make<onnx::GemmOp>(
      c.elementOf(c.in(0)), c.in(0), c.in(1), c.has(2) ? c.in(2) : c.none(),
      c.f32Attr(c.number("alpha", 1)), c.f32Attr(c.number("beta", 1)),
      c.i64Attr(c.integer("transA")), c.i64Attr(c.integer("transB")));
  SmallVector<float> parameters;
  for (const char *name : {"activation_alpha", "activation_beta"})
    if (c.hasAttribute(name))
      parameters.push_back(float(c.number(name, 0)));
  c.setOutput(0, composeActivation(c, y, parameters));
}

Value normalize(Composer &c, Value x, Value scale, Value bias, double epsilon) {
  return c.make<onnx::LayerNormalizationOp>(c.elementOf(x), x, scale, bias,
                                            c.i64Attr(-1), c.f32Attr(epsilon),
                                            c.i64Attr(1));
}

/// Of a sum, which is the fourth output.
void composeSkipLayerNorm(Composer &c) {
  Value sum = c.add(c.in(0), c.in(1));
  if (c.has(4))
    sum = c.add(sum, c.in(4));
  c.setOutput(3, sum);
  c.setOutput(0, normalize(c, sum, c.in(2), c.has(3) ? c.in(3) : c.none(),
                           c.number("epsilon", 1e-12)));
}

/// Of word, position and segment, which is the third output. The second counts
/// the tokens that the mask keeps.
void composeEmbedLayerNorm(Composer &c) {
  Value ids = c.in(0), position = c.required(3);
  if (c.rankOf(ids) != 2 || c.rankOf(position) != 2)
    return c.fail("its ids and positions are no matrices");
  if (c.has(1) != c.has(4))
    return c.fail("it has only one of segment ids and their embedding");
  Value words = c.gather(c.required(2), ids, 0);
  Value places =
      c.has(8) ? c.gather(position, c.in(8), 0)
               : c.unsqueeze(c.slice(position, 0, 0, c.extent(ids, 1)), {0});
  Value sum = c.add(words, places);
  if (c.has(1))
    sum = c.add(sum, c.gather(c.in(4), c.in(1), 0));
  c.setOutput(2, sum);
  c.setOutput(0, normalize(c, sum, c.required(5), c.required(6),
                           c.number("epsilon", 1e-12)));
  if (c.isRead(1))
    c.setOutput(1, c.has(7) ? c.reduceSum(c.in(7), {1}, /*keep=*/false)
                            : c.filled({c.extent(ids, 0)}, c.i32Type(), 0));
}
} // namespace

void addContrib(std::vector<Composition> &all) {
  using Kind = onnx::AttributeSpec;
  constexpr unsigned f32 = onnx::withHalves(onnx::kF32);
  Kind epsilon{Kind::Float, "epsilon"};
  addContribOperator(all, "Gelu", 1, 1, f32, composeGeluOf<false>);
  addContribOperator(all, "BiasGelu", 2, 2, f32, composeGeluOf<false>);
  addContribOperator(all, "FastGelu", 1, 2, f32, composeGeluOf<true>);
  addContribOperator(all, "QuickGelu", 1, 1, f32, composeQuickGelu,
                     {{Kind::Float, "alpha"}});
  addContribOperator(all, "FusedMatMul", 2, 2, f32, composeFusedMatMul,
                     {{Kind::Float, "alpha"},
                      {Kind::Int, "transA"},
                      {Kind::Int, "transB"},
                      {Kind::Int, "transBatchA"},
                      {Kind::Int, "transBatchB"}});
  addContribOperator(all, "FusedGemm", 2, 3, f32, composeFusedGemm,
                     {{Kind::Float, "alpha"},
                      {Kind::Float, "beta"},
                      {Kind::Int, "transA"},
                      {Kind::Int, "transB"},
                      {Kind::String, "activation"},
                      {Kind::Float, "activation_alpha"},
                      {Kind::Float, "activation_beta"},
                      {Kind::Float, "activation_gamma"}});
  auto &skip = addContribOperator(all, "SkipLayerNormalization", 3, 5, f32,
                                  composeSkipLayerNorm, {epsilon});
  skip.maxOutputs = 4;
  skip.restriction = "without mean and variance";
  auto &embed = addContribOperator(all, "EmbedLayerNormalization", 1, 9, f32,
                                   composeEmbedLayerNorm,
                                   {epsilon, {Kind::Int, "mask_index_type"}});
  embed.maxOutputs = 3;
  embed.element = onnx::ResultElement::Third; // after two inputs of ids
}
} // namespace mlir::bnn
