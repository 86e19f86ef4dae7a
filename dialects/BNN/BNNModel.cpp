//===- BNNModel.cpp - What the passes tell each other of a model ----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/BNN/BNNModel.h"
#include "mlir/Dialect/LLVMIR/LLVMTypes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::bnn;

using EmitError = llvm::function_ref<InFlightDiagnostic()>;

static bool isI64(Attribute value) {
  auto integer = llvm::dyn_cast<IntegerAttr>(value);
  return integer && integer.getType().isSignlessInteger(64);
}

//===----------------------------------------------------------------------===//
// #bnn.model
//===----------------------------------------------------------------------===//

static bool isIdentifier(StringRef name) {
  return !name.empty() && !llvm::isDigit(name.front()) &&
         llvm::all_of(name,
                      [](char c) { return c == '_' || llvm::isAlnum(c); });
}

LogicalResult ModelAttr::verify(EmitError emitError, StringRef prefix,
                                StringRef triple, StringRef cpu,
                                StringRef attributes, uint64_t features,
                                DictionaryAttr maxDims) {
  // [MD1]
  if (!prefix.empty() && !isIdentifier(prefix))
    return emitError() << "the prefix '" << prefix
                       << "' is no C identifier: use letters, digits and "
                          "underscores, and begin with no digit";
  // [MD2]
  if (maxDims)
    for (NamedAttribute maximum : maxDims)
      if (!isI64(maximum.getValue()) ||
          llvm::cast<IntegerAttr>(maximum.getValue()).getInt() < 1)
        return emitError() << "the maximum of the dimension '"
                           << maximum.getName().getValue()
                           << "' must be a positive i64, not "
                           << maximum.getValue();
  return success();
}

std::optional<int64_t> ModelAttr::getMaximum(StringRef symbol) const {
  auto maximum =
      getMaxDims() ? getMaxDims().getAs<IntegerAttr>(symbol) : IntegerAttr();
  if (!maximum)
    return std::nullopt;
  return maximum.getInt();
}

ModelAttr ModelAttr::withPrefix(EmitError emitError, StringRef prefix) const {
  return getChecked(emitError, getContext(), prefix, getTriple(), getCpu(),
                    getAttributes(), getFeatures(), getMaxDims());
}

ModelAttr ModelAttr::withMaxDims(DictionaryAttr maxDims) const {
  return get(getContext(), getPrefix(), getTriple(), getCpu(), getAttributes(),
             getFeatures(), maxDims);
}

//===----------------------------------------------------------------------===//
// #bnn.argument
//===----------------------------------------------------------------------===//

LogicalResult ArgumentAttr::verify(EmitError emitError, ArgumentKind kind,
                                   StringRef name, ArrayAttr dims) {
  const bool isTensor =
      kind == ArgumentKind::Input || kind == ArgumentKind::Output;
  // [AR1]
  if (isTensor != (!name.empty() && dims))
    return emitError() << "inputs and outputs have a name and dimensions, and "
                          "nothing else has";
  // [AR2]
  if (dims)
    for (Attribute dim : dims)
      if (!isI64(dim) && !llvm::isa<StringAttr>(dim) &&
          !(kind == ArgumentKind::Output && llvm::isa<ComputedDimAttr>(dim)))
        return emitError() << "a dimension is a name, an i64 or, of an output, "
                              "computed, not "
                           << dim;
  return success();
}

static LogicalResult verifyDims(EmitError emitError, ArrayAttr dims,
                                ArrayRef<int64_t> shape) {
  // [AR4]
  if (dims.size() != shape.size())
    return emitError() << "has " << dims.size() << " dimensions, but its type "
                       << "has rank " << shape.size();
  for (auto [dim, size] : llvm::zip_equal(dims, shape)) {
    auto number = llvm::dyn_cast<IntegerAttr>(dim);
    // [AR5]
    if (number && number.getInt() != size)
      return emitError() << "has a dimension " << number.getInt()
                         << " that differs from its type's";
    // [AR6]
    if (!number && !ShapedType::isDynamic(size))
      return emitError() << "has the dimension " << dim
                         << ", which is static in its type";
  }
  return success();
}

