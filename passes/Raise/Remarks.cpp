//===- Remarks.cpp - What became of each layer, and why -------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/Raise/Remarks.h"
#include "dialects/ONNX/ConstantView.h"
#include "dialects/ONNX/HalfFloats.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "passes/Raise/WeightNoise.h"
#include "passes/Support/QuantizedFactor.h"
#include "llvm/ADT/SmallPtrSet.h"
#include <cmath>

using namespace mlir;
using namespace mlir::bnn;

//===----------------------------------------------------------------------===//
// Counts
//===----------------------------------------------------------------------===//

static LayerCount unknownCount() { return {std::nullopt}; }

// The product of the dimensions.
static LayerCount countOf(MLIRContext *context,
                          const onnx::SymbolicShapes &shapes,
                          ArrayRef<onnx::SymbolicDim> dims) {
  onnx::SymbolicDim product(1);
  for (const onnx::SymbolicDim &dim : dims) {
    auto next = product.times(dim);
    if (!next)
      return unknownCount();
    product = *next;
  }
  LayerCount count;
  shapes.forEachProduct(
      product, [&](int64_t coefficient, ArrayRef<StringRef> symbols) {
        SmallVector<Attribute> names;
        for (StringRef symbol : symbols)
          names.push_back(StringAttr::get(context, symbol));
        count.products->push_back({coefficient, std::move(names)});
      });
  return count;
}

static void addTo(LayerCount &sum, const LayerCount &other) {
  if (!sum.products || !other.products)
    sum.products = std::nullopt;
  else
    llvm::append_range(*sum.products, *other.products);
}

// Each product times `factor`; nothing where one exceeds 64 bits.
static LayerCount times(LayerCount count, int64_t factor) {
  if (!count.products)
    return count;
  for (LayerCount::Product &product : *count.products)
    if (llvm::MulOverflow(product.coefficient, factor, product.coefficient))
      return unknownCount();
  return count;
}

static CountAttr toAttr(Builder &b, const LayerCount &count) {
  if (!count.products)
    return CountAttr();
  SmallVector<Attribute> products;
  for (const LayerCount::Product &product : *count.products) {
    SmallVector<Attribute> parts = {b.getI64IntegerAttr(product.coefficient)};
    llvm::append_range(parts, product.symbols);
    products.push_back(b.getArrayAttr(parts));
  }
  return CountAttr::get(b.getContext(), b.getArrayAttr(products));
}

//===----------------------------------------------------------------------===//
// Taking stock
//===----------------------------------------------------------------------===//

// Whether the op makes bits of numbers.
static bool isDecision(Operation *op) {
  return isa<onnx::GreaterOp, onnx::GreaterOrEqualOp, onnx::LessOp,
             onnx::LessOrEqualOp, onnx::SignOp, onnx::ClipOp>(op);
}

// Whether the op moves elements or maps each for itself, as far as what lies
// between attention's products goes.
static bool isBetweenProducts(Operation *op) {
  return isa<onnx::AddOp, onnx::SubOp, onnx::MulOp, onnx::DivOp, onnx::ClipOp,
             onnx::RoundOp, onnx::FloorOp, onnx::CeilOp, onnx::SignOp,
             onnx::ReluOp, onnx::NotOp, onnx::AndOp, onnx::MaxOp, onnx::MinOp,
             onnx::WhereOp, onnx::CastOp, onnx::DropoutOp, onnx::IdentityOp,
             onnx::RoundToHalfOp, onnx::QuantizeLinearOp,
             onnx::DequantizeLinearOp, onnx::UnsqueezeOp, onnx::SqueezeOp,
             onnx::ReshapeOp, onnx::ExpandOp, onnx::TransposeOp>(op);
}

bool bnn::canBeListed(const onnx::ConstantView &view) {
  const int64_t most = view.isSplat() ? int64_t(1) << 28 : int64_t(1) << 31;
  int64_t count = 1;
  for (int64_t size : view.getType().getShape())
    if (llvm::MulOverflow(count, size, count))
      return false;
  return count <= most;
}

