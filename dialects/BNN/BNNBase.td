//===- BNNBase.td - The bnn dialect, its types and layouts ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DIALECTS_BNN_BNNBASE
#define DIALECTS_BNN_BNNBASE

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinTypeInterfaces.td"
include "mlir/IR/DialectBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/TensorEncoding.td"

def BNN_Dialect : Dialect {
  let name = "bnn";
  let cppNamespace = "::mlir::bnn";
  let summary = "Arithmetic on tensors whose elements are one or a few bits";
  let description = [{
    The binary part of a binary transformer: sign, popcount products, low-rank
    estimators of the binarisation residual, attention over bits. Types say what
    a bit means (`!bnn.s1` is {-1, +1}, `!bnn.u1` is {0, 1}); a packed layout is
    an encoding on the tensor type (`#bnn.rows`, `#bnn.panels`) and becomes the
    memory space of the buffer. All other arithmetic is upstream's.

    What the passes tell each other of a model is in attributes of the module, of
    its functions and of their arguments; each has a type, and a place:

    | attribute | on | is |
    | --- | --- | --- |
    | `bnn.target` | the module | a `#bnn.target` |
    | `bnn.model` | the module | a `#bnn.model` |
    | `bnn.port_limits` | the module | kernels to binary multiply-accumulates a cycle, positive f64s |
    | `bnn.profiled_ops` | the module | an array of `#bnn.profiled` |
    | `bnn.layers` | a function | an array of `#bnn.layer` |
    | `bnn.workspace_size` | a function | bytes, an i64 that is not negative |
    | `bnn.workspace_buffers` | a function | an array of `#bnn.buffer` |
    | `bnn.argument` | an argument | an `#bnn.argument` |
    | `bnn.not_positive` | a `math.exp` | a unit: its argument is never above 0, or nobody reads the result |

    Rules:
    - [DI1] Operations have no other attributes of the dialect.
    - [DI2] Each stands where the table says.
    - [DI3] It is what the table says.
    - [DI4] Arguments have `bnn.argument` only.
    - [DI5] That is an `#bnn.argument`.
    - [DI6] Results have none.

    Every op is in destination-passing style and accepts tensors or buffers.
    `--bnn-lower-reference` is the meaning of the dialect: every other lowering
    equals it bit for bit.
  }];
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect"];
  let hasConstantMaterializer = 1;
  let hasCanonicalizer = 1;
  let discardableAttrs = (ins
    "::mlir::bnn::TargetAttr":$target,
    "::mlir::bnn::ModelAttr":$model,
    "::mlir::bnn::PhaseAttr":$phase,
    "::mlir::bnn::EntryAttr":$entry,
    "::mlir::DictionaryAttr":$port_limits,
    "::mlir::ArrayAttr":$profiled_ops,
    "::mlir::ArrayAttr":$layers,
    "::mlir::IntegerAttr":$workspace_size,
    "::mlir::ArrayAttr":$workspace_buffers,
    "::mlir::bnn::ArgumentAttr":$argument,
    "::mlir::UnitAttr":$not_positive);
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let extraClassDeclaration = [{
    // Types print as `s1`, `u1`, `s4`, ...: letters and width in one keyword.
    ::mlir::Type parseType(::mlir::DialectAsmParser &parser) const override;
    void printType(::mlir::Type type,
                   ::mlir::DialectAsmPrinter &printer) const override;
  }];
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

def BNN_BitsType : TypeDef<BNN_Dialect, "Bits", [MemRefElementTypeInterface]> {
  let typeName = "bnn.bits";
  let summary = "An element of one or a few bits";
  let description = [{
    `!bnn.s1` is one of {-1, +1}, stored as a bit that is 1 for +1. `!bnn.u1` is
    one of {0, 1}. `!bnn.sN` and `!bnn.uN` (N in 2, 4, 8) are two's complement
    and unsigned integers of N bits. Those of 2 and 4 are stored as N planes of
    one bit, those of 8 as bytes, and the weights of a product of bytes in
    panels.

    Rules:
    - [T1] N is 1, 2, 4 or 8.
    - [T2] The name is `s` or `u` and N.

    Example: `tensor<?x768x!bnn.s1>`
  }];
  let parameters = (ins "bool":$isSigned, "unsigned":$width);
  let extraClassDeclaration = [{
    /// The least and the greatest number that an element stands for.
    int64_t getLeast() const;
    int64_t getMost() const;
    /// Whether an element is stored as a byte, and not in a layout.
    bool isByte() const { return getWidth() == 8; }
  }];
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

class BNN_Layout<string attrName, string mnemonic_>
    : AttrDef<BNN_Dialect, attrName,
              [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let mnemonic = mnemonic_;
  let genVerifyDecl = 1;
  let assemblyFormat = "`<` struct(params) `>`";
}

def BNN_RowsAttr : BNN_Layout<"Rows", "rows"> {
  let summary = "Bits packed along each row";
  let description = [{
    Element k of the last dimension is bit `k % word` (counted from the least
    significant) of word `k / word` of its row. With `group = g` the row is cut
    into groups of g elements and each group starts a new word: an attention
    head's bits never share a word with its neighbour's. Unused bits are 0.
    With `parity` every other word of a row, from the first on, is stored as the
    exclusive or of all words up to it: w0, w1, w0 ^ w1 ^ w2, w3, w0 ^ ... ^ w4,
    ... Such a word is the sum of a carry-save adder whose inputs are the one
    before it and two words, so that the adder has its carry to compute only.

    Elements of N bits take N such rows, one after the other: plane p holds bit
    p of each element. The parity starts anew in each plane.

    Rules:
    - [R1] A word has 32 bits.
    - [R2] A group has at least one element.
    - [R3] The elements have 1, 2 or 4 bits.
    - [R4] The last dimension is static.
    - [R5] Groups divide it.
    - [R6] It is below 2^31.

    Example: `tensor<?x768x!bnn.s1, #bnn.rows<word = 32, group = 768>>` is
    stored as `?x24xi32`, and with `!bnn.s4` as `?x96xi32`.
  }];
  let parameters = (ins "int64_t":$word, "int64_t":$group,
                        DefaultValuedParameter<"bool", "false">:$parity);
}

def BNN_PanelsAttr : BNN_Layout<"Panels", "panels"> {
  let summary = "A weight matrix, packed for a vector of outputs";
  let description = [{
    A matrix of N outputs by K inputs, stored as [N / lanes][words][lanes]: word
    w of `lanes` neighbouring outputs lies in one vector. The words of an output
    are those of `#bnn.rows<word, group, parity>` along K. Outputs are cut into
    groups of `out_group`, each padded with zero rows to a multiple of 32, so
    that the product's own bits come out in `#bnn.rows<word, out_group>`.

    With `running` every word of an output is stored as the exclusive or of all
    words up to it, and word w, where w is 1 modulo 4, as the complement of that.
    Of words of an input that are such parities, without the complement, and of
    these, the exclusive or s is the sum of a chain of carry-save adders: that of
    words w and w + 1 has the carry `s[w] ? ~s[w + 1] : s[w - 1]`. Where w is a
    multiple of 4 the complement is there already, and elsewhere the select has
    the complement of the carry.

    Elements of 8 bits take a byte of a word each, the first the least
    significant: a word of each output is what a sum of four products takes.
    They are `small` where the absolute values of the first two of a word are at
    most 128 together, and those of the last two: products of such a pair by any
    unsigned bytes add up to a number of 16 bits. That is looked at in the
    weights themselves, for targets that make use of it.

    Rules (and those of `#bnn.rows` along K):
    - [P1] A panel has 16 outputs.
    - [P2] Both groups have at least one element.
    - [P3] The matrix has two dimensions and its outputs are static.
    - [P4] Groups of outputs divide them.
    - [P5] The elements have one bit or eight.
    - [P6] Words have `parity` or are `running`, not both.
    - [P7] There are fewer than 2^31 outputs.
    - [P8] Words of bytes have no parity, and are in one group along K.
    - [P9] Only bytes are `small`.

    Example: `tensor<3072x768x!bnn.s1, #bnn.panels<lanes = 16, word = 32,
    group = 768, out_group = 3072>>` is stored as `192x24x16xi32`.
  }];
  let parameters = (ins "int64_t":$lanes, "int64_t":$word, "int64_t":$group,
                        "int64_t":$out_group,
                        DefaultValuedParameter<"bool", "false">:$parity,
                        DefaultValuedParameter<"bool", "false">:$running,
                        DefaultValuedParameter<"bool", "false">:$small);
}

//===----------------------------------------------------------------------===//
// Enums
//===----------------------------------------------------------------------===//

def BNN_ReduceKind : I32EnumAttr<"ReduceKind", "What a reduction computes", [
    I32EnumAttrCase<"Add", 0, "add">,
    I32EnumAttrCase<"Max", 1, "max">,
    I32EnumAttrCase<"Min", 2, "min">]> {
  let genSpecializedAttr = 0;
  let cppNamespace = "::mlir::bnn";
}
def BNN_ReduceKindAttr : EnumAttr<BNN_Dialect, BNN_ReduceKind, "reduce_kind">;

def BNN_ZeroPolicy : I32EnumAttr<"ZeroPolicy", "What the sign of 0 is", [
    I32EnumAttrCase<"Zero", 0, "zero">,
    I32EnumAttrCase<"Positive", 1, "positive">,
    I32EnumAttrCase<"Negative", 2, "negative">]> {
  let genSpecializedAttr = 0;
  let cppNamespace = "::mlir::bnn";
}
def BNN_ZeroPolicyAttr : EnumAttr<BNN_Dialect, BNN_ZeroPolicy, "zero_policy">;

def BNN_MaskKind : I32EnumAttr<"MaskKind", "What a mask does to scores", [
    I32EnumAttrCase<"Add", 0, "add">,
    I32EnumAttrCase<"Fill", 1, "fill">,
    I32EnumAttrCase<"Multiply", 2, "multiply">,
    I32EnumAttrCase<"Max", 3, "max">,
    I32EnumAttrCase<"Min", 4, "min">]> {
  let genSpecializedAttr = 0;
  let cppNamespace = "::mlir::bnn";
}
def BNN_MaskKindAttr : EnumAttr<BNN_Dialect, BNN_MaskKind, "mask_kind"> {
  let assemblyFormat = "`<` $value `>`";
}
def BNN_MaskKinds : TypedArrayAttrBase<BNN_MaskKindAttr,
                                       "array of kinds of masks">;

#endif
