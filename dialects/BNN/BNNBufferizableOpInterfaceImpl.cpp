//===- BNNBufferizableOpInterfaceImpl.cpp - Tensors to buffers ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/BNN/BNN.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace mlir::bnn;

namespace {

// Copies a buffer whose rows have gaps between their elements: kernels read
// vectors of them.
LogicalResult closeGaps(RewriterBase &rewriter, Value &buffer,
                        const BufferizationOptions &options) {
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  if (type.getRank() == 0 ||
      (succeeded(getStridesAndOffset(type, strides, offset)) &&
       strides.back() == 1))
    return success();
  Location loc = buffer.getLoc();
  SmallVector<Value> sizes;
  populateDynamicDimSizes(rewriter, loc, buffer, sizes);
  auto dense =
      MemRefType::get(type.getShape(), type.getElementType(),
                      MemRefLayoutAttrInterface(), type.getMemorySpace());
  FailureOr<Value> copy = options.createAlloc(rewriter, loc, dense, sizes);
  if (failed(copy) ||
      failed(options.createMemCpy(rewriter, loc, buffer, *copy)))
    return failure();
  buffer = *copy;
  return success();
}

// A destination-passing op becomes itself on buffers: it writes its outputs and
// has no results.
template <typename OpTy>
struct DestinationOpInterface : public DstBufferizableOpInterfaceExternalModel<
                                    DestinationOpInterface<OpTy>, OpTy> {
  // The outputs are written whole and never read.
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    return !cast<DestinationStyleOpInterface>(op).isDpsInit(&operand);
  }

  // The output may be the buffer of what is read before it is written there.
  bool bufferizesToElementwiseAccess(Operation *op, const AnalysisState &,
                                     ArrayRef<OpOperand *> operands) const {
    SmallVector<OpOperand *> inPlace =
        cast<KernelOpInterface>(op).getOperandsReadInPlace();
    return llvm::all_of(operands, [&](OpOperand *operand) {
      return cast<DestinationStyleOpInterface>(op).isDpsInit(operand) ||
             llvm::is_contained(inPlace, operand);
    });
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options) const {
    auto dst = cast<DestinationStyleOpInterface>(op);
    if (dst.hasPureBufferSemantics())
      return success();
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(op);
    SmallVector<Value> operands;
    for (OpOperand &operand : op->getOpOperands()) {
      if (!isa<TensorType>(operand.get().getType())) {
        operands.push_back(operand.get());
        continue;
      }
      FailureOr<Value> buffer = getBuffer(rewriter, operand.get(), options);
      if (failed(buffer) || (dst.isDpsInput(&operand) &&
                             failed(closeGaps(rewriter, *buffer, options))))
        return failure();
      operands.push_back(*buffer);
    }
    OperationState state(op->getLoc(), op->getName());
    state.addOperands(operands);
    state.addAttributes(op->getDiscardableAttrDictionary().getValue());
    state.propertiesAttr = op->getPropertiesAsAttribute();
    for (Region &region : op->getRegions())
      state.addRegion()->takeBody(region);
    rewriter.create(state);
    SmallVector<Value> results;
    for (OpOperand &init : dst.getDpsInitsMutable())
      results.push_back(operands[init.getOperandNumber()]);
    replaceOpWithBufferizedValues(rewriter, op, results);
    return success();
  }
};

struct ConstantOpInterface
    : public BufferizableOpInterface::ExternalModel<ConstantOpInterface,
                                                    bnn::ConstantOp> {
  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options) const {
    auto constant = cast<bnn::ConstantOp>(op);
    auto type = dyn_cast<RankedTensorType>(constant.getType());
    if (!type)
      return success();
    auto buffer =
        MemRefType::get(type.getShape(), type.getElementType(),
                        MemRefLayoutAttrInterface(), type.getEncoding());
    replaceOpWithNewBufferizedOp<bnn::ConstantOp>(rewriter, op, buffer,
                                                  constant.getBits());
    return success();
  }
  bool isWritable(Operation *, Value, const AnalysisState &) const {
    return false;
  }
};

struct CheckIndicesOpInterface
    : public BufferizableOpInterface::ExternalModel<CheckIndicesOpInterface,
                                                    CheckIndicesOp> {
  bool bufferizesToMemoryRead(Operation *, OpOperand &,
                              const AnalysisState &) const {
    return true;
  }
  bool bufferizesToMemoryWrite(Operation *, OpOperand &,
                               const AnalysisState &) const {
    return false;
  }
  AliasingValueList getAliasingValues(Operation *, OpOperand &,
                                      const AnalysisState &) const {
    return {};
  }
  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options) const {
    auto check = cast<CheckIndicesOp>(op);
    if (!isa<TensorType>(check.getIds().getType()))
      return success();
    FailureOr<Value> ids = getBuffer(rewriter, check.getIds(), options);
    if (failed(ids))
      return failure();
    replaceOpWithNewBufferizedOp<CheckIndicesOp>(rewriter, op, check.getType(),
                                                 *ids, check.getLimit());
    return success();
  }
};

// Gives the model to those of the ops that write destinations.
template <typename... Ops> void attachDestinationModel(MLIRContext *context) {
  auto attach = [&](auto *op) {
    using OpTy = std::remove_pointer_t<decltype(op)>;
    if constexpr (OpTy::template hasTrait<DestinationStyleOpInterface::Trait>())
      OpTy::template attachInterface<DestinationOpInterface<OpTy>>(*context);
  };
  (attach(static_cast<Ops *>(nullptr)), ...);
}

} // namespace

void bnn::registerBufferizableOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, BNNDialect *) {
    attachDestinationModel<
#define GET_OP_LIST
#include "dialects/BNN/BNNOps.cpp.inc"
        >(context);
    bnn::ConstantOp::attachInterface<ConstantOpInterface>(*context);
    CheckIndicesOp::attachInterface<CheckIndicesOpInterface>(*context);
  });
}