LogicalResult ArgumentAttr::verifyType(EmitError emitError, Type type) const {
  auto memref = llvm::dyn_cast<MemRefType>(type);
  switch (getKind()) {
  case ArgumentKind::Input:
  case ArgumentKind::Output:
    // [AR3]
    if (!memref || !memref.getLayout().isIdentity())
      return emitError() << "is an input or output and must be a memref of "
                            "identity layout, not "
                         << type;
    return verifyDims(emitError, getDims(), memref.getShape());
  case ArgumentKind::Workspace:
    // [AR7]
    if (!memref || memref.getRank() != 1 || !memref.isDynamicDim(0) ||
        !memref.getElementType().isSignlessInteger(8) ||
        !memref.getLayout().isIdentity())
      return emitError() << "is the workspace and must be a memref<?xi8>, not "
                         << type;
    return success();
  case ArgumentKind::ProfileHook:
  case ArgumentKind::ProfileContext:
    // [AR8]
    if (!llvm::isa<LLVM::LLVMPointerType>(type))
      return emitError() << "is the " << stringifyArgumentKind(getKind())
                         << " and must be a pointer, not " << type;
    return success();
  }
  llvm_unreachable("no other kind");
}

//===----------------------------------------------------------------------===//
// #bnn.entry
//===----------------------------------------------------------------------===//

LogicalResult EntryAttr::verify(EmitError emitError, FunctionType type,
                                ArrayAttr arguments, int64_t workspaceSize) {
  // [EN1]
  if (arguments.size() != type.getNumInputs() ||
      !llvm::all_of(arguments, llvm::IsaPred<ArgumentAttr>))
    return emitError() << "there is a #bnn.argument for each argument of the "
                          "entry function";
  for (auto [argument, input] :
       llvm::zip_equal(arguments.getAsRange<ArgumentAttr>(), type.getInputs()))
    if (failed(argument.verifyType(emitError, input)))
      return failure();
  // [EN2]
  if (workspaceSize < 0)
    return emitError() << "a workspace has 0 bytes or more, not "
                       << workspaceSize;
  return success();
}

//===----------------------------------------------------------------------===//
// #bnn.count
//===----------------------------------------------------------------------===//

LogicalResult CountAttr::verify(EmitError emitError, ArrayAttr products) {
  for (Attribute attr : products) {
    auto product = llvm::dyn_cast<ArrayAttr>(attr);
    // [CT1]
    if (!product || product.empty() || !isI64(product[0]) ||
        !llvm::all_of(product.getValue().drop_front(),
                      llvm::IsaPred<StringAttr>))
      return emitError() << "a product is an i64 and names, not " << attr;
  }
  return success();
}

std::optional<int64_t> CountAttr::evaluate(ModelAttr model) const {
  int64_t sum = 0;
  for (auto product : getProducts().getAsRange<ArrayAttr>()) {
    int64_t term = llvm::cast<IntegerAttr>(product[0]).getInt();
    for (Attribute symbol : product.getValue().drop_front()) {
      std::optional<int64_t> maximum =
          model.getMaximum(llvm::cast<StringAttr>(symbol));
      if (!maximum || llvm::MulOverflow(term, *maximum, term))
        return std::nullopt;
    }
    if (llvm::AddOverflow(sum, term, sum))
      return std::nullopt;
  }
  return sum;
}

//===----------------------------------------------------------------------===//
// #bnn.noise
//===----------------------------------------------------------------------===//

LogicalResult NoiseAttr::verify(EmitError emitError, FloatAttr kurtosis,
                                FloatAttr rowKurtosis, FloatAttr peak,
                                FloatAttr perTensor, FloatAttr perChannel,
                                DenseI64ArrayAttr histogram) {
  for (FloatAttr number : {kurtosis, rowKurtosis, peak, perTensor, perChannel})
    // [NS1]
    if (!number.getType().isF64() || !number.getValue().isFinite())
      return emitError() << "the numbers of weights are finite f64, not "
                         << number;
  // [NS2]
  if (llvm::any_of(histogram.asArrayRef(),
                   [](int64_t count) { return count < 0; }))
    return emitError() << "a part of a histogram has a negative count";
  return success();
}

//===----------------------------------------------------------------------===//
// #bnn.layer
//===----------------------------------------------------------------------===//

// Elements of so few bits are computed plane by plane.
static bool hasFewBits(Type type) {
  auto bits = llvm::dyn_cast<BitsType>(type);
  return bits && bits.getWidth() <= 4;
}

