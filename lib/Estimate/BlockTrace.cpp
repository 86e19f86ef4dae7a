//===- BlockTrace.cpp - Which blocks a model runs -------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A compiled model whose shapes are known goes the same way for every input but
// for a few branches. So its way is found by taking it: scalar integers are
// computed, and nothing else. That knows the trips of loops whose bounds depend
// on outer counters, as those of tiles at an edge, which no closed form has.
//
//===----------------------------------------------------------------------===//

#include "lib/Estimate/BlockTrace.h"

#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/GetElementPtrTypeIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Operator.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace mlir::bnn {

namespace {
/// An integer or an address, if it is known.
struct Known {
  uint64_t bits = 0;
  bool known = false;
};

constexpr uint64_t lineSize = 64;
/// Blocks that a run may have: some seconds' and some hundred megabytes' worth.
constexpr uint64_t mostSteps = uint64_t(1) << 26;

/// A step of a program; what `a`, `b` and `c` are depends on its kind.
struct Step {
  enum Kind : uint8_t {
    Binary,      ///< result = a op b
    Compare,     ///< result = a predicate b
    Choose,      ///< result = a ? b : c
    Copy,        ///< result = a
    Extend,      ///< result = a, whose sign bit is bit `amount` - 1
    Absolute,    ///< result = |a|
    AddScaled,   ///< result = a + b * amount, where b has a sign
    Touch,       ///< `amount` bytes at a
    TouchRange,  ///< b bytes at a
    LoadAddress, ///< result = the address at a: of an object of its own
    Call,
    Hook,
    Forget ///< result = not known
  };
  Kind kind;
  uint8_t code = 0;  ///< An opcode, a predicate or an intrinsic's kind.
  uint8_t width = 0; ///< Bits of the result, or of what is compared.
  uint32_t result = 0, a = 0, b = 0, c = 0;
  int64_t amount = 0;
  const CallInst *call = nullptr;
};

enum MinMax : uint8_t { SMin = 200, SMax, UMin, UMax };
} // namespace

static int64_t signExtended(uint64_t bits, unsigned width) {
  return width >= 64 ? static_cast<int64_t>(bits) : SignExtend64(bits, width);
}

static uint64_t masked(uint64_t bits, unsigned width) {
  return width >= 64 ? bits : bits & maskTrailingOnes<uint64_t>(width);
}

struct BlockTrace::Result {
  FunctionRun run;
  Known returned;
};

/// A function, ready to run: each scalar has a slot.
class BlockTrace::Program {
public:
  Program(const Function &function, BlockTrace &trace);

  struct Block {
    const BasicBlock *ir;
    std::vector<uint32_t> phis;         ///< The slots of results.
    std::vector<uint32_t> predecessors; ///< As indices of blocks.
    /// For each predecessor the slots that the phis come from.
    std::vector<std::vector<uint32_t>> incoming;
    std::vector<Step> steps;
    uint32_t condition = 0; ///< The slot that decides.
    std::vector<uint32_t> successors;
    /// Of a switch: the value of each successor but the first, the default.
    std::vector<uint64_t> cases;
    /// Where it goes on when the condition is not known.
    uint32_t guess = 0;
    std::optional<uint32_t> returned; ///< If it returns: a slot, 0 for nothing.
  };

  std::vector<Block> blocks;
  std::vector<Known> slots; ///< As they are at first.
  std::vector<uint32_t> arguments;
  /// The slots of what is given to each call.
  std::vector<std::vector<uint32_t>> callArguments;

private:
  uint32_t slotOf(const llvm::Value *value);
  void add(const Instruction &inst, std::vector<Step> &steps);
  void addCall(const CallInst &call, std::vector<Step> &steps);
  void addIntrinsic(const IntrinsicInst &call, std::vector<Step> &steps);
  void touchRange(const CallInst &call, unsigned argument,
                  std::vector<Step> &steps);
  void addAddress(const GEPOperator &gep, uint32_t result,
                  std::vector<Step> &steps);
  void touch(const llvm::Value *pointer, llvm::Type *type,
             std::vector<Step> &steps);
  void chooseGuesses();

