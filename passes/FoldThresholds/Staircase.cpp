//===- Staircase.cpp - Rounded lines through steps ------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/FoldThresholds/Staircase.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <algorithm>
#include <cmath>

using namespace mlir::bnn;

int8_t RoundedLine::operator()(int32_t x) const {
  float y = std::fma(static_cast<float>(x), slope, offset);
  y = y > least ? y : least;
  y = y < most ? y : most;
  // The default rounding mode: half to even.
  return static_cast<int8_t>(std::nearbyint(y));
}

namespace {

// The line has to cross the height `y` between x and x + 1.
struct Crossing {
  double y, x;
};

// The line x(y) = slope * y + offset that is nearest to the middles of all
// crossings, by the largest distance. It is parallel to a chord of two of them;
// there are few, so all are tried.
std::pair<double, double> nearestLine(llvm::ArrayRef<Crossing> crossings) {
  double bestSpread = INFINITY, bestSlope = 0, bestOffset = 0;
  auto consider = [&](double slope) {
    double low = INFINITY, high = -INFINITY;
    for (const Crossing &c : crossings) {
      double rest = c.x + 0.5 - slope * c.y;
      low = std::min(low, rest);
      high = std::max(high, rest);
    }
    if (high - low < bestSpread) {
      bestSpread = high - low;
      bestSlope = slope;
      bestOffset = (low + high) / 2;
    }
  };
  for (size_t i = 0; i < crossings.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      consider((crossings[i].x - crossings[j].x) /
               (crossings[i].y - crossings[j].y));
  return {bestSlope, bestOffset};
}

} // namespace

std::optional<RoundedLine> mlir::bnn::fitLine(llvm::ArrayRef<int8_t> steps,
                                              int32_t first, int8_t least,
                                              int8_t most) {
  llvm::SmallVector<Crossing> crossings;
  for (size_t i = 1; i < steps.size(); ++i) {
    int from = steps[i - 1], to = steps[i];
    for (int level = std::min(from, to); level < std::max(from, to); ++level)
      crossings.push_back({level + 0.5, double(first) + double(i - 1)});
    if (crossings.size() > 2 * 16)
      return std::nullopt;
  }
  RoundedLine line;
  auto [low, high] = std::minmax_element(steps.begin(), steps.end());
  line.least = least;
  line.most = most;
  double slope = 0, offset = steps.empty() ? 0 : steps[0];
  if (crossings.size() == 1) {
    // One step: as steep as may be, from one level to the next in one.
    slope = steps.back() > steps.front() ? 1 : -1;
    offset = crossings[0].y - slope * (crossings[0].x + 0.5);
  } else if (!crossings.empty()) {
    auto [across, at] = nearestLine(crossings);
    if (across == 0) {
      // All steps at once.
      across = (steps.back() > steps.front() ? 1 : -1) /
               (2.0 * double(crossings.size()));
      at = crossings[0].x + 0.5 -
           across * (crossings.front().y + crossings.back().y) / 2;
    }
    slope = 1 / across;
    offset = -at / across;
  }
  line.slope = static_cast<float>(slope);
  line.offset = static_cast<float>(offset);
  if (!std::isfinite(line.slope) || !std::isfinite(line.offset))
    return std::nullopt;
  auto fits = [&] {
    for (size_t i = 0; i < steps.size(); ++i)
      if (line(int32_t(first + int64_t(i))) != steps[i])
        return false;
    return true;
  };
  if (fits())
    return line;
  if (steps.empty())
    return std::nullopt;
  line.least = *low;
  line.most = *high;
  if (fits())
    return line;
  return std::nullopt;
}
