//===- node-tests.cpp - ONNX's node tests on compiled models --------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX's own node tests (Debian package libonnx-testdata) on compiled models:
// each case of a claimed operator is compiled, run and compared with the stored
// outputs, in this process.
//
//   node-tests FOLDER... [--only=TEXT] [--folded | --dynamic | --types |
//   --bits]
//              [--docs=FILE]
//
// Each FOLDER holds cases (data/node). A case belongs to the claim if all its
// operators are in the importer's table. What the table itself leaves out of an
// operator (an element type, say) is counted by reason. --folded makes every
// input a constant, so that the compiler and not the compiled code computes.
// --dynamic gives every dimension of every input but those of length 1 a name,
// the same to those of one length, so that the code learns the shapes at run
// time; outputs whose shapes a caller could not know are left out. --types
// turns the floats of a case of each operator (--cases-of-type: of more) into
// each other element type that is claimed, and compares what the compiled code
// computes with what the compiler computes, bit for bit. --bits does so for the
// two largest cases of every operator of the table, and the largest of what is
// written as other operators, with NaN, infinities, denormals and zeros of both
// signs among their floats, and with one operand at a time left to run time.
// --docs writes the table with the counts, as Markdown. The exit code is 1 if a
// case fails or, with --docs, a claimed operator has none.
//
//===----------------------------------------------------------------------===//

#include "bnn/runtime.h"
#include "dialects/ONNX/HalfFloats.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "lib/Driver/Driver.h"
#include "lib/Driver/Registration.h"
#include "lib/Import/OperatorTable.h"
#include "lib/Run/LoadedModel.h"
#include "lib/Run/TensorProto.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "test/onnx/OperatorPage.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include <cmath>
#include <map>
#include <onnx/defs/schema.h>
#include <onnx/onnx_pb.h>
#include <set>

using namespace llvm;
namespace fs = llvm::sys::fs;

static cl::list<std::string> folders(cl::Positional, cl::OneOrMore,
                                     cl::desc("FOLDER..."));
static cl::opt<std::string> only("only", cl::desc("Cases whose name has this"));
static cl::opt<std::string> docs("docs", cl::desc("Where to write the table"));
static cl::opt<bool> folded("folded", cl::desc("Inputs are constants"));
static cl::opt<bool> dynamic("dynamic", cl::desc("Dimensions have names"));
static cl::opt<bool> types("types", cl::desc("Other element types"));
static cl::opt<unsigned> casesOfType("cases-of-type",
                                     cl::desc("With --types, of an operator"),
                                     cl::init(1));
static cl::opt<bool> bits("bits", cl::desc("Folded as run, bit for bit"));
static cl::opt<bool> verbose("v", cl::desc("Name what is left out"));

