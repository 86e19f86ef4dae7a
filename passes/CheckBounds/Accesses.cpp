//===- Accesses.cpp - Which elements an operation touches -----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/CheckBounds/Accesses.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace mlir::bnn {

/// One element at the indices.
static Access elementAt(Value buffer, ValueRange indices) {
  Builder b(buffer.getContext());
  Access access{buffer, {}};
  for (auto [axis, index] : llvm::enumerate(indices))
    access.axes.push_back({int64_t(axis), index, b.getIndexAttr(1)});
  return access;
}

/// A vector at the indices, along the buffer's last axes.
static Access vectorAt(Value buffer, ValueRange indices, VectorType vector) {
  Builder b(buffer.getContext());
  Access access = elementAt(buffer, indices);
  int64_t first = int64_t(indices.size()) - vector.getRank();
  if (first < 0 || isa<VectorType>(getElementTypeOrSelf(buffer)))
    return Access{buffer, {}, false};
  for (auto [i, size] : llvm::enumerate(vector.getShape()))
    access.axes[first + i].extent = b.getIndexAttr(size);
  return access;
}

/// The first lanes that a mask lets through, where it is of that form.
static SmallVector<OpFoldResult> lanesOf(Value mask) {
  Operation *op = mask.getDefiningOp();
  if (auto create = dyn_cast_or_null<vector::CreateMaskOp>(op))
    return getAsOpFoldResult(create.getOperands());
  SmallVector<OpFoldResult> lanes;
  if (auto constant = dyn_cast_or_null<vector::ConstantMaskOp>(op))
    for (Attribute size : constant.getMaskDimSizes()) {
      Builder b(op->getContext());
      lanes.push_back(b.getIndexAttr(cast<IntegerAttr>(size).getInt()));
    }
  return lanes;
}

/// As vectorAt, less the lanes that the mask holds back.
static Access maskedAt(Value buffer, ValueRange indices, VectorType vector,
                       Value mask) {
  Access access = vectorAt(buffer, indices, vector);
  SmallVector<OpFoldResult> lanes = lanesOf(mask);
  if (lanes.size() != size_t(vector.getRank()))
    return access;
  for (auto [axis, count] : llvm::zip_equal(
           MutableArrayRef(access.axes).take_back(lanes.size()), lanes))
    axis.extent = count;
  return access;
}

/// A transfer touches nothing out of bounds along axes that it may leave.
static Access transferAt(VectorTransferOpInterface transfer) {
  Value buffer = transfer.getSource();
  if (!transfer.getPermutationMap().isMinorIdentity() ||
      transfer.getVectorType().getRank() >
          int64_t(transfer.getIndices().size()))
    return Access{buffer, {}, false};
  VectorType vector = transfer.getVectorType();
  Access access =
      transfer.getMask()
          ? maskedAt(buffer, transfer.getIndices(), vector, transfer.getMask())
          : vectorAt(buffer, transfer.getIndices(), vector);
  int64_t first = int64_t(access.axes.size()) - vector.getRank();
  for (int64_t i = vector.getRank() - 1; i >= 0; --i)
    if (!transfer.isDimInBounds(i))
      access.axes.erase(access.axes.begin() + first + i);
  return access;
}

static Access partOf(memref::SubViewOp view) {
  Access access{view.getSource(), {}};
  for (auto [axis, offset, size, stride] :
       llvm::enumerate(view.getMixedOffsets(), view.getMixedSizes(),
                       view.getMixedStrides())) {
    std::optional<int64_t> step = getConstantIntValue(stride);
    access.isKnown &= step && *step > 0;
    access.axes.push_back({int64_t(axis), offset, size, step.value_or(1)});
  }
  return access;
}

/// Of a copy, what the target's shape says of the source; that both shapes are
/// equal is what the op asks for.
static Access wholeOf(memref::CopyOp copy) {
  Builder b(copy.getContext());
  Access access{copy.getTarget(), {}};
  auto source = cast<MemRefType>(copy.getSource().getType());
  for (int64_t axis = 0; axis < source.getRank(); ++axis)
    if (!source.isDynamicDim(axis))
      access.axes.push_back(
          {axis, b.getIndexAttr(0), b.getIndexAttr(source.getDimSize(axis))});
    else
      access.isKnown = false;
  return access;
}

SmallVector<Reshaping> reshapingsOf(Operation *op) {
  SmallVector<Reshaping> result;
  if (auto reshape = dyn_cast<memref::ReshapeOp>(op)) {
    auto all = [](Value buffer) {
      return llvm::to_vector(
          llvm::seq<int64_t>(0, cast<MemRefType>(buffer.getType()).getRank()));
    };
    if (isa<MemRefType>(reshape.getSource().getType()) &&
        isa<MemRefType>(reshape.getType()))
      result.push_back({reshape.getResult(), all(reshape.getResult()),
                        reshape.getSource(), all(reshape.getSource())});
  } else if (auto expand = dyn_cast<memref::ExpandShapeOp>(op)) {
    for (auto [axis, group] : llvm::enumerate(expand.getReassociationIndices()))
      result.push_back({expand.getResult(),
                        SmallVector<int64_t>(group.begin(), group.end()),
                        expand.getSrc(),
                        {int64_t(axis)}});
  }
  return result;
}

SmallVector<Access> accessesOf(Operation *op) {
  if (isa<func::CallOp, memref::ViewOp, memref::DimOp, memref::ReshapeOp>(op))
    return {};
  return llvm::TypeSwitch<Operation *, SmallVector<Access>>(op)
      .Case<memref::LoadOp, memref::StoreOp>([](auto access) {
        return SmallVector{elementAt(access.getMemRef(), access.getIndices())};
      })
      .Case<vector::LoadOp, vector::StoreOp>([](auto access) {
        return SmallVector{vectorAt(access.getBase(), access.getIndices(),
                                    access.getVectorType())};
      })
      .Case<vector::MaskedLoadOp, vector::MaskedStoreOp>([](auto access) {
        return SmallVector{maskedAt(access.getBase(), access.getIndices(),
                                    access.getVectorType(), access.getMask())};
      })
      .Case<vector::TransferReadOp, vector::TransferWriteOp>(
          [](auto access) { return SmallVector{transferAt(access)}; })
      .Case([](memref::ReinterpretCastOp cast) {
        return SmallVector{Access{cast.getSource(), {}, false}};
      })
      .Case([](memref::SubViewOp view) { return SmallVector{partOf(view)}; })
      .Case([](memref::CopyOp copy) { return SmallVector{wholeOf(copy)}; })
      .Default([](Operation *op) {
        SmallVector<Access> unknown;
        auto effects = dyn_cast<MemoryEffectOpInterface>(op);
        if (!effects || op->getNumRegions())
          return unknown;
        for (Value operand : op->getOperands())
          if (isa<MemRefType>(operand.getType()) &&
              (effects.getEffectOnValue<MemoryEffects::Read>(operand) ||
               effects.getEffectOnValue<MemoryEffects::Write>(operand)))
            unknown.push_back({operand, {}, false});
        return unknown;
      });
}

} // namespace mlir::bnn
