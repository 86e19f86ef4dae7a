// Every rule of the dialect's types, layouts and verifiers, broken once.
// RUN: bnn-opt %s -verify-diagnostics -split-input-file

//===----------------------------------------------------------------------===//
// Types and layouts
//===----------------------------------------------------------------------===//

// [T2]
// expected-error @+1 {{unknown bnn type 'bits'; expected s1, u1, s2, u2, s4, u4, s8 or u8}}
func.func private @f(tensor<4x!bnn.bits>)

// -----

// [T2]
// expected-error @+1 {{unknown bnn type 's'; expected s1, u1, s2, u2, s4, u4, s8 or u8}}
func.func private @f(tensor<4x!bnn.s>)

// -----

// [T1]
// expected-error @+1 {{a bit type has 1, 2, 4 or 8 bits, not 3}}
func.func private @f(tensor<4x!bnn.s3>)

// -----

// [R2]
// expected-error @+1 {{a group has at least 1 element, not 0}}
func.func private @f(tensor<4x64x!bnn.s1, #bnn.rows<word = 32, group = 0>>)

// -----

// [R1]
// expected-error @+1 {{words have 32 bits, not 64}}
func.func private @f(tensor<4x64x!bnn.s1, #bnn.rows<word = 64, group = 64>>)

// -----

// [P1]
// expected-error @+1 {{a panel has 16 outputs, not 8}}
func.func private @f(tensor<16x64x!bnn.s1, #bnn.panels<lanes = 8, word = 32, group = 64, out_group = 16>>)

// -----

// [P2]
// expected-error @+1 {{a group has at least 1 element}}
func.func private @f(tensor<16x64x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 0, out_group = 16>>)

// -----

// [P2]
// expected-error @+1 {{a group has at least 1 element}}
func.func private @f(tensor<16x64x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 64, out_group = -1>>)

// -----

// [R1]
// expected-error @+1 {{words have 32 bits, not 8}}
func.func private @f(tensor<16x64x!bnn.s1, #bnn.panels<lanes = 16, word = 8, group = 64, out_group = 16>>)

// -----

// [R3]
// expected-error @+1 {{a packed layout needs elements of a few bits, not 'f32'}}
func.func private @f(tensor<4x64xf32, #bnn.rows<word = 32, group = 64>>)

// -----

// Bytes have no layout of rows.
// [R3]
// expected-error @+1 {{a packed layout needs elements of a few bits, not '!bnn.s8'}}
func.func private @f(tensor<4x64x!bnn.s8, #bnn.rows<word = 32, group = 64>>)

// -----

// [P6]
// expected-error @+1 {{words have a parity every other word, or are running parities, not both}}
func.func private @f(tensor<16x64x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 16, parity = true, running = true>>)

// -----

// [P5]
// expected-error @+1 {{panels hold elements of one bit or eight, not '!bnn.s2'}}
func.func private @f(tensor<4x64x!bnn.s2, #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 4>>)

// -----

// [P5]
// expected-error @+1 {{panels hold elements of one bit or eight, not 'f32'}}
func.func private @f(tensor<4x64xf32, #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 4>>)

// -----

// [P8]
// expected-error @+1 {{words of bytes have no parity}}
func.func private @f(tensor<16x64x!bnn.s8, #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 16, parity = true>>)

// -----

// [P8]
// expected-error @+1 {{words of bytes have no parity}}
func.func private @f(tensor<16x64x!bnn.u8, #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 16, running = true>>)

// -----

// [P9]
// expected-error @+1 {{only bytes are small, not '!bnn.s1'}}
func.func private @f(tensor<16x64x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 16, small = true>>)

// -----

// [P8]
// expected-error @+1 {{words of bytes have no parity, and one group of 64 inputs, not of 48}}
func.func private @f(tensor<16x64x!bnn.s8, #bnn.panels<lanes = 16, word = 32, group = 48, out_group = 16>>)

// -----

// [R4]
// expected-error @+1 {{a packed layout needs a static last dimension}}
func.func private @f(tensor<4x?x!bnn.s1, #bnn.rows<word = 32, group = 64>>)

// -----

// [R4]
// expected-error @+1 {{a packed layout needs a static last dimension}}
func.func private @f(tensor<!bnn.s1, #bnn.rows<word = 32, group = 64>>)

// -----

// [R5]
// expected-error @+1 {{groups of 48 do not divide a row of 64}}
func.func private @f(tensor<4x64x!bnn.s1, #bnn.rows<word = 32, group = 48>>)

// -----

// [R6]
// expected-error @+1 {{a row of 2147483648 elements is too long to be packed}}
func.func private @f(tensor<4x2147483648x!bnn.s1, #bnn.rows<word = 32, group = 64>>)

// -----

// [P7]
// expected-error @+1 {{2147483648 outputs are too many to be packed}}
func.func private @f(tensor<2147483648x64x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 64>>)

// -----

// [P3]
// expected-error @+1 {{panels hold a static matrix of outputs by inputs}}
func.func private @f(tensor<2x16x64x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 16>>)

// -----

// [P3]
// expected-error @+1 {{panels hold a static matrix of outputs by inputs}}
func.func private @f(tensor<?x64x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 16>>)

// -----

// [P4]
// expected-error @+1 {{groups of 12 do not divide 16 outputs}}
func.func private @f(tensor<16x64x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 12>>)

// -----

// [R5]
// expected-error @+1 {{groups of 48 do not divide a row of 64}}
func.func private @f(tensor<16x64x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 48, out_group = 16>>)

// -----

// [K1]
// expected-error @+1 {{a tile has 1 to 16 rows and 1 to 4 panels, not 0 and 1}}
func.func private @f() attributes {dot = #bnn.dot<xor_count, rows = 0, panels = 1>}

// -----

// [K1]
// expected-error @+1 {{a tile has 1 to 16 rows and 1 to 4 panels, not 17 and 1}}
func.func private @f() attributes {dot = #bnn.dot<xor_count, rows = 17, panels = 1>}

// -----

// [K1]
// expected-error @+1 {{a tile has 1 to 16 rows and 1 to 4 panels, not 4 and 5}}
func.func private @f() attributes {dot = #bnn.dot<and_count, rows = 4, panels = 5>}

// -----

// [K2]
// expected-error @+1 {{a table serves 2 or 4 rows and 4 panels, not 3 and 4}}
func.func private @f() attributes {dot = #bnn.dot<byte_table, rows = 3, panels = 4>}

// -----

// [K2]
// expected-error @+1 {{a table serves 2 or 4 rows and 4 panels, not 2 and 2}}
func.func private @f() attributes {dot = #bnn.dot<byte_table, rows = 2, panels = 2>}

// -----

// [K3]
// expected-error @+1 {{parity_chain adds up 1 panel at a time, not 2}}
func.func private @f() attributes {dot = #bnn.dot<parity_chain, rows = 3, panels = 2>}

// -----

// [K3]
// expected-error @+1 {{fma adds up 1 panel at a time, not 2}}
func.func private @f() attributes {dot = #bnn.dot<fma, rows = 4, panels = 2>}

// -----

// [K4]
// expected-error @+1 {{only xor_count reads words with parity}}
func.func private @f() attributes {dot = #bnn.dot<and_count, rows = 1, panels = 1, parity = true>}

// -----

// [K5]
// expected-error @+1 {{attention has 1 to 4 queries in flight, not 5}}
func.func private @f() attributes {dot = #bnn.dot<xor_count, rows = 4, panels = 2, queries = 5>}

// -----

// [K6]
// expected-error @+1 {{queries in flight belong to xor_count}}
func.func private @f() attributes {dot = #bnn.dot<and_count, rows = 4, panels = 2, queries = 2>}

// -----

// [K7]
// expected-error @+1 {{tiles of bytes have 16 rows and 2 panels, not 16 and 1}}
func.func private @f() attributes {dot = #bnn.dot<byte_tiles, rows = 16, panels = 1>}

// -----

// [K8]
// expected-error @+1 {{squares of bytes have 4 rows and 1 panel, not 8 and 1}}
func.func private @f() attributes {dot = #bnn.dot<byte_squares, rows = 8, panels = 1>}

// -----

// [G1]
// expected-error @+1 {{a target lists dots, not 4 : i64}}
module attributes {bnn.target = #bnn.target<strategy = "x", dots = [4]>} {}

// -----

// [G2]
// expected-error @+1 {{a target lists one dot of a kind, not two of fma}}
module attributes {bnn.target = #bnn.target<strategy = "x", dots = [#bnn.dot<fma, rows = 4, panels = 1>, #bnn.dot<fma, rows = 2, panels = 1>]>} {}

// -----

//===----------------------------------------------------------------------===//
// What the passes tell each other of a model
//===----------------------------------------------------------------------===//

// [DI1]
// expected-error @+1 {{has the attribute 'bnn.max_dims', which the dialect does not have for operations}}
module attributes {bnn.max_dims = "eight"} {}

// -----

// [DI4]
// expected-error @+1 {{argument #0 has the attribute 'bnn.kind', which the dialect does not have for arguments}}
func.func private @f(memref<4xf32> {bnn.kind = "inptu"})

// -----

// [DI2]
// expected-error @+1 {{has the attribute 'bnn.model', which belongs on a module}}
func.func private @f() attributes {bnn.model = #bnn.model<prefix = "m">}

// -----

// [DI2]
// expected-error @+1 {{has the attribute 'bnn.workspace_size', which belongs on a function}}
module attributes {bnn.workspace_size = 64 : i64} {}

// -----

func.func @f(%x: f32) -> f32 {
  // [DI2]
  // expected-error @+1 {{has the attribute 'bnn.not_positive', which belongs on a math.exp}}
  %0 = math.exp2 %x {bnn.not_positive} : f32
  return %0 : f32
}

// -----

// [DI3]
// expected-error @+1 {{'bnn.target' must be a #bnn.target, not "avx2"}}
module attributes {bnn.target = "avx2"} {}

// -----

// [DI3]
// expected-error @+1 {{'bnn.model' must be a #bnn.model, not {prefix = 3 : i32}}}
module attributes {bnn.model = {prefix = 3 : i32}} {}

// -----

// [DI3]
// expected-error @+1 {{'bnn.port_limits' must be a dictionary of positive f64s, not {matmul = 0.000000e+00 : f64}}}
module attributes {bnn.port_limits = {matmul = 0.0 : f64}} {}

// -----

// [DI3]
// expected-error @+1 {{'bnn.profiled_ops' must be an array of #bnn.profiled, not [{name = "x"}]}}
module attributes {bnn.profiled_ops = [{name = "x"}]} {}

// -----

// [DI3]
// expected-error @+1 {{'bnn.layers' must be an array of #bnn.layer, not [{kind = "linear"}]}}
func.func private @f() attributes {bnn.layers = [{kind = "linear"}]}

// -----

// [DI3]
// expected-error @+1 {{'bnn.workspace_size' must be an i64 of 0 or more, not -1 : i64}}
func.func private @f() attributes {bnn.workspace_size = -1 : i64}

// -----

// [DI3]
// expected-error @+1 {{'bnn.workspace_size' must be an i64 of 0 or more, not 64 : i32}}
func.func private @f() attributes {bnn.workspace_size = 64 : i32}

// -----

// [DI3]
// expected-error @+1 {{'bnn.workspace_buffers' must be an array of #bnn.buffer, not [64]}}
func.func private @f() attributes {bnn.workspace_buffers = [64]}

// -----

func.func @f(%x: f32) -> f32 {
  // [DI3]
  // expected-error @+1 {{'bnn.not_positive' must be a unit, not true}}
  %0 = math.exp %x {bnn.not_positive = true} : f32
  return %0 : f32
}

// -----

// [DI5]
// expected-error @+1 {{argument #1 has a 'bnn.argument' that must be an #bnn.argument, not "workspace"}}
func.func private @f(f32, memref<?xi8> {bnn.argument = "workspace"})

// -----

// [DI6]
// expected-error @+1 {{result #0 has the attribute 'bnn.argument', which the dialect does not have for results}}
func.func private @f() -> (memref<4xf32> {bnn.argument = #bnn.argument<output, "y", [4]>})

// -----

// [MD1]
// expected-error @+1 {{the prefix '7up' is no C identifier: use letters, digits and underscores, and begin with no digit}}
module attributes {bnn.model = #bnn.model<prefix = "7up">} {}

// -----

// [MD2]
// expected-error @+1 {{the maximum of the dimension 'batch' must be a positive i64, not "eight"}}
module attributes {bnn.model = #bnn.model<max_dims = {batch = "eight"}>} {}

// -----

// [MD2]
// expected-error @+1 {{the maximum of the dimension 'batch' must be a positive i64, not 0 : i64}}
module attributes {bnn.model = #bnn.model<max_dims = {batch = 0}>} {}

// -----

// [AR1]
// expected-error @+1 {{inputs and outputs have a name and dimensions, and nothing else has}}
func.func private @f(memref<4xf32> {bnn.argument = #bnn.argument<input>})

// -----

// [AR1]
// expected-error @+1 {{inputs and outputs have a name and dimensions, and nothing else has}}
func.func private @f(memref<?xi8> {bnn.argument = #bnn.argument<workspace, "ws", ["n"]>})

// -----

// [AR2]
// expected-error @+1 {{a dimension is a name, an i64 or, of an output, computed, not f32}}
func.func private @f(memref<4xf32> {bnn.argument = #bnn.argument<input, "x", [f32]>})

// -----

// [AR3]
// expected-error @+1 {{argument #0 is an input or output and must be a memref of identity layout, not 'tensor<4xf32>'}}
func.func private @f(tensor<4xf32> {bnn.argument = #bnn.argument<input, "x", [4]>})

// -----

// [AR3]
// expected-error @+1 {{argument #0 is an input or output and must be a memref of identity layout, not 'memref<4xf32, strided<[2]>>'}}
func.func private @f(memref<4xf32, strided<[2]>> {bnn.argument = #bnn.argument<output, "y", [4]>})

// -----

// [AR4]
// expected-error @+1 {{argument #0 has 2 dimensions, but its type has rank 1}}
func.func private @f(memref<4xf32> {bnn.argument = #bnn.argument<input, "x", [4, 2]>})

// -----

// [AR5]
// expected-error @+1 {{argument #0 has a dimension 3 that differs from its type's}}
func.func private @f(memref<4xf32> {bnn.argument = #bnn.argument<input, "x", [3]>})

// -----

// [AR5]
// expected-error @+1 {{argument #0 has a dimension 3 that differs from its type's}}
func.func private @f(memref<?xf32> {bnn.argument = #bnn.argument<input, "x", [3]>})

// -----

// [AR6]
// expected-error @+1 {{argument #0 has the dimension "n", which is static in its type}}
func.func private @f(memref<4xf32> {bnn.argument = #bnn.argument<input, "x", ["n"]>})

// -----

// [AR7]
// expected-error @+1 {{argument #0 is the workspace and must be a memref<?xi8>, not 'memref<?xf32>'}}
func.func private @f(memref<?xf32> {bnn.argument = #bnn.argument<workspace>})

// -----

// [AR8]
// expected-error @+1 {{argument #0 is the profile_hook and must be a pointer, not 'i64'}}
func.func private @f(i64 {bnn.argument = #bnn.argument<profile_hook>})

// -----

// [CT1]
// expected-error @+1 {{a product is an i64 and names, not ["batch", 2]}}
func.func private @f() attributes {test.count = #bnn.count<[["batch", 2]]>}

// -----

// [LR1]
// expected-error @+1 {{a layer has two sizes, not negative}}
func.func private @f() attributes {bnn.layers = [#bnn.layer<kind = linear, op = "MatMul", loc = loc("x"), sizes = [4], weights = !bnn.s1, activations = !bnn.s1>]}

// -----

// [LR1]
// expected-error @+1 {{a layer has two sizes, not negative}}
func.func private @f() attributes {bnn.layers = [#bnn.layer<kind = linear, op = "MatMul", loc = loc("x"), sizes = [4, -1], weights = !bnn.s1, activations = !bnn.s1>]}

// -----

// [LR2]
// expected-error @+1 {{weights and activations are f32 or bits, not 'i8'}}
func.func private @f() attributes {bnn.layers = [#bnn.layer<kind = linear, op = "MatMul", loc = loc("x"), sizes = [4, 4], weights = !bnn.s1, activations = i8>]}

// -----

// [LR3]
// expected-error @+1 {{a layer that is not binary says why}}
func.func private @f() attributes {bnn.layers = [#bnn.layer<kind = linear, op = "MatMul", loc = loc("x"), sizes = [4, 4], weights = f32, activations = f32>]}

// -----

// [NS1]
// expected-error @+1 {{the numbers of weights are finite f64, not 3.000000e+00 : f32}}
func.func private @f() attributes {noise = #bnn.noise<kurtosis = 3.0 : f32, row_kurtosis = 3.0, peak = 5.0, per_tensor = 38.9, per_channel = 42.3, histogram = [1, 1]>}

// -----

// [NS2]
// expected-error @+1 {{a part of a histogram has a negative count}}
func.func private @f() attributes {noise = #bnn.noise<kurtosis = 3.0, row_kurtosis = 3.0, peak = 5.0, per_tensor = 38.9, per_channel = 42.3, histogram = [1, -1]>}

// -----

// Eight bits on both sides are not binary.
// [LR3]
// expected-error @+1 {{a layer that is not binary says why}}
func.func private @f() attributes {bnn.layers = [#bnn.layer<kind = linear, op = "MatMul", loc = loc("x"), sizes = [4, 4], weights = !bnn.s8, activations = !bnn.u8>]}

// -----

// [BF1]
// expected-error @+1 {{a buffer has no negative place or position}}
func.func private @f() attributes {bnn.workspace_buffers = [#bnn.buffer<name = "x", bytes = -1, offset = 0, first = 0, last = -1>]}

// -----

// [EN1]
// expected-error @+1 {{there is a #bnn.argument for each argument of the entry function}}
module attributes {bnn.entry = #bnn.entry<type = (memref<?xi8>) -> i32, arguments = [], workspace_size = 64>} {}

// -----

// [EN1]
// expected-error @+1 {{is the workspace and must be a memref<?xi8>, not 'memref<?xi32>'}}
module attributes {bnn.entry = #bnn.entry<type = (memref<?xi32>) -> i32, arguments = [#bnn.argument<workspace>], workspace_size = 64>} {}

// -----

// [EN2]
// expected-error @+1 {{a workspace has 0 bytes or more, not -1}}
module attributes {bnn.entry = #bnn.entry<type = () -> i32, arguments = [], workspace_size = -1>} {}

// -----

// [DI2]
// expected-error @+1 {{has the attribute 'bnn.phase', which belongs on a module}}
func.func private @f() attributes {bnn.phase = #bnn.phase<done = pack>}

// -----

// [DI3]
// expected-error @+1 {{'bnn.phase' must be a #bnn.phase, not "pack"}}
module attributes {bnn.phase = "pack"} {}

// -----

// [PF1]
// expected-error @+1 {{a port limit is a finite f64 that is not negative, not -1.000000e+00 : f64}}
module attributes {bnn.profiled_ops = [#bnn.profiled<kind = "matmul", name = "x", limit = -1.0>]} {}

// -----

// [PF1]
// expected-error @+1 {{a port limit is a finite f64 that is not negative, not 1.000000e+00 : f32}}
module attributes {bnn.profiled_ops = [#bnn.profiled<kind = "matmul", limit = 1.0 : f32>]} {}

// -----

//===----------------------------------------------------------------------===//
// bnn.constant
//===----------------------------------------------------------------------===//

func.func @f() {
  // [C1]
  // expected-error @+1 {{needs a static shape, not 'tensor<?x!bnn.s1>'}}
  %0 = bnn.constant dense<true> : tensor<2xi1> -> tensor<?x!bnn.s1>
  return
}

// -----

func.func @f() {
  // [C3]
  // expected-error @+1 {{the bits of a constant of type 'tensor<2x!bnn.s1>' are expected to be a tensor of shape [2] of i1, not 'tensor<3xi1>'}}
  %0 = bnn.constant dense<true> : tensor<3xi1> -> tensor<2x!bnn.s1>
  return
}

// -----

func.func @f() {
  // [C3]
  // expected-error @+1 {{are expected to be a tensor of shape [2] of i1, not 'tensor<2xi8>'}}
  %0 = bnn.constant dense<1> : tensor<2xi8> -> tensor<2x!bnn.s1>
  return
}

// -----

func.func @f() {
  // [C3]
  // expected-error @+1 {{are expected to be a tensor of shape [2] of i32, not 'tensor<40xi1>'}}
  %0 = bnn.constant dense<true> : tensor<40xi1> -> tensor<40x!bnn.s1, #bnn.rows<word = 32, group = 40>>
  return
}

// -----

func.func @f() {
  // [C3]
  // expected-error @+1 {{are expected to be a tensor of shape [2, 2, 16] of i32, not 'tensor<1x2x16xi32>'}}
  %0 = bnn.constant dense<1> : tensor<1x2x16xi32> -> tensor<16x64x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 16>>
  return
}

// -----

func.func @f() {
  // [C3]
  // expected-error @+1 {{are expected to be a tensor of shape [2] of i8, not 'tensor<2xi1>'}}
  %0 = bnn.constant dense<true> : tensor<2xi1> -> tensor<2x!bnn.s8>
  return
}

// -----

func.func @f() {
  // [C3]
  // expected-error @+1 {{are expected to be a tensor of shape [2] of i8, not 'tensor<3xi8>'}}
  %0 = bnn.constant dense<1> : tensor<3xi8> -> tensor<2x!bnn.u8>
  return
}

// -----

// Five bytes take two words of an output.
func.func @f() {
  // [C3]
  // expected-error @+1 {{are expected to be a tensor of shape [2, 2, 16] of i32, not 'tensor<2x1x16xi32>'}}
  %0 = bnn.constant dense<1> : tensor<2x1x16xi32> -> tensor<16x5x!bnn.s8, #bnn.panels<lanes = 16, word = 32, group = 5, out_group = 16>>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{op result #0 must be tensor or buffer of bits, but got 'tensor<2xf32>'}}
  %0 = bnn.constant dense<true> : tensor<2xi1> -> tensor<2xf32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// bnn.binarize
//===----------------------------------------------------------------------===//

func.func @f(%x: tensor<4xf32>) {
  // [B1]
  // expected-error @+1 {{'bnn.binarize' op has 0 outputs, expected 1 or 2}}
  "bnn.binarize"(%x) {operandSegmentSizes = array<i32: 1, 0, 0>} : (tensor<4xf32>) -> ()
  return
}

// -----

func.func @f(%x: memref<4xf32>, %b: memref<4x!bnn.s1>, %z: memref<4x!bnn.u1>) {
  // [B1]
  // expected-error @+1 {{'bnn.binarize' op has 3 outputs, expected 1 or 2}}
  bnn.binarize %x outs(%b, %z, %z : memref<4x!bnn.s1>, memref<4x!bnn.u1>, memref<4x!bnn.u1>) : memref<4xf32>
  return
}

// -----

func.func @f(%x: memref<f32>, %b: memref<!bnn.s1>) {
  // [B2]
  // expected-error @+1 {{needs an input of rank 1 or more}}
  bnn.binarize %x outs(%b : memref<!bnn.s1>) : memref<f32>
  return
}

// -----

func.func @f(%x: memref<4xf32>, %b: memref<4x!bnn.u1>) {
  // [B3]
  // expected-error @+1 {{the first output has elements of !bnn.s1, not 'memref<4x!bnn.u1>'}}
  bnn.binarize %x outs(%b : memref<4x!bnn.u1>) : memref<4xf32>
  return
}

// -----

func.func @f(%x: memref<4xf32>, %b: memref<4x!bnn.s2>) {
  // [B3]
  // expected-error @+1 {{the first output has elements of !bnn.s1, not 'memref<4x!bnn.s2>'}}
  bnn.binarize %x outs(%b : memref<4x!bnn.s2>) : memref<4xf32>
  return
}

// -----

func.func @f(%x: memref<2x4xf32>, %b: memref<2x5x!bnn.s1>) {
  // [B6]
  // expected-error @+1 {{the output 'memref<2x5x!bnn.s1>' does not have the shape [2, 4]}}
  bnn.binarize %x outs(%b : memref<2x5x!bnn.s1>) : memref<2x4xf32>
  return
}

// -----

func.func @f(%x: memref<4xf32>, %b: memref<4x!bnn.s1>) {
  // [Z2]
  // expected-error @+1 {{a mask of zeros has elements of !bnn.u1, not 'memref<4x!bnn.s1>'}}
  bnn.binarize %x outs(%b, %b : memref<4x!bnn.s1>, memref<4x!bnn.s1>) : memref<4xf32>
  return
}

// -----

func.func @f(%x: memref<4xf32>, %b: memref<4x!bnn.s1>, %z: memref<2x!bnn.u1>) {
  // [B6]
  // expected-error @+1 {{the output 'memref<2x!bnn.u1>' does not have the shape [4]}}
  bnn.binarize %x outs(%b, %z : memref<4x!bnn.s1>, memref<2x!bnn.u1>) : memref<4xf32>
  return
}

// -----

func.func @f(%x: memref<2x4xf32>, %s: memref<2xf32>, %b: memref<2x4x!bnn.s1>) {
  // [B7]
  // expected-error @+1 {{the shift 'memref<2xf32>' is not one value per element of a row}}
  bnn.binarize %x shift(%s : memref<2xf32>) outs(%b : memref<2x4x!bnn.s1>) : memref<2x4xf32>
  return
}

// -----

func.func @f(%x: memref<2x4xf32>, %s: memref<2x4xf32>, %b: memref<2x4x!bnn.s1>) {
  // [B7]
  // expected-error @+1 {{the shift 'memref<2x4xf32>' is not one value per element of a row}}
  bnn.binarize %x shift(%s : memref<2x4xf32>) outs(%b : memref<2x4x!bnn.s1>) : memref<2x4xf32>
  return
}

// -----

func.func @f(%x: memref<4xi32>, %b: memref<4x!bnn.s1>) {
  // expected-error @+1 {{operand #0 must be tensor or buffer of f32, but got 'memref<4xi32>'}}
  bnn.binarize %x outs(%b : memref<4x!bnn.s1>) : memref<4xi32>
  return
}

// -----

func.func @f(%x: memref<4xf32>, %b: memref<4x!bnn.s1>) {
  // [B3]
  // expected-error @+1 {{the first output has elements of !bnn.u1, not 'memref<4x!bnn.s1>'}}
  bnn.binarize %x threshold(0.25) outs(%b : memref<4x!bnn.s1>) : memref<4xf32>
  return
}

// -----

func.func @f(%x: memref<4xf32>, %b: memref<4x!bnn.u2>) {
  // [B3]
  // expected-error @+1 {{the first output has elements of !bnn.u1, not 'memref<4x!bnn.u2>'}}
  bnn.binarize %x threshold(0.25) outs(%b : memref<4x!bnn.u2>) : memref<4xf32>
  return
}

// -----

func.func @f(%x: memref<4xf32>, %b: memref<4x!bnn.u1>) {
  // [B4]
  // expected-error @+1 {{unsigned bits have no mask of zeros}}
  bnn.binarize %x threshold(0.25) outs(%b, %b : memref<4x!bnn.u1>, memref<4x!bnn.u1>) : memref<4xf32>
  return
}

// -----

func.func @f(%x: memref<4xf32>, %b: memref<4x!bnn.u1>) {
  // [B5]
  // expected-error @+1 {{needs a threshold that is a number}}
  bnn.binarize %x threshold(0x7FC00000) outs(%b : memref<4x!bnn.u1>) : memref<4xf32>
  return
}

// -----

func.func @f(%x: memref<4xf32>, %b: memref<4x!bnn.s1>, %z: memref<4x!bnn.u1>) {
  // [B8]
  // expected-error @+1 {{has a mask of zeros, but the sign of 0 is positive}}
  bnn.binarize %x zero positive outs(%b, %z : memref<4x!bnn.s1>, memref<4x!bnn.u1>) : memref<4xf32>
  return
}

// -----

func.func @f(%x: memref<4xf32>, %b: memref<4x!bnn.u1>) {
  // [B9]
  // expected-error @+1 {{has a threshold, and a sign of 0 besides}}
  bnn.binarize %x threshold(0.25) zero negative outs(%b : memref<4x!bnn.u1>) : memref<4xf32>
  return
}

// -----

func.func @f(%x: memref<4xf32>, %b: memref<4x!bnn.s1>) {
  // [B10]
  // expected-error @+1 {{NaN has a sign, but 0 has none}}
  bnn.binarize %x nan_positive outs(%b : memref<4x!bnn.s1>) : memref<4xf32>
  return
}

// -----

func.func @f(%x: memref<2x4xf32>, %b: memref<2x5x!bnn.u1>) {
  // [B6]
  // expected-error @+1 {{the output 'memref<2x5x!bnn.u1>' does not have the shape [2, 4]}}
  bnn.binarize %x threshold(0.25) outs(%b : memref<2x5x!bnn.u1>) : memref<2x4xf32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// bnn.matmul
//===----------------------------------------------------------------------===//

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8xi32>) {
  // [M1]
  // expected-error @+1 {{'bnn.matmul' op has 0 outputs, expected 1 or 2}}
  "bnn.matmul"(%x, %w) ({
  ^bb0(%acc: i32):
    bnn.yield
  }) {operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>} : (memref<4x64x!bnn.s1>, memref<8x64x!bnn.s1>) -> ()
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<1x8x64x!bnn.s1>, %y: memref<4x8xi32>) {
  // [M2]
  // expected-error @+1 {{multiplies rows by a matrix of outputs by inputs}}
  bnn.matmul %x, %w outs(%y : memref<4x8xi32>) : memref<4x64x!bnn.s1>, memref<1x8x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<!bnn.s1>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8xi32>) {
  // [M2]
  // expected-error @+1 {{multiplies rows by a matrix of outputs by inputs}}
  bnn.matmul %x, %w outs(%y : memref<4x8xi32>) : memref<!bnn.s1>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x32x!bnn.s1>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8xi32>) {
  // [M4]
  // expected-error @+1 {{rows of 32 elements do not fit 'memref<8x64x!bnn.s1>'}}
  bnn.matmul %x, %w outs(%y : memref<4x8xi32>) : memref<4x32x!bnn.s1>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<8x64x!bnn.u1>, %y: memref<4x8xi32>) {
  // [M3]
  // expected-error @+1 {{does not multiply 'memref<4x64x!bnn.s1>' by 'memref<8x64x!bnn.u1>'}}
  bnn.matmul %x, %w outs(%y : memref<4x8xi32>) : memref<4x64x!bnn.s1>, memref<8x64x!bnn.u1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<64x8xf32>, %y: memref<4x8xf32>) {
  // [M3]
  // expected-error @+1 {{does not multiply 'memref<4x64x!bnn.s1>' by 'memref<64x8xf32>'}}
  bnn.matmul %x, %w outs(%y : memref<4x8xf32>) : memref<4x64x!bnn.s1>, memref<64x8xf32> {
  ^bb0(%acc: f32):
    bnn.yield %acc : f32
  }
  return
}

// -----

// A weight of f32 has a row for each element of the input's rows.
func.func @f(%x: memref<4x64xf32>, %w: memref<8x64xf32>, %y: memref<4x8xf32>) {
  // [M4]
  // expected-error @+1 {{rows of 64 elements do not fit 'memref<8x64xf32>'}}
  bnn.matmul %x, %w outs(%y : memref<4x8xf32>) : memref<4x64xf32>, memref<8x64xf32> {
  ^bb0(%acc: f32):
    bnn.yield %acc : f32
  }
  return
}

// -----

func.func @f(%x: memref<4x64xf32>, %w: memref<64x8xf32>, %y: memref<4x64xf32>) {
  // [M5]
  // expected-error @+1 {{the output 'memref<4x64xf32>' does not have the shape [4, 8]}}
  bnn.matmul %x, %w outs(%y : memref<4x64xf32>) : memref<4x64xf32>, memref<64x8xf32> {
  ^bb0(%acc: f32):
    bnn.yield %acc : f32
  }
  return
}

// -----

func.func @f(%x: memref<4x64xf32>, %w: memref<8x64x!bnn.s1>, %z: memref<4x64x!bnn.u1>, %y: memref<4x8xf32>) {
  // [Z1]
  // expected-error @+1 {{a mask of zeros belongs to !bnn.s1, not to 'memref<4x64xf32>'}}
  bnn.matmul %x, %w zeros(%z : memref<4x64x!bnn.u1>) outs(%y : memref<4x8xf32>) : memref<4x64xf32>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: f32):
    bnn.yield %acc : f32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s8>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8xi32>) {
  // [M3]
  // expected-error @+1 {{does not multiply 'memref<4x64x!bnn.s8>' by 'memref<8x64x!bnn.s1>'}}
  bnn.matmul %x, %w outs(%y : memref<4x8xi32>) : memref<4x64x!bnn.s8>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.u8>, %w: memref<8x64x!bnn.u8>, %y: memref<4x8xi32>) {
  // [M3]
  // expected-error @+1 {{does not multiply 'memref<4x64x!bnn.u8>' by 'memref<8x64x!bnn.u8>'}}
  bnn.matmul %x, %w outs(%y : memref<4x8xi32>) : memref<4x64x!bnn.u8>, memref<8x64x!bnn.u8> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<8x64x!bnn.s8>, %y: memref<4x8xi32>) {
  // [M3]
  // expected-error @+1 {{does not multiply 'memref<4x64x!bnn.s1>' by 'memref<8x64x!bnn.s8>'}}
  bnn.matmul %x, %w outs(%y : memref<4x8xi32>) : memref<4x64x!bnn.s1>, memref<8x64x!bnn.s8> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.u8>, %w: memref<8x64x!bnn.s8>, %z: memref<4x64x!bnn.u1>, %y: memref<4x8xi32>) {
  // [Z1]
  // expected-error @+1 {{a mask of zeros belongs to !bnn.s1, not to 'memref<4x64x!bnn.u8>'}}
  bnn.matmul %x, %w zeros(%z : memref<4x64x!bnn.u1>) outs(%y : memref<4x8xi32>) : memref<4x64x!bnn.u8>, memref<8x64x!bnn.s8> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.u1>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8xi32>) {
  // [Z1]
  // expected-error @+1 {{a mask of zeros belongs to !bnn.s1, not to 'memref<4x64x!bnn.u1>'}}
  bnn.matmul %x, %w zeros(%x : memref<4x64x!bnn.u1>) outs(%y : memref<4x8xi32>) : memref<4x64x!bnn.u1>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8xi32>) {
  // [Z2]
  // expected-error @+1 {{a mask of zeros has elements of !bnn.u1, not 'memref<4x64x!bnn.s1>'}}
  bnn.matmul %x, %w zeros(%x : memref<4x64x!bnn.s1>) outs(%y : memref<4x8xi32>) : memref<4x64x!bnn.s1>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8xi32>, %z: memref<4x32x!bnn.u1>) {
  // [Z3]
  // expected-error @+1 {{the mask of zeros 'memref<4x32x!bnn.u1>' does not have the shape of 'memref<4x64x!bnn.s1>'}}
  bnn.matmul %x, %w zeros(%z : memref<4x32x!bnn.u1>) outs(%y : memref<4x8xi32>) : memref<4x64x!bnn.s1>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8xi32>, %o: memref<4x9xi32>) {
  // [M5]
  // expected-error @+1 {{the output 'memref<4x9xi32>' does not have the shape [4, 8]}}
  bnn.matmul %x, %w outs(%o : memref<4x9xi32>) : memref<4x64x!bnn.s1>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x2147483648x!bnn.s1>, %w: memref<8x2147483648x!bnn.s1>, %o: memref<4x8xi32>) {
  // [M6]
  // expected-error @+1 {{sums of 2147483648 elements of '!bnn.s1' can be beyond 32 bits}}
  bnn.matmul %x, %w outs(%o : memref<4x8xi32>) : memref<4x2147483648x!bnn.s1>, memref<8x2147483648x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64xf32>, %w: memref<40x64x!bnn.s1>, %c: memref<4x32xi32>, %o: memref<4x40xf32>) {
  // [M7]
  // expected-error @+1 {{a correction and its blocks come together, beside integers}}
  bnn.matmul %x, %w correction(%c of [0, 2] : memref<4x32xi32>) outs(%o : memref<4x40xf32>) : memref<4x64xf32>, memref<40x64x!bnn.s1> {
  ^bb0(%acc: f32):
    bnn.yield %acc : f32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<40x64x!bnn.s1>, %c: memref<4x32xi32>, %o: memref<4x40xi32>) {
  // [M7]
  // expected-error @+1 {{a correction and its blocks come together, beside integers}}
  bnn.matmul %x, %w  outs(%o : memref<4x40xi32>) {corrected = array<i64: 0, 2>} : memref<4x64x!bnn.s1>, memref<40x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<40x64x!bnn.s1>, %c: memref<4x32xi32>, %o: memref<4x40xi32>) {
  // [M8]
  // expected-error @+1 {{the blocks [2, 0] do not ascend within 40 outputs}}
  bnn.matmul %x, %w correction(%c of [2, 0] : memref<4x32xi32>) outs(%o : memref<4x40xi32>) : memref<4x64x!bnn.s1>, memref<40x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<40x64x!bnn.s1>, %c: memref<4x32xi32>, %o: memref<4x40xi32>) {
  // [M8]
  // expected-error @+1 {{the blocks [1, 1] do not ascend within 40 outputs}}
  bnn.matmul %x, %w correction(%c of [1, 1] : memref<4x32xi32>) outs(%o : memref<4x40xi32>) : memref<4x64x!bnn.s1>, memref<40x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<40x64x!bnn.s1>, %c: memref<4x32xi32>, %o: memref<4x40xi32>) {
  // [M8]
  // expected-error @+1 {{the blocks [0, 3] do not ascend within 40 outputs}}
  bnn.matmul %x, %w correction(%c of [0, 3] : memref<4x32xi32>) outs(%o : memref<4x40xi32>) : memref<4x64x!bnn.s1>, memref<40x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<40x64x!bnn.s1>, %c: memref<4x32xi32>, %o: memref<4x40xi32>) {
  // [M8]
  // expected-error @+1 {{the blocks [-1, 0] do not ascend within 40 outputs}}
  bnn.matmul %x, %w correction(%c of [-1, 0] : memref<4x32xi32>) outs(%o : memref<4x40xi32>) : memref<4x64x!bnn.s1>, memref<40x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<40x64x!bnn.s1>, %c: memref<4x48xi32>, %o: memref<4x40xi32>) {
  // [M9]
  // expected-error @+1 {{the correction 'memref<4x48xi32>' is not of the shape [4, 32]}}
  bnn.matmul %x, %w correction(%c of [0, 2] : memref<4x48xi32>) outs(%o : memref<4x40xi32>) : memref<4x64x!bnn.s1>, memref<40x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x1073741824x!bnn.s1>, %w: memref<40x1073741824x!bnn.s1>, %c: memref<4x32xi32>, %o: memref<4x40xi32>) {
  // [M6]
  // expected-error @+1 {{sums of 2147483648 elements of '!bnn.s1' can be beyond 32 bits}}
  bnn.matmul %x, %w correction(%c of [0, 2] : memref<4x32xi32>) outs(%o : memref<4x40xi32>) : memref<4x1073741824x!bnn.s1>, memref<40x1073741824x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<40x64x!bnn.s1>, %c: memref<4x32xi32>, %o: memref<4x40xi32>) {
  // [M7]
  // expected-error @+1 {{a correction and its blocks come together, beside integers}}
  "bnn.matmul"(%x, %w, %c, %o) ({
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }) {operandSegmentSizes = array<i32: 1, 1, 0, 1, 0, 1>} : (memref<4x64x!bnn.s1>, memref<40x64x!bnn.s1>, memref<4x32xi32>, memref<4x40xi32>) -> ()
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<40x64x!bnn.s1>, %c: memref<4x32xi32>, %o: memref<4x40xi32>) {
  // [M8]
  // expected-error @+1 {{the blocks [0, 1152921504606846977] do not ascend within 40 outputs}}
  bnn.matmul %x, %w correction(%c of [0, 1152921504606846977] : memref<4x32xi32>) outs(%o : memref<4x40xi32>) : memref<4x64x!bnn.s1>, memref<40x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x?x!bnn.s1>, %w: memref<8x2147483648x!bnn.s1>, %o: memref<4x8xi32>) {
  // [M6]
  // expected-error @+1 {{sums of 2147483648 elements of '!bnn.s1' can be beyond 32 bits}}
  bnn.matmul %x, %w outs(%o : memref<4x8xi32>) : memref<4x?x!bnn.s1>, memref<8x2147483648x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x143165577x!bnn.u4>, %w: memref<8x143165577x!bnn.s1>, %o: memref<4x8xi32>) {
  // [M6]
  // expected-error @+1 {{sums of 143165577 elements of '!bnn.u4' can be beyond 32 bits}}
  bnn.matmul %x, %w outs(%o : memref<4x8xi32>) : memref<4x143165577x!bnn.u4>, memref<8x143165577x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x268435456x!bnn.s4>, %w: memref<8x268435456x!bnn.s1>, %o: memref<4x8xi32>) {
  // [M6]
  // expected-error @+1 {{sums of 268435456 elements of '!bnn.s4' can be beyond 32 bits}}
  bnn.matmul %x, %w outs(%o : memref<4x8xi32>) : memref<4x268435456x!bnn.s4>, memref<8x268435456x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

// 255 * 128 each: 65,793 fit (ops.mlir).
func.func @f(%x: memref<4x65794x!bnn.u8>, %w: memref<8x65794x!bnn.s8>, %o: memref<4x8xi32>) {
  // [M6]
  // expected-error @+1 {{sums of 65794 elements of '!bnn.u8' can be beyond 32 bits}}
  bnn.matmul %x, %w outs(%o : memref<4x8xi32>) : memref<4x65794x!bnn.u8>, memref<8x65794x!bnn.s8> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x131072x!bnn.s8>, %w: memref<8x131072x!bnn.s8>, %o: memref<4x8xi32>) {
  // [M6]
  // expected-error @+1 {{sums of 131072 elements of '!bnn.s8' can be beyond 32 bits}}
  bnn.matmul %x, %w outs(%o : memref<4x8xi32>) : memref<4x131072x!bnn.s8>, memref<8x131072x!bnn.s8> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x32897x!bnn.u8>, %w: memref<40x32897x!bnn.s8>, %c: memref<4x32xi32>, %o: memref<4x40xi32>) {
  // [M6]
  // expected-error @+1 {{sums of 65794 elements of '!bnn.u8' can be beyond 32 bits}}
  bnn.matmul %x, %w correction(%c of [0, 2] : memref<4x32xi32>) outs(%o : memref<4x40xi32>) : memref<4x32897x!bnn.u8>, memref<40x32897x!bnn.s8> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8xi32>, %p: memref<4xf32>) {
  // [X1]
  // expected-error @+1 {{the parameter 'memref<4xf32>' is neither one value per output nor of the shape [4, 8]}}
  bnn.matmul %x, %w params(%p : memref<4xf32>) outs(%y : memref<4x8xi32>) : memref<4x64x!bnn.s1>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32, %q: f32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8xi32>, %p: memref<1x8xf32>) {
  // [X1]
  // expected-error @+1 {{the parameter 'memref<1x8xf32>' is neither one value per output nor of the shape [4, 8]}}
  bnn.matmul %x, %w params(%p : memref<1x8xf32>) outs(%y : memref<4x8xi32>) : memref<4x64x!bnn.s1>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32, %q: f32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8xi32>, %p: memref<8xi64>) {
  // expected-error @+1 {{must be variadic of 32-bit float or 32-bit signless integer or tensor or buffer of f32 or i32}}
  bnn.matmul %x, %w params(%p : memref<8xi64>) outs(%y : memref<4x8xi32>) : memref<4x64x!bnn.s1>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32, %q: i64):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8xi32>) {
  // [Z1]
  // expected-error @+1 {{a mask of zeros belongs to !bnn.s1, not to 'memref<4x8xi32>'}}
  bnn.matmul %x, %w outs(%y, %y : memref<4x8xi32>, memref<4x8xi32>) : memref<4x64x!bnn.s1>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc, %acc : i32, i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8xi32>, %b: memref<4x8x!bnn.s1>) {
  // [Z2]
  // expected-error @+1 {{a mask of zeros has elements of !bnn.u1, not 'memref<4x8xi32>'}}
  bnn.matmul %x, %w outs(%b, %y : memref<4x8x!bnn.s1>, memref<4x8xi32>) : memref<4x64x!bnn.s1>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc, %acc : i32, i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8xi32>) {
  // [X3]
  // expected-error @+1 {{the epilogue's arguments are expected to be ('i32')}}
  bnn.matmul %x, %w outs(%y : memref<4x8xi32>) : memref<4x64x!bnn.s1>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i64):
    %0 = arith.trunci %acc : i64 to i32
    bnn.yield %0 : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8xi32>, %p: f32) {
  // [X3]
  // expected-error @+1 {{the epilogue's arguments are expected to be ('i32', 'f32')}}
  bnn.matmul %x, %w params(%p : f32) outs(%y : memref<4x8xi32>) : memref<4x64x!bnn.s1>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8xi32>) {
  // [X4]
  // expected-error @+1 {{the epilogue yields one value for each output}}
  bnn.matmul %x, %w outs(%y : memref<4x8xi32>) : memref<4x64x!bnn.s1>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8xi32>) {
  // [X4]
  // expected-error @+1 {{the epilogue yields one value for each output}}
  bnn.matmul %x, %w outs(%y : memref<4x8xi32>) : memref<4x64x!bnn.s1>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc, %acc : i32, i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8xf32>) {
  bnn.matmul %x, %w outs(%y : memref<4x8xf32>) : memref<4x64x!bnn.s1>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32):
    // [X5]
    // expected-error @+1 {{'bnn.yield' op yields 'i32' for an output of 'memref<4x8xf32>'}}
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8x!bnn.s1>) {
  bnn.matmul %x, %w outs(%y : memref<4x8x!bnn.s1>) : memref<4x64x!bnn.s1>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32):
    // [X5]
    // expected-error @+1 {{'bnn.yield' op yields 'i32' for an output of 'memref<4x8x!bnn.s1>'}}
    bnn.yield %acc : i32
  }
  return
}

// -----

//===----------------------------------------------------------------------===//
// bnn.attention
//===----------------------------------------------------------------------===//

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32) {
  // [A1]
  // expected-error @+1 {{'bnn.attention' op has 0 outputs, expected 1 or 2}}
  "bnn.attention"(%q, %q, %q, %s, %s) ({
  ^bb0(%acc: i32, %res: f32):
    bnn.yield
  }) {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0>, heads = 3 : i64, divisor = 2.0 : f32}
      : (memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, f32, f32) -> ()
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>, %a: memref<5x12x!bnn.s1>) {
  // [A2]
  // expected-error @+1 {{query, key and value have the shape [batch, tokens, heads * size]}}
  bnn.attention %a, %a, %a scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<5x12x!bnn.s1>, memref<5x12x!bnn.s1>, memref<5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>, %a: memref<2x6x12x!bnn.s1>) {
  // [A3]
  // expected-error @+1 {{query, key and value differ in shape: 'memref<2x5x12x!bnn.s1>' and 'memref<2x6x12x!bnn.s1>'}}
  bnn.attention %q, %a, %q scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x6x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>, %a: memref<2x6x12x!bnn.s1>) {
  // [A3]
  // expected-error @+1 {{query, key and value differ in shape: 'memref<2x5x12x!bnn.s1>' and 'memref<2x6x12x!bnn.s1>'}}
  bnn.attention %q, %q, %a scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x6x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>, %a: memref<2x5x12x!bnn.u1>) {
  // [A5]
  // expected-error @+1 {{query, key and value differ in their elements: 'memref<2x5x12x!bnn.s1>' and 'memref<2x5x12x!bnn.u1>'}}
  bnn.attention %q, %q, %a scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.u1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>) {
  // [A12]
  // expected-error @+1 {{5 heads do not divide 12 channels}}
  bnn.attention %q, %q, %q scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 5 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>) {
  // [A12]
  // expected-error @+1 {{0 heads do not divide 12 channels}}
  bnn.attention %q, %q, %q scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 0 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>) {
  // [Z2]
  // expected-error @+1 {{a mask of zeros has elements of !bnn.u1, not 'memref<2x5x12x!bnn.s1>'}}
  bnn.attention %q, %q, %q query_zeros(%q : memref<2x5x12x!bnn.s1>) scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>, %z: memref<2x5x6x!bnn.u1>) {
  // [Z3]
  // expected-error @+1 {{the mask of zeros 'memref<2x5x6x!bnn.u1>' does not have the shape of 'memref<2x5x12x!bnn.s1>'}}
  bnn.attention %q, %q, %q query_zeros(%z : memref<2x5x6x!bnn.u1>) scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>) {
  // [Z2]
  // expected-error @+1 {{a mask of zeros has elements of !bnn.u1, not 'memref<2x5x12x!bnn.s1>'}}
  bnn.attention %q, %q, %q key_zeros(%q : memref<2x5x12x!bnn.s1>) scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>, %z: memref<2x5x6x!bnn.u1>) {
  // [Z3]
  // expected-error @+1 {{the mask of zeros 'memref<2x5x6x!bnn.u1>' does not have the shape of 'memref<2x5x12x!bnn.s1>'}}
  bnn.attention %q, %q, %q key_zeros(%z : memref<2x5x6x!bnn.u1>) scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>) {
  // [Z2]
  // expected-error @+1 {{a mask of zeros has elements of !bnn.u1, not 'memref<2x5x12x!bnn.s1>'}}
  bnn.attention %q, %q, %q value_zeros(%q : memref<2x5x12x!bnn.s1>) scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>, %z: memref<2x5x6x!bnn.u1>) {
  // [Z3]
  // expected-error @+1 {{the mask of zeros 'memref<2x5x6x!bnn.u1>' does not have the shape of 'memref<2x5x12x!bnn.s1>'}}
  bnn.attention %q, %q, %q value_zeros(%z : memref<2x5x6x!bnn.u1>) scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %l: memref<2x5x1xf32>, %o: memref<2x5x12xf32>) {
  // [A13]
  // expected-error @+1 {{low-rank terms come in pairs}}
  "bnn.attention"(%q, %q, %q, %l, %s, %s, %o) ({
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }) {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1>, heads = 3 : i64, divisor = 2.0 : f32}
      : (memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x1xf32>, f32, f32, memref<2x5x12xf32>) -> ()
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>, %l: memref<2x5xf32>) {
  // [A14]
  // expected-error @+1 {{the low-rank term 'memref<2x5xf32>' is expected to be [batch, tokens, rank]}}
  bnn.attention %q, %q, %q low_rank(%l, %l : memref<2x5xf32>, memref<2x5xf32>) scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>, %l: memref<2x5x3xf32>, %r: memref<2x6x3xf32>) {
  // [A14]
  // expected-error @+1 {{the low-rank term 'memref<2x6x3xf32>' is expected to be [batch, tokens, rank]}}
  bnn.attention %q, %q, %q low_rank(%l, %r : memref<2x5x3xf32>, memref<2x6x3xf32>) scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>, %l: memref<2x5x3xf32>, %r: memref<2x5x2xf32>) {
  // [A15]
  // expected-error @+1 {{low-rank terms differ in rank: 'memref<2x5x3xf32>' and 'memref<2x5x2xf32>'}}
  bnn.attention %q, %q, %q low_rank(%l, %r : memref<2x5x3xf32>, memref<2x5x2xf32>) scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>, %l: memref<2x5xf32>) {
  // [A14]
  // expected-error @+1 {{the low-rank term 'memref<2x5xf32>' is expected to be [batch, tokens, rank]}}
  bnn.attention %q, %q, %q value_residual(%l : memref<2x5xf32>) scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>, %l: memref<2x5x3xf32>) {
  // [A16]
  // expected-error @+1 {{the value residual 'memref<2x5x3xf32>' has one number a token}}
  bnn.attention %q, %q, %q value_residual(%l : memref<2x5x3xf32>) scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<4x5x12x!bnn.s1>, %s: f32, %o: memref<4x5x12xf32>, %m: memref<3x1x5x5xf32>) {
  // [A17]
  // expected-error @+1 {{the mask 'memref<3x1x5x5xf32>' is expected to be [batch, tokens of the key] or [batch, heads, tokens of the query, tokens of the key], or to have a divisor of the batch in its place}}
  bnn.attention %q, %q, %q mask(%m : memref<3x1x5x5xf32>) scale(%s) cutoff(%s) outs(%o : memref<4x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<4x5x12x!bnn.s1>, memref<4x5x12x!bnn.s1>, memref<4x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>, %m: memref<2x6xf32>) {
  // [A17]
  // expected-error @+1 {{the mask 'memref<2x6xf32>' is expected to be [batch, tokens of the key] or [batch, heads, tokens of the query, tokens of the key]}}
  bnn.attention %q, %q, %q mask(%m : memref<2x6xf32>) scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>, %m: memref<2x2x1x5xf32>) {
  // [A17]
  // expected-error @+1 {{the mask 'memref<2x2x1x5xf32>' is expected to be [batch, tokens of the key] or [batch, heads, tokens of the query, tokens of the key]}}
  bnn.attention %q, %q, %q mask(%m : memref<2x2x1x5xf32>) scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>) {
  // [A18]
  // expected-error @+1 {{needs a divisor that is a number and not 0}}
  bnn.attention %q, %q, %q scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 0.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>) {
  // [A18]
  // expected-error @+1 {{needs a divisor that is a number and not 0}}
  bnn.attention %q, %q, %q scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 0x7FC00000 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>, %p: memref<2x5x4xf32>) {
  // [A19]
  // expected-error @+1 {{the output 'memref<2x5x4xf32>' does not have the shape [2, 5, 12]}}
  bnn.attention %q, %q, %q scale(%s) cutoff(%s) outs(%p : memref<2x5x4xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>, %p: memref<5xf32>) {
  // [X1]
  // expected-error @+1 {{the parameter 'memref<5xf32>' is neither one value per output nor of the shape [2, 5, 12]}}
  bnn.attention %q, %q, %q scale(%s) cutoff(%s) params(%p : memref<5xf32>) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32, %a: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>) {
  // [Z1]
  // expected-error @+1 {{a mask of zeros belongs to !bnn.s1, not to 'memref<2x5x12xf32>'}}
  bnn.attention %q, %q, %q scale(%s) cutoff(%s) outs(%o, %o : memref<2x5x12xf32>, memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res, %res : f32, f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>) {
  // [X3]
  // expected-error @+1 {{the epilogue's arguments are expected to be ('i32', 'f32')}}
  bnn.attention %q, %q, %q scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32):
    %0 = arith.sitofp %acc : i32 to f32
    bnn.yield %0 : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>) {
  // [X4]
  // expected-error @+1 {{the epilogue yields one value for each output}}
  bnn.attention %q, %q, %q scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res, %res : f32, f32
  }
  return
}

// -----

//===----------------------------------------------------------------------===//
// bnn.embedding and the ops without a region
//===----------------------------------------------------------------------===//

func.func @f(%i: memref<5xi64>, %t: memref<10x64x!bnn.s1>, %s: memref<10xf32>) {
  // [E1]
  // expected-error @+1 {{'bnn.embedding' op has 0 outputs, expected 1}}
  "bnn.embedding"(%i, %t, %s) : (memref<5xi64>, memref<10x64x!bnn.s1>, memref<10xf32>) -> ()
  return
}

// -----

func.func @f(%i: memref<5xi64>, %t: memref<10x64x!bnn.s1>, %s: memref<10xf32>, %o: memref<5x64xf32>) {
  // [E1]
  // expected-error @+1 {{'bnn.embedding' op has 2 outputs, expected 1}}
  bnn.embedding %i, %t, %s outs(%o, %o : memref<5x64xf32>, memref<5x64xf32>) : memref<5xi64>, memref<10x64x!bnn.s1>, memref<10xf32>
  return
}

// -----

func.func @f(%i: memref<5xi64>, %t: memref<10x!bnn.s1>, %s: memref<10xf32>, %o: memref<5x64xf32>) {
  // [E2]
  // expected-error @+1 {{the table is a matrix of rows, not 'memref<10x!bnn.s1>'}}
  bnn.embedding %i, %t, %s outs(%o : memref<5x64xf32>) : memref<5xi64>, memref<10x!bnn.s1>, memref<10xf32>
  return
}

// -----

func.func @f(%i: memref<5xi64>, %t: memref<?x64x!bnn.s1>, %s: memref<10xf32>, %o: memref<5x64xf32>) {
  // [E2]
  // expected-error @+1 {{the table is a matrix of rows, not 'memref<?x64x!bnn.s1>'}}
  bnn.embedding %i, %t, %s outs(%o : memref<5x64xf32>) : memref<5xi64>, memref<?x64x!bnn.s1>, memref<10xf32>
  return
}

// -----

func.func @f(%i: memref<5xi64>, %t: memref<0x64x!bnn.s1>, %s: memref<10xf32>, %o: memref<5x64xf32>) {
  // [E2]
  // expected-error @+1 {{the table is a matrix of rows, not 'memref<0x64x!bnn.s1>'}}
  bnn.embedding %i, %t, %s outs(%o : memref<5x64xf32>) : memref<5xi64>, memref<0x64x!bnn.s1>, memref<10xf32>
  return
}

// -----

func.func @f(%i: memref<5xi64>, %t: memref<10x64x!bnn.u1>, %s: memref<10xf32>, %o: memref<5x64xf32>) {
  // [E3]
  // expected-error @+1 {{the table has elements of !bnn.s1, not 'memref<10x64x!bnn.u1>'}}
  bnn.embedding %i, %t, %s outs(%o : memref<5x64xf32>) : memref<5xi64>, memref<10x64x!bnn.u1>, memref<10xf32>
  return
}

// -----

func.func @f(%i: memref<5xi64>, %t: memref<10x64x!bnn.s1>, %s: memref<64xf32>, %o: memref<5x64xf32>) {
  // [E4]
  // expected-error @+1 {{the scale 'memref<64xf32>' is not one value per row of the table}}
  bnn.embedding %i, %t, %s outs(%o : memref<5x64xf32>) : memref<5xi64>, memref<10x64x!bnn.s1>, memref<64xf32>
  return
}

// -----

func.func @f(%i: memref<5xi64>, %t: memref<10x64x!bnn.s1>, %s: memref<10xf32>, %o: memref<5x32xf32>) {
  // [E5]
  // expected-error @+1 {{the output 'memref<5x32xf32>' does not have the shape [5, 64]}}
  bnn.embedding %i, %t, %s outs(%o : memref<5x32xf32>) : memref<5xi64>, memref<10x64x!bnn.s1>, memref<10xf32>
  return
}

// -----

func.func @f(%i: memref<5xi8>, %t: memref<10x64x!bnn.s1>, %s: memref<10xf32>, %o: memref<5x64xf32>) {
  // expected-error @+1 {{operand #0 must be tensor or buffer of i32 or i64, but got 'memref<5xi8>'}}
  bnn.embedding %i, %t, %s outs(%o : memref<5x64xf32>) : memref<5xi8>, memref<10x64x!bnn.s1>, memref<10xf32>
  return
}

// -----

func.func @f(%x: memref<2x64xf32>) {
  // [D1]
  // expected-error @+1 {{'bnn.reduce' op has 0 outputs, expected 1}}
  "bnn.reduce"(%x) {kind = #bnn<reduce_kind add>} : (memref<2x64xf32>) -> ()
  return
}

// -----

func.func @f(%x: memref<f32>) {
  // [D2]
  // expected-error @+1 {{needs an input of rank 1 or more}}
  bnn.reduce add %x outs(%x : memref<f32>) : memref<f32>
  return
}

// -----

func.func @f(%x: memref<2x64xf32>, %o: memref<2x1xf32>) {
  // [D3]
  // expected-error @+1 {{the output 'memref<2x1xf32>' does not have the shape [2]}}
  bnn.reduce max %x outs(%o : memref<2x1xf32>) : memref<2x64xf32>
  return
}

// -----

func.func @f(%ok: i1) -> i32 {
  // [RU1]
  // expected-error @+1 {{needs the status of a run that failed, not 0}}
  bnn.return_unless %ok, 0
  %done = arith.constant 0 : i32
  return %done : i32
}

// -----

func.func @f(%ok: i1) {
  // [RU2]
  // expected-error @+1 {{stands in the body of a function that returns one i32}}
  bnn.return_unless %ok, 2
  return
}

// -----

func.func @f(%ok: i1) -> i32 {
  scf.if %ok {
    // [RU2]
    // expected-error @+1 {{stands in the body of a function that returns one i32}}
    bnn.return_unless %ok, 2
  }
  %done = arith.constant 0 : i32
  return %done : i32
}

// -----

func.func @f(%x: f32) {
  // [Y1]
  // expected-error @+1 {{'bnn.yield' op ends the epilogue of an op that has one}}
  bnn.yield %x : f32
}

// -----

func.func @f(%x: memref<4x?xf32>, %g: memref<64xf32>, %h: memref<64xf32>, %o: memref<4x64xf32>) {
  // [N2]
  // expected-error @+1 {{needs rows of a static size of at least 1, not 'memref<4x?xf32>'}}
  bnn.layer_norm %x, %g, %h outs(%o : memref<4x64xf32>) {epsilon = 1.0e-5 : f32} : memref<4x?xf32>, memref<64xf32>, memref<64xf32>
  return
}

// -----

func.func @f(%x: memref<4x0xf32>, %g: memref<64xf32>, %h: memref<64xf32>, %o: memref<4x64xf32>) {
  // [N2]
  // expected-error @+1 {{needs rows of a static size of at least 1, not 'memref<4x0xf32>'}}
  bnn.layer_norm %x, %g, %h outs(%o : memref<4x64xf32>) {epsilon = 1.0e-5 : f32} : memref<4x0xf32>, memref<64xf32>, memref<64xf32>
  return
}

// -----

func.func @f(%x: memref<f32>, %g: memref<64xf32>, %h: memref<64xf32>, %o: memref<4x64xf32>) {
  // [N2]
  // expected-error @+1 {{needs rows of a static size of at least 1, not 'memref<f32>'}}
  bnn.layer_norm %x, %g, %h outs(%o : memref<4x64xf32>) {epsilon = 1.0e-5 : f32} : memref<f32>, memref<64xf32>, memref<64xf32>
  return
}

// -----

func.func @f(%x: memref<4x64xf32>, %g: memref<4xf32>, %h: memref<4xf32>, %o: memref<4x64xf32>) {
  // [N3]
  // expected-error @+1 {{the parameter 'memref<4xf32>' is not one value per element of a row}}
  bnn.layer_norm %x, %g, %h outs(%o : memref<4x64xf32>) {epsilon = 1.0e-5 : f32} : memref<4x64xf32>, memref<4xf32>, memref<4xf32>
  return
}

// -----

func.func @f(%x: memref<4x64xf32>, %g: memref<64xf32>, %h: memref<4xf32>, %o: memref<4x64xf32>) {
  // [N3]
  // expected-error @+1 {{the parameter 'memref<4xf32>' is not one value per element of a row}}
  bnn.layer_norm %x, %g, %h outs(%o : memref<4x64xf32>) {epsilon = 1.0e-5 : f32} : memref<4x64xf32>, memref<64xf32>, memref<4xf32>
  return
}

// -----

func.func @f(%x: memref<4x64xf32>, %g: memref<64xf32>, %h: memref<64xf32>, %o: memref<4x32xf32>) {
  // [N4]
  // expected-error @+1 {{the output 'memref<4x32xf32>' does not have the shape [4, 64]}}
  bnn.layer_norm %x, %g, %h outs(%o : memref<4x32xf32>) {epsilon = 1.0e-5 : f32} : memref<4x64xf32>, memref<64xf32>, memref<64xf32>
  return
}

// -----

func.func @f(%x: memref<4x64xf32>, %g: memref<64xf32>) {
  // [N1]
  // expected-error @+1 {{'bnn.layer_norm' op has no outputs}}
  "bnn.layer_norm"(%x, %g, %g) <{epsilon = 1.0e-5 : f32, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}> ({})
      : (memref<4x64xf32>, memref<64xf32>, memref<64xf32>) -> ()
  return
}

// -----

func.func @f(%x: memref<4x64xf32>, %g: memref<64xf32>) {
  // [X2]
  // expected-error @+1 {{has one output of 'f32' and no parameters without an epilogue}}
  bnn.layer_norm %x, %g, %g outs(%x, %x : memref<4x64xf32>, memref<4x64xf32>) {epsilon = 1.0e-5 : f32}
      : memref<4x64xf32>, memref<64xf32>, memref<64xf32>
  return
}

// -----

func.func @f(%x: memref<4x64xf32>, %g: memref<64xf32>, %o: memref<4x64x!bnn.s1>) {
  // [X2]
  // expected-error @+1 {{has one output of 'f32' and no parameters without an epilogue}}
  bnn.layer_norm %x, %g, %g outs(%o : memref<4x64x!bnn.s1>) {epsilon = 1.0e-5 : f32}
      : memref<4x64xf32>, memref<64xf32>, memref<64xf32>
  return
}

// -----

func.func @f(%x: memref<4x64xf32>, %g: memref<64xf32>) {
  // [X2]
  // expected-error @+1 {{has one output of 'f32' and no parameters without an epilogue}}
  bnn.layer_norm %x, %g, %g params(%g : memref<64xf32>) outs(%x : memref<4x64xf32>) {epsilon = 1.0e-5 : f32}
      : memref<4x64xf32>, memref<64xf32>, memref<64xf32>
  return
}

// -----

func.func @f(%x: memref<4x64xf32>, %g: memref<64xf32>, %p: memref<4xf32>) {
  // [X1]
  // expected-error @+1 {{the parameter 'memref<4xf32>' is neither one value per output nor of the shape [4, 64]}}
  bnn.layer_norm %x, %g, %g params(%p : memref<4xf32>) outs(%x : memref<4x64xf32>) {epsilon = 1.0e-5 : f32}
      : memref<4x64xf32>, memref<64xf32>, memref<64xf32> {
  ^bb0(%y: f32, %q: f32):
    bnn.yield %y : f32
  }
  return
}

// -----

func.func @f(%x: memref<4x64xf32>, %g: memref<64xf32>) {
  // [X3]
  // expected-error @+1 {{the epilogue's arguments are expected to be ('f32')}}
  bnn.layer_norm %x, %g, %g outs(%x : memref<4x64xf32>) {epsilon = 1.0e-5 : f32}
      : memref<4x64xf32>, memref<64xf32>, memref<64xf32> {
  ^bb0(%y: i32):
    %f = arith.sitofp %y : i32 to f32
    bnn.yield %f : f32
  }
  return
}

// -----

func.func @f(%x: memref<4x64xf32>, %g: memref<64xf32>, %o: memref<4x64x!bnn.s1>) {
  // [X4]
  // expected-error @+1 {{the epilogue yields one value for each output}}
  bnn.layer_norm %x, %g, %g outs(%x, %o : memref<4x64xf32>, memref<4x64x!bnn.s1>) {epsilon = 1.0e-5 : f32}
      : memref<4x64xf32>, memref<64xf32>, memref<64xf32> {
  ^bb0(%y: f32):
    bnn.yield %y : f32
  }
  return
}

// -----

func.func @f(%x: memref<4x64xf32>, %g: memref<64xf32>, %o: memref<4x64x!bnn.s1>) {
  bnn.layer_norm %x, %g, %g outs(%o : memref<4x64x!bnn.s1>) {epsilon = 1.0e-5 : f32}
      : memref<4x64xf32>, memref<64xf32>, memref<64xf32> {
  ^bb0(%y: f32):
    // [X5]
    // expected-error @+1 {{yields 'f32' for an output of 'memref<4x64x!bnn.s1>'}}
    bnn.yield %y : f32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s1>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8xi1>) {
  // expected-error @+1 {{must be variadic of tensor or buffer of f32, i32 or bits, but got 'memref<4x8xi1>'}}
  bnn.matmul %x, %w outs(%y : memref<4x8xi1>) : memref<4x64x!bnn.s1>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32):
    %bit = arith.trunci %acc : i32 to i1
    bnn.yield %bit : i1
  }
  return
}

// -----

//===----------------------------------------------------------------------===//
// Integers of a few bits
//===----------------------------------------------------------------------===//

func.func @f() {
  // [C2]
  // expected-error @+1 {{holds elements of one bit or eight, not 'tensor<2x!bnn.s2>'}}
  %0 = bnn.constant dense<true> : tensor<2xi1> -> tensor<2x!bnn.s2>
  return
}

// -----

func.func @f(%x: memref<4xf32>, %s: f32) {
  // [Q1]
  // expected-error @+1 {{'bnn.quantize' op has 0 outputs, expected 1}}
  "bnn.quantize"(%x, %s) {operandSegmentSizes = array<i32: 1, 0, 1, 0, 0, 0>} : (memref<4xf32>, f32) -> ()
  return
}

// -----

func.func @f(%x: memref<f32>, %s: f32, %b: memref<!bnn.s2>) {
  // [Q2]
  // expected-error @+1 {{needs an input of rank 1 or more}}
  bnn.quantize %x step(%s) outs(%b : memref<!bnn.s2>) : memref<f32>
  return
}

// -----

func.func @f(%x: memref<4xf32>, %s: f32, %b: memref<4x!bnn.s1>) {
  // [Q3]
  // expected-error @+1 {{the output has elements of 2, 4 or 8 bits, not 'memref<4x!bnn.s1>'}}
  bnn.quantize %x step(%s) outs(%b : memref<4x!bnn.s1>) : memref<4xf32>
  return
}

// -----

func.func @f(%x: memref<4xf32>, %s: f32, %b: memref<4x!bnn.u1>) {
  // [Q3]
  // expected-error @+1 {{the output has elements of 2, 4 or 8 bits, not 'memref<4x!bnn.u1>'}}
  bnn.quantize %x step(%s) outs(%b : memref<4x!bnn.u1>) : memref<4xf32>
  return
}

// -----

func.func @f(%x: memref<4xf32>, %s: f32, %b: memref<4x!bnn.s2>) {
  // [Q4]
  // expected-error @+1 {{signed integers, and those of 8 bits, have no minimum}}
  bnn.quantize %x step(%s) minimum(%s) outs(%b : memref<4x!bnn.s2>) : memref<4xf32>
  return
}

// -----

func.func @f(%x: memref<4xf32>, %s: f32, %b: memref<4x!bnn.u8>) {
  // [Q4]
  // expected-error @+1 {{signed integers, and those of 8 bits, have no minimum}}
  bnn.quantize %x step(%s) minimum(%s) outs(%b : memref<4x!bnn.u8>) : memref<4xf32>
  return
}

// -----

func.func @f(%x: memref<4xf32>, %s: f32, %z: i32, %b: memref<4x!bnn.u4>) {
  // [Q7]
  // expected-error @+1 {{a zero point is for integers of 8 bits, not for '!bnn.u4'}}
  bnn.quantize %x step(%s) zero_point(%z) outs(%b : memref<4x!bnn.u4>) : memref<4xf32>
  return
}

// -----

func.func @f(%x: memref<4xf32>, %s: f32, %b: memref<4x!bnn.u8>) {
  // expected-error @+1 {{'bnn.quantize' op operand #2 must be 32-bit signless integer, but got 'f32'}}
  "bnn.quantize"(%x, %s, %s, %b) {operandSegmentSizes = array<i32: 1, 0, 1, 0, 1, 1>} : (memref<4xf32>, f32, f32, memref<4x!bnn.u8>) -> ()
  return
}

// -----

func.func @f(%x: memref<2x4xf32>, %s: f32, %b: memref<2x5x!bnn.u4>) {
  // [Q5]
  // expected-error @+1 {{the output 'memref<2x5x!bnn.u4>' does not have the shape [2, 4]}}
  bnn.quantize %x step(%s) outs(%b : memref<2x5x!bnn.u4>) : memref<2x4xf32>
  return
}

// -----

func.func @f(%x: memref<2x4xf32>, %s: f32, %v: memref<2xf32>, %b: memref<2x4x!bnn.u4>) {
  // [Q6]
  // expected-error @+1 {{the shift 'memref<2xf32>' is not one value per element of a row}}
  bnn.quantize %x shift(%v : memref<2xf32>) step(%s) outs(%b : memref<2x4x!bnn.u4>) : memref<2x4xf32>
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.u4>, %z: memref<4x64x!bnn.u1>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8xi32>) {
  // [Z1]
  // expected-error @+1 {{a mask of zeros belongs to !bnn.s1, not to 'memref<4x64x!bnn.u4>'}}
  bnn.matmul %x, %w zeros(%z : memref<4x64x!bnn.u1>) outs(%y : memref<4x8xi32>) : memref<4x64x!bnn.u4>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.s2>, %w: memref<8x64x!bnn.s1>, %y: memref<4x8x!bnn.s2>) {
  bnn.matmul %x, %w outs(%y : memref<4x8x!bnn.s2>) : memref<4x64x!bnn.s2>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32):
    %bit = arith.trunci %acc : i32 to i1
    // [X5]
    // expected-error @+1 {{'bnn.yield' op yields 'i1' for an output of 'memref<4x8x!bnn.s2>'}}
    bnn.yield %bit : i1
  }
  return
}

// -----

func.func @f(%x: memref<4x64x!bnn.u8>, %w: memref<8x64x!bnn.s8>, %y: memref<4x8x!bnn.u8>) {
  bnn.matmul %x, %w outs(%y : memref<4x8x!bnn.u8>) : memref<4x64x!bnn.u8>, memref<8x64x!bnn.s8> {
  ^bb0(%acc: i32):
    %byte = arith.trunci %acc : i32 to i8
    // [X5]
    // expected-error @+1 {{'bnn.yield' op yields 'i8' for an output of 'memref<4x8x!bnn.u8>'}}
    bnn.yield %byte : i8
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.u2>, %s: f32, %o: memref<2x5x12xf32>) {
  // [A4]
  // expected-error @+1 {{query, key and value have signed elements of 1, 2 or 4 bits, not 'memref<2x5x12x!bnn.u2>'}}
  bnn.attention %q, %q, %q scale(%s) probability(!bnn.u2 step(%s) minimum(%s)) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.u2>, memref<2x5x12x!bnn.u2>, memref<2x5x12x!bnn.u2> {
  ^bb0(%acc: i32, %second: i32):
    bnn.yield %s : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s8>, %s: f32, %o: memref<2x5x12xf32>) {
  // [A4]
  // expected-error @+1 {{query, key and value have signed elements of 1, 2 or 4 bits, not 'memref<2x5x12x!bnn.s8>'}}
  bnn.attention %q, %q, %q scale(%s) probability(!bnn.u2 step(%s) minimum(%s)) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s8>, memref<2x5x12x!bnn.s8>, memref<2x5x12x!bnn.s8> {
  ^bb0(%acc: i32, %second: i32):
    bnn.yield %s : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>) {
  // [A6]
  // expected-error @+1 {{needs one of a cutoff, a threshold and quantised probabilities}}
  bnn.attention %q, %q, %q scale(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %second: f32):
    bnn.yield %s : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s2>, %s: f32, %o: memref<2x5x12xf32>) {
  // [A6]
  // expected-error @+1 {{needs one of a cutoff, a threshold and quantised probabilities}}
  bnn.attention %q, %q, %q scale(%s) cutoff(%s) probability(!bnn.u2 step(%s) minimum(%s)) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s2>, memref<2x5x12x!bnn.s2>, memref<2x5x12x!bnn.s2> {
  ^bb0(%acc: i32, %second: i32):
    bnn.yield %s : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s2>, %s: f32, %o: memref<2x5x12xf32>) {
  // [A8]
  // expected-error @+1 {{a query of '!bnn.s2' needs quantised probabilities}}
  bnn.attention %q, %q, %q scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s2>, memref<2x5x12x!bnn.s2>, memref<2x5x12x!bnn.s2> {
  ^bb0(%acc: i32, %second: f32):
    bnn.yield %s : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s4>, %s: f32, %o: memref<2x5x12xf32>) {
  // [A9]
  // expected-error @+1 {{probabilities of '!bnn.u2' do not go with a query of '!bnn.s4'}}
  bnn.attention %q, %q, %q scale(%s) probability(!bnn.u2 step(%s) minimum(%s)) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s4>, memref<2x5x12x!bnn.s4>, memref<2x5x12x!bnn.s4> {
  ^bb0(%acc: i32, %second: i32):
    bnn.yield %s : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s2>, %s: f32, %o: memref<2x5x12xf32>) {
  // [A9]
  // expected-error @+1 {{probabilities of '!bnn.s2' do not go with a query of '!bnn.s2'}}
  bnn.attention %q, %q, %q scale(%s) probability(!bnn.s2 step(%s) minimum(%s)) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s2>, memref<2x5x12x!bnn.s2>, memref<2x5x12x!bnn.s2> {
  ^bb0(%acc: i32, %second: i32):
    bnn.yield %s : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>) {
  // [A10]
  // expected-error @+1 {{probabilities of one bit have a cutoff}}
  bnn.attention %q, %q, %q scale(%s) probability(!bnn.u1 step(%s) minimum(%s)) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %second: i32):
    bnn.yield %s : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s2>, %s: f32, %o: memref<2x5x12xf32>, %r: memref<2x5x1xf32>) {
  // [A11]
  // expected-error @+1 {{quantised probabilities have no value residual}}
  bnn.attention %q, %q, %q value_residual(%r : memref<2x5x1xf32>) scale(%s) probability(!bnn.u2 step(%s) minimum(%s)) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s2>, memref<2x5x12x!bnn.s2>, memref<2x5x12x!bnn.s2> {
  ^bb0(%acc: i32, %second: i32):
    bnn.yield %s : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s2>, %s: f32, %o: memref<2x5x12xf32>) {
  // [X3]
  // expected-error @+1 {{the epilogue's arguments are expected to be ('i32', 'i32')}}
  bnn.attention %q, %q, %q scale(%s) probability(!bnn.u2 step(%s) minimum(%s)) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s2>, memref<2x5x12x!bnn.s2>, memref<2x5x12x!bnn.s2> {
  ^bb0(%acc: i32, %second: f32):
    bnn.yield %s : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s2>, %s: f32, %o: memref<2x5x12xf32>) {
  // [A7]
  // expected-error @+1 {{quantised probabilities have a step and a minimum}}
  "bnn.attention"(%q, %q, %q, %s, %s, %o) ({
  ^bb0(%acc: i32, %sum: i32):
    bnn.yield %s : f32
  }) {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1>, heads = 3 : i64, divisor = 2.0 : f32, probability = !bnn.u2}
      : (memref<2x5x12x!bnn.s2>, memref<2x5x12x!bnn.s2>, memref<2x5x12x!bnn.s2>, f32, f32, memref<2x5x12xf32>) -> ()
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>) {
  // [A6]
  // expected-error @+1 {{needs one of a cutoff, a threshold and quantised probabilities}}
  bnn.attention %q, %q, %q scale(%s) cutoff(%s) threshold(0.0) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>, %m: memref<1x3x5x6xf32>) {
  // [A17]
  // expected-error @+1 {{the mask 'memref<1x3x5x6xf32>' is expected to be [batch, tokens of the key]}}
  bnn.attention %q, %q, %q mask(%m : memref<1x3x5x6xf32>) scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>, %m: memref<2x5xf32>) {
  // [A20]
  // expected-error @+1 {{'mask_kinds' has 2 elements for 1 masks}}
  bnn.attention %q, %q, %q mask(%m : memref<2x5xf32>) scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {mask_kinds = [#bnn.mask_kind<fill>, #bnn.mask_kind<min>], heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>, %m: memref<2x5xf32>) {
  // [A21]
  // expected-error @+1 {{2 of 1 masks cannot be before the division}}
  bnn.attention %q, %q, %q mask(%m : memref<2x5xf32>) scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {early_masks = 2 : i64, heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>, %m: memref<2x5xf32>) {
  // [A21]
  // expected-error @+1 {{-1 of 1 masks cannot be before the division}}
  bnn.attention %q, %q, %q mask(%m : memref<2x5xf32>) scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {early_masks = -1 : i64, heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>) {
  // [A22]
  // expected-error @+1 {{the threshold is NaN}}
  bnn.attention %q, %q, %q scale(%s) threshold(0x7FC00000) outs(%o : memref<2x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>) {
  // [A24]
  // expected-error @+1 {{only a threshold is inclusive}}
  bnn.attention %q, %q, %q scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {inclusive, heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

func.func @f(%q: memref<2x5x12x!bnn.s1>, %s: f32, %o: memref<2x5x12xf32>) {
  // [A23]
  // expected-error @+1 {{is causal, and its keys are other tokens}}
  bnn.attention %q, %q, %q scale(%s) cutoff(%s) outs(%o : memref<2x5x12xf32>)
      {causal, cross, heads = 3 : i64, divisor = 2.0 : f32} : memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1>, memref<2x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}
