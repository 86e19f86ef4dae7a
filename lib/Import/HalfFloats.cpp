//===- HalfFloats.cpp - Weights of half the size --------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weights may be stored in 16 bits and cast where they are read. They become
// floats of the same value when they are read from the file, so that a cast of
// them gives what it would have given; nothing else may compute with them.
//
//===----------------------------------------------------------------------===//

#include "lib/Import/HalfFloats.h"
#include "lib/Import/Importer.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/bit.h"

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
bool isHalf(int32_t dataType) {
  return dataType == ::onnx::TensorProto::FLOAT16 ||
         dataType == ::onnx::TensorProto::BFLOAT16;
}

static float widenFloat16(uint16_t half) {
  const uint32_t sign = uint32_t(half & 0x8000) << 16;
  const uint32_t exponent = half >> 10 & 31, fraction = half & 1023;
  if (exponent == 31)
    return bit_cast<float>(sign | 0x7f800000 | fraction << 13);
  if (exponent)
    return bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  return bit_cast<float>(sign | bit_cast<uint32_t>(float(fraction) * 0x1p-24f));
}

std::vector<float> widen(int32_t dataType, ArrayRef<char> bytes) {
  std::vector<float> result(bytes.size() / 2);
  const bool isBrain = dataType == ::onnx::TensorProto::BFLOAT16;
  for (size_t i = 0; i < result.size(); ++i) {
    uint16_t half;
    memcpy(&half, bytes.data() + 2 * i, sizeof half);
    result[i] =
        isBrain ? bit_cast<float>(uint32_t(half) << 16) : widenFloat16(half);
  }
  return result;
}

/// Whether the results' elements are those of the inputs.
static bool movesElements(StringRef op) {
  return StringSwitch<bool>(op)
      .Cases("Identity", "Reshape", "Transpose", "Squeeze", "Unsqueeze", true)
      .Cases("Flatten", "Slice", "Gather", "Concat", "Split", "Expand", true)
      .Default(false);
}

/// Numbers of 16 bits are moved and cast, and that is all.
LogicalResult Importer::checkHalves() {
  StringSet<> halves;
  for (const auto &tensor : model.graph().initializer())
    if (isHalf(tensor.data_type()))
      halves.insert(tensor.name());
  for (const ::onnx::NodeProto *node : order) {
    StringRef op = node->op_type();
    bool isOne = any_of(node->attribute(), [](const auto &attribute) {
      return attribute.has_t() && isHalf(attribute.t().data_type());
    });
    bool reads = any_of(node->input(), [&](const std::string &input) {
      return halves.contains(input);
    });
    if ((!reads || op == "Cast" || op == "Shape" || op == "Size") &&
        (!isOne || op == "Constant")) {
      if (!isOne)
        continue;
    } else if (isOne || !movesElements(op)) {
      return error(*node) << "it computes with FLOAT16 or BFLOAT16 numbers; "
                             "only weights may be stored in 16 bits, with a "
                             "Cast to FLOAT behind them: export the model in "
                             "float32";
    }
    for (const std::string &output : node->output())
      halves.insert(output);
  }
  for (const auto &output : model.graph().output())
    if (halves.contains(output.name()))
      return error() << "output '" << output.name()
                     << "' has numbers of 16 bits, which is not supported; "
                        "cast it to FLOAT";
  return success();
}
} // namespace mlir::bnn