namespace {
/// What became of one case. `reason`: why it failed or is outside the claim.
struct Outcome {
  enum Kind { Passed, Failed, Outside, OtherOperator } kind;
  std::string reason;
};
Outcome passed() { return {Outcome::Passed, ""}; }
Outcome failed(const Twine &why) { return {Outcome::Failed, why.str()}; }
Outcome outside(const Twine &why) { return {Outcome::Outside, why.str()}; }

struct Case {
  ::onnx::ModelProto model;
  std::vector<::onnx::TensorProto> inputs, outputs;
  std::set<std::string> operators;
};

std::string typeName(int32_t type) {
  return ::onnx::TensorProto::DataType_IsValid(type)
             ? ::onnx::TensorProto::DataType_Name(
                   ::onnx::TensorProto::DataType(type))
             : std::to_string(type);
}

template <typename Message> bool parseFile(const Twine &path, Message &result) {
  auto buffer = MemoryBuffer::getFile(path);
  return buffer && result.ParseFromArray((*buffer)->getBufferStart(),
                                         int((*buffer)->getBufferSize()));
}

/// Whether `info` is the input that has the element types of the operator's
/// line and another one: an outcome then.
std::optional<Outcome> checkElement(const ::onnx::NodeProto &node,
                                    const ::onnx::ValueInfoProto &info) {
  const mlir::bnn::onnx::OperatorSpec &spec =
      *mlir::bnn::findOperator(node.op_type());
  using mlir::bnn::onnx::ResultElement;
  int typed = spec.element == ResultElement::Second ? 1 : 0;
  int32_t type = info.type().tensor_type().elem_type();
  unsigned bit = mlir::bnn::elementTypeBit(type);
  if (node.input_size() <= typed || node.input(typed) != info.name() || !bit ||
      (bit & spec.types))
    return std::nullopt;
  return outside("element type " + typeName(type) + " of " + spec.name);
}

/// Reads a case; an outcome if it ends here.
std::optional<Outcome> readCase(StringRef path, Case &test) {
  if (!parseFile(path + "/model.onnx", test.model))
    return failed("model.onnx cannot be read");
  bool other = false;
  for (const auto &node : test.model.graph().node()) {
    test.operators.insert(node.op_type());
    other |= !node.domain().empty() || !mlir::bnn::findOperator(node.op_type());
  }
  if (other)
    return Outcome{Outcome::OtherOperator, ""};
  for (const auto &node : test.model.graph().node())
    for (const auto &attribute : node.attribute()) {
      if (attribute.name() == "training_mode" && attribute.i())
        return outside("training");
    }
  for (const auto &node : test.model.graph().node())
    for (const auto &info : test.model.graph().input())
      if (std::optional<Outcome> end = checkElement(node, info))
        return end;
  auto read =
      [&](const auto &infos, StringRef kind,
          std::vector<::onnx::TensorProto> &tensors) -> std::optional<Outcome> {
    for (int i = 0; i < infos.size(); ++i) {
      if (!infos[i].type().has_tensor_type())
        return outside("sequences and optionals");
      int32_t type = infos[i].type().tensor_type().elem_type();
      if (!mlir::bnn::elementTypeBit(type))
        return outside("element type " + typeName(type));
      if (!parseFile(path + "/test_data_set_0/" + kind + "_" + Twine(i) + ".pb",
                     tensors.emplace_back()))
        return failed("data cannot be read");
      // So wrote ONNX 1.12 what has no type in NumPy.
      if (type == ::onnx::TensorProto::BFLOAT16 &&
          tensors.back().data_type() == ::onnx::TensorProto::UINT16)
        tensors.back().set_data_type(type);
      const auto &dims = infos[i].type().tensor_type().shape().dim();
      for (int axis = 0; axis < dims.size(); ++axis)
        if (dims[axis].has_dim_value() &&
            (tensors.back().dims_size() != dims.size() ||
             tensors.back().dims(axis) != dims[axis].dim_value()))
          return outside("data of another shape than is declared");
    }
    return std::nullopt;
  };
  if (auto end = read(test.model.graph().input(), "input", test.inputs))
    return end;
  return read(test.model.graph().output(), "output", test.outputs);
}

/// Older opsets count as the oldest one that is supported where the operators
/// have not changed between the two.
std::optional<Outcome> raiseOpset(Case &test) {
  for (auto &import : *test.model.mutable_opset_import()) {
    if (!import.domain().empty() ||
        import.version() >= mlir::bnn::onnx::kMinOpset)
      continue;
    for (const auto &node : test.model.graph().node()) {
      auto since = [&](int opset) {
        const auto *schema =
            ::onnx::OpSchemaRegistry::Schema(node.op_type(), opset);
        return schema ? schema->SinceVersion() : 0;
      };
      // ReduceLogSum and its like only learnt to count axes from the end.
      bool axesOnly = StringRef(node.op_type()).starts_with("Reduce");
      if (since(int(import.version())) != since(mlir::bnn::onnx::kMinOpset) &&
          !axesOnly)
        return outside("opset " + Twine(import.version()));
    }
    import.set_version(mlir::bnn::onnx::kMinOpset);
  }
  return std::nullopt;
}

/// Makes constants of the inputs that have to be, and of those that
/// `isConstant` names by their position; tells training apart.
std::optional<Outcome>
bindConstants(Case &test, function_ref<bool(unsigned)> isConstant = nullptr) {
  ::onnx::GraphProto *graph = test.model.mutable_graph();
  StringSet<> known;
  for (const auto &node : graph->node()) {
    const mlir::bnn::onnx::OperatorSpec &spec =
        *mlir::bnn::findOperator(node.op_type());
    for (unsigned input : spec.knownInputs)
      if (int(input) < node.input_size())
        known.insert(node.input(int(input)));
    if (node.op_type() == "Dropout" && node.input_size() == 3)
      for (auto [info, tensor] : zip(graph->input(), test.inputs))
        if (info.name() == node.input(2)) {
          auto value =
              cantFail(mlir::bnn::parseTensorProto(tensor.SerializeAsString()));
          if (value.data[0])
            return outside("training");
        }
  }
  ::onnx::GraphProto bound = *graph;
  bound.clear_input();
  // Before, an initializer had to be an input as well.
  test.model.set_ir_version(8);
  std::vector<::onnx::TensorProto> inputs;
  for (auto [i, info, tensor] : enumerate(graph->input(), test.inputs)) {
    tensor.set_name(info.name());
    if (folded || known.contains(info.name()) ||
        (isConstant && isConstant(i))) {
      *bound.add_initializer() = tensor;
      continue;
    }
    ::onnx::ValueInfoProto *kept = bound.add_input();
    *kept = info;
    if (dynamic) {
      auto *shape =
          kept->mutable_type()->mutable_tensor_type()->mutable_shape();
      for (int i = 0; i < shape->dim_size(); ++i) {
        int64_t size = shape->dim(i).dim_value();
        if (size > 1)
          shape->mutable_dim(i)->set_dim_param("d" + std::to_string(size));
      }
    }
    inputs.push_back(tensor);
  }
  test.inputs = std::move(inputs);
  if (dynamic) // What the shapes of outputs are follows from those of inputs.
    for (auto &info : *bound.mutable_output())
      info.mutable_type()->mutable_tensor_type()->clear_shape();
  *graph = std::move(bound);
  return std::nullopt;
}

/// ONNX's own tolerance; integers and booleans are exact.
std::optional<std::string> compare(const mlir::bnn::NamedTensor &got,
                                   const mlir::bnn::HostTensor &want) {
  auto what = [&](const Twine &text) {
    return ("output '" + Twine(got.name) + "' " + text).str();
  };
  if (got.tensor.elementType != want.elementType)
    return what(Twine("is ") +
                mlir::bnn::elementTypeName(got.tensor.elementType) +
                ", expected " + mlir::bnn::elementTypeName(want.elementType));
  if (got.tensor.shape != want.shape)
    return what("is " + mlir::bnn::shapeString(got.tensor.shape) +
                ", expected " + mlir::bnn::shapeString(want.shape));
  bool isHalf = want.elementType == BNN_F16 || want.elementType == BNN_BF16;
  bool exact =
      !isHalf && want.elementType != BNN_F32 && want.elementType != BNN_F64;
  // Numbers of 16 bits are apart by more than ONNX's tolerance: two of them.
  double relative = !isHalf                       ? 1e-3
                    : want.elementType == BNN_F16 ? 0x1p-9
                                                  : 0x1p-6;
  if (exact && got.tensor.data == want.data)
    return std::nullopt;
  for (size_t i = 0; i < want.size(); ++i) {
    double x = mlir::bnn::elementAsDouble(got.tensor, i);
    double y = mlir::bnn::elementAsDouble(want, i);
    bool same = x == y || (std::isnan(x) && std::isnan(y)) ||
                (!exact && std::fabs(x - y) <= 1e-7 + relative * std::fabs(y));
    if (!same)
      return what("has " + Twine(std::to_string(x)) + " at " + Twine(i) +
                  ", expected " + std::to_string(y));
  }
  return std::nullopt;
}

/// Every bit; but a NaN is a NaN, since processors do not agree on the sign and
/// payload of those they compute.
std::optional<std::string> compareBits(const mlir::bnn::NamedTensor &got,
                                       const mlir::bnn::HostTensor &want) {
  if (auto difference = compare(got, want))
    return difference;
  size_t width = want.size() ? want.data.size() / want.size() : 0;
  for (size_t i = 0; i < want.size(); ++i) {
    double x = mlir::bnn::elementAsDouble(got.tensor, i);
    double y = mlir::bnn::elementAsDouble(want, i);
    if (!(std::isnan(x) && std::isnan(y)) &&
        std::memcmp(&got.tensor.data[i * width], &want.data[i * width], width))
      return formatv("output '{0}' has {1} at {2}, and {3} if it is folded",
                     got.name, format("%a", x), i, format("%a", y))
          .str();
  }
  return std::nullopt;
}

/// Operators without a case in either set: test/onnx/operators.test has some.
bool hasOwnTest(StringRef op) {
  return is_contained({"Attention", "BitwiseAnd", "BitwiseNot", "BitwiseOr",
                       "BitwiseXor", "GlobalLpPool", "LpPool",
                       "RMSNormalization", "RotaryEmbedding"},
                      op);
}

/// The statistics of weights are summed in double by the compiler, and in f32
/// by compiled code (see docs/Rationale.md).
bool isStatistic(StringRef op) {
  return is_contained({"ReduceMean", "ReduceL1", "GlobalAveragePool",
                       "GroupNormalization", "InstanceNormalization",
                       "LpNormalization", "MeanVarianceNormalization",
                       "RMSNormalization"},
                      op);
}

/// A compiled model's outputs, or why there are none.
struct Run {
  std::vector<mlir::bnn::NamedTensor> outputs;
  std::optional<Outcome> end;
};

/// Compiles `model` and runs it on `inputs`, which have their names.
/// `mustFold`: the compiler has to know the outputs.
Run compileAndRun(const ::onnx::ModelProto &model,
                  ArrayRef<::onnx::TensorProto> inputs, StringRef scratch,
                  bool mustFold = folded) {
  std::string path = (scratch + "/model.onnx").str();
  {
    std::error_code error;
    raw_fd_ostream out(path, error);
    if (error)
      return {{}, failed(error.message())};
    out << model.SerializeAsString();
  }
  mlir::DialectRegistry registry;
  mlir::bnn::registerAllDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
    if (d.getSeverity() == mlir::DiagnosticSeverity::Error && message.empty())
      message = d.str();
    return mlir::success();
  });
  mlir::bnn::CompileOptions options;
  options.input = path;
  options.prefix = "model";
  options.optLevel = 0;
  if (mustFold) {
    auto module =
        mlir::bnn::compileToPhase(options, mlir::bnn::Phase::Fold, context);
    if (!module)
      return {{}, failed(message)};
    bool computed = false;
    module->walk([&](mlir::func::ReturnOp returned) {
      for (mlir::Value value : returned.getOperands())
        computed |= !value.getDefiningOp<mlir::bnn::onnx::ConstantOp>();
    });
    if (computed)
      return {{}, failed("is not evaluated at compile time")};
  }
  if (dynamic)
    for (const auto &tensor : inputs)
      for (int i = 0; i < tensor.dims_size(); ++i)
        options.maxDims["d" + std::to_string(tensor.dims(i))] =
            std::max<int64_t>(tensor.dims(i), 1);
  auto object = mlir::bnn::compileToObject(options, context);
  if (mlir::failed(object)) {
    if (dynamic && StringRef(message).contains("a caller could not know"))
      return {{}, outside("the shape of an output follows from no one input")};
    if (StringRef(message).contains("has a computed length"))
      return {{}, outside("a range whose length is computed")};
    if (dynamic && StringRef(message).contains("is not known at compile time"))
      return {{}, outside("dimensions that have to be known")};
    return {{}, failed(message)};
  }
  auto loaded = mlir::bnn::LoadedModel::load(std::move(*object), "model");
  if (!loaded)
    return {{}, failed(toString(loaded.takeError()))};
  std::vector<mlir::bnn::NamedTensor> values;
  for (const auto &tensor : inputs) {
    auto value = mlir::bnn::parseTensorProto(tensor.SerializeAsString());
    if (!value)
      return {{}, failed(toString(value.takeError()))};
    values.push_back({tensor.name(), std::move(*value)});
  }
  auto results = (*loaded)->run(values);
  if (!results)
    return {{}, failed(toString(results.takeError()))};
  return {std::move(*results), std::nullopt};
}