bool bnn::isProductOfVariables(Operation *op) {
  return isa<onnx::MatMulOp, onnx::GemmOp>(op) &&
         !onnx::ConstantView::get(op->getOperand(0)) &&
         !isConstantFactor(op->getOperand(1));
}

void bnn::replaceWith(RaiseRewriter &rewriter, Operation *op, Value result) {
  Type type = op->getResult(0).getType();
  if (result.getType() != type)
    result = rewriter.create<tensor::CastOp>(result.getLoc(), type, result);
  rewriter.replaceOp(op, result);
}

void RaiseRewriter::takeStock(func::FuncOp func,
                              const onnx::SymbolicShapes &shapes) {
  func.walk([&](Operation *op) {
    if (isa<onnx::MatMulOp, onnx::GemmOp>(op))
      addLinear(op, shapes);
    else if (auto gather = dyn_cast<onnx::GatherOp>(op))
      addEmbedding(gather);
    else if (auto softmax = dyn_cast<onnx::SoftmaxOp>(op))
      addAttention(softmax, shapes);
  });
  // From the last on: what is counted with an attention stands before it.
  SmallVector<Operation *> products;
  func.walk([&](Operation *op) {
    if (isProductOfVariables(op))
      products.push_back(op);
  });
  for (Operation *op : llvm::reverse(products))
    if (!counted.contains(op))
      addProduct(op, shapes);
  sortByOrder();
}

// Layers stand in the order of the graph.
void RaiseRewriter::sortByOrder() {
  llvm::sort(layers, [](const LayerRecord &a, const LayerRecord &b) {
    return a.op->isBeforeInBlock(b.op);
  });
  for (auto [i, layer] : llvm::enumerate(layers))
    indexOf[layer.op] = i;
}

void RaiseRewriter::add(Operation *op, LayerRecord layer) {
  indexOf.try_emplace(op, layers.size());
  layers.push_back(std::move(layer));
}

LayerRecord *RaiseRewriter::find(Operation *op) {
  auto it = indexOf.find(op);
  return it == indexOf.end() ? nullptr : &layers[it->second];
}

void RaiseRewriter::warnOfNaN(Operation *op, Value weight) {
  auto view = onnx::ConstantView::get(weight);
  if (!view || !view->getElementType().isF32())
    return;
  int64_t count = 0;
  for (int64_t i = 0, e = view->isSplat() ? 1 : view->getNumElements(); i < e;
       ++i)
    count += std::isnan(view->at<float>(i));
  if (count)
    emitWarning(op->getLoc())
        << count << " of the " << view->getNumElements() << " weights of node '"
        << nodeName(op->getLoc())
        << "' are NaN; check how the model was trained or "
           "exported";
}

static LayerRecord recordOf(Operation *op, LayerKind kind) {
  return {kind, op, op->getLoc(), op->getName().stripDialect().str()};
}

void RaiseRewriter::addLinear(Operation *op,
                              const onnx::SymbolicShapes &shapes) {
  Value a = op->getOperand(0), b = op->getOperand(1);
  bool isLeft = !isConstantFactor(b);
  Value weight = isLeft ? a : b;
  auto type = dyn_cast<RankedTensorType>(weight.getType());
  auto shape = shapes.shapeOf(op->getResult(0));
  // Of integers, those that are left for a product of bytes are weights.
  if (!isConstantFactor(weight) || !type || type.getRank() < 1 ||
      !(isa<FloatType>(type.getElementType()) ||
        !onnx::ConstantView::get(weight)))
    return;
  LayerRecord layer = recordOf(op, LayerKind::Linear);
  auto gemm = dyn_cast<onnx::GemmOp>(op);
  bool transposed = gemm && (isLeft ? gemm.getTransA() : gemm.getTransB());
  // The last two dimensions are [inputs, outputs], or the other way round.
  int64_t last = type.getShape().back(),
          other = type.getRank() < 2 ? 1 : type.getDimSize(type.getRank() - 2);
  if (type.getRank() == 1)
    std::swap(last, other);
  bool inputsLast = isLeft != transposed;
  layer.sizes[0] = inputsLast ? last : other;
  layer.sizes[1] = inputsLast ? other : last;
  LayerCount outputs = shape && layer.sizes[1] > 0
                           ? countOf(op->getContext(), shapes, *shape)
                           : unknownCount();
  layer.macs = times(outputs, layer.sizes[0]);
  layer.rows = std::move(outputs);
  if (layer.rows.products)
    for (LayerCount::Product &product : *layer.rows.products)
      product.coefficient /= layer.sizes[1];
  add(op, std::move(layer));
  warnOfNaN(op, weight);
}

