// RUN: bnn-opt %s --bnn-instrument --split-input-file | FileCheck %s

// A call before each operation that does work, with its number and its
// multiply-accumulates; one at the end. Views, sizes and constants are nobody's.
// CHECK-LABEL: module attributes
// CHECK-SAME: bnn.profiled_ops = [
// CHECK-SAME: #bnn.profiled<kind = "binarize", limit = 0.000000e+00 : f64>
// CHECK-SAME: #bnn.profiled<kind = "matmul", name = "/query", limit = 4.095000e+02 : f64>
// CHECK-SAME: #bnn.profiled<kind = "matmul", name = "/plain", limit = 3.410000e+02 : f64>
// CHECK-SAME: #bnn.profiled<kind = "linalg.fill", limit = 0.000000e+00 : f64>
module attributes {bnn.port_limits = {xor_count = 341.0 : f64, xor_count.parity = 409.5 : f64}} {
  // CHECK: func.func @main(
  // CHECK-SAME: %[[HOOK:[a-z0-9]+]]: !llvm.ptr {bnn.argument = #bnn.argument<profile_hook>}, %[[CONTEXT:[a-z0-9]+]]: !llvm.ptr {bnn.argument = #bnn.argument<profile_context>}) -> i32
  func.func @main(%x: memref<?x128xf32>, %b: memref<?x128x!bnn.s1, #bnn.rows<word = 32, group = 128, parity = true>>,
                  %p: memref<?x128x!bnn.s1, #bnn.rows<word = 32, group = 128>>,
                  %w: memref<48x128x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 128, out_group = 48, parity = true>>,
                  %v: memref<48x128x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 128, out_group = 48>>,
                  %y: memref<?x48xi32>) -> i32 {
    %zero = arith.constant 0 : i32
    // CHECK: %[[N0:.*]] = arith.constant 0 : i32
    // CHECK: llvm.call %[[HOOK]](%[[CONTEXT]], %{{.*}}, %{{.*}}) : !llvm.ptr, (!llvm.ptr, i32, i64) -> ()
    // CHECK-NEXT: bnn.binarize
    bnn.binarize %x outs(%b : memref<?x128x!bnn.s1, #bnn.rows<word = 32, group = 128, parity = true>>) : memref<?x128xf32>
    // The rows, times 128, times 48.
    // CHECK: %[[DIM:.*]] = memref.dim %{{.*}}, %{{.*}} : memref<?x128x!bnn.s1
    // CHECK: %[[ROWS:.*]] = arith.muli %{{.*}}, %[[DIM]]
    // CHECK: %[[BITS:.*]] = arith.muli %[[ROWS]], %{{.*}}
    // CHECK: %[[MACS:.*]] = arith.muli %[[BITS]], %{{.*}}
    // CHECK: %[[COUNT:.*]] = arith.index_cast %[[MACS]] : index to i64
    // CHECK: %[[ONE:.*]] = arith.constant 1 : i32
    // CHECK: llvm.call %[[HOOK]](%[[CONTEXT]], %[[ONE]], %[[COUNT]])
    // CHECK-NEXT: bnn.matmul
    bnn.matmul %b, %w outs(%y : memref<?x48xi32>)
        : memref<?x128x!bnn.s1, #bnn.rows<word = 32, group = 128, parity = true>>, memref<48x128x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 128, out_group = 48, parity = true>> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    } loc("/query")
    // CHECK: llvm.call
    // CHECK-NEXT: bnn.matmul
    bnn.matmul %p, %v outs(%y : memref<?x48xi32>)
        : memref<?x128x!bnn.s1, #bnn.rows<word = 32, group = 128>>, memref<48x128x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 128, out_group = 48>> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    } loc(fused["/plain", "/after"])
    // CHECK-NOT: llvm.call
    // CHECK: memref.dim
    %c0 = arith.constant 0 : index
    %rows = memref.dim %y, %c0 : memref<?x48xi32>
    // CHECK: llvm.call
    // CHECK-NEXT: linalg.fill
    linalg.fill ins(%zero : i32) outs(%y : memref<?x48xi32>)
    // CHECK: %[[FOUR:.*]] = arith.constant 4 : i32
    // CHECK: llvm.call %[[HOOK]](%[[CONTEXT]], %[[FOUR]], %{{.*}})
    // CHECK-NEXT: return
    return %zero : i32
  }
}

// -----

// A module without the model's function stays as it is.
// CHECK-LABEL: func.func @other
// CHECK-NOT: llvm.call
func.func @other(%x: memref<4xf32>, %y: memref<4xf32>) {
  memref.copy %x, %y : memref<4xf32> to memref<4xf32>
  return
}

// -----

// Attention: 2 x 8 x 8 x 64 for the scores, and as many for the context.
// CHECK-LABEL: func.func @main
// CHECK: %[[BOTH:.*]] = arith.constant 2 : index
// CHECK: %[[BATCH:.*]] = arith.muli %[[BOTH]], %{{.*}} : index
// CHECK: %[[QUERIES:.*]] = arith.muli %[[BATCH]], %{{.*}} : index
// CHECK: %[[CHANNELS:.*]] = arith.muli %[[QUERIES]], %{{.*}} : index
// CHECK: %[[KEYS:.*]] = arith.muli %[[CHANNELS]], %{{.*}} : index
// CHECK: %[[MACS:.*]] = arith.index_cast %[[KEYS]]
// CHECK: llvm.call %{{.*}}(%{{.*}}, %{{.*}}, %[[MACS]])
// CHECK-NEXT: bnn.attention
func.func @main(%q: memref<2x8x64x!bnn.s1>, %k: memref<2x8x64x!bnn.s1>, %v: memref<2x8x64x!bnn.s1>,
                %s: f32, %c: f32, %y: memref<2x8x64xi32>) -> i32 {
  %zero = arith.constant 0 : i32
  bnn.attention %q, %k, %v scale(%s) cutoff(%c) outs(%y : memref<2x8x64xi32>)
      {heads = 4 : i64, divisor = 4.0 : f32}
      : memref<2x8x64x!bnn.s1>, memref<2x8x64x!bnn.s1>, memref<2x8x64x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %acc : i32
  }
  return %zero : i32
}

