//===- Remarks.cpp - What became of each layer, and why -------------------===//
#include "passes/Raise/Remarks.h"
#include "dialects/ONNX/ConstantView.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/SmallPtrSet.h"
#include <cmath>

using namespace mlir;
using namespace mlir::bnn;

std::string bnn::nodeName(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName().str();
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (std::string name = nodeName(part); !name.empty())
        return name;
  return "";
}

//===----------------------------------------------------------------------===//
// Counts
//===----------------------------------------------------------------------===//

std::optional<int64_t> SymbolicCount::evaluate(DictionaryAttr maxima) const {
  if (!known)
    return std::nullopt;
  int64_t sum = 0;
  for (const Product &product : products) {
    int64_t term = product.coefficient;
    for (const std::string &symbol : product.symbols) {
      auto maximum = maxima ? maxima.getAs<IntegerAttr>(symbol) : IntegerAttr();
      if (!maximum || llvm::MulOverflow(term, maximum.getInt(), term))
        return std::nullopt;
    }
    if (llvm::AddOverflow(sum, term, sum))
      return std::nullopt;
  }
  return sum;
}

static SymbolicCount unknownCount() {
  SymbolicCount count;
  count.known = false;
  return count;
}

// The product of the dimensions, and of `factor`.
static SymbolicCount countOf(const onnx::SymbolicShapes &shapes,
                             ArrayRef<onnx::SymbolicDim> dims) {
  onnx::SymbolicDim product(1);
  for (const onnx::SymbolicDim &dim : dims) {
    auto next = product.times(dim);
    if (!next)
      return unknownCount();
    product = *next;
  }
  SymbolicCount count;
  shapes.forEachProduct(
      product, [&](int64_t coefficient, ArrayRef<StringRef> symbols) {
        SmallVector<std::string> names;
        for (StringRef symbol : symbols)
          names.push_back(symbol.str());
        count.products.push_back({coefficient, std::move(names)});
      });
  return count;
}

static void addTo(SymbolicCount &sum, const SymbolicCount &other) {
  sum.known &= other.known;
  llvm::append_range(sum.products, other.products);
}

static Attribute toAttr(Builder &b, const SymbolicCount &count) {
  if (!count.known)
    return b.getUnitAttr();
  SmallVector<Attribute> products;
  for (const SymbolicCount::Product &product : count.products) {
    SmallVector<Attribute> parts = {b.getI64IntegerAttr(product.coefficient)};
    for (const std::string &symbol : product.symbols)
      parts.push_back(b.getStringAttr(symbol));
    products.push_back(b.getArrayAttr(parts));
  }
  return b.getArrayAttr(products);
}

static SymbolicCount toCount(Attribute attr) {
  auto products = dyn_cast_or_null<ArrayAttr>(attr);
  if (!products)
    return unknownCount();
  SymbolicCount count;
  for (Attribute product : products) {
    auto parts = dyn_cast<ArrayAttr>(product);
    if (!parts || parts.empty() || !isa<IntegerAttr>(parts[0]))
      return unknownCount();
    SmallVector<std::string> symbols;
    for (Attribute symbol : parts.getValue().drop_front())
      if (auto name = dyn_cast<StringAttr>(symbol))
        symbols.push_back(name.str());
    count.products.push_back(
        {cast<IntegerAttr>(parts[0]).getInt(), std::move(symbols)});
  }
  return count;
}

//===----------------------------------------------------------------------===//
// Remarks
//===----------------------------------------------------------------------===//

std::string LayerRemark::getName() const { return nodeName(loc); }

static constexpr StringLiteral kKinds[] = {"linear", "attention", "embedding"};

DictionaryAttr LayerRemark::getAttr() const {
  Builder b(loc.getContext());
  NamedAttrList attrs;
  attrs.set("kind", b.getStringAttr(kKinds[unsigned(kind)]));
  attrs.set("loc", LocationAttr(loc));
  attrs.set("op", b.getStringAttr(op));
  attrs.set("sizes", b.getDenseI64ArrayAttr(sizes));
  attrs.set("rows", toAttr(b, rows));
  attrs.set("macs", toAttr(b, macs));
  attrs.set("other_macs", toAttr(b, otherMacs));
  attrs.set("became", b.getStringAttr(became));
  if (!reason.empty())
    attrs.set("reason", b.getStringAttr(reason));
  return attrs.getDictionary(b.getContext());
}

