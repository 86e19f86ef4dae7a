//===- OperatorTable.cpp - The operators, as ONNX and a user see them -----===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Import/OperatorTable.h"
#include "lib/Import/Composer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include <onnx/onnx_pb.h>

namespace mlir::bnn {
static std::vector<onnx::OperatorSpec> makeOperators() {
  std::vector<onnx::OperatorSpec> specs = onnx::getDialectOperators();
  for (const Composition &composition : getCompositions())
    specs.push_back(composition.spec);
  llvm::sort(specs,
             [](const onnx::OperatorSpec &a, const onnx::OperatorSpec &b) {
               return llvm::StringRef(a.name) < llvm::StringRef(b.name);
             });
  return specs;
}

llvm::ArrayRef<onnx::OperatorSpec> getOperators() {
  static const std::vector<onnx::OperatorSpec> operators = makeOperators();
  return operators;
}

const onnx::OperatorSpec *findOperator(llvm::StringRef name) {
  for (const onnx::OperatorSpec &spec : getOperators())
    if (name == spec.name)
      return &spec;
  return nullptr;
}

unsigned elementTypeBit(int32_t dataType) {
  switch (dataType) {
  case ::onnx::TensorProto::FLOAT:
    return onnx::kF32;
  case ::onnx::TensorProto::DOUBLE:
    return onnx::kF64;
  case ::onnx::TensorProto::FLOAT16:
    return onnx::kF16;
  case ::onnx::TensorProto::BFLOAT16:
    return onnx::kBF16;
  case ::onnx::TensorProto::INT64:
    return onnx::kI64;
  case ::onnx::TensorProto::INT32:
    return onnx::kI32;
  case ::onnx::TensorProto::INT8:
    return onnx::kI8;
  case ::onnx::TensorProto::UINT8:
    return onnx::kU8;
  case ::onnx::TensorProto::BOOL:
    return onnx::kBool;
  default:
    return 0;
  }
}

void printOperators(llvm::raw_ostream &out) {
  for (const onnx::OperatorSpec &spec : getOperators()) {
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
        << llvm::format("%-19s %2d-%d  %-37s", spec.name, spec.since,
                        onnx::kMaxOpset,
                        onnx::elementTypeNames(spec.types).c_str())
        << rest;
    out << llvm::StringRef(line).rtrim() << '\n';
  }
}
} // namespace mlir::bnn
