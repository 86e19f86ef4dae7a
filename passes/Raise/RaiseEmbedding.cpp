//===- RaiseEmbedding.cpp - Binary embeddings -----------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Raise/Matchers.h"

using namespace mlir;
using namespace mlir::bnn;

// Rows of a table of bits, each times its scale.
static Value createEmbedding(RaiseRewriter &rewriter, Location loc, Value ids,
                             DenseElementsAttr table, ArrayRef<float> scale) {
  SmallVector<OpFoldResult> shape = tensor::getMixedSizes(rewriter, loc, ids);
  ArrayRef<int64_t> size = table.getType().getShape();
  shape.push_back(rewriter.getIndexAttr(size[1]));
  Value out =
      rewriter.create<tensor::EmptyOp>(loc, shape, rewriter.getF32Type());
  auto type = RankedTensorType::get(
      size, BitsType::get(rewriter.getContext(), /*isSigned=*/true, 1));
  Value bits = rewriter.create<bnn::ConstantOp>(loc, type, table);
  return rewriter
      .create<EmbeddingOp>(loc, out.getType(), ids, bits,
                           constantTensor(rewriter, loc, scale, size[0]),
                           ValueRange{out})
      .getResult(0);
}

// What is added to the rows of a table whose rows with zeros have half their
// scale: the other half, with the other sign where there is a 0. Only rows with
// zeros are stored, and one more, of scale 0, for all others.
static Value createCorrection(RaiseRewriter &rewriter, onnx::GatherOp op,
                              const SignMatrix &table) {
  Location loc = op.getLoc();
  const auto count = static_cast<int64_t>(table.rowsWithZeros.size());
  SmallVector<bool> bits((count + 1) * table.columns, false);
  SmallVector<float> scale(count + 1, 0);
  SmallVector<int32_t> placeOf(table.rows, int32_t(count));
  auto turned = table.turned.getValues<bool>();
  for (auto [place, row] : llvm::enumerate(table.rowsWithZeros)) {
    placeOf[row] = int32_t(place);
    scale[place] = table.scale[row] / 2;
    for (int64_t k = 0; k < table.columns; ++k)
      bits[place * table.columns + k] = turned[row * table.columns + k];
  }
  auto i32 = rewriter.getI32Type();
  auto places = RankedTensorType::get(table.rows, i32);
  Value map = rewriter.create<onnx::ConstantOp>(
      loc, places, DenseElementsAttr::get(places, ArrayRef<int32_t>(placeOf)));
  auto ids = cast<RankedTensorType>(op.getIndices().getType());
  Value place = rewriter.create<onnx::GatherOp>(
      loc, RankedTensorType::get(ids.getShape(), i32), map, op.getIndices(),
      /*axis=*/0);
  auto shape =
      RankedTensorType::get({count + 1, table.columns}, rewriter.getI1Type());
  return createEmbedding(rewriter, loc, place,
                         DenseElementsAttr::get(shape, ArrayRef<bool>(bits)),
                         scale);
}

LogicalResult bnn::raiseEmbedding(RaiseRewriter &rewriter, onnx::GatherOp op) {
  auto type = dyn_cast<RankedTensorType>(op.getData().getType());
  if (op.getAxis() != 0 || !type || type.getRank() != 2 ||
      !isa<FloatType>(type.getElementType()))
    return failure();
  // It would always match, and gain nothing.
  if (type.getDimSize(1) < 2)
    return rewriter.refuse(op, "a table of one column");
  std::string why;
  std::optional<SignMatrix> table = matchSignMatrix(op.getData(), false, &why);
  if (!table || !isa<RankedTensorType>(op.getIndices().getType()))
    return rewriter.refuse(op, why);
  SmallVector<float> scale = table->scale;
  for (int64_t row : table->rowsWithZeros) {
    scale[row] /= 2;
    if (scale[row] * 2 != table->scale[row])
      return rewriter.refuse(op, why);
  }
  rewriter.setInsertionPoint(op);
  Location loc = op.getLoc();
  Value result =
      createEmbedding(rewriter, loc, op.getIndices(), table->bits, scale);
  if (table->zeros)
    result = rewriter.create<onnx::AddOp>(
        loc, result.getType(), result, createCorrection(rewriter, op, *table));
  if (result.getType() != op.getType())
    result = rewriter.create<tensor::CastOp>(loc, op.getType(), result);
  auto bits = BitsType::get(rewriter.getContext(), /*isSigned=*/true, 1);
  rewriter.became(op, bits, bits, table->note());
  rewriter.replaceOp(op, result);
  return success();
}
