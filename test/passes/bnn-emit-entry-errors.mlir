// RUN: bnn-opt %s --bnn-emit-entry --split-input-file --verify-diagnostics

// expected-error @below {{has no entry function: none has a 'bnn.workspace_size'}}
module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  func.func private @main(
      %x: memref<?xf32> {bnn.kind = "input", bnn.name = "x", bnn.dims = ["n"]}) -> i32 {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

// expected-error @below {{needs a prefix for the symbols of the model}}
module attributes {bnn.max_dims = {n = 4 : i64}} {
  func.func private @main(
      %x: memref<?xf32> {bnn.kind = "input", bnn.name = "x", bnn.dims = ["n"]}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

// expected-error @below {{the prefix '7up' is no C identifier}}
module attributes {bnn.prefix = "7up"} {
  func.func private @main(
      %x: memref<?xf32> {bnn.kind = "input", bnn.name = "x", bnn.dims = ["n"]}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  // expected-error @below {{must return its status as one i32}}
  func.func private @main(
      %x: memref<?xf32> {bnn.kind = "input", bnn.name = "x", bnn.dims = ["n"]}) attributes {bnn.workspace_size = 0 : i64} {
    return
  }
}

// -----

module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  // expected-error @below {{needs a 'bnn.workspace_size' of 0 or more}}
  func.func private @main(
      %x: memref<?xf32> {bnn.kind = "input", bnn.name = "x", bnn.dims = ["n"]}) -> i32 attributes {bnn.workspace_size = -1 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  // expected-error @below {{has a 'bnn.workspace_size' but no workspace}}
  func.func private @main(
      %x: memref<?xf32> {bnn.kind = "input", bnn.name = "x", bnn.dims = ["n"]}) -> i32 attributes {bnn.workspace_size = 8 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  // expected-error @below {{argument #0 must be a memref of identity layout with a 'bnn.kind'}}
  func.func private @main(
      %x: f32 {bnn.kind = "input"}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  // expected-error @below {{argument #0 must be a memref of identity layout with a 'bnn.kind'}}
  func.func private @main(
      %x: memref<?xf32>) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  // expected-error @below {{argument #0 must be a memref of identity layout with a 'bnn.kind'}}
  func.func private @main(
      %x: memref<4xf32, strided<[2]>> {bnn.kind = "input"}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  // expected-error @below {{argument #0 has the unknown 'bnn.kind' "weights"}}
  func.func private @main(
      %x: memref<?xf32> {bnn.kind = "weights"}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  // expected-error @below {{argument #0 needs 'bnn.name' and 'bnn.dims'}}
  func.func private @main(
      %x: memref<?xf32> {bnn.kind = "input", bnn.name = "x"}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  // expected-error @below {{argument #0 has the element type 'f16', which the C interface lacks}}
  func.func private @main(
      %x: memref<?xf16> {bnn.kind = "input", bnn.name = "x", bnn.dims = ["n"]}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  // expected-error @below {{argument #0 has rank 9; the C interface allows at most 8}}
  func.func private @main(
      %x: memref<1x1x1x1x1x1x1x1x1xf32> {bnn.kind = "input", bnn.name = "x", bnn.dims = [1, 1, 1, 1, 1, 1, 1, 1, 1]}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  // expected-error @below {{argument #0 has 2 entries in 'bnn.dims' for rank 1}}
  func.func private @main(
      %x: memref<?xf32> {bnn.kind = "input", bnn.name = "x", bnn.dims = ["n", 2]}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  // expected-error @below {{argument #0 has a static dimension 3 in 'bnn.dims' that differs from its type}}
  func.func private @main(
      %x: memref<4xf32> {bnn.kind = "input", bnn.name = "x", bnn.dims = [3]}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  // expected-error @below {{argument #0 has a dimension that is neither a name nor a number}}
  func.func private @main(
      %x: memref<?xf32> {bnn.kind = "input", bnn.name = "x", bnn.dims = [f32]}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  // expected-error @below {{argument #0 names the dimension 'n', which is static in its type}}
  func.func private @main(
      %x: memref<4xf32> {bnn.kind = "input", bnn.name = "x", bnn.dims = ["n"]}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  // expected-error @below {{argument #0 has a dimension 'm' without a positive maximum in 'bnn.max_dims'}}
  func.func private @main(
      %x: memref<?xf32> {bnn.kind = "input", bnn.name = "x", bnn.dims = ["m"]}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  // expected-error @below {{argument #0 is the workspace and must be a memref<?xi8>}}
  func.func private @main(
      %ws: memref<?xf32> {bnn.kind = "workspace"}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  // expected-error @below {{argument #1 is a second workspace}}
  func.func private @main(
      %ws: memref<?xi8> {bnn.kind = "workspace"}, %ws2: memref<?xi8> {bnn.kind = "workspace"}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  // expected-error @below {{has two inputs of one name}}
  func.func private @main(
      %x: memref<?xf32> {bnn.kind = "input", bnn.name = "x", bnn.dims = ["n"]},
      %y: memref<?xf32> {bnn.kind = "input", bnn.name = "x", bnn.dims = ["n"]}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  // expected-error @below {{has two outputs of the name 'x'}}
  func.func private @main(
      %x: memref<4xf32> {bnn.kind = "output", bnn.name = "x", bnn.dims = [4]}, %y: memref<4xf32> {bnn.kind = "output", bnn.name = "x", bnn.dims = [4]}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  // expected-error @below {{argument #0 (output 'x') has a dimension 'n' that no input defines, so a caller could not know its size}}
  func.func private @main(
      %x: memref<?xf32> {bnn.kind = "output", bnn.name = "x", bnn.dims = ["n"]}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model", bnn.max_dims = {n = 4 : i64}} {
  // expected-error @below {{takes the name 'model_run', which the model's C interface needs: choose another prefix}}
  func.func private @model_run() -> i32
  func.func private @main(
      %x: memref<?xf32> {bnn.kind = "input", bnn.name = "x", bnn.dims = ["n"]}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model"} {
  // expected-error @below {{is the entry function and needs a body}}
  func.func private @main() -> i32 attributes {bnn.workspace_size = 0 : i64}
}

// -----

module attributes {bnn.prefix = "model"} {
  // expected-error @below {{has a profile_hook or a profile_context without the other}}
  func.func private @main(%hook: !llvm.ptr {bnn.kind = "profile_hook"}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model"} {
  // expected-error @below {{argument #0 is the profile_hook and must be a pointer}}
  func.func private @main(%hook: i64 {bnn.kind = "profile_hook"}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

module attributes {bnn.prefix = "model"} {
  // expected-error @below {{argument #1 is a second profile_hook}}
  func.func private @main(%hook: !llvm.ptr {bnn.kind = "profile_hook"}, %again: !llvm.ptr {bnn.kind = "profile_hook"}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

// expected-error @below {{has a profile_hook but no 'bnn.profiled_ops'}}
module attributes {bnn.prefix = "model"} {
  func.func private @main(%hook: !llvm.ptr {bnn.kind = "profile_hook"}, %context: !llvm.ptr {bnn.kind = "profile_context"}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}

// -----

// expected-error @below {{has an entry of 'bnn.profiled_ops' without a 'name', 'kind' or 'limit'}}
module attributes {bnn.prefix = "model", bnn.profiled_ops = [{name = "x"}]} {
  func.func private @main(%hook: !llvm.ptr {bnn.kind = "profile_hook"}, %context: !llvm.ptr {bnn.kind = "profile_context"}) -> i32 attributes {bnn.workspace_size = 0 : i64} {
    %ok = arith.constant 0 : i32
    return %ok : i32
  }
}
