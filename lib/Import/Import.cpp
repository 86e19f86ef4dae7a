#include "lib/Import/Import.h"
#include "dialects/ONNX/ConstantView.h"
#include "dialects/ONNX/SymbolicShapes.h"
#include "lib/Import/OperatorTable.h"
#include "lib/Import/TensorData.h"
#include "lib/Import/WireSkeleton.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include <onnx/checker.h>
#include <queue>

using namespace llvm;
using namespace mlir;

namespace bnn {
namespace {
/// No tensor of a model that can run has more elements.
constexpr int64_t kMaxTensorElements = int64_t(1) << 40;
constexpr size_t kMaxRank = 64;

StringRef normalDomain(StringRef domain) {
  return domain == "ai.onnx" ? StringRef() : domain;
}

/// An error in the making. Names in a model may be any bytes: what is no text
/// is escaped before a terminal sees it.
class Report {
public:
  explicit Report(Location location) : location(location) {}
  Report(Report &&other)
      : location(other.location), text(std::move(other.text)),
        active(std::exchange(other.active, false)) {}
  ~Report() {
    if (active)
      report();
  }

  template <typename T> Report &&operator<<(const T &value) && {
    *this << value;
    return std::move(*this);
  }
  template <typename T> Report &operator<<(const T &value) & {
    llvm::raw_string_ostream stream(text);
    stream << value;
    return *this;
  }
  operator LogicalResult() { return failure(); }
  template <typename T> operator FailureOr<T>() { return failure(); }

private:
  void report() {
    std::string clean;
    if (llvm::json::isUTF8(text)) {
      clean = text;
    } else {
      llvm::raw_string_ostream stream(clean);
      llvm::printEscapedString(text, stream);
    }
    for (char &letter : clean)
      if (uint8_t(letter) < 32 && letter != '\n')
        letter = '?';
    emitError(location) << clean;
  }

  Location location;
  std::string text;
  bool active = true;
};

class Importer {
public:
  Importer(StringRef path, const ImportOptions &options, MLIRContext *context)
      : path(path.str()), options(options), context(context), builder(context),
        fileLoc(FileLineColLoc::get(context, path, 0, 0)),
        baseLoc(FileLineColLoc::get(context, llvm::sys::path::filename(path), 0,
                                    0)) {}

  OwningOpRef<ModuleOp> run();

private:
  Report error() { return Report(fileLoc); }
  Report error(const ::onnx::NodeProto &node) {
    return Report(fileLoc) << "node '" << nameOf(node) << "' ("
                           << node.op_type() << ", opset " << opset << "): ";
  }
  static std::string nameOf(const ::onnx::NodeProto &node) {
    if (!node.name().empty())
      return node.name();
    return node.output_size() ? node.output(0) : std::string("?");
  }
  Location locOf(StringRef name) {
    return NameLoc::get(builder.getStringAttr(name), baseLoc);
  }

  LogicalResult load();
  LogicalResult readOpsets();
  LogicalResult checkOperators();
  LogicalResult sortNodes();
  LogicalResult runChecker();
  LogicalResult addInputs();
  LogicalResult addConstants();
  LogicalResult addNode(const ::onnx::NodeProto &node);
  LogicalResult addOutputs();
  LogicalResult checkSizes();

  LogicalResult addConstantNode(const ::onnx::NodeProto &node);
  FailureOr<Value> lookup(const ::onnx::NodeProto &node, StringRef name);
  Value noValue();
  Value constantOf(ArrayRef<int64_t> values, Location loc);
  LogicalResult finish(const ::onnx::NodeProto &node, Operation *op);

  std::string path;
  const ImportOptions &options;
  MLIRContext *context;
  OpBuilder builder;
  Location fileLoc, baseLoc;

  ::onnx::ModelProto model;
  std::shared_ptr<DataFile> file;
  std::unique_ptr<TensorReader> reader;
  int64_t opset = 0;
  StringMap<int64_t> domains;
  SmallVector<const ::onnx::NodeProto *> order;
  llvm::DenseMap<const ::onnx::TensorProto *, ElementsAttr> tensors;