static LayerAttr::Precision precisionOf(Type weights, Type activations) {
  using Precision = LayerAttr::Precision;
  const bool left = hasFewBits(weights), right = hasFewBits(activations);
  if (left && right)
    return llvm::cast<BitsType>(weights).getWidth() == 1 &&
                   llvm::cast<BitsType>(activations).getWidth() == 1
               ? Precision::OneBit
               : Precision::FewBits;
  if (left || right)
    return Precision::Mixed;
  return weights.isF32() || activations.isF32() ? Precision::Float
                                                : Precision::ManyBits;
}

LogicalResult LayerAttr::verify(EmitError emitError, LayerKind kind,
                                StringRef op, LocationAttr loc,
                                DenseI64ArrayAttr sizes, Type weights,
                                Type activations, StringRef reason,
                                CountAttr rows, CountAttr macs,
                                CountAttr otherMacs, NoiseAttr) {
  // [LR1]
  if (sizes.size() != 2 ||
      llvm::any_of(sizes.asArrayRef(), [](int64_t size) { return size < 0; }))
    return emitError() << "a layer has two sizes, not negative";
  // [LR2]
  for (Type type : {weights, activations})
    if (!type.isF32() && !llvm::isa<BitsType>(type))
      return emitError() << "weights and activations are f32 or bits, not "
                         << type;
  // [LR3]
  if (reason.empty() && !isBinary(precisionOf(weights, activations)))
    return emitError() << "a layer that is not binary says why";
  return success();
}

LayerAttr::Precision LayerAttr::getPrecision() const {
  return precisionOf(getWeights(), getActivations());
}

std::string LayerAttr::getSummary() const {
  if (getWeights().isF32() && getActivations().isF32())
    return "float";
  auto inWords = [](Type type) {
    auto bits = llvm::dyn_cast<BitsType>(type);
    return bits ? std::to_string(bits.getWidth()) : "f32";
  };
  return inWords(getWeights()) + "x" + inWords(getActivations());
}

StringRef LayerAttr::getName() const { return nodeName(getLoc()); }

//===----------------------------------------------------------------------===//
// #bnn.buffer and #bnn.profiled
//===----------------------------------------------------------------------===//

LogicalResult BufferAttr::verify(EmitError emitError, StringRef name,
                                 int64_t bytes, int64_t offset, int64_t first,
                                 int64_t last) {
  // [BF1]
  if (bytes < 0 || offset < 0 || first < 0 || last < -1)
    return emitError() << "a buffer has no negative place or position";
  return success();
}

LogicalResult ProfiledAttr::verify(EmitError emitError, StringRef kind,
                                   StringRef name, FloatAttr limit) {
  // [PF1]
  if (!limit.getType().isF64() || !limit.getValue().isFinite() ||
      limit.getValue().isNegative())
    return emitError() << "a port limit is a finite f64 that is not negative, "
                          "not "
                       << limit;
  return success();
}

//===----------------------------------------------------------------------===//
// Where attributes may stand
//===----------------------------------------------------------------------===//

namespace {
/// An attribute of operations: what it may stand on, and what it may be.
struct AttributePlace {
  StringRef name;
  bool (*isHolder)(Operation *);
  StringRef holder; // in words
  bool (*accepts)(Attribute);
  StringRef value; // in words
};
} // namespace

template <typename T> static bool isOp(Operation *op) {
  return llvm::isa<T>(op);
}
template <typename T> static bool isAttr(Attribute attr) {
  return llvm::isa<T>(attr);
}
template <typename T> static bool isListOf(Attribute attr) {
  auto list = llvm::dyn_cast<ArrayAttr>(attr);
  return list && llvm::all_of(list, llvm::IsaPred<T>);
}

static bool arePortLimits(Attribute attr) {
  auto limits = llvm::dyn_cast<DictionaryAttr>(attr);
  return limits && llvm::all_of(limits, [](NamedAttribute limit) {
           auto value = llvm::dyn_cast<FloatAttr>(limit.getValue());
           return value && value.getType().isF64() &&
                  value.getValue().isFinite() && value.getValueAsDouble() > 0;
         });
}

static bool isSize(Attribute attr) {
  return isI64(attr) && llvm::cast<IntegerAttr>(attr).getInt() >= 0;
}