  bool isScalar(const llvm::Type *type) const {
    return type->isPointerTy() ||
           (type->isIntegerTy() && type->getIntegerBitWidth() <= 64);
  }
  unsigned widthOf(const llvm::Type *type) const {
    return type->isPointerTy() ? layout.getPointerSizeInBits()
                               : type->getIntegerBitWidth();
  }

  const Function &function;
  BlockTrace &trace;
  const llvm::DataLayout &layout;
  DenseMap<const llvm::Value *, uint32_t> numbers;
  uint64_t stackSize = 0;
};

/// Objects are far apart, so that none seems to overlap another. The last one
/// is the stack.
static uint64_t objectAddress(const llvm::DataLayout &layout, uint64_t number) {
  return layout.getPointerSizeInBits() == 64 ? (number + 1) << 36
                                             : ((number % 63) + 1) << 26;
}

static uint64_t stackAddress(const llvm::DataLayout &layout) {
  return layout.getPointerSizeInBits() == 64 ? uint64_t(0x7ff0) << 48
                                             : 0xfc000000;
}

uint32_t BlockTrace::Program::slotOf(const llvm::Value *value) {
  if (!isScalar(value->getType()))
    return 0;
  auto [found, isNew] = numbers.try_emplace(value, slots.size());
  if (!isNew)
    return found->second;
  Known initial;
  if (auto *integer = dyn_cast<ConstantInt>(value)) {
    initial = {integer->getZExtValue(), true};
  } else if (isa<ConstantPointerNull>(value)) {
    initial = {0, true};
  } else if (isa<Constant>(value) && value->getType()->isPointerTy()) {
    APInt offset(layout.getIndexTypeSizeInBits(value->getType()), 0);
    const llvm::Value *base = value->stripAndAccumulateConstantOffsets(
        layout, offset, /*AllowNonInbounds=*/true);
    if (auto *global = dyn_cast<GlobalValue>(base)) {
      // Arguments have the first numbers.
      uint64_t object =
          trace.globals.try_emplace(global, 64 + trace.globals.size())
              .first->second;
      initial = {objectAddress(layout, object) + offset.getSExtValue(), true};
    }
  } else if (auto *slot = dyn_cast<AllocaInst>(value)) {
    if (auto size = slot->getAllocationSize(layout)) {
      initial = {stackAddress(layout) + stackSize, true};
      stackSize += alignTo(size->getKnownMinValue(), lineSize);
    }
  }
  slots.push_back(initial);
  return found->second;
}

void BlockTrace::Program::touch(const llvm::Value *pointer, llvm::Type *type,
                                std::vector<Step> &steps) {
  Step step{Step::Touch};
  step.a = slotOf(pointer);
  step.amount = layout.getTypeStoreSize(type).getKnownMinValue();
  steps.push_back(step);
}

void BlockTrace::Program::addAddress(const GEPOperator &gep, uint32_t result,
                                     std::vector<Step> &steps) {
  unsigned width = layout.getPointerSizeInBits();
  uint32_t from = slotOf(gep.getPointerOperand());
  int64_t constant = 0;
  auto addScaled = [&](uint32_t index, unsigned bits, int64_t scale) {
    Step step{Step::AddScaled};
    step.code = bits;
    step.width = width;
    step.a = from;
    step.b = index;
    step.amount = scale;
    step.result = from = result;
    steps.push_back(step);
  };
  for (auto type = gep_type_begin(gep), end = gep_type_end(gep); type != end;
       ++type) {
    const llvm::Value *index = type.getOperand();
    if (StructType *aggregate = type.getStructTypeOrNull()) {
      unsigned field = cast<ConstantInt>(index)->getZExtValue();
      constant += layout.getStructLayout(aggregate)->getElementOffset(field);
      continue;
    }
    int64_t scale = type.getSequentialElementStride(layout).getKnownMinValue();
    if (auto *number = dyn_cast<ConstantInt>(index))
      constant += number->getSExtValue() * scale;
    else
      addScaled(slotOf(index),
                isScalar(index->getType()) ? widthOf(index->getType()) : 64,
                scale);
  }
  addScaled(slotOf(ConstantInt::get(
                llvm::Type::getInt64Ty(function.getContext()), 1)),
            64, constant);
}

