// What no attribute can be parsed as.
// RUN: bnn-opt %s -verify-diagnostics -split-input-file

// expected-error @+2 {{expected ::mlir::bnn::ArgumentKind to be one of: input, output, workspace, profile_hook, profile_context}}
// expected-error @+1 {{failed to parse BNN_ArgumentAttr parameter 'kind'}}
func.func private @f(memref<4xf32> {bnn.argument = #bnn.argument<inptu, "x", [4]>})

// -----

// expected-error @+2 {{expected string}}
// expected-error @+1 {{failed to parse BNN_ModelAttr parameter 'prefix'}}
module attributes {bnn.model = #bnn.model<prefix = 3 : i32>} {}

// -----

// expected-error @+2 {{invalid kind of attribute specified}}
// expected-error @+1 {{failed to parse BNN_ModelAttr parameter 'max_dims'}}
module attributes {bnn.model = #bnn.model<max_dims = "eight">} {}

// -----

// expected-error @+2 {{expected ::mlir::bnn::DotKind to be one of: xor_count, and_count, byte_table, signed_sum, fma, parity_chain, dot_bytes, fma_bytes, byte_tiles, byte_squares}}
// expected-error @+1 {{failed to parse BNN_DotAttr parameter 'kind'}}
func.func private @f() attributes {dot = #bnn.dot<dot_words, rows = 1, panels = 1>}
