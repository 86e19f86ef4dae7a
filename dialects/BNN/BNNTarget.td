//===- BNNTarget.td - What kernels are shaped for -------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A target is what a CPU does in one instruction and the dots that are chosen
// for it. Dots.def has what the kinds of dots multiply, and what follows from
// that.
//
// Not DLTI's target specifications: those are lists of keys and values that no
// verifier knows, and what stands here has rules.
//
//===----------------------------------------------------------------------===//
#ifndef DIALECTS_BNN_BNNTARGET
#define DIALECTS_BNN_BNNTARGET

include "dialects/BNN/BNNBase.td"

def BNN_Instructions : I32BitEnumAttr<"Instructions",
    "what a CPU does in one instruction on vectors, beyond what all do", [
      I32BitEnumAttrCaseNone<"None", "none">,
      // Any function of three vectors, bit by bit.
      I32BitEnumAttrCaseBit<"TernaryLogic", 0, "ternary_logic">,
      // Floats times powers of two.
      I32BitEnumAttrCaseBit<"ScaleFloats", 1, "scale_floats">,
      // As many bytes, each looked up in a table of 16.
      I32BitEnumAttrCaseBit<"Shuffle32Bytes", 2, "shuffle_32_bytes">,
      I32BitEnumAttrCaseBit<"Shuffle64Bytes", 3, "shuffle_64_bytes">,
      // Sums of pairs of neighbouring integers, twice as wide.
      I32BitEnumAttrCaseBit<"AddPairs", 4, "add_pairs">,
      // To each lane of 32 bits, the sum of four products of bytes: of unsigned
      // ones by signed ones, 32 or 64 products at once, or of signed ones, 16.
      I32BitEnumAttrCaseBit<"Dot32Bytes", 5, "dot_32_bytes">,
      I32BitEnumAttrCaseBit<"Dot64Bytes", 6, "dot_64_bytes">,
      I32BitEnumAttrCaseBit<"DotSigned16Bytes", 7, "dot_signed_16_bytes">,
      // Sums of two products of 16 bits, 16 or 32 products at once, or of
      // unsigned bytes by signed ones, twice as many, in 16 bits.
      I32BitEnumAttrCaseBit<"Multiply16Pairs", 8, "multiply_16_pairs">,
      I32BitEnumAttrCaseBit<"Multiply32Pairs", 9, "multiply_32_pairs">,
      // Products of matrices of bytes, 16 rows by 16 outputs, four bytes of
      // each at 16 places, in registers that the system gives on request.
      I32BitEnumAttrCaseBit<"DotTiles", 10, "dot_tiles">,
      // A vector of integers shifted over the upper bits of another.
      I32BitEnumAttrCaseBit<"ShiftInsert", 11, "shift_insert">,
      // The larger or the smaller of two floats, and NaN where either is.
      I32BitEnumAttrCaseBit<"MaximumFloats", 12, "maximum_floats">,
      // To each of two by two lanes of 32 bits, the sum of eight products of
      // bytes: of two rows, unsigned or signed, by two outputs, signed.
      I32BitEnumAttrCaseBit<"DotSquares", 13, "dot_squares">]> {
  let genSpecializedAttr = 0;
  let cppNamespace = "::mlir::bnn";
}

def BNN_DotKind : I32EnumAttr<"DotKind", "a way to add up a product", [
    // !bnn.s1, or each plane of integers of a few bits, by !bnn.s1: i32, by
    // counting the bits in which words differ.
    I32EnumAttrCase<"XorCount", 0, "xor_count">,
    // !bnn.u1 by !bnn.s1: i32, by counting the bits that words have in common.
    I32EnumAttrCase<"AndCount", 1, "and_count">,
    // The bits of either, of many rows, by bytes looked up in a table; needs an
    // instruction that does.
    I32EnumAttrCase<"ByteTable", 2, "byte_table">,
    // f32 by !bnn.s1: f32, by additions and subtractions.
    I32EnumAttrCase<"SignedSum", 3, "signed_sum">,
    // f32 by f32: f32, by fused multiply-additions.
    I32EnumAttrCase<"Fma", 4, "fma">,
    // An xor_count of weights with running parities: by a bit select, the carry
    // of an adder is had of three parities.
    I32EnumAttrCase<"ParityChain", 5, "parity_chain">,
    // !bnn.u8 or !bnn.s8 by !bnn.s8: i32, four products at a time.
    I32EnumAttrCase<"DotBytes", 6, "dot_bytes">,
    // f32 by !bnn.s8: f32, by fused multiply-additions of the bytes as f32.
    I32EnumAttrCase<"FmaBytes", 7, "fma_bytes">,
    // The sums of dot_bytes, of 16 rows and more, by registers that are
    // matrices of bytes; needs an instruction that multiplies them.
    I32EnumAttrCase<"ByteTiles", 8, "byte_tiles">,
    // The sums of dot_bytes, of some rows and more, two rows by two outputs to
    // a register; needs an instruction that adds them up.
    I32EnumAttrCase<"ByteSquares", 9, "byte_squares">]> {
  let genSpecializedAttr = 0;
  let cppNamespace = "::mlir::bnn";
}

