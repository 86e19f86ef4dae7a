//===- Tune.cpp - Measure register tiles on this machine ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Tune/Tune.h"

#include "lib/Run/Measure.h"
#include "lib/Run/Profile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <random>

using namespace llvm;

namespace mlir::bnn {

/// A model with one product, of random weights and signs of its input.
static void writeProduct(const ProductShape &shape, raw_ostream &out) {
  std::mt19937 random(1);
  std::string bits;
  for (int64_t byte = 0; byte < int64_t(divideCeil(shape.n * shape.k, 8));
       ++byte)
    bits += toHex(std::string(1, char(random() & 0xff)));
  std::string m = std::to_string(shape.m), n = std::to_string(shape.n),
              k = std::to_string(shape.k);
  std::string x = "tensor<" + m + "x" + k + "x",
              y = "tensor<" + m + "x" + n + "xi32>";
  std::string w = "tensor<" + n + "x" + k + "x";
  out << "func.func @main(%x: " << x << "f32> {onnx.name = \"x\"}) -> " << y
      << " {\n  %w = bnn.constant dense<\"0x" << bits << "\"> : " << w
      << "i1> -> " << w << "!bnn.s1>\n  %e = tensor.empty() : " << x
      << "!bnn.s1>\n  %b = bnn.binarize %x outs(%e : " << x
      << "!bnn.s1>) : " << x << "f32> -> " << x
      << "!bnn.s1>\n  %f = tensor.empty() : " << y
      << "\n  %y = bnn.matmul %b, %w outs(%f : " << y << ") : " << x
      << "!bnn.s1>, " << w << "!bnn.s1> -> " << y
      << " {\n  ^bb0(%acc: i32):\n    bnn.yield %acc : i32\n  }\n"
      << "  return %y : " << y << "\n}\n";
}

static std::vector<NamedTensor> randomInput(const ProductShape &shape) {
  std::mt19937 random(2);
  std::vector<float> values(size_t(shape.m * shape.k));
  for (float &value : values)
    value = random() & 1 ? 1.0f : -1.0f;
  NamedTensor input{"x", {BNN_F32, {shape.m, shape.k}, {}}};
  const char *bytes = reinterpret_cast<const char *>(values.data());
  input.tensor.data.assign(bytes, bytes + values.size() * sizeof(float));
  return {std::move(input)};
}

namespace {
/// One compiled product.
struct Candidate {
  std::unique_ptr<LoadedModel> model;
  std::unique_ptr<BoundModel> bound;
  std::vector<double> seconds;
};
} // namespace

static Expected<Candidate> compile(CompileOptions options,
                                   const KernelTile &tile,
                                   std::vector<NamedTensor> &input) {
  options.instrument = true;
  options.prefix = "product";
  options.tile = tile;
  mlir::MLIRContext context;
  auto object = compileToObject(options, context);
  if (failed(object)) // Why, it has said itself.
    return createStringError("a product does not compile");
  Candidate candidate;
  auto model = LoadedModel::load(std::move(*object), options.prefix);
  if (!model)
    return model.takeError();
  candidate.model = std::move(*model);
  auto bound = candidate.model->bind(input);
  if (!bound)
    return bound.takeError();
  candidate.bound = std::move(*bound);
  return candidate;
}

/// The times of all tiles for one shape, in the order of the tiles.
static Expected<std::vector<double>> measureShape(const CompileOptions &options,
                                                  const ProductShape &shape,
                                                  ArrayRef<KernelTile> tiles,
                                                  unsigned rounds) {
  int file;
  SmallString<128> path;
  if (std::error_code code =
          sys::fs::createTemporaryFile("bnn-tune", "mlir", file, path))
    return errorCodeToError(code);
  FileRemover remove(path);
  {
    raw_fd_ostream out(file, /*shouldClose=*/true);
    writeProduct(shape, out);
  }
  CompileOptions product = options;
  product.input = path.str();
  std::vector<NamedTensor> input = randomInput(shape);
  std::vector<Candidate> candidates;
  for (const KernelTile &tile : tiles) {
    auto candidate = compile(product, tile, input);
    if (!candidate)
      return candidate.takeError();
    candidates.push_back(std::move(*candidate));
  }
  for (unsigned round = 0; round < rounds; ++round)
    for (Candidate &candidate : candidates) {
      // Each brings its weights back into the caches first.
      auto profile = profileModel(*candidate.bound,
                                  candidate.model->profiledOps(), /*rounds=*/5);
      if (!profile)
        return profile.takeError();
      for (const OpProfile &op : profile->ops)
        if (StringRef(op.op.kind) == "matmul")
          candidate.seconds.push_back(op.seconds);
    }
  // Whatever else runs on the machine only adds to a time.
  std::vector<double> least;
  for (const Candidate &candidate : candidates)
    least.push_back(quantile(candidate.seconds, 0));
  return least;
}

Expected<std::vector<TileTimes>> measureTiles(const CompileOptions &options,
                                              ArrayRef<ProductShape> shapes,
                                              ArrayRef<KernelTile> tiles,
                                              unsigned rounds) {
  std::vector<TileTimes> result;
  for (const KernelTile &tile : tiles)
    result.push_back({tile, {}, 0});
  for (const ProductShape &shape : shapes) {
    auto seconds = measureShape(options, shape, tiles, rounds);
    if (!seconds)
      return seconds.takeError();
    double best = *llvm::min_element(*seconds);
    for (auto [times, time] : zip_equal(result, *seconds)) {
      times.seconds.push_back(time);
      times.loss += std::log(time / best) / double(shapes.size());
    }
  }
  for (TileTimes &times : result)
    times.loss = std::exp(times.loss);
  llvm::sort(result, [](const TileTimes &a, const TileTimes &b) {
    return a.loss < b.loss;
  });
  return result;
}

} // namespace mlir::bnn
