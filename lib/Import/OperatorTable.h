// The ONNX operators that the compiler claims: what the importer reads, what
// `bnn-opt --list-operators` prints, what docs/operators.md says and what the
// tests run are this one table.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>
#include <string>
#include <vector>

namespace mlir::bnn {
/// An attribute as the `onnx` dialect has it.
struct AttributeSpec {
  enum Kind { Int, Float, Ints } kind;
  const char *name;
  /// Used when the node leaves the attribute out; without one the attribute
  /// stays absent, or is an error if it is `required`.
  std::optional<double> defaultValue;
  bool required = false;
};

/// What the element type of an operator's results is.
enum class ResultElement { First, Second, Third, Bool, Int64, Float, Special };

/// Sets of element types, as bits.
enum ElementTypes : unsigned {
  kF32 = 1,
  kF64 = 2,
  kI32 = 4,
  kI64 = 8,
  kI8 = 16,
  kU8 = 32,
  kBool = 64,
  kSigned = kF32 | kF64 | kI32 | kI64 | kI8,
  kNumbers = kSigned | kU8,
  kAnything = kNumbers | kBool,
};

constexpr unsigned kVariadic = ~0u;

/// The range of opsets that importModel() accepts.
constexpr int kMinOpset = 11;
constexpr int kMaxOpset = 17;

/// One operator, in the form of opset 17.
struct OperatorSpec {
  const char *name;
  unsigned minInputs;
  /// More inputs are an error; kVariadic for any number. Inputs left out up to
  /// this number become onnx.NoValue.
  unsigned maxInputs;
  /// What is computed at run time: the element types of the first input (of
  /// the second one of Where, of the result of Constant and ConstantOfShape).
  unsigned types;
  ResultElement element = ResultElement::First;
  std::vector<AttributeSpec> attributes = {};
  /// The attribute that older opsets have in place of the last input, and the
  /// first opset without it.
  const char *formerAttribute = nullptr;
  int formerUntil = 0;
  /// The first opset with the operator.
  int since = kMinOpset;
  /// The inputs that must be known at compile time: constants, or computed from
  /// the shapes of other values.
  std::vector<unsigned> knownInputs = {};
  /// What else the claim leaves out, in words.
  const char *restriction = "";
};

/// All operators that the importer accepts, by name.
llvm::ArrayRef<OperatorSpec> getOperators();
/// The operator of this name, or null.
const OperatorSpec *findOperator(llvm::StringRef name);

/// The names of a set of element types: "f32 i64 bool".
std::string elementTypeNames(unsigned types);
/// The bit of an element type by its number in ONNX's TensorProto, or 0.
unsigned elementTypeBit(int32_t dataType);
/// Prints the table: a line for each operator.
void printOperators(llvm::raw_ostream &out);
} // namespace mlir::bnn
