//===- OperatorPage.cpp - The operator table as a page --------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/onnx/OperatorPage.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "lib/Import/OperatorTable.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include <limits>
#include <onnx/defs/schema.h>

using namespace llvm;

/// What is wrong with the inputs of an operator's line, or "".
static std::string checkInputs(const mlir::bnn::onnx::OperatorSpec &spec,
                               const ::onnx::OpSchema &schema) {
  int most = spec.maxInputs == mlir::bnn::onnx::kVariadic
                 ? std::numeric_limits<int>::max()
                 : int(spec.maxInputs);
  if (int(spec.minInputs) != schema.min_input() || most != schema.max_input())
    return "has " + std::to_string(schema.min_input()) + " to " +
           std::to_string(schema.max_input()) + " inputs";
  return "";
}

/// What is wrong with the attributes of an operator's line, or "".
static std::string checkAttributes(const mlir::bnn::onnx::OperatorSpec &spec,
                                   const ::onnx::OpSchema &schema) {
  using ::onnx::AttributeProto;
  using Spec = mlir::bnn::onnx::AttributeSpec;
  for (const Spec &attribute : spec.attributes) {
    if (attribute.since > mlir::bnn::onnx::kCheckedOpset)
      continue;
    auto found = schema.attributes().find(attribute.name);
    if (found == schema.attributes().end())
      return "has no attribute " + std::string(attribute.name);
    auto type = attribute.kind == Spec::Int      ? AttributeProto::INT
                : attribute.kind == Spec::Float  ? AttributeProto::FLOAT
                : attribute.kind == Spec::String ? AttributeProto::STRING
                                                 : AttributeProto::INTS;
    if (found->second.type != type ||
        found->second.required != attribute.required)
      return "has another kind of attribute " + std::string(attribute.name);
  }
  for (const auto &entry : schema.attributes()) {
    const std::string &name = entry.first;
    auto hasName = [&](const Spec &known) { return name == known.name; };
    if (!any_of(spec.attributes, hasName) &&
        !any_of(spec.nodeAttributes, hasName))
      return "has an attribute " + name;
  }
  return "";
}

/// What is wrong with the defaults that the operation gives to attributes, or
/// "".
static std::string checkDefaults(const mlir::bnn::onnx::OperatorSpec &spec,
                                 const ::onnx::OpSchema &schema,
                                 mlir::OpBuilder &builder) {
  mlir::OperationState state(builder.getUnknownLoc(),
                             ("onnx." + Twine(spec.name)).str());
  // Not valid without operands, but nobody asks.
  mlir::OwningOpRef<mlir::Operation *> op(mlir::Operation::create(state));
  for (const mlir::bnn::onnx::AttributeSpec &attribute : spec.attributes) {
    auto found = schema.attributes().find(attribute.name);
    if (found == schema.attributes().end())
      continue; // checkAttributes() complains.
    const ::onnx::AttributeProto &wanted = found->second.default_value;
    std::optional<mlir::Attribute> value =
        (*op)->getInherentAttr(attribute.name);
    mlir::Attribute got = value.value_or(mlir::Attribute()), expected;
    if (wanted.has_i())
      expected = builder.getI64IntegerAttr(wanted.i());
    else if (wanted.has_f())
      expected = builder.getF32FloatAttr(wanted.f());
    if (got != expected)
      return "has another default of " + std::string(attribute.name);
  }
  return "";
}

bool checkTable() {
  mlir::MLIRContext context;
  context.loadDialect<mlir::bnn::onnx::ONNXDialect>();
  mlir::OpBuilder builder(&context);
  bool good = true;
  auto complain = [&](const mlir::bnn::onnx::OperatorSpec &spec,
                      const Twine &what) {
    outs() << "FAILED operator " << spec.name << ": " << what << '\n';
    good = false;
  };
  for (const mlir::bnn::onnx::OperatorSpec &spec : mlir::bnn::getOperators()) {
    using ::onnx::OpSchemaRegistry;
    const auto *schema =
        OpSchemaRegistry::Schema(spec.name, mlir::bnn::onnx::kCheckedOpset);
    if (!schema && spec.since > mlir::bnn::onnx::kCheckedOpset)
      continue; // libonnx is too old to know it.
    if (!schema) {
      complain(spec, "ONNX has none of this name");
      continue;
    }
    int first = mlir::bnn::onnx::kMinOpset;
    while (!OpSchemaRegistry::Schema(spec.name, first))
      ++first;
    if (first != spec.since)
      complain(spec, "is there from opset " + Twine(first) + " on");
    for (const std::string &mistake :
         {checkInputs(spec, *schema), checkAttributes(spec, *schema),
          checkDefaults(spec, *schema, builder)})
      if (!mistake.empty())
        complain(spec, mistake);
    // Of these two the types are those of the result.
    bool isSource = StringRef(spec.name).starts_with("Constant");
    const auto &values = isSource ? schema->outputs() : schema->inputs();
    int typed = spec.element == mlir::bnn::onnx::ResultElement::Second ? 1
                : StringRef(spec.name) == "OneHot"                     ? 2
                                                                       : 0;
    const auto &value = values[typed];
    unsigned allowed = 0;
    for (const std::string *type : value.GetTypes())
      for (auto [name, bit] :
           {std::pair("tensor(float)", mlir::bnn::onnx::kF32),
            std::pair("tensor(double)", mlir::bnn::onnx::kF64),
            std::pair("tensor(float16)", mlir::bnn::onnx::kF16),
            std::pair("tensor(bfloat16)", mlir::bnn::onnx::kBF16),
            std::pair("tensor(int32)", mlir::bnn::onnx::kI32),
            std::pair("tensor(int64)", mlir::bnn::onnx::kI64),
            std::pair("tensor(int8)", mlir::bnn::onnx::kI8),
            std::pair("tensor(uint8)", mlir::bnn::onnx::kU8),
            std::pair("tensor(bool)", mlir::bnn::onnx::kBool)})
        allowed |= *type == name ? unsigned(bit) : 0u;
    // Opset 22 has given bf16 to all that have f16, and opsets 19 and 20 have
    // given f16 to two more.
    if (allowed & mlir::bnn::onnx::kF16 || StringRef(spec.name) == "IsInf" ||
        StringRef(spec.name) == "QuantizeLinear")
      allowed |= mlir::bnn::onnx::kHalves;
    if (unsigned wrong = spec.types & ~allowed)
      complain(spec, "has no elements of type " +
                         mlir::bnn::onnx::elementTypeNames(wrong));
  }
  return good;
}

