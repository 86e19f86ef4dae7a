//===- SpellOut.cpp - Write out what a target cannot do -------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Target/SpellOut.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/Analysis/VectorUtils.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/Transforms/Utils/IntegerDivision.h"

#include <numeric>

using namespace llvm;

namespace mlir::bnn {

// This file is about LLVM IR: its values and types, not MLIR's.
using llvm::Type;
using llvm::Value;
namespace {

/// An integer of the bits of more lanes than a vector of bytes has: half of the
/// lanes at a time.
class HalvingMasks {
public:
  explicit HalvingMasks(unsigned most) : most(most) {}

  void run(Function &function) {
    SmallVector<BitCastInst *> found;
    for (Instruction &i : instructions(function))
      if (auto *cast = dyn_cast<BitCastInst>(&i); cast && isWideMask(*cast))
        found.push_back(cast);
    for (BitCastInst *cast : found) {
      IRBuilder<> b(cast);
      Value *bits = toInteger(b, cast->getOperand(0));
      cast->replaceAllUsesWith(b.CreateBitCast(bits, cast->getDestTy()));
      cast->eraseFromParent();
    }
  }

private:
  unsigned most; // lanes of a mask that is left as it is

  static unsigned lanesOf(const Value *mask) {
    return cast<FixedVectorType>(mask->getType())->getNumElements();
  }

  bool isWideMask(const BitCastInst &cast) const {
    auto *type = dyn_cast<FixedVectorType>(cast.getSrcTy());
    return type && type->getElementType()->isIntegerTy(1) &&
           type->getNumElements() > most &&
           type->getNumElements() % (2 * most) == 0 &&
           cast.getDestTy()->getScalarSizeInBits() == type->getNumElements();
  }

  Value *toInteger(IRBuilder<> &b, Value *mask) {
    const unsigned lanes = lanesOf(mask);
    if (lanes <= most)
      return b.CreateBitCast(mask, b.getIntNTy(lanes));
    Value *parts[2];
    for (unsigned half : {0, 1}) {
      SmallVector<int> taken(lanes / 2);
      std::iota(taken.begin(), taken.end(), half * lanes / 2);
      parts[half] = b.CreateZExt(
          toInteger(b, b.CreateShuffleVector(mask, taken)), b.getIntNTy(lanes));
    }
    return b.CreateOr(parts[0], b.CreateShl(parts[1], lanes / 2));
  }
};

class SpellingOut {
public:
  SpellingOut(Function &function, bool isARM, unsigned divisionBits)
      : function(function), isARM(isARM), divisionBits(divisionBits) {}

  void run() {
    forEach([&](Instruction &i) { return isVectorToSplit(i); },
            [&](Instruction &i) { replace(i, splitVector(i)); });
    forEach([](Instruction &i) { return isStoreOfLanes(i); },
            [](Instruction &i) { storeLanes(cast<StoreInst>(i)); });
    forEach([&](Instruction &i) { return isLongConversion(i); },
            [&](Instruction &i) { replace(i, convert(i)); });
    forEach([&](Instruction &i) { return isDivision(i); },
            [&](Instruction &i) {
              auto *op = cast<BinaryOperator>(&i);
              if (i.getOpcode() == Instruction::SRem ||
                  i.getOpcode() == Instruction::URem)
                expandRemainder(op);
              else
                expandDivision(op);
            });
  }

private:
  Function &function;
  bool isARM;
  unsigned divisionBits; // of a division that is an instruction

  template <typename Which, typename What> void forEach(Which is, What handle) {
    SmallVector<Instruction *> found;
    for (Instruction &i : instructions(function))
      if (is(i))
        found.push_back(&i);
    for (Instruction *i : found)
      handle(*i);
  }

  static void replace(Instruction &old, Value *value) {
    old.replaceAllUsesWith(value);
    old.eraseFromParent();
  }

  static bool isLongConversion(const Instruction &i) {
    auto isLong = [](const Type *type) {
      return type->getScalarType()->isIntegerTy(64);
    };
    switch (i.getOpcode()) {
    case Instruction::SIToFP:
    case Instruction::UIToFP:
      return isLong(i.getOperand(0)->getType());
    case Instruction::FPToSI:
    case Instruction::FPToUI:
      return isLong(i.getType());
    default:
      return false;
    }
  }

  bool isDivision(const Instruction &i) const {
    switch (i.getOpcode()) {
    case Instruction::SDiv:
    case Instruction::UDiv:
    case Instruction::SRem:
    case Instruction::URem: {
      // By a constant is by multiplication, as long as a register is enough.
      const unsigned bits = i.getType()->getScalarSizeInBits();
      return bits > divisionBits &&
             !(bits <= 32 && isa<Constant>(i.getOperand(1)));
    }
    default:
      return false;
    }
  }

