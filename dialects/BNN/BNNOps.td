//===- BNNOps.td - The operations of the bnn dialect ----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DIALECTS_BNN_BNNOPS
#define DIALECTS_BNN_BNNOPS

include "dialects/BNN/BNNBase.td"
include "dialects/BNN/BNNInterfaces.td"
include "dialects/BNN/BNNModel.td"
include "dialects/BNN/BNNTarget.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

// A tensor, or after bufferisation a buffer.
class BNN_Shaped<list<Type> elements, string what>
    : AnyTypeOf<[TensorOf<elements>, MemRefOf<elements>], what>;
def BNN_Bits : BNN_Shaped<[BNN_BitsType], "tensor or buffer of bits">;
def BNN_F32 : BNN_Shaped<[F32], "tensor or buffer of f32">;
def BNN_Numbers : BNN_Shaped<[F32, BNN_BitsType], "tensor or buffer of f32 or bits">;
def BNN_Ids : BNN_Shaped<[I32, I64], "tensor or buffer of i32 or i64">;
def BNN_Out : BNN_Shaped<[F32, I32, BNN_BitsType], "tensor or buffer of f32, i32 or bits">;
def BNN_I32 : BNN_Shaped<[I32], "tensor or buffer of i32">;
def BNN_Param : AnyTypeOf<[F32, I32, BNN_Shaped<[F32, I32], "tensor or buffer of f32 or i32">]>;

class BNN_Op<string mnemonic, list<Trait> traits = []>
    : Op<BNN_Dialect, mnemonic, traits>;

// Reads its inputs and writes its outputs, tensors or buffers. What passes do
// with it follows from the interfaces: an op lists the methods that it does not
// leave as they are.
class BNN_DestinationOp<string mnemonic, list<Trait> traits = [],
                        list<string> kernelMethods = [],
                        list<string> layoutMethods = []>
    : BNN_Op<mnemonic, traits # [
        DestinationStyleOpInterface,
        DeclareOpInterfaceMethods<BNN_KernelOpInterface, kernelMethods>,
        DeclareOpInterfaceMethods<BNN_LayoutOpInterface, layoutMethods>,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let hasVerifier = 1;
  code destinationDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getOutsMutable();
    }
  }];
  let extraClassDeclaration = destinationDeclaration;
  let extraClassDefinition = [{
    void $cppClass::getEffects(
        ::llvm::SmallVectorImpl<::mlir::SideEffects::EffectInstance<
            ::mlir::MemoryEffects::Effect>> &effects) {
      ::mlir::bnn::detail::getDestinationEffects(*this, effects);
    }
  }];
}

// Ends in an epilogue, which is verified with the op's regions.
class BNN_EpilogueOp<string mnemonic, list<string> epilogueMethods,
                     list<string> kernelMethods = [],
                     list<string> layoutMethods = []>
    : BNN_DestinationOp<mnemonic, [
        AttrSizedOperandSegments,
        DeclareOpInterfaceMethods<BNN_EpilogueOpInterface, epilogueMethods>],
        kernelMethods, layoutMethods>;

