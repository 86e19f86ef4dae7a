//===- Format.cpp - Numbers and names for people --------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Report/Format.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::bnn {

// Three or four digits and one of the units, which are a thousand apart.
static std::string scaled(int64_t value, llvm::ArrayRef<const char *> units) {
  double number = double(value);
  size_t unit = 0;
  // 999.95 would be written as 1000.0.
  for (; number >= 999.95 && unit + 1 < units.size(); ++unit)
    number /= 1000;
  return unit ? llvm::formatv("{0:F1} {1}", number, units[unit]).str()
              : llvm::formatv("{0}{1}", value, units[0]).str();
}

std::string inBytes(int64_t bytes) {
  return scaled(bytes, {" B", "kB", "MB", "GB", "TB"});
}

std::string inThousands(std::optional<int64_t> count) {
  return count ? scaled(*count, {"", "k", "M", "G", "T", "P"}) : "?";
}

std::string inPercent(double share) {
  if (share > 0 && share < 0.0005)
    return "<0.1%";
  if (share < 1 && share >= 0.9995)
    return ">99.9%";
  return llvm::formatv("{0:F1}%", share * 100).str();
}

std::string shapeInWords(const ModelReport::Layer &layer) {
  llvm::StringRef between =
      layer.kind == LayerKind::Attention ? " heads x " : " x ";
  // A product's sizes may be known at run time only.
  auto size = [&](int64_t i) {
    const bool isOpen = layer.kind == LayerKind::Product && !layer.sizes[i];
    return isOpen ? "?" : std::to_string(layer.sizes[i]);
  };
  return size(0) + between.str() + size(1);
}

std::string sentence(std::string text) {
  if (!text.empty())
    text[0] = llvm::toUpper(text[0]);
  return text + ".";
}

std::vector<ModelReport::Section>
bySize(std::vector<ModelReport::Section> sections) {
  llvm::sort(sections, [](const auto &a, const auto &b) {
    return a.bytes != b.bytes ? a.bytes > b.bytes : a.name < b.name;
  });
  return sections;
}

} // namespace mlir::bnn
