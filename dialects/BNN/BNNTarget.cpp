//===- BNNTarget.cpp - Which dots there are on a target -------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/BNN/BNNTarget.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::bnn;

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
  if ((kind == DotKind::SignedSum || kind == DotKind::Fma) && panels != 1)
    return emitError() << "floats are added up for 1 panel at a time, not "
                       << panels;
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
  auto isSign = [](Type type) {
    auto bits = dyn_cast<BitsType>(type);
    return bits && bits.getWidth() == 1 && bits.getIsSigned();
  };
  if (input.isF32() && weight.isF32())
    return DotKind::Fma;
  if (!isSign(weight))
    return std::nullopt;
  if (input.isF32())
    return DotKind::SignedSum;
  auto bits = dyn_cast<BitsType>(input);
  if (!bits || bits.getWidth() > 4)
    return std::nullopt;
  return bits.getIsSigned() || bits.getWidth() > 1 ? DotKind::XorCount
                                                   : DotKind::AndCount;
}

Type bnn::getAccumulatorType(MLIRContext *context, DotKind kind) {
  if (kind == DotKind::SignedSum || kind == DotKind::Fma)
    return Float32Type::get(context);
  return IntegerType::get(context, 32);
}

bool bnn::hasOutputsSideBySide(DotKind kind) { return kind == DotKind::Fma; }

DotAttr bnn::getDot(MLIRContext *context, TargetAttr target, DotKind kind) {
  if (DotAttr dot = target ? target.getListedDot(kind) : DotAttr())
    return dot;
  // Rows in flight hide the latency of a chain of additions.
  int64_t rows = kind == DotKind::SignedSum ? 8 : kind == DotKind::Fma ? 4 : 1;
  return DotAttr::get(context, kind, rows, /*panels=*/1,
                      /*parity=*/kind == DotKind::XorCount, /*queries=*/1,
                      /*params=*/{});
}

int64_t bnn::getShuffledBytes(TargetAttr target) {
  if (target && target.does(Instructions::Shuffle64Bytes))
    return 64;
  return target && target.does(Instructions::Shuffle32Bytes) ? 32 : 0;
}

StringRef bnn::getLimitName(DotKind kind, bool parity) {
  if (kind == DotKind::XorCount && parity)
    return "xor_count.parity";
  return stringifyDotKind(kind);
}