void BlockTrace::Program::addCall(const CallInst &call,
                                  std::vector<Step> &steps) {
  uint32_t result = slotOf(&call);
  const Function *callee = call.getCalledFunction();
  if (!callee) {
    Step step{Step::Hook};
    step.call = &call;
    if (call.arg_size() == 3) {
      step.a = slotOf(call.getArgOperand(1));
      step.b = slotOf(call.getArgOperand(2));
    }
    steps.push_back(step);
  } else if (!callee->isDeclaration()) {
    Step step{Step::Call};
    step.call = &call;
    step.result = result;
    step.b = callArguments.size();
    auto &slotsOfCall = callArguments.emplace_back();
    for (const Use &argument : call.args())
      slotsOfCall.push_back(slotOf(argument.get()));
    steps.push_back(step);
    return;
  }
  StringRef name = callee ? callee->getName() : "";
  if (name == "memcpy" || name == "memmove")
    touchRange(call, 1, steps);
  if (name == "memcpy" || name == "memmove" || name == "memset")
    touchRange(call, 0, steps);
  if (callee && callee->isIntrinsic())
    addIntrinsic(*cast<IntrinsicInst>(&call), steps);
}

void BlockTrace::Program::touchRange(const CallInst &call, unsigned argument,
                                     std::vector<Step> &steps) {
  Step step{Step::TouchRange};
  step.a = slotOf(call.getArgOperand(argument));
  step.b = slotOf(call.getArgOperand(2));
  steps.push_back(step);
}

void BlockTrace::Program::addIntrinsic(const IntrinsicInst &call,
                                       std::vector<Step> &steps) {
  Step step{Step::Forget};
  step.result = slotOf(&call);
  auto binary = [&](uint8_t code) {
    step.kind = Step::Binary;
    step.code = code;
    step.b = slotOf(call.getArgOperand(1));
  };
  switch (call.getIntrinsicID()) {
  case Intrinsic::memcpy:
  case Intrinsic::memmove:
    touchRange(call, 1, steps);
    [[fallthrough]];
  case Intrinsic::memset:
    return touchRange(call, 0, steps);
  case Intrinsic::masked_load:
  case Intrinsic::masked_expandload:
  case Intrinsic::masked_gather:
    return touch(call.getArgOperand(0), call.getType(), steps);
  case Intrinsic::masked_store:
  case Intrinsic::masked_compressstore:
  case Intrinsic::masked_scatter:
    return touch(call.getArgOperand(1), call.getArgOperand(0)->getType(),
                 steps);
  case Intrinsic::smin:
    binary(SMin);
    break;
  case Intrinsic::smax:
    binary(SMax);
    break;
  case Intrinsic::umin:
    binary(UMin);
    break;
  case Intrinsic::umax:
    binary(UMax);
    break;
  case Intrinsic::abs:
    step.kind = Step::Absolute;
    break;
  default:
    break;
  }
  if (!step.result)
    return;
  step.width = widthOf(call.getType());
  if (step.kind != Step::Forget)
    step.a = slotOf(call.getArgOperand(0));
  steps.push_back(step);
}