def ConstantOp : BNN_Op<"constant", [Pure, ConstantLike]> {
  let summary = "A constant matrix of bits or bytes";
  let description = [{
    The value is `bits`, one `i1` an element (`true` is +1, or 1), or one `i8` if
    elements have 8 bits. Once the type has a layout, `bits` holds the packed
    words in the layout's storage shape.

    Rules:
    - [C1] The shape is static.
    - [C2] The elements have one bit or eight.
    - [C3] `bits` are i1, or i8, in the shape of the type or, where that has a
      layout, i32 in the storage shape.

    Example:
    ```mlir
    %w = bnn.constant dense<[[true, false]]> : tensor<1x2xi1> -> tensor<1x2x!bnn.s1>
    ```
  }];
  let arguments = (ins ElementsAttr:$bits);
  let results = (outs BNN_Bits:$result);
  let assemblyFormat = "$bits attr-dict `->` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def BinarizeOp : BNN_DestinationOp<"binarize", [
    AttrSizedOperandSegments, DeclareOpInterfaceMethods<BNN_EncoderOpInterface>]> {
  let summary = "The sign of a shifted f32 tensor, as bits";
  let description = [{
    With v = input + shift (one f32 addition; `shift` has one value per element
    of the last dimension, and without it v = input): the first output is +1
    where v > 0 and -1 where v < 0. `zero` says what it is where v is 0:

    - `zero`, which is left out: ONNX's Sign. The second output, if there is one,
      is 1 where v is neither above nor below 0, and the bit is -1 there; an op
      that reads the bits and the mask together computes with 0. Without the
      mask the producer has shown that no such v occurs (BiPFT, arXiv
      2312.08937, section 3.1).
    - `positive` or `negative`: +1 or -1, as most binary networks have it
      (Courbariaux et al., arXiv 1602.02830, section 1.1). No bit is 0, and
      nobody needs a mask.

    A v that is NaN gives -1, or +1 with `nan_positive`; under ONNX's Sign it is
    in the mask.

    With a `threshold` the one output is unsigned: 1 where v > threshold and 0
    elsewhere, but 1 where v is NaN with `nan_positive`. With half the scale as
    the threshold that is the two-set binarisation clip(round(v / alpha), 0, 1)
    (BiT, arXiv 2205.13016, section 3.1).

    Rules:
    - [B1] 1 or 2 outputs, the second a mask of zeros.
    - [B2] The input has a last dimension.
    - [B3] The first output has elements of `!bnn.s1`, and with a threshold `!bnn.u1`.
    - [B4] With a threshold there is no second output.
    - [B5] The threshold is not NaN.
    - [B6] The outputs have the shape of the input.
    - [B7] The shift has one value per element of the last dimension.
    - [B8] A sign of 0 that is +1 or -1 comes without a mask of zeros.
    - [B9] It comes without a threshold, which 0 has nothing to do with.
    - [B10] `nan_positive` is beside such a sign, or a threshold.

    Example:
    ```mlir
    %b, %z = bnn.binarize %x shift(%s : tensor<768xf32>)
        outs(%0, %1 : tensor<4x768x!bnn.s1>, tensor<4x768x!bnn.u1>)
        : tensor<4x768xf32> -> tensor<4x768x!bnn.s1>, tensor<4x768x!bnn.u1>
    %p = bnn.binarize %x zero positive outs(%0 : tensor<4x768x!bnn.s1>)
        : tensor<4x768xf32> -> tensor<4x768x!bnn.s1>
    ```
  }];
  let arguments = (ins BNN_F32:$input, Optional<BNN_F32>:$shift,
                       Variadic<BNN_Bits>:$outs,
                       OptionalAttr<F32Attr>:$threshold,
                       DefaultValuedAttr<BNN_ZeroPolicyAttr,
                                         "::mlir::bnn::ZeroPolicy::Zero">:$zero,
                       UnitAttr:$nan_positive);
  let assemblyFormat = [{
    $input (`shift` `(` $shift^ `:` type($shift) `)`)?
    (`threshold` `(` $threshold^ `)`)? (`zero` $zero^)?
    (`nan_positive` $nan_positive^)?
    `outs` `(` $outs `:` type($outs) `)` attr-dict
    `:` type($input) (`->` type($results)^)?
  }];
  let extraClassDeclaration = destinationDeclaration # [{
    /// What the shifted input is compared with: the threshold, or 0.
    float getLevel() {
      return getThreshold() ? getThreshold()->convertToFloat() : 0.0f;
    }
    /// How the shifted input and the level compare where the bit is +1, or 1.
    ::mlir::arith::CmpFPredicate getPredicate();
  }];
}

