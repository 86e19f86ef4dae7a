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

namespace mlir::bnn {
static std::vector<onnx::OperatorSpec> makeOperators(llvm::StringRef domain) {
  std::vector<onnx::OperatorSpec> specs;
  if (domain.empty())
    specs = onnx::getDialectOperators();
  for (const Composition &composition : getCompositions())
    if (domain == composition.spec.domain)
      specs.push_back(composition.spec);
  llvm::sort(specs,
             [](const onnx::OperatorSpec &a, const onnx::OperatorSpec &b) {
               return llvm::StringRef(a.name) < llvm::StringRef(b.name);
             });
  return specs;
}

llvm::ArrayRef<onnx::OperatorSpec> getOperators(llvm::StringRef domain) {
  static const std::vector<onnx::OperatorSpec> own = makeOperators("");
  static const std::vector<onnx::OperatorSpec> contrib =
      makeOperators(onnx::kContrib);
  if (domain.empty())
    return own;
  return domain == onnx::kContrib ? llvm::ArrayRef(contrib)
                                  : llvm::ArrayRef<onnx::OperatorSpec>();
}

const onnx::OperatorSpec *findOperator(llvm::StringRef name,
                                       llvm::StringRef domain) {
  for (const onnx::OperatorSpec &spec : getOperators(domain))
    if (name == spec.name)
      return &spec;
  return nullptr;
}

const onnx::OperatorSpec *findOperator(const ::onnx::NodeProto &node) {
  return findOperator(node.op_type(), normalDomain(node.domain()));
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

static void printOperators(llvm::raw_ostream &out, llvm::StringRef domain) {
  for (const onnx::OperatorSpec &spec : getOperators(domain)) {
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
    std::string name = (domain.empty() ? "" : domain + ".").str() + spec.name;
    llvm::raw_string_ostream(line)
        << llvm::format("%-*s %2d-%d  %-37s", domain.empty() ? 19 : 36,
                        name.c_str(), spec.since, onnx::kMaxOpset,
                        onnx::elementTypeNames(spec.types).c_str())
        << rest;
    out << llvm::StringRef(line).rtrim() << '\n';
  }
}

void printOperators(llvm::raw_ostream &out) {
  printOperators(out, "");
  printOperators(out, onnx::kContrib);
}
} // namespace mlir::bnn
