//===- Products.cpp - MatMul and Gemm -------------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/BNN/BNN.h"
#include "passes/OnnxToLinalg/Lowering.h"
#include "passes/Support/FloatProduct.h"

using namespace mlir;

namespace mlir::bnn::onnx {
namespace {

using Iterator = utils::IteratorType;

/// sum over k, in order, of a * b, from zero: the iterators are the batch, m, k
/// and n, so that the innermost runs along the rows of the second factor.
Value multiplyAccumulate(Lowering &l, ArrayRef<OpFoldResult> dims, Value a,
                         Value b, ArrayRef<AffineMap> maps,
                         ArrayRef<Iterator> iterators) {
  Type element = Lowering::typeOf(a).getElementType();
  Value zero = l.filled(dims, l.b.getZeroAttr(element));
  auto generic = l.b.create<linalg::GenericOp>(
      l.loc, zero.getType(), ValueRange{a, b}, zero, maps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange x) {
        Value sum;
        if (isa<FloatType>(element)) {
          sum = nested.create<math::FmaOp>(loc, x[0], x[1], x[2]);
        } else {
          Value product = nested.create<arith::MulIOp>(loc, x[0], x[1]);
          sum = nested.create<arith::AddIOp>(loc, x[2], product);
        }
        nested.create<linalg::YieldOp>(loc, sum);
      });
  return generic.getResult(0);
}

/// Whether the rows of `input` times a constant f32 matrix [K, N] are a
/// projection: `bnn.matmul` adds up in the same order.
bool isProjection(Value input, Value weight) {
  RankedTensorType rows = Lowering::typeOf(input),
                   matrix = Lowering::typeOf(weight);
  return matrix.getRank() == 2 && matrix.hasStaticShape() &&
         matrix.getElementType().isF32() && rows.getRank() > 0 &&
         rows.getShape().back() == matrix.getDimSize(0) &&
         matrix.getNumElements() != 0 &&
         isa_and_nonnull<ConstantOp, arith::ConstantOp>(weight.getDefiningOp());
}

/// input [.., K] by weight [K, N].
Value project(Lowering &l, Value input, Value weight) {
  Type f32 = l.b.getF32Type();
  Dims dims;
  for (int64_t axis = 0; axis + 1 < Lowering::rankOf(input); ++axis)
    dims.push_back(l.dim(input, axis));
  dims.push_back(l.dim(weight, 1));
  auto type =
      RankedTensorType::get(Lowering::typeOf(weight).getDimSize(1), f32);
  Value bias = l.constant(DenseElementsAttr::get(type, 0.0f));
  Value out = l.empty(dims, f32);
  return createFloatProduct(l.b, l.loc, input, weight, bias, out);
}

FailureOr<SmallVector<Value>> lowerMatMul(Lowering &l, MatMulOp op) {
  Value a = op.getA(), b = op.getB();
  int64_t rankA = Lowering::rankOf(a), rankB = Lowering::rankOf(b);
  Type element = Lowering::typeOf(a).getElementType();
  if (rankA == 0 || rankB == 0 || element.isInteger(1))
    return op.emitError("onnx.MatMul needs factors of rank 1 or more, of "
                        "numbers");
  if (isProjection(a, b))
    return SmallVector<Value>{project(l, a, b)};
  // A vector is a matrix without its m (or n).
  bool hasM = rankA > 1, hasN = rankB > 1;
  int64_t batch = std::max<int64_t>({rankA - 2, rankB - 2, 0});
  int64_t loops = batch + hasM + 1 + hasN;
  unsigned m = unsigned(batch), k = unsigned(batch + hasM), n = k + 1;

  Dims dims;
  for (int64_t axis = 0; axis < batch; ++axis) {
    OpFoldResult size = l.index(1);
    for (Value factor : {a, b}) {
      int64_t own = axis - batch + Lowering::rankOf(factor) - 2;
      if (own >= 0)
        size = l.broadcastDim(size, l.dim(factor, own));
    }
    dims.push_back(size);
  }
  if (batch) {
    // The batch axes are broadcast, the matrices are not.
    auto align = [&](Value factor) {
      int64_t rank = Lowering::rankOf(factor), lead = batch + 2 - rank;
      if (rank < 3)
        return factor;
      Dims all = dims;
      SmallVector<int64_t> axes;
      for (int64_t own = 0; own < rank - 2; ++own)
        axes.push_back(own + lead);
      return l.align(factor, op.getY(), all, axes);
    };
    a = align(a);
    b = align(b);
  }
  auto factorMap = [&](Value factor, ArrayRef<unsigned> last) {
    int64_t lead = Lowering::rankOf(factor) - int64_t(last.size());
    SmallVector<AffineExpr> exprs;
    for (int64_t own = 0; own < lead; ++own) {
      int64_t axis = own + batch - lead;
      bool broadcast = Lowering::typeOf(factor).getDimSize(own) == 1 &&
                       !isConstantIntValue(dims[axis], 1);
      exprs.push_back(broadcast ? l.b.getAffineConstantExpr(0)
                                : l.b.getAffineDimExpr(unsigned(axis)));
    }
    for (unsigned position : last)
      exprs.push_back(l.b.getAffineDimExpr(position));
    return AffineMap::get(unsigned(loops), 0, exprs, l.b.getContext());
  };
  AffineMap mapA = hasM ? factorMap(a, {m, k}) : factorMap(a, {k});
  AffineMap mapB = hasN ? factorMap(b, {k, n}) : factorMap(b, {k});

  SmallVector<AffineExpr> out;
  SmallVector<Iterator> iterators(loops, Iterator::parallel);
  iterators[k] = Iterator::reduction;
  for (int64_t axis = 0; axis < loops; ++axis)
    if (axis != int64_t(k))
      out.push_back(l.b.getAffineDimExpr(unsigned(axis)));
  if (hasM)
    dims.push_back(l.dim(a, rankA - 2));
  if (hasN)
    dims.push_back(l.dim(b, rankB - 1));
  AffineMap mapOut = AffineMap::get(unsigned(loops), 0, out, l.b.getContext());
  return SmallVector<Value>{
      multiplyAccumulate(l, dims, a, b, {mapA, mapB, mapOut}, iterators)};
}

/// The transpose of a constant matrix; null if its elements are not known.
Value transposeConstant(Lowering &l, Value matrix) {
  std::optional<ConstantView> view = ConstantView::get(matrix);
  if (!view || view->isSplat())
    return {};
  const int64_t rows = view->getType().getDimSize(0),
                columns = view->getType().getDimSize(1);
  const size_t size = getElementBytes(view->getElementType());
  SmallVector<char, 0> bytes(rows * columns * size);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column)
      std::memcpy(&bytes[(column * rows + row) * size],
                  &view->getBytes()[(row * columns + column) * size], size);
  auto type = RankedTensorType::get({columns, rows}, view->getElementType());
  return l.constant(DenseElementsAttr::getFromRawBuffer(type, bytes));
}

