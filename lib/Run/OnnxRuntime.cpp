//===- OnnxRuntime.cpp - ONNX Runtime, loaded to compare with -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX Runtime's npm package brings the library without its C header. The
// interface is a table of functions that only grows at its end, so the few that
// are needed are called by their place in it.
//
//===----------------------------------------------------------------------===//

#include "lib/Run/OnnxRuntime.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Compiler.h"
#include "llvm/Support/Process.h"

#include <dlfcn.h>

using namespace llvm;

namespace mlir::bnn {
namespace {

// Places in OrtApi, the same in every version since 1.0.
enum Place {
  getErrorMessage = 2,
  createEnv = 3,
  createSession = 7,
  runSession = 9,
  createSessionOptions = 10,
  setSessionExecutionMode = 13,
  setSessionGraphOptimizationLevel = 23,
  setIntraOpNumThreads = 24,
  setInterOpNumThreads = 25,
  sessionGetInputCount = 30,
  sessionGetOutputCount = 31,
  sessionGetInputName = 36,
  sessionGetOutputName = 37,
  createTensorWithDataAsOrtValue = 49,
  createCpuMemoryInfo = 69,
  allocatorFree = 76,
  getAllocatorWithDefaultOptions = 78,
  releaseStatus = 93,
  releaseMemoryInfo = 94,
  releaseSession = 95,
  releaseValue = 96,
  releaseSessionOptions = 100
};

// The version of the table to ask for: old enough for any library in use.
constexpr uint32_t apiVersion = 11;
constexpr int logErrors = 3, sequential = 0;
constexpr int noOptimizations = 0, allOptimizations = 99;
constexpr int deviceAllocator = 0, defaultMemory = 0;

struct OrtApiBase {
  const void *const *(*getApi)(uint32_t version);
  const char *(*getVersionString)();
};

template <typename Function>
Function *functionAt(const void *const *api, Place place) {
  return reinterpret_cast<Function *>(const_cast<void *>(api[place]));
}

// Calls a function that returns a status, null where it succeeds.
template <typename... Arguments>
Error call(const void *const *api, Place place, Arguments... arguments) {
  void *status = functionAt<void *(Arguments...)>(api, place)(arguments...);
  if (!status)
    return Error::success();
  std::string message =
      functionAt<const char *(void *)>(api, getErrorMessage)(status);
  functionAt<void(void *)>(api, releaseStatus)(status);
  return createStringError("ONNX Runtime: " + message);
}

void release(const void *const *api, Place place, void *object) {
  if (object)
    functionAt<void(void *)>(api, place)(object);
}

// The value of ONNXTensorElementDataType for a bnn_element_type.
int onnxType(int32_t type) {
  switch (type) {
  case BNN_F32:
    return 1;
  case BNN_U8:
    return 2;
  case BNN_I8:
    return 3;
  case BNN_I32:
    return 6;
  case BNN_I64:
    return 7;
  case BNN_F16:
    return 10;
  case BNN_F64:
    return 11;
  case BNN_BF16:
    return 16;
  default:
    return 9; // bool
  }
}

// The names of a session's inputs or outputs.
Expected<std::vector<std::string>> names(const void *const *api, void *session,
                                         Place count, Place name) {
  void *allocator = nullptr;
  size_t size = 0;
  if (Error error = call(api, getAllocatorWithDefaultOptions, &allocator))
    return std::move(error);
  if (Error error = call(api, count, session, &size))
    return std::move(error);
  std::vector<std::string> result;
  for (size_t i = 0; i < size; ++i) {
    char *text = nullptr;
    if (Error error = call(api, name, session, i, allocator, &text))
      return std::move(error);
    result.push_back(text);
    if (Error error =
            call(api, allocatorFree, allocator, static_cast<void *>(text)))
      return std::move(error);
  }
  return result;
}

} // namespace

OnnxSession::~OnnxSession() {
  for (void *value : llvm::concat<void *>(inputValues, outputValues))
    release(api, releaseValue, value);
  release(api, releaseSession, session);
}

Error OnnxSession::run() {
  // The outputs of the first run are those that the next one writes.
  return call(api, runSession, session, static_cast<void *>(nullptr),
              inputPointers.data(), inputValues.data(), inputValues.size(),
              outputPointers.data(), outputPointers.size(),
              outputValues.data());
}

// What it calls has types of that library's own, equal to ours in C only.
LLVM_NO_SANITIZE("function")
Expected<OnnxRuntime> OnnxRuntime::load(StringRef path) {
  std::string name = path.str();
  if (name.empty())
    name = sys::Process::GetEnv("BNN_ONNXRUNTIME").value_or("");
  if (name.empty())
    name = "libonnxruntime.so.1";
  void *library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  void *base = library ? dlsym(library, "OrtGetApiBase") : nullptr;
  if (!base)
    return createStringError(
        StringRef("no ONNX Runtime: ") + dlerror() +
        "; --onnxruntime-lib=PATH or the environment's BNN_ONNXRUNTIME names "
        "its libonnxruntime.so (the npm package onnxruntime-node has one)");
  const OrtApiBase *table = reinterpret_cast<const OrtApiBase *(*)()>(base)();
  OnnxRuntime runtime;
  runtime.versionString = table->getVersionString();
  runtime.api = table->getApi(apiVersion);
  if (!runtime.api)
    return createStringError("ONNX Runtime " + runtime.versionString +
                             " is too old");
  // One for the program, as ONNX Runtime wants it.
  static void *environment = nullptr;
  if (!environment)
    if (Error error = call(runtime.api, createEnv, logErrors,
                           static_cast<const char *>("bnn"), &environment))
      return std::move(error);
  runtime.environment = environment;
  return runtime;
}

Error OnnxRuntime::bind(OnnxSession &session,
                        std::vector<NamedTensor> inputs) const {
  session.inputs = std::move(inputs);
  auto wanted =
      names(api, session.session, sessionGetInputCount, sessionGetInputName);
  if (!wanted)
    return wanted.takeError();
  void *memory = nullptr;
  if (Error error = call(api, createCpuMemoryInfo, deviceAllocator,
                         defaultMemory, &memory))
    return error;
  for (const std::string &name : *wanted) {
    auto found = find_if(session.inputs, [&](const NamedTensor &input) {
      return input.name == name;
    });
    if (found == session.inputs.end())
      return createStringError("its input '" + name +
                               "' is missing: give --input " + name + "=FILE");
    HostTensor &tensor = found->tensor;
    void *value = nullptr;
    if (Error error =
            call(api, createTensorWithDataAsOrtValue, memory,
                 static_cast<void *>(tensor.data.data()), tensor.data.size(),
                 tensor.shape.data(), tensor.shape.size(),
                 onnxType(tensor.elementType), &value))
      return error;
    session.inputValues.push_back(value);
    session.inputPointers.push_back(found->name.c_str());
  }
  release(api, releaseMemoryInfo, memory);
  auto outputs =
      names(api, session.session, sessionGetOutputCount, sessionGetOutputName);
  if (!outputs)
    return outputs.takeError();
  session.outputNames = std::move(*outputs);
  for (const std::string &name : session.outputNames)
    session.outputPointers.push_back(name.c_str());
  session.outputValues.resize(session.outputNames.size());
  return session.run();
}

Expected<std::unique_ptr<OnnxSession>>
OnnxRuntime::open(StringRef model, std::vector<NamedTensor> inputs,
                  GraphOptimization optimization) const {
  std::unique_ptr<OnnxSession> session(new OnnxSession(api));
  auto create = [&]() -> Error {
    void *options = nullptr;
    if (Error error = call(api, createSessionOptions, &options))
      return error;
    if (Error error = call(api, setSessionExecutionMode, options, sequential))
      return error;
    if (Error error =
            call(api, setSessionGraphOptimizationLevel, options,
                 optimization == GraphOptimization::all ? allOptimizations
                                                        : noOptimizations))
      return error;
    if (Error error = call(api, setIntraOpNumThreads, options, 1))
      return error;
    if (Error error = call(api, setInterOpNumThreads, options, 1))
      return error;
    Error error = call(api, createSession, environment, model.str().c_str(),
                       options, &session->session);
    release(api, releaseSessionOptions, options);
    if (error)
      return error;
    return bind(*session, std::move(inputs));
  };
  if (Error error = create())
    return createStringError("cannot run '" + model +
                             "': " + toString(std::move(error)));
  return session;
}

} // namespace mlir::bnn
