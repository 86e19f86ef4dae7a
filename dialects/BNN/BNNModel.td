//===- BNNModel.td - What the passes tell each other of a model -----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attributes of the module, of its functions and of their arguments. Where each
// may stand is checked by the dialect: see BNNModel.cpp.
//
//===----------------------------------------------------------------------===//
#ifndef DIALECTS_BNN_BNNMODEL
#define DIALECTS_BNN_BNNMODEL

include "dialects/BNN/BNNBase.td"

/// Empty, and left out, by default.
class BNN_OptionalString<string desc> : StringRefParameter<desc, [{""}]>;

class BNN_ModelPart<string attrName, string mnemonic_>
    : AttrDef<BNN_Dialect, attrName> {
  let mnemonic = mnemonic_;
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Enums
//===----------------------------------------------------------------------===//

class BNN_ModelEnum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let genSpecializedAttr = 0;
  let cppNamespace = "::mlir::bnn";
}

def BNN_ArgumentKind : BNN_ModelEnum<
    "ArgumentKind", "What an argument of the entry function is", [
      I32EnumAttrCase<"Input", 0, "input">,
      I32EnumAttrCase<"Output", 1, "output">,
      I32EnumAttrCase<"Workspace", 2, "workspace">,
      I32EnumAttrCase<"ProfileHook", 3, "profile_hook">,
      I32EnumAttrCase<"ProfileContext", 4, "profile_context">]>;

def BNN_Phase : BNN_ModelEnum<
    "Phase", "A phase of a compilation, in order", [
      I32EnumAttrCase<"Import", 0, "import">,
      I32EnumAttrCase<"Fold", 1, "fold">,
      I32EnumAttrCase<"Raise", 2, "raise">,
      I32EnumAttrCase<"Fuse", 3, "fuse">,
      I32EnumAttrCase<"Pack", 4, "pack">,
      I32EnumAttrCase<"Bufferize", 5, "bufferize">,
      I32EnumAttrCase<"Tile", 6, "tile">,
      I32EnumAttrCase<"LLVM", 7, "llvm">]>;

def BNN_LayerKind : BNN_ModelEnum<
    "LayerKind", "What a layer of the ONNX graph computes", [
      I32EnumAttrCase<"Linear", 0, "linear">,
      I32EnumAttrCase<"Attention", 1, "attention">,
      I32EnumAttrCase<"Embedding", 2, "embedding">,
      I32EnumAttrCase<"Product", 3, "product">]>;

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

def BNN_ModelAttr : BNN_ModelPart<"Model", "model"> {
  let summary = "What the driver and the passes know of the whole model";
  let description = [{
    Set on the module as `bnn.model`. Every part may be left out.

    - `prefix`: what the model's C symbols begin with;
    - `triple` and `cpu`: what it is compiled for, as LLVM spells it;
    - `attributes`: the features that it has beside the CPU's, or has not, as
      LLVM spells them ("+a,-b");
    - `features`: what that CPU must have, `BNN_CPU_*` bits of `bnn/types.h`;
    - `max_dims`: the declared maximum of each symbolic dimension.

    Rules:
    - [MD1] The prefix is a C identifier: letters, digits and underscores, and
      no digit first.
    - [MD2] `max_dims` has positive numbers of type i64.

    Example: `#bnn.model<prefix = "bert", max_dims = {batch = 8, seq = 512}>`
  }];
  let parameters = (ins
    BNN_OptionalString<"What the symbols of the object begin with">:$prefix,
    BNN_OptionalString<"The target's triple">:$triple,
    BNN_OptionalString<"The target's CPU">:$cpu,
    BNN_OptionalString<"Features beside the CPU's">:$attributes,
    DefaultValuedParameter<"uint64_t", "0", "BNN_CPU_* bits">:$features,
    OptionalParameter<"::mlir::DictionaryAttr",
                      "Symbol to its largest size">:$max_dims);
  let assemblyFormat = "`<` struct(params) `>`";
  let extraClassDeclaration = [{
    /// The declared maximum of a dimension; nothing where there is none.
    std::optional<int64_t> getMaximum(::llvm::StringRef symbol) const;
    /// The same model with another prefix; null, and an error, where that is no
    /// C identifier.
    ModelAttr
    withPrefix(::llvm::function_ref<::mlir::InFlightDiagnostic()> emitError,
               ::llvm::StringRef prefix) const;
    /// The same model with other maxima, each positive.
    ModelAttr withMaxDims(::mlir::DictionaryAttr maxDims) const;
  }];
}

