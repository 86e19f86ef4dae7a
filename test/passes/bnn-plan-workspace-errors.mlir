// RUN: bnn-opt %s --bnn-plan-workspace --allow-unregistered-dialect --split-input-file --verify-diagnostics
// RUN: not bnn-opt %s --bnn-plan-workspace=alignment=48 --allow-unregistered-dialect --split-input-file 2>&1 | FileCheck %s
// CHECK: error: the alignment of the workspace must be a power of two

// expected-note @+1 {{it depends on this value}}
func.func @unbounded(%n: index, %ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
  // expected-error @+1 {{no upper bound is known for dimension 0}}
  %a = memref.alloc(%n) : memref<?xf32>
  "test.use"(%a) : (memref<?xf32>) -> ()
  return
}

// -----

module attributes {bnn.model = #bnn.model<max_dims = {batch = 8}>} {
  // expected-note @+1 {{it depends on this value}}
  func.func @no_maximum(%in: memref<?xf32> {bnn.argument = #bnn.argument<input, "in", ["seq"]>},
                        %ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
    %c0 = arith.constant 0 : index
    %n = memref.dim %in, %c0 : memref<?xf32>
    // expected-error @+1 {{no upper bound is known for dimension 0}}
    %a = memref.alloc(%n) : memref<?xf32>
    "test.use"(%a) : (memref<?xf32>) -> ()
    return
  }
}

// -----

func.func @carried(%in: memref<64xi8>, %ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  %r = scf.for %i = %c0 to %c9 step %c1 iter_args(%m = %in) -> memref<64xi8> {
    // expected-error @+1 {{is carried from one iteration of a loop to the next}}
    %a = memref.alloc() : memref<64xi8>
    "test.use"(%m, %a) : (memref<64xi8>, memref<64xi8>) -> ()
    scf.yield %a : memref<64xi8>
  }
  "test.use"(%r) : (memref<64xi8>) -> ()
  return
}

// -----

func.func @parallel(%ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
  scf.forall (%i) in (4) {
    // expected-error @+1 {{is inside a parallel loop}}
    %a = memref.alloc() : memref<64xi8>
    "test.use"(%a) : (memref<64xi8>) -> ()
  }
  return
}

// -----

func.func @returned(%ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) -> memref<64xi8> {
  // expected-error @+1 {{is returned by the function}}
  %a = memref.alloc() : memref<64xi8>
  return %a : memref<64xi8>
}

// -----

func.func @no_workspace() {
  // expected-error @+1 {{function 'no_workspace' has no argument that is the workspace}}
  %a = memref.alloc() : memref<64xi8>
  return
}

// -----

func.func @alignment(%ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
  // expected-error @+1 {{wants an alignment of 4096 bytes, but the workspace has 64}}
  %a = memref.alloc() {alignment = 4096 : i64} : memref<64xi8>
  "test.use"(%a) : (memref<64xi8>) -> ()
  return
}

// -----

func.func @layout(%ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
  // expected-error @+1 {{its layout is not that of rows one after the other}}
  %a = memref.alloc() : memref<4x4xi8, strided<[1, 4]>>
  "test.use"(%a) : (memref<4x4xi8, strided<[1, 4]>>) -> ()
  return
}

// -----

func.func @element(%ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
  // expected-error @+1 {{its size in bytes is not known before the type is lowered}}
  %a = memref.alloc() : memref<4xmemref<4xi8>>
  "test.use"(%a) : (memref<4xmemref<4xi8>>) -> ()
  return
}

// -----

func.func @too_big(%ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
  // expected-error @+1 {{this buffer can take more than 2^63 bytes}}
  %a = memref.alloc() : memref<4294967296x4294967296xi8>
  "test.use"(%a) : (memref<4294967296x4294967296xi8>) -> ()
  return
}

// -----

// expected-error @+1 {{cannot plan the memory of a function with several blocks}}
func.func @blocks(%ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
  cf.br ^next
^next:
  return
}

// -----

func.func @reallocated(%ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
  // expected-error @+1 {{is reallocated; only buffers of one size can be in the workspace}}
  %a = memref.alloc() : memref<64xi8>
  %b = memref.realloc %a : memref<64xi8> to memref<128xi8>
  "test.use"(%b) : (memref<128xi8>) -> ()
  return
}

// -----

func.func @elsewhere(%ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
  // expected-error @+1 {{it is in another memory space}}
  %a = memref.alloc() : memref<64xi8, 3>
  "test.use"(%a) : (memref<64xi8, 3>) -> ()
  return
}

// -----

func.func @columns(%ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
  // expected-error @+1 {{its layout is not that of rows one after the other}}
  %a = memref.alloc() : memref<8x8xi8, strided<[1, 8]>>
  "test.use"(%a) : (memref<8x8xi8, strided<[1, 8]>>) -> ()
  return
}

// -----

// expected-error @+1 {{the buffers need more than 2^63 bytes}}
func.func @sum_too_big(%ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
  %a = memref.alloc() : memref<4611686018427387904xi8>
  %b = memref.alloc() : memref<4611686018427387904xi8>
  "test.use"(%a, %b) : (memref<4611686018427387904xi8>, memref<4611686018427387904xi8>) -> ()
  return
}
