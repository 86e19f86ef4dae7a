// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX Runtime's npm package brings the library without its C header. The
// interface is a table of functions that only grows at its end, so the few that
// are needed are called by their place in it.

#include "test/bench/Contenders.h"

namespace bnn::bench {
namespace {

// Places in OrtApi, the same in every version since 1.0.
enum Place {
  getErrorMessage = 2,
  createEnv = 3,
  createSession = 7,
  run = 9,
  createSessionOptions = 10,
  setSessionExecutionMode = 13,
  setSessionGraphOptimizationLevel = 23,
  setIntraOpNumThreads = 24,
  setInterOpNumThreads = 25,
  createTensorWithDataAsOrtValue = 49,
  createCpuMemoryInfo = 69,
  releaseSession = 95
};

// The version of the table to ask for: old enough for any library in use.
constexpr uint32_t apiVersion = 11;
constexpr int logErrors = 3, sequential = 0;
constexpr int noOptimizations = 0, allOptimizations = 99;
constexpr int deviceAllocator = 0, defaultMemory = 0;
constexpr int elementFloat = 1, elementInt64 = 7;

struct OrtApiBase {
  const void *const *(*getApi)(uint32_t version);
  const char *(*getVersionString)();
};

class Api {
public:
  explicit Api(const Library &library)
      : table(library.find<const OrtApiBase *()>("OrtGetApiBase")()->getApi(
            apiVersion)) {
    if (!table)
      fail("ONNX Runtime is too old");
  }

  // Calls a function that returns a status and fails unless it is null.
  template <typename... Arguments>
  void call(Place place, Arguments... arguments) const {
    auto *function = reinterpret_cast<void *(*)(Arguments...)>(
        const_cast<void *>(table[place]));
    if (void *status = function(arguments...))
      fail(std::string("ONNX Runtime: ") + message(status));
  }

  void release(Place place, void *object) const {
    reinterpret_cast<void (*)(void *)>(const_cast<void *>(table[place]))(
        object);
  }

private:
  const char *message(void *status) const {
    return reinterpret_cast<const char *(*)(void *)>(
        const_cast<void *>(table[getErrorMessage]))(status);
  }

  const void *const *table;
};

} // namespace

Contender onnxRuntime(const Library &library, const std::string &model,
                      const Tokens &tokens, GraphOptimization optimization) {
  Api api(library);
  // One for the program, as ONNX Runtime wants it.
  static void *environment = nullptr;
  if (!environment)
    api.call(createEnv, logErrors, static_cast<const char *>("bnn-bench"),
             &environment);
  void *options = nullptr, *session = nullptr, *memory = nullptr;
  api.call(createSessionOptions, &options);
  api.call(setSessionExecutionMode, options, sequential);
  api.call(setSessionGraphOptimizationLevel, options,
           optimization == GraphOptimization::all ? allOptimizations
                                                  : noOptimizations);
  api.call(setIntraOpNumThreads, options, 1);
  api.call(setInterOpNumThreads, options, 1);
  api.call(createSession, environment, model.c_str(), options, &session);
  api.call(createCpuMemoryInfo, deviceAllocator, defaultMemory, &memory);

  struct State {
    State(const Api &api, void *session) : api(api), session(session) {}
    ~State() { api.release(releaseSession, session); }
    Api api;
    void *session;
    std::vector<void *> inputs;
    void *output = nullptr;
    float logits[2] = {};
  };
  auto state = std::make_shared<State>(api, session);
  const int64_t shape[] = {1, tokens.count}, outShape[] = {1, 2};
  for (const std::vector<int64_t> *values :
       {&tokens.ids, &tokens.mask, &tokens.types}) {
    void *tensor = nullptr;
    api.call(createTensorWithDataAsOrtValue, memory,
             static_cast<void *>(const_cast<int64_t *>(values->data())),
             values->size() * sizeof(int64_t), &shape[0], size_t(2),
             elementInt64, &tensor);
    state->inputs.push_back(tensor);
  }
  api.call(createTensorWithDataAsOrtValue, memory,
           static_cast<void *>(state->logits), sizeof state->logits,
           &outShape[0], size_t(2), elementFloat, &state->output);
  return {"ONNX Runtime", [state] {
            static const char *const inputs[] = {"input_ids", "attention_mask",
                                                 "token_type_ids"};
            static const char *const outputs[] = {"logits"};
            state->api.call(run, state->session, static_cast<void *>(nullptr),
                            &inputs[0], state->inputs.data(), size_t(3),
                            &outputs[0], size_t(1), &state->output);
          }};
}

} // namespace bnn::bench