def BNN_ComputedDimAttr : BNN_ModelPart<"ComputedDim", "computed"> {
  let summary = "A dimension of an output that is no dimension of an input";
  let description = [{
    Stands among an output's dimensions where its size is computed, or not known
    before a run. `value` is for people: what the size is in terms of the
    inputs' dimensions, as far as that is known. Nothing is equal to it, since a
    name may be any text. `declared` is what the ONNX graph calls the dimension.

    Example: `#bnn.computed<value = "2*batch", declared = "rows">`
  }];
  let parameters = (ins
    StringRefParameter<"What it is, in words">:$value,
    BNN_OptionalString<"Its name in the ONNX graph">:$declared);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 0;
}

def BNN_ArgumentAttr : BNN_ModelPart<"Argument", "argument"> {
  let summary = "What an argument of the entry function is";
  let description = [{
    Set on the arguments of the model's function as `bnn.argument`. An input or
    output has the name that it has in the ONNX graph and its dimensions, each a
    number, the name of a symbolic dimension or, of an output, a
    `#bnn.computed`. A name says that two dimensions are equal. The workspace
    takes all buffers of a call; the hook and the context of a profile are
    pointers.

    Rules, of the attribute and of the argument that it stands on:
    - [AR1] Inputs and outputs have a name and dimensions, nothing else has them.
    - [AR2] A dimension is a name, a number of type i64 or, of an output,
      computed.
    - [AR3] Inputs and outputs are memrefs of identity layout.
    - [AR4] There are as many dimensions as the type has.
    - [AR5] A number is that of the type.
    - [AR6] What is no number stands where the type has none.
    - [AR7] The workspace is a `memref<?xi8>`.
    - [AR8] A hook or a context is a pointer.

    Example: `%ids: memref<?x4xi64> {bnn.argument = #bnn.argument<input, "ids",
    ["batch", 4]>}, %ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}`
  }];
  let parameters = (ins
    EnumParameter<BNN_ArgumentKind>:$kind,
    BNN_OptionalString<"The name in the ONNX graph">:$name,
    OptionalParameter<"::mlir::ArrayAttr",
                      "The dimensions: names, numbers, computed ones">:$dims);
  let assemblyFormat = "`<` $kind (`,` $name^ `,` $dims)? `>`";
  let builders = [
    AttrBuilder<(ins "ArgumentKind":$kind), [{
      return $_get($_ctxt, kind, "", ::mlir::ArrayAttr());
    }]>];
  let extraClassDeclaration = [{
    bool isInput() const { return getKind() == ArgumentKind::Input; }
    bool isOutput() const { return getKind() == ArgumentKind::Output; }
    bool isWorkspace() const { return getKind() == ArgumentKind::Workspace; }
    /// Whether the type of the argument that it stands on is as it says.
    ::llvm::LogicalResult
    verifyType(::llvm::function_ref<::mlir::InFlightDiagnostic()> emitError,
               ::mlir::Type type) const;
  }];
}

def BNN_PhaseAttr : BNN_ModelPart<"Phase", "phase"> {
  let summary = "The phase that a module has behind it";
  let description = [{
    Set on the module as `bnn.phase`, so that a compilation goes on where another
    one stopped. `reference` says that it is the reference lowering that the
    module is on its way to.

    Example: `#bnn.phase<done = pack>`
  }];
  let parameters = (ins
    EnumParameter<BNN_Phase>:$done,
    DefaultValuedParameter<"bool", "false", "Plain loops">:$reference);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 0;
}

