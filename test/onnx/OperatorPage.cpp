#include "test/onnx/OperatorPage.h"
#include "lib/Import/OperatorTable.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include <onnx/defs/schema.h>

using namespace llvm;

bool checkTable() {
  bool good = true;
  auto complain = [&](const mlir::bnn::OperatorSpec &spec, const Twine &what) {
    outs() << "FAILED operator " << spec.name << ": " << what << '\n';
    good = false;
  };
  for (const mlir::bnn::OperatorSpec &spec : mlir::bnn::getOperators()) {
    using ::onnx::OpSchemaRegistry;
    const auto *schema =
        OpSchemaRegistry::Schema(spec.name, mlir::bnn::kMaxOpset);
    if (!schema) {
      complain(spec, "ONNX has none of this name");
      continue;
    }
    int first = mlir::bnn::kMinOpset;
    while (!OpSchemaRegistry::Schema(spec.name, first))
      ++first;
    if (first != spec.since)
      complain(spec, "is there from opset " + Twine(first) + " on");
    // Of these two the types are those of the result.
    bool isSource = StringRef(spec.name).starts_with("Constant");
    const auto &values = isSource ? schema->outputs() : schema->inputs();
    const auto &value =
        values[spec.element == mlir::bnn::ResultElement::Second ? 1 : 0];
    unsigned allowed = 0;
    for (const std::string *type : value.GetTypes())
      for (auto [name, bit] : {std::pair("tensor(float)", mlir::bnn::kF32),
                               std::pair("tensor(double)", mlir::bnn::kF64),
                               std::pair("tensor(int32)", mlir::bnn::kI32),
                               std::pair("tensor(int64)", mlir::bnn::kI64),
                               std::pair("tensor(int8)", mlir::bnn::kI8),
                               std::pair("tensor(uint8)", mlir::bnn::kU8),
                               std::pair("tensor(bool)", mlir::bnn::kBool)})
        allowed |= *type == name ? unsigned(bit) : 0u;
    if (unsigned wrong = spec.types & ~allowed)
      complain(spec,
               "has no elements of type " + mlir::bnn::elementTypeNames(wrong));
  }
  return good;
}

void writePage(raw_ostream &out, const std::map<std::string, unsigned> &runs,
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
         "1e-7, ONNX's own tolerance).\nAn output's dimension that is not "
         "constant must be a dimension of an input, so that a caller knows\n"
         "it. Dimensions that turn out to be 1 at run time are broadcast; "
         "those that do not fit end the run\nwith `BNN_ERROR_SHAPE`.\n\n"
         "| operator | opsets | element types | known | restrictions | cases "
         "|\n"
         "| --- | --- | --- | --- | --- | --- |\n";
  for (const mlir::bnn::OperatorSpec &spec : mlir::bnn::getOperators()) {
    out << "| " << spec.name << " | " << spec.since << "-"
        << mlir::bnn::kMaxOpset << " | "
        << mlir::bnn::elementTypeNames(spec.types) << " | ";
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
