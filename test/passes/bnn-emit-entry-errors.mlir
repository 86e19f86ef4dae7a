// RUN: bnn-opt %s --bnn-emit-entry --split-input-file --verify-diagnostics

// expected-error @below {{has no entry function: none has a 'bnn.workspace_size'}}
module attributes {bnn.model = #bnn.model<prefix = "model", max_dims = {n = 4}>} {
  func.func private @main(
      %x: memref<?xf32> {bnn.argument = #bnn.argument<input, "x", ["n"]>}) -> i32 {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

// expected-error @below {{needs a prefix for the symbols of the model}}
module attributes {bnn.model = #bnn.model<max_dims = {n = 4}>} {
  func.func private @main(
      %x: memref<?xf32> {bnn.argument = #bnn.argument<input, "x", ["n"]>}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.model = #bnn.model<prefix = "model", max_dims = {n = 4}>} {
  // expected-error @below {{must return its status as one i32}}
  func.func private @main(
      %x: memref<?xf32> {bnn.argument = #bnn.argument<input, "x", ["n"]>}) attributes {bnn.workspace_size = 0 : i64} {
    return
  }
}

// -----

module attributes {bnn.model = #bnn.model<prefix = "model", max_dims = {n = 4}>} {
  // expected-error @below {{has a 'bnn.workspace_size' but no workspace}}
  func.func private @main(
      %x: memref<?xf32> {bnn.argument = #bnn.argument<input, "x", ["n"]>}) -> i32 attributes {bnn.workspace_size = 8 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.model = #bnn.model<prefix = "model", max_dims = {n = 4}>} {
  // expected-error @below {{argument #0 has the element type 'i16', which the C interface lacks}}
  func.func private @main(
      %x: memref<?xi16> {bnn.argument = #bnn.argument<input, "x", ["n"]>}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.model = #bnn.model<prefix = "model", max_dims = {n = 4}>} {
  // expected-error @below {{argument #0 has rank 9; the C interface allows at most 8}}
  func.func private @main(
      %x: memref<1x1x1x1x1x1x1x1x1xf32> {bnn.argument = #bnn.argument<input, "x", [1, 1, 1, 1, 1, 1, 1, 1, 1]>}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.model = #bnn.model<prefix = "model", max_dims = {n = 4}>} {
  // expected-error @below {{argument #0 has a dimension 'm' without a maximum in 'bnn.model'}}
  func.func private @main(
      %x: memref<?xf32> {bnn.argument = #bnn.argument<input, "x", ["m"]>}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.model = #bnn.model<prefix = "model", max_dims = {n = 4}>} {
  // expected-error @below {{argument #1 is a second workspace}}
  func.func private @main(
      %ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}, %ws2: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.model = #bnn.model<prefix = "model", max_dims = {n = 4}>} {
  // expected-error @below {{has two inputs of one name}}
  func.func private @main(
      %x: memref<?xf32> {bnn.argument = #bnn.argument<input, "x", ["n"]>},
      %y: memref<?xf32> {bnn.argument = #bnn.argument<input, "x", ["n"]>}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.model = #bnn.model<prefix = "model", max_dims = {n = 4}>} {
  // expected-error @below {{has two outputs of the name 'x'}}
  func.func private @main(
      %x: memref<4xf32> {bnn.argument = #bnn.argument<output, "x", [4]>}, %y: memref<4xf32> {bnn.argument = #bnn.argument<output, "x", [4]>}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

// What is computed is no input's dimension, whatever it is called.
module attributes {bnn.model = #bnn.model<prefix = "model", max_dims = {k = 4, n = 4, "2*n" = 4}>} {
  // expected-error @below {{output 'y' has the dimension 2*n, which is not proved to be the 'k' of an input that the model declares it to be, so a caller could not know its size; fix what it depends on by --input-shape}}
  func.func private @main(
      %a: memref<?xf32> {bnn.argument = #bnn.argument<input, "a", ["n"]>},
      %b: memref<?xf32> {bnn.argument = #bnn.argument<input, "b", ["k"]>},
      %c: memref<?xf32> {bnn.argument = #bnn.argument<input, "c", ["2*n"]>},
      %y: memref<?xf32> {bnn.argument = #bnn.argument<output, "y", [#bnn.computed<value = "2*n", declared = "k">]>}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.model = #bnn.model<prefix = "model", max_dims = {n = 4}>} {
  // expected-error @below {{output 'y' has the dimension 2*n, which the model calls 'rows' and which is no dimension of an input, so}}
  func.func private @main(
      %a: memref<?xf32> {bnn.argument = #bnn.argument<input, "a", ["n"]>},
      %y: memref<?xf32> {bnn.argument = #bnn.argument<output, "y", [#bnn.computed<value = "2*n", declared = "rows">]>}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.model = #bnn.model<prefix = "model", max_dims = {n = 4}>} {
  // expected-error @below {{output 'y' has the dimension ?, which is no dimension of an input, so}}
  func.func private @main(
      %a: memref<?xf32> {bnn.argument = #bnn.argument<input, "a", ["n"]>},
      %y: memref<?xf32> {bnn.argument = #bnn.argument<output, "y", [#bnn.computed<value = "?">]>}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.model = #bnn.model<prefix = "model", max_dims = {n = 4}>} {
  // expected-error @below {{argument #0 (output 'x') has a dimension 'n' that no input defines, so a caller could not know its size}}
  func.func private @main(
      %x: memref<?xf32> {bnn.argument = #bnn.argument<output, "x", ["n"]>}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.model = #bnn.model<prefix = "model", max_dims = {n = 4}>} {
  // expected-error @below {{takes the name 'model_run', which the model's C interface needs: choose another prefix}}
  func.func private @model_run() -> i32
  func.func private @main(
      %x: memref<?xf32> {bnn.argument = #bnn.argument<input, "x", ["n"]>}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.model = #bnn.model<prefix = "model">} {
  // expected-error @below {{is the entry function and needs a body}}
  func.func private @main() -> i32 attributes {bnn.workspace_size = 0 : i64}
}

// -----

module attributes {bnn.model = #bnn.model<prefix = "model">} {
  // expected-error @below {{has a profile_hook or a profile_context without the other}}
  func.func private @main(%hook: !llvm.ptr {bnn.argument = #bnn.argument<profile_hook>}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.model = #bnn.model<prefix = "model">} {
  // expected-error @below {{argument #1 is a second profile_hook}}
  func.func private @main(%hook: !llvm.ptr {bnn.argument = #bnn.argument<profile_hook>}, %again: !llvm.ptr {bnn.argument = #bnn.argument<profile_hook>}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

// expected-error @below {{has a profile_hook but no 'bnn.profiled_ops'}}
module attributes {bnn.model = #bnn.model<prefix = "model">} {
  func.func private @main(%hook: !llvm.ptr {bnn.argument = #bnn.argument<profile_hook>}, %context: !llvm.ptr {bnn.argument = #bnn.argument<profile_context>}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.model = #bnn.model<prefix = "model">} {
  // expected-error @below {{argument #0 needs a 'bnn.argument' that says what it is}}
  func.func private @main(%x: memref<4xf32>) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

// A caller compares C strings.
module attributes {bnn.model = #bnn.model<prefix = "model", max_dims = {n = 4}>} {
  // expected-error @below {{argument #0 has the name 'x\u0000y', which has characters that a C string or a terminal does not show}}
  func.func private @main(
      %x: memref<?xf32> {bnn.argument = #bnn.argument<input, "x\00y", ["n"]>}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.model = #bnn.model<prefix = "model", max_dims = {"n\E2\80\AE" = 4}>} {
  // expected-error @below {{argument #0 has the name 'n\u202e'}}
  func.func private @main(
      %x: memref<?xf32> {bnn.argument = #bnn.argument<input, "x", ["n\E2\80\AE"]>}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}
