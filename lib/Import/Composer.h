//===- Composer.h - Writing one operator as others --------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Import/Importer.h"

namespace mlir::bnn {
/// Tables that the importer makes have no more elements.
constexpr int64_t kMaxTable = int64_t(1) << 26;

/// The length of an axis: a number, or a list of one i64 that is known at run
/// time only.
struct Extent {
  Extent(int64_t size) : size(size) {}
  Extent(mlir::Value list) : list(list) {}

  int64_t size = mlir::ShapedType::kDynamic;
  mlir::Value list;
};

/// Writes what stands for one node: operations of the dialect, one after the
/// other. After an error nothing more is built, and what the functions return
/// has no meaning.
class Composer {
public:
  using Values = llvm::ArrayRef<mlir::Value>;
  using Integers = llvm::SmallVector<int64_t>;

  Composer(Importer &importer, const ::onnx::NodeProto &node, Values inputs);
  /// From here on f16 and bf16 inputs are f32, and outputs of f32 are cast to
  /// `format`, if it is one of these.
  void computeInFloat(mlir::Type format);

  //===-- The node --------------------------------------------------------===//

  int64_t getOpset() const { return importer.opset; }
  bool has(unsigned input) const {
    return input < inputs.size() &&
           !mlir::isa<mlir::NoneType>(inputs[input].getType());
  }
  unsigned getNumInputs() const { return unsigned(inputs.size()); }
  mlir::Value in(unsigned input) const { return inputs[input]; }
  /// The same, or null where it is left out.
  mlir::Value orNull(unsigned input) const {
    return has(input) ? inputs[input] : mlir::Value();
  }
  /// One that must be there, after some that may be left out: else an error.
  mlir::Value required(unsigned input);
  /// The element type by its number in ONNX's TensorProto, or null.
  mlir::Type typeOf(int64_t code) {
    return code == int32_t(code)
               ? getElementType(int32_t(code), importer.context)
               : mlir::Type();
  }
  mlir::Type elementOf(mlir::Value value) const {
    return mlir::getElementTypeOrSelf(value.getType());
  }
  bool hasAttribute(llvm::StringRef name) const;
  int64_t integer(llvm::StringRef name, int64_t otherwise = 0) const;
  double number(llvm::StringRef name, double otherwise) const;
  llvm::StringRef text(llvm::StringRef name, llvm::StringRef otherwise) const;
  Integers integers(llvm::StringRef name) const;
  llvm::SmallVector<float> floats(llvm::StringRef name) const;
  /// Whether something reads output `i`.
  bool isRead(unsigned i) const;
  void setOutput(unsigned i, mlir::Value value);

  //===-- Errors ----------------------------------------------------------===//

  /// Reports an error at the node, unless there has been one.
  void fail(const llvm::Twine &message);
  bool hasFailed() const { return isBad; }

  //===-- What is known ---------------------------------------------------===//

  /// The rank; an error if it is not known.
  int64_t rankOf(mlir::Value value);
  /// An axis that may count from the end, from the front; an error if it is
  /// none of `rank`.
  int64_t wrapAxis(int64_t axis, int64_t rank);
  /// The length of an axis, if it is constant, else ShapedType::kDynamic.
  int64_t sizeOf(mlir::Value value, int64_t axis);
  /// The same; an error if it is not constant.
  int64_t knownSizeOf(mlir::Value value, int64_t axis);
  /// The elements of a constant list; an error if they are not known.
  Integers knownIntegers(mlir::Value list, llvm::StringRef what);

  //===-- Operations ------------------------------------------------------===//

