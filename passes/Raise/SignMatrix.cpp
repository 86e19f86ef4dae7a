//===- SignMatrix.cpp - Weights of one magnitude an output ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/Matchers.h"
#include "llvm/ADT/bit.h"
#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace mlir::bnn;

bool SignMatrix::isUniform() const { return llvm::all_equal(scale); }

std::string SignMatrix::note() const {
  std::string text;
  llvm::raw_string_ostream out(text);
  if (zeros)
    out << zeros << " of the " << rows * columns
        << " weights are 0: a second plane of bits says which";
  if (apart)
    out << (zeros ? "; " : "")
        << "the magnitudes of an output's weights are up to " << apart
        << " units in the last place apart, and taken for one";
  return text;
}

// Why the weights of one output, or a row of a table, are not a sign times one
// magnitude.
static std::string describeRow(int64_t row, ArrayRef<float> weights) {
  SmallVector<float> values(weights), magnitudes;
  for (float w : weights)
    magnitudes.push_back(std::fabs(w));
  if (llvm::any_of(values, [](float w) { return !std::isfinite(w); }))
    return "row " + std::to_string(row) +
           " of the weights has a NaN or an infinity";
  for (SmallVector<float> *list : {&values, &magnitudes}) {
    llvm::sort(*list);
    list->erase(std::unique(list->begin(), list->end()), list->end());
  }
  std::string start = "row " + std::to_string(row) + " of the weights has ";
  if (values.size() == 1 && values[0] == 0)
    return start + "zeros only";
  if (magnitudes.size() == 2 && magnitudes[0] != 0)
    return start + "two magnitudes, " + inWords(magnitudes[0]) + " and " +
           inWords(magnitudes[1]);
  if (values.size() == 2)
    return start + "two distinct values, " + inWords(values[0]) + " and " +
           inWords(values[1]) + ", that are no +a and -a";
  if (values.size() == 3)
    return start + "three distinct values, " + inWords(values[0]) + ", " +
           inWords(values[1]) + " and " + inWords(values[2]);
  return start + std::to_string(magnitudes.size()) + " distinct magnitudes";
}

namespace {

// Magnitudes that are this many units in the last place apart, or less, are
// what rounding left of one: (sign - y) + y of weights below 1 loses some bits.
constexpr int64_t kMostApart = 64;

// The elements of a constant matrix, of it or of its transpose.
class Elements {
public:
  Elements(const onnx::ConstantView &view, int64_t rows, int64_t columns,
           bool transposed)
      : view(view), rows(rows), columns(columns), transposed(transposed) {}

  float at(int64_t row, int64_t column) const {
    return view.at<float>(transposed ? column * rows + row
                                     : row * columns + column);
  }
  // In the order of memory: a transposed walk would miss the cache.
  void forEach(llvm::function_ref<void(int64_t, int64_t, float)> visit) const {
    for (int64_t i = 0; i < (transposed ? columns : rows); ++i)
      for (int64_t j = 0; j < (transposed ? rows : columns); ++j) {
        int64_t row = transposed ? j : i, column = transposed ? i : j;
        visit(row, column, at(row, column));
      }
  }

private:
  const onnx::ConstantView &view;
  int64_t rows, columns;
  bool transposed;
};

// The magnitudes of a row that are not 0.
struct Magnitudes {
  float least = 0, most = 0;
  int64_t zeros = 0;
  bool isFinite = true;

  void add(float value) {
    isFinite &= std::isfinite(value);
    float magnitude = std::fabs(value);
    zeros += magnitude == 0;
    if (magnitude == 0)
      return;
    least = least == 0 ? magnitude : std::min(least, magnitude);
    most = std::max(most, magnitude);
  }
  int64_t apart() const {
    return int64_t(llvm::bit_cast<uint32_t>(most)) -
           int64_t(llvm::bit_cast<uint32_t>(least));
  }
  float middle() const {
    return static_cast<float>((double(least) + most) / 2);
  }
};

} // namespace

// An i1 matrix of packed bits, in the attribute's own storage.
static DenseElementsAttr bitsAttr(MLIRContext *context, int64_t rows,
                                  int64_t columns, SmallVector<char> bits) {
  auto type =
      RankedTensorType::get({rows, columns}, IntegerType::get(context, 1));
  if (rows * columns == 1) // One element is stored as a whole byte.
    bits[0] = bits[0] ? char(0xff) : 0;
  return DenseElementsAttr::getFromRawBuffer(type, bits);
}

std::optional<SignMatrix> bnn::matchSignMatrix(Value value, bool transposed,
                                               std::string *why) {
  auto view = onnx::ConstantView::get(value);
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!view || !type)
    return no(why, "the weights are computed at run time");
  if (!type.getElementType().isF32())
    return no(why, "the weights are not f32");
  if (type.getRank() != 2)
    return no(why, "the weights have " + Twine(type.getRank()) +
                       " dimensions, not 2");
  if (!canBeListed(*view))
    return no(why, "the weights are too many to be looked at");
  SignMatrix m;
  m.rows = type.getDimSize(transposed ? 1 : 0);
  m.columns = type.getDimSize(transposed ? 0 : 1);
  if (m.rows == 0 || m.columns == 0)
    return no(why, "there are no weights");
  Elements elements(*view, m.rows, m.columns, transposed);
  auto describe = [&](int64_t row) {
    SmallVector<float> weights;
    for (int64_t column = 0; column < m.columns; ++column)
      weights.push_back(elements.at(row, column));
    return describeRow(row, weights);
  };
  std::vector<Magnitudes> magnitudes(m.rows);
  elements.forEach(
      [&](int64_t row, int64_t, float value) { magnitudes[row].add(value); });
  for (auto [row, of] : llvm::enumerate(magnitudes)) {
    if (!of.isFinite || of.apart() > kMostApart)
      return why ? no(why, describe(row)) : std::nullopt;
    m.scale.push_back(of.middle());
    m.apart = std::max(m.apart, of.apart());
    if (of.zeros && of.most != 0) {
      m.zeros += of.zeros;
      m.rowsWithZeros.push_back(row);
    }
  }
  SmallVector<char> bits((m.rows * m.columns + 7) / 8, 0);
  SmallVector<char> turned(m.zeros ? bits.size() : 0, 0);
  elements.forEach([&](int64_t row, int64_t column, float value) {
    const int64_t i = row * m.columns + column;
    const char bit = char(1 << (i % 8));
    if (value > 0)
      bits[i / 8] |= bit;
    if (m.zeros && (value > 0 || (value == 0 && m.scale[row] != 0)))
      turned[i / 8] |= bit;
  });
  m.bits = bitsAttr(value.getContext(), m.rows, m.columns, std::move(bits));
  if (m.zeros) {
    m.turned =
        bitsAttr(value.getContext(), m.rows, m.columns, std::move(turned));
    if (why)
      *why = describe(m.rowsWithZeros[0]);
  }
  return m;
}
