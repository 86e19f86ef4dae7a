//===- Matchers.cpp - What a binary layer is made of ----------------------===//
#include "passes/Raise/Matchers.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include <cmath>
#include <tuple>

using namespace mlir;
using namespace bnn;

bool SignMatrix::isUniform() const { return llvm::all_equal(scale); }

std::optional<SignMatrix> bnn::matchSignMatrix(Value value, bool transposed,
                                               bool allowZeroRows) {
  auto view = onnx::ConstantView::get(value);
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!view || !type || type.getRank() != 2 || !type.getElementType().isF32())
    return std::nullopt;
  SignMatrix m;
  m.rows = type.getDimSize(transposed ? 1 : 0);
  m.columns = type.getDimSize(transposed ? 0 : 1);
  if (m.rows == 0 || m.columns == 0)
    return std::nullopt;
  auto at = [&](int64_t row, int64_t column) {
    return view->at<float>(transposed ? column * m.rows + row
                                      : row * m.columns + column);
  };
  for (int64_t row = 0; row < m.rows; ++row) {
    float scale = std::fabs(at(row, 0));
    if (!std::isfinite(scale) || (scale == 0 && !allowZeroRows))
      return std::nullopt;
    m.scale.push_back(scale);
  }
  // The attribute's own storage: bit i of the row-major order.
  SmallVector<char> bits((m.rows * m.columns + 7) / 8, 0);
  auto visit = [&](int64_t row, int64_t column) {
    float w = at(row, column);
    if (std::fabs(w) != m.scale[row])
      return false;
    int64_t i = row * m.columns + column;
    if (w > 0)
      bits[i / 8] |= 1 << (i % 8);
    return true;
  };
  // In the order of memory: a transposed walk would miss the cache.
  for (int64_t i = 0; i < (transposed ? m.columns : m.rows); ++i)
    for (int64_t j = 0; j < (transposed ? m.rows : m.columns); ++j)
      if (!visit(transposed ? j : i, transposed ? i : j))
        return std::nullopt;
  auto bitType = RankedTensorType::get({m.rows, m.columns},
                                       IntegerType::get(value.getContext(), 1));
  if (m.rows * m.columns == 1) // One element is stored as a whole byte.
    bits[0] = bits[0] ? char(0xff) : 0;
  m.bits = DenseElementsAttr::getFromRawBuffer(bitType, bits);
  return m;
}

std::optional<SmallVector<float>> bnn::matchRowVector(Value value,
                                                      int64_t size) {
  auto view = onnx::ConstantView::get(value);
  if (!view || !view->getElementType().isF32())
    return std::nullopt;
  if (view->getNumElements() == 1)
    return SmallVector<float>(size, view->at<float>(0));
  if (view->getType().getShape().back() != size)
    return std::nullopt;
  SmallVector<float> row(size);
  for (int64_t i = 0; i < view->getNumElements(); ++i) {
    float element = view->at<float>(i);
    if (i < size)
      row[i] = element;
    else if (row[i % size] != element)
      return std::nullopt;
  }
  return row;
}

std::optional<std::pair<Value, float>>
bnn::matchUnsignedBinarisation(Value value) {
  auto scaled = matchTimesScalar<onnx::MulOp>(value);
  if (!scaled)
    return std::nullopt;
  auto clip = scaled->first.getDefiningOp<onnx::ClipOp>();
  if (!clip || onnx::getConstantScalar(clip.getMin()) != 0.0 ||
      onnx::getConstantScalar(clip.getMax()) != 1.0)
    return std::nullopt;
  auto round = clip.getInput().getDefiningOp<onnx::RoundOp>();
  auto div = round ? round.getX().getDefiningOp<onnx::DivOp>() : onnx::DivOp();
  if (!div)
    return std::nullopt;
  auto alpha = onnx::getConstantScalar(div.getB());
  // Half of a subnormal alpha is not exact.
  if (!alpha || float(*alpha) != scaled->second || !(*alpha > 0) ||
      !std::isnormal(scaled->second))
    return std::nullopt;
  return std::pair(div.getA(), scaled->second);
}

std::optional<BinaryInput> bnn::matchBinaryInput(Value value) {
  BinaryInput in;
  if (auto binarised = matchUnsignedBinarisation(value)) {
    std::tie(in.input, in.alpha) = *binarised;
    in.isSigned = false;
  } else {
    in.alpha = 1;
    in.isSigned = true;
    if (auto scaled = matchTimesScalar<onnx::MulOp>(value)) {
      value = scaled->first;
      in.alpha = scaled->second;
    }
    auto sign = value.getDefiningOp<onnx::SignOp>();
    if (!sign || !std::isfinite(in.alpha))
      return std::nullopt;
    in.input = sign.getX();
  }
  auto type = dyn_cast<RankedTensorType>(in.input.getType());
  if (!type || type.getRank() == 0 || !type.getElementType().isF32() ||
      type.isDynamicDim(type.getRank() - 1))
    return std::nullopt;
  if (auto add = in.input.getDefiningOp<onnx::AddOp>())
    for (bool swap : {false, true}) {
      Value x = swap ? add.getB() : add.getA(),
            c = swap ? add.getA() : add.getB();
      auto shift = matchRowVector(c, type.getShape().back());
      // The shift must not be what gives the sum its shape.
      if (shift && x.getType() == add.getType()) {
        in.input = x;
        in.shift = std::move(*shift);
        break;
      }
    }
  return in;
}

Value bnn::emptyRows(OpBuilder &b, Location loc, Value like, int64_t columns,
                     Type element) {
  auto type = cast<RankedTensorType>(like.getType());
  SmallVector<OpFoldResult> shape = tensor::getMixedSizes(b, loc, like);
  shape.back() = b.getIndexAttr(columns);
  return b.create<tensor::EmptyOp>(loc, shape, element);
}

Value bnn::constantTensor(OpBuilder &b, Location loc, ArrayRef<float> values,
                          ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, b.getF32Type());
  return b.create<arith::ConstantOp>(loc, DenseElementsAttr::get(type, values));
}

BinarizeOp bnn::createBinarize(OpBuilder &b, Location loc, Value input,
                               ArrayRef<float> shift,
                               std::optional<float> threshold) {
  int64_t columns = cast<RankedTensorType>(input.getType()).getShape().back();
  Value shiftValue;
  if (!shift.empty())
    shiftValue = constantTensor(b, loc, shift, columns);
  auto bits = [&](bool isSigned) {
    return emptyRows(b, loc, input, columns,
                     BitsType::get(b.getContext(), isSigned, 1));
  };
  SmallVector<Value> outs = {bits(!threshold)};
  if (!threshold)
    outs.push_back(bits(false)); // The mask of zeros.
  return b.create<BinarizeOp>(
      loc, TypeRange(ValueRange(outs)), input, shiftValue, outs,
      threshold ? b.getF32FloatAttr(*threshold) : FloatAttr());
}
