#include "passes/OnnxFold/OnnxFold.h"
#include "dialects/ONNX/ConstantView.h"
#include "dialects/ONNX/SymbolicShapes.h"
#include "mlir/IR/Builders.h"
#include "passes/OnnxFold/ConstantEvaluator.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::bnn {
#define GEN_PASS_DEF_ONNXFOLD
#include "passes/OnnxFold/OnnxFold.h.inc"
} // namespace mlir::bnn

using namespace mlir;
using namespace mlir::bnn::onnx;

namespace mlir::bnn {
namespace {
/// Operations that broadcast their operands elementwise.
bool isElementwise(Operation *op) {
  return op->hasTrait<OpTrait::ResultsBroadcastableShape>();
}

struct OnnxFold : impl::OnnxFoldBase<OnnxFold> {
  using OnnxFoldBase::OnnxFoldBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    OnnxFoldBase::getDependentDialects(registry);
    ConstantEvaluator::getDependentDialects(registry);
  }

  void runOnOperation() override;

private:
  // Rewrites that need no evaluation; each returns whether it did anything.
  bool simplify();
  bool simplify(Operation *op);
  bool foldKnownElements(Operation *op);
  bool fold(Operation *op);
  bool dropReshape(Operation *op);
  bool dropExpands(Operation *op);
  bool shrinkConstants(Operation *op);
  bool makeShapeConstant(ReshapeOp reshape);

  // Evaluation.
  bool evaluateConstants();
  void eraseDead();
  void alignConstants();
  void nameResultDims();

  bool keepsShape(Operation *op, unsigned index, ArrayRef<SymbolicDim> shape);
  void replace(Operation *op, Value value);
  Value createConstant(ElementsAttr value, Location loc, Operation *before);
  Value createIntegers(ArrayRef<int64_t> values, Type element,
                       ArrayRef<int64_t> shape, Operation *before);