/// Compiles, runs and compares.
Outcome runCase(Case &test, StringRef scratch) {
  if (auto end = raiseOpset(test))
    return *end;
  if (auto end = bindConstants(test))
    return *end;
  Run run = compileAndRun(test.model, test.inputs, scratch);
  if (run.end)
    return *run.end;
  for (auto [i, result] : enumerate(run.outputs)) {
    auto want =
        mlir::bnn::parseTensorProto(test.outputs[i].SerializeAsString());
    if (!want)
      return failed(toString(want.takeError()));
    if (auto difference = compare(result, *want))
      return failed(*difference);
  }
  return passed();
}

/// `tensor`, of floats, in another element type: ten times the value, so that
/// integers differ, and its magnitude where there are no signs.
void retype(::onnx::TensorProto &tensor, int32_t type) {
  auto value =
      cantFail(mlir::bnn::parseTensorProto(tensor.SerializeAsString()));
  std::string data;
  mlir::MLIRContext context;
  mlir::Type f16 = mlir::Float16Type::get(&context),
             bf16 = mlir::BFloat16Type::get(&context);
  auto append = [&](auto element) {
    data.append(reinterpret_cast<const char *>(&element), sizeof element);
  };
  for (size_t i = 0; i < value.size(); ++i) {
    double x = 10 * mlir::bnn::elementAsDouble(value, i);
    double whole = std::clamp(std::trunc(x), -100.0, 100.0);
    switch (mlir::bnn::elementTypeBit(type)) {
    case mlir::bnn::onnx::kF64:
      append(x / 10);
      break;
    case mlir::bnn::onnx::kF16:
      append(mlir::bnn::onnx::narrowToHalf(x / 10, f16));
      break;
    case mlir::bnn::onnx::kBF16:
      append(mlir::bnn::onnx::narrowToHalf(x / 10, bf16));
      break;
    case mlir::bnn::onnx::kI64:
      append(int64_t(whole));
      break;
    case mlir::bnn::onnx::kI32:
      append(int32_t(whole));
      break;
    case mlir::bnn::onnx::kI8:
      append(int8_t(whole));
      break;
    case mlir::bnn::onnx::kU8:
      append(uint8_t(2 * std::fabs(whole)));
      break;
    default:
      append(uint8_t(x > 0));
    }
  }
  tensor.clear_float_data();
  tensor.set_data_type(type);
  tensor.set_raw_data(data);
}

