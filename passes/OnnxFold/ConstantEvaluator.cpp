#include "passes/OnnxFold/EvalSupport.h"

using namespace mlir;
using namespace mlir::bnn::onnx;

namespace mlir::bnn {
/// Results above this are left to run time: a model that asks for them is
/// broken or hostile.
static constexpr int64_t kMaxResultBytes = int64_t(1) << 30;

/// The static shape of a result whose bytes are reasonable, or nothing.
static std::optional<SmallVector<int64_t>> staticShape(Value result) {
  auto type = dyn_cast<RankedTensorType>(result.getType());
  unsigned width = type ? getElementBytes(type.getElementType()) : 0;
  if (!width || !type.hasStaticShape())
    return std::nullopt;
  int64_t bytes = width;
  for (int64_t size : type.getShape())
    if (size && (__builtin_mul_overflow(bytes, size, &bytes) ||
                 bytes > kMaxResultBytes))
      return std::nullopt;
  return SmallVector<int64_t>(type.getShape());
}

bool canEvaluate(Operation *op) {
  return isa_and_nonnull<ONNXDialect>(op->getDialect()) &&
         !isa<ConstantOp, NoValueOp>(op);
}

std::optional<SmallVector<EvalTensorPtr>>
evaluate(Operation *op, SmallVector<EvalTensorPtr> in) {
  SmallVector<SmallVector<int64_t>> shapes;
  for (Value result : op->getResults()) {
    if (isa<RangeOp>(op))
      break;
    std::optional<SmallVector<int64_t>> shape = staticShape(result);
    if (!shape)
      return std::nullopt;
    shapes.push_back(*shape);
  }
  Type element = getElementTypeOrSelf(op->getResult(0).getType());
  if (auto split = dyn_cast<SplitOp>(op))
    return evaluateSplit(split, in, shapes);

  Evaluator evaluator{op,
                      in,
                      element,
                      shapes.empty() ? SmallVector<int64_t>{} : shapes[0],
                      in.empty() || !in[0] ? Type() : in[0]->element,
                      nullptr};
  bool known = evaluator.arithmetic() || evaluator.functions() ||
               evaluator.movement() || evaluator.products() ||
               evaluator.reductions();
  if (!known || !evaluator.y)
    return std::nullopt;
  return SmallVector<EvalTensorPtr>{evaluator.y};
}
} // namespace mlir::bnn