  // Floating-point arithmetic that NEON would do.
  static bool isFloatArithmetic(const Instruction &i) {
    if (!i.getOperand(0)->getType()->getScalarType()->isFloatTy())
      return false;
    switch (i.getOpcode()) {
    case Instruction::FAdd:
    case Instruction::FSub:
    case Instruction::FMul:
    case Instruction::FDiv:
    case Instruction::FRem:
    case Instruction::FCmp:
      return true;
    default:
      break;
    }
    auto *call = dyn_cast<IntrinsicInst>(&i);
    if (!call)
      return false;
    switch (call->getIntrinsicID()) {
    case Intrinsic::fma:
    case Intrinsic::sqrt:
    case Intrinsic::minnum:
    case Intrinsic::maxnum:
    case Intrinsic::minimum:
    case Intrinsic::maximum:
      return true;
    default:
      return false;
    }
  }

  bool isVectorToSplit(const Instruction &i) const {
    return isa<FixedVectorType>(i.getType()) &&
           (isLongConversion(i) || isDivision(i) ||
            (isARM && isFloatArithmetic(i)));
  }

  // The same operation, lane by lane.
  static Value *splitVector(Instruction &i) {
    IRBuilder<> b(&i);
    auto *type = cast<FixedVectorType>(i.getType());
    Value *result = PoisonValue::get(type);
    for (unsigned lane = 0; lane < type->getNumElements(); ++lane) {
      auto part = [&](unsigned operand) {
        return b.CreateExtractElement(i.getOperand(operand), lane);
      };
      Value *value;
      if (auto *call = dyn_cast<IntrinsicInst>(&i)) {
        SmallVector<Value *> parts;
        for (unsigned operand = 0; operand < call->arg_size(); ++operand)
          parts.push_back(part(operand));
        value = b.CreateIntrinsic(type->getElementType(),
                                  call->getIntrinsicID(), parts);
      } else if (auto *compare = dyn_cast<FCmpInst>(&i)) {
        value = b.CreateFCmp(compare->getPredicate(), part(0), part(1));
      } else if (auto *cast = dyn_cast<CastInst>(&i)) {
        value =
            b.CreateCast(cast->getOpcode(), part(0), type->getElementType());
      } else {
        value = b.CreateBinOp(Instruction::BinaryOps(i.getOpcode()), part(0),
                              part(1));
      }
      result = b.CreateInsertElement(result, value, lane);
    }
    return result;
  }

  // A store of a vector that was put together from scalars.
  static bool isStoreOfLanes(const Instruction &i) {
    auto *store = dyn_cast<StoreInst>(&i);
    return store && isa<InsertElementInst>(store->getValueOperand()) &&
           store->getValueOperand()->getType()->getScalarType()->isFloatTy();
  }

  // Stores them one by one: the vector would be put together on the stack.
  static void storeLanes(StoreInst &store) {
    IRBuilder<> b(&store);
    Value *value = store.getValueOperand();
    auto *type = cast<FixedVectorType>(value->getType());
    for (unsigned lane = 0; lane < type->getNumElements(); ++lane)
      b.CreateAlignedStore(
          findScalarElement(value, lane),
          b.CreateConstGEP1_32(type->getElementType(),
                               store.getPointerOperand(), lane),
          commonAlignment(store.getAlign(), lane * sizeof(float)));
    store.eraseFromParent();
  }

  static Value *convert(Instruction &i) {
    IRBuilder<> b(&i);
    Value *from = i.getOperand(0);
    switch (i.getOpcode()) {
    case Instruction::SIToFP:
    case Instruction::UIToFP:
      return toFloat(b, from, i.getType(),
                     i.getOpcode() == Instruction::SIToFP);
    default:
      return toInteger(b, from);
    }
  }

  // An i64 as a float, rounded once, to the nearest and of two to the even one.
  // A CPU may have floats and no doubles.
  static Value *toFloat(IRBuilder<> &b, Value *x, Type *type, bool isSigned) {
    Value *isNegative = isSigned ? b.CreateICmpSLT(x, b.getInt64(0))
                                 : static_cast<Value *>(b.getFalse());
    Value *magnitude = b.CreateSelect(isNegative, b.CreateNeg(x), x);
    Value *result =
        type->isDoubleTy() ? toDouble(b, magnitude) : toSingle(b, magnitude);
    return b.CreateSelect(isNegative, b.CreateFNeg(result), result);
  }

  static Value *toDouble(IRBuilder<> &b, Value *magnitude) {
    Type *i32 = b.getInt32Ty(), *f64 = b.getDoubleTy();
    Value *high = b.CreateTrunc(b.CreateLShr(magnitude, 32), i32);
    Value *low = b.CreateTrunc(magnitude, i32);
    Value *scaled = b.CreateFMul(b.CreateUIToFP(high, f64),
                                 ConstantFP::get(f64, 4294967296.0));
    return b.CreateFAdd(scaled, b.CreateUIToFP(low, f64));
  }

