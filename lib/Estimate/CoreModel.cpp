//===- CoreModel.cpp - LLVM's model of a CPU at work ----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Estimate/CoreModel.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/MC/MCInstrAnalysis.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCRegisterInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/MCA/Context.h"
#include "llvm/MCA/CustomBehaviour.h"
#include "llvm/MCA/HWEventListener.h"
#include "llvm/MCA/InstrBuilder.h"
#include "llvm/MCA/Pipeline.h"
#include "llvm/MCA/SourceMgr.h"
#include "llvm/MCA/Support.h"

#include <map>
#include <set>

using namespace llvm;

namespace mlir::bnn {

namespace {
/// A stream of this many instructions is simulated from end to end; of a longer
/// one so many windows of so many instructions, after some that warm them up.
constexpr size_t wholeStream = 98304, windows = 24, windowSize = 3072,
                 warmUp = 768;

struct Piece {
  std::vector<std::unique_ptr<mca::Instruction>> instructions;
  double limit = 0;
};

/// Gives the pipeline the instructions of a stream.
class StreamSource : public mca::SourceMgr {
public:
  explicit StreamSource(std::vector<const mca::Instruction *> stream)
      : stream(std::move(stream)) {}
  ArrayRef<UniqueInst> getInstructions() const override { return {}; }
  size_t size() const override { return stream.size(); }
  bool hasNext() const override { return current < stream.size(); }
  bool isEnd() const override { return !hasNext(); }
  mca::SourceRef peekNext() const override {
    return {current, *stream[current]};
  }
  void updateNext() override { ++current; }

private:
  std::vector<const mca::Instruction *> stream;
  unsigned current = 0;
};

/// Notes when so many instructions had been retired.
class RetireClock : public mca::HWEventListener {
public:
  explicit RetireClock(size_t count) : count(count) {}
  void onCycleEnd() override { ++cycle; }
  void onEvent(const mca::HWInstructionEvent &event) override {
    if (event.Type == mca::HWInstructionEvent::Retired && ++retired == count)
      when = cycle + 1;
  }
  size_t count, retired = 0;
  uint64_t cycle = 0, when = 0;
};
} // namespace

struct CoreModel::State {
  TargetSpec spec;
  std::unique_ptr<MCSubtargetInfo> subtarget;
  std::unique_ptr<MCRegisterInfo> registers;
  std::unique_ptr<MCInstrInfo> instructions;
  std::unique_ptr<MCInstrAnalysis> analysis;
  std::unique_ptr<mca::InstrumentManager> instruments;
  /// Makes instructions, and those of which a result is a register that is
  /// constant, as a comparison's is AArch64's zero. What the builder finds out
  /// about the first instruction of an opcode it takes to be true of all, and
  /// of such results nothing (LLVM 19).
  std::unique_ptr<mca::InstrBuilder> builder, constantBuilder;
  std::vector<Piece> pieces;
  std::set<std::string> unknown;