// -----

// Many rows of a product that counts by table have that limit, few rows the
// other one.
// CHECK-LABEL: module attributes
// CHECK-SAME: bnn.profiled_ops = [
// CHECK-SAME: #bnn.profiled<kind = "matmul", name = "/many", limit = 2.560000e+02 : f64>
// CHECK-SAME: #bnn.profiled<kind = "matmul", name = "/few", limit = 0.000000e+00 : f64>
#rows = #bnn.rows<word = 32, group = 128, parity = true>
#panels = #bnn.panels<lanes = 16, word = 32, group = 128, out_group = 64, parity = true>
module attributes {bnn.port_limits = {byte_table = 256.0 : f64},
    bnn.target = #bnn.target<strategy = "avx2", dots = [#bnn.dot<byte_table, rows = 2, panels = 4>], instructions = shuffle_32_bytes>} {
  func.func @main(%b: memref<?x128x!bnn.s1, #rows>, %c: memref<5x128x!bnn.s1, #rows>,
                  %w: memref<64x128x!bnn.s1, #panels>, %y: memref<?x64xi32>, %z: memref<5x64xi32>) -> i32 {
    %zero = arith.constant 0 : i32
    bnn.matmul %b, %w outs(%y : memref<?x64xi32>) : memref<?x128x!bnn.s1, #rows>, memref<64x128x!bnn.s1, #panels> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    } loc("/many")
    bnn.matmul %c, %w outs(%z : memref<5x64xi32>) : memref<5x128x!bnn.s1, #rows>, memref<64x128x!bnn.s1, #panels> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    } loc("/few")
    return %zero : i32
  }
}

// -----

// Products of floats: how they add up is in their names.
// CHECK-LABEL: module attributes
// CHECK-SAME: bnn.profiled_ops = [
// CHECK-SAME: #bnn.profiled<kind = "matmul.fma", limit = 0.000000e+00 : f64>
// CHECK-SAME: #bnn.profiled<kind = "matmul.signed_sum", limit = 0.000000e+00 : f64>
#panels = #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 8>
module {
  func.func @main(%x: memref<4x64xf32>, %w: memref<64x8xf32>, %v: memref<8x64x!bnn.s1, #panels>, %y: memref<4x8xf32>) -> i32 {
    %zero = arith.constant 0 : i32
    bnn.matmul %x, %w outs(%y : memref<4x8xf32>) : memref<4x64xf32>, memref<64x8xf32> {
    ^bb0(%acc: f32):
      bnn.yield %acc : f32
    }
    bnn.matmul %x, %v outs(%y : memref<4x8xf32>) : memref<4x64xf32>, memref<8x64x!bnn.s1, #panels> {
    ^bb0(%acc: f32):
      bnn.yield %acc : f32
    }
    return %zero : i32
  }
}
