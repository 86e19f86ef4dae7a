//===- ImportInterface.cpp - A graph's inputs and outputs -----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Import/Importer.h"
#include "passes/Support/ResultDims.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
/// An input of the graph that is no constant.
struct Importer::GraphInput {
  std::string name;
  Type element;
  /// kDynamic where the axis has a symbol.
  SmallVector<int64_t> sizes;
  /// Of each axis; empty where the size is known, or not named yet.
  SmallVector<std::string> symbols;

  void addDim(int64_t size, StringRef symbol) {
    sizes.push_back(size);
    symbols.push_back(symbol.str());
  }
};

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

/// An input as the model declares it; one without a shape has the rank that the
/// user gives it.
FailureOr<Importer::GraphInput>
Importer::readInput(const ::onnx::ValueInfoProto &info) {
  if (!info.type().has_tensor_type())
    return error() << "input '" << info.name()
                   << "' is not a tensor; only tensors are supported";
  const auto &type = info.type().tensor_type();
  GraphInput input;
  input.name = info.name();
  input.element = getElementType(type.elem_type(), context);
  if (!input.element)
    return error()
           << "input '" << info.name() << "': element type "
           << nameOfDataType(type.elem_type())
           << " is not supported; use FLOAT, FLOAT16, BFLOAT16, DOUBLE, "
              "INT8, UINT8, INT32, INT64 or BOOL";
  auto wanted = options.inputShapes.find(info.name());
  bool given = wanted != options.inputShapes.end();
  if (!type.has_shape()) {
    if (!given)
      return error() << "input '" << info.name()
                     << "' has no shape; give it one by --input-shape";
    for (size_t axis = 0; axis < wanted->second.size(); ++axis)
      input.addDim(ShapedType::kDynamic, "");
  } else if (size_t(type.shape().dim_size()) > kMaxRank) {
    return error() << "input '" << info.name() << "' has rank "
                   << type.shape().dim_size();
  }
  for (const auto &dim : type.shape().dim()) {
    if (dim.has_dim_value() && dim.dim_value() < 0)
      return error() << "input '" << info.name() << "' has a dimension of "
                     << dim.dim_value();
    if (dim.has_dim_value())
      input.addDim(dim.dim_value(), "");
    else
      input.addDim(ShapedType::kDynamic, dim.dim_param());
  }
  if (given && wanted->second.size() != input.sizes.size())
    return error() << "--input-shape gives input '" << info.name() << "' rank "
                   << wanted->second.size() << ", but the model declares rank "
                   << input.sizes.size();
  return input;
}

/// The shapes that the user gives are those of inputs.
LogicalResult Importer::checkInputShapes(ArrayRef<GraphInput> inputs) {
  for (const auto &wanted : options.inputShapes) {
    if (llvm::any_of(inputs, [&](const GraphInput &input) {
          return input.name == wanted.first();
        }))
      continue;
    Report diagnostic =
        error() << "--input-shape names '" << wanted.first()
                << "', which is not an input of the model; its inputs are";
    for (const GraphInput &input : inputs)
      diagnostic << " '" << input.name << "'";
    return diagnostic;
  }
  return success();
}

/// Gives every dimension that is unknown and has no name one that no other has.
void Importer::nameDims(MutableArrayRef<GraphInput> inputs) {
  llvm::StringSet<> taken;
  for (GraphInput &input : inputs)
    for (auto [size, symbol] : llvm::zip_equal(input.sizes, input.symbols))
      if (ShapedType::isDynamic(size))
        taken.insert(symbol);
  for (GraphInput &input : inputs)
    for (size_t axis = 0; axis < input.sizes.size(); ++axis) {
      if (!ShapedType::isDynamic(input.sizes[axis]) ||
          !input.symbols[axis].empty())
        continue;
      std::string name = input.name + "_d" + std::to_string(axis);
      while (!taken.insert(name).second)
        name += "_";
      input.symbols[axis] = name;
    }
}

/// Gives dimensions the sizes that the user wants. A symbol that is fixed on
/// one input is fixed on all.
LogicalResult Importer::fixDims(MutableArrayRef<GraphInput> inputs) {
  StringMap<int64_t> fixed;
  for (GraphInput &input : inputs) {
    auto wanted = options.inputShapes.find(input.name);
    if (wanted == options.inputShapes.end())
      continue;
    for (auto [axis, size] : llvm::enumerate(wanted->second)) {
      if (size == -1)
        continue;
      if (size < 0)
        return error() << "--input-shape gives input '" << input.name
                       << "' a dimension of " << size;
      const std::string &symbol = input.symbols[axis];
      int64_t known = symbol.empty()
                          ? input.sizes[axis]
                          : fixed.try_emplace(symbol, size).first->second;
      if (known != size)
        return error() << "--input-shape gives axis " << axis << " of input '"
                       << input.name << "' the size " << size
                       << ", but it is already " << known;
    }
  }
  for (GraphInput &input : inputs)
    for (auto [size, symbol] : llvm::zip_equal(input.sizes, input.symbols))
      if (auto it = fixed.find(symbol); !symbol.empty() && it != fixed.end())
        size = it->second;
  return success();
}

