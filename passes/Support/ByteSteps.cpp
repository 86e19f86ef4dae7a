//===- ByteSteps.cpp - Sums of products of bytes in lanes -----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/Support/ByteSteps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::bnn;

struct bnn::ByteInstruction {
  Instructions instruction;
  StringLiteral intrinsic;
  int64_t bytes;    // of a vector
  bool wantsSigned; // of the bytes of a row
  bool takesBytes;  // as vectors of bytes, not of i32
};

static constexpr ByteInstruction kSteps[] = {
    {Instructions::Dot64Bytes, "llvm.x86.avx512.vpdpbusd.512", 64, false,
     false},
    {Instructions::Dot32Bytes, "llvm.x86.avx512.vpdpbusd.256", 32, false,
     false},
    {Instructions::DotSigned16Bytes, "llvm.aarch64.neon.sdot.v4i32.v16i8", 16,
     true, true},
};

// Sums of two products of 16 bits in each lane, if there is an instruction.
static constexpr ByteInstruction kPairSteps[] = {
    {Instructions::Multiply32Pairs, "llvm.x86.avx512.pmaddw.d.512", 64, false,
     false},
    {Instructions::Multiply16Pairs, "llvm.x86.avx2.pmadd.wd", 32, false, false},
};

// The same of unsigned bytes by signed ones, in lanes of 16 bits.
static constexpr ByteInstruction kSmallSteps[] = {
    {Instructions::Multiply32Pairs, "llvm.x86.avx512.pmaddubs.w.512", 64, false,
     true},
    {Instructions::Multiply16Pairs, "llvm.x86.avx2.pmadd.ub.sw", 32, false,
     true},
};

// Two instructions a cycle, each of which takes four or five; twice as many
// would not fit into 16 registers.
static constexpr int64_t kSumsInFlight = 8;
// Sums of an output, where pairs of products are added to them, and the bytes
// of a panel's word that are multiplied at once. Of 32 registers two rows by a
// panel have 16 for their sums; a third row would leave too few to multiply in.
static constexpr int64_t kSumsOfOutput = 2, kProducts = 8, kRowsOfSums = 2;

static const ByteInstruction *findStep(ArrayRef<ByteInstruction> steps,
                                       TargetAttr target) {
  for (const ByteInstruction &step : steps)
    if (target && target.does(step.instruction))
      return &step;
  return nullptr;
}

// Whether products of 16 bits are added by pairs.
static bool addsProducts(TargetAttr target) {
  return target && target.does(Instructions::AddPairs) &&
         !findStep(kSteps, target) && !findStep(kPairSteps, target);
}

ByteSteps::ByteSteps(KernelBuilder &b, bool isSigned, bool isSmall,
                     TargetAttr target)
    : b(b), isSigned(isSigned), step(findStep(kSteps, target)),
      pairs(findStep(kPairSteps, target)),
      small(isSmall && !step ? findStep(kSmallSteps, target) : nullptr),
      hasProducts(addsProducts(target)),
      turnsBytes((step || small || hasProducts) &&
                 (hasProducts || (step && step->wantsSigned)) != isSigned) {}

int64_t ByteSteps::tileRows(int64_t rows, TargetAttr target) {
  return addsProducts(target) ? std::min(rows, kRowsOfSums) : rows;
}

bool ByteSteps::takesLanes() const { return step && step->takesBytes; }

// Part `at` of the `count` that a vector has.
Value ByteSteps::part(Value vector, int64_t at, int64_t count) const {
  if (count == 1)
    return vector;
  const int64_t size =
      cast<VectorType>(vector.getType()).getNumElements() / count;
  return b.create<vector::ExtractStridedSliceOp>(
      vector, ArrayRef<int64_t>{at * size}, ArrayRef<int64_t>{size},
      ArrayRef<int64_t>{1});
}