  OwningOpRef<ModuleOp> module;
  func::FuncOp func;
  std::unique_ptr<onnx::SymbolicShapes> shapes;
  StringMap<Value> values;
  Value none;
};

/// The attribute of this name, or null.
const ::onnx::AttributeProto *findAttribute(const ::onnx::NodeProto &node,
                                            StringRef name) {
  for (const auto &attribute : node.attribute())
    if (attribute.name() == name)
      return &attribute;
  return nullptr;
}

LogicalResult Importer::load() {
  Expected<std::shared_ptr<DataFile>> opened = openFile(path, context);
  if (!opened)
    return error() << "cannot read the model: " << toString(opened.takeError());
  file = *opened;
  StringRef fileName = sys::path::filename(path);
  Expected<std::string> skeleton = makeSkeleton(file->bytes(), fileName);
  if (!skeleton)
    return error() << toString(skeleton.takeError());
  if (skeleton->size() > INT32_MAX ||
      !model.ParseFromArray(skeleton->data(), skeleton->size()))
    return error() << "the file is not an ONNX model: its fields do not form a "
                      "ModelProto";
  if (!model.has_graph() || model.opset_import_size() == 0)
    return error() << "the file is not an ONNX model: it has no "
                   << (model.has_graph() ? "opset" : "graph");
  reader = std::make_unique<TensorReader>(path, file, context);
  return success();
}

LogicalResult Importer::readOpsets() {
  for (const auto &import : model.opset_import()) {
    StringRef domain = normalDomain(import.domain());
    if (!domains.try_emplace(domain, import.version()).second)
      return error() << "the model imports the opset domain '" << domain
                     << "' twice";
  }
  auto it = domains.find("");
  if (it == domains.end())
    return error() << "the model imports no opset of ONNX's own domain";
  opset = it->second;
  if (opset < kMinOpset || opset > kMaxOpset)
    return error() << "opset " << opset
                   << " is not supported; export the model "
                   << "with an opset from " << kMinOpset << " to " << kMaxOpset
                   << " (torch.onnx.export: opset_version=" << kMaxOpset << ")";
  return success();
}

/// Reports all nodes that have no counterpart at once, so that a user sees the
/// whole distance.
LogicalResult Importer::checkOperators() {
  bool good = true;
  for (const ::onnx::NodeProto &node : model.graph().node()) {
    StringRef domain = normalDomain(node.domain());
    auto version = domains.find(domain);
    std::string versionText = version == domains.end()
                                  ? "not imported"
                                  : "opset " + std::to_string(version->second);
    const OperatorSpec *spec =
        domain.empty() ? findOperator(node.op_type()) : nullptr;
    bool subgraph = llvm::any_of(node.attribute(), [](const auto &attribute) {
      return attribute.has_g() || attribute.graphs_size();
    });
    if (spec && !subgraph)
      continue;
    good = false;
    Report diagnostic = error()
                        << "node '" << nameOf(node) << "': operator '"
                        << node.op_type() << "' of domain '"
                        << (domain.empty() ? StringRef("ai.onnx") : domain)
                        << "' (" << versionText << ") is not supported; ";
    if (node.op_type() == "PythonOp" || domain == "prim")
      diagnostic << "it stands for a torch.autograd.Function that was exported "
                    "with ONNX_FALLTHROUGH: give the function a `symbolic` "
                    "method that uses ONNX's own operators, or register one "
                    "with torch.onnx.register_custom_op_symbolic, and export "
                    "again with operator_export_type=ONNX";
    else if (subgraph)
      diagnostic << "it holds a subgraph: export the model for inference "
                    "without control flow (torch.jit.trace instead of script)";
    else if (!domain.empty())
      diagnostic << "export the model with ONNX's own operators only, or with "
                    "ONNX Runtime's optimiser at level basic at most";
    else
      diagnostic << "express it by supported operators in the model's source "
                    "and export again";
  }
  return success(good);
}

LogicalResult Importer::sortNodes() {
  const ::onnx::GraphProto &graph = model.graph();
  llvm::StringSet<> given;
  for (const auto &tensor : graph.initializer()) {
    if (tensor.name().empty())
      return error() << "an initializer has no name";
    if (!given.insert(tensor.name()).second)
      return error() << "initializer '" << tensor.name()
                     << "' is defined twice";
  }
  if (graph.sparse_initializer_size())
    return error() << "sparse initializers are not supported; export the "
                      "weights as dense tensors";
  llvm::StringSet<> inputs;
  for (const auto &input : graph.input()) {
    if (input.name().empty() || !inputs.insert(input.name()).second)
      return error() << "input '" << input.name()
                     << "' has no name or is defined twice";
    given.insert(input.name());
  }
  StringMap<int> producer;
  for (int i = 0; i < graph.node_size(); ++i)
    for (const std::string &output : graph.node(i).output()) {
      if (output.empty())
        continue;
      if (given.contains(output) || !producer.try_emplace(output, i).second)
        return error(graph.node(i))
               << "value '" << output << "' is defined twice";
    }

  // Kahn's algorithm; nodes that are ready are taken in the file's order.
  SmallVector<int> missing(graph.node_size(), 0);
  SmallVector<SmallVector<int, 2>> users(graph.node_size());
  for (int i = 0; i < graph.node_size(); ++i)
    for (const std::string &input : graph.node(i).input()) {
      if (input.empty() || given.contains(input))
        continue;
      auto it = producer.find(input);
      if (it == producer.end())
        return error(graph.node(i))
               << "its input '" << input
               << "' is neither an input of the graph, nor an initializer, nor "
                  "the output of a node";
      users[it->second].push_back(i);
      ++missing[i];
    }
  std::priority_queue<int, std::vector<int>, std::greater<int>> ready;
  for (int i = 0; i < graph.node_size(); ++i)
    if (!missing[i])
      ready.push(i);
  while (!ready.empty()) {
    int next = ready.top();
    ready.pop();
    order.push_back(&graph.node(next));
    for (int user : users[next])
      if (--missing[user] == 0)
        ready.push(user);
  }
  for (int i = 0; i < graph.node_size(); ++i)
    if (missing[i])
      return error(graph.node(i)) << "the graph has a cycle through this node";
  return success();
}

/// Has libonnx check the model against its own schemas, without the weights:
/// their bytes have been checked by then, and must not be copied.
LogicalResult Importer::runChecker() {
  ::onnx::ModelProto copy = model;
  copy.mutable_functions()->Clear();
  copy.mutable_training_info()->Clear();
  // Formats newer than libonnx only add what the importer does not accept.
  copy.set_ir_version(std::min<int64_t>(copy.ir_version(), 8));
  auto strip = [](::onnx::TensorProto *tensor) {
    if (tensor->data_location() != ::onnx::TensorProto::EXTERNAL)
      return;
    tensor->clear_external_data();
    tensor->clear_data_location();
    if (!llvm::is_contained(tensor->dims(), 0))
      tensor->set_raw_data("?");
  };
  ::onnx::GraphProto *graph = copy.mutable_graph();
  for (auto &tensor : *graph->mutable_initializer())
    strip(&tensor);
  // A graph is fine without value infos, and outputs without shapes.
  graph->clear_value_info();
  for (auto *infos : {graph->mutable_input(), graph->mutable_output()})
    for (auto &info : *infos)
      if (info.type().has_tensor_type())
        info.mutable_type()->mutable_tensor_type()->mutable_shape();
  graph->clear_node();
  for (const ::onnx::NodeProto *node : order) {
    ::onnx::NodeProto *sorted = graph->add_node();
    *sorted = *node;
    for (auto &attribute : *sorted->mutable_attribute())
      if (attribute.has_t())
        strip(attribute.mutable_t());
  }
  try {
    ::onnx::checker::check_model(copy);
  } catch (const std::exception &exception) {
    // libonnx spreads its message over lines.
    std::string message = StringRef(exception.what()).trim().str();
    SmallVector<StringRef> lines;
    StringRef(message).split(lines, '\n', -1, /*KeepEmpty=*/false);
    return error() << "the model is not valid ONNX: " << llvm::join(lines, " ");
  }
  return success();
}

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
      return error() << "input '" << info.name() << "': element type "
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

LogicalResult Importer::addConstants() {
  // Unused weights cost nothing: they are neither read nor kept.
  llvm::StringSet<> used;
  for (const ::onnx::NodeProto *node : order)
    for (const std::string &input : node->input())
      used.insert(input);
  for (const auto &output : model.graph().output())
    used.insert(output.name());
  for (const ::onnx::TensorProto &tensor : model.graph().initializer()) {
    if (!used.contains(tensor.name()))
      continue;
    auto constant = builder.create<onnx::ConstantOp>(
        locOf(tensor.name()), tensors[&tensor].getType(), tensors[&tensor]);
    values[tensor.name()] = constant;
    if (failed(shapes->visit(constant)))
      return failure();
  }
  return success();
}

Value Importer::noValue() {
  if (!none) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&func.getBody().front());
    none = builder.create<onnx::NoValueOp>(baseLoc, NoneType::get(context));
  }
  return none;
}