std::optional<LayerRemark> LayerRemark::get(Attribute attr) {
  auto dict = dyn_cast<DictionaryAttr>(attr);
  if (!dict)
    return std::nullopt;
  auto kind = dict.getAs<StringAttr>("kind"),
       became = dict.getAs<StringAttr>("became");
  auto loc = dict.getAs<LocationAttr>("loc");
  auto sizes = dict.getAs<DenseI64ArrayAttr>("sizes");
  auto op = dict.getAs<StringAttr>("op");
  const auto *found = kind ? llvm::find(kKinds, kind.getValue()) : nullptr;
  if (!kind || found == std::end(kKinds) || !became || !loc || !op || !sizes ||
      sizes.size() != 2)
    return std::nullopt;
  LayerRemark remark{Kind(found - kKinds), Location(loc), op.str()};
  llvm::copy(sizes.asArrayRef(), remark.sizes);
  remark.rows = toCount(dict.get("rows"));
  remark.macs = toCount(dict.get("macs"));
  remark.otherMacs = toCount(dict.get("other_macs"));
  remark.became = became.str();
  if (auto reason = dict.getAs<StringAttr>("reason"))
    remark.reason = reason.str();
  return remark;
}

//===----------------------------------------------------------------------===//
// Taking stock
//===----------------------------------------------------------------------===//

RaiseRewriter::RaiseRewriter(func::FuncOp func,
                             const onnx::SymbolicShapes &shapes,
                             Refusals &refusals)
    : IRRewriter(func.getContext(), &refusals), func(func), refusals(refusals) {
  func.walk([&](Operation *op) {
    if (isa<onnx::MatMulOp, onnx::GemmOp>(op))
      addLinear(op, shapes);
    else if (auto gather = dyn_cast<onnx::GatherOp>(op))
      addEmbedding(gather);
    else if (auto softmax = dyn_cast<onnx::SoftmaxOp>(op))
      addAttention(softmax, shapes);
  });
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

static LayerRemark remarkOf(Operation *op, LayerRemark::Kind kind) {
  return {kind, op->getLoc(), op->getName().stripDialect().str()};
}

void RaiseRewriter::addLinear(Operation *op,
                              const onnx::SymbolicShapes &shapes) {
  Value a = op->getOperand(0), b = op->getOperand(1);
  bool isLeft = !onnx::ConstantView::get(b);
  Value weight = isLeft ? a : b;
  auto type = dyn_cast<RankedTensorType>(weight.getType());
  auto shape = shapes.shapeOf(op->getResult(0));
  if (!onnx::ConstantView::get(weight) || !type || type.getRank() < 1 ||
      !isa<FloatType>(type.getElementType()))
    return;
  LayerRemark remark = remarkOf(op, LayerRemark::Kind::Linear);
  auto gemm = dyn_cast<onnx::GemmOp>(op);
  bool transposed = gemm && (isLeft ? gemm.getTransA() : gemm.getTransB());
  // The last two dimensions are [inputs, outputs], or the other way round.
  int64_t last = type.getShape().back(),
          other = type.getRank() < 2 ? 1 : type.getDimSize(type.getRank() - 2);
  if (type.getRank() == 1)
    std::swap(last, other);
  bool inputsLast = isLeft != transposed;
  remark.sizes[0] = inputsLast ? last : other;
  remark.sizes[1] = inputsLast ? other : last;
  if (shape && remark.sizes[1] > 0) {
    remark.macs = countOf(shapes, *shape);
    remark.rows = remark.macs;
    for (auto &product : remark.rows.products)
      product.coefficient /= remark.sizes[1];
    for (auto &product : remark.macs.products)
      if (llvm::MulOverflow(product.coefficient, remark.sizes[0],
                            product.coefficient))
        remark.macs.known = false;
  } else {
    remark.macs = remark.rows = unknownCount();
  }
  layers.insert({op, remark});
  warnOfNaN(op, weight);
}

void RaiseRewriter::addEmbedding(onnx::GatherOp op) {
  auto type = dyn_cast<RankedTensorType>(op.getData().getType());
  if (op.getAxis() != 0 || !type || type.getRank() != 2 ||
      !isa<FloatType>(type.getElementType()) ||
      !onnx::ConstantView::get(op.getData()) ||
      onnx::ConstantView::get(op.getIndices()))
    return;
  LayerRemark remark = remarkOf(op, LayerRemark::Kind::Embedding);
  remark.sizes[0] = type.getDimSize(0);
  remark.sizes[1] = type.getDimSize(1);
  layers.insert({op, remark});
  warnOfNaN(op, op.getData());
}

// Whether the op moves elements or maps each for itself, as far as what lies
// between attention's products goes.
static bool isBetweenProducts(Operation *op) {
  return isa<onnx::AddOp, onnx::SubOp, onnx::MulOp, onnx::DivOp, onnx::ClipOp,
             onnx::RoundOp, onnx::SignOp, onnx::WhereOp, onnx::CastOp,
             onnx::DropoutOp, onnx::IdentityOp, onnx::UnsqueezeOp,
             onnx::SqueezeOp, onnx::ReshapeOp, onnx::ExpandOp,
             onnx::TransposeOp>(op);
}

static bool isProductOfVariables(Operation *op) {
  return isa<onnx::MatMulOp>(op) &&
         !onnx::ConstantView::get(op->getOperand(0)) &&
         !onnx::ConstantView::get(op->getOperand(1));
}

static SymbolicCount macsOf(Operation *matmul,
                            const onnx::SymbolicShapes &shapes) {
  auto shape = shapes.shapeOf(matmul->getResult(0)),
       left = shapes.shapeOf(matmul->getOperand(0));
  if (!shape || !left || left->empty())
    return unknownCount();
  SmallVector<onnx::SymbolicDim> dims(*shape);
  dims.push_back(left->back());
  return countOf(shapes, dims);
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
  LayerRemark remark = remarkOf(op, LayerRemark::Kind::Attention);

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
      } else if (isBetweenProducts(user) &&
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
    addTo(product == context ? remark.macs : remark.otherMacs,
          macsOf(product, shapes));
  }

  // Backwards: products that the scores are sums of.
  todo = {op.getInput()};
  seen.clear();
  while (!todo.empty()) {
    Operation *maker = todo.pop_back_val().getDefiningOp();
    if (!maker || !seen.insert(maker).second)
      continue;
    if (isProductOfVariables(maker)) {
      // A term that all heads share has fewer dimensions than the scores.
      bool isMain = mayHaveOneShape(maker->getResult(0).getType(), type);
      addTo(isMain ? remark.macs : remark.otherMacs, macsOf(maker, shapes));
    } else if (isBetweenProducts(maker)) {
      llvm::append_range(todo, maker->getOperands());
    }
  }

  auto product = cast<RankedTensorType>(context->getResult(0).getType());
  remark.sizes[0] = product.getRank() == 4 ? product.getDimSize(1) : 1;
  remark.sizes[1] = product.getShape().back();
  auto shape = shapes.shapeOf(op->getResult(0));
  remark.rows =
      shape ? countOf(shapes, (*shape)[shape->size() - 1]) : unknownCount();
  layers.insert({op, remark});
}

