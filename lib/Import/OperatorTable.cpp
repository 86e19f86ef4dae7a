#include "lib/Import/OperatorTable.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include <onnx/onnx_pb.h>

namespace mlir::bnn {
namespace {
/// Fills in one line of the table.
struct Op {
  OperatorSpec spec;
  Op(const char *name, unsigned inputs, unsigned types)
      : Op(name, inputs, inputs, types) {}
  Op(const char *name, unsigned min, unsigned max, unsigned types)
      : spec{name, min, max, types} {}
  Op gives(ResultElement element) && {
    spec.element = element;
    return std::move(*this);
  }
  Op with(std::vector<AttributeSpec> attributes) && {
    spec.attributes = std::move(attributes);
    return std::move(*this);
  }
  /// The last input was an attribute before opset `until`.
  Op former(const char *attribute, int until) && {
    spec.formerAttribute = attribute;
    spec.formerUntil = until;
    return std::move(*this);
  }
  Op since(int opset) && {
    spec.since = opset;
    return std::move(*this);
  }
  Op known(std::vector<unsigned> inputs) && {
    spec.knownInputs = std::move(inputs);
    return std::move(*this);
  }
  Op only(const char *restriction) && {
    spec.restriction = restriction;
    return std::move(*this);
  }
  operator OperatorSpec() && { return std::move(spec); }
};

std::vector<OperatorSpec> makeTable() {
  using E = ResultElement;
  constexpr auto Int = AttributeSpec::Int;
  constexpr auto Float = AttributeSpec::Float;
  constexpr auto Ints = AttributeSpec::Ints;
  const std::vector<AttributeSpec> reduce = {{Ints, "axes", std::nullopt},
                                             {Int, "keepdims", 1}};
  const std::vector<AttributeSpec> pick = {
      {Int, "axis", 0}, {Int, "keepdims", 1}, {Int, "select_last_index", 0}};
  const char *noNaN = "where an input is NaN the index is not specified";
  return {
      Op("Abs", 1, kNumbers),
      Op("Add", 2, kNumbers),
      Op("And", 2, kBool).gives(E::Bool),
      Op("ArgMax", 1, kNumbers).gives(E::Int64).with(pick).only(noNaN),
      Op("ArgMin", 1, kNumbers).gives(E::Int64).with(pick).only(noNaN),
      Op("Cast", 1, kAnything).gives(E::Special).only("between these types"),
      Op("Ceil", 1, kF32),
      Op("Celu", 1, kF32).with({{Float, "alpha", 1}}).since(12),
      Op("Clip", 1, 3, kNumbers),
      Op("Concat", 1, kVariadic, kAnything)
          .with({{Int, "axis", std::nullopt, true}}),
      Op("Constant", 0, kAnything)
          .gives(E::Special)
          .only("dense tensors and numbers"),
      Op("ConstantOfShape", 1, kAnything).gives(E::Special).known({0}),
      Op("DequantizeLinear", 2, 3, kI8 | kU8 | kI32)
          .gives(E::Float)
          .with({{Int, "axis", 1}}),
      Op("Div", 2, kNumbers),
      Op("Dropout", 1, 3, kF32 | kF64)
          .only("in inference: training_mode is false, if it is given")
          .known({2}),
      Op("Elu", 1, kF32).with({{Float, "alpha", 1}}),
      Op("Equal", 2, kAnything).gives(E::Bool),
      Op("Erf", 1, kF32),
      Op("Exp", 1, kF32),
      Op("Expand", 2, kAnything).known({1}),
      Op("Flatten", 1, kAnything).with({{Int, "axis", 1}}),
      Op("Floor", 1, kF32),
      Op("Gather", 2, kAnything).with({{Int, "axis", 0}}),
      Op("GatherElements", 2, kAnything).with({{Int, "axis", 0}}),
      Op("Gemm", 2, 3, kF32 | kF64)
          .with({{Float, "alpha", 1},
                 {Float, "beta", 1},
                 {Int, "transA", 0},
                 {Int, "transB", 0}}),
      Op("Greater", 2, kNumbers).gives(E::Bool),
      Op("GreaterOrEqual", 2, kNumbers).gives(E::Bool).since(12),
      Op("HardSigmoid", 1, kF32)
          .with({{Float, "alpha", 0.2f}, {Float, "beta", 0.5}}),
      Op("HardSwish", 1, kF32).since(14),
      Op("Identity", 1, kAnything).only("tensors"),
      Op("IsInf", 1, kF32 | kF64)
          .gives(E::Bool)
          .with({{Int, "detect_negative", 1}, {Int, "detect_positive", 1}}),
      Op("IsNaN", 1, kF32 | kF64).gives(E::Bool),
      Op("LayerNormalization", 2, 3, kF32)
          .with({{Int, "axis", -1},
                 {Float, "epsilon", 1e-5},
                 {Int, "stash_type", 1}})
          .since(17),
      Op("LeakyRelu", 1, kF32).with({{Float, "alpha", 0.01f}}),
      Op("Less", 2, kNumbers).gives(E::Bool),
      Op("LessOrEqual", 2, kNumbers).gives(E::Bool).since(12),
      Op("Log", 1, kF32),
      Op("LogSoftmax", 1, kF32)
          .with({{Int, "axis", -1}})
          .only("before opset 13: the last axis"),
      Op("MatMul", 2, kF32 | kF64 | kI32 | kI64),
      Op("Max", 1, kVariadic, kNumbers),
      Op("Mean", 1, kVariadic, kF32 | kF64),
      Op("Min", 1, kVariadic, kNumbers),
      Op("Mul", 2, kNumbers),
      Op("Neg", 1, kSigned),
      Op("Not", 1, kBool).gives(E::Bool),
      Op("Or", 2, kBool).gives(E::Bool),
      Op("PRelu", 2, kF32),
      Op("Pow", 2, kF32 | kI32 | kI64)
          .only("exponents of type f32, i32 or i64"),
      Op("QuantizeLinear", 2, 3, kF32)
          .gives(E::Third)
          .with({{Int, "axis", 1}})
          .only("to u8 and i8"),
      Op("Range", 3, kF32 | kI32 | kI64).known({0, 1, 2}),
      Op("Reciprocal", 1, kF32 | kF64),
      Op("ReduceL1", 1, kF32 | kF64 | kI32 | kI64).with(reduce),
      Op("ReduceL2", 1, kF32).with(reduce),
      Op("ReduceLogSum", 1, kF32).with(reduce),
      Op("ReduceMax", 1, kNumbers).with(reduce),
      Op("ReduceMean", 1, kF32 | kF64 | kI32 | kI64).with(reduce),
      Op("ReduceMin", 1, kNumbers).with(reduce),
      Op("ReduceProd", 1, kF32 | kF64 | kI32 | kI64).with(reduce),
      Op("ReduceSum", 1, 2, kF32 | kF64 | kI32 | kI64)
          .with({{Int, "keepdims", 1}, {Int, "noop_with_empty_axes", 0}})
          .former("axes", 13)
          .known({1}),
      Op("ReduceSumSquare", 1, kF32 | kF64 | kI32 | kI64).with(reduce),
      Op("Relu", 1, kSigned),
      Op("Reshape", 2, kAnything).with({{Int, "allowzero", 0}}).known({1}),
      Op("Round", 1, kF32),
      Op("Selu", 1, kF32)
          .with({{Float, "alpha", 1.67326319217681884765625},
                 {Float, "gamma", 1.05070102214813232421875}}),
      Op("Shape", 1, kAnything)
          .gives(E::Int64)
          .with({{Int, "start", 0}, {Int, "end", std::nullopt}}),
      Op("Sigmoid", 1, kF32),
      Op("Sign", 1, kNumbers),
      Op("Size", 1, kAnything).gives(E::Int64),
      Op("Slice", 3, 5, kAnything).known({1, 2, 3, 4}),
      Op("Softmax", 1, kF32)
          .with({{Int, "axis", -1}})
          .only("before opset 13: the last axis"),
      Op("Softplus", 1, kF32),
      Op("Softsign", 1, kF32 | kF64),
      Op("Split", 1, 2, kAnything)
          .with({{Int, "axis", 0}})
          .former("split", 13)
          .known({1}),
      Op("Sqrt", 1, kF32 | kF64),
      Op("Squeeze", 1, 2, kAnything).former("axes", 13).known({1}),
      Op("Sub", 2, kNumbers),
      Op("Sum", 1, kVariadic, kF32 | kF64),
      Op("Tanh", 1, kF32),
      Op("ThresholdedRelu", 1, kF32).with({{Float, "alpha", 1}}),
      Op("Tile", 2, kAnything).known({1}),
      Op("Transpose", 1, kAnything).with({{Ints, "perm", std::nullopt}}),
      Op("Trilu", 1, 2, kAnything)
          .with({{Int, "upper", 1}})
          .since(14)
          .known({1}),
      Op("Unsqueeze", 2, kAnything).former("axes", 13).known({1}),
      Op("Where", 3, kAnything).gives(E::Second),
      Op("Xor", 2, kBool).gives(E::Bool),
  };
}

struct TypeName {
  unsigned bit;
  const char *name;
  int32_t dataType;
};
constexpr TypeName kTypeNames[] = {
    {kF32, "f32", ::onnx::TensorProto::FLOAT},
    {kF64, "f64", ::onnx::TensorProto::DOUBLE},
    {kI64, "i64", ::onnx::TensorProto::INT64},
    {kI32, "i32", ::onnx::TensorProto::INT32},
    {kI8, "i8", ::onnx::TensorProto::INT8},
    {kU8, "u8", ::onnx::TensorProto::UINT8},
    {kBool, "bool", ::onnx::TensorProto::BOOL},
};
} // namespace

llvm::ArrayRef<OperatorSpec> getOperators() {
  static const std::vector<OperatorSpec> operators = makeTable();
  return operators;
}

const OperatorSpec *findOperator(llvm::StringRef name) {
  for (const OperatorSpec &spec : getOperators())
    if (name == spec.name)
      return &spec;
  return nullptr;
}

std::string elementTypeNames(unsigned types) {
  std::string result;
  for (const TypeName &type : kTypeNames)
    if (types & type.bit)
      result += (result.empty() ? "" : " ") + std::string(type.name);
  return result;
}

unsigned elementTypeBit(int32_t dataType) {
  for (const TypeName &type : kTypeNames)
    if (type.dataType == dataType)
      return type.bit;
  return 0;
}

void printOperators(llvm::raw_ostream &out) {
  for (const OperatorSpec &spec : getOperators()) {
    std::string rest;
    auto add = [&](const llvm::Twine &text) {
      rest += (rest.empty() ? "" : "; ") + text.str();
    };
    if (!spec.knownInputs.empty()) {
      std::string inputs;
      llvm::raw_string_ostream list(inputs);
      llvm::interleaveComma(spec.knownInputs, list);
      add("known at compile time: input " + inputs);
    }
    if (*spec.restriction)
      add(spec.restriction);
    std::string line;
    llvm::raw_string_ostream(line)
        << llvm::format("%-19s %2d-%d  %-28s", spec.name, spec.since, kMaxOpset,
                        elementTypeNames(spec.types).c_str())
        << rest;
    out << llvm::StringRef(line).rtrim() << '\n';
  }
}
} // namespace mlir::bnn
