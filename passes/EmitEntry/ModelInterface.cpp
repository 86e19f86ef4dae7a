// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/EmitEntry/ModelInterface.h"

#include "bnn/types.h"
#include "mlir/Dialect/LLVMIR/LLVMTypes.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace mlir::bnn {

int32_t elementTypeCode(Type type) {
  if (type.isF32())
    return BNN_F32;
  if (type.isF64())
    return BNN_F64;
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return 0;
  if (integer.isUnsigned())
    return integer.getWidth() == 8 ? BNN_U8 : 0;
  switch (integer.getWidth()) {
  case 64:
    return BNN_I64;
  case 32:
    return BNN_I32;
  case 8:
    return BNN_I8;
  case 1:
    return BNN_BOOL;
  default:
    return 0;
  }
}

func::FuncOp findEntryFunction(ModuleOp module) {
  for (auto function : module.getOps<func::FuncOp>())
    if (function->hasAttr("bnn.workspace_size"))
      return function;
  return nullptr;
}

/// Whether `name` may begin a C symbol: a letter or underscore, then letters,
/// digits and underscores.
static bool isIdentifier(StringRef name) {
  return !name.empty() && !llvm::isDigit(name.front()) &&
         llvm::all_of(name,
                      [](char c) { return c == '_' || llvm::isAlnum(c); });
}

namespace {
/// Reads one entry function, reporting on it.
class Reader {
public:
  Reader(ModuleOp module, func::FuncOp function)
      : module(module), function(function),
        maxima(module->getAttrOfType<DictionaryAttr>("bnn.max_dims")) {}

  FailureOr<ModelInterface> read(StringRef prefix);

private:
  LogicalResult readPrefix(StringRef prefix);
  LogicalResult readArgument(unsigned index);
  LogicalResult readProfile(unsigned index, StringRef kind);
  LogicalResult readProfiledOps();
  LogicalResult readTensor(unsigned index, MemRefType type, StringRef kind);
  FailureOr<ModelDim> readDim(unsigned index, Attribute dim, int64_t size,
                              StringRef kind);
  LogicalResult checkOutputs();

  InFlightDiagnostic error(unsigned index) {
    return function.emitOpError() << "argument #" << index << ' ';
  }

  ModuleOp module;
  func::FuncOp function;
  DictionaryAttr maxima;
  ModelInterface result;
};
} // namespace

LogicalResult Reader::readPrefix(StringRef prefix) {
  if (prefix.empty())
    if (auto attribute = module->getAttrOfType<StringAttr>("bnn.prefix"))
      prefix = attribute.getValue();
  if (prefix.empty())
    return module.emitError("needs a prefix for the symbols of the model: set "
                            "'bnn.prefix' or the option 'prefix'");
  if (!isIdentifier(prefix))
    return module.emitError("the prefix '")
           << prefix
           << "' is no C identifier: use letters, digits and underscores, and "
              "begin with no digit";
  result.prefix = prefix.str();
  return success();
}

FailureOr<ModelDim> Reader::readDim(unsigned index, Attribute dim, int64_t size,
                                    StringRef kind) {
  if (auto number = dyn_cast<IntegerAttr>(dim)) {
    if (ShapedType::isDynamic(size) || number.getInt() != size)
      return error(index) << "has a static dimension " << number.getInt()
                          << " in 'bnn.dims' that differs from its type";
    return ModelDim{"", size};
  }
  auto symbol = dyn_cast<StringAttr>(dim);
  if (!symbol)
    return error(index) << "has a dimension that is neither a name nor a "
                           "number in 'bnn.dims'";
  if (!ShapedType::isDynamic(size))
    return error(index) << "names the dimension '" << symbol.getValue()
                        << "', which is static in its type";
  auto maximum =
      maxima ? maxima.getAs<IntegerAttr>(symbol.getValue()) : IntegerAttr();
  if (!maximum && kind == "output")
    return error(index)
           << "(output '"
           << function.getArgAttrOfType<StringAttr>(index, "bnn.name")
                  .getValue()
           << "') has a dimension '" << symbol.getValue()
           << "' that is no dimension of an input, so a caller could not know "
              "its size; fix what it depends on by --input-shape";
  if (!maximum || maximum.getInt() < 1)
    return error(index) << "has a dimension '" << symbol.getValue()
                        << "' without a positive maximum in 'bnn.max_dims'";
  return ModelDim{symbol.str(), maximum.getInt()};
}

LogicalResult Reader::readTensor(unsigned index, MemRefType type,
                                 StringRef kind) {
  auto name = function.getArgAttrOfType<StringAttr>(index, "bnn.name");
  auto dims = function.getArgAttrOfType<ArrayAttr>(index, "bnn.dims");
  if (!name || name.empty() || !dims)
    return error(index) << "needs 'bnn.name' and 'bnn.dims'";
  if (!elementTypeCode(type.getElementType()))
    return error(index) << "has the element type " << type.getElementType()
                        << ", which the C interface lacks";
  if (type.getRank() > BNN_MAX_RANK)
    return error(index) << "has rank " << type.getRank()
                        << "; the C interface allows at most " << BNN_MAX_RANK;
  if (static_cast<int64_t>(dims.size()) != type.getRank())
    return error(index) << "has " << dims.size()
                        << " entries in 'bnn.dims' for rank " << type.getRank();
  ModelTensor tensor;
  tensor.name = name.str();
  tensor.elementType = type.getElementType();
  tensor.argument = index;
  for (auto [dim, size] : llvm::zip_equal(dims, type.getShape())) {
    FailureOr<ModelDim> read = readDim(index, dim, size, kind);
    if (failed(read))
      return failure();
    tensor.dims.push_back(*read);
  }
  (kind == "input" ? result.inputs : result.outputs)
      .push_back(std::move(tensor));
  return success();
}

