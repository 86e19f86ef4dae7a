//===- IRMutator.cpp - Changes of MLIR ------------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/fuzz/IRMutator.h"
#include "lib/Driver/Registration.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace llvm;

namespace mlir::bnn::fuzz {

IRMutator::IRMutator(ModuleOp module, Choices &choices)
    : module(module), choices(choices) {
  module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op != module)
      operations.push_back(op);
    // MLIR 19's verifier crashes where the body of a named operation is not as
    // it was made.
    return isa<linalg::LinalgOp>(op) && !isa<linalg::GenericOp>(op)
               ? WalkResult::skip()
               : WalkResult::advance();
  });
}

Operation *IRMutator::anyInner() {
  std::vector<Operation *> inner;
  for (Operation *op : operations)
    if (!op->hasTrait<OpTrait::IsTerminator>())
      inner.push_back(op);
  return inner.empty() ? nullptr : choices.from(inner);
}

std::vector<Value> IRMutator::visibleTo(Operation *op) {
  std::vector<Value> values;
  for (; op && op != module; op = op->getParentOp()) {
    Block *block = op->getBlock();
    if (!block)
      break;
    values.insert(values.end(), block->args_begin(), block->args_end());
    for (Operation &before : *block) {
      if (&before == op)
        break;
      values.insert(values.end(), before.result_begin(), before.result_end());
    }
    if (op->hasTrait<OpTrait::IsIsolatedFromAbove>())
      break;
    if (op->getParentOp()->hasTrait<OpTrait::IsIsolatedFromAbove>())
      break;
  }
  return values;
}