def QuantizeOp : BNN_DestinationOp<"quantize", [
    AttrSizedOperandSegments, DeclareOpInterfaceMethods<BNN_EncoderOpInterface>]> {
  let summary = "A shifted f32 tensor, rounded to integers of a few bits";
  let description = [{
    With v = input + shift - minimum (f32 operations, in this order; `shift` has
    one value per element of the last dimension; what is absent is left out):
    out = round(v / step), half to even, brought into the range of the element
    type (two's complement `!bnn.s2` or `!bnn.s4`, unsigned `!bnn.u2` or
    `!bnn.u4`). NaN gives 0. The real number that an element q stands for is
    q * step + minimum; whoever reads the planes accounts for both. The division
    is correctly rounded: a product with 1 / step is not this function.

    To integers of 8 bits, `!bnn.u8` or `!bnn.s8`, out = round(v / step) +
    zero_point (0 without one), the sum an exact integer, brought into the range
    of the element type, as the zero point is before; NaN gives the least of
    them. That is ONNX's QuantizeLinear as ONNX Runtime computes it; q stands
    for (q - zero_point) * step. Step and zero point may be those of a tensor's
    own range, computed at run time (DynamicQuantizeLinear).

    These are the k-bit elastic quantisers of BiT (arXiv 2205.13016, section
    3.2): clip(round(x / a), -2^(k-1), 2^(k-1) - 1) and clip(round((x - b) / a),
    0, 2^k - 1).

    Rules:
    - [Q1] 1 output.
    - [Q2] The input has a last dimension.
    - [Q3] The output has elements of 2, 4 or 8 bits.
    - [Q4] Signed integers, and those of 8 bits, have no minimum.
    - [Q5] The output has the shape of the input.
    - [Q6] The shift has one value per element of the last dimension.
    - [Q7] A zero point is for elements of 8 bits.

    Example:
    ```mlir
    %q = bnn.quantize %x shift(%s : tensor<768xf32>) step(%step) minimum(%low)
        outs(%0 : tensor<4x768x!bnn.u2>) : tensor<4x768xf32> -> tensor<4x768x!bnn.u2>
    %b = bnn.quantize %x step(%step) zero_point(%zero)
        outs(%1 : tensor<4x768x!bnn.u8>) : tensor<4x768xf32> -> tensor<4x768x!bnn.u8>
    ```
  }];
  let arguments = (ins BNN_F32:$input, Optional<BNN_F32>:$shift, F32:$step,
                       Optional<F32>:$minimum, Optional<I32>:$zero_point,
                       Variadic<BNN_Bits>:$outs);
  let assemblyFormat = [{
    $input (`shift` `(` $shift^ `:` type($shift) `)`)?
    `step` `(` $step `)` (`minimum` `(` $minimum^ `)`)?
    (`zero_point` `(` $zero_point^ `)`)?
    `outs` `(` $outs `:` type($outs) `)` attr-dict
    `:` type($input) (`->` type($results)^)?
  }];
}

