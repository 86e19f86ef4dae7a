//===- TileBytes.cpp - Sums of products of bytes in registers -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The second factor of a batch becomes panels first: words of four bytes of 16
// columns, as ByteSteps takes them. Its bytes are signed; of unsigned ones, and
// of those of rows that an instruction wants otherwise, 128 is taken or added,
// and the zero points with them.
//
// With bytes a and b, their zero points y and z, and K of each in a sum:
//
//   sum (a - y)(b - z) = sum a b  +  y (K z - sum b)  -  z sum a
//
// The second term is of a column, the third of a row.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "passes/Support/ByteSteps.h"
#include "passes/TileProducts/MatrixProduct.h"

using namespace mlir;
using namespace mlir::bnn;

namespace {

// What a body makes of a factor's byte: the byte less a zero point (null: 0).
struct ByteFactor {
  bool isSigned;
  Value zero;
};

class ByteProduct : public MatrixProduct {
public:
  ByteProduct(KernelBuilder &b, linalg::GenericOp op, ProductTile tile,
              std::pair<ByteFactor, ByteFactor> factors, TargetAttr target)
      : MatrixProduct(b, op, tile), row(factors.first), column(factors.second),
        adder(b, row.isSigned, /*isSmall=*/false, target),
        alongK(endsWith(maps[1], batches + K)) {}

private:
  ByteFactor row, column;
  ByteSteps adder;
  bool alongK;              // Whether a column's bytes lie side by side.
  Value terms, allTerms;    // Of a sum: K, an index and an i32.
  Value panels;             // [columns / 16, K / 4, 16] i32
  Value point, columnPoint; // y and z, i32; null: 0
  Value rowSums;            // [M] i32: -z sum a; null without z

  void begin() override;
  void emitMatrix() override;
  using WordBody = llvm::function_ref<SmallVector<Value>(Value k, bool isWhole,
                                                         ValueRange now)>;
  SmallVector<Value> forWords(ValueRange init, WordBody body);
  Value asNumbers(unsigned operand, Value bytes);
  Value gatherRest(Value first, Type words,
                   llvm::function_ref<Value(Value)> load);
  Value loadWord(unsigned operand, Value m, Value n, Value k, bool isWhole);
  SmallVector<Value> inPanel(Value column, Value k, Value lane);
  void packColumn(Value first, Value lane);
  void packAcross(Value first, Value mask);
  void packPanels();
  void sumRows();
  void addWord(ArrayRef<Value> rows, Value first, int64_t count, Value k,
               MutableArrayRef<Value> sums);
  SmallVector<Value> sumColumns(Value first, int64_t count);
  void emitTile(Value row, int64_t rows, Value column, int64_t count,
                ArrayRef<Value> shares, Value mask);
};

} // namespace

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

// `value` as a byte of `argument`, less a zero point that is the same for all.
static std::optional<ByteFactor> matchFactor(Value value, Value argument) {
  ByteFactor factor{};
  if (auto sub = value.getDefiningOp<arith::SubIOp>()) {
    factor.zero = sub.getRhs();
    value = sub.getLhs();
    Operation *def = factor.zero.getDefiningOp();
    const bool isInside =
        factor.zero.getParentBlock() == argument.getParentBlock();
    if (isInside && !matchPattern(def, m_Constant()))
      return std::nullopt;
  }
  Operation *op = value.getDefiningOp();
  if (!isa_and_nonnull<arith::ExtSIOp, arith::ExtUIOp>(op) ||
      !value.getType().isInteger(32))
    return std::nullopt;
  Value byte = op->getOperand(0);
  // The type may have a sign, which arithmetic does without.
  if (auto cast = byte.getDefiningOp<UnrealizedConversionCastOp>();
      cast && byte != argument)
    byte = cast.getOperand(0);
  if (byte != argument || !argument.getType().isInteger(8))
    return std::nullopt;
  factor.isSigned = isa<arith::ExtSIOp>(op);
  return factor;
}

// The factors of a body that adds their product to the output.
static std::optional<std::pair<ByteFactor, ByteFactor>>
matchBody(linalg::GenericOp op) {
  Block &body = *op.getBlock();
  auto add = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddIOp>();
  if (!add || add->getBlock() != &body)
    return std::nullopt;
  Value product = add.getLhs(), sum = add.getRhs();
  if (product == body.getArgument(2))
    std::swap(product, sum);
  auto mul = product.getDefiningOp<arith::MulIOp>();
  if (!mul || sum != body.getArgument(2))
    return std::nullopt;
  auto left = matchFactor(mul.getLhs(), body.getArgument(0)),
       right = matchFactor(mul.getRhs(), body.getArgument(1));
  if (!left || !right)
    return std::nullopt;
  return std::pair(*left, *right);
}

