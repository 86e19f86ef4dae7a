//===- ConstantFolder.cpp - Folds what depends on constants ---------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/Support/ConstantFolder.h"
#include "dialects/ONNX/ConstantMemory.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::bnn;
using namespace mlir::bnn::onnx;

bool ConstantFolder::isKnown(Value value) const {
  Operation *op = value.getDefiningOp();
  return op && (isa<onnx::ConstantOp, NoValueOp>(op) || constant.contains(op));
}

/// Whether something reads the value that is not evaluated.
bool ConstantFolder::isReadOutside(Value value) const {
  return llvm::any_of(value.getUsers(), [&](Operation *user) {
    return !constant.contains(user);
  });
}

/// Whether an operation that nobody reads is there for what it needs of its
/// operands, and their values say what that is: they have to be evaluated, and
/// not it.
static bool isLeftForItsShape(Operation *op) {
  return op->use_empty() && llvm::any_of(op->getResultTypes(), [](Type type) {
           auto ranked = dyn_cast<RankedTensorType>(type);
           return !ranked || !ranked.hasStaticShape();
         });
}

/// The operations to evaluate that are read from outside, in order; counts the
/// readers of all that lead there.
SmallVector<Operation *> ConstantFolder::findRoots() {
  for (Operation &op : state.body())
    if (ConstantEvaluator::canEvaluate(&op) && !unevaluated.contains(&op) &&
        !isLeftForItsShape(&op) && !isLeft(&op) &&
        llvm::all_of(op.getOperands(), [&](Value v) { return isKnown(v); }))
      constant.insert(&op);
  SmallVector<Operation *> roots;
  llvm::DenseSet<Operation *> live;
  for (Operation &op : llvm::reverse(state.body())) {
    if (!constant.contains(&op))
      continue;
    bool isRoot = llvm::any_of(
        op.getResults(), [&](Value result) { return isReadOutside(result); });
    bool feeds = llvm::any_of(
        op.getUsers(), [&](Operation *user) { return live.contains(user); });
    if (isRoot)
      roots.push_back(&op);
    if (!isRoot && !feeds)
      continue;
    live.insert(&op);
    for (Value operand : op.getOperands())
      ++readers[operand];
  }
  std::reverse(roots.begin(), roots.end());
  return roots;
}

/// The bytes of all elements, or the most that a number can say.
static int64_t bytesOf(ShapedType type) {
  uint64_t bytes = getElementBytes(type.getElementType());
  for (int64_t size : type.getShape())
    bytes = llvm::SaturatingMultiply(bytes, uint64_t(size));
  return int64_t(std::min<uint64_t>(bytes, INT64_MAX));
}

/// The values of the operands, as far as they are available; `finished` gets
/// the bytes that nothing reads any more once `op` is evaluated.
std::optional<ConstantFolder::Operands>
ConstantFolder::takeOperands(Operation *op,
                             SmallVector<ArrayRef<char>> &finished) {
  Operands operands;
  for (Value operand : op->getOperands()) {
    bool last = --readers[operand] == 0;
    auto it = known.find(operand);
    if (it != known.end()) {
      operands.push_back(it->second);
      // A root's bytes belong to its attribute already.
      if (last) {
        state.budget.release(it->second->numBytes());
        known.erase(it);
      }
      continue;
    }
    if (isa<NoneType>(operand.getType())) {
      operands.push_back(nullptr);
      continue;
    }
    std::optional<ConstantView> view = ConstantView::get(operand);
    if (!view)
      return std::nullopt;
    // A splat is one element in the module, and all of them here.
    if (view->isSplat() && !state.budget.hasMemory(bytesOf(view->getType())))
      return std::nullopt;
    operands.push_back(EvalTensor::get(*view));
    if (operands.back()->ownBytes()) {
      // A copy, which the next reader takes as well, perhaps to overwrite it.
      releaseElements(state.func.getContext(), view->getBytes());
      if (!last)
        keep(operand, operands.back());
    } else if (last && !isReadOutside(operand)) {
      finished.push_back(view->getBytes());
    }
  }
  return operands;
}