def MatmulOp : BNN_EpilogueOp<"matmul",
    /*epilogueMethods=*/["getAccumulatorRange"],
    /*kernelMethods=*/["getMultiplyAccumulates", "getKernelName",
                       "getMaskedBits", "getOperandsReadInPlace"],
    /*layoutMethods=*/["getOperandLayout"]> {
  let summary = "A matrix product with an epilogue";
  let description = [{
    acc[.., n] = sum over k of input[.., k] * weight[n, k]. The elements say how
    it adds up:

    - bits, or integers of 2 or 4 bits, by bits {-1, +1}: an exact i32. The
      planes of integers are multiplied one by one (BiT, arXiv 2205.13016,
      section 3.2). input[.., k] is taken as 0 if `zeros`[.., k] is 1. Of the
      outputs n whose block n / 16 is the i-th that `corrected` lists, acc has
      `correction`[.., 16 * i + n % 16] added: weights that are 0 in a few
      outputs are bits in a second product of those outputs alone.
    - integers of 8 bits, by `!bnn.s8`: an exact i32. What zero points and scales
      make of it is the epilogue's.
    - f32 by bits {-1, +1}: an f32, which adds or subtracts one input after the
      other, in the order of k from +0.0 (W1A32 of BiPFT, arXiv 2312.08937,
      section 4.3).
    - f32 by f32: an f32, by fma in the order of k from +0.0. The weight is
      [K, N], so that neighbouring outputs lie side by side: weight[n, k] above
      is its element [k, n]. Layers whose weights are real; what LoRA adds
      beside a layer; the rank-r estimators of the binarisation residual, all in
      one pass over the input (BiPFT, section 3.2).
    - f32 by `!bnn.s8`: the same of the bytes as f32, [K, N] too; their scale is
      the epilogue's. Layers whose weights alone are quantised.

    The epilogue maps acc and one element of each parameter to an element of
    each output. A parameter is a scalar, one value per output n (rank 1), or
    has the output's shape. Outputs are f32, i32, or bits (the epilogue yields
    an `i1`, 1 for +1); a second output is the mask of exact zeros of the first,
    as in `bnn.binarize`. For an output of integers of N bits the epilogue
    yields an i32, whose low N bits are the element.

    Rules:
    - [M1] 1 or 2 outputs, the second a mask of zeros.
    - [M2] The input has rows, the weight is a matrix.
    - [M3] Elements of the input and of the weight are among the above.
    - [M4] Rows of both have as many elements.
    - [M5] An output has a row of outputs for each row of the input.
    - [M6] A row's sum of integers fits 32 bits, whatever they are: 2^31 - 1
      elements of 1 bit, 143,165,576 of `!bnn.u4`, 65,793 of `!bnn.u8`; half as
      many beside a correction.
    - [M7] A correction and its blocks come together, and beside integers.
    - [M8] There are blocks, they ascend, and each has an output.
    - [M9] The correction has 16 numbers for each block, for each row of the
      input.

    Example:
    ```mlir
    %y = bnn.matmul %x, %w params(%scale, %bias : f32, tensor<3072xf32>)
        outs(%0 : tensor<4x3072xf32>)
        : tensor<4x768x!bnn.s1>, tensor<3072x768x!bnn.s1> -> tensor<4x3072xf32> {
    ^bb0(%acc: i32, %s: f32, %b: f32):
      %f = arith.sitofp %acc : i32 to f32
      %r = math.fma %f, %s, %b : f32
      bnn.yield %r : f32
    }
    ```
  }];
  let arguments = (ins BNN_Numbers:$input, BNN_Numbers:$weight,
                       Optional<BNN_Bits>:$zeros,
                       Optional<BNN_I32>:$correction,
                       OptionalAttr<DenseI64ArrayAttr>:$corrected,
                       Variadic<BNN_Param>:$params, Variadic<BNN_Out>:$outs);
  let regions = (region SizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    $input `,` $weight (`zeros` `(` $zeros^ `:` type($zeros) `)`)?
    (`correction` `(` $correction^ `of` $corrected `:` type($correction) `)`)?
    (`params` `(` $params^ `:` type($params) `)`)?
    `outs` `(` $outs `:` type($outs) `)` attr-dict
    `:` type($input) `,` type($weight) (`->` type($results)^)? $epilogue
  }];
  let builders = [
    // The results follow from `outs`; `epilogue` builds the body.
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$weight,
                   "::mlir::Value":$zeros, "::mlir::ValueRange":$params,
                   "::mlir::ValueRange":$outs,
                   "::mlir::bnn::EpilogueBuilder":$epilogue)>
  ];
  let extraClassDeclaration = destinationDeclaration # [{
    /// The blocks of outputs whose sums are corrected; none without a
    /// correction.
    ::llvm::ArrayRef<int64_t> getCorrectedBlocks() {
      return getCorrected().value_or(::llvm::ArrayRef<int64_t>());
    }
    /// The outputs and the elements of a row: N and K.
    int64_t getOutputsPerRow() { return getWeightSize(/*ofOutputs=*/true); }
    int64_t getElementsPerRow() { return getWeightSize(/*ofOutputs=*/false); }
    int64_t getWeightSize(bool ofOutputs);
    /// The dot of its operands, whatever the target.
    ::mlir::bnn::DotKind getDotKind();
    /// The dot that adds up most of the op, on buffers, on `target` (null:
    /// any): a table of bytes, or tiles of them, if the target has such and
    /// rows, outputs and words are as many as that takes.
    ::mlir::bnn::DotAttr getDot(::mlir::bnn::TargetAttr target);
  }];
}