  static Value *toSingle(IRBuilder<> &b, Value *magnitude) {
    constexpr unsigned fraction = 23, bias = 127, dropped = 63 - fraction;
    Value *isZero = b.CreateICmpEQ(magnitude, b.getInt64(0));
    Value *zeros = b.CreateBinaryIntrinsic(Intrinsic::ctlz, magnitude,
                                           /*is_zero_poison=*/b.getFalse());
    // The highest bit becomes bit 63; it stands for itself in the exponent.
    Value *shifted = b.CreateShl(magnitude, b.CreateAnd(zeros, 63));
    Value *kept = b.CreateLShr(shifted, dropped);
    Value *rest = b.CreateAnd(shifted, (uint64_t(1) << dropped) - 1);
    Value *half = b.getInt64(uint64_t(1) << (dropped - 1));
    Value *isOdd = b.CreateTrunc(kept, b.getInt1Ty());
    Value *up = b.CreateOr(b.CreateICmpUGT(rest, half),
                           b.CreateAnd(b.CreateICmpEQ(rest, half), isOdd));
    Value *exponent = b.CreateSub(b.getInt64(bias + 63 - 1), zeros);
    Value *bits = b.CreateAdd(b.CreateShl(exponent, fraction), kept);
    bits = b.CreateAdd(bits, b.CreateZExt(up, b.getInt64Ty()));
    bits = b.CreateSelect(isZero, b.getInt64(0), bits);
    return b.CreateBitCast(b.CreateTrunc(bits, b.getInt32Ty()), b.getFloatTy());
  }

  // The integer part of a float as an i64; any bits where it does not fit.
  static Value *toInteger(IRBuilder<> &b, Value *x) {
    const bool isDouble = x->getType()->isDoubleTy();
    const unsigned fraction = isDouble ? 52 : 23, bias = isDouble ? 1023 : 127;
    Value *bits = b.CreateZExt(
        b.CreateBitCast(x, isDouble ? b.getInt64Ty() : b.getInt32Ty()),
        b.getInt64Ty());
    Value *exponent =
        b.CreateSub(b.CreateAnd(b.CreateLShr(bits, fraction), 2 * bias + 1),
                    b.getInt64(bias));
    Value *mantissa =
        b.CreateOr(b.CreateAnd(bits, (uint64_t(1) << fraction) - 1),
                   uint64_t(1) << fraction);
    Value *places = b.CreateSub(exponent, b.getInt64(fraction));
    Value *isLarge = b.CreateICmpSGE(places, b.getInt64(0));
    Value *large = b.CreateShl(mantissa, b.CreateAnd(places, 63));
    Value *small = b.CreateLShr(mantissa, b.CreateAnd(b.CreateNeg(places), 63));
    Value *magnitude = b.CreateSelect(isLarge, large, small);
    magnitude = b.CreateSelect(b.CreateICmpSLT(exponent, b.getInt64(0)),
                               b.getInt64(0), magnitude);
    Value *isNegative =
        b.CreateTrunc(b.CreateLShr(bits, isDouble ? 63 : 31), b.getInt1Ty());
    return b.CreateSelect(isNegative, b.CreateNeg(magnitude), magnitude);
  }
};

} // namespace

// Calls memset, memcpy and memmove by these names for what is long: LLVM would
// call others that an ABI has, __aeabi_memclr4 or bzero.
static void callByName(Module &module) {
  constexpr uint64_t inlined = 32;
  SmallVector<MemIntrinsic *> found;
  for (Function &function : module)
    for (Instruction &i : instructions(function))
      if (auto *op = dyn_cast<MemIntrinsic>(&i)) {
        auto *length = dyn_cast<ConstantInt>(op->getLength());
        if (!length || length->getZExtValue() > inlined)
          found.push_back(op);
      }
  for (MemIntrinsic *op : found) {
    IRBuilder<> b(op);
    Type *pointer = b.getPtrTy(), *size = b.getIntPtrTy(module.getDataLayout());
    auto *set = dyn_cast<MemSetInst>(op);
    StringRef name = set                    ? "memset"
                     : isa<MemMoveInst>(op) ? "memmove"
                                            : "memcpy";
    Type *second = set ? b.getInt32Ty() : pointer;
    FunctionCallee callee =
        module.getOrInsertFunction(name, pointer, pointer, second, size);
    Value *source = set ? b.CreateZExt(set->getValue(), second)
                        : cast<MemTransferInst>(op)->getRawSource();
    b.CreateCall(callee, {op->getRawDest(), source,
                          b.CreateZExtOrTrunc(op->getLength(), size)});
    op->eraseFromParent();
  }
}

void spellOut(Module &module, const TargetMachine &machine) {
  const Triple &triple = machine.getTargetTriple();
  if (triple.isARM() || triple.isThumb() || triple.isOSDarwin())
    callByName(module);
  if (triple.isAArch64())
    for (Function &function : module)
      HalvingMasks(/*most=*/16).run(function);
  if (!triple.isArch32Bit())
    return;
  const bool isARM = triple.isARM() || triple.isThumb();
  // Tables for unwinding would ask for a function that reads them.
  if (isARM)
    for (Function &function : module)
      function.setDoesNotThrow();
  const MCSubtargetInfo *info = machine.getMCSubtargetInfo();
  const bool divides =
      !isARM || info->checkFeatures(triple.isThumb() ? "+hwdiv" : "+hwdiv-arm");
  for (Function &function : module)
    if (!function.isDeclaration())
      SpellingOut(function, isARM, divides ? 32 : 31).run();
}

} // namespace mlir::bnn
