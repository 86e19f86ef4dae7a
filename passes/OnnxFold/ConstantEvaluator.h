// Evaluating single ONNX operations at compile time.
#pragma once
#include "dialects/ONNX/ConstantView.h"
#include "dialects/ONNX/ONNXDialect.h"
#include <memory>

namespace mlir::bnn {
/// A tensor during evaluation: row-major elements of bool (one byte), i32, i64,
/// f32 or f64, in memory of its own or borrowed from an attribute.
class EvalTensor {
public:
  /// An uninitialised tensor with its own memory, aligned to 64 bytes.
  static std::shared_ptr<EvalTensor> allocate(mlir::Type element,
                                              llvm::ArrayRef<int64_t> shape);
  /// The value of a constant; borrows its bytes unless they must be unpacked or
  /// aligned.
  static std::shared_ptr<EvalTensor> get(const onnx::ConstantView &view);

  mlir::Type element;
  llvm::SmallVector<int64_t> shape;

  int64_t numElements() const;
  int64_t numBytes() const {
    return numElements() * onnx::getElementBytes(element);
  }
  const char *bytes() const { return data; }
  /// Null if the memory is borrowed.
  char *ownBytes() const { return owned.get(); }
  template <typename T> const T *as() const {
    return reinterpret_cast<const T *>(data);
  }
  template <typename T> T *mutableAs() const {
    return reinterpret_cast<T *>(owned.get());
  }
  int64_t integerAt(int64_t index) const;

  /// The tensor as an attribute. Large data is handed over, not copied; the
  /// tensor borrows it afterwards.
  mlir::ElementsAttr toAttribute();

private:
  const char *data = nullptr;
  std::shared_ptr<char> owned;
};

using EvalTensorPtr = std::shared_ptr<EvalTensor>;

/// Whether evaluate() knows this kind of operation.
bool canEvaluate(mlir::Operation *op);

/// The results of `op` for the given operand values (null for onnx.NoValue), as
/// ONNX defines them: float sums are taken in double, Round goes half to even.
/// Operands that the caller has given up (use count 1) may be overwritten.
/// Returns nothing where the operation has no defined value (an index out of
/// range, an integer division by zero, a float outside the integers of a cast),
/// where a result's shape is not static, or where it is unreasonably large.
std::optional<llvm::SmallVector<EvalTensorPtr>>
evaluate(mlir::Operation *op, llvm::SmallVector<EvalTensorPtr> operands);
} // namespace mlir::bnn