def BNN_DotAttr : AttrDef<BNN_Dialect, "Dot"> {
  let mnemonic = "dot";
  let summary = "A way to add up a product, with its register tile";
  let description = [{
    The register tile has `rows` rows of the input (planes of integers of a few
    bits are rows) by `panels` panels of 16 outputs. With `parity`, an
    `xor_count` reads words with parity (see `#bnn.rows`): without it the CPU
    has too few registers, or counts too cheaply, for a carry-save adder.
    `queries` is how many queries attention, whose scores are an `xor_count`,
    has in flight. `params` are of the dot's kernel alone, which refuses what it
    does not know: with `count_bytes` the CPU counts the bits of bytes faster
    than those of words, and products count in bytes as long as they can; with
    `mask_one_row` it has too few registers for the masks of zeros of more rows,
    and a tile with a zero goes one row after the other, and attention counts
    words and their masks in one; with `carry_save` it has no vectors, and
    products add up the words of one output at a time before they count bits.

    Rules:
    - [K1] A tile has 1 to 16 rows and 1 to 4 panels.
    - [K2] That of `byte_table` has 2 or 4 rows and 4 panels.
    - [K3] That of `signed_sum`, `fma` and `parity_chain`, which takes half a
      panel at a time, has 1 panel.
    - [K4] `parity` is for `xor_count`.
    - [K5] Attention has 1 to 4 queries in flight.
    - [K6] More than 1 are for `xor_count`.
    - [K7] The tile of `byte_tiles` has 16 rows and 2 panels.
    - [K8] That of `byte_squares` has 4 rows and 1 panel.

    Example: `#bnn.dot<xor_count, rows = 4, panels = 2, parity = true, queries = 2>`
  }];
  let parameters = (ins EnumParameter<BNN_DotKind>:$kind, "int64_t":$rows,
                        "int64_t":$panels,
                        DefaultValuedParameter<"bool", "false">:$parity,
                        DefaultValuedParameter<"int64_t", "1">:$queries,
                        OptionalParameter<"::mlir::DictionaryAttr">:$params);
  let assemblyFormat = [{
    `<` $kind `,` struct($rows, $panels, $parity, $queries, $params) `>`
  }];
  let extraClassDeclaration = [{
    /// Whether `params` has `name`.
    bool hasParam(::llvm::StringRef name) {
      return getParams() && getParams().contains(name);
    }
  }];
  let genVerifyDecl = 1;
}

def BNN_TargetAttr : AttrDef<BNN_Dialect, "Target"> {
  let mnemonic = "target";
  let summary = "What the kernels are shaped for";
  let description = [{
    The strategy that `lib/Target` chose for a CPU: its name, the dots that it
    chose, one of a kind, and what the CPU does in one instruction. A dot that
    is not listed has a tile of one row and one panel (`signed_sum` and `fma`
    that of their kernels), but for `byte_table`, `byte_tiles` and
    `byte_squares`, which are used where they are listed and the CPU has the
    instruction. Set on the
    module as `bnn.target`.

    Rules:
    - [G1] `dots` are `#bnn.dot`.
    - [G2] One of a kind.

    Example: `#bnn.target<strategy = "avx512-vpopcntdq",
    dots = [#bnn.dot<xor_count, rows = 4, panels = 2, parity = true>],
    instructions = "ternary_logic|scale_floats">`
  }];
  let parameters = (ins StringRefParameter<>:$strategy,
                        OptionalParameter<"::mlir::ArrayAttr">:$dots,
                        DefaultValuedParameter<"::mlir::bnn::Instructions",
                            "::mlir::bnn::Instructions::None">:$instructions);
  let assemblyFormat = "`<` struct(params) `>`";
  let extraClassDeclaration = [{
    /// The dot of a kind that the target lists, or null.
    ::mlir::bnn::DotAttr getListedDot(::mlir::bnn::DotKind kind);
    /// Whether the CPU does all of `which`.
    bool does(::mlir::bnn::Instructions which) {
      return bitEnumContainsAll(getInstructions(), which);
    }
  }];
  let genVerifyDecl = 1;
}

#endif
