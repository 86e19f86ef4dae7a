//===- PlanWorkspace.cpp - A place for every buffer -----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/PlanWorkspace/PlanWorkspace.h"
#include "dialects/BNN/BNNModel.h"
#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "passes/PlanWorkspace/SizeBounds.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::bnn {
#define GEN_PASS_DEF_PLANWORKSPACE
#include "passes/PlanWorkspace/PlanWorkspace.h.inc"
} // namespace mlir::bnn

using namespace mlir;

namespace {

/// One memref.alloc, and where it goes.
struct Buffer {
  memref::AllocOp alloc;
  /// Bytes, rounded up to the alignment.
  int64_t size = 0;
  /// The first and the last operation of the function's block that use it.
  int64_t first = 0, last = -1;
  int64_t offset = 0;

  bool overlapsInTime(const Buffer &other) const {
    return first <= other.last && other.first <= last;
  }
};

/// Places each buffer, the largest first, in the smallest gap between those
/// that are live with it. Returns the bytes needed.
int64_t placeBuffers(MutableArrayRef<Buffer> buffers) {
  SmallVector<Buffer *> order;
  for (Buffer &buffer : buffers)
    order.push_back(&buffer);
  // Of equal ones the first in the program goes first.
  llvm::sort(order, [](const Buffer *a, const Buffer *b) {
    return a->size != b->size ? a->size > b->size : a < b;
  });

  int64_t total = 0;
  SmallVector<Buffer *> placed; // by offset
  for (Buffer *buffer : order) {
    int64_t end = 0, best = -1, bestGap = 0;
    for (Buffer *other : placed) {
      if (!buffer->overlapsInTime(*other))
        continue;
      int64_t gap = other->offset - end;
      if (gap >= buffer->size && (best < 0 || gap < bestGap)) {
        best = end;
        bestGap = gap;
      }
      end = std::max(end, other->offset + other->size);
    }
    buffer->offset = best < 0 ? end : best;
    total = std::max(total, buffer->offset + buffer->size);
    placed.insert(llvm::upper_bound(placed, buffer,
                                    [](const Buffer *a, const Buffer *b) {
                                      return a->offset < b->offset;
                                    }),
                  buffer);
  }
  return total;
}

/// Everything through which a buffer may be reached.
class Aliases {
public:
  explicit Aliases(func::FuncOp func) : flow(func) {}

  /// The buffer itself, its views, and what was made of their addresses.
  SetVector<Value> of(Value buffer) {
    SetVector<Value> result;
    addMemRef(buffer, result);
    // Once a buffer has become an address or a descriptor, whatever is computed
    // from that may reach it.
    for (size_t i = 0; i < result.size(); ++i) {
      Value alias = result[i];
      bool isAddress = !isa<BaseMemRefType>(alias.getType());
      for (Operation *user : alias.getUsers())
        if (isAddress || isa<UnrealizedConversionCastOp,
                             memref::ExtractAlignedPointerAsIndexOp>(user))
          for (Value made : user->getResults())
            addMemRef(made, result);
    }
    return result;
  }

private:
  void addMemRef(Value value, SetVector<Value> &result) {
    if (!isa<BaseMemRefType>(value.getType())) {
      result.insert(value);
      return;
    }
    // The analysis's sets are ordered by address: sort by what they are put to
    // use for, in program order, is up to the caller, which only takes
    // extremes.
    for (Value alias : flow.resolve(value))
      result.insert(alias);
  }

  BufferViewFlowAnalysis flow;
};

struct PlanWorkspace : bnn::impl::PlanWorkspaceBase<PlanWorkspace> {
  using PlanWorkspaceBase::PlanWorkspaceBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (alignment < 1 || !llvm::isPowerOf2_64(uint64_t(alignment))) {
      module.emitError("the alignment of the workspace must be a power of two");
      return signalPassFailure();
    }
    for (auto func : module.getOps<func::FuncOp>())
      if (!func.isExternal() && failed(plan(func)))
        signalPassFailure();
  }

private:
  /// The function's workspace argument, or null.
  Value findWorkspace(func::FuncOp func) {
    for (BlockArgument arg : func.getArguments())
      if (auto argument = bnn::getArgument(func, arg.getArgNumber());
          argument && argument.isWorkspace())
        return arg;
    return {};
  }

