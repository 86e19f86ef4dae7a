//===- Contenders.cpp - Kernels and models that are compared --------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/bench/Contenders.h"

#include "bnn/types.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <random>

namespace mlir::bnn::bench {

void fail(const std::string &what) {
  std::fprintf(stderr, "bnn-bench: %s\n", what.c_str());
  std::exit(1);
}

Library::Library(const std::string &path)
    : path(path), handle(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (!handle)
    fail(dlerror());
}

void *Library::address(const char *name) const {
  void *symbol = dlsym(handle, name);
  if (!symbol)
    fail(path + ": no function " + name);
  return symbol;
}

GemmData::GemmData(const GemmShape &shape, const std::string &path)
    : shape(shape), activations(size_t(shape.m) * shape.k / 32),
      weights(size_t(shape.n) * shape.k / 32) {
  std::mt19937 random(1);
  for (uint32_t &word : activations)
    word = random();
  FILE *file = std::fopen(path.c_str(), "rb");
  if (!file ||
      std::fread(weights.data(), 4, weights.size(), file) != weights.size())
    fail(path + ": cannot be read, or too short");
  std::fclose(file);
}

Contender generatedGemm(const GemmData &data, const Library &library,
                        std::vector<int32_t> &out) {
  auto *run = library.find<void(const uint32_t *, int32_t *)>("bench_gemm");
  return {"generated",
          [run, &data, &out] { run(data.activations.data(), out.data()); }};
}

Contender handGemm(const GemmData &data, const Library &library,
                   const std::string &kernel, std::vector<int32_t> &out) {
  using Pack = void *(int, int, const uint32_t *);
  using Run = void(void *, int, const uint32_t *, int32_t *);
  std::string name = "yardstick_" + kernel;
  auto *pack = library.find<Pack>((name + "_pack_weights").c_str());
  auto *run = library.find<Run>((name + "_run").c_str());
  auto *destroy = library.find<void(void *)>("yardstick_gemm_destroy");
  std::shared_ptr<void> gemm(
      pack(data.shape.n, data.shape.k, data.weights.data()),
      [destroy](void *handle) { handle ? destroy(handle) : void(); });
  if (!gemm)
    fail(name + " does not support this shape");
  return {kernel, [run, gemm, &data, &out] {
            run(gemm.get(), data.shape.m, data.activations.data(), out.data());
          }};
}

Contender naiveGemm(const GemmData &data, const Library &library,
                    std::vector<int32_t> &out) {
  auto *run = library.find<void(int, int, int, const uint32_t *,
                                const uint32_t *, int32_t *)>("naive_gemm");
  return {"plain C", [run, &data, &out] {
            run(data.shape.m, data.shape.n, data.shape.k,
                data.activations.data(), data.weights.data(), out.data());
          }};
}

Contender handForward(const Library &library, int tokens) {
  using Create = void *(int, int, uint64_t);
  using Run = void(void *, const float *, float *);
  auto *create = library.find<Create>("yardstick_forward_create");
  auto *run = library.find<Run>("yardstick_forward_run");
  auto *destroy = library.find<void(void *)>("yardstick_forward_destroy");
  std::shared_ptr<void> forward(create(12, tokens, 1), [destroy](void *handle) {
    handle ? destroy(handle) : void();
  });
  if (!forward)
    fail("yardstick_forward does not support this length");
  auto in = std::make_shared<std::vector<float>>(size_t(tokens) * 768);
  auto out = std::make_shared<std::vector<float>>(in->size());
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  for (float &value : *in)
    value = normal(random);
  return {"forward", [run, forward, in, out] {
            run(forward.get(), in->data(), out->data());
          }};
}

Tokens::Tokens(int count)
    : count(count), ids(size_t(count)), mask(size_t(count), 1),
      types(size_t(count), 0) {
  std::mt19937 random(1);
  for (int64_t &id : ids)
    id = 1 + random() % 30000;
}

Contender compiledModel(const Library &library, const Tokens &tokens) {
  const bnn_model_info *info = library.find<const bnn_model_info *(uint32_t)>(
      "model_describe")(BNN_ABI_VERSION);
  if (!info)
    fail("the model speaks another version of the interface");
  struct State {
    std::vector<bnn_tensor> inputs, outputs;
    std::vector<std::vector<char>> data;
    std::unique_ptr<void, void (*)(void *)> workspace{nullptr, std::free};
  };
  auto state = std::make_shared<State>();
  for (uint32_t i = 0; i < info->num_inputs; ++i) {
    std::string name = info->inputs[i].name;
    const std::vector<int64_t> &values = name == "input_ids" ? tokens.ids
                                         : name == "attention_mask"
                                             ? tokens.mask
                                             : tokens.types;
    bnn_tensor tensor = {};
    tensor.data = const_cast<int64_t *>(values.data());
    tensor.shape[0] = 1;
    tensor.shape[1] = tokens.count;
    state->inputs.push_back(tensor);
  }
  for (uint32_t i = 0; i < info->num_outputs; ++i) {
    size_t bytes = 8;
    for (int32_t axis = 0; axis < info->outputs[i].rank; ++axis)
      bytes *= size_t(info->outputs[i].dims[axis].max);
    state->data.emplace_back(bytes);
    bnn_tensor tensor = {};
    tensor.data = state->data.back().data();
    state->outputs.push_back(tensor);
  }
  size_t alignment =
      info->workspace_alignment < 64 ? 64 : info->workspace_alignment;
  size_t bytes = (info->workspace_size / alignment + 1) * alignment;
  state->workspace.reset(std::aligned_alloc(alignment, bytes));
  return {"compiled", [info, state] {
            int32_t status =
                info->run(state->inputs.data(), state->outputs.data(),
                          state->workspace.get(), nullptr);
            if (status != BNN_OK)
              fail("the model returned status " + std::to_string(status));
          }};
}

Contender onnxRuntime(const std::string &library, const std::string &model,
                      const Tokens &tokens, GraphOptimization optimization) {
  auto runtime = OnnxRuntime::load(library);
  if (!runtime)
    fail(llvm::toString(runtime.takeError()));
  std::vector<NamedTensor> inputs;
  for (auto [name, values] : {std::pair("input_ids", &tokens.ids),
                              std::pair("attention_mask", &tokens.mask),
                              std::pair("token_type_ids", &tokens.types)}) {
    NamedTensor tensor{name, {BNN_I64, {1, tokens.count}, {}}};
    const char *bytes = reinterpret_cast<const char *>(values->data());
    tensor.tensor.data.assign(bytes, bytes + values->size() * sizeof(int64_t));
    inputs.push_back(std::move(tensor));
  }
  auto session = runtime->open(model, std::move(inputs), optimization);
  if (!session)
    fail(llvm::toString(session.takeError()));
  std::shared_ptr<OnnxSession> shared = std::move(*session);
  return {"ONNX Runtime", [shared] {
            if (llvm::Error error = shared->run())
              fail(llvm::toString(std::move(error)));
          }};
}

Row measure(const std::string &name, const Contender &ours,
            const std::vector<Contender> &others, int rounds) {
  std::vector<const Contender *> all = {&ours};
  for (const Contender &other : others)
    all.push_back(&other);
  std::vector<std::vector<double>> times = interleave(all, rounds);
  size_t best = 1;
  for (size_t who = 2; who < all.size(); ++who)
    if (quantile(times[who], 0.5) < quantile(times[best], 0.5))
      best = who;
  std::vector<double> quotients = ratios(times[best], times[0]);
  Row row;
  row.name = name;
  row.other = all[best]->name;
  row.oursMedian = quantile(times[0], 0.5);
  row.otherMedian = quantile(times[best], 0.5);
  row.ratioMedian = quantile(quotients, 0.5);
  row.ratioP10 = quantile(quotients, 0.1);
  row.rounds = rounds;
  return row;
}

} // namespace mlir::bnn::bench