def BNN_EntryAttr : BNN_ModelPart<"Entry", "entry"> {
  let summary = "The entry function as it was before its types were lowered";
  let description = [{
    Set on the module as `bnn.entry` with the model's C interface, because the
    LLVM dialect has no more of the function than pointers and sizes.

    Rules:
    - [EN1] there is a `#bnn.argument` for each argument of the type, which it
      fits;
    - [EN2] the workspace's size, in bytes, is not negative.

    Example: `#bnn.entry<type = (memref<?xi8>) -> i32,
    arguments = [#bnn.argument<workspace>], workspace_size = 64>`
  }];
  let parameters = (ins
    "::mlir::FunctionType":$type,
    "::mlir::ArrayAttr":$arguments,
    "int64_t":$workspace_size);
  let assemblyFormat = "`<` struct(params) `>`";
}

def BNN_CountAttr : BNN_ModelPart<"Count", "count"> {
  let summary = "A count that may depend on symbolic dimensions";
  let description = [{
    A sum of products, each a coefficient and the names of its symbols. The
    empty sum is 0.

    Rules:
    - [CT1] Each product is an array of a number of type i64 and names.

    Example: `#bnn.count<[[6, "batch", "seq"], [4]]>` is 6 batch seq + 4.
  }];
  let parameters = (ins "::mlir::ArrayAttr":$products);
  let assemblyFormat = "`<` $products `>`";
  let extraClassDeclaration = [{
    /// The value at the largest sizes; nothing where a symbol has no maximum,
    /// or the value exceeds 64 bits.
    std::optional<int64_t> evaluate(ModelAttr model) const;
  }];
}

def BNN_NoiseAttr : BNN_ModelPart<"Noise", "noise"> {
  let summary = "What 8 bits make of a matrix of weights";
  let description = [{
    Of a layer's weights alone:

    - `kurtosis`, E[((w - mean) / deviation)^4] of all of them: 1.8 if they are
      uniform, 3 if normal (KURE, arXiv 2002.07686; ERNIE, arXiv 2106.13035); and
      `row_kurtosis`, the median of those of the outputs, or of the rows of a
      table;
    - `peak`, the greatest magnitude over the root of the mean square;
    - `per_tensor` and `per_channel`, in dB: mean square over mean squared error
      of symmetric rounding to -127 .. 127, with one scale or one for each
      output. Of many weights that are in no such steps yet the first is 52.9 -
      20 log10(peak), to 0.2 dB: what is rounded off is uniform;
    - `histogram`, how many weights lie in each of as many equal parts of the
      range from the negative peak to the peak.

    Rules:
    - [NS1] The numbers are finite and f64.
    - [NS2] Parts of the histogram have no negative counts.

    Example: `#bnn.noise<kurtosis = 3.0, row_kurtosis = 3.0, peak = 5.0,
    per_tensor = 38.9, per_channel = 42.3, histogram = [1, 6, 6, 1]>`
  }];
  let parameters = (ins
    "::mlir::FloatAttr":$kurtosis, "::mlir::FloatAttr":$row_kurtosis,
    "::mlir::FloatAttr":$peak, "::mlir::FloatAttr":$per_tensor,
    "::mlir::FloatAttr":$per_channel,
    "::mlir::DenseI64ArrayAttr":$histogram);
  let assemblyFormat = "`<` struct(params) `>`";
}

