//===- BNNInterfaces.td - What passes ask the bnn ops ---------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes know these interfaces and no op by its class, so that a new op is
// fused, packed, outlined, bufferised and counted by what it says of itself.
//
//===----------------------------------------------------------------------===//
#ifndef DIALECTS_BNN_BNNINTERFACES
#define DIALECTS_BNN_BNNINTERFACES

include "mlir/IR/OpBase.td"

class BNN_OpInterface<string name> : OpInterface<name> {
  let cppNamespace = "::mlir::bnn";
}

def BNN_EpilogueOpInterface : BNN_OpInterface<"EpilogueOpInterface"> {
  let description = [{
    The last step of the op is a region, its epilogue. For each element of the
    outputs it gets what the op has computed (the leading arguments) and one
    element of each parameter, and yields one element of each output: an f32 or
    i32, an `i1` for bits, an i32 for integers of a few bits. An epilogue that
    is absent yields its one leading argument.

    Rules:
    - [X1] A parameter is a scalar, has one value per output channel, or has the shape
      of the outputs.
    - [X2] Without an epilogue there are no parameters, and the one output has the type
      of the one leading argument.
    - [X3] The arguments are the leading ones and an element of each parameter.
    - [X4] One value is yielded for each output.
    - [X5] It is an element of the output: `i1` for one bit, i32 for more.
  }];
  let methods = [
    InterfaceMethod<"The region, empty where the epilogue is absent.",
      "::mlir::Region &", "getEpilogue">,
    InterfaceMethod<"The types of the arguments before those of the parameters.",
      "::llvm::SmallVector<::mlir::Type>", "getLeadingTypes">,
    InterfaceMethod<"Scalars, one value per output channel, or of the outputs' shape.",
      "::mlir::OperandRange", "getParams">,
    InterfaceMethod<"", "::mlir::MutableOperandRange", "getParamsMutable">,
    InterfaceMethod<"What the results are written into.",
      "::mlir::OperandRange", "getOuts">,
    InterfaceMethod<"", "::mlir::MutableOperandRange", "getOutsMutable">,
    InterfaceMethod<[{
      What the one leading argument can be, where it is an exact i32 and the
      shapes say so.
    }], "::std::optional<::mlir::bnn::AccumulatorRange>", "getAccumulatorRange",
      (ins), "", "return ::std::nullopt;">,
    InterfaceMethod<[{
      Whether bits that others make of the first output may become outputs of
      this op besides it: the element is in a register when it is yielded.
      Where not, an op gains outputs only in place of the one it has.
    }], "bool", "takesMoreOutputs", (ins), "", "return false;">
  ];
  let extraClassDeclaration = [{
    /// The op anew where `builder` stands, with these parameters and outputs
    /// and the results that follow from the outputs. `epilogue` builds the
    /// body. This op stays as it is.
    ::mlir::bnn::EpilogueOpInterface
    cloneWith(::mlir::OpBuilder &builder, ::mlir::ValueRange params,
              ::mlir::ValueRange outs, ::mlir::bnn::EpilogueBuilder epilogue);

    /// A copy of the epilogue's body where `builder` stands, for these values
    /// of its arguments: the values that it yields.
    ::llvm::SmallVector<::mlir::Value>
    inlineEpilogue(::mlir::OpBuilder &builder, ::mlir::ValueRange arguments);
  }];
  let verifyWithRegions = 1;
  let verify = [{ return ::mlir::bnn::detail::verifyEpilogue($_op); }];
}

def BNN_EncoderOpInterface : BNN_OpInterface<"EncoderOpInterface"> {
  let description = [{
    The op maps each element of an f32 tensor to an element of each output: its
    encoding in bits.
  }];
  let methods = [
    InterfaceMethod<"The numbers.", "::mlir::Value", "getInput">,
    InterfaceMethod<"What the results are written into.",
      "::mlir::OperandRange", "getOuts">,
    InterfaceMethod<[{
      What else the encoding depends on: scalars, or one value per element of
      the last dimension.
    }], "::llvm::SmallVector<::mlir::Value>", "getEncodingParams">,
    InterfaceMethod<[{
      Builds the encoding of one element, given one of each parameter: a value
      for each output, as the epilogue of that output yields it.
    }], "::llvm::SmallVector<::mlir::Value>", "encode",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Value":$element, "::mlir::ValueRange":$params)>
  ];
}

