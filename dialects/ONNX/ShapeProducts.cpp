// Shapes of products and reductions.
#include "dialects/ONNX/ShapeInference.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace mlir::bnn::onnx {

ShapeInference::Result ShapeInference::inferProducts() {
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<MatMulOp>([&](MatMulOp matmul) -> LogicalResult {
        std::optional<Dims> a = dimsOf(matmul.getA()),
                            b = dimsOf(matmul.getB());
        if (!a || !b)
          return success();
        if (a->empty() || b->empty())
          return op->emitOpError("operands must not be scalars");
        bool vectorA = a->size() == 1, vectorB = b->size() == 1;
        if (vectorA)
          a->insert(a->begin(), SymbolicDim(1));
        if (vectorB)
          b->push_back(1);
        const SymbolicDim &inner = a->back(), &other = (*b)[b->size() - 2];
        ArrayRef<SymbolicDim> left(*a), right(*b);
        std::optional<Dims> outer =
            broadcast(left.drop_back(2), right.drop_back(2));
        if (!outer ||
            (inner.getConstant() && other.getConstant() && inner != other))
          return op->emitOpError("cannot multiply matrices of shapes ")
                 << words(*a) << " and " << words(*b);
        shape = outer;
        if (!vectorA)
          shape->push_back((*a)[a->size() - 2]);
        if (!vectorB)
          shape->push_back(b->back());
        return success();
      })
      .Case<GemmOp>([&](GemmOp gemm) -> LogicalResult {
        std::optional<Dims> a = dimsOf(gemm.getA()), b = dimsOf(gemm.getB());
        if (!a || !b)
          return success();
        if (a->size() != 2 || b->size() != 2)
          return op->emitOpError("A and B must have rank 2");
        if (gemm.getTransA())
          std::swap((*a)[0], (*a)[1]);
        if (gemm.getTransB())
          std::swap((*b)[0], (*b)[1]);
        shape = Dims{(*a)[0], (*b)[1]};
        std::optional<Dims> c = dimsOf(gemm.getC());
        std::optional<Dims> all = c ? broadcast(*shape, *c) : shape;
        if (((*a)[1].getConstant() && (*b)[0].getConstant() &&
             (*a)[1] != (*b)[0]) ||
            !all || all->size() != 2)
          return op->emitOpError("operand shapes do not fit: ")
                 << words(*a) << " by " << words(*b);
        return success();
      })
      .Default([](Operation *) { return std::nullopt; });
}

ShapeInference::Result ShapeInference::inferReductions() {
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<ReduceMeanOp, ReduceMaxOp, ReduceMinOp, ReduceL1Op, ReduceL2Op,
            ReduceProdOp, ReduceSumSquareOp, ReduceLogSumOp>(
          [&](auto reduceOp) {
            return reduce(reduceOp.getData(), reduceOp.getAxes(),
                          reduceOp.getKeepdims());
          })
      .Case<ArgMaxOp, ArgMinOp>([&](auto pick) {
        int64_t axis = pick.getAxis();
        return reduce(pick.getData(), ArrayRef<int64_t>(axis),
                      pick.getKeepdims());
      })
      .Case<ReduceSumOp>([&](ReduceSumOp sum) -> LogicalResult {
        bool none = isa<NoneType>(sum.getAxes().getType());
        std::optional<SmallVector<int64_t>> axes;
        if (!none && !(axes = constantElements(sum.getAxes()))) {
          if (sum.getKeepdims())
            if ((shape = dimsOf(sum.getData())))
              for (SymbolicDim &dim : *shape)
                dim = fresh();
          return success();
        }
        if ((none || axes->empty())) {
          if (sum.getNoopWithEmptyAxes()) {
            shape = dimsOf(sum.getData());
            return success();
          }
          return reduce(sum.getData(), std::nullopt, sum.getKeepdims());
        }
        return reduce(sum.getData(), ArrayRef<int64_t>(*axes),
                      sum.getKeepdims());
      })
      .Default([](Operation *) { return std::nullopt; });
}
} // namespace mlir::bnn::onnx
