//===- Format.h - Numbers and names for people ------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Report/Report.h"

namespace mlir::bnn {

/// 9216 -> "9.2 kB" (1 kB = 1000 bytes).
std::string inBytes(int64_t bytes);
/// 150994944 -> "151.0 M"; "?" where it is not known.
std::string inThousands(std::optional<int64_t> count);
/// 0.0368 -> "3.7%"; neither "0.0%" nor "100.0%" unless it is exact.
std::string inPercent(double share);
/// "192 x 384", "12 heads x 16", "1000 x 192".
std::string shapeInWords(const ModelReport::Layer &layer);
/// With a capital letter and a full stop.
std::string sentence(std::string text);
/// The largest first.
std::vector<ModelReport::Section>
bySize(std::vector<ModelReport::Section> sections);

} // namespace mlir::bnn