def BNN_LayerAttr : BNN_ModelPart<"Layer", "layer"> {
  let summary = "What became of a layer, and why";
  let description = [{
    One linear layer, attention, embedding or other product of the ONNX graph.
    Functions list theirs as `bnn.layers`, in the order of the graph.

    - `op` is the operator of the node that `loc` names; attention's softmax, or
      where it has none its product with the values;
    - `sizes` are a linear layer's inputs and outputs, as those of a product of
      two activations, attention's heads and elements of a head, the rows and
      columns of an embedding's table;
    - `weights` and `activations` are what the products are computed on: f32, or
      a type of the dialect. Of attention they are the query and the key, which
      probabilities and values resemble; both are the elements of an embedding's
      table;
    - `rows` counts a linear layer's or a product's rows of input, or
      attention's tokens;
    - `macs` counts the multiply-accumulates of those types, and `other_macs`
      those that are f32 in any case, as the low-rank terms of attention. A count
      that is not known is left out;
    - `reason` says why the layer is not binary;
    - `noise` is what 8 bits make of the weights, where they are f32 or that
      already.

    A layer is binary if both sides have 1, 2 or 4 bits, which is what kernels
    compute plane by plane. An integer of 8 bits is not that.

    Rules:
    - [LR1] There are two sizes, not negative.
    - [LR2] Weights and activations are f32 or of a type of the dialect.
    - [LR3] A layer that is not binary has a reason.

    Example: `#bnn.layer<kind = linear, op = "MatMul", loc = loc("dense"),
    sizes = [768, 3072], weights = !bnn.s1, activations = !bnn.u4>`
  }];
  let parameters = (ins
    EnumParameter<BNN_LayerKind>:$kind,
    StringRefParameter<"The node's operator">:$op,
    "::mlir::LocationAttr":$loc,
    "::mlir::DenseI64ArrayAttr":$sizes,
    "::mlir::Type":$weights, "::mlir::Type":$activations,
    BNN_OptionalString<"Why not binary">:$reason,
    OptionalParameter<"::mlir::bnn::CountAttr">:$rows,
    OptionalParameter<"::mlir::bnn::CountAttr">:$macs,
    OptionalParameter<"::mlir::bnn::CountAttr">:$other_macs,
    OptionalParameter<"::mlir::bnn::NoiseAttr">:$noise);
  let assemblyFormat = "`<` struct(params) `>`";
  let extraClassDeclaration = [{
    /// How few bits the two sides have.
    enum class Precision {
      OneBit,   ///< One on each side.
      FewBits,  ///< 1, 2 or 4 on each side: computed plane by plane.
      Mixed,    ///< So few on one side only.
      ManyBits, ///< More on both sides, but f32 on none.
      Float,    ///< f32 on one side at least, and not few bits on the other.
    };
    Precision getPrecision() const;
    static bool isBinary(Precision precision) {
      return precision == Precision::OneBit || precision == Precision::FewBits;
    }
    bool isBinary() const { return isBinary(getPrecision()); }
    bool isMixed() const { return getPrecision() == Precision::Mixed; }
    bool isFloat() const { return getPrecision() == Precision::Float; }
    /// Weights x activations in bits: "1x4", "1xf32"; "float" if both are f32.
    std::string getSummary() const;
    /// The name of its node, or "".
    ::llvm::StringRef getName() const;
  }];
}

def BNN_BufferAttr : BNN_ModelPart<"Buffer", "buffer"> {
  let summary = "A buffer's place in the workspace, and its life";
  let description = [{
    Functions list theirs as `bnn.workspace_buffers`. A buffer has the name of
    the node that first writes it, or "". `bytes` and `offset` are its place;
    `first` and `last` are the positions in the function of the first and the
    last operation that touch it (0 and -1 where none does).

    Rules:
    - [BF1] `bytes`, `offset` and `first` are not negative, and `last` is at
      least -1.

    Example: `#bnn.buffer<name = "dense", bytes = 64, offset = 128, first = 2,
    last = 3>`
  }];
  let parameters = (ins
    BNN_OptionalString<"The node's name">:$name,
    "int64_t":$bytes, "int64_t":$offset, "int64_t":$first, "int64_t":$last);
  let assemblyFormat = "`<` struct(params) `>`";
}

def BNN_ProfiledAttr : BNN_ModelPart<"Profiled", "profiled"> {
  let summary = "An operation that the hook of a profile is called for";
  let description = [{
    The module of an instrumented model lists them as `bnn.profiled_ops`: entry i
    is the operation of number i. `kind` is what its kernels are called, `name`
    that of the node in the ONNX graph, or "". `limit` is how many binary
    multiply-accumulates a cycle the CPU's ports allow, or 0 where that is not
    known.

    Rules:
    - [PF1] The limit is an f64, finite and not negative.

    Example: `#bnn.profiled<kind = "matmul", name = "/query", limit = 409.5>`
  }];
  let parameters = (ins
    StringRefParameter<"What its kernels are called">:$kind,
    BNN_OptionalString<"The node's name">:$name,
    "::mlir::FloatAttr":$limit);
  let assemblyFormat = "`<` struct(params) `>`";
}

#endif
