//===- CodeTrace.cpp - Which machine code a model runs --------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Estimate/CodeTrace.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/CFG.h"

using namespace llvm;

namespace mlir::bnn {

namespace {
constexpr uint32_t kNone = ~uint32_t(0);
/// Blocks of the path that may be a part of the one before them.
constexpr size_t mostInside = 8;

class Follower {
public:
  Follower(const FunctionRun &run, const EmittedFunction &code);
  Expected<std::vector<uint32_t>> follow();

private:
  /// The blocks of IR that may be the next of the path where `block` is
  /// entered: its own, or where it is a part of the one that is left already,
  /// those behind it.
  void addTargets(uint32_t block, uint32_t left, unsigned depth,
                  SmallVectorImpl<uint32_t> &targets) const;
  /// Where `target` comes first in the path behind `position`, if only blocks
  /// that have no code lie between.
  std::optional<size_t> find(uint32_t target, size_t position) const;
  /// The block that comes after `block`; moves on in the path.
  uint32_t goOn(uint32_t block);
  /// Whether another block of the path begins where `block` is entered from one
  /// of the block `left` of IR.
  bool begins(uint32_t block, uint32_t left) const {
    uint32_t ir = irOf[block];
    return ir != kNone && (ir != left || isHead[block]);
  }

  const FunctionRun &run;
  const EmittedFunction &code;
  std::vector<uint32_t> irOf; ///< The block of IR of a block, or kNone.
  std::vector<bool> isHead;   ///< Is entered from another block of IR.
  std::vector<bool> hasCode;  ///< Of blocks of IR.
  size_t position = 0;        ///< In the path: the block that is run.
};
} // namespace

Follower::Follower(const FunctionRun &run, const EmittedFunction &code)
    : run(run), code(code) {
  DenseMap<const BasicBlock *, uint32_t> indices;
  for (const BasicBlock &block : *run.function) {
    indices.try_emplace(&block, indices.size());
  }
  hasCode.resize(indices.size());
  for (const EmittedBlock &block : code.blocks) {
    auto found = indices.find(block.ir);
    irOf.push_back(found == indices.end() ? kNone : found->second);
    if (irOf.back() != kNone)
      hasCode[irOf.back()] = true;
  }
  isHead.resize(code.blocks.size());
  isHead[0] = true;
  for (auto [i, block] : enumerate(code.blocks))
    for (unsigned next : block.successors)
      if (irOf[next] != irOf[i])
        isHead[next] = true;
}

void Follower::addTargets(uint32_t block, uint32_t left, unsigned depth,
                          SmallVectorImpl<uint32_t> &targets) const {
  if (begins(block, left)) {
    targets.push_back(irOf[block]);
    return;
  }
  if (depth)
    for (uint32_t next : code.blocks[block].successors)
      addTargets(next, left, depth - 1, targets);
}

std::optional<size_t> Follower::find(uint32_t target, size_t position) const {
  for (size_t i = position + 1; i < run.path.size(); ++i) {
    if (run.path[i] == target)
      return i;
    if (hasCode[run.path[i]])
      break;
  }
  return std::nullopt;
}

uint32_t Follower::goOn(uint32_t block) {
  ArrayRef<unsigned> next = code.blocks[block].successors;
  const uint32_t left = irOf[block];
  SmallVector<uint32_t> targets;
  // A block of the path may have gone into the one before it, and have code of
  // its own for others that lead to it: what comes behind it is looked for.
  const size_t last = std::min(position + mostInside, run.path.size());
  for (size_t from = position; from < last; ++from) {
    std::optional<size_t> best;
    uint32_t chosen = 0;
    for (uint32_t candidate : next) {
      targets.clear();
      addTargets(candidate, left, 4, targets);
      for (uint32_t target : targets)
        if (auto at = find(target, from); at && (!best || *at < *best)) {
          best = at;
          chosen = candidate;
        }
    }
    if (best) {
      position = begins(chosen, left) ? *best : from;
      return chosen;
    }
  }
  return next.front();
}

Expected<std::vector<uint32_t>> Follower::follow() {
  std::vector<uint32_t> blocks;
  const size_t most = 16 * run.path.size() + 1024;
  for (uint32_t block = 0; blocks.size() <= most;) {
    blocks.push_back(block);
    if (code.blocks[block].successors.empty())
      break;
    block = goOn(block);
  }
  for (size_t i = position + 1; i < run.path.size(); ++i)
    if (hasCode[run.path[i]] || blocks.size() > most)
      return createStringError("the way through the machine code of " +
                               run.function->getName() +
                               " is not that of its LLVM IR");
  return std::move(blocks);
}

Expected<std::vector<uint32_t>> followRun(const FunctionRun &run,
                                          const EmittedFunction &code) {
  return Follower(run, code).follow();
}

} // namespace mlir::bnn
