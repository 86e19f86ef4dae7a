//===- WeightNoise.cpp - What 8 bits make of weights ----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/Raise/WeightNoise.h"
#include "mlir/IR/Builders.h"
#include <cmath>

using namespace mlir;
using namespace mlir::bnn;

static constexpr int64_t kBins = 32;
// Of symmetric signed bytes.
static constexpr double kMost = 127;

namespace {

// The weights of a row, or of the matrix, by the moments about their mean.
struct Moments {
  double count = 0, sum = 0, squares = 0, second = 0, fourth = 0;
  double peak = 0;

  void addFirst(double w) {
    ++count;
    sum += w;
    squares += w * w;
    peak = std::max(peak, std::fabs(w));
  }
  void addCentral(double w) {
    const double d = w - sum / count, square = d * d;
    second += square;
    fourth += square * square;
  }
  // That of equal numbers is not one; 0 says so.
  double kurtosis() const {
    return second > 0 ? count * fourth / (second * second) : 0;
  }
};

} // namespace

static double squaredError(double w, double peak) {
  const double step = peak / kMost;
  const double d = step > 0 ? w - std::nearbyint(w / step) * step : 0;
  return d * d;
}

// Signal over noise in dB; that of weights which lose nothing is as if the
// noise were that of f32's own rounding.
static double inDecibels(double signal, double noise) {
  constexpr double kLeast = 0x1p-50;
  return 10 * std::log10(signal / std::max(noise, signal * kLeast));
}

NoiseAttr
bnn::measureNoise(MLIRContext *context, int64_t rows, int64_t columns,
                  llvm::function_ref<float(int64_t, int64_t)> weight) {
  Moments all;
  std::vector<Moments> ofRows(rows);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column) {
      const double w = weight(row, column);
      all.addFirst(w);
      ofRows[row].addFirst(w);
    }
  // A NaN is in no maximum, and in every sum.
  if (!(all.squares > 0) || !std::isfinite(all.squares))
    return {};
  double tensorNoise = 0, channelNoise = 0;
  std::vector<int64_t> histogram(kBins, 0);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column) {
      const double w = weight(row, column);
      all.addCentral(w);
      ofRows[row].addCentral(w);
      tensorNoise += squaredError(w, all.peak);
      channelNoise += squaredError(w, ofRows[row].peak);
      const auto bin = int64_t((w / all.peak + 1) / 2 * kBins);
      ++histogram[std::min(bin, kBins - 1)];
    }
  std::vector<double> kurtoses;
  for (const Moments &row : ofRows)
    kurtoses.push_back(row.kurtosis());
  auto middle = kurtoses.begin() + rows / 2;
  std::nth_element(kurtoses.begin(), middle, kurtoses.end());
  Builder b(context);
  auto number = [&](double value) { return b.getF64FloatAttr(value); };
  return NoiseAttr::get(context, number(all.kurtosis()), number(*middle),
                        number(all.peak / std::sqrt(all.squares / all.count)),
                        number(inDecibels(all.squares, tensorNoise)),
                        number(inDecibels(all.squares, channelNoise)),
                        b.getDenseI64ArrayAttr(histogram));
}
