//===- Pack.cpp - Chooses packed layouts ----------------------------------===//
#include "passes/Pack/Pack.h"
#include "dialects/BNN/BNN.h"
#include "dialects/BNN/Layout.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_PACK
#include "passes/Pack/Pack.h.inc"

namespace {

// An unpacked tensor of bits.
RankedTensorType unpackedBits(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getEncoding() || !isa<BitsType>(type.getElementType()))
    return {};
  return type;
}

RankedTensorType withLayout(RankedTensorType type, Attribute layout) {
  return RankedTensorType::get(type.getShape(), type.getElementType(), layout);
}

// Elements of a head where `value` is attention's, else a whole row.
int64_t groupOf(Value value) {
  int64_t columns = cast<RankedTensorType>(value.getType()).getShape().back();
  if (auto attention = value.getDefiningOp<AttentionOp>())
    return columns / attention.getHeads();
  for (Operation *user : value.getUsers())
    if (auto attention = dyn_cast<AttentionOp>(user))
      return columns / attention.getHeads();
  return columns;
}

// Products of signed bits, and of planes, read parity words: exclusive or is
// linear in them. Attention needs every word.
bool canHaveParity(Value value) {
  auto type = cast<BitsType>(getElementTypeOrSelf(value.getType()));
  return (type.getIsSigned() || type.getWidth() > 1) &&
         llvm::all_of(value.getUsers(), [&](Operation *user) {
           auto matmul = dyn_cast<MatmulOp>(user);
           return matmul && matmul.getLhs() == value;
         });
}

struct PackPass : impl::PackBase<PackPass> {
  using PackBase::PackBase;

  // Whether the target's kernels take words with parity.
  bool useParity = true;

  void runOnOperation() override {
    auto module = getOperation()->getParentOfType<ModuleOp>();
    auto target =
        module ? module->getAttrOfType<TargetAttr>(kTargetAttr) : TargetAttr();
    useParity = !target || target.getParity();
    // Activations first: the layout of weights follows from theirs.
    WalkResult result =
        getOperation().walk([&](DestinationStyleOpInterface op) -> WalkResult {
          return op->getDialect()->getNamespace() == "bnn" ? packOutputs(op)
                                                           : success();
        });
    if (result.wasInterrupted())
      return signalPassFailure();
    result = getOperation().walk([&](Operation *op) -> WalkResult {
      if (auto matmul = dyn_cast<MatmulOp>(op))
        return packWeights(matmul);
      if (auto sum = dyn_cast<SignedSumOp>(op))
        return packWeights(sum);
      if (auto embedding = dyn_cast<EmbeddingOp>(op))
        return packTable(embedding);
      return success();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

  LogicalResult packOutputs(DestinationStyleOpInterface op) {
    for (OpOperand &init : op.getDpsInitsMutable()) {
      RankedTensorType type = unpackedBits(init.get());
      if (!type)
        continue;
      Value result = op.getTiedOpResult(&init);
      // A mask of zeros lies like the bits that it belongs to, and all bits of
      // a normalised row lie alike.
      Value bits = *llvm::find_if(op->getResults(), [](Value other) {
        return isa<BitsType>(getElementTypeOrSelf(other.getType()));
      });
      auto empty = init.get().getDefiningOp<tensor::EmptyOp>();
      if (!empty)
        return op.emitError("packs only into a fresh tensor.empty");
      if (type.isDynamicDim(type.getRank() - 1))
        return op.emitError("bits need a static last dimension, not ") << type;
      bool parity = useParity && canHaveParity(result);
      auto packed = withLayout(
          type, RowsAttr::get(&getContext(), kWordBits, groupOf(bits), parity));
      OpBuilder b(empty);
      init.set(b.create<tensor::EmptyOp>(empty.getLoc(), packed,
                                         empty.getDynamicSizes()));
      if (empty->use_empty())
        empty->erase();
      result.setType(packed);
    }
    return success();
  }

  LogicalResult packWeights(MatmulOp op) {
    auto lhs = dyn_cast_or_null<RowsAttr>(getLayout(op.getLhs().getType()));
    if (!lhs)
      return op.emitError("the input of a product has no packed layout");
    RankedTensorType type = unpackedBits(op.getRhs());
    if (!type)
      return success();
    auto out = dyn_cast_or_null<RowsAttr>(getLayout(op.getOuts()[0].getType()));
    auto layout = PanelsAttr::get(
        &getContext(), kLanes, kWordBits, lhs.getGroup(),
        out ? out.getGroup() : type.getDimSize(0), lhs.getParity());
    return packConstant(op, op.getRhsMutable(), withLayout(type, layout));
  }

  LogicalResult packWeights(SignedSumOp op) {
    RankedTensorType type = unpackedBits(op.getWeight());
    if (!type)
      return success();
    auto layout = PanelsAttr::get(&getContext(), kLanes, kWordBits,
                                  type.getDimSize(1), type.getDimSize(0),
                                  /*parity=*/false);
    return packConstant(op, op.getWeightMutable(), withLayout(type, layout));
  }

  LogicalResult packTable(EmbeddingOp op) {
    RankedTensorType type = unpackedBits(op.getTable());
    if (!type)
      return success();
    auto layout = RowsAttr::get(&getContext(), kWordBits, type.getDimSize(1),
                                /*parity=*/false);
    return packConstant(op, op.getTableMutable(), withLayout(type, layout));
  }

  LogicalResult packConstant(Operation *op, OpOperand &operand,
                             RankedTensorType packed) {
    auto constant = operand.get().getDefiningOp<ConstantOp>();
    auto bits =
        constant ? dyn_cast<DenseElementsAttr>(constant.getBits()) : nullptr;
    if (!bits)
      return op->emitError("packs only constant weights; this one is computed "
                           "at run time");
    OpBuilder b(constant);
    DenseElementsAttr words = packBits(bits, packed);
    operand.set(b.create<ConstantOp>(constant.getLoc(), packed, words));
    if (constant->use_empty())
      constant->erase();
    ++packedConstants;
    packedBytes += words.getNumElements() * 4;
    return success();
  }
};

} // namespace
} // namespace mlir::bnn