// What makes f32 of rows of bytes, or null.
static onnx::DequantizeLinearOp findWidening(onnx::GatherOp op) {
  for (Operation *user : op->getUsers())
    if (auto widen = dyn_cast<onnx::DequantizeLinearOp>(user);
        widen && widensBytes(user))
      return widen;
  return {};
}

void RaiseRewriter::addEmbedding(onnx::GatherOp op) {
  auto type = dyn_cast<RankedTensorType>(op.getData().getType());
  if (op.getAxis() != 0 || !type || type.getRank() != 2 ||
      !(isa<FloatType>(type.getElementType()) || findWidening(op)) ||
      !onnx::ConstantView::get(op.getData()) ||
      onnx::ConstantView::get(op.getIndices()))
    return;
  LayerRecord layer = recordOf(op, LayerKind::Embedding);
  layer.sizes[0] = type.getDimSize(0);
  layer.sizes[1] = type.getDimSize(1);
  if (type.getElementType().isInteger(8)) {
    layer.weights = layer.activations = BitsType::get(
        getContext(), /*isSigned=*/!type.getElementType().isUnsignedInteger(),
        8);
    layer.reason = "its table is of integers of 8 bits";
  }
  add(op, std::move(layer));
  warnOfNaN(op, op.getData());
}

static LayerCount macsOf(Operation *matmul,
                         const onnx::SymbolicShapes &shapes) {
  auto shape = shapes.shapeOf(matmul->getResult(0)),
       left = shapes.shapeOf(matmul->getOperand(0));
  if (!shape || !left || left->empty())
    return unknownCount();
  SmallVector<onnx::SymbolicDim> dims(*shape);
  auto gemm = dyn_cast<onnx::GemmOp>(matmul);
  dims.push_back(gemm && gemm.getTransA() ? left->front() : left->back());
  return countOf(matmul->getContext(), shapes, dims);
}

static bool mayHaveOneShape(Type a, RankedTensorType b) {
  auto ranked = dyn_cast<RankedTensorType>(a);
  return ranked && succeeded(verifyCompatibleShape(ranked, b));
}

void RaiseRewriter::addAttention(onnx::SoftmaxOp op,
                                 const onnx::SymbolicShapes &shapes) {
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!type || type.getRank() < 2 ||
      (int64_t(op.getAxis()) != -1 &&
       int64_t(op.getAxis()) != type.getRank() - 1))
    return;
  LayerRecord layer = recordOf(op, LayerKind::Attention);

  // Forwards: products that the probabilities are the left factor of.
  SmallVector<Operation *> found;
  SmallVector<Value> todo = {op->getResult(0)};
  SmallPtrSet<Operation *, 16> seen;
  while (!todo.empty()) {
    Value value = todo.pop_back_val();
    for (OpOperand &use : value.getUses()) {
      Operation *user = use.getOwner();
      if (!seen.insert(user).second)
        continue;
      if (isProductOfVariables(user)) {
        if (use.getOperandNumber() == 0)
          found.push_back(user);
      } else if ((isBetweenProducts(user) || isDecision(user)) &&
                 mayHaveOneShape(user->getResult(0).getType(), type)) {
        todo.push_back(user->getResult(0));
      }
    }
  }
  if (found.empty())
    return;
  // The values are the widest factor; others are residuals.
  auto widthOf = [](Operation *product) {
    auto right = dyn_cast<RankedTensorType>(product->getOperand(1).getType());
    return right && right.getRank() ? right.getShape().back() : 0;
  };
  Operation *context =
      *llvm::max_element(found, [&](Operation *a, Operation *b) {
        return widthOf(a) < widthOf(b);
      });
  for (Operation *product : found) {
    contexts[product] = op;
    counted[product] = op;
    ++layer.products;
    addTo(product == context ? layer.macs : layer.otherMacs,
          macsOf(product, shapes));
  }

  addScores(op.getInput(), type, layer, shapes);
  finishAttention(op, context, std::move(layer), shapes);
}

