//===- HalfFloats.cpp - Numbers of 16 bits as floats ----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/ONNX/HalfFloats.h"
#include "dialects/ONNX/ConstantView.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "dialects/ONNX/ONNXTraits.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/bit.h"
#include <cmath>
#include <limits>

using namespace mlir;

namespace mlir::bnn::onnx {
//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

bool isHalf(Type type) { return type.isF16() || type.isBF16(); }

float widenHalf(uint16_t bits, Type format) {
  if (format.isBF16())
    return llvm::bit_cast<float>(uint32_t(bits) << 16);
  const uint32_t sign = uint32_t(bits & 0x8000) << 16;
  const uint32_t exponent = bits >> 10 & 31, fraction = bits & 1023;
  if (exponent == 31)
    return llvm::bit_cast<float>(sign | 0x7f800000 | fraction << 13);
  if (exponent)
    return llvm::bit_cast<float>(sign | (exponent + 112) << 23 |
                                 fraction << 13);
  return llvm::bit_cast<float>(
      sign | llvm::bit_cast<uint32_t>(float(fraction) * 0x1p-24f));
}

uint16_t narrowToHalf(double value, Type format) {
  const llvm::fltSemantics &semantics =
      cast<FloatType>(format).getFloatSemantics();
  llvm::APFloat number(value);
  bool isInexact;
  number.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &isInexact);
  if (number.isNaN())
    number = llvm::APFloat::getQNaN(semantics);
  return uint16_t(number.bitcastToAPInt().getZExtValue());
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

ElementsAttr widenHalves(ElementsAttr constant) {
  std::optional<ConstantView> view = ConstantView::get(constant);
  if (!view)
    return {};
  Type format = view->getElementType();
  auto type = RankedTensorType::get(view->getType().getShape(),
                                    Float32Type::get(format.getContext()));
  std::vector<float> wide(view->isSplat() ? 1 : view->getNumElements());
  for (size_t i = 0; i < wide.size(); ++i)
    wide[i] = widenHalf(view->at<uint16_t>(int64_t(i)), format);
  // Small ones live in the attribute itself.
  if (view->isSplat() || wide.size() < 256)
    return DenseElementsAttr::get(type, ArrayRef<float>(wide));
  ArrayRef<char> bytes(reinterpret_cast<const char *>(wide.data()),
                       wide.size() * sizeof(float));
  auto resource = dyn_cast<DenseResourceElementsAttr>(constant);
  return DenseResourceElementsAttr::get(
      type, resource ? resource.getRawHandle().getKey() : "constant",
      HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, 64));
}

//===----------------------------------------------------------------------===//
// What is certain
//===----------------------------------------------------------------------===//

namespace {
/// What is known of values, from a few operations behind them.
class Search {
public:
  explicit Search(Type format)
      : format(format), most(format.isBF16() ? 256 : 2048) {}

  bool holds(Value value);

private:
  std::optional<double> wholeBound(Value value);
  std::optional<double> boundOfConstant(const ConstantView &view) const;
  std::optional<double> boundOfClip(ClipOp op);
  bool holdsConstant(const ConstantView &view) const;
  bool holdsProduct(Operation *op);
  bool isSmall(Value value, double limit) {
    std::optional<double> bound = wholeBound(value);
    return bound && *bound <= limit;
  }

  Type format;
  /// The format has all whole numbers up to this one.
  double most;
  int operationsLeft = 64;
};

/// Of longer constants nothing is known.
constexpr int64_t kMostElements = 1 << 16;
} // namespace

static int64_t countStored(const ConstantView &view) {
  return view.isSplat() ? 1 : view.getNumElements();
}

std::optional<double> Search::boundOfConstant(const ConstantView &view) const {
  double bound = 0;
  for (int64_t i = 0, e = countStored(view); i < e; ++i) {
    double element = view.at<float>(i);
    if (std::trunc(element) != element || !std::isfinite(element))
      return std::nullopt;
    bound = std::max(bound, std::fabs(element));
  }
  return bound;
}

bool Search::holdsConstant(const ConstantView &view) const {
  for (int64_t i = 0, e = countStored(view); i < e; ++i) {
    auto element = view.at<float>(i);
    if (element == element && roundToHalf(element, format) != element)
      return false;
  }
  return true;
}

/// The constant behind `value`, if it is f32 and not long.
static std::optional<ConstantView> shortConstant(Value value) {
  std::optional<ConstantView> view = ConstantView::get(value);
  if (!view || !view->getElementType().isF32() ||
      countStored(*view) > kMostElements)
    return std::nullopt;
  return view;
}

