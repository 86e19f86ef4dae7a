//===- ModelInterface.cpp - What a lowered module's C interface is --------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/BNN/ModelInterface.h"
#include "bnn/types.h"
#include "dialects/BNN/BNNModel.h"
#include "dialects/BNN/PlainText.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace mlir::bnn {

int32_t elementTypeCode(Type type) {
  if (type.isF32())
    return BNN_F32;
  if (type.isF64())
    return BNN_F64;
  if (type.isF16())
    return BNN_F16;
  if (type.isBF16())
    return BNN_BF16;
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

FailureOr<EntryAttr> describeEntry(func::FuncOp function) {
  SmallVector<Attribute> arguments;
  for (unsigned index = 0; index < function.getNumArguments(); ++index) {
    arguments.push_back(getArgument(function, index));
    if (!arguments.back())
      return function.emitOpError()
             << "argument #" << index << " needs a '" << kArgumentAttr
             << "' that says what it is";
  }
  MLIRContext *context = function.getContext();
  return EntryAttr::get(
      context, function.getFunctionType(), ArrayAttr::get(context, arguments),
      function->getAttrOfType<IntegerAttr>(kWorkspaceSizeAttr).getInt());
}

func::FuncOp findEntryFunction(ModuleOp module) {
  for (auto function : module.getOps<func::FuncOp>())
    if (function->hasAttr(kWorkspaceSizeAttr))
      return function;
  return nullptr;
}

namespace {
/// Reads one entry function, reporting on `where`. That each attribute is what
/// it should be, and each argument what its attribute says, is verified.
class Reader {
public:
  Reader(ModuleOp module, Operation *where)
      : module(module), where(where), model(getModel(module)) {}

  FailureOr<ModelInterface> read(EntryAttr entry);

private:
  LogicalResult readModel();
  LogicalResult checkNames(unsigned index, const ModelTensor &tensor);
  LogicalResult readArgument(unsigned index, ArgumentAttr argument);
  LogicalResult readTensor(unsigned index, ArgumentAttr argument);
  FailureOr<ModelDim> readDim(unsigned index, ArgumentAttr argument,
                              Attribute dim);
  LogicalResult refuse(ArgumentAttr output, ComputedDimAttr dim);
  LogicalResult checkOutputs();
  LogicalResult readProfiledOps();

  InFlightDiagnostic error(unsigned index) {
    return where->emitOpError() << "argument #" << index << ' ';
  }

  ModuleOp module;
  Operation *where;
  ModelAttr model;
  FunctionType signature;
  ModelInterface result;
};
} // namespace

LogicalResult Reader::readModel() {
  if (model.getPrefix().empty())
    return module.emitError("needs a prefix for the symbols of the model: set "
                            "it in '")
           << kModelAttr << "' or by the option 'prefix'";
  result.prefix = model.getPrefix().str();
  result.targetTriple = model.getTriple().str();
  result.targetCPU = model.getCpu().str();
  result.cpuFeatures = model.getFeatures();
  return success();
}

/// Says why no caller could have room for an output of this dimension.
LogicalResult Reader::refuse(ArgumentAttr output, ComputedDimAttr dim) {
  // Who made the model reads this: without the function, which is ours.
  InFlightDiagnostic diagnostic = emitError(where->getLoc());
  diagnostic << "output '" << output.getName() << "' has the dimension "
             << dim.getValue();
  StringRef declared = dim.getDeclared();
  if (model.getMaximum(declared))
    diagnostic << ", which is not proved to be the '" << declared
               << "' of an input that the model declares it to be";
  else if (!declared.empty())
    diagnostic << ", which the model calls '" << declared
               << "' and which is no dimension of an input";
  else
    diagnostic << ", which is no dimension of an input";
  return diagnostic << ", so a caller could not know its size; fix what it "
                       "depends on by --input-shape";
}

FailureOr<ModelDim> Reader::readDim(unsigned index, ArgumentAttr argument,
                                    Attribute dim) {
  if (auto number = dyn_cast<IntegerAttr>(dim))
    return ModelDim{"", number.getInt()};
  if (auto computed = dyn_cast<ComputedDimAttr>(dim))
    return refuse(argument, computed);
  auto symbol = cast<StringAttr>(dim);
  std::optional<int64_t> maximum = model.getMaximum(symbol);
  if (!maximum && argument.isOutput())
    return error(index)
           << "(output '" << argument.getName() << "') has a dimension '"
           << symbol.getValue()
           << "' that is no dimension of an input, so a caller could not know "
              "its size; fix what it depends on by --input-shape";
  if (!maximum)
    return error(index) << "has a dimension '" << symbol.getValue()
                        << "' without a maximum in '" << kModelAttr << "'";
  return ModelDim{symbol.str(), *maximum};
}

/// A caller compares names as C strings, and shows them.
LogicalResult Reader::checkNames(unsigned index, const ModelTensor &tensor) {
  SmallVector<StringRef> names = {tensor.name};
  for (const ModelDim &dim : tensor.dims)
    names.push_back(dim.symbol);
  for (StringRef name : names)
    if (!isPlainText(name))
      return error(index) << "has the name '" << escapeHidden(name)
                          << "', which has characters that a C string or a "
                             "terminal does not show";
  return success();
}

LogicalResult Reader::readTensor(unsigned index, ArgumentAttr argument) {
  auto type = cast<MemRefType>(signature.getInput(index));
  if (!elementTypeCode(type.getElementType()))
    return error(index) << "has the element type " << type.getElementType()
                        << ", which the C interface lacks";
  if (type.getRank() > BNN_MAX_RANK)
    return error(index) << "has rank " << type.getRank()
                        << "; the C interface allows at most " << BNN_MAX_RANK;
  ModelTensor tensor;
  tensor.name = argument.getName().str();
  tensor.elementType = type.getElementType();
  tensor.argument = index;
  for (Attribute dim : argument.getDims()) {
    FailureOr<ModelDim> read = readDim(index, argument, dim);
    if (failed(read))
      return failure();
    tensor.dims.push_back(*read);
  }
  if (failed(checkNames(index, tensor)))
    return failure();
  (argument.isInput() ? result.inputs : result.outputs)
      .push_back(std::move(tensor));
  return success();
}

LogicalResult Reader::readArgument(unsigned index, ArgumentAttr argument) {
  std::optional<unsigned> *place = nullptr;
  switch (argument.getKind()) {
  case ArgumentKind::Input:
  case ArgumentKind::Output:
    return readTensor(index, argument);
  case ArgumentKind::Workspace:
    place = &result.workspaceArgument;
    break;
  case ArgumentKind::ProfileHook:
    place = &result.profileHookArgument;
    break;
  case ArgumentKind::ProfileContext:
    place = &result.profileContextArgument;
    break;
  }
  if (*place)
    return error(index) << "is a second "
                        << stringifyArgumentKind(argument.getKind());
  *place = index;
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
    return where->emitOpError("has two inputs of one name");
  names.clear();
  for (const ModelTensor &output : result.outputs) {
    if (!names.insert(output.name).second)
      return where->emitOpError("has two outputs of the name '")
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

LogicalResult Reader::readProfiledOps() {
  if (result.profileHookArgument.has_value() !=
      result.profileContextArgument.has_value())
    return where->emitOpError("has a profile_hook or a profile_context "
                              "without the other");
  if (!result.profileHookArgument)
    return success();
  auto table = module->getAttrOfType<ArrayAttr>(kProfiledOpsAttr);
  if (!table)
    return module.emitError("has a profile_hook but no '")
           << kProfiledOpsAttr << "'";
  for (auto op : table.getAsRange<ProfiledAttr>())
    result.profiledOps.push_back({escapeHidden(op.getName()),
                                  op.getKind().str(),
                                  op.getLimit().getValueAsDouble()});
  return success();
}

FailureOr<ModelInterface> Reader::read(EntryAttr entry) {
  if (failed(readModel()))
    return failure();
  signature = entry.getType();
  if (signature.getNumResults() != 1 ||
      !signature.getResult(0).isSignlessInteger(32))
    return where->emitOpError("must return its status as one i32");
  result.workspaceSize = entry.getWorkspaceSize();
  for (auto [index, argument] : llvm::enumerate(entry.getArguments()))
    if (failed(readArgument(index, cast<ArgumentAttr>(argument))))
      return failure();
  if (result.workspaceSize > 0 && !result.workspaceArgument)
    return where->emitOpError("has a '")
           << kWorkspaceSizeAttr << "' but no workspace";
  if (failed(checkOutputs()) || failed(readProfiledOps()))
    return failure();
  return std::move(result);
}

FailureOr<ModelInterface> readModelInterface(ModuleOp module) {
  if (auto entry = module->getAttrOfType<EntryAttr>(kEntryAttr))
    return Reader(module, module).read(entry);
  func::FuncOp function = findEntryFunction(module);
  if (!function)
    return module.emitError("has no entry function: none has a '")
           << kWorkspaceSizeAttr << "'";
  if (function.isExternal())
    return function.emitOpError("is the entry function and needs a body");
  FailureOr<EntryAttr> entry = describeEntry(function);
  if (failed(entry))
    return failure();
  return Reader(module, function).read(*entry);
}

} // namespace mlir::bnn