Value Importer::constantOf(ArrayRef<int64_t> list, Location loc) {
  auto type =
      RankedTensorType::get({int64_t(list.size())}, builder.getI64Type());
  auto constant = builder.create<onnx::ConstantOp>(
      loc, type, cast<ElementsAttr>(DenseElementsAttr::get(type, list)));
  (void)shapes->visit(constant);
  return constant;
}

FailureOr<Value> Importer::lookup(const ::onnx::NodeProto &node,
                                  StringRef name) {
  if (name.empty())
    return noValue();
  auto it = values.find(name);
  if (it == values.end())
    return error(node) << "its input '" << name
                       << "' is an output that is not supported";
  return it->second;
}

/// Verifies a new operation and infers its results' shapes; what the operation
/// has to say about itself is reported with the node's name.
LogicalResult Importer::finish(const ::onnx::NodeProto &node, Operation *op) {
  std::string message;
  {
    ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
      if (message.empty())
        message = diagnostic.str();
      return success();
    });
    // Inference relies on what the verifier checks.
    if (succeeded(verify(op)) && succeeded(shapes->visit(op))) {
      for (Value result : op->getResults())
        result.setType(shapes->refinedType(result));
      if (succeeded(verify(op)))
        return success();
    }
  }
  StringRef text(message);
  text.consume_front("'" + op->getName().getStringRef().str() + "' op ");
  return error(node) << text
                     << "; export the model again, or see that --input-shape "
                        "gives shapes that it was made for";
}

