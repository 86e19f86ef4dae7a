// RUN: bnn-opt %s --bnn-emit-entry --split-input-file | FileCheck %s
// RUN: bnn-opt %s --bnn-emit-entry=prefix=other --split-input-file | FileCheck %s --check-prefix=OTHER
// RUN: not bnn-opt %s --bnn-emit-entry=prefix=7up --split-input-file 2>&1 | FileCheck %s --check-prefix=PREFIX
// PREFIX: error: the prefix '7up' is no C identifier
// RUN: bnn-opt %s --bnn-emit-entry --convert-func-to-llvm --reconcile-unrealized-casts --split-input-file \
// RUN:   | mlir-translate --mlir-to-llvmir --allow-unregistered-dialect --split-input-file | FileCheck %s --check-prefix=LLVM

// The entry function gets its final name and, like every private function,
// internal linkage.
// CHECK-LABEL: module attributes {{.*}}bnn.model = #bnn.model<prefix = "model"
// CHECK: func.func private @model_main
// CHECK-SAME: llvm.linkage = #llvm.linkage<internal>
// CHECK: func.func private @helper
// CHECK-SAME: llvm.linkage = #llvm.linkage<internal>
// OTHER-LABEL: module attributes {{.*}}bnn.model = #bnn.model<prefix = "other"
// OTHER: func.func private @other_main
// OTHER: llvm.func @other_run(
module attributes {bnn.model = #bnn.model<prefix = "model", triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v3", features = 511, max_dims = {batch = 8, seq = 64}>} {
  func.func private @main(
      %ids: memref<?x?xi64> {bnn.argument = #bnn.argument<input, "input_ids", ["batch", "seq"]>},
      %mask: memref<?x2xi32> {bnn.argument = #bnn.argument<input, "mask", ["batch", 2]>},
      %out: memref<?x2xf32> {bnn.argument = #bnn.argument<output, "logits", ["batch", 2]>},
      %ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) -> i32
      attributes {bnn.workspace_size = 128 : i64} {
    %status = func.call @helper() : () -> i32
    return %status : i32
  }
  func.func private @helper() -> i32 {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// CHECK: llvm.func @model_run(%[[INS:.*]]: !llvm.ptr, %[[OUTS:.*]]: !llvm.ptr, %[[WS:.*]]: !llvm.ptr, %[[OPTIONS:.*]]: !llvm.ptr) -> i32
// Options may be null.
// CHECK: %[[GIVEN:.*]] = llvm.icmp "ne" %[[OPTIONS]]
// CHECK: llvm.cond_br %[[GIVEN]]
// CHECK: llvm.icmp "uge" {{.*}} : i32
// CHECK: %[[ABI:.*]] = llvm.mlir.constant(6 : i32)
// CHECK: llvm.cond_br {{.*}}, ^{{.*}}, ^[[FAIL:.*]](%[[ABI]] : i32)
// Neither may the tables nor the workspace be, which must be aligned to 64.
// CHECK: llvm.icmp "ne" %[[INS]]
// CHECK: llvm.icmp "ne" %[[OUTS]]
// CHECK: llvm.icmp "ne" %[[WS]]
// CHECK: llvm.ptrtoint %[[WS]]
// CHECK: llvm.mlir.constant(63 : i64)
// CHECK: %[[WORKSPACE:.*]] = llvm.mlir.constant(5 : i32)
// CHECK: llvm.cond_br {{.*}}, ^[[FAIL]](%[[WORKSPACE]] : i32)
// The first use of a symbol: 1 to its maximum.
// CHECK: %[[SIZE:.*]] = llvm.load {{.*}} -> i64
// CHECK: %[[MAX:.*]] = llvm.mlir.constant(8 : i64)
// CHECK: %[[LESS:.*]] = llvm.sub %[[SIZE]]
// CHECK: llvm.icmp "ult" %[[LESS]], %[[MAX]]
// CHECK: %[[CAPACITY:.*]] = llvm.mlir.constant(3 : i32)
// CHECK: llvm.cond_br {{.*}}, ^[[FAIL]](%[[CAPACITY]] : i32)
// CHECK: llvm.mlir.constant(64 : i64)
// CHECK: %[[IDS:.*]] = builtin.unrealized_conversion_cast {{.*}} to memref<?x?xi64>
// A further one: the same size. A static dimension: its size.
// CHECK: %[[AGAIN:.*]] = llvm.load {{.*}} -> i64
// CHECK: llvm.icmp "eq" %[[AGAIN]], %[[SIZE]]
// CHECK: %[[SHAPE:.*]] = llvm.mlir.constant(2 : i32)
// CHECK: llvm.cond_br {{.*}}, ^[[FAIL]](%[[SHAPE]] : i32)
// CHECK: llvm.mlir.constant(2 : i64)
// CHECK: llvm.icmp "eq"
// CHECK: %[[MASK:.*]] = builtin.unrealized_conversion_cast {{.*}} to memref<?x2xi32>
// CHECK: %[[OUT:.*]] = builtin.unrealized_conversion_cast {{.*}} to memref<?x2xf32>
// CHECK: %[[ARENA:.*]] = builtin.unrealized_conversion_cast {{.*}} to memref<?xi8>
// The outputs' shapes are stored once nothing can fail any more.
// CHECK: llvm.store %[[SIZE]]
// CHECK: llvm.store
// CHECK: %[[STATUS:.*]] = func.call @model_main(%[[IDS]], %[[MASK]], %[[OUT]], %[[ARENA]])
// CHECK: llvm.return %[[STATUS]] : i32
// CHECK: ^[[FAIL]](%[[CODE:.*]]: i32):
// CHECK: llvm.return %[[CODE]] : i32
// CHECK: llvm.mlir.global private constant @model.name("model\00")
// CHECK: llvm.mlir.global private constant @model_info()
// CHECK: llvm.func @model_describe(%{{.*}}: i32) -> !llvm.ptr
// CHECK: llvm.func @model_workspace_size() -> i64

// LLVM-DAG: @model.inputs0.name = private constant [10 x i8] c"input_ids\00"
// LLVM-DAG: @model.inputs0.dims = private constant [2 x { ptr, i64 }] [{ ptr, i64 } { ptr @model.inputs0.dim0, i64 8 }, { ptr, i64 } { ptr @model.inputs0.dim1, i64 64 }]
// LLVM-DAG: @model.inputs1.dims = private constant [2 x { ptr, i64 }] [{ ptr, i64 } { ptr @model.inputs1.dim0, i64 8 }, { ptr, i64 } { ptr null, i64 2 }]
// LLVM-DAG: @model.inputs = private constant [2 x { ptr, ptr, i32, i32 }] [{ ptr, ptr, i32, i32 } { ptr @model.inputs0.name, ptr @model.inputs0.dims, i32 2, i32 2 }, { ptr, ptr, i32, i32 } { ptr @model.inputs1.name, ptr @model.inputs1.dims, i32 2, i32 3 }]
// LLVM-DAG: @model_info = private constant {{.*}} { i32 1, i32 2, i32 1, i32 0, ptr @model.name, ptr @model.inputs, ptr @model.outputs, i64 128, i64 64, i64 511, ptr @model.triple, ptr @model.cpu, ptr @model_run }
// LLVM: define internal i32 @model_main(
// LLVM: define internal i32 @helper(
// LLVM: define i32 @model_run(
// LLVM: define ptr @model_describe(
// LLVM: define i64 @model_workspace_size(

// -----

// Nothing but an output, no workspace, and a 32-bit target, where size_t is
// narrower.
// CHECK-LABEL: module attributes {{.*}}bnn.model = #bnn.model<prefix = "small"
// CHECK: llvm.func @small_run(%{{.*}}: !llvm.ptr, %[[OUTS:.*]]: !llvm.ptr, %[[WS:.*]]: !llvm.ptr, %{{.*}}: !llvm.ptr) -> i32
// CHECK-NOT: llvm.ptrtoint
// CHECK: llvm.func @small_workspace_size() -> i32
// OTHER-LABEL: module attributes {{.*}}bnn.model = #bnn.model<prefix = "other"
// LLVM: define i32 @small_workspace_size(
module attributes {bnn.model = #bnn.model<prefix = "small", triple = "armv7-unknown-linux-gnueabihf">} {
  func.func private @main(
      %out: memref<3xf32> {bnn.argument = #bnn.argument<output, "y", [3]>}) -> i32
      attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}