void BlockTrace::Program::add(const Instruction &inst,
                              std::vector<Step> &steps) {
  if (isa<PHINode, AllocaInst>(inst) || inst.isTerminator())
    return;
  if (auto *call = dyn_cast<CallInst>(&inst))
    return addCall(*call, steps);
  if (auto *load = dyn_cast<LoadInst>(&inst))
    touch(load->getPointerOperand(), load->getType(), steps);
  if (auto *store = dyn_cast<StoreInst>(&inst))
    return touch(store->getPointerOperand(),
                 store->getValueOperand()->getType(), steps);
  uint32_t result = slotOf(&inst);
  if (!result)
    return;
  Step step{Step::Forget};
  step.result = result;
  step.width = widthOf(inst.getType());
  auto operand = [&](unsigned i) { return slotOf(inst.getOperand(i)); };
  if (isa<BinaryOperator>(inst)) {
    step.kind = Step::Binary;
    step.code = inst.getOpcode();
    step.a = operand(0);
    step.b = operand(1);
  } else if (auto *compare = dyn_cast<ICmpInst>(&inst)) {
    step.kind = Step::Compare;
    step.code = compare->getPredicate();
    step.a = operand(0);
    step.b = operand(1);
    if (!step.a || !step.b)
      step.kind = Step::Forget;
    else
      step.width = widthOf(compare->getOperand(0)->getType());
  } else if (isa<SelectInst>(inst)) {
    step.kind = Step::Choose;
    step.a = operand(0);
    step.b = operand(1);
    step.c = operand(2);
  } else if (isa<SExtInst>(inst)) {
    step.kind = Step::Extend;
    step.a = operand(0);
    step.amount = widthOf(inst.getOperand(0)->getType());
  } else if (isa<ZExtInst, TruncInst, PtrToIntInst, IntToPtrInst, FreezeInst,
                 BitCastInst>(inst)) {
    step.kind = Step::Copy;
    step.a = operand(0);
  } else if (auto *gep = dyn_cast<GEPOperator>(&inst)) {
    return addAddress(*gep, result, steps);
  } else if (isa<LoadInst>(inst) && inst.getType()->isPointerTy()) {
    step.kind = Step::LoadAddress;
    step.a = operand(0);
  }
  steps.push_back(step);
}

namespace {
/// What can come after a block before another one does.
struct Ahead {
  size_t hooks = 0, blocks = 0;
};
} // namespace

static Ahead lookAhead(const BasicBlock *from, const BasicBlock *without) {
  DenseSet<const BasicBlock *> seen{without};
  SmallVector<const BasicBlock *> open{from};
  Ahead ahead;
  while (!open.empty()) {
    const BasicBlock *block = open.pop_back_val();
    if (!seen.insert(block).second)
      continue;
    ++ahead.blocks;
    ahead.hooks += llvm::count_if(*block, [](const Instruction &inst) {
      auto *call = dyn_cast<CallInst>(&inst);
      return call && !call->getCalledFunction();
    });
    llvm::append_range(open, successors(block));
  }
  return ahead;
}

/// Whether nothing comes from `before` on through `block` but the return of a
/// number other than 0, as a function does that fails.
static bool fails(const BasicBlock *before, const BasicBlock *block) {
  while (const BasicBlock *next = block->getUniqueSuccessor()) {
    before = block;
    block = next;
  }
  auto *leave = dyn_cast<ReturnInst>(block->getTerminator());
  const llvm::Value *value = leave ? leave->getReturnValue() : nullptr;
  if (auto *phi = dyn_cast_or_null<PHINode>(value);
      phi && phi->getParent() == block)
    value = phi->getIncomingValueForBlock(before);
  auto *number = dyn_cast_or_null<ConstantInt>(value);
  return number && !number->isZero();
}

