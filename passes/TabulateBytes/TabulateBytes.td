//===- TabulateBytes.td - Definition of bnn-tabulate-bytes ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_TABULATEBYTES
#define BNN_PASSES_TABULATEBYTES

include "mlir/Pass/PassBase.td"

def TabulateBytes : Pass<"bnn-tabulate-bytes", "::mlir::ModuleOp"> {
  let summary = "Look what is made of one byte up in a table of 256";
  let description = [{
    Between two quantisers to 8 bits a function of one element has 256 values:
    GELU in a model that was trained with quantisers after each operation, with
    an addition of a constant, a clip and further quantisers, whatever there
    is. Where 16 lanes of f32 are brought between two integers and rounded by
    an addition of 1.5 * 2^23, as `bnn.quantize` and its like are lowered, and
    so is what depends on that and on constants alone, the latter becomes an
    element of a table: for the integer less the lower bound, that of the result
    less its lower bound. What is an argument of a private function, for which
    all callers give constants, is a constant, and the table is an argument
    then: layers share their kernel still.

    The entries are what the operations make of each integer, compiled for the
    host and run: the same bytes. A table is used where it has less to do than
    the operations, by their number and by what the target looks up in one
    instruction: vpermi2w or tbl, or else one element after the other.

    Before:
    ```mlir
    func.func @gelu(%x: vector<16xf32>) -> vector<16xf32> {
      %least = arith.constant dense<-128.0> : vector<16xf32>
      %most = arith.constant dense<127.0> : vector<16xf32>
      %term = arith.constant dense<0x4B400000> : vector<16xf32>
      %scale = arith.constant dense<0.03125> : vector<16xf32>
      %one = arith.constant dense<1.0> : vector<16xf32>
      %half = arith.constant dense<0.5> : vector<16xf32>
      %root = arith.constant dense<1.41421354> : vector<16xf32>
      %0 = arith.cmpf ogt, %x, %least : vector<16xf32>
      %1 = arith.select %0, %x, %least : vector<16xi1>, vector<16xf32>
      %2 = arith.cmpf olt, %1, %most : vector<16xf32>
      %3 = arith.select %2, %1, %most : vector<16xi1>, vector<16xf32>
      %sum = arith.addf %3, %term : vector<16xf32>
      %number = arith.subf %sum, %term : vector<16xf32>
      %v = arith.mulf %number, %scale : vector<16xf32>
      %quotient = arith.divf %v, %root : vector<16xf32>
      %erf = math.erf %quotient : vector<16xf32>
      %more = arith.addf %erf, %one : vector<16xf32>
      %twice = arith.mulf %v, %more : vector<16xf32>
      %y = arith.mulf %twice, %half : vector<16xf32>
      %steps = arith.divf %y, %scale : vector<16xf32>
      %4 = arith.cmpf ogt, %steps, %least : vector<16xf32>
      %5 = arith.select %4, %steps, %least : vector<16xi1>, vector<16xf32>
      %6 = arith.cmpf olt, %5, %most : vector<16xf32>
      %7 = arith.select %6, %5, %most : vector<16xi1>, vector<16xf32>
      %result = arith.addf %7, %term : vector<16xf32>
      return %result : vector<16xf32>
    }
    ```
    After:
    ```mlir
    ...
    memref.global "private" constant @table : memref<256xi8> = dense<"0x...
    func.func @gelu(...) -> vector<16xf32> {
    ...
    %19 = arith.addf %18, %cst : vector<16xf32>
    %20 = arith.subf %19, %cst_0 : vector<16xf32>
    %21 = arith.bitcast %20 : vector<16xf32> to vector<16xi32>
    ...
    %22 = memref.load %0[...] : memref<256xi8>
    ...
    ```
  }];
  // Those of the evaluator come from the evaluator.
  let dependentDialects = ["::mlir::bnn::BNNDialect", "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::vector::VectorDialect", "::mlir::LLVM::LLVMDialect"];
  let statistics = [
    Statistic<"tables", "tables", "Number of tables made">,
    Statistic<"lookups", "lookups", "Number of vectors that are looked up">,
    Statistic<"kept", "kept", "Number of functions of bytes that are computed">];
}

#endif // BNN_PASSES_TABULATEBYTES