FailureOr<SmallVector<Value>> lowerGemm(Lowering &l, GemmOp op) {
  Value a = op.getA(), b = op.getB();
  bool transB = op.getTransB();
  auto element = Lowering::typeOf(a).getElementType();
  if (Lowering::rankOf(a) != 2 || Lowering::rankOf(b) != 2 ||
      !isa<FloatType>(element))
    return op.emitError("onnx.Gemm needs two matrices of floats; use "
                        "onnx.MatMul for anything else");
  // The innermost loop runs along the rows of the second factor.
  if (transB)
    if (Value transposed = transposeConstant(l, b)) {
      b = transposed;
      transB = false;
    }
  Dims dims{l.dim(a, op.getTransA() ? 1 : 0), l.dim(b, transB ? 0 : 1)};
  Value result;
  if (!op.getTransA() && !transB && isProjection(a, b)) {
    result = project(l, a, b);
  } else {
    AffineExpr m, k, n;
    bindDims(l.b.getContext(), m, k, n);
    auto map = [&](AffineExpr x, AffineExpr y) {
      return AffineMap::get(3, 0, {x, y}, l.b.getContext());
    };
    result = multiplyAccumulate(
        l, dims, a, b,
        {op.getTransA() ? map(k, m) : map(m, k), transB ? map(n, k) : map(k, n),
         map(m, n)},
        {Iterator::parallel, Iterator::reduction, Iterator::parallel});
  }

  double alpha = op.getAlpha().convertToFloat();
  double beta = op.getBeta().convertToFloat();
  auto scaled = [&](OpBuilder &nested, Location loc, Value x, double factor) {
    if (factor == 1.0)
      return x;
    Value f = nested.create<arith::ConstantOp>(
        loc, nested.getFloatAttr(element, factor));
    return Value(nested.create<arith::MulFOp>(loc, x, f));
  };
  bool hasC = !isa<NoneType>(op.getC().getType());
  SmallVector<Value> inputs{result};
  if (hasC)
    inputs.push_back(l.align(op.getC(), op.getY(), dims));
  if (hasC || alpha != 1.0)
    result =
        l.elementwise(dims, element, inputs,
                      [&](OpBuilder &nested, Location loc, ValueRange x) {
                        Value product = scaled(nested, loc, x[0], alpha);
                        if (!hasC)
                          return product;
                        return Value(nested.create<arith::AddFOp>(
                            loc, product, scaled(nested, loc, x[1], beta)));
                      });
  return SmallVector<Value>{result};
}

} // namespace

Lowered lowerProducts(Lowering &l, Operation *op) {
  if (auto matmul = dyn_cast<MatMulOp>(op))
    return lowerMatMul(l, matmul);
  if (auto gemm = dyn_cast<GemmOp>(op))
    return lowerGemm(l, gemm);
  return std::nullopt;
}

} // namespace mlir::bnn::onnx