// 16 lanes of what the instruction makes of operands of 16 lanes, part by part.
Value ByteSteps::call(const ByteInstruction &step,
                      ArrayRef<Value> operands) const {
  const int64_t lanes = step.bytes / kWordBytes, count = kLanes / lanes;
  auto words = VectorType::get(lanes, b.getI32Type());
  auto bytes = VectorType::get(step.bytes, b.getI8Type());
  SmallVector<Value> parts;
  for (int64_t at = 0; at < count; ++at) {
    SmallVector<Value> ofPart;
    for (Value operand : operands)
      ofPart.push_back(part(operand, at, count));
    if (step.takesBytes) {
      // Of two vectors of signed bytes the second may be one lane of a vector.
      std::swap(ofPart[1], ofPart[2]);
      for (Value &operand : MutableArrayRef(ofPart).drop_front())
        operand = b.create<vector::BitCastOp>(bytes, operand);
    }
    parts.push_back(
        b.create<LLVM::CallIntrinsicOp>(words, b.getStringAttr(step.intrinsic),
                                        ofPart, LLVM::FastmathFlags::none)
            .getResult(0));
  }
  if (count == 1)
    return parts[0];
  Value whole = b.splatI32(0);
  for (auto [i, value] : llvm::enumerate(parts))
    whole = b.create<vector::InsertStridedSliceOp>(
        value, whole, ArrayRef<int64_t>{int64_t(i) * lanes},
        ArrayRef<int64_t>{1});
  return whole;
}

// Every other byte of each lane, from the first or the second on, as two
// numbers of 16 bits.
Value ByteSteps::extend(Value words, bool isSigned, bool odd) const {
  auto type = VectorType::get(2 * kLanes, b.getI16Type());
  Value halves = b.create<vector::BitCastOp>(type, words);
  Value eight =
      b.create<arith::ConstantOp>(DenseElementsAttr::get(type, int16_t(8)));
  if (!odd)
    halves = b.create<arith::ShLIOp>(halves, eight);
  return isSigned ? Value(b.create<arith::ShRSIOp>(halves, eight))
                  : b.create<arith::ShRUIOp>(halves, eight);
}

// Byte `byte` of each lane, as a number.
Value ByteSteps::byteOf(Value words, bool isSigned, int64_t byte) const {
  Value up = b.splatI32(8 * (kWordBytes - 1 - byte)),
        down = b.splatI32(8 * (kWordBytes - 1));
  words = b.create<arith::ShLIOp>(words, up);
  return isSigned ? Value(b.create<arith::ShRSIOp>(words, down))
                  : b.create<arith::ShRUIOp>(words, down);
}

// The sums of four products of small weights, in 16 lanes.
Value ByteSteps::smallPairs(Value row, Value weight) const {
  const int64_t count = kLanes * kWordBytes / small->bytes;
  auto bytes = VectorType::get(small->bytes, b.getI8Type());
  auto sums = VectorType::get(small->bytes / 2, b.getI16Type());
  auto all = VectorType::get(2 * kLanes, b.getI16Type());
  Value ones =
      b.create<arith::ConstantOp>(DenseElementsAttr::get(all, int16_t(1)));
  Value whole = b.create<arith::ConstantOp>(b.getZeroAttr(all));
  for (int64_t at = 0; at < count; ++at) {
    SmallVector<Value> operands;
    for (Value words : {row, weight})
      operands.push_back(
          b.create<vector::BitCastOp>(bytes, part(words, at, count)));
    Value two =
        b.create<LLVM::CallIntrinsicOp>(sums, b.getStringAttr(small->intrinsic),
                                        operands, LLVM::FastmathFlags::none)
            .getResult(0);
    whole = count == 1
                ? two
                : b.create<vector::InsertStridedSliceOp>(
                      two, whole, ArrayRef<int64_t>{at * small->bytes / 2},
                      ArrayRef<int64_t>{1});
  }
  return call(*pairs, {whole, ones});
}

// Adds those of one panel, with products of 16 bits.
void ByteSteps::addProducts(ArrayRef<Value> rows, Value weight, size_t panel,
                            size_t panels, MutableArrayRef<Value> sums) const {
  auto bytes = VectorType::get(kLanes * kWordBytes, b.getI8Type());
  auto products = VectorType::get(kProducts, b.getI16Type());
  auto sumsOfPart = VectorType::get(kProducts / 2, b.getI32Type());
  constexpr int64_t kParts = kLanes * kWordBytes / kProducts;
  auto take = [&](Value words, int64_t at) -> Value {
    words = b.create<vector::BitCastOp>(bytes, words);
    return b.create<arith::ExtSIOp>(products, part(words, at, kParts));
  };
  for (int64_t at = 0; at < kParts; ++at) {
    Value w = take(weight, at);
    for (auto [i, row] : llvm::enumerate(rows)) {
      Value &sum = sums[i * panels + panel];
      Value added =
          b.create<LLVM::CallIntrinsicOp>(
               sumsOfPart,
               b.getStringAttr("llvm.aarch64.neon.saddlp.v4i32.v8i16"),
               ValueRange{b.mul(take(row, at), w)}, LLVM::FastmathFlags::none)
              .getResult(0);
      sum = b.create<vector::InsertStridedSliceOp>(
          b.add(part(sum, at, kParts), added), sum,
          ArrayRef<int64_t>{at * kProducts / 2}, ArrayRef<int64_t>{1});
    }
  }
}