  std::shared_ptr<SymbolicShapes> shapes;
  std::shared_ptr<ConstantEvaluator> evaluator;
  /// What evaluate() gave up on.
  llvm::DenseSet<Operation *> unevaluated;
};

void OnnxFold::replace(Operation *op, Value value) {
  op->getResult(0).replaceAllUsesWith(value);
}

Value OnnxFold::createConstant(ElementsAttr value, Location loc,
                               Operation *before) {
  OpBuilder builder(before);
  auto constant = builder.create<ConstantOp>(loc, value.getShapedType(), value);
  (void)shapes->visit(constant);
  return constant;
}

Value OnnxFold::createIntegers(ArrayRef<int64_t> values, Type element,
                               ArrayRef<int64_t> shape, Operation *before) {
  SmallVector<llvm::APInt> words;
  for (int64_t value : values)
    words.emplace_back(element.getIntOrFloatBitWidth(), value,
                       /*isSigned=*/true);
  auto type = RankedTensorType::get(shape, element);
  return createConstant(DenseElementsAttr::get(type, words), before->getLoc(),
                        before);
}

/// Shape arithmetic whose result is known.
bool OnnxFold::foldKnownElements(Operation *op) {
  if (isa<ConstantOp>(op) || op->getNumResults() != 1 || op->use_empty())
    return false;
  Value result = op->getResult(0);
  auto type = dyn_cast<RankedTensorType>(result.getType());
  std::optional<ArrayRef<SymbolicDim>> elements = shapes->elementsOf(result);
  if (!type || !type.hasStaticShape() || !elements ||
      !isa<IntegerType>(type.getElementType()))
    return false;
  SmallVector<int64_t> values;
  for (const SymbolicDim &element : *elements) {
    std::optional<int64_t> constant = element.getConstant();
    // What does not fit wraps at run time: leave it.
    if (!constant || (type.getElementType().isInteger(32) &&
                      *constant != int32_t(*constant)))
      return false;
    values.push_back(*constant);
  }
  replace(op,
          createIntegers(values, type.getElementType(), type.getShape(), op));
  ++valuesFolded;
  return true;
}

/// What the operation itself knows to fold.
bool OnnxFold::fold(Operation *op) {
  SmallVector<OpFoldResult> results;
  if (isa<ConstantOp>(op) || op->use_empty() || failed(op->fold(results)))
    return false;
  if (!results.empty()) // Else it was folded in place.
    replace(op, cast<Value>(results.front()));
  return true;
}

/// Operations that give their input a shape which it has already.
bool OnnxFold::dropReshape(Operation *op) {
  if (!isa<ReshapeOp, SqueezeOp, UnsqueezeOp, FlattenOp, ExpandOp>(op) ||
      op->use_empty() ||
      !shapes->haveSameShape(op->getOperand(0), op->getResult(0)))
    return false;
  if (isa<ExpandOp>(op))
    ++expandsRemoved;
  replace(op, op->getOperand(0));
  return true;
}

/// Whether the result of the elementwise operation or matrix product `op` keeps
/// its shape when operand `index` has the given one.
bool OnnxFold::keepsShape(Operation *op, unsigned index,
                          ArrayRef<SymbolicDim> shape) {
  std::optional<ArrayRef<SymbolicDim>> wanted =
      shapes->shapeOf(op->getResult(0));
  if (!wanted)
    return false;
  SmallVector<SymbolicDim> result;
  bool matrix = isa<MatMulOp>(op);
  for (unsigned i = 0; i < op->getNumOperands(); ++i) {
    ArrayRef<SymbolicDim> own = shape;
    if (i != index) {
      std::optional<ArrayRef<SymbolicDim>> known =
          shapes->shapeOf(op->getOperand(i));
      if (!known)
        return false;
      own = *known;
    }
    if (matrix) {
      if (own.size() < 2)
        return false;
      own = own.drop_back(2);
    }
    std::optional<SmallVector<SymbolicDim>> wider =
        shapes->broadcast(result, own);
    if (!wider)
      return false;
    result = *wider;
  }
  if (matrix)
    result.append(wanted->end() - 2, wanted->end());
  return ArrayRef<SymbolicDim>(result) == *wanted;
}

/// Operands that are expanded to a shape which broadcasting gives them anyway.
bool OnnxFold::dropExpands(Operation *op) {
  bool matrix = isa<MatMulOp>(op);
  if (!isElementwise(op) && !matrix)
    return false;
  bool changed = false;
  for (OpOperand &operand : op->getOpOperands()) {
    if (auto expand = operand.get().getDefiningOp<ExpandOp>()) {
      std::optional<ArrayRef<SymbolicDim>> inner =
          shapes->shapeOf(expand.getInput());
      std::optional<ArrayRef<SymbolicDim>> outer = shapes->shapeOf(expand);
      if (!inner || !outer)
        continue;
      // The matrices themselves are not broadcast.
      if (matrix &&
          (inner->size() < 2 || inner->take_back(2) != outer->take_back(2)))
        continue;
      if (!keepsShape(op, operand.getOperandNumber(), *inner))
        continue;
      operand.set(expand.getInput());
      ++expandsRemoved;
      changed = true;
      continue;
    }
    // Rows looked up once for every repetition of the indices.
    auto gather = operand.get().getDefiningOp<GatherOp>();
    if (!gather || matrix)
      continue;
    auto expand = gather.getIndices().getDefiningOp<ExpandOp>();
    if (!expand || !gather->hasOneUse())
      continue;
    std::optional<ArrayRef<SymbolicDim>> narrow =
        shapes->shapeOf(expand.getInput());
    std::optional<ArrayRef<SymbolicDim>> wide = shapes->shapeOf(expand);
    std::optional<ArrayRef<SymbolicDim>> full = shapes->shapeOf(gather);
    auto data = dyn_cast<RankedTensorType>(gather.getData().getType());
    if (!narrow || !wide || !full || !data || narrow->size() != wide->size())
      continue;
    int64_t axis = gather.getAxis();
    if (axis < 0)
      axis += data.getRank();
    SmallVector<SymbolicDim> shape(full->begin(), full->end());
    std::copy(narrow->begin(), narrow->end(), shape.begin() + axis);
    if (!keepsShape(op, operand.getOperandNumber(), shape))
      continue;
    gather.getIndicesMutable().set(expand.getInput());
    Value result = gather;
    result.setType(UnrankedTensorType::get(data.getElementType()));
    (void)shapes->visit(gather);
    result.setType(shapes->refinedType(result));
    ++expandsRemoved;
    changed = true;
  }
  return changed;
}

/// Constants that repeat themselves along leading axes, although their reader
/// would repeat them: keeps one copy, and no leading axes of length 1.
bool OnnxFold::shrinkConstants(Operation *op) {
  if (!isElementwise(op))
    return false;
  bool changed = false;
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    if (!type || type.getRank() < 2 || type.getNumElements() == 0)
      continue;
    std::optional<ConstantView> view = ConstantView::get(operand.get());
    if (!view)
      continue;
    SmallVector<int64_t> shape(type.getShape());
    int64_t width = getElementBytes(type.getElementType());
    int64_t bytes = type.getNumElements() * width;
    const char *data = view->getBytes().data();
    for (size_t axis = 0; axis + 1 < shape.size(); ++axis) {
      int64_t slice = bytes / shape[axis];
      if (shape[axis] != 1 && !view->isSplat() &&
          std::memcmp(data, data + slice, bytes - slice) != 0)
        break;
      bytes = slice;
      shape[axis] = 1;
    }
    // Take what the reader can do without, the outermost first.
    SmallVector<int64_t> kept(type.getShape());
    for (size_t axis = 0; axis + 1 < shape.size() && shape[axis] == 1; ++axis) {
      SmallVector<int64_t> next(type.getShape());
      std::copy_n(shape.begin(), axis + 1, next.begin());
      if (!keepsShape(op, operand.getOperandNumber(),
                      SmallVector<SymbolicDim>(next.begin(), next.end())))
        break;
      kept = next;
    }
    while (kept.size() > 1 && kept.front() == 1 &&
           keepsShape(op, operand.getOperandNumber(),
                      SmallVector<SymbolicDim>(kept.begin() + 1, kept.end())))
      kept.erase(kept.begin());
    if (ArrayRef<int64_t>(kept) == type.getShape())
      continue;
    EvalTensorPtr whole = EvalTensor::get(*view);
    EvalTensorPtr part = EvalTensor::allocate(type.getElementType(), kept);
    std::memcpy(part->ownBytes(), whole->bytes(), part->numBytes());
    operand.set(
        createConstant(part->toAttribute(), operand.get().getLoc(), op));
    ++valuesFolded;
    changed = true;
  }
  return changed;
}