// Rows of bytes lie side by side along the last axis.
static bool isDense(Value buffer, unsigned width) {
  auto type = dyn_cast<MemRefType>(buffer.getType());
  return type && type.getElementType().isInteger(width) &&
         isLastMemrefDimUnitStride(type);
}

static bool hasByteRows(linalg::GenericOp op) {
  const unsigned k = op.getNumLoops() - 2, n = k + 1;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  return endsWith(maps[0], k) &&
         (endsWith(maps[1], n) || endsWith(maps[1], k)) &&
         isDense(op.getInputs()[0], 8) && isDense(op.getInputs()[1], 8) &&
         isDense(op.getOutputs()[0], 32);
}

//===----------------------------------------------------------------------===//
// What all batches share
//===----------------------------------------------------------------------===//

// zero + by, or null where that is 0.
static Value shiftPoint(KernelBuilder &b, Value zero, int64_t by) {
  APInt constant(32, 0);
  if (!zero || matchPattern(zero, m_ConstantInt(&constant))) {
    const int64_t point = constant.getSExtValue() + by;
    return point ? b.i32(point) : Value();
  }
  return by ? b.add(zero, b.i32(by)) : zero;
}

static Value allocate(KernelBuilder &b, ArrayRef<Value> sizes) {
  SmallVector<OpFoldResult> mixed =
      getAsOpFoldResult(SmallVector<Value>(sizes));
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(mixed, dynamic, shape);
  return b.create<memref::AllocOp>(MemRefType::get(shape, b.getI32Type()),
                                   dynamic);
}

void ByteProduct::begin() {
  auto quotient = [&](Value size, int64_t by) -> Value {
    if (auto constant = getConstantIntValue(size))
      return b.index(llvm::divideCeil(*constant, by));
    return b.create<arith::DivUIOp>(b.offset(size, by - 1), b.index(by));
  };
  terms = sizeOf(K, 0);
  allTerms = b.create<arith::IndexCastOp>(b.getI32Type(), terms);
  panels = allocate(b, {quotient(sizeOf(N, 2), kLanes),
                        quotient(terms, kWordBytes), b.index(kLanes)});
  // An unsigned byte less 128 is a signed one.
  columnPoint = shiftPoint(b, column.zero, column.isSigned ? 0 : -128);
  point = shiftPoint(b, row.zero,
                     !adder.isTurned() ? 0
                     : row.isSigned    ? 128
                                       : -128);
  if (columnPoint)
    rowSums = allocate(b, {sizeOf(M, 2)});
}

//===----------------------------------------------------------------------===//
// Words of four bytes
//===----------------------------------------------------------------------===//

// Calls `body` for the first byte of each word of a sum: of whole ones, and of
// one that is not, if there is one.
SmallVector<Value> ByteProduct::forWords(ValueRange init, WordBody body) {
  Value end = b.roundDown(terms, kWordBytes);
  SmallVector<Value> values =
      b.loop(b.index(0), end, kWordBytes, init, [&](Value k, ValueRange now) {
        return body(k, /*isWhole=*/true, now);
      });
  if (auto constant = getConstantIntValue(terms);
      constant && *constant % kWordBytes == 0)
    return values;
  // Once at most.
  return b.loop(end, terms, kWordBytes, values, [&](Value k, ValueRange now) {
    return body(k, /*isWhole=*/false, now);
  });
}

// Bytes of a factor, in a type without a sign; those of the second one signed.
Value ByteProduct::asNumbers(unsigned operand, Value bytes) {
  Type signless = b.getI8Type();
  if (auto type = dyn_cast<VectorType>(bytes.getType()))
    signless = type.clone(signless);
  if (bytes.getType() != signless)
    bytes = b.create<UnrealizedConversionCastOp>(signless, bytes).getResult(0);
  if (operand == 0 || column.isSigned)
    return bytes;
  TypedAttr turn = b.getI8IntegerAttr(int8_t(0x80));
  if (auto type = dyn_cast<VectorType>(bytes.getType()))
    turn = DenseElementsAttr::get(type, turn);
  return b.create<arith::XOrIOp>(bytes, b.create<arith::ConstantOp>(turn));
}