def AttentionOp : BNN_EpilogueOp<"attention",
    /*epilogueMethods=*/[],
    /*kernelMethods=*/["getMultiplyAccumulates", "getMaskedBits"],
    /*layoutMethods=*/["getRowGroups"]> {
  let summary = "Binary attention with low-rank score and value residuals";
  let description = [{
    Shapes: query [B, S, heads * d], key and value [B, T, heads * d] of one
    element type, where T is S unless the op is marked `cross`, `!bnn.s1`, or `!bnn.s2` or `!bnn.s4` with quantised
    probabilities; left [B, S, R], right [B, T, R] f32; residual [B, T, 1] f32;
    masks f32, each [B, T], or [B, heads, S, T] where the first three may be 1
    for all. In the place of B may stand a number W that divides it: sentence b
    then has row b mod W of the mask (the windows of an image, Swin, arXiv
    2103.14030, section 3.2). For head h, tokens i of the query and j of the key, with bits taken
    as 0 where their mask of zeros is 1:

    - score: s = fma(sum_c q[i,c] k[j,c], scale, sum_r left[i,r] right[j,r]),
      the sum over r by fma in order from left[i,0] * right[j,0]; then s = s /
      divisor. Masks apply one after the other, the first `early_masks` of them
      before the division, each as `mask_kinds` says: `add` (where nothing is
      said) gives s + mask; `fill` mask, but s where mask is NaN; `multiply`
      s * mask; `max` mask where it is above s, else s; `min` mask where it is
      below s, else s;
    - probability bit: p = 1 if exp(s - max_j s) > cutoff * sum_j exp(s -
      max_j s), with the sum in the canonical order of `bnn.reduce`;
    - the epilogue gets acc[i, h * d + c] = sum_j p[i,j] v[j,c], an exact i32,
      and sum_j (p[i,j] ? residual[j] : 0) in the canonical order, then one
      element of each parameter (f32, or rank 1 over heads * d).

    `cutoff` is half the scale of the unsigned binarisation of the
    probabilities: clip(round(x / alpha), 0, 1) is 1 exactly when x > alpha / 2
    (BiPFT, arXiv 2312.08937, section 3.2; BiT, arXiv 2205.13016, section 3.1).
    The score matrix is never stored.

    With a `threshold` in place of the cutoff there is no softmax: p = 1 if s >
    threshold, or with `inclusive` if s >= threshold (BiBERT, arXiv 2203.06390,
    section 3.2).

    With `probability` (an unsigned type of as many bits as the query's, a step
    and a minimum) the probabilities are integers: e = exp(s - max_j s), p[i,j]
    = round((e / sum_j e - minimum) / step), half to even, brought into the
    range of the type, NaN as 0, each operation in f32. The epilogue then gets
    acc[i, h * d + c] = sum_j p[i,j] v[j,c] and sum_j v[j,c], both exact i32:
    the latter belongs to the minimum (BiT, arXiv 2205.13016, section 3.2).

    With `causal` a token does not see later ones: for j > i there is no score,
    max and sum leave it out, and p[i,j] is 0. That is what a mask of -inf above
    the diagonal comes to, at half the work.

    Rules:
    - [A1] 1 or 2 outputs, the second a mask of zeros.
    - [A2] The query has three dimensions.
    - [A3] Key and value have the query's shape, with `cross` but for its tokens.
    - [A4] Its elements are signed, of 1, 2 or 4 bits.
    - [A5] Key and value have the same elements.
    - [A6] One of a cutoff, a threshold and a `probability`.
    - [A7] A step and a minimum with `probability`, and only then.
    - [A8] A `probability` for a query of 2 or 4 bits.
    - [A9] It is unsigned and as wide as the query's elements.
    - [A10] No `probability` for a query of one bit.
    - [A11] No value residual with it.
    - [A12] Heads divide the channels.
    - [A13] `left` and `right` come together.
    - [A14] They and the residual are [batch, tokens, rank]: `left` has the
      tokens of the query, the others those of the key.
    - [A15] Their ranks agree.
    - [A16] The residual's rank is 1.
    - [A17] A mask is [batch, tokens of the key] or [batch, heads, tokens of the
      query, tokens of the key], where the first three may be 1, or the first a
      divisor of the batch.
    - [A18] The divisor is neither 0 nor NaN.
    - [A19] The outputs have the shape of the query.
    - [A20] `mask_kinds` has one element a mask.
    - [A21] `early_masks` is at least 0 and at most the number of masks.
    - [A22] The threshold is not NaN.
    - [A23] `causal` does not go with `cross`.
    - [A24] `inclusive` goes with a threshold.

    Example:
    ```mlir
    %c = bnn.attention %q, %k, %v low_rank(%l, %r : tensor<1x16x3xf32>, tensor<1x16x3xf32>)
        value_residual(%vr : tensor<1x16x1xf32>) mask(%m : tensor<1x16xf32>)
        scale(%scale) cutoff(%cutoff) outs(%0 : tensor<1x16x64xf32>)
        {heads = 4 : i64, divisor = 4.0 : f32}
        : tensor<1x16x64x!bnn.s1>, tensor<1x16x64x!bnn.s1>, tensor<1x16x64x!bnn.s1> -> tensor<1x16x64xf32> {
    ^bb0(%acc: i32, %res: f32):
      %f = arith.sitofp %acc : i32 to f32
      %sum = arith.addf %f, %res : f32
      bnn.yield %sum : f32
    }
    ```
  }];
  let arguments = (ins BNN_Bits:$query, BNN_Bits:$key, BNN_Bits:$value,
                       Optional<BNN_Bits>:$query_zeros,
                       Optional<BNN_Bits>:$key_zeros,
                       Optional<BNN_Bits>:$value_zeros,
                       Optional<BNN_F32>:$left, Optional<BNN_F32>:$right,
                       Optional<BNN_F32>:$residual, Variadic<BNN_F32>:$masks,
                       F32:$scale, Optional<F32>:$cutoff,
                       Optional<F32>:$step, Optional<F32>:$minimum,
                       Variadic<BNN_Param>:$params, Variadic<BNN_Out>:$outs,
                       OptionalAttr<TypeAttrOf<BNN_BitsType>>:$probability,
                       OptionalAttr<F32Attr>:$threshold, UnitAttr:$inclusive,
                       OptionalAttr<BNN_MaskKinds>:$mask_kinds,
                       DefaultValuedAttr<I64Attr, "0">:$early_masks,
                       UnitAttr:$causal, UnitAttr:$cross,
                       I64Attr:$heads, F32Attr:$divisor);
  let regions = (region SizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    $query `,` $key `,` $value
    (`query_zeros` `(` $query_zeros^ `:` type($query_zeros) `)`)?
    (`key_zeros` `(` $key_zeros^ `:` type($key_zeros) `)`)?
    (`value_zeros` `(` $value_zeros^ `:` type($value_zeros) `)`)?
    (`low_rank` `(` $left^ `,` $right `:` type($left) `,` type($right) `)`)?
    (`value_residual` `(` $residual^ `:` type($residual) `)`)?
    (`mask` `(` $masks^ `:` type($masks) `)`)?
    `scale` `(` $scale `)` (`cutoff` `(` $cutoff^ `)`)?
    (`threshold` `(` $threshold^ `)`)?
    (`probability` `(` $probability^ `step` `(` $step `)`
     `minimum` `(` $minimum `)` `)`)?
    (`params` `(` $params^ `:` type($params) `)`)?
    `outs` `(` $outs `:` type($outs) `)` attr-dict
    `:` type($query) `,` type($key) `,` type($value) (`->` type($results)^)?
    $epilogue
  }];
  let builders = [
    // The results follow from `outs`; `epilogue` builds the body.
    OpBuilder<(ins "const ::mlir::bnn::AttentionParts &":$parts,
                   "::mlir::bnn::EpilogueBuilder":$epilogue)>
  ];
  let extraClassDeclaration = destinationDeclaration # [{
    /// What has the tokens of the key: without `cross` the query.
    ::mlir::Value getKeyTokens() { return getCross() ? getKey() : getQuery(); }
    /// What mask `i` does.
    ::mlir::bnn::MaskKind kindOf(size_t i) {
      return getMaskKinds() ? ::llvm::cast<::mlir::bnn::MaskKindAttr>(
                                  (*getMaskKinds())[i]).getValue()
                            : ::mlir::bnn::MaskKind::Add;
    }
    /// How many rows mask `i` has for all sentences, which take them in turn;
    /// nothing where each has its own, or all have one.
    std::optional<int64_t> periodOf(size_t i);
  }];
}

