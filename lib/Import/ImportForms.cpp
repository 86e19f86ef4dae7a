//===- ImportForms.cpp - What nodes of each opset may have ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// libonnx checks nodes of the opsets that it knows. Those of later ones, and of
// other domains, are checked by the table of operators, which says the same of
// them.
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Importer.h"
#include "lib/Import/OperatorTable.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
namespace {
using Kind = onnx::AttributeSpec::Kind;

::onnx::AttributeProto::AttributeType protoType(Kind kind) {
  using Proto = ::onnx::AttributeProto;
  switch (kind) {
  case Kind::Int:
    return Proto::INT;
  case Kind::Float:
    return Proto::FLOAT;
  case Kind::Ints:
    return Proto::INTS;
  case Kind::String:
    return Proto::STRING;
  case Kind::Floats:
    return Proto::FLOATS;
  case Kind::Strings:
    return Proto::STRINGS;
  case Kind::Tensor:
    return Proto::TENSOR;
  case Kind::SparseTensor:
    return Proto::SPARSE_TENSOR;
  }
  llvm_unreachable("a kind of attribute");
}

/// The attribute of this name that nodes of `opset` have, or null.
const onnx::AttributeSpec *findSpec(const onnx::OperatorSpec &spec,
                                    StringRef name, int64_t opset) {
  if (spec.hasInputAttribute(opset) && name == spec.inputAttribute)
    return nullptr;
  for (const auto *list : {&spec.attributes, &spec.nodeAttributes})
    for (const onnx::AttributeSpec &attribute : *list)
      if (name == attribute.name && attribute.since <= opset)
        return &attribute;
  return nullptr;
}
} // namespace

/// The attributes of `node` are those of its operator.
LogicalResult Importer::checkAttributes(const ::onnx::NodeProto &node,
                                        const onnx::OperatorSpec &spec) {
  StringSet<> seen;
  for (const auto &attribute : node.attribute()) {
    const onnx::AttributeSpec *known = findSpec(spec, attribute.name(), opset);
    if (!known)
      return error(node) << "it has an attribute '" << attribute.name()
                         << "', which the operator has not in this opset";
    if (attribute.type() != protoType(known->kind))
      return error(node) << "its attribute '" << attribute.name()
                         << "' is of another type than the operator's";
    if (!seen.insert(attribute.name()).second)
      return error(node) << "it has the attribute '" << attribute.name()
                         << "' twice";
  }
  for (const auto *list : {&spec.attributes, &spec.nodeAttributes})
    for (const onnx::AttributeSpec &attribute : *list)
      if (attribute.required && !seen.contains(attribute.name))
        return error(node) << "attribute '" << attribute.name << "' is missing";
  return success();
}

LogicalResult Importer::checkForm(const ::onnx::NodeProto &node) {
  const onnx::OperatorSpec &spec = *findOperator(node);
  unsigned inputs = unsigned(node.input_size()),
           outputs = unsigned(node.output_size());
  if (inputs < spec.minInputs ||
      (spec.maxInputs != onnx::kVariadic && inputs > spec.maxInputsAt(opset)))
    return error(node) << "has " << inputs << " inputs";
  for (unsigned i = 0; i < spec.minInputs; ++i)
    if (node.input(int(i)).empty())
      return error(node) << "its input number " << i << " is left out";
  if (outputs == 0 || outputs > spec.maxOutputs)
    return error(node) << "has " << outputs << " outputs";
  return checkAttributes(node, spec);
}

LogicalResult Importer::checkForms() {
  return success(llvm::all_of(order, [&](const ::onnx::NodeProto *node) {
    bool isKnown =
        opset <= onnx::kCheckedOpset && normalDomain(node->domain()).empty();
    return isKnown || succeeded(checkForm(*node));
  }));
}
} // namespace mlir::bnn