  /// An operation whose result has elements of type `element`.
  template <typename Op, typename... Arguments>
  mlir::Value make(mlir::Type element, Arguments &&...arguments) {
    if (isBad)
      return inputs[0];
    return finish(
        importer.builder.create<Op>(loc, mlir::UnrankedTensorType::get(element),
                                    std::forward<Arguments>(arguments)...));
  }
  /// One that keeps the element type of its first operand.
  template <typename Op> mlir::Value unary(mlir::Value x) {
    return make<Op>(elementOf(x), x);
  }
  template <typename Op> mlir::Value binary(mlir::Value x, mlir::Value y) {
    return make<Op>(elementOf(x), x, y);
  }
  template <typename Op> mlir::Value compare(mlir::Value x, mlir::Value y) {
    return make<Op>(boolType(), x, y);
  }
  mlir::Value add(mlir::Value x, mlir::Value y) {
    return binary<onnx::AddOp>(x, y);
  }
  mlir::Value sub(mlir::Value x, mlir::Value y) {
    return binary<onnx::SubOp>(x, y);
  }
  mlir::Value mul(mlir::Value x, mlir::Value y) {
    return binary<onnx::MulOp>(x, y);
  }
  mlir::Value div(mlir::Value x, mlir::Value y) {
    return binary<onnx::DivOp>(x, y);
  }
  mlir::Value sqrt(mlir::Value x) { return unary<onnx::SqrtOp>(x); }
  mlir::Value matmul(mlir::Value x, mlir::Value y) {
    return binary<onnx::MatMulOp>(x, y);
  }
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y) {
    return make<onnx::WhereOp>(elementOf(x), condition, x, y);
  }
  mlir::Value castTo(mlir::Value x, mlir::Type element);
  /// A scalar of type `element`.
  mlir::Value scalar(mlir::Type element, double value);
  /// A scalar of the element type of `x`.
  mlir::Value like(mlir::Value x, double value) {
    return scalar(elementOf(x), value);
  }
  mlir::Value list(llvm::ArrayRef<int64_t> values);
  /// An error if a table of that many by that many elements is too large to be
  /// made; whether it is not.
  bool canMakeTable(int64_t rows, int64_t columns = 1);
  /// A constant of f32, or of i64, of this shape.
  mlir::Value table(llvm::ArrayRef<float> values, Integers shape);
  mlir::Value table(llvm::ArrayRef<int64_t> values, Integers shape);

  Extent extent(mlir::Value value, int64_t axis);
  Extent product(const Extent &x, const Extent &y);
  mlir::Value asList(const Extent &extent);
  /// The list of these lengths.
  mlir::Value shape(llvm::ArrayRef<Extent> extents);
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<Extent> extents);
  /// x, whose axis must have this length: that is checked at run time where it
  /// is not known, and an error where it certainly has not.
  mlir::Value withExtent(mlir::Value x, int64_t axis, const Extent &wanted);
  /// y, which must have the shape of x: nothing was broadcast beyond it.
  mlir::Value withShapeOf(mlir::Value y, mlir::Value x);
  mlir::Value expand(mlir::Value x, llvm::ArrayRef<Extent> extents);
  mlir::Value transpose(mlir::Value x, llvm::ArrayRef<int64_t> perm);
  mlir::Value unsqueeze(mlir::Value x, llvm::ArrayRef<int64_t> axes);
  mlir::Value squeeze(mlir::Value x, llvm::ArrayRef<int64_t> axes);
  mlir::Value concat(Values values, int64_t axis);
  mlir::Value gather(mlir::Value x, mlir::Value indices, int64_t axis);
  /// The elements from `start` to `end` of an axis.
  mlir::Value slice(mlir::Value x, int64_t axis, int64_t start, int64_t end,
                    int64_t step = 1);
  mlir::Value slice(mlir::Value x, int64_t axis, int64_t start,
                    const Extent &end);
  /// `fill`, a scalar, before and after the elements of an axis.
  mlir::Value pad(mlir::Value x, int64_t axis, int64_t before, int64_t after,
                  mlir::Value fill);
  /// A tensor of zeros, or of another value.
  mlir::Value filled(llvm::ArrayRef<Extent> extents, mlir::Type element,
                     double value);
  /// 0, 1, ... of i64 along `axis` of a tensor of rank `rank` whose other axes
  /// have length 1.
  mlir::Value iota(const Extent &count, int64_t axis, int64_t rank);
  /// Reductions over axes, which stay with length 1.
  template <typename Op>
  mlir::Value reduce(mlir::Value x, llvm::ArrayRef<int64_t> axes,
                     bool keep = true) {
    return make<Op>(elementOf(x), x,
                    importer.builder.getDenseI64ArrayAttr(axes),
                    importer.builder.getI64IntegerAttr(keep));
  }
  mlir::Value reduceSum(mlir::Value x, llvm::ArrayRef<int64_t> axes,
                        bool keep = true);
  mlir::Value none() { return importer.noValue(); }

  mlir::IntegerAttr i64Attr(int64_t value) {
    return importer.builder.getI64IntegerAttr(value);
  }
  mlir::FloatAttr f32Attr(double value) {
    return importer.builder.getF32FloatAttr(float(value));
  }
  mlir::Type f32Type() { return importer.builder.getF32Type(); }
  mlir::Type f64Type() { return importer.builder.getF64Type(); }
  mlir::Type i32Type() { return importer.builder.getI32Type(); }
  mlir::Type i64Type() { return importer.builder.getI64Type(); }
  mlir::Type i8Type() { return importer.builder.getI8Type(); }
  mlir::Type u8Type() {
    return importer.builder.getIntegerType(8, /*isSigned=*/false);
  }
  mlir::Type boolType() { return importer.builder.getI1Type(); }

