//===- Benchmark.cpp - Time a model, and ONNX Runtime beside it -----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Run/Benchmark.h"

#include "lib/Run/Measure.h"
#include "lib/Run/OnnxRuntime.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"

#include <optional>

using namespace llvm;

namespace mlir::bnn {

Error benchmarkModel(BoundModel &model, StringRef name,
                     const std::vector<NamedTensor> &inputs,
                     const BenchmarkOptions &options, raw_ostream &out) {
  // What fails later fails now, with its reason.
  if (int32_t status = model.run(); status != BNN_OK)
    return make_error<ModelError>(status);
  std::vector<Contender> contenders = {
      {sys::path::filename(name).str(), [&] { model.run(); }}};
  std::optional<OnnxRuntime> runtime;
  std::vector<std::unique_ptr<OnnxSession>> sessions;
  Error failure = Error::success();
  for (const std::string &path : options.onnxModels) {
    if (!runtime) {
      auto loaded = OnnxRuntime::load(options.onnxRuntime);
      if (!loaded)
        return joinErrors(std::move(failure), loaded.takeError());
      runtime = std::move(*loaded);
    }
    auto session = runtime->open(path, inputs);
    if (!session)
      return joinErrors(std::move(failure), session.takeError());
    sessions.push_back(std::move(*session));
    contenders.push_back({"ONNX Runtime " + runtime->version() + ", " +
                              sys::path::filename(path).str(),
                          [&failure, session = sessions.back().get()] {
                            if (Error error = session->run())
                              failure = joinErrors(std::move(failure),
                                                   std::move(error));
                          }});
  }
  int core = pinToOneCore();
  std::vector<const Contender *> pointers;
  for (const Contender &contender : contenders)
    pointers.push_back(&contender);
  auto times = interleave(pointers, int(options.rounds));
  if (failure)
    return failure;
  out << format("%u rounds, one thread", options.rounds);
  if (core >= 0)
    out << " on core " << core;
  out << ", CPU time\n\n    min ms  median ms     p90 ms    ratio      p10\n";
  for (auto [contender, row] : zip_equal(contenders, times)) {
    out << format("%10.4f %10.4f %10.4f", quantile(row, 0) * 1e3,
                  quantile(row, 0.5) * 1e3, quantile(row, 0.9) * 1e3);
    if (&contender == &contenders.front()) {
      out << "                  ";
    } else {
      std::vector<double> ratio = ratios(row, times.front());
      out << format(" %8.2f %8.2f", quantile(ratio, 0.5), quantile(ratio, 0.1));
    }
    out << "  " << contender.name << '\n';
  }
  return Error::success();
}

} // namespace mlir::bnn