/// A Reshape whose shape is known up to symbols that the input has at the same
/// place, and one more.
bool OnnxFold::makeShapeConstant(ReshapeOp reshape) {
  if (reshape.getShape().getDefiningOp<ConstantOp>() || reshape.use_empty())
    return false;
  std::optional<ArrayRef<SymbolicDim>> elements =
      shapes->elementsOf(reshape.getShape());
  std::optional<ArrayRef<SymbolicDim>> input =
      shapes->shapeOf(reshape.getData());
  if (!elements || !input)
    return false;
  SmallVector<int64_t> values;
  bool inferred = false, empty = false;
  for (auto [i, element] : llvm::enumerate(*elements)) {
    std::optional<int64_t> constant = element.getConstant();
    if (constant && *constant >= 0) {
      empty |= *constant == 0;
      values.push_back(*constant);
    } else if (!constant && i < input->size() && (*input)[i] == element) {
      values.push_back(0);
    } else if (!inferred) {
      inferred = true;
      values.push_back(-1);
    } else {
      return false;
    }
  }
  // A 0 that means 0, or -1 beside an axis of no length, would be misread.
  if (empty && (reshape.getAllowzero() || inferred))
    return false;
  if (inferred &&
      llvm::any_of(*input, [](const SymbolicDim &dim) { return dim.is(0); }))
    return false;
  reshape.getShapeMutable().set(
      createIntegers(values, IntegerType::get(&getContext(), 64),
                     {int64_t(values.size())}, reshape));
  reshape.setAllowzero(0);
  ++valuesFolded;
  return true;
}

bool OnnxFold::simplify(Operation *op) {
  if (foldKnownElements(op) || fold(op) || dropReshape(op))
    return true;
  bool changed = dropExpands(op);
  changed |= shrinkConstants(op);
  if (auto reshape = dyn_cast<ReshapeOp>(op))
    changed |= makeShapeConstant(reshape);
  return changed;
}

bool OnnxFold::simplify() {
  bool changed = false;
  for (Operation &op :
       llvm::make_early_inc_range(getOperation().getBody().front()))
    if (isa_and_nonnull<ONNXDialect>(op.getDialect()))
      changed |= simplify(&op);
  return changed;
}