/// A line for each operator of a domain.
static void writeTable(raw_ostream &out, StringRef domain,
                       function_ref<std::string(StringRef)> lastColumn) {
  for (const mlir::bnn::onnx::OperatorSpec &spec :
       mlir::bnn::getOperators(domain)) {
    out << "| " << spec.name << " | " << spec.since << "-"
        << mlir::bnn::onnx::kMaxOpset << " | "
        << mlir::bnn::onnx::elementTypeNames(spec.types) << " | ";
    interleaveComma(spec.knownInputs, out);
    out << " | " << spec.restriction << " |" << lastColumn(spec.name) << '\n';
  }
}

void writePage(raw_ostream &out, const std::map<std::string, unsigned> &runs,
               const std::map<std::string, unsigned> &reasons, unsigned total,
               unsigned all) {
  out << "# Operators\n\n"
         "The ONNX operators that are compiled, from the table that "
         "`bnn-opt --list-operators` prints.\nThis page is generated, and "
         "compared by a test: `node-tests FOLDER OTHER "
         "--docs=docs/operators.md`, "
         "where\nFOLDER is `/usr/share/libonnx-testdata/data/node`, and OTHER "
         "has ONNX's node tests at opset 27.\n\n"
         "Opsets are those of the model. The element types are those of the "
         "first input (the second of `Where` and `CastLike`, the third of "
         "`OneHot`, the "
         "result of `Constant` and `ConstantOfShape`);\nwhat ONNX does not "
         "allow in "
         "an opset, or for an operator, is not allowed here either. Inputs "
         "listed as\nknown must be constants, or follow from the shapes of "
         "other values. Cases are ONNX's own node tests\nthat use the "
         "operator: each is compiled, run and compared with the stored outputs "
         "(integers and\nbooleans exactly, floats within rtol 1e-3 and atol "
         "1e-7, ONNX's own tolerance; f16 and bf16 within two\nunits of the "
         "last place).\nAn output's dimension that is not "
         "constant must be a dimension of an input, so that a caller knows\n"
         "it. Dimensions that turn out to be 1 at run time are broadcast; "
         "those that do not fit end the run\nwith `BNN_ERROR_SHAPE`.\n\n"
         "| operator | opsets | element types | known | restrictions | cases "
         "|\n"
         "| --- | --- | --- | --- | --- | --- |\n";
  writeTable(out, "", [&](StringRef name) {
    auto found = runs.find(name.str());
    return " " + std::to_string(found == runs.end() ? 0 : found->second) + " |";
  });
  out << "\n"
      << mlir::bnn::getOperators().size() << " operators. Cases run: " << total
      << ", of " << all
      << ": those of ONNX 1.12, and of opset 27; none fails. Cases of these "
         "operators that the claim leaves out:\n\n";
  for (const auto &[reason, count] : reasons)
    out << "- " << count << ": " << reason << "\n";
  out << "\nElement types are written as in the `onnx` dialect: `f32` is "
         "ONNX's FLOAT, `f64` DOUBLE, `f16` FLOAT16, `bf16` BFLOAT16, `u8` "
         "UINT8.\n\n"
         "## ONNX Runtime's own\n\n"
         "Of the domain `com.microsoft`, which its quantiser and its optimiser "
         "write; [custom-operators.md](custom-operators.md) says\nhow they are "
         "computed. `test/onnx/contrib.test` compares each with ONNX "
         "Runtime. Element types are those of the first input\n(the second of "
         "`QLinearWhere`, the third of `QLinearConcat` and "
         "`EmbedLayerNormalization`).\n\n"
         "| operator | opsets | element types | known | restrictions |\n"
         "| --- | --- | --- | --- | --- |\n";
  writeTable(out, mlir::bnn::onnx::kContrib,
             [](StringRef) { return std::string(); });
}
