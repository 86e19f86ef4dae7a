// ONNX's own node tests (Debian package libonnx-testdata) on compiled models:
// each case of a claimed operator is compiled, run and compared with the stored
// outputs, in this process.
//
//   node-tests FOLDER [--only=TEXT] [--folded] [--dynamic] [--docs=FILE]
//
// FOLDER holds the cases (data/node). A case belongs to the claim if all its
// operators are in the importer's table. What the table itself leaves out of an
// operator (an element type, say) is counted by reason. --folded makes every
// input a constant, so that the compiler and not the compiled code computes.
// --dynamic gives every dimension of every input but those of length 1 a name,
// the same to those of one length, so that the code learns the shapes at run
// time; outputs whose shapes a caller could not know are left out. --docs
// writes the table with the counts, as Markdown. The exit code is 1 if a case
// fails or a claimed operator has none.
#include "bnn/runtime.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "lib/Driver/Driver.h"
#include "lib/Driver/Registration.h"
#include "lib/Import/OperatorTable.h"
#include "lib/Run/LoadedModel.h"
#include "lib/Run/TensorProto.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <cmath>
#include <map>
#include <onnx/defs/schema.h>
#include <onnx/onnx_pb.h>
#include <set>

using namespace llvm;
namespace fs = llvm::sys::fs;

static cl::opt<std::string> folder(cl::Positional, cl::Required,
                                   cl::desc("FOLDER"));
static cl::opt<std::string> only("only", cl::desc("Cases whose name has this"));
static cl::opt<std::string> docs("docs", cl::desc("Where to write the table"));
static cl::opt<bool> folded("folded", cl::desc("Inputs are constants"));
static cl::opt<bool> dynamic("dynamic", cl::desc("Dimensions have names"));
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

