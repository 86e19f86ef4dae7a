//===- Estimate.cpp - What a model costs on a CPU -------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Estimate/Estimate.h"
#include "lib/Estimate/BlockTrace.h"
#include "lib/Estimate/CodeTrace.h"
#include "lib/Estimate/CoreModel.h"
#include "lib/Estimate/EmittedCode.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"

#include <map>

using namespace llvm;

namespace mlir::bnn {

double Estimate::totalCycles() const {
  double total = 0;
  for (const OpEstimate &op : ops)
    total += cycles(op);
  return total;
}

namespace {
/// What a run costs with all that it calls: for a function that calls the hook,
/// before its first call, and after each.
struct RunCost {
  std::vector<double> cycles;
  std::vector<uint64_t> instructions, bytes;
};

/// A loop in one run of its function.
struct LoopRun {
  uint64_t entries = 0, iterations = 0;
  /// The ways through it, and how often each was taken.
  std::map<std::vector<uint32_t>, uint64_t> ways;
};

class Estimator {
public:
  Estimator(Estimate &result, const EmittedCode &code, CoreModel &core)
      : result(result), code(code), core(core) {}

  /// Adds the operations below a run of the model.
  Error add(const FunctionRun &run, const ModelInterface &interface);

private:
  /// The pieces of each block of a function: split where the hook is called, if
  /// it is.
  struct Function {
    const EmittedFunction *code;
    std::vector<std::vector<uint32_t>> pieces;
  };

  Expected<const RunCost *> costOf(const FunctionRun &run);
  const Function &functionOf(const FunctionRun &run);
  void findLoops(const FunctionRun &run, const Function &function,
                 ArrayRef<uint32_t> blocks);
  void countRuns(const FunctionRun &run);
  void addLoops();