/// The case with another element type in place of floats, in compiled code and
/// by the compiler.
Outcome runWithType(Case test, int32_t type, StringRef scratch) {
  const auto &node = test.model.graph().node(0);
  const mlir::bnn::onnx::OperatorSpec &spec =
      *mlir::bnn::findOperator(node.op_type());
  // From the last opset on: earlier ones allow fewer types. Reductions have
  // had axes as an attribute before.
  bool hasAxes = StringRef(spec.name).starts_with("Reduce") &&
                 any_of(node.attribute(),
                        [](const auto &a) { return a.name() == "axes"; });
  for (auto &import : *test.model.mutable_opset_import())
    import.set_version(hasAxes ? mlir::bnn::onnx::kCheckedOpset
                               : mlir::bnn::onnx::kMaxOpset);
  auto *graph = test.model.mutable_graph();
  for (auto [info, tensor] : zip(*graph->mutable_input(), test.inputs))
    if (tensor.data_type() == ::onnx::TensorProto::FLOAT) {
      retype(tensor, type);
      info.mutable_type()->mutable_tensor_type()->set_elem_type(type);
    }
  bool keepsType = spec.element == mlir::bnn::onnx::ResultElement::First ||
                   spec.element == mlir::bnn::onnx::ResultElement::Second ||
                   StringRef(spec.name) == "OneHot";
  // The statistics of numbers of 16 bits are f32.
  bool hasStatistics = StringRef(spec.name) == "LayerNormalization";
  for (auto [i, info] : enumerate(*graph->mutable_output()))
    if (keepsType && (i == 0 || !hasStatistics) &&
        info.type().tensor_type().elem_type() == ::onnx::TensorProto::FLOAT)
      info.mutable_type()->mutable_tensor_type()->set_elem_type(type);
  Case constant = test;
  if (auto end = bindConstants(test))
    return *end;
  Run run = compileAndRun(test.model, test.inputs, scratch);
  if (run.end)
    return *run.end;
  auto *bound = constant.model.mutable_graph();
  for (auto [info, tensor] : zip(bound->input(), constant.inputs)) {
    *bound->add_initializer() = tensor;
    bound->mutable_initializer()->rbegin()->set_name(info.name());
  }
  bound->clear_input();
  constant.model.set_ir_version(8);
  Run want = compileAndRun(constant.model, {}, scratch, /*mustFold=*/true);
  if (want.end)
    return *want.end;
  // Of f64 it is written with means.
  bool hasMeans = hasStatistics && type == int32_t(::onnx::TensorProto::DOUBLE);
  auto *same =
      hasMeans || isStatistic(*test.operators.begin()) ? compare : compareBits;
  for (auto [got, expected] : zip(run.outputs, want.outputs))
    if (auto difference = same(got, expected.tensor))
      return failed(*difference);
  return passed();
}