static const AttributePlace attributePlaces[] = {
    {kTargetAttr, isOp<ModuleOp>, "a module", isAttr<TargetAttr>,
     "a #bnn.target"},
    {kModelAttr, isOp<ModuleOp>, "a module", isAttr<ModelAttr>, "a #bnn.model"},
    {kPhaseAttr, isOp<ModuleOp>, "a module", isAttr<PhaseAttr>, "a #bnn.phase"},
    {kEntryAttr, isOp<ModuleOp>, "a module", isAttr<EntryAttr>, "a #bnn.entry"},
    {kPortLimitsAttr, isOp<ModuleOp>, "a module", arePortLimits,
     "a dictionary of positive f64s"},
    {kProfiledOpsAttr, isOp<ModuleOp>, "a module", isListOf<ProfiledAttr>,
     "an array of #bnn.profiled"},
    {kLayersAttr, isOp<FunctionOpInterface>, "a function", isListOf<LayerAttr>,
     "an array of #bnn.layer"},
    {kWorkspaceSizeAttr, isOp<FunctionOpInterface>, "a function", isSize,
     "an i64 of 0 or more"},
    {kWorkspaceBuffersAttr, isOp<FunctionOpInterface>, "a function",
     isListOf<BufferAttr>, "an array of #bnn.buffer"},
    {kNotPositiveAttr, isOp<math::ExpOp>, "a math.exp", isAttr<UnitAttr>,
     "a unit"},
};

LogicalResult BNNDialect::verifyOperationAttribute(Operation *op,
                                                   NamedAttribute attr) {
  const auto *place =
      llvm::find_if(attributePlaces, [&](const AttributePlace &place) {
        return place.name == attr.getName();
      });
  // [DI1]
  if (place == std::end(attributePlaces))
    return op->emitError("has the attribute '")
           << attr.getName().getValue()
           << "', which the dialect does not have for operations";
  // [DI2]
  if (!place->isHolder(op))
    return op->emitError("has the attribute '")
           << place->name << "', which belongs on " << place->holder;
  // [DI3]
  if (!place->accepts(attr.getValue()))
    return op->emitError("'") << place->name << "' must be " << place->value
                              << ", not " << attr.getValue();
  return success();
}

LogicalResult BNNDialect::verifyRegionArgAttribute(Operation *op,
                                                   unsigned regionIndex,
                                                   unsigned argIndex,
                                                   NamedAttribute attr) {
  auto error = [&] { return op->emitError("argument #") << argIndex << ' '; };
  // [DI4]
  if (attr.getName() != kArgumentAttr)
    return error() << "has the attribute '" << attr.getName().getValue()
                   << "', which the dialect does not have for arguments";
  // [DI5]
  auto argument = llvm::dyn_cast<ArgumentAttr>(attr.getValue());
  if (!argument)
    return error() << "has a '" << kArgumentAttr
                   << "' that must be an #bnn.argument, not "
                   << attr.getValue();
  // Only functions have attributes of arguments.
  return argument.verifyType(
      error, llvm::cast<FunctionOpInterface>(op).getArgumentTypes()[argIndex]);
}

LogicalResult BNNDialect::verifyRegionResultAttribute(Operation *op,
                                                      unsigned regionIndex,
                                                      unsigned resultIndex,
                                                      NamedAttribute attr) {
  // [DI6]
  return op->emitError("result #")
         << resultIndex << " has the attribute '" << attr.getName().getValue()
         << "', which the dialect does not have for results";
}

//===----------------------------------------------------------------------===//
// Reading them
//===----------------------------------------------------------------------===//

TargetAttr bnn::getTarget(Operation *module) {
  return module->getAttrOfType<TargetAttr>(kTargetAttr);
}

ModelAttr bnn::getModel(Operation *module) {
  if (auto model = module->getAttrOfType<ModelAttr>(kModelAttr))
    return model;
  return ModelAttr::get(module->getContext(), "", "", "", "", 0,
                        DictionaryAttr());
}

PhaseAttr bnn::getPhase(Operation *module) {
  return module->getAttrOfType<PhaseAttr>(kPhaseAttr);
}

ArgumentAttr bnn::getArgument(FunctionOpInterface function, unsigned index) {
  return function.getArgAttrOfType<ArgumentAttr>(index, kArgumentAttr);
}

StringRef bnn::nodeName(Location location) {
  StringRef name;
  location->walk([&](Location part) {
    if (auto named = llvm::dyn_cast<NameLoc>(part))
      name = named.getName();
    return name.empty() ? WalkResult::advance() : WalkResult::interrupt();
  });
  return name;
}
