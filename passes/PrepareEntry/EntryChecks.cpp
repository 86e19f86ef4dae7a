//===- EntryChecks.cpp - What a run checks, and when ----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/PrepareEntry/EntryChecks.h"
#include "dialects/BNN/BNN.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

using namespace mlir;
using namespace mlir::bnn;

/// The tensor that the op's result is another view of, or null.
static Value getViewSource(Operation *op) {
  if (isa<tensor::CastOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp,
          tensor::ExtractSliceOp>(op))
    return op->getOperand(0);
  return {};
}

/// Whether the op is no work of the model's: if its operands follow from the
/// arguments, it can as well be done before anything else.
static bool isPreparation(Operation &op) {
  if (isa<CheckOpInterface, bufferization::ToTensorOp>(op) ||
      op.hasTrait<OpTrait::ConstantLike>() || getViewSource(&op))
    return true;
  return op.getNumRegions() == 0 && isMemoryEffectFree(&op) &&
         llvm::all_of(op.getResultTypes(),
                      [](Type type) { return type.isIntOrIndexOrFloat(); });
}

/// The ops of the block that the arguments alone determine.
static DenseSet<Operation *> findPreparation(Block &body) {
  DenseSet<Operation *> result;
  for (Operation &op : body)
    if (isPreparation(op) && llvm::all_of(op.getOperands(), [&](Value operand) {
          Operation *def = operand.getDefiningOp();
          return !def || result.contains(def);
        }))
      result.insert(&op);
  return result;
}

/// The ops of `preparation` that `exits`, which are among them, need, each with
/// them, in the order in which they run: all that an exit needs stands directly
/// in front of it, unless an earlier one needs it as well.
static SmallVector<Operation *>
orderPreparation(Block &body, ArrayRef<ReturnUnlessOp> exits) {
  // The first exit that needs the op.
  DenseMap<Operation *, size_t> neededBy;
  for (auto [i, exit] : llvm::enumerate(exits))
    neededBy[exit] = i;
  SmallVector<Operation *> order;
  for (Operation &op : llvm::reverse(body)) {
    auto user = neededBy.find(&op);
    if (user == neededBy.end())
      continue;
    size_t first = user->second;
    order.push_back(&op);
    for (Value operand : op.getOperands())
      if (Operation *def = operand.getDefiningOp();
          def && !isa<bufferization::ToTensorOp>(def)) {
        size_t &known = neededBy.try_emplace(def, first).first->second;
        known = std::min(known, first);
      }
  }
  llvm::sort(order, [&](Operation *a, Operation *b) {
    return neededBy[a] != neededBy[b] ? neededBy[a] < neededBy[b]
                                      : a->isBeforeInBlock(b);
  });
  return order;
}

/// Puts a `bnn.return_unless` in the place of each check, or behind it where it
/// has the condition for a result.
static SmallVector<ReturnUnlessOp> makeExits(Block &body) {
  SmallVector<ReturnUnlessOp> exits;
  for (CheckOpInterface check :
       llvm::make_early_inc_range(body.getOps<CheckOpInterface>())) {
    OpBuilder b(check->getContext());
    b.setInsertionPointAfter(check);
    exits.push_back(b.create<ReturnUnlessOp>(check.getLoc(), check.getOk(),
                                             uint32_t(check.getStatus())));
    if (check->getNumResults() == 0)
      check->erase();
  }
  return exits;
}

Operation *bnn::placeChecks(Block &body) {
  SmallVector<ReturnUnlessOp> exits = makeExits(body);
  DenseSet<Operation *> preparation = findPreparation(body);
  auto early = llvm::make_filter_range(
      exits, [&](ReturnUnlessOp exit) { return preparation.contains(exit); });
  SmallVector<ReturnUnlessOp> first(early);
  // BNN_ERROR_SHAPE is the least.
  llvm::sort(first, [](ReturnUnlessOp a, ReturnUnlessOp b) {
    return a.getStatus() != b.getStatus() ? a.getStatus() < b.getStatus()
                                          : a->isBeforeInBlock(b);
  });
  auto at = body.begin();
  while (isa<bufferization::ToTensorOp>(*at))
    ++at;
  for (Operation *op : orderPreparation(body, first)) {
    // What stands there already stays there.
    if (at == op->getIterator())
      ++at;
    else
      op->moveBefore(&body, at);
  }
  auto late = llvm::find_if(llvm::reverse(exits), [&](ReturnUnlessOp exit) {
    return !preparation.contains(exit);
  });
  return late == exits.rend() ? nullptr : late->getOperation();
}

bool bnn::isComputedBehind(Value value, Operation *check) {
  SmallVector<Value> places = {value};
  DenseSet<Value> seen;
  while (!places.empty()) {
    Value place = places.pop_back_val();
    Operation *op = place.getDefiningOp();
    if (!seen.insert(place).second)
      continue;
    if (!op)
      return false;
    // These are copied at the end, or hold nothing yet.
    if (isa<bufferization::ToTensorOp, tensor::EmptyOp>(op) ||
        op->hasTrait<OpTrait::ConstantLike>())
      continue;
    if (Value source = getViewSource(op)) {
      places.push_back(source);
      continue;
    }
    auto destination = dyn_cast<DestinationStyleOpInterface>(op);
    if (!destination || op->isBeforeInBlock(check))
      return false;
    places.push_back(
        destination.getTiedOpOperand(cast<OpResult>(place))->get());
    // What is inserted may be computed where it belongs.
    if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
      places.push_back(insert.getSource());
  }
  return true;
}