// The sums of a panel before anything is added.
Value ByteSteps::noSum() const {
  if (!hasProducts)
    return b.splatI32(0);
  return b.create<arith::ConstantOp>(
      b.getZeroAttr(VectorType::get(kSumsOfOutput * kLanes, b.getI32Type())));
}

// One sum an output, in 16 lanes.
void ByteSteps::foldSums(MutableArrayRef<Value> sums) const {
  if (!hasProducts)
    return;
  SmallVector<int64_t> even, odd;
  for (int64_t i = 0; i < kLanes; ++i) {
    even.push_back(kSumsOfOutput * i);
    odd.push_back(kSumsOfOutput * i + 1);
  }
  for (Value &sum : sums)
    sum = b.add(b.create<vector::ShuffleOp>(sum, sum, even),
                b.create<vector::ShuffleOp>(sum, sum, odd));
}

// Adds the products of a word of each row, in all lanes, with one of each
// panel: [row][panel].
void ByteSteps::addWords(ArrayRef<Value> rows, ArrayRef<Value> weights,
                         MutableArrayRef<Value> sums) const {
  const size_t panels = weights.size();
  auto sumOf = [&](size_t i, size_t j) -> Value & {
    return sums[i * panels + j];
  };
  // By pairs, the even bytes and the odd ones; else the bytes one by one.
  const int64_t parts = step || small ? 1 : pairs ? 2 : kWordBytes;
  auto take = [&](Value words, bool isSigned, int64_t at) {
    return step || small ? words
           : pairs       ? extend(words, isSigned, at == 1)
                         : byteOf(words, isSigned, at);
  };
  auto add = [&](Value sum, Value x, Value w) -> Value {
    if (step)
      return call(*step, {sum, x, w});
    if (small)
      return b.add(sum, smallPairs(x, w));
    return b.add(sum, pairs ? call(*pairs, {x, w}) : b.mul(x, w));
  };
  for (auto [j, weight] : llvm::enumerate(weights)) {
    if (hasProducts) {
      addProducts(rows, weight, j, panels, sums);
      continue;
    }
    for (int64_t at = 0; at < parts; ++at) {
      Value w = take(weight, /*isSigned=*/true, at);
      for (auto [i, row] : llvm::enumerate(rows))
        sumOf(i, j) = add(sumOf(i, j), take(row, isSigned, at), w);
    }
  }
}

// Chains of `sums` sums of panels. Where no instruction adds them up there is
// enough to do while they wait.
int64_t ByteSteps::chainsOf(int64_t sums) const {
  const ByteInstruction *instruction = step ? step : pairs;
  if (!instruction)
    return 1;
  const int64_t registers = sums * kLanes * kWordBytes / instruction->bytes;
  return int64_t(
      llvm::PowerOf2Ceil(llvm::divideCeil(kSumsInFlight, registers)));
}

// The bytes of a row, turned as the instruction wants them.
Value ByteSteps::turned(Value words) const {
  if (!turnsBytes)
    return words;
  TypedAttr turn = b.getI32IntegerAttr(int32_t(0x80808080));
  if (auto type = dyn_cast<VectorType>(words.getType()))
    turn = DenseElementsAttr::get(type, turn);
  return b.create<arith::XOrIOp>(words, b.create<arith::ConstantOp>(turn));
}

// A word of a row in 16 lanes. LLVM would make bytes of it again, and put them
// together one by one; hidden from it, the word is loaded into all lanes of a
// register in one instruction.
Value ByteSteps::spread(Value word) const {
  if (!hasProducts)
    return b.splat(word);
  auto type = VectorType::get(kFour, b.getI32Type());
  word = b.create<LLVM::InlineAsmOp>(
              type, ValueRange{b.create<vector::BroadcastOp>(type, word)}, "",
              "=w,0", /*has_side_effects=*/false, /*is_align_stack=*/false,
              LLVM::AsmDialectAttr(), ArrayAttr())
             .getResult(0);
  return b.create<vector::ShuffleOp>(word, word,
                                     SmallVector<int64_t>(kLanes, 0));
}
