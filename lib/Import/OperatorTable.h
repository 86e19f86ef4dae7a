// Which ONNX operators the importer accepts, and how it reads them.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace bnn {
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
enum class ResultElement { First, Second, Bool, Int64, Special };

/// One operator, in the form of opset 17.
struct OperatorSpec {
  const char *name;
  unsigned minInputs;
  /// More inputs are an error; kVariadic for any number. Inputs left out up to
  /// this number become onnx.NoValue.
  unsigned maxInputs;
  ResultElement element = ResultElement::First;
  std::vector<AttributeSpec> attributes = {};
  /// The attribute that older opsets have in place of the last input, and the
  /// first opset without it.
  const char *formerAttribute = nullptr;
  int formerUntil = 0;
};

constexpr unsigned kVariadic = ~0u;

/// All operators that the importer accepts, by name.
llvm::ArrayRef<OperatorSpec> getOperators();
/// The operator of this name, or null.
const OperatorSpec *findOperator(llvm::StringRef name);
} // namespace bnn