/// Numbers at which arithmetic shows what it is made of.
const float kFinite[] = {0.0f,
                         -0.0f,
                         0x1p-149f,
                         -0x1p-149f,
                         0x1.8p-130f,
                         -0x1p-127f,
                         0x1p-126f,
                         -0x1p-126f,
                         1.0f,
                         -1.0f,
                         0.5f,
                         -0.5f,
                         1.5f,
                         2.5f,
                         -2.5f,
                         0x1p24f,
                         0x1.8p30f,
                         -0x1p31f,
                         0x1.fffffep127f,
                         88.7f,
                         -87.4f,
                         -103.3f,
                         0.0625f,
                         0x1.0ep-9f,
                         0x1p-70f,
                         3.14159274f};
const float kInfinite[] = {NAN, INFINITY, -INFINITY};

/// Puts special numbers between the floats of `tensor`, other ones in every
/// round: none in the first, all in the last.
void specialize(::onnx::TensorProto &tensor, unsigned input, unsigned round) {
  if (round == 0 || tensor.data_type() != ::onnx::TensorProto::FLOAT)
    return;
  auto value =
      cantFail(mlir::bnn::parseTensorProto(tensor.SerializeAsString()));
  size_t finite = std::size(kFinite);
  size_t count = finite + (round == 2 ? std::size(kInfinite) : 0);
  // Each input at its own pace, so that all meet all.
  for (size_t i = 0, at = input; i < value.size();
       i += round == 1 ? 2 : 1, at += 2 * input + 1) {
    size_t which = at % count;
    float special = which < finite ? kFinite[which] : kInfinite[which - finite];
    std::memcpy(&value.data[i * sizeof special], &special, sizeof special);
  }
  tensor.clear_float_data();
  tensor.set_raw_data(std::string(value.data.begin(), value.data.end()));
}

