//===- DotBytes.cpp - Bytes by signed bytes -------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A word of a panel has four bytes of each output, and four bytes of a row are
// in all of its lanes: each lane adds the sum of four products to that of its
// output. An instruction that does so wants the row's bytes unsigned (x86's
// VNNI) or signed (Arm's dotprod). Where they are not, their highest bits are
// turned, which adds or takes 128: the accumulators start from the sums of the
// weights times as much.
//
// Without such an instruction x86 multiplies pairs of 16 bits, which bytes are
// widened to. Where weights are small it multiplies pairs of bytes, in half the
// time: what would be cut off at 16 bits does not occur.
//
// NEON without dotprod multiplies signed bytes to numbers of 16 bits, and adds
// pairs of those to lanes of 32 bits: an output has two sums, which become one
// at the end. No product of signed bytes is too large for 16 bits.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "passes/LowerKernels/Dots/ByteSquares.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::bnn;

namespace {

/// What a CPU does in one instruction for this dot.
struct Step {
  Instructions instruction;
  StringLiteral intrinsic;
  int64_t bytes;    // of a vector
  bool wantsSigned; // of the bytes of a row
  bool takesBytes;  // as vectors of bytes, not of i32
};

} // namespace

static constexpr Step kSteps[] = {
    {Instructions::Dot64Bytes, "llvm.x86.avx512.vpdpbusd.512", 64, false,
     false},
    {Instructions::Dot32Bytes, "llvm.x86.avx512.vpdpbusd.256", 32, false,
     false},
    {Instructions::DotSigned16Bytes, "llvm.aarch64.neon.sdot.v4i32.v16i8", 16,
     true, true},
};

// Sums of two products of 16 bits in each lane, if there is an instruction.
static constexpr Step kPairSteps[] = {
    {Instructions::Multiply32Pairs, "llvm.x86.avx512.pmaddw.d.512", 64, false,
     false},
    {Instructions::Multiply16Pairs, "llvm.x86.avx2.pmadd.wd", 32, false, false},
};

// The same of unsigned bytes by signed ones, in lanes of 16 bits.
static constexpr Step kSmallSteps[] = {
    {Instructions::Multiply32Pairs, "llvm.x86.avx512.pmaddubs.w.512", 64, false,
     true},
    {Instructions::Multiply16Pairs, "llvm.x86.avx2.pmadd.ub.sw", 32, false,
     true},
};

// Two instructions a cycle, each of which takes four or five; twice as many
// would not fit into 16 registers.
static constexpr int64_t kSumsInFlight = 8;
// Words of a row in a register of 128 bits.
static constexpr int64_t kFour = 4;
// Sums of an output, where pairs of products are added to them, and the bytes
// of a panel's word that are multiplied at once. Of 32 registers two rows by a
// panel have 16 for their sums; a third row would leave too few to multiply in.
static constexpr int64_t kSumsOfOutput = 2, kProducts = 8, kRowsOfSums = 2;

static const Step *findStep(ArrayRef<Step> steps, TargetAttr target) {
  for (const Step &step : steps)
    if (target && target.does(step.instruction))
      return &step;
  return nullptr;
}

// Whether products of 16 bits are added by pairs.
static bool addsProducts(TargetAttr target) {
  return target && target.does(Instructions::AddPairs) &&
         !findStep(kSteps, target) && !findStep(kPairSteps, target);
}

namespace {
class DotBytes : public Dot {
public:
  DotBytes(KernelBuilder &b, const Product &p, DotAttr dot, TargetAttr target)
      : Dot(b, p,
            addsProducts(target) ? std::min(dot.getRows(), kRowsOfSums)
                                 : dot.getRows(),
            dot.getPanels()),
        step(findStep(kSteps, target)), pairs(findStep(kPairSteps, target)),
        small(p.small && !step ? findStep(kSmallSteps, target) : nullptr),
        hasProducts(addsProducts(target)),
        isTurned((step || small || hasProducts) &&
                 (hasProducts || (step && step->wantsSigned)) !=
                     p.element.getIsSigned()) {}