// Backwards: products that the scores, of shape `type`, are sums of.
void RaiseRewriter::addScores(Value source, RankedTensorType type,
                              LayerRecord &layer,
                              const onnx::SymbolicShapes &shapes) {
  SmallVector<Value> todo = {source};
  SmallPtrSet<Operation *, 16> seen;
  while (!todo.empty()) {
    Operation *maker = todo.pop_back_val().getDefiningOp();
    if (!maker || !seen.insert(maker).second)
      continue;
    if (isProductOfVariables(maker)) {
      // A term that all heads share has fewer dimensions than the scores.
      bool isMain = mayHaveOneShape(maker->getResult(0).getType(), type);
      addTo(isMain ? layer.macs : layer.otherMacs, macsOf(maker, shapes));
      counted[maker] = layer.op;
      ++layer.products;
    } else if (isBetweenProducts(maker) || isDecision(maker)) {
      llvm::append_range(todo, maker->getOperands());
    }
  }
}

void RaiseRewriter::finishAttention(Operation *op, Operation *context,
                                    LayerRecord layer,
                                    const onnx::SymbolicShapes &shapes) {
  auto product = cast<RankedTensorType>(context->getResult(0).getType());
  layer.sizes[0] = product.getRank() == 4 ? product.getDimSize(1) : 1;
  layer.sizes[1] = product.getShape().back();
  auto shape = shapes.shapeOf(context->getOperand(0));
  layer.rows =
      shape ? countOf(op->getContext(), shapes, (*shape)[shape->size() - 1])
            : unknownCount();
  add(op, std::move(layer));
}

// Whether probabilities come from a product of variables by a comparison, or
// something of its kind, instead of a softmax.
static bool isComparedProduct(Value source, RankedTensorType type) {
  bool isDecided = false;
  for (int depth = 0; depth < 16; ++depth) {
    Operation *maker = source.getDefiningOp();
    if (!maker)
      return false;
    if (isProductOfVariables(maker))
      return isDecided;
    if (!isBetweenProducts(maker) && !isDecision(maker))
      return false;
    isDecided |= isDecision(maker);
    // The operand that has the shape of the scores, and is computed.
    auto found = llvm::find_if(maker->getOperands(), [&](Value operand) {
      return mayHaveOneShape(operand.getType(), type) &&
             !onnx::ConstantView::get(operand);
    });
    if (found == maker->getOperands().end())
      return false;
    source = *found;
  }
  return false;
}

// A product of two variables: attention if it is one of probabilities that were
// compared, else a layer of its own.
void RaiseRewriter::addProduct(Operation *op,
                               const onnx::SymbolicShapes &shapes) {
  Value left = op->getOperand(0);
  auto type = dyn_cast<RankedTensorType>(left.getType());
  auto out = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!type || !out || type.getRank() < 1 || out.getRank() < 1 ||
      !isa<FloatType>(out.getElementType()))
    return;
  if (type.getRank() > 2 && isComparedProduct(left, type)) {
    LayerRecord layer = recordOf(op, LayerKind::Attention);
    contexts[op] = counted[op] = op;
    ++layer.products;
    addTo(layer.macs, macsOf(op, shapes));
    addScores(left, type, layer, shapes);
    finishAttention(op, op, std::move(layer), shapes);
    return;
  }
  LayerRecord layer = recordOf(op, LayerKind::Product);
  auto knownSize = [](int64_t size) {
    return ShapedType::isDynamic(size) ? 0 : size;
  };
  auto gemm = dyn_cast<onnx::GemmOp>(op);
  const bool isTurned = gemm && gemm.getTransA();
  layer.sizes[0] =
      knownSize(isTurned ? type.getDimSize(0) : type.getShape().back());
  layer.sizes[1] = knownSize(out.getShape().back());
  layer.macs = macsOf(op, shapes);
  auto shape = shapes.shapeOf(op->getResult(0));
  layer.rows =
      shape ? countOf(op->getContext(), shapes, ArrayRef(*shape).drop_back())
            : unknownCount();
  layer.reason = "both factors are computed at run time, and it is no part of "
                 "attention";
  layer.weights = layer.activations = getF32Type();
  add(op, std::move(layer));
}

