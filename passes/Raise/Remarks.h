//===- Remarks.h - What became of each layer, and why -----------*- C++ -*-===//
#pragma once
#include "dialects/ONNX/SymbolicShapes.h"
#include "passes/Support/Refusals.h"
#include "llvm/ADT/MapVector.h"
#include <optional>
#include <string>

namespace mlir::bnn {

/// The function attribute that lists layers: an array of what
/// LayerRemark::getAttr returns.
constexpr llvm::StringLiteral kLayersAttr = "bnn.layers";

/// A count that may depend on symbolic dimensions: a sum of products, each a
/// coefficient and the names of its symbols.
struct SymbolicCount {
  struct Product {
    int64_t coefficient;
    llvm::SmallVector<std::string> symbols;
  };
  llvm::SmallVector<Product> products;
  bool known = true; ///< Whether the count is known at all.

  /// The value with `maxima` (symbol to i64) for the symbols; nothing where the
  /// count is unknown, a symbol has no maximum, or the value exceeds 2^63.
  std::optional<int64_t> evaluate(mlir::DictionaryAttr maxima) const;
};

/// One linear layer, attention or embedding of the ONNX graph.
struct LayerRemark {
  enum class Kind { Linear, Attention, Embedding };
  Kind kind;
  mlir::Location loc; ///< Of the node that names it; attention's softmax.
  std::string op;     ///< The node's operator, "Gemm".
  /// Linear: inputs and outputs; attention: heads and elements of a head;
  /// embedding: rows and columns of the table.
  int64_t sizes[2] = {0, 0};
  SymbolicCount
      rows{}; ///< Of a linear's input; attention: tokens of a sequence.
  /// Multiply-accumulates that are binary if the layer is, and those that are
  /// f32 in any case (the low-rank terms of attention).
  SymbolicCount macs{}, otherMacs{};
  /// "1x1", "1x4", ...: bits of the weights x bits of the activations, where
  /// f32 stands for real numbers; of attention, bits of the query x bits of the
  /// key, which value and probabilities have as well; or "float".
  std::string became{};
  std::string reason{}; ///< Why not binary; empty if it is.

  std::string getName() const;
  bool isFloat() const { return became == "float"; }
  mlir::DictionaryAttr getAttr() const;
  /// The remark that getAttr wrote; nothing if the attribute is another.
  static std::optional<LayerRemark> get(mlir::Attribute attr);
};

/// The name of the node that an operation came from, or "".
std::string nodeName(mlir::Location loc);

/// Notes why a matcher did not match: `return no(why, "weights have three
/// distinct values")`. `why` may be null. The last note counts.
inline std::nullopt_t no(std::string *why, const llvm::Twine &reason) {
  if (why)
    *why = reason.str();
  return std::nullopt;
}

/// Rewrites layers, and keeps what the recognisers say of each: every rewrite
/// of a layer calls became() before the layer's op is replaced, and a
/// recogniser that leaves a layer alone returns refuse().
class RaiseRewriter : public mlir::IRRewriter {
public:
  /// Takes stock of the layers of `func`: MatMul and Gemm with a constant
  /// weight, Gather of rows of a constant table, and Softmax whose result is
  /// multiplied with something that is not constant. Warns of weights that have
  /// NaNs. `shapes` has run. `refusals` hears of every refusal.
  RaiseRewriter(mlir::func::FuncOp func, const onnx::SymbolicShapes &shapes,
                Refusals &refusals);

  /// Why `op` (a layer's MatMul, Gemm or Gather, attention's Softmax, or a
  /// LayerNormalization) stays as it is: a phrase without a full stop. The last
  /// refusal counts. Always fails; ops of which there is nothing to say, and
  /// null, are ignored.
  mlir::LogicalResult refuse(mlir::Operation *op, const llvm::Twine &reason);

  /// What `layer` becomes: see LayerRemark::became. "float" wants a reason, as
  /// for a projection that became a part of binary attention.
  void became(mlir::Operation *layer, const llvm::Twine &what,
              const llvm::Twine &reason = "");

  /// The softmax of the attention that `value` is the context of, by the chain
  /// of Reshape, Transpose, Add and MatMul behind it; null if there is none.
  mlir::Operation *attentionBehind(mlir::Value value) const;

  /// The remarks in the order of the graph. Fails, with an error at the layer,
  /// where a layer was rewritten without saying what it became.
  mlir::FailureOr<mlir::ArrayAttr> takeRemarks();

private:
  void addLinear(mlir::Operation *op, const onnx::SymbolicShapes &shapes);
  void addEmbedding(onnx::GatherOp op);
  void addAttention(onnx::SoftmaxOp op, const onnx::SymbolicShapes &shapes);
  void warnOfNaN(mlir::Operation *op, mlir::Value weight);

  llvm::MapVector<mlir::Operation *, LayerRemark> layers;
  /// The products of probabilities -> their softmax.
  llvm::DenseMap<mlir::Operation *, mlir::Operation *> contexts;
  mlir::func::FuncOp func;
  Refusals &refusals;
};

} // namespace mlir::bnn