  int64_t unitOutputs() const override { return tilePanels() * kLanes; }
  void beginPanels(Value panel, int64_t panels) override;
  std::unique_ptr<BlockDot> createBlock(DotAttr, TargetAttr) override {
    return std::make_unique<ByteSquares>(b, p);
  }
  SmallVector<Value> accumulate(const Tile &tile) override;

private:
  using Values = SmallVector<Value>;

  const Step *step, *pairs, *small; // null: none
  bool hasProducts, isTurned;
  Values starts; // of the panels that began, where bytes are turned

  int64_t chainsOf(int64_t sums) const;
  bool takesLanes() const { return step && step->takesBytes; }
  Value turned(Value words) const;
  Value spread(Value word) const;
  Values loadFour(Value row, Value word) const;
  void addSteps(const Tile &tile, Value word, int64_t count,
                ArrayRef<Values> rows, MutableArrayRef<Value> sums) const;
  void loadAndAdd(const Tile &tile, Value word, int64_t count,
                  MutableArrayRef<Value> sums) const;
  Value load(Value row, Value word) const;
  Value loadTail(Value row) const;
  Values loadWeights(Value panel, int64_t panels, Value word) const;
  void addWords(ArrayRef<Value> rows, ArrayRef<Value> weights,
                MutableArrayRef<Value> sums) const;
  Value part(Value vector, int64_t at, int64_t count) const;
  Value call(const Step &step, ArrayRef<Value> operands) const;
  void addProducts(ArrayRef<Value> rows, Value weight, size_t panel,
                   size_t panels, MutableArrayRef<Value> sums) const;
  Value smallPairs(Value row, Value weight) const;
  Value noSum() const;
  void foldSums(MutableArrayRef<Value> sums) const;
  Value extend(Value words, bool isSigned, bool odd) const;
  Value byteOf(Value words, bool isSigned, int64_t byte) const;
};
} // namespace

// The four bytes of a row that go with `word`.
Value DotBytes::load(Value row, Value word) const {
  auto bytes = VectorType::get(kWordBytes, b.getI8Type());
  Value four = b.create<vector::LoadOp>(
      bytes, p.input, ValueRange{row, b.mul(word, b.index(kWordBytes))});
  four = b.create<vector::BitCastOp>(VectorType::get(1, b.getI32Type()), four);
  return b.create<vector::ExtractOp>(four, ArrayRef<int64_t>{0});
}

// The bytes that are left behind the last whole word, and zeros.
Value DotBytes::loadTail(Value row) const {
  const int64_t first = p.elements / kWordBytes * kWordBytes;
  Value word = b.i32(0);
  for (int64_t k = first; k < p.elements; ++k) {
    Value byte = b.create<arith::ExtUIOp>(b.getI32Type(),
                                          b.load(p.input, {row, b.index(k)}));
    byte = b.create<arith::ShLIOp>(byte, b.i32(8 * (k - first)));
    word = b.create<arith::OrIOp>(word, byte);
  }
  return word;
}

SmallVector<Value> DotBytes::loadWeights(Value panel, int64_t panels,
                                         Value word) const {
  Values weights;
  for (int64_t j = 0; j < panels; ++j)
    weights.push_back(
        b.loadLanes(p.weight, {b.offset(panel, j), word, b.index(0)}));
  return weights;
}

// Part `at` of the `count` that a vector has.
Value DotBytes::part(Value vector, int64_t at, int64_t count) const {
  if (count == 1)
    return vector;
  const int64_t size =
      cast<VectorType>(vector.getType()).getNumElements() / count;
  return b.create<vector::ExtractStridedSliceOp>(
      vector, ArrayRef<int64_t>{at * size}, ArrayRef<int64_t>{size},
      ArrayRef<int64_t>{1});
}