  Estimate &result;
  const EmittedCode &code;
  CoreModel &core;
  std::map<const llvm::Function *, Function> functions;
  std::map<const FunctionRun *, RunCost> costs;
  std::map<const FunctionRun *, uint64_t> runs;
  /// In the order in which they are met.
  MapVector<const FunctionRun *, std::map<uint32_t, LoopRun>> loops;
};
} // namespace

const Estimator::Function &Estimator::functionOf(const FunctionRun &run) {
  auto [found, isNew] = functions.try_emplace(run.function);
  Function &function = found->second;
  if (!isNew)
    return function;
  function.code = code.find(run.function);
  for (const EmittedBlock &block : function.code->blocks) {
    std::vector<uint32_t> &pieces = function.pieces.emplace_back();
    ArrayRef<MCInst> rest = block.instructions;
    auto isHook = [&](const MCInst &inst) {
      return run.callsHook() && core.isIndirectCall(inst);
    };
    for (auto hook = llvm::find_if(rest, isHook); hook != rest.end();
         hook = llvm::find_if(rest, isHook)) {
      size_t size = hook - rest.begin();
      pieces.push_back(core.add(rest.take_front(size)));
      rest = rest.drop_front(size + 1);
    }
    pieces.push_back(core.add(rest));
  }
  return function;
}

void Estimator::findLoops(const FunctionRun &run, const Function &function,
                          ArrayRef<uint32_t> blocks) {
  int current = -1;
  std::vector<uint32_t> way;
  auto close = [&] {
    if (current >= 0 && !way.empty())
      ++loops[&run][current].ways[way];
    way.clear();
  };
  for (uint32_t block : blocks) {
    int loop = function.code->blocks[block].innermostLoop;
    if (loop != current || static_cast<int>(block) == loop)
      close();
    if (loop >= 0) {
      LoopRun &found = loops[&run][loop];
      found.entries += loop != current;
      found.iterations += static_cast<int>(block) == loop;
      llvm::append_range(way, function.pieces[block]);
    }
    current = loop;
  }
  close();
}

Expected<const RunCost *> Estimator::costOf(const FunctionRun &run) {
  auto [found, isNew] = costs.try_emplace(&run);
  RunCost &cost = found->second;
  if (!isNew)
    return &cost;
  const Function &function = functionOf(run);
  auto blocks = followRun(run, *function.code);
  if (!blocks)
    return blocks.takeError();
  std::vector<std::vector<uint32_t>> streams(1);
  for (uint32_t block : *blocks)
    for (auto [i, piece] : enumerate(function.pieces[block])) {
      if (i > 0)
        streams.emplace_back();
      streams.back().push_back(piece);
    }
  // The last call may be a jump, after which nothing comes.
  if (streams.size() + 1 == run.bytes.size())
    streams.emplace_back();
  if (streams.size() != run.bytes.size())
    return createStringError("cannot tell the operations of " +
                             run.function->getName() +
                             " apart in its machine code");
  for (const auto &stream : streams) {
    cost.cycles.push_back(core.cyclesOf(stream));
    uint64_t &instructions = cost.instructions.emplace_back();
    for (uint32_t piece : stream)
      instructions += core.sizeOf(piece);
  }
  cost.bytes = run.bytes;
  size_t segment = 0;
  for (const RunEvent &event : run.events) {
    if (!event.callee) {
      ++segment;
      continue;
    }
    auto callee = costOf(*event.callee);
    if (!callee)
      return callee.takeError();
    for (double cycles : (*callee)->cycles)
      cost.cycles[segment] += cycles;
    for (uint64_t instructions : (*callee)->instructions)
      cost.instructions[segment] += instructions;
    for (uint64_t bytes : (*callee)->bytes)
      cost.bytes[segment] += bytes;
  }
  findLoops(run, function, *blocks);
  return &cost;
}

void Estimator::countRuns(const FunctionRun &run) {
  ++runs[&run];
  result.guesses += run.guesses;
  for (const RunEvent &event : run.events)
    if (event.callee)
      countRuns(*event.callee);
}

void Estimator::addLoops() {
  for (const auto &[run, found] : loops)
    for (const auto &[header, loop] : found) {
      if (!loop.iterations)
        continue;
      auto most =
          llvm::max_element(loop.ways, [](const auto &a, const auto &b) {
            return a.second < b.second;
          });
      LoopEstimate estimate;
      estimate.function = run->function->getName();
      estimate.entries = loop.entries * runs[run];
      estimate.iterations = loop.iterations * runs[run];
      for (uint32_t piece : most->first) {
        estimate.instructions += core.sizeOf(piece);
        estimate.limit += core.limitOf(piece);
      }
      estimate.cycles = core.cyclesOfIteration(most->first);
      estimate.opcodes = core.opcodesOf(most->first);
      result.loops.push_back(std::move(estimate));
    }
  llvm::sort(result.loops, [](const auto &a, const auto &b) {
    return std::tuple(-a.cycles * a.iterations, a.function, a.instructions) <
           std::tuple(-b.cycles * b.iterations, b.function, b.instructions);
  });
}

Error Estimator::add(const FunctionRun &top, const ModelInterface &interface) {
  // The model's function may have become a part of the C function.
  const FunctionRun *run = &top;
  while (!run->callsHook()) {
    auto inner = llvm::find_if(run->events, [](const RunEvent &event) {
      return !event.callee->events.empty();
    });
    if (inner == run->events.end())
      return createStringError("the model calls no hook of a profile");
    run = inner->callee;
  }
  auto cost = costOf(*run);
  if (!cost)
    return cost.takeError();
  size_t segment = 0;
  for (const RunEvent &event : run->events) {
    if (event.callee)
      continue;
    ++segment;
    // The last call says that all is done.
    if (event.op >= interface.profiledOps.size())
      break;
    const ProfiledOp &op = interface.profiledOps[event.op];
    result.ops.push_back({op.kind, op.name, (*cost)->cycles[segment],
                          (*cost)->instructions[segment],
                          (*cost)->bytes[segment], event.binaryMACs,
                          op.portLimit});
  }
  if (result.ops.size() != interface.profiledOps.size())
    return createStringError(
        "only " + Twine(result.ops.size()) + " of the model's " +
        Twine(interface.profiledOps.size()) +
        " operations were met on the way through its code");
  countRuns(*run);
  addLoops();
  return Error::success();
}

Error checkModelled(const TargetSpec &target) {
  return CoreModel::create(target).takeError();
}

Error checkStatic(const ModelInterface &interface) {
  if (interface.symbols.empty())
    return Error::success();
  std::string open, remedy;
  for (const ModelDim &dim : interface.symbols)
    open += (open.empty() ? "'" : ", '") + dim.symbol + "'";
  for (const ModelTensor &input : interface.inputs) {
    std::string shape;
    for (const ModelDim &dim : input.dims)
      shape += (shape.empty() ? "" : "x") +
               (dim.symbol.empty() ? std::to_string(dim.max) : "N");
    if (StringRef(shape).contains('N'))
      remedy += " --input-shape=" + input.name + ":" + shape;
  }
  return createStringError(
      "an estimate is for one shape, and the model's dimensions " + open +
      " are open: fix those of an ONNX model with" + remedy +
      ", N being their sizes");
}

Expected<Estimate> estimateModel(Module &module, const TargetSpec &target,
                                 const ModelInterface &interface,
                                 const EstimateSettings &settings,
                                 unsigned optLevel) {
  if (Error error = checkStatic(interface))
    return std::move(error);
  auto core = CoreModel::create(target);
  if (!core)
    return core.takeError();
  auto machine =
      createTargetMachine(target, static_cast<CodeGenOptLevel>(optLevel));
  auto code = EmittedCode::generate(module, *machine);
  if (!code)
    return code.takeError();
  BlockTrace trace(module);
  auto run = trace.run(*module.getFunction(interface.prefix + "_run"));
  if (!run)
    return run.takeError();
  Estimate result;
  result.target = target;
  result.settings = settings;
  result.inOrder = (*core)->isInOrder();
  result.issueWidth = (*core)->issueWidth();
  result.sameModel = (*core)->sameModel();
  if (Error error = Estimator(result, *code, **core).add(**run, interface))
    return std::move(error);
  result.unknownInstructions = (*core)->unknownInstructions();
  return result;
}

} // namespace mlir::bnn