def BNN_KernelOpInterface : BNN_OpInterface<"KernelOpInterface"> {
  let description = [{
    The op becomes loops of its own: a kernel.

    Rules:
    - [Z1] A mask of zeros belongs to bits of `!bnn.s1`.
    - [Z2] Its elements are `!bnn.u1`.
    - [Z3] It has the shape of the bits.
  }];
  let methods = [
    InterfaceMethod<[{
      The binary multiply-accumulates of a run; none unless the op says so.
    }], "::mlir::bnn::MultiplyAccumulates", "getMultiplyAccumulates",
      (ins), "", "return {};">,
    InterfaceMethod<[{
      The kernel that the op becomes on `target` (null: any), by the name that
      its port limit has.
    }], "::llvm::StringRef", "getKernelName",
      (ins "::mlir::bnn::TargetAttr":$target), "",
      "return $_op->getName().stripDialect();">,
    InterfaceMethod<[{
      The operands of bits that may have a mask of zeros, whether they do or
      not.
    }], "::llvm::SmallVector<::mlir::bnn::MaskedBits>", "getMaskedBits",
      (ins), "", "return {};">,
    InterfaceMethod<[{
      The operands of which the op reads an element, or a row, before it writes
      there, and not afterwards: an output of the same type may be the same
      buffer.
    }], "::llvm::SmallVector<::mlir::OpOperand *>", "getOperandsReadInPlace",
      (ins), "", "return {};">,
    InterfaceMethod<[{
      Whether the kernel is a function of its own, which ops that are equal but
      for their operands share.
    }], "bool", "isOutlined", (ins), "", "return true;">
  ];
  let extraClassDeclaration = [{
    /// Whether the op reads `value`, and as a mask of zeros only.
    bool readsAsMaskOnly(::mlir::Value value);
    /// Reads no bit as 0 any more where `mask` said so.
    void dropMask(::mlir::Value mask);
  }];
  let verify = [{ return ::mlir::bnn::detail::verifyMasks($_op); }];
}

def BNN_LayoutOpInterface : BNN_OpInterface<"LayoutOpInterface"> {
  let description = [{
    The op's bits lie in memory as its kernel reads and writes them. A tensor of
    bits that one op writes and others read lies so that all of them agree.
  }];
  let methods = [
    InterfaceMethod<[{
      Into how many groups, each of which starts a word, a row of activations
      is cut.
    }], "int64_t", "getRowGroups", (ins), "", "return 1;">,
    InterfaceMethod<[{
      The layout in which the kernel takes `operand`, bits, on `target` (null:
      any); null for bytes that lie as they are. A `parity` says that the kernel
      can do with parity words. The layout of weights may follow from those that
      the activations have.
    }], "::mlir::Attribute", "getOperandLayout",
      (ins "::mlir::OpOperand &":$operand, "::mlir::bnn::TargetAttr":$target),
      "", [{
        return ::mlir::bnn::detail::getOperandLayout(
            operand, $_op.getRowGroups(), target);
      }]>
  ];
}

def BNN_CheckOpInterface : BNN_OpInterface<"CheckOpInterface"> {
  let description = [{
    A condition on which a run depends: where it is false, the run stops with a
    status that says so (see `bnn.return_unless`), and has written no output. An
    op without results is there to say it and no more.
  }];
  let methods = [
    InterfaceMethod<"The condition, an i1.", "::mlir::Value", "getOk">,
    InterfaceMethod<"The `bnn_status` of a run in which it is false.",
      "int32_t", "getStatus">
  ];
}

#endif