// Bytes (or vectors of them) from k on to the end, at most three, each in its
// place of a word; the others are 0.
Value ByteProduct::gatherRest(Value first, Type words,
                              llvm::function_ref<Value(Value)> load) {
  Value none = b.create<arith::ConstantOp>(b.getZeroAttr(words));
  return b.loop(first, terms, 1, none,
                [&](Value k, ValueRange now) -> SmallVector<Value> {
                  Value place =
                      b.mul(b.create<arith::SubIOp>(k, first), b.index(8));
                  place = b.create<arith::IndexCastOp>(b.getI32Type(), place);
                  if (isa<VectorType>(words))
                    place = b.splat(place);
                  Value bytes = b.create<arith::ExtUIOp>(words, load(k));
                  return {b.create<arith::OrIOp>(
                      now[0], b.create<arith::ShLIOp>(bytes, place))};
                })[0];
}

// The four bytes of a factor from k on, which lie side by side; of a word that
// is not whole those that there are, and zeros.
Value ByteProduct::loadWord(unsigned operand, Value m, Value n, Value k,
                            bool isWhole) {
  Value buffer = operand ? right : left;
  if (!isWhole)
    return gatherRest(k, b.getI32Type(), [&](Value k) {
      return asNumbers(operand, b.load(buffer, at(operand, m, k, n)));
    });
  auto bytes = VectorType::get(
      kWordBytes, cast<MemRefType>(buffer.getType()).getElementType());
  Value word = asNumbers(
      operand, b.create<vector::LoadOp>(bytes, buffer, at(operand, m, k, n)));
  word = b.create<vector::BitCastOp>(VectorType::get(1, b.getI32Type()), word);
  return b.create<vector::ExtractOp>(word, ArrayRef<int64_t>{0});
}

//===----------------------------------------------------------------------===//
// Panels
//===----------------------------------------------------------------------===//

// Where the panel of `column` has the word of byte k.
SmallVector<Value> ByteProduct::inPanel(Value column, Value k, Value lane) {
  return {b.create<arith::DivUIOp>(column, b.index(kLanes)),
          b.create<arith::DivUIOp>(k, b.index(kWordBytes)), lane};
}

// The words of column first + lane, whose bytes lie side by side.
void ByteProduct::packColumn(Value first, Value lane) {
  forWords({}, [&](Value k, bool isWhole, ValueRange) -> SmallVector<Value> {
    b.store(loadWord(1, Value(), b.add(first, lane), k, isWhole), panels,
            inPanel(first, k, lane));
    return {};
  });
}

// The words of 16 columns, or of those of the mask, whose bytes do.
void ByteProduct::packAcross(Value first, Value mask) {
  auto row = [&](Value k) {
    return asNumbers(1, load(right, at(1, Value(), k, first), mask));
  };
  VectorType lanes = b.vectorOf(b.getI32Type());
  forWords({}, [&](Value k, bool isWhole, ValueRange) -> SmallVector<Value> {
    Value words;
    for (int64_t i = 0; isWhole && i < kWordBytes; ++i) {
      Value bytes = b.create<arith::ExtUIOp>(lanes, row(b.offset(k, i)));
      if (i)
        bytes = b.create<arith::ShLIOp>(bytes, b.splatI32(8 * i));
      words = words ? b.create<arith::OrIOp>(words, bytes) : bytes;
    }
    if (!isWhole)
      words = gatherRest(k, lanes, row);
    b.storeLanes(words, panels, inPanel(first, k, b.index(0)));
    return {};
  });
}