def EmbeddingOp : BNN_DestinationOp<"embedding"> {
  let summary = "Looks up rows of a binary table";
  let description = [{
    out[.., k] = scale[i] * weight[i, k] with i = ids[..], counted from the end
    of the table if negative. An index outside the table is clamped into it;
    `bnn.check_indices` reports it. `ids` are i32 or i64.

    Rules:
    - [E1] 1 output.
    - [E2] The weight is a matrix with a known number of rows, at least one.
    - [E3] Its elements are `!bnn.s1`.
    - [E4] The scale has one value per row of it.
    - [E5] The output has a row for each index.

    Example:
    ```mlir
    %e = bnn.embedding %ids, %table, %scale outs(%0 : tensor<1x16x192xf32>)
        : tensor<1x16xi64>, tensor<1000x192x!bnn.s1>, tensor<1000xf32> -> tensor<1x16x192xf32>
    ```
  }];
  let arguments = (ins BNN_Ids:$ids, BNN_Bits:$weight, BNN_F32:$scale,
                       Variadic<BNN_F32>:$outs);
  let assemblyFormat = [{
    $ids `,` $weight `,` $scale `outs` `(` $outs `:` type($outs) `)` attr-dict
    `:` type($ids) `,` type($weight) `,` type($scale) (`->` type($results)^)?
  }];
}