/// Reads a case; an outcome if it ends here.
std::optional<Outcome> readCase(StringRef path, Case &test) {
  if (!parseFile(path + "/model.onnx", test.model))
    return failed("model.onnx cannot be read");
  bool other = false;
  for (const auto &node : test.model.graph().node()) {
    test.operators.insert(node.op_type());
    other |= !node.domain().empty() || !bnn::findOperator(node.op_type());
  }
  if (other)
    return Outcome{Outcome::OtherOperator, ""};
  auto read =
      [&](const auto &infos, StringRef kind,
          std::vector<::onnx::TensorProto> &tensors) -> std::optional<Outcome> {
    for (int i = 0; i < infos.size(); ++i) {
      if (!infos[i].type().has_tensor_type())
        return outside("sequences and optionals");
      int32_t type = infos[i].type().tensor_type().elem_type();
      if (!bnn::elementTypeBit(type))
        return outside("element type " + typeName(type));
      if (!parseFile(path + "/test_data_set_0/" + kind + "_" + Twine(i) + ".pb",
                     tensors.emplace_back()))
        return failed("data cannot be read");
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
    if (!import.domain().empty() || import.version() >= bnn::kMinOpset)
      continue;
    for (const auto &node : test.model.graph().node()) {
      auto since = [&](int opset) {
        const auto *schema =
            ::onnx::OpSchemaRegistry::Schema(node.op_type(), opset);
        return schema ? schema->SinceVersion() : 0;
      };
      // ReduceLogSum and its like only learnt to count axes from the end.
      bool axesOnly = StringRef(node.op_type()).starts_with("Reduce");
      if (since(int(import.version())) != since(bnn::kMinOpset) && !axesOnly)
        return outside("opset " + Twine(import.version()));
    }
    import.set_version(bnn::kMinOpset);
  }
  return std::nullopt;
}

/// Makes constants of the inputs that have to be, and tells training apart.
std::optional<Outcome> bindConstants(Case &test) {
  ::onnx::GraphProto *graph = test.model.mutable_graph();
  StringSet<> known;
  for (const auto &node : graph->node()) {
    const bnn::OperatorSpec &spec = *bnn::findOperator(node.op_type());
    for (unsigned input : spec.knownInputs)
      if (int(input) < node.input_size())
        known.insert(node.input(int(input)));
    if (node.op_type() == "Dropout" && node.input_size() == 3)
      for (auto [info, tensor] : zip(graph->input(), test.inputs))
        if (info.name() == node.input(2)) {
          auto value =
              cantFail(bnn::parseTensorProto(tensor.SerializeAsString()));
          if (value.data[0])
            return outside("training");
        }
  }
  ::onnx::GraphProto bound = *graph;
  bound.clear_input();
  // Before, an initializer had to be an input as well.
  test.model.set_ir_version(8);
  std::vector<::onnx::TensorProto> inputs;
  for (auto [info, tensor] : zip(graph->input(), test.inputs)) {
    tensor.set_name(info.name());
    if (folded || known.contains(info.name())) {
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
std::optional<std::string> compare(const bnn::NamedTensor &got,
                                   const bnn::HostTensor &want) {
  auto what = [&](const Twine &text) {
    return ("output '" + Twine(got.name) + "' " + text).str();
  };
  if (got.tensor.elementType != want.elementType)
    return what(Twine("is ") + bnn::elementTypeName(got.tensor.elementType) +
                ", expected " + bnn::elementTypeName(want.elementType));
  if (got.tensor.shape != want.shape)
    return what("is " + bnn::shapeString(got.tensor.shape) + ", expected " +
                bnn::shapeString(want.shape));
  bool exact = want.elementType != BNN_F32 && want.elementType != BNN_F64;
  if (exact && got.tensor.data == want.data)
    return std::nullopt;
  for (size_t i = 0; i < want.size(); ++i) {
    double x = bnn::elementAsDouble(got.tensor, i);
    double y = bnn::elementAsDouble(want, i);
    bool same = x == y || (std::isnan(x) && std::isnan(y)) ||
                (!exact && std::fabs(x - y) <= 1e-7 + 1e-3 * std::fabs(y));
    if (!same)
      return what("has " + Twine(std::to_string(x)) + " at " + Twine(i) +
                  ", expected " + std::to_string(y));
  }
  return std::nullopt;
}

/// Compiles, runs and compares.
Outcome runCase(Case &test, StringRef scratch) {
  for (auto *end : {+raiseOpset, +bindConstants})
    if (auto outcome = end(test))
      return *outcome;
  std::string path = (scratch + "/model.onnx").str();
  {
    std::error_code error;
    raw_fd_ostream out(path, error);
    if (error)
      return failed(error.message());
    out << test.model.SerializeAsString();
  }

  mlir::DialectRegistry registry;
  bnn::registerAllDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
    if (d.getSeverity() == mlir::DiagnosticSeverity::Error && message.empty())
      message = d.str();
    return mlir::success();
  });
  bnn::CompileOptions options;
  options.input = path;
  if (folded) {
    auto module = bnn::compileToPhase(options, bnn::Phase::Fold, context);
    if (!module)
      return failed(message);
    bool computed = false;
    module->walk([&](mlir::func::ReturnOp returned) {
      for (mlir::Value value : returned.getOperands())
        computed |= !value.getDefiningOp<bnn::onnx::ConstantOp>();
    });
    if (computed)
      return failed("is not evaluated at compile time");
  }
  options.prefix = "model";
  options.optLevel = 0;
  if (dynamic)
    for (const auto &tensor : test.inputs)
      for (int i = 0; i < tensor.dims_size(); ++i)
        options.maxDims["d" + std::to_string(tensor.dims(i))] =
            std::max<int64_t>(tensor.dims(i), 1);
  auto object = bnn::compileToObject(options, context);
  if (mlir::failed(object)) {
    if (dynamic && StringRef(message).contains("a caller could not know"))
      return outside("the shape of an output follows from no one input");
    return failed(message);
  }
  auto model = bnn::LoadedModel::load(std::move(*object), "model");
  if (!model)
    return failed(toString(model.takeError()));
  std::vector<bnn::NamedTensor> inputs;
  for (const auto &tensor : test.inputs) {
    auto value = bnn::parseTensorProto(tensor.SerializeAsString());
    if (!value)
      return failed(toString(value.takeError()));
    inputs.push_back({tensor.name(), std::move(*value)});
  }
  auto results = (*model)->run(inputs);
  if (!results)
    return failed(toString(results.takeError()));
  for (auto [i, result] : enumerate(*results)) {
    auto want = bnn::parseTensorProto(test.outputs[i].SerializeAsString());
    if (!want)
      return failed(toString(want.takeError()));
    if (auto difference = compare(result, *want))
      return failed(*difference);
  }
  return passed();
}

/// The table against ONNX's own definitions: the names, the first opsets, and
/// that no element type is claimed that an operator does not have.
bool checkTable() {
  bool good = true;
  auto complain = [&](const bnn::OperatorSpec &spec, const Twine &what) {
    outs() << "FAILED operator " << spec.name << ": " << what << '\n';
    good = false;
  };
  for (const bnn::OperatorSpec &spec : bnn::getOperators()) {
    using ::onnx::OpSchemaRegistry;
    const auto *schema = OpSchemaRegistry::Schema(spec.name, bnn::kMaxOpset);
    if (!schema) {
      complain(spec, "ONNX has none of this name");
      continue;
    }
    int first = bnn::kMinOpset;
    while (!OpSchemaRegistry::Schema(spec.name, first))
      ++first;
    if (first != spec.since)
      complain(spec, "is there from opset " + Twine(first) + " on");
    // Of these two the types are those of the result.
    bool isSource = StringRef(spec.name).starts_with("Constant");
    const auto &values = isSource ? schema->outputs() : schema->inputs();
    const auto &value =
        values[spec.element == bnn::ResultElement::Second ? 1 : 0];
    unsigned allowed = 0;
    for (const std::string *type : value.GetTypes())
      for (auto [name, bit] : {std::pair("tensor(float)", bnn::kF32),
                               std::pair("tensor(double)", bnn::kF64),
                               std::pair("tensor(int32)", bnn::kI32),
                               std::pair("tensor(int64)", bnn::kI64),
                               std::pair("tensor(int8)", bnn::kI8),
                               std::pair("tensor(uint8)", bnn::kU8),
                               std::pair("tensor(bool)", bnn::kBool)})
        allowed |= *type == name ? unsigned(bit) : 0u;
    if (unsigned wrong = spec.types & ~allowed)
      complain(spec, "has no elements of type " + bnn::elementTypeNames(wrong));
  }
  return good;
}

void writeDocs(raw_ostream &out, const std::map<std::string, unsigned> &runs,
               const std::map<std::string, unsigned> &reasons, unsigned total) {
  out << "# Operators\n\n"
         "The ONNX operators that are compiled, from the table that "
         "`bnn-opt --list-operators` prints.\nThis page is generated, and "
         "compared by a test: `node-tests FOLDER --docs=docs/operators.md`, "
         "where\nFOLDER is `/usr/share/libonnx-testdata/data/node`.\n\n"
         "Opsets are those of the model. The element types are those of the "
         "first input (the second of `Where`, the result of `Constant` and "
         "`ConstantOfShape`);\nwhat ONNX does not allow in "
         "an opset, or for an operator, is not allowed here either. Inputs "
         "listed as\nknown must be constants, or follow from the shapes of "
         "other values. Cases are ONNX's own node tests\nthat use the "
         "operator: each is compiled, run and compared with the stored outputs "
         "(integers and\nbooleans exactly, floats within rtol 1e-3 and atol "
         "1e-7, ONNX's own tolerance).\n\n"
         "| operator | opsets | element types | known | restrictions | cases "
         "|\n"
         "| --- | --- | --- | --- | --- | --- |\n";
  for (const bnn::OperatorSpec &spec : bnn::getOperators()) {
    out << "| " << spec.name << " | " << spec.since << "-" << bnn::kMaxOpset
        << " | " << bnn::elementTypeNames(spec.types) << " | ";
    interleaveComma(spec.knownInputs, out);
    auto found = runs.find(spec.name);
    out << " | " << spec.restriction << " | "
        << (found == runs.end() ? 0 : found->second) << " |\n";
  }
  out << "\nCases run: " << total
      << ", of the 932 of ONNX 1.12; none fails. Cases of these operators that "
         "the claim leaves out:\n\n";
  for (const auto &[reason, count] : reasons)
    out << "- " << count << ": " << reason << "\n";
  out << "\nElement types are written as in the `onnx` dialect: `f32` is "
         "ONNX's FLOAT, `f64` DOUBLE, `u8` UINT8.\n";
}
} // namespace

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "ONNX's node tests\n");
  std::vector<std::string> cases;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; it != end && !error;
       it.increment(error))
    if (StringRef(it->path()).contains(only))
      cases.push_back(it->path());
  if (error || cases.empty()) {
    errs() << "node-tests: no cases in " << folder << '\n';
    return 1;
  }
  llvm::sort(cases);
  SmallString<128> scratch;
  if (fs::createUniqueDirectory("node-tests", scratch))
    return 1;

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
  if (only.empty() && !dynamic)
    for (const bnn::OperatorSpec &spec : bnn::getOperators())
      if (!runs.count(spec.name)) {
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
    writeDocs(out, runs, reasonCounts, counts[Outcome::Passed]);
  }
  return counts[Outcome::Failed] || bare;
}