//===----------------------------------------------------------------------===//
// Saying what became of a layer
//===----------------------------------------------------------------------===//

LogicalResult RaiseRewriter::refuse(Operation *op, const Twine &reason) {
  auto it = layers.find(op);
  if (it != layers.end() && it->second.became.empty())
    it->second.reason = reason.str();
  return it != layers.end() || isa_and_nonnull<onnx::LayerNormalizationOp>(op)
             ? refusals.refuse(op, reason)
             : failure();
}

void RaiseRewriter::became(Operation *layer, const Twine &what,
                           const Twine &reason) {
  auto it = layers.find(layer);
  if (it == layers.end())
    return;
  it->second.became = what.str();
  it->second.reason = reason.str();
}

Operation *RaiseRewriter::attentionBehind(Value value) const {
  // Heads are joined by Transpose and Reshape; a residual is added before.
  for (int depth = 0; depth < 4; ++depth) {
    Operation *op = value.getDefiningOp();
    if (!op)
      return nullptr;
    if (Operation *softmax = contexts.lookup(op))
      return softmax;
    if (isa<onnx::AddOp>(op))
      for (Value operand : op->getOperands())
        if (Operation *product = operand.getDefiningOp())
          if (Operation *softmax = contexts.lookup(product))
            return softmax;
    if (!isa<onnx::ReshapeOp, onnx::TransposeOp>(op))
      return nullptr;
    value = op->getOperand(0);
  }
  return nullptr;
}

FailureOr<ArrayAttr> RaiseRewriter::takeRemarks() {
  DenseSet<Operation *> alive;
  func.walk([&](Operation *op) {
    // A new op may lie where a layer's op was.
    if (isa<onnx::MatMulOp, onnx::GemmOp, onnx::GatherOp, onnx::SoftmaxOp>(op))
      alive.insert(op);
  });
  SmallVector<Attribute> remarks;
  for (auto &[op, remark] : layers) {
    if (remark.became.empty()) {
      if (!alive.contains(op))
        return emitError(remark.loc, "this layer was rewritten, but not what "
                                     "it became was noted");
      if (remark.reason.empty())
        (void)refuse(op, "its heads are not split by Reshape and Transpose, "
                         "and joined by Transpose and Reshape");
      remark.became = "float";
    }
    remarks.push_back(remark.getAttr());
  }
  layers.clear();
  return getArrayAttr(remarks);
}
