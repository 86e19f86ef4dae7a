// Everything that the script does not ask for goes; the operation that it asks for stays.
// RUN: bnn-reduce %s -reduction-tree='traversal-mode=0 test=%S/Inputs/has-ctpop.sh' | FileCheck %s

// CHECK-NOT: func.func @unrelated
// CHECK-NOT: bnn.binarize
// CHECK: math.ctpop
// CHECK-NOT: func.func @unrelated
// CHECK-NOT: bnn.binarize
func.func @unrelated(%x: tensor<4x64xf32>, %o: tensor<4x64x!bnn.s1>) -> tensor<4x64x!bnn.s1> {
  %b = bnn.binarize %x outs(%o : tensor<4x64x!bnn.s1>) : tensor<4x64xf32> -> tensor<4x64x!bnn.s1>
  return %b : tensor<4x64x!bnn.s1>
}

func.func @count(%x: i32) -> i32 {
  %count = math.ctpop %x : i32
  return %count : i32
}

func.func private @another()