/// The case folded against the same case run: with all operands that may be
/// left to run time, and with each of them. Adds the number of runs to `runs`.
Outcome compareFolded(const Case &test, StringRef scratch, unsigned &runs) {
  Case constant = test;
  if (auto end = bindConstants(constant, [](unsigned) { return true; }))
    return *end;
  Run want = compileAndRun(constant.model, {}, scratch, /*mustFold=*/true);
  if (want.end)
    return *want.end;
  auto *same = isStatistic(*test.operators.begin()) ? compare : compareBits;
  unsigned inputs = unsigned(test.inputs.size());
  // The last turn leaves all inputs to run time; for one, that is all.
  for (unsigned only = inputs == 1; only <= inputs; ++only) {
    Case open = test;
    if (auto end = bindConstants(
            open, [&](unsigned i) { return only != inputs && i != only; }))
      return *end;
    if (open.inputs.empty())
      continue;
    Run run = compileAndRun(open.model, open.inputs, scratch);
    if (run.end)
      return *run.end;
    ++runs;
    for (auto [got, expected] : zip(run.outputs, want.outputs))
      if (auto difference = same(got, expected.tensor))
        return failed(*difference);
  }
  return passed();
}

/// The floats in a case's inputs, or their elements if there are none.
size_t weightOf(const Case &test) {
  size_t floats = 0, elements = 0;
  for (const ::onnx::TensorProto &tensor : test.inputs) {
    size_t size = 1;
    for (int64_t dim : tensor.dims())
      size *= size_t(dim);
    elements += size;
    if (tensor.data_type() == ::onnx::TensorProto::FLOAT)
      floats += size;
  }
  return floats ? floats << 20 : elements;
}