  LogicalResult plan(func::FuncOp func) {
    SmallVector<Buffer> buffers;
    func.walk([&](memref::AllocOp alloc) { buffers.push_back({alloc}); });
    Value workspace = findWorkspace(func);
    if (!workspace) {
      for (Buffer &buffer : buffers)
        buffer.alloc.emitError("allocates memory, but function '")
            << func.getName()
            << "' has no argument that is the workspace to take it from";
      return success(buffers.empty());
    }
    if (!func.getBody().hasOneBlock())
      return func.emitError("cannot plan the memory of a function with several "
                            "blocks: run this before control flow is lowered");

    bnn::SizeBounds bounds(func,
                           bnn::getModel(func->getParentOfType<ModuleOp>()));
    DataLayout layout = DataLayout::closest(func);
    Aliases aliases(func);
    DenseMap<Operation *, int64_t> position;
    for (Operation &op : func.getBody().front())
      position.try_emplace(&op, int64_t(position.size()));

    bool ok = true;
    int64_t unshared = 0;
    for (Buffer &buffer : buffers) {
      FailureOr<int64_t> size = sizeOf(buffer.alloc, bounds, layout);
      if (failed(size) ||
          failed(setLifetime(buffer, func, aliases, position))) {
        ok = false;
        continue;
      }
      buffer.size = *size;
      if (llvm::AddOverflow(unshared, buffer.size, unshared))
        return func.emitError("the buffers need more than 2^63 bytes");
    }
    if (!ok)
      return failure();

    int64_t total = placeBuffers(buffers);
    buffersPlaced += buffers.size();
    bytesUnshared += unshared;
    bytesPlanned += total;

    if (recordBuffers)
      record(func, buffers);
    func.walk([](memref::DeallocOp dealloc) { dealloc.erase(); });
    for (Buffer &buffer : buffers)
      replace(buffer, workspace);
    func->setAttr(bnn::kWorkspaceSizeAttr,
                  IntegerAttr::get(IntegerType::get(&getContext(), 64), total));
    return success();
  }

  // A buffer is named by what first touches it: the layer that fills it.
  static void record(func::FuncOp func, ArrayRef<Buffer> buffers) {
    Builder b(func.getContext());
    SmallVector<StringRef> names;
    for (Operation &op : func.getBody().front())
      names.push_back(bnn::nodeName(op.getLoc()));
    SmallVector<Attribute> list;
    for (const Buffer &buffer : buffers) {
      StringRef name = buffer.last < 0 ? StringRef() : names[buffer.first];
      list.push_back(bnn::BufferAttr::get(func.getContext(), name, buffer.size,
                                          buffer.offset, buffer.first,
                                          buffer.last));
    }
    func->setAttr(bnn::kWorkspaceBuffersAttr, b.getArrayAttr(list));
  }

  /// The most bytes that the buffer can take, rounded up to the alignment.
  FailureOr<int64_t> sizeOf(memref::AllocOp alloc, bnn::SizeBounds &bounds,
                            const DataLayout &layout) {
    MemRefType type = alloc.getType();
    Type element = type.getElementType();
    if (!isa<IntegerType, FloatType, IndexType, VectorType>(element))
      return alloc.emitError("cannot place a buffer of ")
             << element
             << " in the workspace: its size in bytes is not known "
                "before the type is lowered";
    if (!alloc.getSymbolOperands().empty() || !isContiguous(type))
      return alloc.emitError(
          "cannot place this buffer in the workspace: its layout is not that "
          "of rows one after the other");
    if (type.getMemorySpace())
      return alloc.emitError("cannot place this buffer in the workspace: it is "
                             "in another memory space");
    if (alloc.getAlignment().value_or(1) > uint64_t(alignment))
      return alloc.emitError("wants an alignment of ")
             << *alloc.getAlignment() << " bytes, but the workspace has "
             << alignment.getValue();

    int64_t bytes = int64_t(layout.getTypeSize(element));
    for (int64_t i = 0; i < type.getRank(); ++i) {
      std::optional<bnn::Interval> dim = bounds.dim(alloc.getResult(), i);
      if (!dim) {
        auto diag =
            alloc.emitError("cannot place this buffer in the workspace: "
                            "no upper bound is known for dimension ")
            << i;
        if (Value unknown = bounds.whyUnknown())
          diag.attachNote(unknown.getLoc())
              << "it depends on this value; dimensions of arguments are "
                 "bounded by their '"
              << bnn::kArgumentAttr << "' and the module's '" << bnn::kModelAttr
              << "'";
        return failure();
      }
      if (llvm::MulOverflow(bytes, std::max<int64_t>(dim->hi, 0), bytes))
        return tooBig(alloc);
    }
    if (bytes > std::numeric_limits<int64_t>::max() - alignment)
      return tooBig(alloc);
    return int64_t(llvm::alignTo(uint64_t(bytes), uint64_t(alignment)));
  }