/// Of what was rounded and is clipped, by whole numbers.
std::optional<double> Search::boundOfClip(ClipOp op) {
  std::optional<double> low = getConstantScalar(op.getMin()),
                        high = getConstantScalar(op.getMax());
  Operation *of = op.getInput().getDefiningOp();
  if (!low || !high || std::trunc(*low) != *low || std::trunc(*high) != *high ||
      !isa_and_nonnull<RoundOp, FloorOp, CeilOp, SignOp>(of))
    return std::nullopt;
  double most = std::max(std::fabs(*low), std::fabs(*high));
  return std::isfinite(most) ? std::optional(most) : std::nullopt;
}

/// What the elements are at most in magnitude, if they are certainly whole
/// numbers (or NaN), or nothing.
std::optional<double> Search::wholeBound(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || operationsLeft-- <= 0)
    return std::nullopt;
  if (isa<ConstantOp>(op)) {
    std::optional<ConstantView> view = shortConstant(value);
    return view ? boundOfConstant(*view) : std::nullopt;
  }
  if (isa<SignOp>(op))
    return 1;
  if (auto cast = dyn_cast<CastOp>(op))
    return getElementTypeOrSelf(cast.getInput()).isInteger(1)
               ? std::optional<double>(1)
               : std::nullopt;
  if (auto clip = dyn_cast<ClipOp>(op))
    return boundOfClip(clip);
  if (isa<IdentityOp, ReshapeOp, TransposeOp, SqueezeOp, UnsqueezeOp, FlattenOp,
          ExpandOp, SliceOp, SplitOp, NegOp, AbsOp, ReluOp>(op))
    return wholeBound(op->getOperand(0));
  const bool isWhere = isa<WhereOp>(op);
  if (!isWhere && !isa<MulOp, MatMulOp>(op))
    return std::nullopt;
  std::optional<double> a = wholeBound(op->getOperand(isWhere ? 1 : 0));
  std::optional<double> b =
      a ? wholeBound(op->getOperand(isWhere ? 2 : 1)) : std::nullopt;
  if (!b)
    return std::nullopt;
  if (isWhere)
    return std::max(*a, *b);
  if (isa<MulOp>(op))
    return *a * *b;
  auto type = dyn_cast<RankedTensorType>(op->getOperand(0).getType());
  if (!type || !type.getRank() || type.isDynamicDim(type.getRank() - 1))
    return std::nullopt;
  return *a * *b * double(type.getDimSize(type.getRank() - 1));
}

/// Whether dividing by the constant (multiplying by it) divides by a power of
/// two that leaves whole numbers far from denormal ones.
static bool isShift(Value value, bool divides) {
  std::optional<double> number = getConstantScalar(value);
  int exponent;
  if (!number || !(*number > 0) || std::frexp(*number, &exponent) != 0.5)
    return false;
  int shift = divides ? exponent - 1 : 1 - exponent;
  return shift >= 0 && shift <= 8;
}

bool Search::holdsProduct(Operation *op) {
  Value a = op->getOperand(0), b = op->getOperand(1);
  const bool divides = isa<DivOp>(op);
  if (isShift(b, divides) && isSmall(a, most))
    return true;
  // What is -1, 0 or 1 gives a number, its negative, or 0.
  return !divides &&
         ((isSmall(a, 1) && holds(b)) || (isSmall(b, 1) && holds(a)));
}

bool Search::holds(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || operationsLeft-- <= 0)
    return false;
  if (auto round = dyn_cast<RoundToHalfOp>(op))
    return round.getFormat() == format;
  if (isa<ConstantOp>(op)) {
    std::optional<ConstantView> view = shortConstant(value);
    return view && holdsConstant(*view);
  }
  if (auto cast = dyn_cast<CastOp>(op)) {
    Type from = getElementTypeOrSelf(cast.getInput());
    return from == format || from.isInteger(1) || from.isInteger(8);
  }
  if (isa<MulOp, DivOp>(op) && holdsProduct(op))
    return true;
  if (op->hasTrait<KeepsHalves>() && op->getNumOperands() &&
      !isa<ConstantOfShapeOp>(op))
    return llvm::all_of(op->getOperands(), [&](Value operand) {
      return !isa<FloatType>(getElementTypeOrSelf(operand.getType())) ||
             holds(operand);
    });
  return isSmall(value, most);
}

bool holdsHalves(Value value, Type format) {
  return Search(format).holds(value);
}

Value beforeRounding(Value value) {
  auto round = value.getDefiningOp<RoundToHalfOp>();
  return round && round.getX().getType() == value.getType()
             ? Value(round.getX())
             : value;
}
} // namespace mlir::bnn::onnx
