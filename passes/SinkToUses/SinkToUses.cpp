//===- SinkToUses.cpp - Compute what is large where it is first read ------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/SinkToUses/SinkToUses.h"
#include "dialects/BNN/BNN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"
#include "passes/Support/TensorBuffers.h"
#include "llvm/Support/Debug.h"

#define DEBUG_TYPE "bnn-sink-to-uses"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_SINKTOUSES
#include "passes/SinkToUses/SinkToUses.h.inc"

namespace {

// How much memory tensors take: dynamic dimensions are taken to be equal, so
// that of two tensors the one with more of them is the larger one.
struct Size {
  unsigned dynamicDims = 0;
  double bits = 0;

  static Size of(Value tensor) {
    auto type = dyn_cast<RankedTensorType>(tensor.getType());
    if (!type)
      return {};
    Type element = type.getElementType();
    Size size;
    if (auto bits = dyn_cast<BitsType>(element))
      size.bits = bits.getWidth();
    else
      size.bits = element.isIntOrFloat() ? element.getIntOrFloatBitWidth() : 64;
    for (int64_t dim : type.getShape())
      if (ShapedType::isDynamic(dim))
        ++size.dynamicDims;
      else
        size.bits *= double(dim);
    return size;
  }

  void add(Size other) {
    dynamicDims = std::max(dynamicDims, other.dynamicDims);
    bits += other.bits;
  }

  bool isLargerThan(Size other) const {
    return dynamicDims >= other.dynamicDims && bits > other.bits;
  }
};

// Whether the memory of `tensor` can be used for something else once it is not
// read any more.
bool isFreed(Value tensor) {
  return isa_and_nonnull<DestinationStyleOpInterface>(
      getViewedTensor(tensor).getDefiningOp());
}

// Whether `op` can be computed anywhere between what it reads and what reads
// it.
bool computesTensors(Operation *op) {
  return isMemoryEffectFree(op) && isa<DestinationStyleOpInterface>(op) &&
         llvm::all_of(op->getResultTypes(), llvm::IsaPred<TensorType>);
}

// The chains that are followed, so that the work stays linear.
constexpr int kMaxChain = 8;

struct SinkToUses : impl::SinkToUsesBase<SinkToUses> {
  using SinkToUsesBase::SinkToUsesBase;

  void runOnOperation() override {
    // From the end: what reads an op's result has gone where it is to stay.
    if (!getOperation().getBody().hasOneBlock())
      return;
    SmallVector<Operation *> ops = llvm::map_to_vector(
        getOperation().getBody().front(), [](Operation &op) { return &op; });
    for (Operation *op : llvm::reverse(ops))
      sink(op);
    inFrontOf.clear();
  }

private:
  void sink(Operation *op) {
    if (!isTensorView(op) && !computesTensors(op))
      return;
    Operation *reader = nullptr;
    for (Operation *user : op->getUsers()) {
      Operation *at = op->getBlock()->findAncestorOpInBlock(*user);
      if (!reader || at->isBeforeInBlock(reader))
        reader = at;
    }
    if (!reader || !(isTensorView(op) || saves(op, reader)))
      return;
    // Those that went to one reader keep their order.
    Operation *&place = inFrontOf[reader];
    if (!place)
      place = reader;
    if (op->getNextNode() != place) {
      LLVM_DEBUG(llvm::dbgs()
                 << "in front of " << place->getName() << ": " << *op << "\n");
      op->moveBefore(place);
      ++sunk;
    }
    place = op;
  }

  // Whether less memory is in use between `op` and `reader` without its results
  // and with what it reads.
  static bool saves(Operation *op, Operation *reader) {
    Size results;
    for (Value result : op->getResults())
      results.add(Size::of(result));
    return results.isLargerThan(toKeep(op, reader, kMaxChain));
  }

  // What is to be kept until `reader` if `op` is computed there. What nothing
  // else reads can go there too, in a chain of so many ops.
  static Size toKeep(Operation *op, Operation *reader, int chain) {
    Size size;
    for (Value tensor : tensorsRead(op)) {
      if (!isFreed(tensor))
        continue;
      SmallVector<Operation *> readers = getReaders(tensor, op->getBlock());
      if (!readers.back()->isBeforeInBlock(reader))
        continue;
      Size kept = Size::of(tensor);
      Operation *def = tensor.getDefiningOp();
      if (chain > 1 && readers == ArrayRef(op) && computesTensors(def))
        if (Size of = toKeep(def, reader, chain - 1); kept.isLargerThan(of))
          kept = of;
      size.add(kept);
    }
    return size;
  }

  // Those that `op` reads, in its body as well, without those that it writes.
  static llvm::SetVector<Value> tensorsRead(Operation *op) {
    llvm::SetVector<Value> tensors;
    auto add = [&](OpOperand *operand) {
      if (isa<TensorType>(operand->get().getType()))
        tensors.insert(getViewedTensor(operand->get()));
    };
    for (OpOperand *operand :
         cast<DestinationStyleOpInterface>(op).getDpsInputOperands())
      add(operand);
    visitUsedValuesDefinedAbove(op->getRegions(), add);
    return tensors;
  }

  // The first of those that went in front of an op.
  llvm::DenseMap<Operation *, Operation *> inFrontOf;
};

} // namespace
} // namespace mlir::bnn