void BlockTrace::Program::chooseGuesses() {
  DominatorTree dominators(const_cast<Function &>(function));
  LoopInfo loops(dominators);
  for (Block &block : blocks) {
    if (block.successors.size() < 2)
      continue;
    const Loop *loop = loops.getLoopFor(block.ir);
    SmallVector<BasicBlock *> exiting;
    if (loop)
      loop->getExitingBlocks(exiting);
    const bool exits = is_contained(exiting, block.ir);
    std::optional<Ahead> best;
    for (auto [i, next] : enumerate(block.successors)) {
      const BasicBlock *ir = blocks[next].ir;
      if (exits && loop->contains(ir) != (exiting.size() > 1))
        continue;
      if (fails(block.ir, ir))
        continue;
      Ahead ahead = lookAhead(ir, block.ir);
      if (!best || ahead.hooks > best->hooks ||
          (ahead.hooks == best->hooks && ahead.blocks < best->blocks)) {
        best = ahead;
        block.guess = i;
      }
    }
  }
}

BlockTrace::Program::Program(const Function &function, BlockTrace &trace)
    : function(function), trace(trace),
      layout(function.getParent()->getDataLayout()) {
  slots.emplace_back(); // What is not followed.
  DenseMap<const BasicBlock *, uint32_t> indices;
  for (const BasicBlock &block : function)
    indices.try_emplace(&block, indices.size());
  for (const Argument &argument : function.args())
    arguments.push_back(slotOf(&argument));
  for (const BasicBlock &ir : function) {
    Block &block = blocks.emplace_back();
    block.ir = &ir;
    for (const BasicBlock *before : predecessors(&ir))
      if (uint32_t index = indices.lookup(before);
          !is_contained(block.predecessors, index))
        block.predecessors.push_back(index);
    block.incoming.resize(block.predecessors.size());
    for (const PHINode &phi : ir.phis()) {
      uint32_t result = slotOf(&phi);
      if (!result)
        continue;
      block.phis.push_back(result);
      for (auto [i, before] : enumerate(block.predecessors)) {
        auto from = std::next(function.begin(), before);
        block.incoming[i].push_back(
            slotOf(phi.getIncomingValueForBlock(&*from)));
      }
    }
    for (const Instruction &inst : ir)
      add(inst, block.steps);
    const Instruction *end = ir.getTerminator();
    for (const BasicBlock *next : successors(&ir))
      block.successors.push_back(indices.lookup(next));
    if (auto *branch = dyn_cast<BranchInst>(end)) {
      if (branch->isConditional())
        block.condition = slotOf(branch->getCondition());
    } else if (auto *table = dyn_cast<SwitchInst>(end)) {
      block.condition = slotOf(table->getCondition());
      // Successors are the default, and then the cases in order.
      for (const auto &entry : table->cases())
        block.cases.push_back(entry.getCaseValue()->getZExtValue());
    } else if (auto *leave = dyn_cast<ReturnInst>(end)) {
      block.returned =
          leave->getReturnValue() ? slotOf(leave->getReturnValue()) : 0;
    }
  }
  chooseGuesses();
}

/// One run of a program.
class BlockTrace::Machine {
public:
  Machine(BlockTrace &trace, Program &program, Result &result)
      : trace(trace), program(program), result(result), slots(program.slots),
        layout(result.run.function->getParent()->getDataLayout()),
        stack(stackAddress(layout)) {
    result.run.bytes.push_back(0);
  }

