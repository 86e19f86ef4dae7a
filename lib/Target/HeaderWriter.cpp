//===- HeaderWriter.cpp - The C header of a compiled model ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Target/HeaderWriter.h"

#include "bnn/types.h"
#include "dialects/BNN/BNNBase.h"
#include "lib/Target/UniqueNames.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace mlir::bnn {

/// include/bnn/types.h, as it was when the compiler was built.
static constexpr const char *typesText =
#include "lib/Target/Types.inc"
    ;

/// `name` as part of a macro: upper case, with underscores for what C forbids.
static std::string macroName(StringRef name) {
  std::string result = name.upper();
  for (char &c : result)
    if (!llvm::isAlnum(c))
      c = '_';
  return result;
}

/// What the macros of a model begin with. Those of bnn-mlir's own headers begin
/// with BNN_.
static std::string macroPrefix(StringRef prefix) {
  std::string macro = macroName(prefix);
  return (macro + "_").compare(0, 4, "BNN_") == 0 ? "MODEL_" + macro : macro;
}

/// `text` for use within a comment: names come from a file, and could end the
/// comment or continue a line of it.
static std::string commentText(StringRef text) {
  std::string result;
  for (char c : text)
    result += llvm::isPrint(c) && !StringRef("*\\?").contains(c) ? c : '_';
  return result;
}

static const char *elementTypeName(Type type) {
  switch (elementTypeCode(type)) {
  case BNN_F32:
    return "float";
  case BNN_F64:
    return "double";
  case BNN_F16:
    return "uint16_t (the bits of an f16)";
  case BNN_BF16:
    return "uint16_t (the bits of a bf16)";
  case BNN_I64:
    return "int64_t";
  case BNN_I32:
    return "int32_t";
  case BNN_I8:
    return "int8_t";
  case BNN_U8:
    return "uint8_t";
  default:
    return "one-byte boolean";
  }
}

static void writeTensors(const char *title, ArrayRef<ModelTensor> tensors,
                         raw_ostream &out) {
  out << " *\n * " << title << ":\n";
  for (auto [index, tensor] : llvm::enumerate(tensors)) {
    out << " *   " << index << "  " << commentText(tensor.name) << ": "
        << elementTypeName(tensor.elementType) << " [";
    llvm::interleaveComma(tensor.dims, out, [&](const ModelDim &dim) {
      if (dim.symbol.empty())
        out << dim.max;
      else
        out << commentText(dim.symbol);
    });
    out << "]\n";
  }
}

/// One macro a symbolic dimension; names that C cannot tell apart get a number.
static void writeMaxima(const ModelInterface &model, StringRef macro,
                        raw_ostream &out) {
  UniqueNames names;
  for (const ModelDim &dim : model.symbols) {
    std::string name = names.take(macroName(dim.symbol));
    out << "/* The largest size of the dimension " << commentText(dim.symbol)
        << ". */\n#define " << macro << "_MAX_" << name << ' ' << dim.max
        << '\n';
  }
}

void writeHeader(const ModelInterface &model, raw_ostream &out) {
  std::string macro = macroPrefix(model.prefix);
  const std::string &prefix = model.prefix;
  out << "/* " << prefix
      << ": a model compiled by bnn-opt. Generated; do not edit.\n";
  writeTensors("Inputs", model.inputs, out);
  writeTensors("Outputs", model.outputs, out);
  out << " *\n * Tensors are dense, row-major and aligned to their element.\n";
  if (!model.targetTriple.empty())
    out << " * Compiled for " << commentText(model.targetTriple) << ", CPU "
        << commentText(model.targetCPU) << ".\n";
  out << " */\n#ifndef BNN_MODEL_" << macro << "_H\n#define BNN_MODEL_" << macro
      << "_H\n\n"
      << typesText << "\n#if BNN_ABI_VERSION != " << BNN_ABI_VERSION
      << "\n#error \"this header and another one of bnn-mlir are of different "
         "versions\"\n#endif\n\n"
      << "#define " << macro << "_ABI_VERSION " << BNN_ABI_VERSION << '\n'
      << "#define " << macro << "_NUM_INPUTS " << model.inputs.size() << '\n'
      << "#define " << macro << "_NUM_OUTPUTS " << model.outputs.size() << '\n'
      << "/* Bytes. */\n#define " << macro << "_WORKSPACE_SIZE "
      << model.workspaceSize << '\n'
      << "#define " << macro << "_WORKSPACE_ALIGNMENT " << kBufferAlignment
      << '\n';
  writeMaxima(model, macro, out);
  out << R"(
#ifdef __cplusplus
extern "C" {
#endif

/* Runs the model and returns a bnn_status. inputs and outputs have one entry
 * for each of those above; outputs[i].data must have room for the shape that
 * the inputs lead to, and outputs[i].shape is filled in. workspace may hold
 * anything before the call. options may be NULL. When the status is not BNN_OK
 * the outputs' data means nothing. Calls may run at the same time if they share
 * neither outputs nor workspace. */
int32_t )"
      << prefix << R"(_run(const bnn_tensor *inputs, bnn_tensor *outputs,
    void *workspace, const bnn_options *options);

/* The bytes that workspace must have. */
size_t )"
      << prefix << R"(_workspace_size(void);

/* The constant descriptor; NULL when it needs an ABI newer than max_abi. Pass
 * BNN_ABI_VERSION. */
const bnn_model_info *)"
      << prefix << "_describe(uint32_t max_abi);\n";
  if (model.profileHookArgument)
    out << R"(
/* What the hook of a call's options is called for: a table, and in *count the
 * number of its entries. */
const bnn_profiled_op *)"
        << prefix << "_profile_ops(uint32_t *count);\n";
  out << R"(
#ifdef __cplusplus
}
#endif

#endif
)";
}

} // namespace mlir::bnn