LogicalResult Reader::readProfile(unsigned index, StringRef kind) {
  if (!isa<LLVM::LLVMPointerType>(function.getArgumentTypes()[index]))
    return error(index) << "is the " << kind << " and must be a pointer";
  std::optional<unsigned> &argument = kind == "profile_hook"
                                          ? result.profileHookArgument
                                          : result.profileContextArgument;
  if (argument)
    return error(index) << "is a second " << kind;
  argument = index;
  return success();
}

LogicalResult Reader::readProfiledOps() {
  if (result.profileHookArgument.has_value() !=
      result.profileContextArgument.has_value())
    return function.emitOpError("has a profile_hook or a profile_context "
                                "without the other");
  if (!result.profileHookArgument)
    return success();
  auto table = module->getAttrOfType<ArrayAttr>("bnn.profiled_ops");
  if (!table)
    return module.emitError("has a profile_hook but no 'bnn.profiled_ops'");
  for (Attribute entry : table) {
    auto op = dyn_cast<DictionaryAttr>(entry);
    auto name = op ? op.getAs<StringAttr>("name") : StringAttr();
    auto kind = op ? op.getAs<StringAttr>("kind") : StringAttr();
    auto limit = op ? op.getAs<FloatAttr>("limit") : FloatAttr();
    if (!name || !kind || !limit)
      return module.emitError("has an entry of 'bnn.profiled_ops' without a "
                              "'name', 'kind' or 'limit'");
    result.profiledOps.push_back(
        {name.str(), kind.str(), limit.getValueAsDouble()});
  }
  return success();
}

LogicalResult Reader::readArgument(unsigned index) {
  auto kind = function.getArgAttrOfType<StringAttr>(index, "bnn.kind");
  if (kind && (kind == "profile_hook" || kind == "profile_context"))
    return readProfile(index, kind);
  auto type = dyn_cast<MemRefType>(function.getArgumentTypes()[index]);
  if (!kind || !type || !type.getLayout().isIdentity())
    return error(index)
           << "must be a memref of identity layout with a 'bnn.kind'";
  if (kind == "input" || kind == "output")
    return readTensor(index, type, kind);
  if (kind != "workspace")
    return error(index) << "has the unknown 'bnn.kind' \"" << kind.getValue()
                        << "\": expected input, output, workspace, "
                           "profile_hook or profile_context";
  if (type.getRank() != 1 || !type.getElementType().isInteger(8))
    return error(index) << "is the workspace and must be a memref<?xi8>";
  if (result.workspaceArgument)
    return error(index) << "is a second workspace";
  result.workspaceArgument = index;
  return success();
}

LogicalResult Reader::checkOutputs() {
  llvm::StringSet<> names, symbols;
  for (const ModelTensor &input : result.inputs) {
    names.insert(input.name);
    for (const ModelDim &dim : input.dims)
      if (!dim.symbol.empty() && symbols.insert(dim.symbol).second)
        result.symbols.push_back(dim);
  }
  if (names.size() != result.inputs.size())
    return function.emitOpError("has two inputs of one name");
  names.clear();
  for (const ModelTensor &output : result.outputs) {
    if (!names.insert(output.name).second)
      return function.emitOpError("has two outputs of the name '")
             << output.name << "'";
    for (const ModelDim &dim : output.dims)
      if (!dim.symbol.empty() && !symbols.contains(dim.symbol))
        return error(output.argument)
               << "(output '" << output.name << "') has a dimension '"
               << dim.symbol
               << "' that no input defines, so a caller could not know its "
                  "size";
  }
  return success();
}

FailureOr<ModelInterface> Reader::read(StringRef prefix) {
  if (failed(readPrefix(prefix)))
    return failure();
  if (function.isExternal())
    return function.emitOpError("is the entry function and needs a body");
  if (function.getNumResults() != 1 ||
      !function.getResultTypes()[0].isSignlessInteger(32))
    return function.emitOpError("must return its status as one i32");
  auto size = function->getAttrOfType<IntegerAttr>("bnn.workspace_size");
  if (!size || size.getInt() < 0)
    return function.emitOpError("needs a 'bnn.workspace_size' of 0 or more");
  result.workspaceSize = size.getInt();
  for (unsigned index = 0; index < function.getNumArguments(); ++index)
    if (failed(readArgument(index)))
      return failure();
  if (result.workspaceSize > 0 && !result.workspaceArgument)
    return function.emitOpError("has a 'bnn.workspace_size' but no workspace");
  if (auto triple = module->getAttrOfType<StringAttr>("bnn.target_triple"))
    result.targetTriple = triple.str();
  if (auto cpu = module->getAttrOfType<StringAttr>("bnn.target_cpu"))
    result.targetCPU = cpu.str();
  if (auto features = module->getAttrOfType<IntegerAttr>("bnn.cpu_features"))
    result.cpuFeatures = features.getValue().getZExtValue();
  if (failed(checkOutputs()) || failed(readProfiledOps()))
    return failure();
  return std::move(result);
}

FailureOr<ModelInterface> readModelInterface(ModuleOp module,
                                             StringRef prefix) {
  func::FuncOp function = findEntryFunction(module);
  if (!function)
    return module.emitError(
        "has no entry function: none has a 'bnn.workspace_size'");
  return Reader(module, function).read(prefix);
}

} // namespace mlir::bnn
