// A graph's inputs and outputs, with their shapes.
#include "lib/Import/Importer.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
LogicalResult Importer::addInputs() {
  const ::onnx::GraphProto &graph = model.graph();
  llvm::StringSet<> constants;
  for (const auto &tensor : graph.initializer())
    constants.insert(tensor.name());

  struct Input {
    std::string name;
    Type element;
    SmallVector<int64_t> sizes;
    SmallVector<std::string> symbols;
  };
  SmallVector<Input> inputs;
  llvm::StringSet<> takenSymbols, known;
  for (const auto &info : graph.input()) {
    if (constants.contains(info.name()))
      continue;
    known.insert(info.name());
    Input &input = inputs.emplace_back();
    input.name = info.name();
    if (!info.type().has_tensor_type())
      return error() << "input '" << info.name()
                     << "' is not a tensor; only tensors are supported";
    const auto &type = info.type().tensor_type();
    input.element = getElementType(type.elem_type(), context);
    if (!input.element)
      return error()
             << "input '" << info.name() << "': element type "
             << nameOfDataType(type.elem_type())
             << " is not supported; use FLOAT, DOUBLE, INT8, UINT8, INT32, "
                "INT64 or BOOL";
    auto wanted = options.inputShapes.find(info.name());
    bool given = wanted != options.inputShapes.end();
    if (!type.has_shape()) {
      if (!given)
        return error() << "input '" << info.name()
                       << "' has no shape; give it one by --input-shape";
      for (size_t axis = 0; axis < wanted->second.size(); ++axis) {
        input.sizes.push_back(ShapedType::kDynamic);
        input.symbols.emplace_back();
      }
    } else if (size_t(type.shape().dim_size()) > kMaxRank) {
      return error() << "input '" << info.name() << "' has rank "
                     << type.shape().dim_size();
    }
    for (const auto &dim : type.shape().dim()) {
      input.symbols.emplace_back();
      if (!dim.has_dim_value()) {
        input.sizes.push_back(ShapedType::kDynamic);
        input.symbols.back() = dim.dim_param();
        takenSymbols.insert(dim.dim_param());
        continue;
      }
      if (dim.dim_value() < 0)
        return error() << "input '" << info.name() << "' has a dimension of "
                       << dim.dim_value();
      input.sizes.push_back(dim.dim_value());
    }
    if (given && wanted->second.size() != input.sizes.size())
      return error() << "--input-shape gives input '" << info.name()
                     << "' rank " << wanted->second.size()
                     << ", but the model declares rank " << input.sizes.size();
  }
  for (const auto &wanted : options.inputShapes)
    if (!known.contains(wanted.first())) {
      Report diagnostic =
          error() << "--input-shape names '" << wanted.first()
                  << "', which is not an input of the model; its inputs are";
      for (const Input &input : inputs)
        diagnostic << " '" << input.name << "'";
      return diagnostic;
    }

  // A symbol that a user fixes on one input is fixed on all.
  StringMap<int64_t> fixed;
  for (Input &input : inputs) {
    for (size_t axis = 0; axis < input.sizes.size(); ++axis)
      if (ShapedType::isDynamic(input.sizes[axis]) &&
          input.symbols[axis].empty()) {
        // A name of its own that no other dimension has.
        std::string name = input.name + "_d" + std::to_string(axis);
        while (!takenSymbols.insert(name).second)
          name += "_";
        input.symbols[axis] = name;
      }
    auto wanted = options.inputShapes.find(input.name);
    if (wanted == options.inputShapes.end())
      continue;
    for (auto [axis, size] : llvm::enumerate(wanted->second)) {
      if (size == -1)
        continue;
      if (size < 0)
        return error() << "--input-shape gives input '" << input.name
                       << "' a dimension of " << size;
      bool clash = false;
      if (input.symbols[axis].empty())
        clash = input.sizes[axis] != size;
      else
        clash =
            fixed.try_emplace(input.symbols[axis], size).first->second != size;
      if (clash)
        return error() << "--input-shape gives axis " << axis << " of input '"
                       << input.name << "' the size " << size
                       << ", but it is already "
                       << (input.symbols[axis].empty()
                               ? input.sizes[axis]
                               : fixed[input.symbols[axis]]);
    }
  }

  SmallVector<Type> types;
  SmallVector<DictionaryAttr> attributes;
  SmallVector<Location> locations;
  for (Input &input : inputs) {
    SmallVector<Attribute> dims;
    for (size_t axis = 0; axis < input.sizes.size(); ++axis) {
      auto it = fixed.find(input.symbols[axis]);
      if (!input.symbols[axis].empty() && it != fixed.end())
        input.sizes[axis] = it->second;
      if (ShapedType::isDynamic(input.sizes[axis]))
        dims.push_back(builder.getStringAttr(input.symbols[axis]));
      else
        dims.push_back(builder.getI64IntegerAttr(input.sizes[axis]));
    }
    types.push_back(RankedTensorType::get(input.sizes, input.element));
    attributes.push_back(builder.getDictionaryAttr(
        {builder.getNamedAttr("onnx.name", builder.getStringAttr(input.name)),
         builder.getNamedAttr("onnx.dims", builder.getArrayAttr(dims))}));
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
  return success();
}

LogicalResult Importer::addOutputs() {
  const ::onnx::GraphProto &graph = model.graph();
  if (graph.output_size() == 0)
    return error() << "the graph has no output";
  SmallVector<Value> results;
  SmallVector<Attribute> resultDims;
  llvm::StringSet<> seen;
  for (const auto &output : graph.output()) {
    auto it = values.find(output.name());
    if (it == values.end())
      return error() << "output '" << output.name()
                     << "' is not produced by the graph, or by an optional "
                        "output that is not supported";
    if (!seen.insert(output.name()).second)
      return error() << "output '" << output.name() << "' is listed twice";
    Value value = it->second;
    results.push_back(value);

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
      return error() << "output '" << output.name()
                     << "' is declared with rank "
                     << declared.shape().dim_size() << " but is computed as "
                     << value.getType();
    SmallVector<Attribute> names;
    llvm::StringSet<> taken;
    if (dims)
      for (size_t axis = 0; axis < dims->size(); ++axis) {
        const onnx::SymbolicDim &dim = (*dims)[axis];
        std::optional<int64_t> constant = dim.getConstant();
        bool inputDim = llvm::any_of(func.getArguments(), [&](Value argument) {
          auto all = shapes->shapeOf(argument);
          return all && llvm::is_contained(*all, dim);
        });
        std::string param = declared.shape().dim_size() > int(axis)
                                ? declared.shape().dim(axis).dim_param()
                                : std::string();
        if (constant)
          names.push_back(builder.getI64IntegerAttr(*constant));
        else if (inputDim || param.empty())
          names.push_back(builder.getStringAttr(shapes->str(dim)));
        else
          names.push_back(builder.getStringAttr(param));
      }
    resultDims.push_back(builder.getArrayAttr(names));
  }
  builder.create<func::ReturnOp>(baseLoc, results);
  func.setFunctionType(builder.getFunctionType(func.getArgumentTypes(),
                                               ValueRange(results).getTypes()));
  for (int i = 0; i < graph.output_size(); ++i) {
    func.setResultAttr(i, "onnx.name",
                       builder.getStringAttr(graph.output(i).name()));
    func.setResultAttr(i, "onnx.dims", resultDims[i]);
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
