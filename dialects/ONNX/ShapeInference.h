// What each operation says about the shapes of its results: the transfer
// functions of SymbolicShapes, by group.
#pragma once
#include "dialects/ONNX/ConstantView.h"
#include "dialects/ONNX/SymbolicShapes.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

namespace mlir::bnn::onnx {
/// Shape arithmetic works on a few dimensions; longer lists are data.
constexpr int64_t kMaxShapeElements = 64;

/// Infers the results of one operation.
class ShapeInference {
public:
  using Dims = llvm::SmallVector<SymbolicDim>;
  using Fact = SymbolicShapes::Fact;

  /// `found` has an entry for each result, at least one.
  ShapeInference(SymbolicShapes &all, mlir::Operation *op,
                 llvm::SmallVectorImpl<Fact> &found)
      : all(all), op(op), found(found), shape(found.front().shape) {}

  /// Fails, with an error at the operation, when shapes contradict each other.
  mlir::LogicalResult run();

private:
  /// Nothing: the operation is not of the group.
  using Result = std::optional<mlir::LogicalResult>;
  /// Operations of other dialects that write into a place of known size.
  void inferPlaced(mlir::DestinationStyleOpInterface placed);
  Result inferElementwise();
  Result inferValues();
  Result inferParts();
  Result inferLayouts();
  Result inferProducts();
  Result inferReductions();

  std::optional<Dims> dimsOf(mlir::Value value) const;
  std::string words(llvm::ArrayRef<SymbolicDim> dims) const;
  static std::optional<int64_t> wrap(int64_t axis, size_t rank);
  mlir::LogicalResult badAxis(int64_t axis, size_t rank);
  /// A list of axes as sorted flags.
  mlir::LogicalResult axisSet(llvm::ArrayRef<int64_t> axes, size_t rank,
                              llvm::SmallVector<bool> &flags);
  mlir::LogicalResult broadcastAll(mlir::ValueRange values);
  mlir::LogicalResult reduce(mlir::Value data,
                             std::optional<llvm::ArrayRef<int64_t>> axes,
                             bool keep);

  auto elementsOf(mlir::Value value) const { return all.elementsOf(value); }
  auto constantElements(mlir::Value value) const {
    return all.constantElements(value);
  }
  std::optional<Dims> broadcast(llvm::ArrayRef<SymbolicDim> a,
                                llvm::ArrayRef<SymbolicDim> b) {
    return all.broadcast(a, b);
  }
  SymbolicDim fresh() { return all.fresh(); }
  SymbolicDim product(llvm::ArrayRef<SymbolicDim> dims) {
    return all.product(dims);
  }

  SymbolicShapes &all;
  mlir::Operation *op;
  llvm::SmallVectorImpl<Fact> &found;
  /// Of the first result.
  std::optional<Dims> &shape;
};
} // namespace mlir::bnn::onnx