def ReduceOp : BNN_DestinationOp<"reduce", [],
    /*kernelMethods=*/["isOutlined"]> {
  let summary = "Reduces the last dimension in the canonical order";
  let description = [{
    Sixteen partial results: partial l combines the elements k = l, l + 16,
    l + 32, ... in rising order, from the neutral element (+0.0, -inf, +inf).
    Then partial l combines with l + 8, then with l + 4, l + 2 and l + 1; partial
    0 is the value. The order is the same on every target, so the bits are too.
    `max` is `a > b ? a : b` and `min` is `a < b ? a : b`, b the new element.

    Rules:
    - [D1] 1 output.
    - [D2] The input has a last dimension.
    - [D3] The output has the shape of the others.

    Example:
    ```mlir
    %s = bnn.reduce add %x outs(%0 : tensor<4xf32>) : tensor<4x768xf32> -> tensor<4xf32>
    ```
  }];
  let arguments = (ins BNN_ReduceKindAttr:$kind, BNN_F32:$input,
                       Variadic<BNN_F32>:$outs);
  let assemblyFormat = [{
    $kind $input `outs` `(` $outs `:` type($outs) `)` attr-dict
    `:` type($input) (`->` type($results)^)?
  }];
}

def LayerNormOp : BNN_EpilogueOp<"layer_norm",
    /*epilogueMethods=*/["takesMoreOutputs"],
    /*kernelMethods=*/["getOperandsReadInPlace"]> {
  let summary = "Layer normalisation of the last dimension, with an epilogue";
  let description = [{
    With K elements a row and sums in the canonical order of `bnn.reduce`:
    mean = (sum x) / K; d = x - mean; variance = (sum d * d) / K;
    center = mean + (sum d) / K; r = 1 / sqrt(variance + epsilon);
    y = fma((x - center) * r, scale, bias). Division and square root are
    correctly rounded. The center is the mean with what its rounding left over:
    a row of equal numbers gives exactly the bias, as it does in exact numbers,
    however small epsilon is. Without an epilogue the one output is
    y. An epilogue maps y and one element of each parameter to an element of
    each output, as that of `bnn.matmul` does: a row goes on as numbers and,
    shifted one way or another, as bits. An output of f32 may be the input's own
    buffer: a row is read before it is written.

    Rules:
    - [N1] At least one output.
    - [N2] The last dimension of the input is static and not 0.
    - [N3] Scale and bias have one value per element of it.
    - [N4] The outputs have the shape of the input.

    Example:
    ```mlir
    %y, %b = bnn.layer_norm %x, %g, %h params(%shift : tensor<768xf32>)
        outs(%0, %1 : tensor<4x768xf32>, tensor<4x768x!bnn.s1>) {epsilon = 1.0e-12 : f32}
        : tensor<4x768xf32>, tensor<768xf32>, tensor<768xf32>
        -> tensor<4x768xf32>, tensor<4x768x!bnn.s1> {
    ^bb0(%v: f32, %s: f32):
      %zero = arith.constant 0.0 : f32
      %shifted = arith.addf %v, %s : f32
      %bit = arith.cmpf ogt, %shifted, %zero : f32
      bnn.yield %v, %bit : f32, i1
    }
    ```
  }];
  let arguments = (ins BNN_F32:$input, BNN_F32:$scale, BNN_F32:$bias,
                       Variadic<BNN_Param>:$params, Variadic<BNN_Out>:$outs,
                       F32Attr:$epsilon);
  let regions = (region MaxSizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    $input `,` $scale `,` $bias (`params` `(` $params^ `:` type($params) `)`)?
    `outs` `(` $outs `:` type($outs) `)` attr-dict
    `:` type($input) `,` type($scale) `,` type($bias) (`->` type($results)^)?
    ($epilogue^)?
  }];
}

