//===- CodeTrace.cpp - Which machine code a model runs --------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Estimate/CodeTrace.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
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
  /// those behind it, with at most `depth` other parts between.
  SmallVector<uint32_t> targetsOf(uint32_t block, uint32_t left,
                                  unsigned depth) const;
  /// The block that comes after `block`, and where the path behind `from` goes
  /// on, if at most `depth` parts lie between.
  std::optional<std::pair<uint32_t, size_t>> nextOf(uint32_t block, size_t from,
                                                    unsigned depth) const;
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

SmallVector<uint32_t> Follower::targetsOf(uint32_t block, uint32_t left,
                                          unsigned depth) const {
  SmallVector<uint32_t> targets, parts{block}, next;
  DenseSet<uint32_t> seen{block};
  for (; !parts.empty(); parts = std::exchange(next, {}), --depth)
    for (uint32_t part : parts) {
      if (begins(part, left))
        targets.push_back(irOf[part]);
      else if (depth)
        for (uint32_t successor : code.blocks[part].successors)
          if (seen.insert(successor).second)
            next.push_back(successor);
    }
  return targets;
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

std::optional<std::pair<uint32_t, size_t>>
Follower::nextOf(uint32_t block, size_t from, unsigned depth) const {
  const uint32_t left = irOf[block];
  std::optional<std::pair<uint32_t, size_t>> best;
  for (uint32_t candidate : code.blocks[block].successors)
    for (uint32_t target : targetsOf(candidate, left, depth))
      if (auto at = find(target, from); at && (!best || *at < best->second))
        best = {candidate, *at};
  if (best && !begins(best->first, left))
    best->second = from;
  return best;
}

uint32_t Follower::goOn(uint32_t block) {
  // A block of the path may have gone into the one before it, and have code of
  // its own for others that lead to it: what comes behind it is looked for.
  const size_t last = std::min(position + mostInside, run.path.size());
  for (size_t from = position; from < last; ++from)
    // A branch on many conditions, as of all ids of a short text, is a branch
    // on each in machine code. What is near is more likely to be the way.
    for (unsigned depth : {4u, 1000u})
      if (auto next = nextOf(block, from, depth)) {
        position = next->second;
        return next->first;
      }
  return code.blocks[block].successors.front();
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