// 16 lanes of what the instruction makes of operands of 16 lanes, part by part.
Value DotBytes::call(const Step &step, ArrayRef<Value> operands) const {
  const int64_t lanes = step.bytes / kWordBytes, count = kLanes / lanes;
  auto words = VectorType::get(lanes, b.getI32Type());
  auto bytes = VectorType::get(step.bytes, b.getI8Type());
  Values parts;
  for (int64_t at = 0; at < count; ++at) {
    Values ofPart;
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
Value DotBytes::extend(Value words, bool isSigned, bool odd) const {
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
Value DotBytes::byteOf(Value words, bool isSigned, int64_t byte) const {
  Value up = b.splatI32(8 * (kWordBytes - 1 - byte)),
        down = b.splatI32(8 * (kWordBytes - 1));
  words = b.create<arith::ShLIOp>(words, up);
  return isSigned ? Value(b.create<arith::ShRSIOp>(words, down))
                  : b.create<arith::ShRUIOp>(words, down);
}

// The sums of four products of small weights, in 16 lanes.
Value DotBytes::smallPairs(Value row, Value weight) const {
  const int64_t count = kLanes * kWordBytes / small->bytes;
  auto bytes = VectorType::get(small->bytes, b.getI8Type());
  auto sums = VectorType::get(small->bytes / 2, b.getI16Type());
  auto all = VectorType::get(2 * kLanes, b.getI16Type());
  Value ones =
      b.create<arith::ConstantOp>(DenseElementsAttr::get(all, int16_t(1)));
  Value whole = b.create<arith::ConstantOp>(b.getZeroAttr(all));
  for (int64_t at = 0; at < count; ++at) {
    Values operands;
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
void DotBytes::addProducts(ArrayRef<Value> rows, Value weight, size_t panel,
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
Value DotBytes::noSum() const {
  if (!hasProducts)
    return b.splatI32(0);
  return b.create<arith::ConstantOp>(
      b.getZeroAttr(VectorType::get(kSumsOfOutput * kLanes, b.getI32Type())));
}

// One sum an output, in 16 lanes.
void DotBytes::foldSums(MutableArrayRef<Value> sums) const {
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
void DotBytes::addWords(ArrayRef<Value> rows, ArrayRef<Value> weights,
                        MutableArrayRef<Value> sums) const {
  const bool isSigned = p.element.getIsSigned();
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

// Where bytes are turned, 128 times the sums of the weights.
void DotBytes::beginPanels(Value panel, int64_t panels) {
  if (!isTurned)
    return;
  Values none(panels, noSum());
  Value ones = b.splatI32(0x01010101);
  starts = b.loop(b.index(0), b.index(p.words), 1, none,
                  [&](Value word, ValueRange sums) {
                    Values next(sums);
                    addWords(ones, loadWeights(panel, panels, word), next);
                    return next;
                  });
  foldSums(starts);
  for (Value &start : starts) {
    start = b.create<arith::ShLIOp>(start, b.splatI32(7));
    // A signed byte was made larger.
    if (p.element.getIsSigned())
      start = b.create<arith::SubIOp>(b.splatI32(0), start);
  }
}

// Chains of `sums` sums of panels. Where no instruction adds them up there is
// enough to do while they wait.
int64_t DotBytes::chainsOf(int64_t sums) const {
  const Step *instruction = step ? step : pairs;
  if (!instruction)
    return 1;
  const int64_t registers = sums * kLanes * kWordBytes / instruction->bytes;
  return int64_t(
      llvm::PowerOf2Ceil(llvm::divideCeil(kSumsInFlight, registers)));
}

// The bytes of a row, turned as the instruction wants them.
Value DotBytes::turned(Value words) const {
  if (!isTurned)
    return words;
  TypedAttr turn = b.getI32IntegerAttr(int32_t(0x80808080));
  if (auto type = dyn_cast<VectorType>(words.getType()))
    turn = DenseElementsAttr::get(type, turn);
  return b.create<arith::XOrIOp>(words, b.create<arith::ConstantOp>(turn));
}

// A word of a row in 16 lanes. LLVM would make bytes of it again, and put them
// together one by one; hidden from it, the word is loaded into all lanes of a
// register in one instruction.
Value DotBytes::spread(Value word) const {
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

// Four words of a row, each in 16 lanes: an instruction may take its factor
// from one lane of a register that has all four.
SmallVector<Value> DotBytes::loadFour(Value row, Value word) const {
  auto bytes = VectorType::get(kFour * kWordBytes, b.getI8Type());
  Value four = b.create<vector::LoadOp>(
      bytes, p.input, ValueRange{row, b.mul(word, b.index(kWordBytes))});
  four = turned(b.create<vector::BitCastOp>(
      VectorType::get(kFour, b.getI32Type()), four));
  Values words;
  for (int64_t lane = 0; lane < kFour; ++lane)
    words.push_back(b.create<vector::ShuffleOp>(
        four, four, SmallVector<int64_t>(kLanes, lane)));
  return words;
}

// Adds the products of `count` words from `word` on; each row's are in `rows`.
// Chains of sums take turns.
void DotBytes::addSteps(const Tile &tile, Value word, int64_t count,
                        ArrayRef<Values> rows,
                        MutableArrayRef<Value> sums) const {
  const size_t size = tile.rows * tile.panels, chains = sums.size() / size;
  for (int64_t i = 0; i < count; ++i) {
    Values ofWord;
    for (const Values &row : rows)
      ofWord.push_back(row[i]);
    addWords(ofWord, loadWeights(tile.panel, tile.panels, b.offset(word, i)),
             sums.slice(i % chains * size, size));
  }
}

// The same, with the rows' words loaded.
void DotBytes::loadAndAdd(const Tile &tile, Value word, int64_t count,
                          MutableArrayRef<Value> sums) const {
  SmallVector<Values> rows(tile.rows);
  for (int64_t i = 0; i < tile.rows; ++i) {
    Value row = b.offset(tile.row, i);
    if (count == kFour && takesLanes()) {
      rows[i] = loadFour(row, word);
      continue;
    }
    for (int64_t k = 0; k < count; ++k)
      rows[i].push_back(spread(turned(load(row, b.offset(word, k)))));
  }
  addSteps(tile, word, count, rows, sums);
}

SmallVector<Value> DotBytes::accumulate(const Tile &tile) {
  // Few sums would wait for each other: several chains of them take turns.
  const int64_t size = tile.rows * tile.panels, whole = p.elements / kWordBytes,
                chains = chainsOf(size),
                unrolled = takesLanes() ? std::max(chains, kFour) : chains,
                steps = whole / unrolled * unrolled;
  Values sums(size * chains, noSum());
  if (isTurned && !hasProducts)
    for (int64_t i = 0; i < size; ++i)
      sums[i] = starts[i % tile.panels];
  if (steps)
    sums = b.loop(b.index(0), b.index(steps), unrolled, sums,
                  [&](Value word, ValueRange sums) {
                    Values next(sums);
                    loadAndAdd(tile, word, unrolled, next);
                    return next;
                  });
  for (int64_t chain = 1; chain < chains; ++chain)
    for (int64_t i = 0; i < size; ++i)
      sums[i] = b.add(sums[i], sums[chain * size + i]);
  sums.truncate(size);
  for (int64_t word = steps; word < whole; ++word)
    loadAndAdd(tile, b.index(word), /*count=*/1, sums);
  if (p.elements % kWordBytes) {
    SmallVector<Values> rows;
    for (int64_t i = 0; i < tile.rows; ++i)
      rows.push_back({spread(turned(loadTail(b.offset(tile.row, i))))});
    addSteps(tile, b.index(whole), /*count=*/1, rows, sums);
  }
  foldSums(sums);
  if (isTurned && hasProducts)
    for (int64_t i = 0; i < size; ++i)
      sums[i] = b.add(sums[i], starts[i % tile.panels]);
  return sums;
}

static std::unique_ptr<Dot> create(KernelBuilder &b, const Product &p,
                                   DotAttr dot, TargetAttr target) {
  return std::make_unique<DotBytes>(b, p, dot, target);
}

const DotKernel bnn::kDotBytes = {create, /*getParams=*/nullptr};
