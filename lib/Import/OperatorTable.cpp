#include "lib/Import/OperatorTable.h"
#include "lib/Import/Import.h"
#include "llvm/ADT/STLExtras.h"

namespace bnn {
llvm::ArrayRef<OperatorSpec> getOperators() {
  using E = ResultElement;
  constexpr auto Int = AttributeSpec::Int;
  constexpr auto Float = AttributeSpec::Float;
  constexpr auto Ints = AttributeSpec::Ints;
  static const std::vector<AttributeSpec> reduce = {
      {Ints, "axes", std::nullopt}, {Int, "keepdims", 1}};
  static const std::vector<OperatorSpec> operators = {
      {"Abs", 1, 1},
      {"Add", 2, 2},
      {"And", 2, 2, E::Bool},
      {"Cast", 1, 1, E::Special},
      {"Ceil", 1, 1},
      {"Clip", 1, 3},
      {"Concat", 1, kVariadic, E::First, {{Int, "axis", std::nullopt, true}}},
      {"Constant", 0, 0, E::Special},
      {"ConstantOfShape", 1, 1, E::Special},
      {"Div", 2, 2},
      {"Dropout", 1, 3},
      {"Equal", 2, 2, E::Bool},
      {"Erf", 1, 1},
      {"Exp", 1, 1},
      {"Expand", 2, 2},
      {"Flatten", 1, 1, E::First, {{Int, "axis", 1}}},
      {"Floor", 1, 1},
      {"Gather", 2, 2, E::First, {{Int, "axis", 0}}},
      {"Gemm",
       2,
       3,
       E::First,
       {{Float, "alpha", 1},
        {Float, "beta", 1},
        {Int, "transA", 0},
        {Int, "transB", 0}}},
      {"Greater", 2, 2, E::Bool},
      {"GreaterOrEqual", 2, 2, E::Bool},
      {"Identity", 1, 1},
      {"LayerNormalization",
       2,
       3,
       E::First,
       {{Int, "axis", -1}, {Float, "epsilon", 1e-5}, {Int, "stash_type", 1}}},
      {"Less", 2, 2, E::Bool},
      {"LessOrEqual", 2, 2, E::Bool},
      {"Log", 1, 1},
      {"LogSoftmax", 1, 1, E::First, {{Int, "axis", -1}}},
      {"MatMul", 2, 2},
      {"Max", 1, kVariadic},
      {"Min", 1, kVariadic},
      {"Mul", 2, 2},
      {"Neg", 1, 1},
      {"Not", 1, 1, E::Bool},
      {"Or", 2, 2, E::Bool},
      {"Pow", 2, 2},
      {"Range", 3, 3},
      {"Reciprocal", 1, 1},
      {"ReduceL1", 1, 1, E::First, reduce},
      {"ReduceMax", 1, 1, E::First, reduce},
      {"ReduceMean", 1, 1, E::First, reduce},
      {"ReduceMin", 1, 1, E::First, reduce},
      {"ReduceSum",
       1,
       2,
       E::First,
       {{Int, "keepdims", 1}, {Int, "noop_with_empty_axes", 0}},
       "axes",
       13},
      {"Relu", 1, 1},
      {"Reshape", 2, 2, E::First, {{Int, "allowzero", 0}}},
      {"Round", 1, 1},
      {"Shape",
       1,
       1,
       E::Int64,
       {{Int, "start", 0}, {Int, "end", std::nullopt}}},
      {"Sigmoid", 1, 1},
      {"Sign", 1, 1},
      {"Size", 1, 1, E::Int64},
      {"Slice", 3, 5},
      {"Softmax", 1, 1, E::First, {{Int, "axis", -1}}},
      {"Split", 1, 2, E::First, {{Int, "axis", 0}}, "split", 13},
      {"Sqrt", 1, 1},
      {"Squeeze", 1, 2, E::First, {}, "axes", 13},
      {"Sub", 2, 2},
      {"Tanh", 1, 1},
      {"Tile", 2, 2},
      {"Transpose", 1, 1, E::First, {{Ints, "perm", std::nullopt}}},
      {"Unsqueeze", 2, 2, E::First, {}, "axes", 13},
      {"Where", 3, 3, E::Second},
  };
  return operators;
}

const OperatorSpec *findOperator(llvm::StringRef name) {
  for (const OperatorSpec &spec : getOperators())
    if (name == spec.name)
      return &spec;
  return nullptr;
}

std::vector<std::string> listOperators() {
  std::vector<std::string> names;
  for (const OperatorSpec &spec : getOperators())
    names.push_back(spec.name);
  return names;
}
} // namespace bnn