/// Every operator of the table: one has one meaning, folded or run.
int runBits(ArrayRef<std::string> paths, StringRef scratch) {
  std::map<std::string, std::vector<Case>> cases;
  for (const std::string &path : paths) {
    Case test;
    if (readCase(path, test) || test.model.graph().node_size() != 1 ||
        raiseOpset(test))
      continue;
    // What further outputs of it are, is left to other operators.
    ::onnx::GraphProto &graph = *test.model.mutable_graph();
    if (graph.node(0).op_type() == "LayerNormalization") {
      auto &names = *graph.mutable_node(0)->mutable_output();
      names.DeleteSubrange(1, names.size() - 1);
      graph.mutable_output()->DeleteSubrange(1, graph.output_size() - 1);
    }
    cases[graph.node(0).op_type()].push_back(std::move(test));
  }
  unsigned same = 0, statistics = 0, known = 0, runs = 0, failures = 0;
  mlir::MLIRContext context;
  context.loadDialect<mlir::bnn::onnx::ONNXDialect>();
  for (const mlir::bnn::onnx::OperatorSpec &spec : mlir::bnn::getOperators()) {
    std::vector<Case> &all = cases[spec.name];
    // What the importer writes as other operators has no meaning of its own.
    const bool isOperation = mlir::RegisteredOperationName::lookup(
                                 "onnx." + std::string(spec.name), &context)
                                 .has_value();
    const unsigned wanted = isOperation ? 2 : 1, rounds = isOperation ? 3 : 1;
    llvm::sort(all, [](const Case &a, const Case &b) {
      return std::pair(weightOf(b), a.model.graph().name()) <
             std::pair(weightOf(a), b.model.graph().name());
    });
    unsigned before = runs, taken = 0;
    bool hasFailed = false;
    for (const Case &original : all) {
      if (taken == wanted || hasFailed)
        break;
      bool isOutside = false;
      for (unsigned round = 0; round < rounds && !isOutside && !hasFailed;
           ++round) {
        Case test = original;
        for (auto [i, tensor] : enumerate(test.inputs))
          if (!is_contained(spec.knownInputs, unsigned(i)))
            specialize(tensor, unsigned(i), round);
        Outcome outcome = compareFolded(test, scratch, runs);
        isOutside = outcome.kind == Outcome::Outside;
        hasFailed = outcome.kind == Outcome::Failed;
        if (hasFailed)
          outs() << "FAILED " << spec.name << " ("
                 << original.model.graph().name() << ", round " << round
                 << "): " << outcome.reason << '\n';
      }
      taken += !isOutside;
    }
    if (hasFailed)
      ++failures;
    else if (runs == before)
      ++known, outs() << spec.name << " leaves nothing to run time\n";
    else
      ++(isStatistic(spec.name) ? statistics : same);
  }
  outs() << same << " operators of " << mlir::bnn::getOperators().size()
         << " are folded as they are run, bit for bit (" << runs << " runs), "
         << statistics << " are statistics, " << known
         << " have nothing to run, " << failures << " failed\n";
  return failures != 0;
}