  Error run(ArrayRef<std::optional<uint64_t>> arguments) {
    for (auto [slot, value] : zip_equal(program.arguments, arguments))
      if (slot && value)
        slots[slot] = {*value, true};
    uint32_t before = 0, current = 0;
    std::vector<Known> moved;
    while (true) {
      if (++trace.steps > mostSteps)
        return createStringError(
            "the code runs more than " + Twine(mostSteps) +
            " blocks, too many to follow for an estimate: compile without "
            "--reference, or for fewer elements with --input-shape");
      const Program::Block &block = program.blocks[current];
      result.run.path.push_back(current);
      if (!block.phis.empty()) {
        size_t from =
            llvm::find(block.predecessors, before) - block.predecessors.begin();
        moved.clear();
        for (uint32_t slot : block.incoming[from])
          moved.push_back(slots[slot]);
        for (auto [slot, value] : zip_equal(block.phis, moved))
          slots[slot] = value;
      }
      for (const Step &step : block.steps)
        if (Error error = execute(step))
          return error;
      if (block.successors.empty()) {
        if (block.returned)
          result.returned = slots[*block.returned];
        break;
      }
      before = current;
      current = block.successors[next(block)];
    }
    closeBytes();
    return Error::success();
  }

private:
  size_t next(const Program::Block &block) {
    if (block.successors.size() == 1)
      return 0;
    const Known &condition = slots[block.condition];
    if (!condition.known) {
      ++result.run.guesses;
      return block.guess;
    }
    if (block.cases.empty())
      return condition.bits ? 0 : 1;
    return (llvm::find(block.cases, condition.bits) - block.cases.begin() + 1) %
           (block.cases.size() + 1);
  }

  void closeBytes() {
    result.run.bytes.back() += lines.size() * lineSize;
    lines.clear();
    lastLine = ~uint64_t(0);
  }

  void touch(const Known &address, uint64_t size) {
    if (!address.known) {
      result.run.bytes.back() += size;
      return;
    }
    if (address.bits >= stack || !size)
      return;
    uint64_t last = (address.bits + size - 1) / lineSize;
    for (uint64_t line = address.bits / lineSize; line <= last; ++line) {
      if (line != lastLine)
        lines.insert(line);
      lastLine = line;
    }
  }

  static std::optional<uint64_t> compute(const Step &step, uint64_t a,
                                         uint64_t b);
  static bool holds(const Step &step, uint64_t a, uint64_t b);
  Error execute(const Step &step);
  Error call(const Step &step);

  BlockTrace &trace;
  Program &program;
  Result &result;
  std::vector<Known> slots;
  const llvm::DataLayout &layout;
  const uint64_t stack;
  DenseSet<uint64_t> lines;
  uint64_t lastLine = ~uint64_t(0);
  /// The objects whose addresses were loaded, by where from.
  std::map<uint64_t, uint64_t> loaded;
};

std::optional<uint64_t> BlockTrace::Machine::compute(const Step &step,
                                                     uint64_t a, uint64_t b) {
  int64_t signedA = signExtended(a, step.width);
  int64_t signedB = signExtended(b, step.width);
  const bool overflows = signedB == -1 && signedA == INT64_MIN;
  switch (step.code) {
  case Instruction::Add:
    return a + b;
  case Instruction::Sub:
    return a - b;
  case Instruction::Mul:
    return a * b;
  case Instruction::And:
    return a & b;
  case Instruction::Or:
    return a | b;
  case Instruction::Xor:
    return a ^ b;
  case Instruction::Shl:
    if (b < step.width)
      return a << b;
    break;
  case Instruction::LShr:
    if (b < step.width)
      return a >> b;
    break;
  case Instruction::AShr:
    if (b < step.width)
      return signedA >> b;
    break;
  case Instruction::UDiv:
    if (b)
      return a / b;
    break;
  case Instruction::URem:
    if (b)
      return a % b;
    break;
  case Instruction::SDiv:
    if (b && !overflows)
      return signedA / signedB;
    break;
  case Instruction::SRem:
    if (b && !overflows)
      return signedA % signedB;
    break;
  case SMin:
    return std::min(signedA, signedB);
  case SMax:
    return std::max(signedA, signedB);
  case UMin:
    return std::min(a, b);
  case UMax:
    return std::max(a, b);
  }
  return std::nullopt;
}

bool BlockTrace::Machine::holds(const Step &step, uint64_t a, uint64_t b) {
  return ICmpInst::compare(APInt(step.width, a), APInt(step.width, b),
                           static_cast<CmpInst::Predicate>(step.code));
}