LogicalResult Importer::addConstantNode(const ::onnx::NodeProto &node) {
  ElementsAttr value;
  if (node.attribute_size() != 1)
    return error(node) << "needs one attribute";
  const ::onnx::AttributeProto &attribute = node.attribute(0);
  // Of each kind: one value or a list.
  auto dense = [&](auto values, Type element, bool isList) {
    SmallVector<int64_t> dims;
    if (isList)
      dims.push_back(values.size());
    return DenseElementsAttr::get(RankedTensorType::get(dims, element),
                                  llvm::ArrayRef(values));
  };
  Type f32 = builder.getF32Type(), i64 = builder.getI64Type();
  if (attribute.name() == "value" && attribute.has_t())
    value = tensors[&attribute.t()];
  else if (attribute.name() == "value_float")
    value = dense(SmallVector<float>{attribute.f()}, f32, false);
  else if (attribute.name() == "value_int")
    value = dense(SmallVector<int64_t>{attribute.i()}, i64, false);
  else if (attribute.name() == "value_floats")
    value = dense(SmallVector<float>(attribute.floats().begin(),
                                     attribute.floats().end()),
                  f32, true);
  else if (attribute.name() == "value_ints")
    value = dense(
        SmallVector<int64_t>(attribute.ints().begin(), attribute.ints().end()),
        i64, true);
  else
    return error(node) << "a constant by attribute '" << attribute.name()
                       << "' is not supported";
  auto constant = builder.create<onnx::ConstantOp>(locOf(nameOf(node)),
                                                   value.getType(), value);
  values[node.output(0)] = constant;
  return finish(node, constant);
}

