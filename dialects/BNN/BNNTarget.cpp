//===- BNNTarget.cpp - Which dots there are on a target -------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/BNN/BNNTarget.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ScopedPrinter.h"

using namespace mlir;
using namespace mlir::bnn;

namespace {
enum Accumulator { Int32, Float32 };
enum Matrix { OutputsByInputs, InputsByOutputs };

// A row of Dots.def.
struct DotRow {
  DotKind kind;
  StringLiteral input, weight; // elements, with spaces between
  Accumulator accumulator;
  Matrix matrix;
  int64_t rows;
};
} // namespace

static constexpr DotRow kDots[] = {
#define BNN_DOT(KIND, INPUT, WEIGHT, ACCUMULATOR, MATRIX, ROWS)                \
  {DotKind::KIND, INPUT, WEIGHT, ACCUMULATOR, MATRIX, ROWS},
#include "dialects/BNN/Dots.def"
};

// The row of a kind that operands have; null for one that counts for another.
static const DotRow *findRow(DotKind kind) {
  const auto *row =
      llvm::find_if(kDots, [&](const DotRow &row) { return row.kind == kind; });
  return row == std::end(kDots) ? nullptr : row;
}

static bool addsUpFloats(DotKind kind) {
  const DotRow *row = findRow(kind);
  return row && row->accumulator == Float32;
}

// Whether an element is one of a row's.
static bool isAmong(Type element, StringRef elements) {
  std::string text = llvm::to_string(element);
  StringRef name = text;
  name.consume_front("!bnn.");
  return llvm::is_contained(llvm::split(elements, ' '), name);
}

bool bnn::isTile(int64_t rows, int64_t panels) {
  return rows >= 1 && rows <= 16 && panels >= 1 && panels <= 4;
}

LogicalResult
DotAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                DotKind kind, int64_t rows, int64_t panels, bool parity,
                int64_t queries, DictionaryAttr params) {
  // [K1]
  if (!isTile(rows, panels))
    return emitError() << "a tile has " << kTileBounds << ", not " << rows
                       << " and " << panels;
  // [K2]
  if (kind == DotKind::ByteTable &&
      ((rows != 2 && rows != 4) || panels != kTablePanels))
    return emitError() << "a table serves 2 or 4 rows and " << kTablePanels
                       << " panels, not " << rows << " and " << panels;
  // [K3]
  if ((addsUpFloats(kind) || kind == DotKind::ParityChain) && panels != 1)
    return emitError() << stringifyDotKind(kind)
                       << " adds up 1 panel at a time, not " << panels;
  // [K4]
  if (parity && kind != DotKind::XorCount)
    return emitError() << "only xor_count reads words with parity";
  // [K5]
  if (queries < 1 || queries > 4)
    return emitError() << "attention has 1 to 4 queries in flight, not "
                       << queries;
  // [K6]
  if (queries != 1 && kind != DotKind::XorCount)
    return emitError() << "queries in flight belong to xor_count";
  // [K7]
  if (kind == DotKind::ByteTiles &&
      (rows != kByteTileRows || panels != kByteTilePanels))
    return emitError() << "tiles of bytes have " << kByteTileRows
                       << " rows and " << kByteTilePanels << " panels, not "
                       << rows << " and " << panels;
  // [K8]
  if (kind == DotKind::ByteSquares && (rows != kByteSquareRows || panels != 1))
    return emitError() << "squares of bytes have " << kByteSquareRows
                       << " rows and 1 panel, not " << rows << " and "
                       << panels;
  return success();
}

LogicalResult
TargetAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                   StringRef strategy, ArrayAttr dots,
                   Instructions instructions) {
  if (!dots)
    return success();
  for (auto [i, attr] : llvm::enumerate(dots)) {
    auto dot = llvm::dyn_cast<DotAttr>(attr);
    // [G1]
    if (!dot)
      return emitError() << "a target lists dots, not " << attr;
    // [G2]
    for (Attribute other : dots.getValue().take_front(i))
      if (llvm::cast<DotAttr>(other).getKind() == dot.getKind())
        return emitError() << "a target lists one dot of a kind, not two of "
                           << stringifyDotKind(dot.getKind());
  }
  return success();
}

DotAttr TargetAttr::getListedDot(DotKind kind) {
  if (getDots())
    for (DotAttr dot : getDots().getAsRange<DotAttr>())
      if (dot.getKind() == kind)
        return dot;
  return {};
}

std::optional<DotKind> bnn::getDotKind(Type input, Type weight) {
  for (const DotRow &row : kDots)
    if (isAmong(input, row.input) && isAmong(weight, row.weight))
      return row.kind;
  return std::nullopt;
}

Type bnn::getAccumulatorType(MLIRContext *context, DotKind kind) {
  if (addsUpFloats(kind))
    return Float32Type::get(context);
  return IntegerType::get(context, 32);
}

bool bnn::hasOutputsSideBySide(DotKind kind) {
  const DotRow *row = findRow(kind);
  return row && row->matrix == InputsByOutputs;
}

DotAttr bnn::getDot(MLIRContext *context, TargetAttr target, DotKind kind) {
  if (DotAttr dot = target ? target.getListedDot(kind) : DotAttr())
    return dot;
  const DotRow *row = findRow(kind);
  return DotAttr::get(context, kind, row ? row->rows : 1, /*panels=*/1,
                      /*parity=*/kind == DotKind::XorCount, /*queries=*/1,
                      /*params=*/{});
}

int64_t bnn::getShuffledBytes(TargetAttr target) {
  if (target && target.does(Instructions::Shuffle64Bytes))
    return 64;
  return target && target.does(Instructions::Shuffle32Bytes) ? 32 : 0;
}

int64_t bnn::getVectorLanes(TargetAttr target) {
  if (!target)
    return 8;
  if (target.does(Instructions::TernaryLogic))
    return 16;
  return target.does(Instructions::Shuffle32Bytes) ||
                 target.does(Instructions::AddPairs)
             ? 8
             : 0;
}

int64_t bnn::getTileStep(int64_t elements) {
  // A register has 16 rows of 16 words. Of a step with less than half of them
  // little is left of its speed.
  constexpr int64_t kWords = 16, kLeastWords = 8;
  if (elements % kWordBytes != 0)
    return 0;
  const int64_t words = elements / kWordBytes;
  for (int64_t step = kWords; step >= kLeastWords; --step)
    if (words && words % step == 0)
      return step * kWordBytes;
  return 0;
}

StringRef bnn::getLimitName(DotKind kind, bool parity) {
  if (kind == DotKind::XorCount && parity)
    return "xor_count.parity";
  return stringifyDotKind(kind);
}