/// Begins the function that holds the graph.
void Importer::createFunction(ArrayRef<GraphInput> inputs) {
  SmallVector<Type> types;
  SmallVector<DictionaryAttr> attributes;
  SmallVector<Location> locations;
  for (const GraphInput &input : inputs) {
    SmallVector<Attribute> dims;
    for (auto [size, symbol] : llvm::zip_equal(input.sizes, input.symbols))
      if (ShapedType::isDynamic(size))
        dims.push_back(builder.getStringAttr(symbol));
      else
        dims.push_back(builder.getI64IntegerAttr(size));
    types.push_back(RankedTensorType::get(input.sizes, input.element));
    attributes.push_back(builder.getDictionaryAttr(
        {builder.getNamedAttr(onnx::kNameAttr,
                              builder.getStringAttr(input.name)),
         builder.getNamedAttr(onnx::kDimsAttr, builder.getArrayAttr(dims))}));
    locations.push_back(locOf(input.name));
  }
  func = builder.create<func::FuncOp>(baseLoc, "main",
                                      builder.getFunctionType(types, {}),
                                      ArrayRef<NamedAttribute>(), attributes);
  Block *block = builder.createBlock(&func.getBody(), {}, types, locations);
  for (auto [input, argument] : llvm::zip_equal(inputs, block->getArguments()))
    values[input.name] = argument;
  builder.setInsertionPointToStart(block);
  shapes = std::make_unique<onnx::SymbolicShapes>(func);
}

LogicalResult Importer::addInputs() {
  const ::onnx::GraphProto &graph = model.graph();
  llvm::StringSet<> constants;
  for (const auto &tensor : graph.initializer())
    constants.insert(tensor.name());
  SmallVector<GraphInput> inputs;
  for (const auto &info : graph.input()) {
    if (constants.contains(info.name()))
      continue;
    FailureOr<GraphInput> input = readInput(info);
    if (failed(input))
      return failure();
    inputs.push_back(std::move(*input));
  }
  if (failed(checkInputShapes(inputs)))
    return failure();
  nameDims(inputs);
  if (failed(fixDims(inputs)))
    return failure();
  createFunction(inputs);
  return success();
}

//===----------------------------------------------------------------------===//
// Outputs
//===----------------------------------------------------------------------===//

/// What the graph computes is what it declares.
LogicalResult Importer::checkOutput(const ::onnx::ValueInfoProto &output,
                                    Value value) {
  const auto &declared = output.type().tensor_type();
  Type element = getElementTypeOrSelf(value.getType());
  if (declared.elem_type() &&
      getElementType(declared.elem_type(), context) != element)
    return error() << "output '" << output.name() << "' is declared as "
                   << nameOfDataType(declared.elem_type())
                   << " but is computed as " << value.getType();
  auto dims = shapes->shapeOf(value);
  if (dims && declared.has_shape() &&
      declared.shape().dim_size() != int(dims->size()))
    return error() << "output '" << output.name() << "' is declared with rank "
                   << declared.shape().dim_size() << " but is computed as "
                   << value.getType();
  return success();
}

/// The dimensions of an output, as far as they are known yet.
ArrayAttr Importer::outputDims(const ::onnx::ValueInfoProto &output,
                               Value value) {
  if (!shapes->shapeOf(value))
    return builder.getArrayAttr({});
  const auto &declared = output.type().tensor_type().shape();
  return describeResultDims(*shapes, value, [&](unsigned axis) {
    return declared.dim_size() > int(axis)
               ? StringRef(declared.dim(int(axis)).dim_param())
               : StringRef();
  });
}

LogicalResult Importer::addOutputs() {
  const ::onnx::GraphProto &graph = model.graph();
  if (graph.output_size() == 0)
    return error() << "the graph has no output";
  SmallVector<Value> results;
  SmallVector<const ::onnx::ValueInfoProto *> outputs;
  llvm::StringSet<> seen;
  for (const auto &output : graph.output()) {
    auto it = values.find(output.name());
    if (it == values.end())
      return error() << "output '" << output.name()
                     << "' is not produced by the graph, or by an optional "
                        "output that is not supported";
    if (failed(checkOutput(output, it->second)))
      return failure();
    // Listed twice, it is one output: callers know outputs by their names.
    if (!seen.insert(output.name()).second)
      continue;
    outputs.push_back(&output);
    results.push_back(it->second);
  }
  builder.create<func::ReturnOp>(baseLoc, results);
  func.setFunctionType(builder.getFunctionType(func.getArgumentTypes(),
                                               ValueRange(results).getTypes()));
  for (auto [i, output] : llvm::enumerate(outputs)) {
    func.setResultAttr(i, onnx::kNameAttr,
                       builder.getStringAttr(output->name()));
    func.setResultAttr(i, onnx::kDimsAttr, outputDims(*output, results[i]));
  }
  return success();
}

LogicalResult Importer::checkSizes() {
  WalkResult result = func.walk([&](Operation *op) {
    auto tooLarge = [&](Value value) {
      auto type = dyn_cast<RankedTensorType>(value.getType());
      if (!type)
        return false;
      int64_t elements = 1;
      for (int64_t size : type.getShape())
        if (size > 0 && (__builtin_mul_overflow(elements, size, &elements) ||
                         elements > kMaxTensorElements))
          return true;
      return size_t(type.getRank()) > kMaxRank;
    };
    for (Value result : op->getResults())
      if (tooLarge(result)) {
        error() << "value '"
                << (isa<NameLoc>(op->getLoc())
                        ? cast<NameLoc>(op->getLoc()).getName().getValue()
                        : StringRef("?"))
                << "' is too large: " << result.getType();
        return WalkResult::interrupt();
      }
    if (auto function = dyn_cast<func::FuncOp>(op))
      for (BlockArgument argument : function.getArguments())
        if (tooLarge(argument)) {
          error() << "input number " << argument.getArgNumber()
                  << " is too large: " << argument.getType();
          return WalkResult::interrupt();
        }
    return WalkResult::advance();
  });
  return success(!result.wasInterrupted());
}
} // namespace mlir::bnn