void ByteProduct::packPanels() {
  forColumns(/*panels=*/1, [&](Value first, int64_t, Value mask) {
    if (!alongK)
      return packAcross(first, mask);
    Value count = b.index(kLanes);
    if (mask)
      count = b.create<arith::SubIOp>(sizeOf(N, 2), first);
    b.loop(b.index(0), count, 1, [&](Value lane) { packColumn(first, lane); });
  });
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

// The share that z has in the sums of each row.
void ByteProduct::sumRows() {
  b.loop(b.index(0), sizeOf(M, 2), 1, [&](Value m) {
    Type i32 = b.getI32Type();
    Value sum =
        b.loop(b.index(0), terms, 1, b.i32(0),
               [&](Value k, ValueRange sum) -> SmallVector<Value> {
                 Value byte = asNumbers(0, b.load(left, at(0, m, k, Value())));
                 Value number = row.isSigned
                                    ? Value(b.create<arith::ExtSIOp>(i32, byte))
                                    : b.create<arith::ExtUIOp>(i32, byte);
                 return {b.add(sum[0], number)};
               })[0];
    if (adder.isTurned())
      sum = b.add(sum, b.mul(allTerms, b.i32(row.isSigned ? 128 : -128)));
    b.store(b.create<arith::SubIOp>(b.i32(0), b.mul(columnPoint, sum)), rowSums,
            m);
  });
}

// Adds the products of the words of byte k: of rows, in all lanes, and of
// `count` panels.
void ByteProduct::addWord(ArrayRef<Value> rows, Value first, int64_t count,
                          Value k, MutableArrayRef<Value> sums) {
  SmallVector<Value> words;
  for (int64_t j = 0; j < count; ++j)
    words.push_back(b.loadLanes(
        panels, inPanel(b.offset(first, j * kLanes), k, b.index(0))));
  adder.addWords(rows, words, sums);
}

// The share that y has in the sums of each panel's columns; none without y.
SmallVector<Value> ByteProduct::sumColumns(Value first, int64_t count) {
  if (!point)
    return {};
  Value ones = b.splatI32(0x01010101);
  SmallVector<Value> sums(count, adder.noSum());
  sums = forWords(sums, [&](Value k, bool, ValueRange now) {
    SmallVector<Value> next(now);
    addWord(ones, first, count, k, next);
    return next;
  });
  adder.foldSums(sums);
  Value whole = columnPoint ? b.mul(allTerms, columnPoint) : b.i32(0);
  for (Value &sum : sums)
    sum = b.mul(b.splat(point), b.create<arith::SubIOp>(b.splat(whole), sum));
  return sums;
}

// The sums of `rows` rows from `row` on for `count` panels from `column` on,
// which the mask is for (null: all columns).
void ByteProduct::emitTile(Value row, int64_t rows, Value column, int64_t count,
                           ArrayRef<Value> shares, Value mask) {
  SmallVector<Value> sums(rows * count, adder.noSum());
  sums = forWords(sums, [&](Value k, bool isWhole, ValueRange now) {
    SmallVector<Value> next(now), words;
    for (int64_t i = 0; i < rows; ++i)
      words.push_back(adder.spread(
          adder.turned(loadWord(0, b.offset(row, i), Value(), k, isWhole))));
    addWord(words, column, count, k, next);
    return next;
  });
  adder.foldSums(sums);
  for (int64_t i = 0; i < rows; ++i) {
    Value m = b.offset(row, i), rowShare;
    if (rowSums)
      rowShare = b.splat(b.load(rowSums, m));
    for (int64_t j = 0; j < count; ++j) {
      SmallVector<Value> there =
          at(2, m, Value(), b.offset(column, j * kLanes));
      Value sum = b.add(load(out, there, mask), sums[i * count + j]);
      if (!shares.empty())
        sum = b.add(sum, shares[j]);
      if (rowShare)
        sum = b.add(sum, rowShare);
      store(sum, out, there, mask);
    }
  }
}

void ByteProduct::emitMatrix() {
  packPanels();
  if (rowSums)
    sumRows();
  forColumns(tile.panels, [&](Value column, int64_t count, Value mask) {
    SmallVector<Value> shares = sumColumns(column, count);
    b.tileRows(b.index(0), sizeOf(M, 2), tile.rows,
               [&](Value row, int64_t rows) {
                 emitTile(row, rows, column, count, shares, mask);
               });
  });
}

LogicalResult bnn::tileBytes(OpBuilder &builder, linalg::GenericOp op,
                             TargetAttr target) {
  if (!MatrixProduct::hasLoops(op) || !hasByteRows(op))
    return failure();
  auto factors = matchBody(op);
  if (!factors)
    return failure();
  KernelBuilder b(op.getLoc(), builder);
  // A constant may be the body's.
  for (ByteFactor *factor : {&factors->first, &factors->second}) {
    APInt constant;
    if (factor->zero && matchPattern(factor->zero, m_ConstantInt(&constant)))
      factor->zero = b.i32(constant.getSExtValue());
  }
  DotAttr dot = getDot(op.getContext(), target, DotKind::DotBytes);
  ByteProduct(b, op,
              {ByteSteps::tileRows(dot.getRows(), target), dot.getPanels()},
              *factors, target)
      .emit();
  return success();
}
