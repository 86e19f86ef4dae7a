//===- OperatorTable.cpp - The operators, as ONNX and a user see them -----===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Import/OperatorTable.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include <onnx/onnx_pb.h>

namespace mlir::bnn {
unsigned elementTypeBit(int32_t dataType) {
  switch (dataType) {
  case ::onnx::TensorProto::FLOAT:
    return onnx::kF32;
  case ::onnx::TensorProto::DOUBLE:
    return onnx::kF64;
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
  for (const onnx::OperatorSpec &spec : onnx::getOperators()) {
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
        << llvm::format("%-19s %2d-%d  %-28s", spec.name, spec.since,
                        onnx::kMaxOpset,
                        onnx::elementTypeNames(spec.types).c_str())
        << rest;
    out << llvm::StringRef(line).rtrim() << '\n';
  }
}
} // namespace mlir::bnn