void OnnxFold::eraseDead() {
  for (Operation &op : llvm::make_early_inc_range(
           llvm::reverse(getOperation().getBody().front())))
    if (isOpTriviallyDead(&op)) {
      shapes->forget(&op);
      unevaluated.erase(&op);
      op.erase();
    }
}

/// Evaluates what depends on constants only. Works backwards from each value
/// that something else reads, so that only what one such value needs is in
/// memory at a time.
bool OnnxFold::evaluateConstants() {
  Block &block = getOperation().getBody().front();
  // Operations whose operands are all known.
  llvm::DenseSet<Operation *> constant;
  auto isKnown = [&](Value value) {
    Operation *op = value.getDefiningOp();
    return op && (isa<ConstantOp, NoValueOp>(op) || constant.contains(op));
  };
  for (Operation &op : block)
    if (ConstantEvaluator::canEvaluate(&op) && !unevaluated.contains(&op) &&
        llvm::all_of(op.getOperands(), isKnown))
      constant.insert(&op);
  // Those that are read from outside, and everything that leads there.
  SmallVector<Operation *> roots;
  llvm::DenseSet<Operation *> live;
  for (Operation &op : llvm::reverse(block)) {
    if (!constant.contains(&op))
      continue;
    bool isRoot = llvm::any_of(op.getUsers(), [&](Operation *user) {
      return !constant.contains(user);
    });
    bool feeds = llvm::any_of(
        op.getUsers(), [&](Operation *user) { return live.contains(user); });
    if (isRoot)
      roots.push_back(&op);
    if (isRoot || feeds)
      live.insert(&op);
  }
  std::reverse(roots.begin(), roots.end());
  llvm::DenseSet<Operation *> isRoot(roots.begin(), roots.end());

  // How often each value is still read by an evaluation to come.
  llvm::DenseMap<Value, int64_t> readers;
  for (Operation *op : live)
    for (Value operand : op->getOperands())
      ++readers[operand];
  auto mapped = getContext().getOrLoadDialect<ONNXDialect>()->getMappedFiles();
  llvm::DenseMap<Value, EvalTensorPtr> known;
  llvm::DenseSet<Operation *> done;
  bool folded = false, gaveUp = false;

  auto evaluateOne = [&](Operation *op) -> bool {
    SmallVector<EvalTensorPtr> operands;
    SmallVector<ArrayRef<char>> finished;
    for (Value operand : op->getOperands()) {
      bool last = --readers[operand] == 0;
      auto it = known.find(operand);
      if (it != known.end()) {
        operands.push_back(it->second);
        // A root's bytes belong to its attribute already.
        if (last)
          known.erase(it);
        continue;
      }
      if (isa<NoneType>(operand.getType())) {
        operands.push_back(nullptr);
        continue;
      }
      std::optional<ConstantView> view = ConstantView::get(operand);
      if (!view)
        return false;
      operands.push_back(EvalTensor::get(*view));
      if (operands.back()->ownBytes()) {
        // A copy, which the next reader takes as well, perhaps to overwrite it.
        mapped->release(view->getBytes());
        if (!last)
          known[operand] = operands.back();
      } else if (last && llvm::all_of(operand.getUsers(), [&](Operation *user) {
                   return constant.contains(user);
                 })) {
        finished.push_back(view->getBytes());
      }
    }
    std::optional<SmallVector<EvalTensorPtr>> results =
        evaluator->evaluate(op, std::move(operands));
    if (!results)
      return false;
    // Weights that nothing reads any more need no memory.
    for (ArrayRef<char> bytes : finished)
      mapped->release(bytes);
    for (auto [result, tensor] : llvm::zip_equal(op->getResults(), *results)) {
      bytesEvaluated += tensor->numBytes();
      bool needed = llvm::any_of(result.getUsers(), [&](Operation *user) {
        return !constant.contains(user);
      });
      if (needed) {
        Value value = createConstant(tensor->toAttribute(), op->getLoc(), op);
        result.replaceUsesWithIf(value, [&](OpOperand &use) {
          return !constant.contains(use.getOwner());
        });
        ++valuesFolded;
        folded = true;
      }
      if (readers.lookup(result) > 0)
        known[result] = tensor;
    }
    return true;
  };

  for (Operation *root : roots) {
    SmallVector<Operation *> stack{root};
    while (!stack.empty()) {
      Operation *op = stack.back();
      if (done.contains(op) || unevaluated.contains(op)) {
        stack.pop_back();
        continue;
      }
      bool ready = true, possible = true;
      for (Value operand : op->getOperands()) {
        Operation *producer = operand.getDefiningOp();
        if (!constant.contains(producer) || done.contains(producer))
          continue;
        if (unevaluated.contains(producer)) {
          possible = false;
          break;
        }
        stack.push_back(producer);
        ready = false;
      }
      if (possible && !ready)
        continue;
      stack.pop_back();
      if (possible && evaluateOne(op)) {
        done.insert(op);
        continue;
      }
      // What it reads must become constants of their own: the next round does
      // that, now that this one is known to stay.
      unevaluated.insert(op);
      gaveUp = true;
    }
  }
  // New constants may give it the static shape that it lacked.
  if (folded)
    unevaluated.clear();
  return folded || gaveUp;
}

