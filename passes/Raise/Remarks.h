//===- Remarks.h - What became of each layer, and why -----------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialects/BNN/BNNModel.h"
#include "dialects/ONNX/ConstantView.h"
#include "dialects/ONNX/SymbolicShapes.h"
#include "passes/Support/Refusals.h"
#include <optional>
#include <string>
#include <vector>

namespace mlir::bnn {

/// A #bnn.count in the making: a sum of products, each a coefficient and its
/// symbols. Nothing where the count is not known.
struct LayerCount {
  struct Product {
    int64_t coefficient;
    llvm::SmallVector<mlir::Attribute> symbols;
  };
  std::optional<llvm::SmallVector<Product>> products{std::in_place};
};

/// A #bnn.layer in the making: see there.
struct LayerRecord {
  LayerKind kind;
  mlir::Operation *op; ///< Null once it is erased.
  mlir::Location loc;
  std::string opName;
  int64_t sizes[2] = {0, 0};
  LayerCount rows{}, macs{}, otherMacs{};
  /// Null as long as nobody has said what became of the layer.
  mlir::Type weights{}, activations{};
  std::string reason{};
  NoiseAttr noise{};
  /// Of an attention: its products of variables, and those that became bytes.
  unsigned products = 0, byteProducts = 0;
};

class RaiseRewriter;

/// Whether lists of the elements of a constant fit into memory: where all are
/// one, which is stored once, there may be any number of them.
bool canBeListed(const onnx::ConstantView &view);

/// Notes why a matcher did not match: `return no(why, "weights have three
/// distinct values")`. `why` may be null. The last note counts.
inline std::nullopt_t no(std::string *why, const llvm::Twine &reason) {
  if (why)
    *why = reason.str();
  return std::nullopt;
}

/// Replaces an op of one result by a value of its shape.
void replaceWith(RaiseRewriter &rewriter, mlir::Operation *op,
                 mlir::Value result);

/// Whether neither factor of a MatMul or Gemm is constant.
bool isProductOfVariables(mlir::Operation *op);

/// Rewrites layers, and keeps what the recognisers say of each: every rewrite
/// of a layer calls became() before the layer's op is replaced, and a
/// recogniser that leaves a layer alone returns refuse().
class RaiseRewriter : public mlir::IRRewriter,
                      private mlir::RewriterBase::ForwardingListener {
public:
  /// `refusals` hears of every refusal.
  RaiseRewriter(mlir::MLIRContext *context, Refusals &refusals)
      : IRRewriter(context), ForwardingListener(&refusals), refusals(refusals) {
    setListener(this);
  }

  /// Takes stock of the layers of `func`: MatMul and Gemm with a constant
  /// weight, Gather of rows of a constant table, Softmax whose result is
  /// multiplied with something that is not constant, products of scores that
  /// are compared instead, and all other products of two variables. Warns of
  /// weights that have NaNs. `shapes` has run.
  void takeStock(mlir::func::FuncOp func, const onnx::SymbolicShapes &shapes);

  /// Why `op` (a layer's MatMul, Gemm or Gather, what stands for attention, or
  /// a LayerNormalization) stays as it is: a phrase without a full stop. The
  /// last refusal counts. Always fails; ops of which there is nothing to say,
  /// and null, are ignored.
  mlir::LogicalResult refuse(mlir::Operation *op, const llvm::Twine &reason);

  /// What the products of `layer` are computed on from here on. A layer that is
  /// not binary wants a reason, as a projection that became a part of binary
  /// attention.
  void became(mlir::Operation *layer, mlir::Type weights,
              mlir::Type activations, const llvm::Twine &reason = "");

  /// `product`, of two variables, has become one of bytes: so has its layer, or
  /// the attention that it is counted with once all products of that have.
  void becameBytes(mlir::Operation *product, mlir::Type left, mlir::Type right);

  /// What 8 bits make of the weights of a layer that has become of them.
  void setNoise(mlir::Operation *layer, NoiseAttr noise);

  /// `copy` stands for `op` from here on, which nothing will read.
  void wroteAgain(mlir::Operation *op, mlir::Operation *copy);

  /// What stands for the attention that `value` is the context of, its softmax
  /// or the product with the values if it has none, by the chain of Reshape,
  /// Transpose, Add and MatMul behind it; null if there is none.
  mlir::Operation *attentionBehind(mlir::Value value) const;

  /// An array of #bnn.layer in the order of the graph; with `noise`, layers
  /// that are f32 say what 8 bits would make of their weights. Fails, with an
  /// error at the layer, where a layer was rewritten without saying what it
  /// became.
  mlir::FailureOr<mlir::ArrayAttr> takeRemarks(bool noise);

private:
  void notifyOperationErased(mlir::Operation *op) override;

  void add(mlir::Operation *op, LayerRecord layer);
  void addLinear(mlir::Operation *op, const onnx::SymbolicShapes &shapes);
  void addEmbedding(onnx::GatherOp op);
  void addAttention(onnx::SoftmaxOp op, const onnx::SymbolicShapes &shapes);
  void addProduct(mlir::Operation *op, const onnx::SymbolicShapes &shapes);
  void addScores(mlir::Value source, mlir::RankedTensorType type,
                 LayerRecord &layer, const onnx::SymbolicShapes &shapes);
  void finishAttention(mlir::Operation *op, mlir::Operation *context,
                       LayerRecord layer, const onnx::SymbolicShapes &shapes);
  NoiseAttr noiseOf(const LayerRecord &layer) const;
  void sortByOrder();
  void warnOfNaN(mlir::Operation *op, mlir::Value weight);
  /// The record of a layer's op; null if the op is none, or erased.
  LayerRecord *find(mlir::Operation *op);

  std::vector<LayerRecord> layers;
  llvm::DenseMap<mlir::Operation *, size_t> indexOf;
  /// The products of probabilities -> their softmax, or itself.
  llvm::DenseMap<mlir::Operation *, mlir::Operation *> contexts;
  /// Products that are counted with an attention -> what stands for that.
  llvm::DenseMap<mlir::Operation *, mlir::Operation *> counted;
  Refusals &refusals;
};

} // namespace mlir::bnn