LogicalResult Importer::addNode(const ::onnx::NodeProto &node) {
  // Every operator here has an output; the checker has seen to the rest of the
  // schema, but nothing below relies on it.
  if (node.output_size() == 0 || node.output(0).empty())
    return error(node) << "has no output";
  const OperatorSpec &spec = *findOperator(node.op_type());
  StringRef name = spec.name;
  for (const auto &attribute : node.attribute())
    if (!attribute.ref_attr_name().empty())
      return error(node) << "attribute '" << attribute.name()
                         << "' refers to a function's attribute";
  if (name == "Constant")
    return addConstantNode(node);

  Location loc = locOf(nameOf(node));
  SmallVector<Value> operands;
  for (const std::string &input : node.input()) {
    FailureOr<Value> value = lookup(node, input);
    if (failed(value))
      return failure();
    operands.push_back(*value);
  }

  // Older spellings: the attribute becomes the last input.
  if (spec.formerAttribute && opset < spec.formerUntil) {
    if (const auto *former = findAttribute(node, spec.formerAttribute)) {
      if (operands.size() != spec.maxInputs - 1)
        return error(node) << "has " << operands.size() << " inputs";
      operands.push_back(constantOf(
          SmallVector<int64_t>(former->ints().begin(), former->ints().end()),
          loc));
    }
  }
  if (operands.size() < spec.minInputs || operands.size() > spec.maxInputs)
    return error(node) << "has " << operands.size() << " inputs";
  if (spec.maxInputs != kVariadic)
    while (operands.size() < spec.maxInputs)
      operands.push_back(noValue());
  for (auto [i, operand] : llvm::enumerate(operands))
    if (isa<NoneType>(operand.getType()) &&
        (i < spec.minInputs || spec.maxInputs == kVariadic))
      return error(node) << "its input number " << i << " is left out";

  SmallVector<NamedAttribute> attributes;
  for (const AttributeSpec &expected : spec.attributes) {
    const ::onnx::AttributeProto *attribute =
        findAttribute(node, expected.name);
    if (!attribute && !expected.defaultValue) {
      if (expected.required)
        return error(node) << "attribute '" << expected.name << "' is missing";
      continue;
    }
    Attribute value;
    switch (expected.kind) {
    case AttributeSpec::Int:
      value = builder.getI64IntegerAttr(
          attribute ? attribute->i() : int64_t(*expected.defaultValue));
      break;
    case AttributeSpec::Float:
      value = builder.getF32FloatAttr(
          attribute ? attribute->f() : float(*expected.defaultValue));
      break;
    case AttributeSpec::Ints:
      value = builder.getDenseI64ArrayAttr(SmallVector<int64_t>(
          attribute->ints().begin(), attribute->ints().end()));
      break;
    }
    attributes.push_back(builder.getNamedAttr(expected.name, value));
  }

  if ((name == "Softmax" || name == "LogSoftmax") && opset < 13) {
    // Then, everything from the axis on was one axis.
    const auto *attribute = findAttribute(node, "axis");
    int64_t axis = attribute ? attribute->i() : 1;
    auto type = dyn_cast<RankedTensorType>(operands[0].getType());
    int64_t rank = type ? type.getRank() : -1;
    if (axis != -1 && axis != rank - 1)
      return error(node) << "axis " << axis << " of an input of type "
                         << operands[0].getType()
                         << " covers several axes before opset 13, which is "
                            "not supported; use the last axis, or export with "
                            "opset 13 or later";
    attributes.clear();
    attributes.push_back(
        builder.getNamedAttr("axis", builder.getI64IntegerAttr(-1)));
  }
  if (name == "Dropout" && !isa<NoneType>(operands[2].getType())) {
    auto training = onnx::ConstantView::get(operands[2]);
    if (!training || !training->getElementType().isInteger(1) ||
        training->getNumElements() != 1 || training->getInteger(0))
      return error(node) << "training_mode is not the constant false; export "
                            "the model in evaluation mode (model.eval())";
  }
  if (name == "Dropout")
    operands[1] = operands[2] = noValue();
  if ((name == "Squeeze" || name == "Unsqueeze" || name == "ReduceSum") &&
      !isa<NoneType>(operands[1].getType()) &&
      !onnx::getConstantIntegers(operands[1]) &&
      !shapes->elementsOf(operands[1]))
    return error(node) << "its axes are not known at compile time";

  Type element;
  switch (spec.element) {
  case ResultElement::First:
    element = getElementTypeOrSelf(operands[0].getType());
    break;
  case ResultElement::Second:
    element = getElementTypeOrSelf(operands[1].getType());
    break;
  case ResultElement::Third:
    // Of QuantizeLinear: without a zero point the result is uint8.
    element = isa<NoneType>(operands[2].getType())
                  ? builder.getIntegerType(8, /*isSigned=*/false)
                  : getElementTypeOrSelf(operands[2].getType());
    break;
  case ResultElement::Float:
    element = builder.getF32Type();
    break;
  case ResultElement::Bool:
    element = builder.getI1Type();
    break;
  case ResultElement::Int64:
    element = builder.getI64Type();
    break;
  case ResultElement::Special:
    if (name == "Cast") {
      const auto *to = findAttribute(node, "to");
      int64_t code = to ? to->i() : 0;
      element = code == int32_t(code) ? getElementType(code, context) : Type();
      if (!element)
        return error(node) << "a cast to element type " << nameOfDataType(code)
                           << " is not supported";
    } else {
      const auto *fill = findAttribute(node, "value");
      ElementsAttr value =
          fill ? tensors[&fill->t()]
               : ElementsAttr(DenseElementsAttr::get(
                     RankedTensorType::get({1}, builder.getF32Type()), 0.0f));
      element = value.getElementType();
      attributes.push_back(builder.getNamedAttr("value", value));
    }
    break;
  }

  // Optional further outputs exist in training only.
  int outputs = node.output_size();
  while (outputs && node.output(outputs - 1).empty())
    --outputs;
  if (name != "Split") {
    // An unread one does no harm.
    for (int i = 1; i < outputs; ++i)
      for (const ::onnx::NodeProto *other : order)
        if (llvm::is_contained(other->input(), node.output(i)))
          return error(node)
                 << "its output '" << node.output(i) << "' is not supported";
    outputs = 1;
  }
  for (int i = 0; i < outputs; ++i)
    if (node.output(i).empty())
      return error(node) << "its output number " << i << " has no name";

  OperationState state(loc, ("onnx." + name).str());
  state.addOperands(operands);
  state.addAttributes(attributes);
  state.addTypes(SmallVector<Type>(outputs, UnrankedTensorType::get(element)));
  Operation *op = builder.create(state);
  for (int i = 0; i < outputs; ++i)
    values[node.output(i)] = op->getResult(i);
  return finish(node, op);
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

OwningOpRef<ModuleOp> Importer::run() {
  context->loadDialect<onnx::ONNXDialect, func::FuncDialect>();
  StringRef fileName = sys::path::filename(path);
  if (failed(load()) || failed(readOpsets()) || failed(checkOperators()) ||
      failed(sortNodes()))
    return {};

  // Only now that the graph makes sense are the weights' bytes looked for.
  bool good = true;
  auto read = [&](const ::onnx::TensorProto &tensor, const Twine &what) {
    Expected<ElementsAttr> value = reader->read(tensor);
    if (!value) {
      error() << what << ": " << toString(value.takeError());
      good = false;
      return;
    }
    tensors[&tensor] = *value;
  };
  for (const auto &tensor : model.graph().initializer())
    read(tensor, "initializer '" + Twine(tensor.name()) + "'");
  for (const ::onnx::NodeProto *node : order)
    for (const auto &attribute : node->attribute())
      if (attribute.has_t())
        read(attribute.t(), "node '" + Twine(nameOf(*node)) + "' (" +
                                node->op_type() + "): attribute '" +
                                attribute.name() + "'");
  if (!good || failed(runChecker()))
    return {};

  module = ModuleOp::create(baseLoc);
  builder.setInsertionPointToStart(module->getBody());
  module->getOperation()->setAttr("onnx.opset",
                                  builder.getI64IntegerAttr(opset));
  module->getOperation()->setAttr("onnx.file", builder.getStringAttr(fileName));
  module->getOperation()->setAttr("onnx.graph",
                                  builder.getStringAttr(model.graph().name()));
  if (failed(addInputs()) || failed(addConstants()))
    return {};
  for (const ::onnx::NodeProto *node : order)
    if (failed(addNode(*node)))
      return {};
  if (failed(addOutputs()) || failed(checkSizes()) || failed(verify(*module)))
    return {};
  return std::move(module);
}
} // namespace

OwningOpRef<ModuleOp> importModel(StringRef path, const ImportOptions &options,
                                  MLIRContext *context) {
  return Importer(path, options, context).run();
}
} // namespace bnn