def CheckIndicesOp : BNN_Op<"check_indices", [
    DeclareOpInterfaceMethods<BNN_CheckOpInterface>,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Whether every index is in range";
  let description = [{
    True if -limit <= ids[..] < limit for all of `ids`, where the limit is the
    length of the axis that they are looked up in. Where it is false the run ends
    with the status `BNN_ERROR_INDEX`. The ops that read the axis clamp the index
    all the same, so that each is right alone.

    Example:
    ```mlir
    %ok = bnn.check_indices %ids limit %length : tensor<?x?xi64>
    ```
  }];
  let arguments = (ins BNN_Ids:$ids, Index:$limit);
  let results = (outs I1:$ok);
  let assemblyFormat = "$ids `limit` $limit attr-dict `:` type($ids)";
}

def CheckShapeOp : BNN_Op<"check_shape", [
    DeclareOpInterfaceMethods<BNN_CheckOpInterface>,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Whether shapes fit each other at run time";
  let description = [{
    The run ends with the status `BNN_ERROR_SHAPE` where the condition is false:
    a dimension that is only known at run time is neither what an operator
    needs, nor 1 where it is broadcast.

    Example:
    ```mlir
    bnn.check_shape %ok : i1
    ```
  }];
  let arguments = (ins I1:$ok);
  let assemblyFormat = "$ok attr-dict `:` type($ok)";
}

def ReturnUnlessOp : BNN_Op<"return_unless", [
    BNN_CheckOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Goes on where a condition holds, else returns a status";
  let description = [{
    Where `ok` is false the function returns `status`, a `bnn_status`, at once:
    what stands behind the op is not run. `bnn-prepare-entry` makes it of the
    checks of a model's function, and `bnn-lower-checks` makes it a branch. In
    between the function has one block, as the planning of its memory needs.

    Its effects keep it in its place: what reads or writes memory is not moved
    across it.

    Rules:
    - [RU1] The status is not 0, `BNN_OK`.
    - [RU2] It stands in the body of a function that returns one i32, and in no
      region of another op there.

    Example:
    ```mlir
    builtin.module {
      func.func @main(%ok: i1) -> i32 {
        bnn.return_unless %ok, 2
        %done = arith.constant 0 : i32
        return %done : i32
      }
    }
    ```
  }];
  let arguments = (ins I1:$ok, I32Attr:$status);
  let assemblyFormat = "$ok `,` $status attr-dict";
  let hasVerifier = 1;
}

def YieldOp : BNN_Op<"yield", [Pure, Terminator, ReturnLike]> {
  let summary = "Ends an epilogue";
  let description = [{
    Yields one element of each output: an f32 or i32, an i1 for bits, or an i32
    for integers of a few bits.

    Rules:
    - [Y1] The parent has an epilogue.

    Example: `bnn.yield %r : f32`
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let hasVerifier = 1;
}

#endif