private:
  mlir::Value finish(mlir::Operation *op);
  mlir::Value constant(mlir::DenseElementsAttr value);

  Importer &importer;
  const ::onnx::NodeProto &node;
  llvm::SmallVector<mlir::Value> inputs;
  mlir::Location loc;
  /// Of outputs that are computed in f32; or null.
  mlir::Type format;
  bool isBad = false;
};

/// An operator that the importer writes as others: its line in the table, and
/// how.
struct Composition {
  onnx::OperatorSpec spec;
  void (*compose)(Composer &);
};

/// Softmax, or LogSoftmax, along an axis: one operation, or of f64 the ones
/// that it is made of.
mlir::Value composeSoftmax(Composer &c, mlir::Value x, int64_t axis,
                           bool isLog);
/// That of opsets before 13: over all axes from `axis` on as if they were one.
mlir::Value composeSoftmaxFrom(Composer &c, mlir::Value x, int64_t axis,
                               bool isLog);
/// x (1 + erf(x / sqrt 2)) / 2, or its approximation by tanh.
mlir::Value composeGelu(Composer &c, mlir::Value x, bool isApproximate);
/// The activation that a fused operator's attribute `activation` names, with
/// its parameters in the order of ONNX's attributes; an error if it is unknown.
mlir::Value composeActivation(Composer &c, mlir::Value x,
                              llvm::ArrayRef<float> parameters);
/// [batch, tokens, heads * size] as [batch, heads, tokens, size].
mlir::Value splitHeads(Composer &c, mlir::Value x, int64_t heads);
/// The other way round.
mlir::Value mergeHeads(Composer &c, mlir::Value x);
/// LayerNormalization of f64, and its statistics.
void composeLayerNorm(Composer &c);

/// All of them, in no order.
llvm::ArrayRef<Composition> getCompositions();

// The families, each in a file of its own.
void addElementwise(std::vector<Composition> &all);
void addTrigonometry(std::vector<Composition> &all);
void addNormalizations(std::vector<Composition> &all);
void addArrangements(std::vector<Composition> &all);
void addIndexed(std::vector<Composition> &all);
void addPooling(std::vector<Composition> &all);
void addConvolutions(std::vector<Composition> &all);
void addEinsum(std::vector<Composition> &all);
void addAttention(std::vector<Composition> &all);
void addBytes(std::vector<Composition> &all);
void addContrib(std::vector<Composition> &all);
void addContribAttention(std::vector<Composition> &all);

/// An operator that moves elements and computes none.
inline onnx::OperatorSpec moving(onnx::OperatorSpec spec) {
  spec.movesElements = true;
  return spec;
}

/// The beginning of a line of the table.
onnx::OperatorSpec specOf(const char *name, int since, unsigned minInputs,
                          unsigned maxInputs, unsigned types);
/// The same of one of ONNX Runtime's own.
onnx::OperatorSpec contribSpecOf(const char *name, unsigned minInputs,
                                 unsigned maxInputs, unsigned types);
/// Adds one of those; its line of the table.
onnx::OperatorSpec &
addContribOperator(std::vector<Composition> &all, const char *name,
                   unsigned minInputs, unsigned maxInputs, unsigned types,
                   void (*compose)(Composer &),
                   std::vector<onnx::AttributeSpec> attributes = {});
} // namespace mlir::bnn
