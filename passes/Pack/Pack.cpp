//===- Pack.cpp - Chooses packed layouts ----------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Pack/Pack.h"
#include "dialects/BNN/BNNModel.h"
#include "dialects/BNN/Layout.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "passes/Support/Refusals.h"

#define DEBUG_TYPE "bnn-pack"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_PACK
#include "passes/Pack/Pack.h.inc"

namespace {

// An unpacked tensor of bits or bytes.
RankedTensorType unpackedBits(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getEncoding())
    return {};
  return isa<BitsType>(type.getElementType()) ? type : RankedTensorType();
}

bool isBytes(RankedTensorType type) {
  return cast<BitsType>(type.getElementType()).isByte();
}

RankedTensorType withLayout(RankedTensorType type, Attribute layout) {
  return RankedTensorType::get(type.getShape(), type.getElementType(), layout);
}

struct Pack : impl::PackBase<Pack> {
  using PackBase::PackBase;

  void runOnOperation() override {
    if (auto module = getOperation()->getParentOfType<ModuleOp>())
      target = getTarget(module);
    Refusals refusals(DEBUG_TYPE, remarks, "has no parity words");
    // Activations first: the layout of weights follows from theirs.
    WalkResult result =
        getOperation().walk([&](LayoutOpInterface op) -> WalkResult {
          return packOutputs(op, refusals);
        });
    if (!result.wasInterrupted())
      result = getOperation().walk(
          [&](LayoutOpInterface op) -> WalkResult { return packInputs(op); });
    if (result.wasInterrupted())
      return signalPassFailure();
    refusals.emitRemarks();
  }

  // Meets what the ops want that read `result`.
  void meetReaders(OpResult result, int64_t &group, bool &parity,
                   Refusals &refusals) {
    for (OpOperand &use : result.getUses()) {
      auto reader = dyn_cast<LayoutOpInterface>(use.getOwner());
      auto rows = reader ? dyn_cast_if_present<RowsAttr>(
                               reader.getOperandLayout(use, target))
                         : RowsAttr();
      if (rows)
        group = std::min(group, rows.getGroup());
      if (parity && !(rows && rows.getParity())) {
        parity = false;
        (void)refusals.refuse(result.getOwner(),
                              "'" + use.getOwner()->getName().getStringRef() +
                                  "' reads every word of its bits");
      }
    }
  }

  LogicalResult packOutputs(LayoutOpInterface op, Refusals &refusals) {
    auto dst = cast<DestinationStyleOpInterface>(*op);
    SmallVector<OpOperand *> inits;
    SmallVector<bool> parities;
    // All bits of a row lie alike, in the smallest groups that anyone wants,
    // and so a mask of zeros like the bits that it belongs to.
    int64_t group = 0;
    for (OpOperand &init : dst.getDpsInitsMutable()) {
      RankedTensorType type = unpackedBits(init.get());
      if (!type)
        continue;
      if (!isBytes(type) && !init.get().getDefiningOp<tensor::EmptyOp>())
        return op.emitError("packs only into a fresh tensor.empty");
      if (type.isDynamicDim(type.getRank() - 1))
        return op.emitError("bits need a static last dimension, not ") << type;
      if (type.getShape().back() == 0)
        return op.emitError("packs rows of at least one bit, not ") << type;
      // Bytes lie as they are, but for weights.
      if (isBytes(type))
        continue;
      auto own = cast<RowsAttr>(op.getOperandLayout(init, target));
      bool parity = own.getParity();
      group = inits.empty() ? own.getGroup() : std::min(group, own.getGroup());
      meetReaders(dst.getTiedOpResult(&init), group, parity, refusals);
      inits.push_back(&init);
      parities.push_back(parity);
    }
    for (auto [init, parity] : llvm::zip_equal(inits, parities))
      packOutput(dst, *init,
                 RowsAttr::get(&getContext(), kWordBits, group, parity));
    return success();
  }

  void packOutput(DestinationStyleOpInterface op, OpOperand &init,
                  RowsAttr layout) {
    auto empty = init.get().getDefiningOp<tensor::EmptyOp>();
    auto packed =
        withLayout(cast<RankedTensorType>(init.get().getType()), layout);
    OpBuilder b(empty);
    init.set(b.create<tensor::EmptyOp>(empty.getLoc(), packed,
                                       empty.getDynamicSizes()));
    if (empty->use_empty())
      empty->erase();
    op.getTiedOpResult(&init).setType(packed);
  }

  LogicalResult packInputs(LayoutOpInterface op) {
    for (OpOperand *input :
         cast<DestinationStyleOpInterface>(*op).getDpsInputOperands()) {
      RankedTensorType type = unpackedBits(input->get());
      if (!type || (isBytes(type) && !op.getOperandLayout(*input, target)))
        continue;
      // Of a constant, whose dimensions are known.
      DenseElementsAttr bits;
      if (!matchPattern(input->get(), m_Constant(&bits)))
        return op.emitError("packs the bits of constants and of bnn ops only; "
                            "operand #")
               << input->getOperandNumber() << " is neither";
      if (type.getNumElements() == 0)
        return op.emitError("packs rows of at least one bit, not ") << type;
      Attribute layout = op.getOperandLayout(*input, target);
      packConstant(*input, withLayout(type, layout), bits);
    }
    return success();
  }

  void packConstant(OpOperand &operand, RankedTensorType packed,
                    DenseElementsAttr bits) {
    Operation *constant = operand.get().getDefiningOp();
    OpBuilder b(constant);
    DenseElementsAttr words = packBits(bits, packed);
    operand.set(b.create<ConstantOp>(constant->getLoc(), packed, words));
    if (constant->use_empty())
      constant->erase();
    ++constantsPacked;
    bytesPacked += words.getNumElements() * 4;
  }

private:
  TargetAttr target; // null for any
};

} // namespace
} // namespace mlir::bnn