/// Makes a constant for whoever is not evaluated, and keeps the value for those
/// who are.
void ConstantFolder::publish(Value result, const EvalTensorPtr &tensor,
                             Operation *op) {
  state.bytesEvaluated += tensor->numBytes();
  if (isReadOutside(result)) {
    state.budget.hold(tensor->numBytes());
    Value value = state.createConstant(tensor->toAttribute(), op->getLoc(), op);
    result.replaceUsesWithIf(value, [&](OpOperand &use) {
      return !constant.contains(use.getOwner());
    });
    ++state.valuesFolded;
    folded = true;
  }
  if (readers.lookup(result) > 0)
    keep(result, tensor);
}

void ConstantFolder::keep(Value value, const EvalTensorPtr &tensor) {
  known[value] = tensor;
  state.budget.hold(tensor->numBytes());
}

/// Says so where the budget ends, once: a model that is slower than it might be
/// should not be a riddle.
void ConstantFolder::warnOfBudget(Operation *op) {
  if (!state.budget.wasExceeded() || warned)
    return;
  warned = true;
  emitWarning(op->getLoc())
      << op->getName()
      << " of constants is left to run time, and perhaps others: "
         "folding may use "
      << (state.budget.getBytes() >> 20)
      << " MiB, and operations in proportion to the model's "
         "size; --fold-budget=<factor> allows more";
}

bool ConstantFolder::evaluate(Operation *op) {
  SmallVector<ArrayRef<char>> finished;
  std::optional<Operands> operands = takeOperands(op, finished);
  if (!operands) {
    warnOfBudget(op);
    return false;
  }
  std::optional<SmallVector<EvalTensorPtr>> results =
      evaluator.evaluate(op, std::move(*operands), state.budget);
  if (!results) {
    warnOfBudget(op);
    return false;
  }
  // Weights that nothing reads any more need no memory.
  for (ArrayRef<char> bytes : finished)
    releaseElements(state.func.getContext(), bytes);
  for (auto [result, tensor] : llvm::zip_equal(op->getResults(), *results))
    publish(result, tensor, op);
  return true;
}

/// What has to be evaluated before `op` can be: an operation, or null if it is
/// ready. Nothing: it depends on what could not be evaluated.
std::optional<Operation *> ConstantFolder::nextBefore(Operation *op) const {
  Operation *next = nullptr;
  for (Value operand : op->getOperands()) {
    Operation *producer = operand.getDefiningOp();
    if (!constant.contains(producer) || done.contains(producer))
      continue;
    if (unevaluated.contains(producer))
      return std::nullopt;
    next = producer;
  }
  return next;
}

/// Evaluates `root`, after all that it depends on.
void ConstantFolder::evaluateFor(Operation *root) {
  SmallVector<Operation *> stack{root};
  while (!stack.empty()) {
    Operation *op = stack.back();
    if (done.contains(op) || unevaluated.contains(op)) {
      stack.pop_back();
      continue;
    }
    std::optional<Operation *> next = nextBefore(op);
    if (next && *next) {
      stack.push_back(*next);
      continue;
    }
    stack.pop_back();
    if (next && evaluate(op)) {
      done.insert(op);
      continue;
    }
    // What it reads must become constants of their own: the next run does that,
    // now that this one is known to stay.
    unevaluated.insert(op);
    gaveUp = true;
  }
}

bool ConstantFolder::run() {
  constant.clear();
  done.clear();
  readers.clear();
  known.clear();
  folded = gaveUp = false;
  for (Operation *root : findRoots())
    evaluateFor(root);
  for (const auto &entry : known)
    state.budget.release(entry.second->numBytes());
  known.clear();
  // New constants may give it the static shape that it lacked.
  if (folded)
    unevaluated.clear();
  return folded || gaveUp;
}