/// Copies the constants that a file holds at an address which is not aligned
/// for their type, so that nobody after this pass need care.
void OnnxFold::alignConstants() {
  auto mapped = getContext().getOrLoadDialect<ONNXDialect>()->getMappedFiles();
  for (ConstantOp constant : getOperation().getOps<ConstantOp>()) {
    std::optional<ConstantView> view = ConstantView::get(constant);
    if (!view || !isa<DenseResourceElementsAttr>(constant.getValue()))
      continue;
    EvalTensorPtr tensor = EvalTensor::get(*view);
    if (!tensor->ownBytes())
      continue;
    constant.setValueAttr(tensor->toAttribute());
    mapped->release(view->getBytes());
  }
}

/// Names the results' dimensions by what is known of them now.
void OnnxFold::nameResultDims() {
  func::FuncOp func = getOperation();
  Builder builder(&getContext());
  auto isInputDim = [&](const SymbolicDim &dim) {
    return llvm::any_of(func.getArguments(), [&](Value argument) {
      auto all = shapes->shapeOf(argument);
      return all && llvm::is_contained(*all, dim);
    });
  };
  Operation *terminator = func.getBody().front().getTerminator();
  for (auto [i, value] : llvm::enumerate(terminator->getOperands())) {
    auto noted = func.getResultAttrOfType<ArrayAttr>(i, "onnx.dims");
    std::optional<ArrayRef<SymbolicDim>> dims = shapes->shapeOf(value);
    if (!noted || !dims)
      continue;
    SmallVector<Attribute> names;
    for (auto [axis, dim] : llvm::enumerate(*dims)) {
      // A name that the model gives stays, unless it is an input's after all.
      if (std::optional<int64_t> constant = dim.getConstant())
        names.push_back(builder.getI64IntegerAttr(*constant));
      else if (noted.size() == dims->size() && !isInputDim(dim))
        names.push_back(noted[axis]);
      else
        names.push_back(builder.getStringAttr(shapes->str(dim)));
    }
    func.setResultAttr(i, "onnx.dims", builder.getArrayAttr(names));
  }
}

void OnnxFold::runOnOperation() {
  if (!getOperation().getBody().hasOneBlock())
    return;
  shapes = std::make_shared<SymbolicShapes>(getOperation());
  evaluator = std::make_shared<ConstantEvaluator>();
  unevaluated.clear();
  auto infer = [&]() {
    // Types hold what an earlier round knew; facts are found anew from them.
    shapes = std::make_shared<SymbolicShapes>(getOperation());
    if (failed(shapes->run()))
      return false;
    shapes->refineTypes();
    return true;
  };
  if (!infer())
    return signalPassFailure();
  // Every round removes operations or replaces them by constants; a rewrite may
  // uncover a constant subgraph and the other way round.
  bool changed = true;
  while (changed) {
    changed = false;
    while (simplify()) {
      changed = true;
      eraseDead();
      if (!infer())
        return signalPassFailure();
    }
    changed |= evaluateConstants();
    eraseDead();
    if (!infer())
      return signalPassFailure();
  }
  alignConstants();
  nameResultDims();
  shapes.reset();
  evaluator.reset();
}
} // namespace
} // namespace mlir::bnn
