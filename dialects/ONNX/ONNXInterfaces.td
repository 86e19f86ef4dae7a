//===- ONNXInterfaces.td - What an operator says of its results' shapes ---===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DIALECTS_ONNX_ONNXINTERFACES
#define DIALECTS_ONNX_ONNXINTERFACES

include "mlir/IR/OpBase.td"

def ONNX_ShapeOpInterface : OpInterface<"ShapeOpInterface"> {
  let cppNamespace = "::mlir::bnn::onnx";
  let description = [{
    An operation whose results' shapes follow from its operands' shapes, or from
    their elements: a transfer function of `SymbolicShapes`.
  }];
  let methods = [
    InterfaceMethod<[{
      Tells `shapes` the dimensions of the results, as far as they follow from
      what it knows of the operands. What is left unsaid is unknown. Fails, with
      an error at the operation, where the operands' shapes contradict each
      other. The operation has been verified, its operands' shapes may be more
      precise than their types.
    }], "::llvm::LogicalResult", "inferShapes", (ins "::mlir::bnn::onnx::ShapeInference &":$shapes)>,
  ];
}

def ONNX_ElementsOpInterface : OpInterface<"ElementsOpInterface"> {
  let cppNamespace = "::mlir::bnn::onnx";
  let description = [{
    An operation that takes part in shape arithmetic: the elements of its one
    result, a scalar or a list of dimensions, may be known symbolically.
  }];
  let methods = [
    InterfaceMethod<[{
      Tells `shapes` the `shapes.getNumElements()` elements of the result, if
      they are known.
    }], "void", "inferElements", (ins "::mlir::bnn::onnx::ShapeInference &":$shapes)>,
  ];
}

// The operation says itself what shape its results have.
def ONNX_InfersShape : DeclareOpInterfaceMethods<ONNX_ShapeOpInterface>;
// The operation says itself what elements its result has.
def ONNX_InfersElements : DeclareOpInterfaceMethods<ONNX_ElementsOpInterface>;

class ONNX_Trait<string name> : NativeOpTrait<name> {
  let cppNamespace = "::mlir::bnn::onnx";
}

// The result has the shape of the first operand.
def ONNX_ShapeOfFirst : TraitList<[ONNX_ShapeOpInterface, ONNX_Trait<"ShapeOfFirst">]>;
// All operands are broadcast, by the rules of numpy.
def ONNX_BroadcastShape : TraitList<[ResultsBroadcastableShape, ONNX_ShapeOpInterface,
                                     ONNX_Trait<"BroadcastShape">]>;
// `data` without the axes that the attribute `axes` lists, or with 1 in their place if `keepdims`.
def ONNX_ReducedShape : TraitList<[ONNX_ShapeOpInterface, ONNX_Trait<"ReducedShape">]>;
// The elements are those of the first operand, in the same order.
def ONNX_KeepsElements : TraitList<[ONNX_ElementsOpInterface, ONNX_Trait<"KeepsElements">]>;
// Whole numbers in floats stay whole: some exporters compute dimensions in them.
def ONNX_KeepsWholeFloats : ONNX_Trait<"KeepsWholeFloats">;
// Numbers that f16 has, or bf16, give numbers that it has: elements are moved or chosen, lose or
// change their sign, or become whole.
def ONNX_KeepsHalves : ONNX_Trait<"KeepsHalves">;

#endif // DIALECTS_ONNX_ONNXINTERFACES
