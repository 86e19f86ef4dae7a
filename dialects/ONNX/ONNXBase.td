//===- ONNXBase.td - The `onnx` dialect and the kinds of its operators ----===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DIALECTS_ONNX_ONNXBASE
#define DIALECTS_ONNX_ONNXBASE

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/ONNX/ONNXInterfaces.td"

def ONNX_Dialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::mlir::bnn::onnx";
  let summary = "An imported ONNX graph, node for node.";
  let description = [{
    Every operation stands for the ONNX operator of the same name, with the
    meaning that ONNX gives it at opset 17, and with ONNX's attribute names; of
    later opsets the importer makes this form.
    Nothing of the semantics is decided here: the dialect only checks what ONNX
    itself demands of ranks and element types.

    A missing optional input is the result of `onnx.NoValue`, so that an
    operator's inputs keep their positions. An attribute that is left out has
    the value that ONNX gives it then. `bool` is `i1`, `int8`, `int32` and
    `int64` are `i8`, `i32` and `i64`, and `uint8` is `ui8`.
    Numbers of 16 bits, `f16` and `bf16`, are those of the function's arguments
    and results only. In between they are `f32`: the importer has every operator
    compute in f32, and `onnx.RoundToHalf` behind it rounds to 16 bits, but for
    operators whose results need no rounding.
    The function that holds the graph carries the names of inputs, outputs and
    symbolic dimensions as the argument and result attributes `onnx.name` and
    `onnx.dims`.
  }];
  let hasConstantMaterializer = 1;
}

//===-- Operands and results ----------------------------------------------===//

// An input that must be known at compile time: a constant, or computed from the
// shapes of other values.
class ONNX_Known<TypeConstraint input>
    : TypeConstraint<input.predicate, input.summary, input.cppClassName>;

// An input that a node may leave out.
def ONNX_Optional : AnyTypeOf<[AnyTensor, NoneType], "tensor or none">;
def ONNX_KnownOptional : ONNX_Known<ONNX_Optional>;
// The same for lists of axes, sizes, steps.
def ONNX_OptionalIntegers
    : AnyTypeOf<[TensorOf<[I32, I64]>, NoneType], "tensor of i32 or i64, or none">;
def ONNX_KnownIntegers : ONNX_Known<ONNX_OptionalIntegers>;

def ONNX_BoolTensor : TensorOf<[I1]>;
def ONNX_Int64Tensor : TensorOf<[I64]>;

//===-- Operators ---------------------------------------------------------===//