Value IRMutator::visibleTo(Operation *op, Type type) {
  std::vector<Value> values = visibleTo(op);
  if (!choices.oneIn(16))
    llvm::erase_if(values,
                   [&](Value value) { return value.getType() != type; });
  return values.empty() ? Value() : choices.from(values);
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

void IRMutator::changeOperand() {
  Operation *op = choices.from(operations);
  if (op->getNumOperands() == 0)
    return;
  OpOperand &operand = choices.from(op->getOpOperands());
  if (Value value = visibleTo(op, operand.get().getType()))
    operand.set(value);
}

void IRMutator::cloneOperation() {
  Operation *op = anyInner();
  if (!op)
    return;
  OpBuilder builder(op);
  Operation *clone = builder.clone(*op);
  // What the clone computes is read in place of something.
  for (OpOperand &operand : op->getOpOperands())
    if (choices.oneIn(2))
      for (Value result : clone->getResults())
        if (result.getType() == operand.get().getType())
          operand.set(result);
}

void IRMutator::eraseOperation() {
  Operation *op = anyInner();
  if (!op)
    return;
  for (Value result : op->getResults()) {
    if (result.use_empty())
      continue;
    Value other = visibleTo(op, result.getType());
    if (!other)
      return;
    result.replaceAllUsesWith(other);
  }
  op->erase();
}

void IRMutator::moveOperation() {
  Operation *op = anyInner();
  if (op && op->getPrevNode())
    op->moveBefore(op->getPrevNode());
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

Attribute IRMutator::changedNumber(IntegerAttr attribute) {
  APInt value = attribute.getValue();
  int64_t number = choices.interestingNumber();
  if (value.getBitWidth() == 1)
    return IntegerAttr::get(attribute.getType(), ~value);
  if (choices.oneIn(2))
    return IntegerAttr::get(attribute.getType(),
                            choices.oneIn(2) ? value + 1 : value - 1);
  return IntegerAttr::get(
      attribute.getType(),
      APInt(64, uint64_t(number)).sextOrTrunc(value.getBitWidth()));
}

Attribute IRMutator::changedArray(ArrayAttr attribute) {
  SmallVector<Attribute> elements(attribute.getValue());
  size_t at = choices.below(elements.size());
  switch (choices.below(4)) {
  case 0:
    if (!elements.empty())
      elements.erase(elements.begin() + at);
    break;
  case 1:
    if (!elements.empty())
      elements.push_back(elements[at]);
    break;
  case 2:
    if (!elements.empty())
      std::swap(elements[at], elements[choices.below(elements.size())]);
    break;
  case 3:
    if (!elements.empty())
      elements[at] = changed(elements[at]);
    break;
  }
  return ArrayAttr::get(attribute.getContext(), elements);
}

Attribute IRMutator::changedDictionary(DictionaryAttr attribute) {
  if (attribute.empty())
    return attribute;
  NamedAttrList entries(attribute);
  StringAttr name = choices.from(attribute.getValue()).getName();
  if (choices.oneIn(4))
    entries.erase(name);
  else
    entries.set(name, changed(attribute.get(name)));
  return entries.getDictionary(attribute.getContext());
}

Attribute IRMutator::changedElements(DenseElementsAttr attribute) {
  if (isa<DenseStringElementsAttr>(attribute))
    return attribute;
  ArrayRef<char> raw = attribute.getRawData();
  SmallVector<char> bytes(raw);
  if (bytes.empty())
    return attribute;
  if (attribute.getElementType().isInteger(1) && attribute.isSplat())
    return DenseElementsAttr::get(attribute.getType(), bytes[0] == 0);
  int64_t number = choices.interestingNumber();
  float real = float(choices.interestingFloat());
  size_t width = std::min<size_t>(bytes.size(), choices.oneIn(2) ? 4 : 8);
  size_t at = choices.below(bytes.size() / width) * width;
  if (attribute.getElementType().isF32() && width >= 4)
    memcpy(&bytes[at], &real, 4);
  else
    memcpy(&bytes[at], &number, width);
  bool splat = false;
  if (!DenseElementsAttr::isValidRawBuffer(attribute.getType(), bytes, splat))
    return attribute;
  return DenseElementsAttr::getFromRawBuffer(attribute.getType(), bytes);
}

Attribute IRMutator::changedElements(DenseArrayAttr attribute) {
  SmallVector<char> bytes(attribute.getRawData());
  int64_t size = attribute.getSize();
  if (size == 0)
    return attribute;
  size_t width = bytes.size() / size_t(size);
  size_t at = choices.below(size_t(size)) * width;
  int64_t number = choices.interestingNumber();
  switch (choices.below(4)) {
  case 0:
    bytes.resize(bytes.size() - width);
    --size;
    break;
  case 1:
    bytes.append(SmallVector<char>(ArrayRef<char>(bytes).take_front(width)));
    ++size;
    break;
  case 2:
    if (attribute.getElementType().isInteger(1))
      number &= 1;
    memcpy(&bytes[at], &number, std::min<size_t>(width, 8));
    break;
  case 3:
    if (!attribute.getElementType().isInteger(1))
      bytes[at] = char(bytes[at] + (choices.oneIn(2) ? 1 : -1));
    break;
  }
  return DenseArrayAttr::get(attribute.getElementType(), size, bytes);
}

Attribute IRMutator::changedMap(AffineMapAttr attribute) {
  AffineMap map = attribute.getValue();
  SmallVector<AffineExpr> results(map.getResults());
  if (results.empty())
    return attribute;
  size_t at = choices.below(results.size());
  switch (choices.below(3)) {
  case 0:
    std::swap(results[at], results[choices.below(results.size())]);
    break;
  case 1:
    results[at] =
        getAffineConstantExpr(int64_t(choices.below(3)), map.getContext());
    break;
  case 2:
    if (map.getNumDims())
      results[at] = getAffineDimExpr(unsigned(choices.below(map.getNumDims())),
                                     map.getContext());
    break;
  }
  return AffineMapAttr::get(AffineMap::get(
      map.getNumDims(), map.getNumSymbols(), results, map.getContext()));
}

static std::string textOf(Attribute attribute) {
  std::string text;
  llvm::raw_string_ostream(text) << attribute;
  return text;
}

/// An attribute of a dialect, by the attributes within: in its text, for made
/// of parts that it refuses it asserts.
Attribute IRMutator::changedParts(Attribute attribute) {
  SmallVector<Attribute> attributes;
  attribute.walkImmediateSubElements(
      [&](Attribute part) {
        if (part)
          attributes.push_back(part);
      },
      [](Type) {});
  if (attributes.empty())
    return attribute;
  Attribute part = choices.from(attributes);
  std::string text = textOf(attribute), old = textOf(part);
  size_t at = text.find(old);
  if (at == std::string::npos)
    return attribute;
  text.replace(at, old.size(), textOf(changed(part)));
  ScopedDiagnosticHandler refusal(attribute.getContext(),
                                  [](Diagnostic &) { return success(); });
  Attribute result = parseAttribute(text, attribute.getContext());
  return result ? result : attribute;
}

Attribute IRMutator::changed(Attribute attribute) {
  return TypeSwitch<Attribute, Attribute>(attribute)
      .Case<IntegerAttr>([&](auto a) { return changedNumber(a); })
      .Case<FloatAttr>([&](FloatAttr a) {
        return FloatAttr::get(a.getType(), choices.interestingFloat());
      })
      .Case<ArrayAttr>([&](auto a) { return changedArray(a); })
      .Case<DictionaryAttr>([&](auto a) { return changedDictionary(a); })
      .Case<DenseElementsAttr, DenseArrayAttr>(
          [&](auto a) { return changedElements(a); })
      .Case<AffineMapAttr>([&](auto a) { return changedMap(a); })
      .Case<StringAttr>([&](StringAttr a) {
        static const char *const odd[] = {"", "n", "2*n", "main", "\xff"};
        return StringAttr::get(a.getContext(), choices.from(odd));
      })
      .Default([&](Attribute a) { return changedParts(a); });
}

void IRMutator::changeAttribute() {
  Operation *op = choices.oneIn(8) ? module : choices.from(operations);
  DictionaryAttr attributes = op->getAttrDictionary();
  if (attributes.empty())
    return;
  NamedAttribute attribute = choices.from(attributes.getValue());
  if (choices.oneIn(8))
    op->removeAttr(attribute.getName());
  else
    op->setAttr(attribute.getName(), changed(attribute.getValue()));
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

/// A constant of another type with what fits of the values.
static Attribute retyped(DenseElementsAttr constant, ShapedType type) {
  if (type == constant.getType() || isa<DenseStringElementsAttr>(constant) ||
      !type.hasStaticShape() || type.getNumElements() > (1 << 20))
    return constant;
  Type element = type.getElementType();
  if (element == constant.getElementType() && constant.isSplat())
    return constant.resizeSplat(type);
  if (auto real = dyn_cast<FloatType>(element))
    return DenseElementsAttr::get(type, Attribute(FloatAttr::get(real, 1.0)));
  if (isa<IntegerType, IndexType>(element))
    return DenseElementsAttr::get(type,
                                  Attribute(IntegerAttr::get(element, 1)));
  return constant;
}

void IRMutator::replaceTypes(function_ref<Type(ShapedType)> change) {
  AttrTypeReplacer replacer;
  replacer.addReplacement([&](Type type) -> std::optional<Type> {
    if (isa<RankedTensorType, MemRefType, VectorType>(type))
      return change(cast<ShapedType>(type));
    return std::nullopt;
  });
  replacer.addReplacement([&](DenseElementsAttr constant) -> Attribute {
    Type type = change(constant.getType());
    return retyped(constant, cast<ShapedType>(type));
  });
  replacer.recursivelyReplaceElementsIn(module, /*replaceAttrs=*/true,
                                        /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
}

static std::vector<ShapedType> shapedTypes(ModuleOp module) {
  std::vector<ShapedType> types;
  auto add = [&](Type type) {
    if (auto shaped = dyn_cast<ShapedType>(type))
      if (shaped.hasRank())
        types.push_back(shaped);
  };
  module.walk([&](Operation *op) {
    llvm::for_each(op->getResultTypes(), add);
    for (Region &region : op->getRegions())
      for (Block &block : region)
        llvm::for_each(block.getArgumentTypes(), add);
  });
  return types;
}

/// A size, wherever it occurs.
void IRMutator::changeDimension() {
  std::vector<ShapedType> types = shapedTypes(module);
  if (types.empty())
    return;
  ShapedType chosen = choices.from(types);
  if (chosen.getRank() == 0)
    return;
  static const int64_t sizes[] = {0,
                                  1,
                                  2,
                                  3,
                                  4,
                                  8,
                                  15,
                                  16,
                                  17,
                                  31,
                                  32,
                                  33,
                                  63,
                                  64,
                                  65,
                                  127,
                                  128,
                                  129,
                                  100,
                                  512,
                                  1000,
                                  ShapedType::kDynamic,
                                  ShapedType::kDynamic,
                                  int64_t(1) << 31,
                                  int64_t(1) << 40};
  int64_t from = choices.from(chosen.getShape()), to = choices.from(sizes);
  const bool once = choices.oneIn(8);
  replaceTypes([&](ShapedType type) -> Type {
    if (once && type != chosen)
      return type;
    SmallVector<int64_t> shape(type.getShape());
    std::replace(shape.begin(), shape.end(), from, to);
    if (shape == type.getShape())
      return type;
    if (isa<VectorType>(type) && llvm::any_of(shape, [](int64_t size) {
          return size <= 0 || size > 4096;
        }))
      return type;
    if (auto memref = dyn_cast<MemRefType>(type);
        memref && !memref.getLayout().isIdentity())
      return type;
    return type.clone(shape);
  });
}

void IRMutator::changeElementType() {
  std::vector<ShapedType> types = shapedTypes(module);
  if (types.empty())
    return;
  Type from = choices.from(types).getElementType();
  MLIRContext *context = module.getContext();
  const Type elements[] = {Float32Type::get(context),
                           Float64Type::get(context),
                           Float16Type::get(context),
                           IntegerType::get(context, 1),
                           IntegerType::get(context, 8),
                           IntegerType::get(context, 32),
                           IntegerType::get(context, 64),
                           IntegerType::get(context, 128),
                           IntegerType::get(context, 7),
                           IndexType::get(context),
                           IntegerType::get(context, 8, IntegerType::Unsigned),
                           choices.from(types).getElementType()};
  Type to = choices.from(elements);
  replaceTypes([&](ShapedType type) -> Type {
    if (type.getElementType() != from)
      return type;
    if (isa<VectorType>(type) && !isa<IntegerType, FloatType, IndexType>(to))
      return type;
    return type.clone(to);
  });
}

void IRMutator::mutate() {
  if (operations.empty())
    return;
  switch (choices.below(10)) {
  case 0:
  case 1:
    return changeOperand();
  case 2:
    return cloneOperation();
  case 3:
    return eraseOperation();
  case 4:
    return moveOperation();
  case 5:
  case 6:
    return changeAttribute();
  case 7:
  case 8:
    return changeDimension();
  case 9:
    return changeElementType();
  }
}

std::string changedIR(StringRef text, Choices &choices) {
  if (choices.oneIn(3))
    return changedText(text, choices);
  DialectRegistry registry;
  registerCompilerDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  ErrorCount errors(context);
  auto module = parseSourceString<ModuleOp>(text.str(), &context);
  if (!module)
    return changedText(text, choices);
  for (size_t n = 1 + choices.below(3); n--;)
    IRMutator(*module, choices).mutate();
  std::string result;
  raw_string_ostream out(result);
  // Printers of their own may trust what is no longer so.
  module->print(out, OpPrintingFlags().printGenericOpForm());
  return result;
}

} // namespace mlir::bnn::fuzz