  LogicalResult tooBig(memref::AllocOp alloc) {
    return alloc.emitError("this buffer can take more than 2^63 bytes");
  }

  /// Whether elements lie in rows one after the other, from the start.
  static bool isContiguous(MemRefType type) {
    if (type.getLayout().isIdentity())
      return true;
    int64_t offset;
    SmallVector<int64_t> strides;
    if (failed(getStridesAndOffset(type, strides, offset)) || offset != 0)
      return false;
    int64_t expected = 1;
    for (int64_t i = type.getRank() - 1; i >= 0; --i) {
      if (strides[i] != expected || ShapedType::isDynamic(expected))
        return false;
      expected = type.isDynamicDim(i) ? ShapedType::kDynamic
                                      : expected * type.getDimSize(i);
    }
    return true;
  }

  LogicalResult setLifetime(Buffer &buffer, func::FuncOp func, Aliases &aliases,
                            const DenseMap<Operation *, int64_t> &position) {
    Block &body = func.getBody().front();
    memref::AllocOp alloc = buffer.alloc;
    for (Operation *parent = alloc->getParentOp(); parent != func;
         parent = parent->getParentOp())
      if (isa<scf::ParallelOp, scf::ForallOp>(parent))
        return alloc.emitError("is inside a parallel loop, whose iterations "
                               "would share one place in the workspace");

    bool used = false;
    for (Value alias : aliases.of(alloc.getResult())) {
      // A fixed place holds one iteration's buffer. One that lives on as the
      // next iteration's argument would be overwritten.
      if (auto arg = dyn_cast<BlockArgument>(alias)) {
        Operation *owner = arg.getOwner()->getParentOp();
        if (isa<LoopLikeOpInterface>(owner) && owner->isProperAncestor(alloc))
          return alloc.emitError("is carried from one iteration of a loop to "
                                 "the next, so that it cannot have a fixed "
                                 "place in the workspace");
      }
      for (Operation *user : alias.getUsers()) {
        if (isa<func::ReturnOp>(user))
          return alloc.emitError("is returned by the function, so that it "
                                 "cannot be in the workspace");
        if (isa<memref::DeallocOp>(user))
          continue;
        if (isa<memref::ReallocOp>(user))
          return alloc.emitError("is reallocated; only buffers of one size can "
                                 "be in the workspace");
        // Neither the making of a view nor the reading of its shape touches
        // the bytes.
        auto view = dyn_cast<ViewLikeOpInterface>(user);
        if (isa<memref::DimOp>(user) || (view && view.getViewSource() == alias))
          continue;
        int64_t at = position.lookup(body.findAncestorOpInBlock(*user));
        buffer.first = used ? std::min(buffer.first, at) : at;
        buffer.last = used ? std::max(buffer.last, at) : at;
        used = true;
      }
    }
    return success();
  }

  void replace(Buffer &buffer, Value workspace) {
    memref::AllocOp alloc = buffer.alloc;
    OpBuilder b(alloc);
    MemRefType type = alloc.getType();
    auto plain = MemRefType::get(type.getShape(), type.getElementType());
    Value offset =
        b.create<arith::ConstantIndexOp>(alloc.getLoc(), buffer.offset);
    Value view = b.create<memref::ViewOp>(alloc.getLoc(), plain, workspace,
                                          offset, alloc.getDynamicSizes());
    if (plain != type)
      view = b.create<memref::CastOp>(alloc.getLoc(), type, view);
    alloc.replaceAllUsesWith(view);
    alloc.erase();
  }
};

} // namespace