class ONNX_Op<string mnemonic, list<Trait> traits = []>
    : Op<ONNX_Dialect, mnemonic, !listconcat(traits, [Pure])> {
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

// How an OperatorSpec names an attribute: nothing if it is a tensor, which the
// importer reads itself, because it decides the type of the result.
class ONNX_AttributeSpec<Attr attribute, string name> {
  string kind = !cond(!eq(attribute.storageType, I64Attr.storageType) : "Int",
                      !eq(attribute.storageType, F32Attr.storageType) : "Float",
                      !eq(attribute.storageType, DenseI64ArrayAttr.storageType) : "Ints",
                      true : "");
  bit required = !not(!or(!isa<OptionalAttr>(attribute), !isa<DefaultValuedAttr>(attribute)));
  string text = !if(!empty(kind), "",
                    "{AttributeSpec::" # kind # ", \"" # name # "\", "
                        # !if(required, "true", "false") # ", 1}, ");
}

// An attribute of ONNX's node that the operation does not have: the importer reads it itself, or
// inference has no use for it. `kind` is one of AttributeSpec in C++, `since` the first opset with it.
class ONNX_NodeAttribute<string attributeKind, string attributeName, int first = 1> {
  string kind = attributeKind;
  string name = attributeName;
  int since = first;
}

// An operator that models may contain: a line of the table that is the importer's, the one of
// `bnn-opt --list-operators` and the one of docs/operators.md. `types` are the element types (a sum
// of the flags of ElementTypes in C++) that are computed at run time: those of the first input, of
// the second one of Where, of the result of Constant and ConstantOfShape. How many inputs there
// are, which of them must be known, and which attributes there are follows from the arguments.
class ONNX_Operator<string mnemonic, string types, list<Trait> traits = []>
    : ONNX_Op<mnemonic, traits> {
  // The first opset with the operator, not below kMinOpset.
  int since = 7;
  // Whether what is computed on f32 is computed on f16 and bf16 as well.
  bit hasHalves = 1;
  // What else the claim leaves out, in words.
  string restriction = "";
  // The attributes that older opsets have in place of the inputs after the first, and the first
  // opset without.
  list<string> formerAttributes = [];
  int formerUntil = 0;
  // The attribute of the operation that is an input, after all others, from the opset `inputSince` on.
  string inputAttribute = "";
  int inputSince = 0;
  // What else ONNX's node has.
  list<ONNX_NodeAttribute> nodeAttributes = [];
  // How many outputs a node may have, where the operation has one result.
  int outputs = 1;
  // A case of the C++ enum ResultElement: what the element type of the results is.
  string resultElement = !cond(
      !eq(!getdagarg<TypeConstraint>(results, 0), ONNX_BoolTensor) : "Bool",
      !eq(!getdagarg<TypeConstraint>(results, 0), ONNX_Int64Tensor) : "Int64",
      true : "First");

  // The rest is computed from the arguments.
  list<int> positions = !range(!size(arguments));
  list<int> inputs = !filter(i, positions,
      !isa<TypeConstraint>(!getdagarg<Constraint>(arguments, i)));
  list<int> neededInputs = !filter(i, inputs,
      !not(!or(!eq(!getdagarg<Constraint>(arguments, i), ONNX_Optional),
               !eq(!getdagarg<Constraint>(arguments, i), ONNX_KnownOptional),
               !eq(!getdagarg<Constraint>(arguments, i), ONNX_KnownIntegers))));
  list<int> knownInputs = !filter(i, inputs,
      !isa<ONNX_Known>(!getdagarg<Constraint>(arguments, i)));
  bit isVariadic = !foldl(0, inputs, any, i,
      !or(any, !isa<Variadic>(!getdagarg<Constraint>(arguments, i))));
  bit hasVariadicResults = !isa<Variadic>(!getdagarg<Constraint>(results, 0));
  string attributeSpecs = !foldl("", positions, text, i,
      !if(!isa<Attr>(!getdagarg<Constraint>(arguments, i)),
          text # ONNX_AttributeSpec<!getdagarg<Attr>(arguments, i),
                                    !getdagname(arguments, i)>.text,
          text));
  string nodeAttributeSpecs = !foldl("", nodeAttributes, text, attribute,
      text # "{AttributeSpec::" # attribute.kind # ", \"" # attribute.name # "\", false, "
          # attribute.since # "}, ");
  string formerNames = !foldl("", formerAttributes, text, name, text # "\"" # name # "\", ");

  let extraClassDeclaration = [{
    /// The operator's line in the table of those that are imported.
    static ::mlir::bnn::onnx::OperatorSpec getSpec();
  }];
  let extraClassDefinition =
      "OperatorSpec $cppClass::getSpec() {\n"
    # "  OperatorSpec spec;\n"
    # "  spec.name = \"" # mnemonic # "\";\n"
    # "  spec.types = " # !if(hasHalves, "withHalves(" # types # ")", types) # ";\n"
    # "  spec.element = ResultElement::" # resultElement # ";\n"
    # "  spec.minInputs = " # !size(neededInputs) # ";\n"
    # "  spec.maxInputs = " # !if(isVariadic, "kVariadic", "" # !size(inputs)) # ";\n"
    # "  spec.knownInputs = {" # !interleave(knownInputs, ", ") # "};\n"
    # "  spec.attributes = {" # attributeSpecs # "};\n"
    # "  spec.nodeAttributes = {" # nodeAttributeSpecs # "};\n"
    # "  spec.formerAttributes = {" # formerNames # "};\n"
    # "  spec.inputAttribute = \"" # inputAttribute # "\";\n"
    # "  spec.inputSince = " # inputSince # ";\n"
    # "  spec.maxOutputs = " # !if(hasVariadicResults, "kVariadic", "" # outputs) # ";\n"
    # "  spec.formerUntil = " # formerUntil # ";\n"
    # "  spec.hasVariadicResults = " # !if(hasVariadicResults, "true", "false") # ";\n"
    # "  spec.since = " # since # ";\n"
    # "  spec.restriction = \"" # restriction # "\";\n"
    # "  return spec;\n"
    # "}\n";
}

// y[i] = f(x[i]), one element type.
class ONNX_Unary<string mnemonic, string types, list<Trait> traits = []>
    : ONNX_Operator<mnemonic, types,
                    !listconcat(traits, [SameOperandsAndResultElementType,
                                         SameOperandsAndResultShape, ONNX_ShapeOfFirst])> {
  let arguments = (ins AnyTensor:$X);
  let results = (outs AnyTensor:$Y);
}

// C = f(A, B) with numpy broadcasting, one element type.
class ONNX_Binary<string mnemonic, string types, list<Trait> traits = []>
    : ONNX_Operator<mnemonic, types,
                    !listconcat(traits, [SameOperandsAndResultElementType, ONNX_BroadcastShape])> {
  let arguments = (ins AnyTensor:$A, AnyTensor:$B);
  let results = (outs AnyTensor:$C);
}

// C = A f B with numpy broadcasting, a boolean result.
class ONNX_Compare<string mnemonic, string types, list<Trait> traits = []>
    : ONNX_Operator<mnemonic, types,
                    !listconcat(traits, [SameOperandsElementType, ONNX_BroadcastShape])> {
  let arguments = (ins AnyTensor:$A, AnyTensor:$B);
  let results = (outs ONNX_BoolTensor:$C);
}

// Boolean operators, with numpy broadcasting.
class ONNX_Logical<string mnemonic>
    : ONNX_Operator<mnemonic, "kBool", [Commutative, ONNX_BroadcastShape]> {
  let arguments = (ins ONNX_BoolTensor:$A, ONNX_BoolTensor:$B);
  let results = (outs ONNX_BoolTensor:$C);
}

// A reduction whose axes are an attribute; without axes it covers all.
class ONNX_Reduce<string mnemonic, string types, list<Trait> traits = []>
    : ONNX_Operator<mnemonic, types,
                    !listconcat(traits, [SameOperandsAndResultElementType, ONNX_ReducedShape])> {
  let inputAttribute = "axes";
  let inputSince = 18;
  let nodeAttributes = [ONNX_NodeAttribute<"Int", "noop_with_empty_axes", 18>];
  let arguments = (ins AnyTensor:$data, OptionalAttr<DenseI64ArrayAttr>:$axes,
                       DefaultValuedAttr<I64Attr, "1">:$keepdims);
  let results = (outs AnyTensor:$reduced);
}

#endif // DIALECTS_ONNX_ONNXBASE