//===----------------------------------------------------------------------===//
// Saying what became of a layer
//===----------------------------------------------------------------------===//

LogicalResult RaiseRewriter::refuse(Operation *op, const Twine &reason) {
  LayerRecord *layer = find(op);
  if (layer && !layer->weights)
    layer->reason = reason.str();
  return layer || isa_and_nonnull<onnx::LayerNormalizationOp>(op)
             ? refusals.refuse(op, reason)
             : failure();
}

void RaiseRewriter::became(Operation *op, Type weights, Type activations,
                           const Twine &reason) {
  LayerRecord *layer = find(op);
  if (!layer)
    return;
  layer->weights = weights;
  layer->activations = activations;
  layer->reason = reason.str();
}

void RaiseRewriter::wroteAgain(Operation *op, Operation *copy) {
  if (auto it = indexOf.find(op); it != indexOf.end()) {
    const size_t index = it->second;
    indexOf.erase(it);
    indexOf[copy] = index;
    layers[index].op = copy;
  }
  if (Operation *layer = contexts.lookup(op))
    contexts[copy] = layer;
  for (auto &[product, layer] : contexts)
    if (layer == op)
      layer = copy;
}

void RaiseRewriter::notifyOperationErased(Operation *op) {
  ForwardingListener::notifyOperationErased(op);
  contexts.erase(op);
  counted.erase(op);
  if (LayerRecord *layer = find(op)) {
    layer->op = nullptr;
    indexOf.erase(op);
  }
}

void RaiseRewriter::becameBytes(Operation *product, Type left, Type right) {
  constexpr StringLiteral kWhy = "its factors are integers of 8 bits";
  Operation *layer = counted.lookup(product);
  LayerRecord *record = find(layer ? layer : product);
  if (record && (!layer || ++record->byteProducts == record->products))
    became(record->op, right, left, kWhy);
}

Operation *RaiseRewriter::attentionBehind(Value value) const {
  // Heads are joined by Transpose and Reshape; a residual is added before.
  for (int depth = 0; depth < 6; ++depth) {
    Operation *op = value.getDefiningOp();
    if (!op)
      return nullptr;
    if (Operation *softmax = contexts.lookup(op))
      return softmax;
    // Scales of heads are on either side.
    if (isa<onnx::AddOp, onnx::MulOp, onnx::DivOp>(op))
      for (Value operand : op->getOperands())
        if (Operation *product = onnx::beforeRounding(operand).getDefiningOp())
          if (Operation *softmax = contexts.lookup(product))
            return softmax;
    if (!isa<onnx::ReshapeOp, onnx::TransposeOp, onnx::RoundToHalfOp,
             onnx::MulOp, onnx::DivOp>(op))
      return nullptr;
    value = op->getOperand(onnx::ConstantView::get(op->getOperand(0)) ? 1 : 0);
  }
  return nullptr;
}

void RaiseRewriter::setNoise(Operation *op, NoiseAttr noise) {
  if (LayerRecord *layer = find(op))
    layer->noise = noise;
}