Error BlockTrace::Machine::call(const Step &step) {
  const Function *callee = step.call->getCalledFunction();
  std::vector<std::optional<uint64_t>> arguments;
  // Of a pointer only what it points to matters, an object of its own: one run
  // of a kernel stands for those of all layers.
  for (auto [i, operand] : enumerate(step.call->args())) {
    std::optional<uint64_t> &argument = arguments.emplace_back();
    const Known &value = slots[program.callArguments[step.b][i]];
    if (operand->getType()->isPointerTy()) {
      if (!value.known || value.bits)
        argument = objectAddress(layout, i) +
                   (value.known ? value.bits % lineSize : 0);
      else
        argument = 0;
    } else if (value.known) {
      argument = value.bits;
    }
  }
  std::unique_ptr<Result> &known = trace.results[{callee, arguments}];
  if (!known) {
    std::unique_ptr<Program> &code = trace.programs[callee];
    if (!code)
      code = std::make_unique<Program>(*callee, trace);
    auto made = std::make_unique<Result>();
    made->run.function = callee;
    if (Error error = Machine(trace, *code, *made).run(arguments))
      return error;
    known = std::move(made);
  }
  result.run.events.push_back({&known->run});
  if (step.result)
    slots[step.result] = known->returned;
  return Error::success();
}

Error BlockTrace::Machine::execute(const Step &step) {
  const Known a = slots[step.a], b = slots[step.b];
  Known value;
  switch (step.kind) {
  case Step::Binary:
    if (a.known && b.known)
      if (auto bits = compute(step, a.bits, b.bits))
        value = {masked(*bits, step.width), true};
    break;
  case Step::Compare:
    if (a.known && b.known)
      value = {holds(step, a.bits, b.bits), true};
    break;
  case Step::Choose:
    if (a.known)
      value = a.bits ? b : slots[step.c];
    break;
  case Step::Copy:
    value = {masked(a.bits, step.width), a.known};
    break;
  case Step::Extend:
    value = {masked(signExtended(a.bits, step.amount), step.width), a.known};
    break;
  case Step::Absolute:
    value = {masked(std::abs(signExtended(a.bits, step.width)), step.width),
             a.known};
    break;
  case Step::AddScaled:
    value = {masked(a.bits + signExtended(b.bits, step.code) * step.amount,
                    step.width),
             a.known && b.known};
    break;
  case Step::LoadAddress:
    if (a.known)
      value = {
          objectAddress(
              layout,
              4096 + loaded.try_emplace(a.bits, loaded.size()).first->second),
          true};
    break;
  case Step::Forget:
    break;
  case Step::Touch:
    touch(a, step.amount);
    return Error::success();
  case Step::TouchRange:
    if (b.known)
      touch(a, b.bits);
    return Error::success();
  case Step::Call:
    return call(step);
  case Step::Hook:
    closeBytes();
    result.run.bytes.push_back(0);
    result.run.events.push_back(
        {nullptr, static_cast<uint32_t>(a.bits), b.bits});
    return Error::success();
  }
  slots[step.result] = value;
  return Error::success();
}

BlockTrace::BlockTrace(const Module &module) : module(module) {}
BlockTrace::~BlockTrace() = default;

Expected<const FunctionRun *> BlockTrace::run(const Function &function) {
  std::vector<std::optional<uint64_t>> arguments;
  for (const Argument &argument : function.args())
    arguments.push_back(argument.getType()->isPointerTy()
                            ? std::optional(objectAddress(
                                  module.getDataLayout(), argument.getArgNo()))
                            : std::nullopt);
  auto &result = results[{&function, arguments}];
  result = std::make_unique<Result>();
  result->run.function = &function;
  auto &program = programs[&function];
  if (!program)
    program = std::make_unique<Program>(function, *this);
  if (Error error = Machine(*this, *program, *result).run(arguments))
    return std::move(error);
  return &result->run;
}

} // namespace mlir::bnn