  double simulate(std::vector<const mca::Instruction *> stream,
                  size_t warm) const;
  void append(uint32_t piece,
              std::vector<const mca::Instruction *> &stream) const {
    for (const auto &inst : pieces[piece].instructions)
      stream.push_back(inst.get());
  }
};

CoreModel::CoreModel() : state(std::make_unique<State>()) {}
CoreModel::~CoreModel() = default;

/// Whether a name of LLVM's stands for a set of features, or for no CPU in
/// particular; the models that such names have are those of another CPU.
static bool isNoCPU(StringRef cpu) {
  return cpu.starts_with("generic") || cpu.starts_with("x86-64");
}

Expected<std::unique_ptr<CoreModel>> CoreModel::create(const TargetSpec &spec) {
  if (isNoCPU(spec.cpu))
    return createStringError("'" + spec.cpu +
                             "' is no CPU that LLVM has a scheduling model of: "
                             "name one in --estimate, such as cortex-a76, "
                             "neoverse-v1 or znver4");
  std::unique_ptr<CoreModel> model(new CoreModel);
  State &state = *model->state;
  state.spec = spec;
  state.subtarget = createSubtargetInfo(spec);
  if (!state.subtarget->getSchedModel().hasInstrSchedModel())
    return createStringError("LLVM has no scheduling model of the CPU '" +
                             spec.cpu + "' (" + spec.triple +
                             "): name another one in --estimate");
  std::string message;
  const Target *target = TargetRegistry::lookupTarget(spec.triple, message);
  state.registers.reset(target->createMCRegInfo(spec.triple));
  state.instructions.reset(target->createMCInstrInfo());
  state.analysis.reset(target->createMCInstrAnalysis(state.instructions.get()));
  state.instruments = std::make_unique<mca::InstrumentManager>(
      *state.subtarget, *state.instructions);
  for (auto *builder : {&state.builder, &state.constantBuilder})
    *builder = std::make_unique<mca::InstrBuilder>(
        *state.subtarget, *state.instructions, *state.registers,
        state.analysis.get(), *state.instruments, /*CallLatency=*/1);
  return std::move(model);
}

bool CoreModel::isCall(const MCInst &inst) const {
  return state->instructions->get(inst.getOpcode()).isCall();
}

bool CoreModel::isIndirectCall(const MCInst &inst) const {
  return isCall(inst) && none_of(inst, [](const MCOperand &operand) {
           return operand.isExpr();
         });
}

uint32_t CoreModel::add(ArrayRef<MCInst> instructions) {
  Piece piece;
  const MCSchedModel &model = state->subtarget->getSchedModel();
  SmallVector<uint64_t> masks(model.getNumProcResourceKinds());
  mca::computeProcResourceMasks(model, masks);
  SmallVector<unsigned> usage(model.getNumProcResourceKinds());
  unsigned microOps = 0;
  for (const MCInst &inst : instructions) {
    const MCInstrDesc &desc = state->instructions->get(inst.getOpcode());
    // llvm-mca warns of both.
    if (desc.isCall() || desc.isReturn())
      continue;
    auto isConstant = [&](const MCOperand &operand) {
      return operand.isReg() && state->registers->isConstant(operand.getReg());
    };
    const bool hasConstant = any_of(
        make_range(inst.begin(), inst.begin() + desc.getNumDefs()), isConstant);
    auto made = (hasConstant ? state->constantBuilder : state->builder)
                    ->createInstruction(inst, {});
    if (!made) {
      consumeError(made.takeError());
      state->unknown.insert(
          state->instructions->getName(inst.getOpcode()).str());
      continue;
    }
    const mca::InstrDesc &known = (*made)->getDesc();
    microOps += known.NumMicroOps;
    for (const auto &[mask, use] : known.Resources)
      if (use.size())
        usage[llvm::find(masks, mask) - masks.begin()] += use.size();
    piece.instructions.push_back(std::move(*made));
  }
  piece.limit =
      mca::computeBlockRThroughput(model, model.IssueWidth, microOps, usage);
  state->pieces.push_back(std::move(piece));
  return state->pieces.size() - 1;
}

double CoreModel::State::simulate(std::vector<const mca::Instruction *> stream,
                                  size_t warm) const {
  if (stream.size() <= warm)
    return 0;
  StreamSource source(std::move(stream));
  mca::Context context(*registers, *subtarget);
  mca::CustomBehaviour behaviour(*subtarget, source, *instructions);
  // As llvm-mca has them.
  mca::PipelineOptions options(/*UOPQSize=*/0, /*DecThr=*/0, /*DW=*/0,
                               /*RFS=*/0, /*LQS=*/0, /*SQS=*/0,
                               /*NoAlias=*/true);
  auto pipeline = context.createDefaultPipeline(options, source, behaviour);
  RetireClock clock(warm);
  pipeline->addEventListener(&clock);
  return cantFail(pipeline->run()) - static_cast<double>(clock.when);
}

double CoreModel::cyclesOf(ArrayRef<uint32_t> stream) const {
  size_t total = 0;
  double limit = 0;
  for (uint32_t piece : stream) {
    total += sizeOf(piece);
    limit += limitOf(piece);
  }
  std::vector<const mca::Instruction *> part;
  if (total <= wholeStream) {
    for (uint32_t piece : stream)
      state->append(piece, part);
    return state->simulate(std::move(part), 0);
  }
  // What the windows take over what they would at least; then of all.
  double seen = 0, least = 0;
  size_t position = 0, window = 0;
  for (size_t i = 0; i < stream.size() && window < windows; ++i) {
    const size_t length = warmUp + windowSize;
    // The windows are spread evenly, in steps that no loop's length divides.
    const size_t start = (total - length) / windows * window +
                         window * 7919 % ((total - length) / windows);
    if (position >= start) {
      part.clear();
      size_t j = i;
      while (j < stream.size() && part.size() < warmUp)
        state->append(stream[j++], part);
      const size_t warm = part.size();
      double here = 0;
      while (j < stream.size() && part.size() < warm + windowSize) {
        here += limitOf(stream[j]);
        state->append(stream[j++], part);
      }
      seen += state->simulate(std::move(part), warm);
      least += here;
      part = {};
      ++window;
    }
    position += sizeOf(stream[i]);
  }
  return limit * seen / least;
}

double CoreModel::cyclesOfIteration(ArrayRef<uint32_t> iteration) const {
  constexpr unsigned warm = 50, counted = 100;
  std::vector<const mca::Instruction *> stream;
  size_t warmSize = 0;
  for (unsigned i = 0; i < warm + counted; ++i) {
    for (uint32_t piece : iteration)
      state->append(piece, stream);
    if (i + 1 == warm)
      warmSize = stream.size();
  }
  return state->simulate(std::move(stream), warmSize) / counted;
}

double CoreModel::limitOf(uint32_t piece) const {
  return state->pieces[piece].limit;
}

size_t CoreModel::sizeOf(uint32_t piece) const {
  return state->pieces[piece].instructions.size();
}

std::vector<std::pair<std::string, unsigned>>
CoreModel::opcodesOf(ArrayRef<uint32_t> pieces) const {
  std::map<std::string, unsigned> counts;
  for (uint32_t piece : pieces)
    for (const auto &inst : state->pieces[piece].instructions)
      ++counts[state->instructions->getName(inst->getOpcode()).str()];
  return {counts.begin(), counts.end()};
}

unsigned CoreModel::issueWidth() const {
  return state->subtarget->getSchedModel().IssueWidth;
}

bool CoreModel::isInOrder() const {
  return !state->subtarget->getSchedModel().isOutOfOrder();
}

std::vector<std::string> CoreModel::unknownInstructions() const {
  return {state->unknown.begin(), state->unknown.end()};
}

std::vector<std::string> CoreModel::sameModel() const {
  std::vector<std::string> names;
  for (const SubtargetSubTypeKV &cpu :
       state->subtarget->getAllProcessorDescriptions())
    if (cpu.SchedModel == &state->subtarget->getSchedModel() &&
        cpu.Key != state->spec.cpu && !isNoCPU(cpu.Key))
      names.push_back(cpu.Key);
  return names;
}

} // namespace mlir::bnn