/// Every claimed type of every operator that has a case on floats.
int runTypes(ArrayRef<std::string> cases, StringRef scratch) {
  unsigned passes = 0, failures = 0;
  std::map<std::pair<std::string, int32_t>, unsigned> runs;
  for (const std::string &path : cases) {
    Case test;
    if (readCase(path, test) || test.model.graph().node_size() != 1)
      continue;
    const std::string name = *test.operators.begin();
    const mlir::bnn::onnx::OperatorSpec &spec = *mlir::bnn::findOperator(name);
    bool onFloats = any_of(test.inputs, [](const auto &tensor) {
      return tensor.data_type() == ::onnx::TensorProto::FLOAT;
    });
    // Sums at a place are of wide numbers only.
    if (any_of(test.model.graph().node(0).attribute(), [](const auto &a) {
          return a.name() == "reduction" && a.s() != "none";
        }))
      continue;
    // Cast names its types itself, and a scale stays a float.
    if (!onFloats || name == "Cast" || name == "DequantizeLinear" ||
        StringRef(name).starts_with("QLinear") ||
        StringRef(path).contains("training"))
      continue;
    for (int32_t type = 1; type <= 16; ++type) {
      unsigned bit = mlir::bnn::elementTypeBit(type);
      if (bit == mlir::bnn::onnx::kF32 || !(spec.types & bit) ||
          runs[{name, type}] >= casesOfType)
        continue;
      ++runs[{name, type}];
      Outcome outcome = runWithType(test, type, scratch);
      if (outcome.kind == Outcome::Passed) {
        ++passes;
        continue;
      }
      ++failures;
      outs() << "FAILED " << sys::path::filename(path) << " on "
             << mlir::bnn::onnx::elementTypeNames(bit) << ": " << outcome.reason
             << '\n';
    }
  }
  outs() << passes << " passed on other element types, " << failures
         << " failed\n";
  return failures != 0;
}
} // namespace

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "ONNX's node tests\n");
  std::vector<std::string> cases;
  std::error_code error;
  for (const std::string &folder : folders) {
    size_t before = cases.size();
    for (fs::directory_iterator it(folder, error), end; it != end && !error;
         it.increment(error))
      if (StringRef(it->path()).contains(only))
        cases.push_back(it->path());
    if (error || (cases.size() == before && only.empty())) {
      errs() << "node-tests: no cases in " << folder << '\n';
      return 1;
    }
  }
  if (cases.empty()) {
    errs() << "node-tests: no case has '" << only << "'\n";
    return 1;
  }
  llvm::sort(cases);
  SmallString<128> scratch;
  if (fs::createUniqueDirectory("node-tests", scratch))
    return 1;

  if (types || bits) {
    int status = types ? runTypes(cases, scratch) : runBits(cases, scratch);
    fs::remove_directories(scratch);
    return status;
  }

  unsigned counts[4] = {};
  std::map<std::string, std::vector<std::string>> reasons;
  std::map<std::string, unsigned> runs;
  for (const std::string &path : cases) {
    StringRef name = sys::path::filename(path);
    Case test;
    std::optional<Outcome> end = readCase(path, test);
    Outcome outcome = end ? *end : runCase(test, scratch);
    ++counts[outcome.kind];
    if (outcome.kind == Outcome::Failed)
      outs() << "FAILED " << name << ": " << outcome.reason << '\n';
    if (outcome.kind == Outcome::Outside)
      reasons[outcome.reason].push_back(name.str());
    if (outcome.kind == Outcome::Passed)
      for (const std::string &op : test.operators)
        ++runs[op];
  }
  fs::remove_directories(scratch);

  std::map<std::string, unsigned> reasonCounts;
  for (const auto &[reason, names] : reasons) {
    reasonCounts[reason] = unsigned(names.size());
    outs() << "outside the claim (" << reason << "): " << names.size();
    if (verbose)
      outs() << ": " << join(names, " ");
    outs() << '\n';
  }
  bool bare = !checkTable();
  if (!docs.empty())
    for (const mlir::bnn::onnx::OperatorSpec &spec : mlir::bnn::getOperators())
      if (!runs.count(spec.name) && !hasOwnTest(spec.name)) {
        bare = true;
        outs() << "FAILED operator " << spec.name << " has no case that runs\n";
      }
  outs() << cases.size() << " cases: " << counts[Outcome::Passed] << " passed, "
         << counts[Outcome::Failed] << " failed, " << counts[Outcome::Outside]
         << " outside the claim, " << counts[Outcome::OtherOperator]
         << " of other operators\n";
  if (!docs.empty()) {
    raw_fd_ostream out(docs, error);
    if (error) {
      errs() << "node-tests: " << docs << ": " << error.message() << '\n';
      return 1;
    }
    writePage(out, runs, reasonCounts, counts[Outcome::Passed],
              unsigned(cases.size()));
  }
  return counts[Outcome::Failed] || bare;
}
