//===- OperatorSpec.cpp - The operators that the compiler claims ----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/ONNX/OperatorSpec.h"
#include "dialects/ONNX/ONNXDialect.h"

using namespace mlir;

namespace mlir::bnn::onnx {
template <typename Op> using HasSpec = decltype(Op::getSpec());

/// Adds the operator that `Op` stands for, if it stands for one.
template <typename Op> static void addSpec(std::vector<OperatorSpec> &specs) {
  if constexpr (llvm::is_detected<HasSpec, Op>::value) {
    specs.push_back(Op::getSpec());
    // An attribute of the operation has to be known as an input too.
    if (specs.back().inputSince)
      specs.back().knownInputs.push_back(specs.back().maxInputs);
  }
}

template <typename... Ops> static std::vector<OperatorSpec> makeSpecs() {
  std::vector<OperatorSpec> specs;
  (addSpec<Ops>(specs), ...);
  return specs;
}

std::vector<OperatorSpec> getDialectOperators() {
  return makeSpecs<
#define GET_OP_LIST
#include "dialects/ONNX/ONNXOps.cpp.inc"
      >();
}

unsigned elementTypeBit(Type element) {
  if (element.isF32())
    return kF32;
  if (element.isF64())
    return kF64;
  if (element.isSignlessInteger(64))
    return kI64;
  if (element.isSignlessInteger(32))
    return kI32;
  if (element.isSignlessInteger(8))
    return kI8;
  if (element.isUnsignedInteger(8))
    return kU8;
  if (element.isF16())
    return kF16;
  if (element.isBF16())
    return kBF16;
  return element.isSignlessInteger(1) ? kBool : 0;
}

std::string elementTypeNames(unsigned types) {
  constexpr std::pair<unsigned, const char *> kNames[] = {
      {kF32, "f32"},   {kF64, "f64"}, {kF16, "f16"},
      {kBF16, "bf16"}, {kI64, "i64"}, {kI32, "i32"},
      {kI8, "i8"},     {kU8, "u8"},   {kBool, "bool"}};
  std::string result;
  for (auto [type, name] : kNames)
    if (types & type)
      result += (result.empty() ? "" : " ") + std::string(name);
  return result;
}
} // namespace mlir::bnn::onnx