// Of the numbers that a table of bytes stands for, whose scales are those of
// all or of columns.
static NoiseAttr noiseOfTable(onnx::GatherOp op,
                              const onnx::ConstantView &table) {
  onnx::DequantizeLinearOp widen = findWidening(op);
  if (!widen || !canBeListed(table))
    return {};
  auto scales = onnx::ConstantView::get(widen.getXScale());
  auto zeros = onnx::ConstantView::get(widen.getXZeroPoint());
  const int64_t rows = table.getType().getDimSize(0),
                columns = table.getType().getDimSize(1);
  auto at = [&](const onnx::ConstantView &list, int64_t column) {
    return list.getNumElements() == 1 ? 0 : column;
  };
  auto fits = [&](const onnx::ConstantView &list) {
    return list.getNumElements() == 1 || list.getNumElements() == columns;
  };
  if (!scales || !fits(*scales) || (zeros && !fits(*zeros)))
    return {};
  return measureNoise(
      op.getContext(), rows, columns, [&](int64_t row, int64_t column) {
        int64_t number = table.getInteger(row * columns + column);
        if (zeros)
          number -= zeros->getInteger(at(*zeros, column));
        return float(number) * scales->at<float>(at(*scales, column));
      });
}

// Of the constant factor of a product, or of a table.
NoiseAttr RaiseRewriter::noiseOf(const LayerRecord &layer) const {
  const bool hasWeights =
      layer.kind == LayerKind::Linear || layer.kind == LayerKind::Embedding;
  if (!layer.op || !hasWeights)
    return {};
  if (auto gather = dyn_cast<onnx::GatherOp>(layer.op))
    if (auto table = onnx::ConstantView::get(gather.getData());
        table && table->getElementType().isInteger(8))
      return noiseOfTable(gather, *table);
  for (unsigned i : {1, 0}) {
    auto view = onnx::ConstantView::get(layer.op->getOperand(i));
    if (!view || !view->getElementType().isF32() ||
        view->getType().getRank() != 2 || !canBeListed(*view))
      continue;
    const int64_t rows = view->getType().getDimSize(0),
                  columns = view->getType().getDimSize(1);
    auto gemm = dyn_cast<onnx::GemmOp>(layer.op);
    // [inputs, outputs] of the right factor, [outputs, inputs] of the left.
    const bool isRight = i == 1 && !isa<onnx::GatherOp>(layer.op);
    const bool isTurned = gemm && (i ? gemm.getTransB() : gemm.getTransA());
    if (isRight != isTurned)
      return measureNoise(getContext(), columns, rows,
                          [&](int64_t n, int64_t k) {
                            return view->at<float>(k * columns + n);
                          });
    return measureNoise(getContext(), rows, columns, [&](int64_t n, int64_t k) {
      return view->at<float>(n * columns + k);
    });
  }
  return {};
}

FailureOr<ArrayAttr> RaiseRewriter::takeRemarks(bool noise) {
  SmallVector<Attribute> remarks;
  for (LayerRecord &layer : layers) {
    if (layer.kind == LayerKind::Product && layer.op)
      (void)refusals.refuse(layer.op, layer.reason);
    if (!layer.weights && !layer.op)
      return emitError(layer.loc, "this layer was rewritten, but not what it "
                                  "became was noted");
    if (!layer.weights) {
      if (layer.reason.empty())
        (void)refuse(layer.op,
                     "its heads are not split by Reshape and "
                     "Transpose, and joined by Transpose and Reshape");
      layer.weights = layer.activations = getF32Type();
    }
    if (noise && !layer.noise)
      layer.noise = noiseOf(layer);
    // A size that is not known is 0.
    for (int64_t &size : layer.sizes)
      size = std::max<int64_t>(size, 0);
    remarks.push_back(LayerAttr::get(
        getContext(), layer.kind, layer.opName, layer.loc,
        getDenseI64ArrayAttr(layer.sizes), layer.weights, layer.activations,
        layer.reason, toAttr(*this, layer.rows), toAttr(*this, layer.macs),
        toAttr(*this, layer.otherMacs), layer.noise));
  }
  layers.clear();
  indexOf.clear();
  return getArrayAttr(remarks);
}
