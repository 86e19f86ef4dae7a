// RUN: bnn-opt %s --bnn-tabulate-bytes --canonicalize --split-input-file | FileCheck %s

// Two callers with steps of their own and one with those of the first: two
// tables, an argument of the kernel. -128 steps of 0.5 and more make 0 (128
// more than the least), 127 makes 127 (255, 0xFF).
// CHECK-DAG: memref.global "private" constant @[[TABLE:table.*]] : memref<256xi8> = dense<"0x808080{{[0-9A-F]*}}FDFEFF"> {alignment = 64 : i64}
// CHECK-DAG: memref.global "private" constant @[[OTHER:table.*]] : memref<256xi8> = dense<"0x73{{[0-9A-F]*}}"> {alignment = 64 : i64}
// CHECK-NOT: memref.global
// CHECK-LABEL: func.func private @kernel(
// CHECK-SAME: %[[X:.*]]: vector<16xf32>, %{{.*}}: f32, %{{.*}}: i32, %[[TABLE_OF:.*]]: memref<256xi8>)
// CHECK-NOT: math.erf
// CHECK-NOT: vector.load
// CHECK: %[[SUM:.*]] = arith.addf %{{.*}}, %[[TERM:.*]] : vector<16xf32>
// CHECK: %[[ABOVE:.*]] = arith.subf %[[SUM]], %[[LEAST:.*]] : vector<16xf32>
// CHECK: %[[BITS:.*]] = arith.bitcast %[[ABOVE]] : vector<16xf32> to vector<16xi32>
// CHECK: %[[AT:.*]] = arith.andi %[[BITS]], %{{.*}} : vector<16xi32>
// CHECK: %[[LANE:.*]] = vector.extract %[[AT]][0] : i32 from vector<16xi32>
// CHECK: %[[INDEX:.*]] = arith.index_castui %[[LANE]] : i32 to index
// CHECK: %[[WITHIN:.*]] = arith.andi %[[INDEX]], %c255 : index
// CHECK: memref.load %[[TABLE_OF]][%[[WITHIN]]] : memref<256xi8>
// CHECK-COUNT-15: memref.load
// CHECK: %[[FOUND:.*]] = arith.extui %{{.*}} : vector<16xi8> to vector<16xi32>
// CHECK: %[[BITS:.*]] = arith.ori %[[FOUND]], %{{.*}} : vector<16xi32>
// CHECK: %[[NUMBER:.*]] = arith.bitcast %[[BITS]] : vector<16xi32> to vector<16xf32>
// CHECK: %[[RESULT:.*]] = arith.addf %[[NUMBER]], %[[LEAST]] : vector<16xf32>
// CHECK-NEXT: return %[[RESULT]]
// CHECK-LABEL: func.func @main(
// CHECK: %[[FIRST:.*]] = memref.get_global @[[TABLE]]
// CHECK-NEXT: call @kernel(%{{.*}}, %{{.*}}, %{{.*}}, %[[FIRST]])
// CHECK-NEXT: %[[SECOND:.*]] = memref.get_global @[[OTHER]]
// CHECK-NEXT: call @kernel(%{{.*}}, %{{.*}}, %{{.*}}, %[[SECOND]])
// CHECK-NEXT: %[[THIRD:.*]] = memref.get_global @[[TABLE]]
// CHECK-NEXT: call @kernel(%{{.*}}, %{{.*}}, %{{.*}}, %[[THIRD]])
func.func private @kernel(%x: vector<16xf32>, %step: f32, %zero: i32) -> vector<16xf32> {
  %low = arith.constant dense<-128.0> : vector<16xf32>
  %high = arith.constant dense<127.0> : vector<16xf32>
  %term = arith.constant dense<0x4B400000> : vector<16xf32>
  %one = arith.constant dense<1.0> : vector<16xf32>
  %half = arith.constant dense<0.5> : vector<16xf32>
  %root = arith.constant dense<1.41421354> : vector<16xf32>
  %z = arith.sitofp %zero : i32 to f32
  %zeros = vector.broadcast %z : f32 to vector<16xf32>
  %least = arith.subf %low, %zeros : vector<16xf32>
  %most = arith.subf %high, %zeros : vector<16xf32>
  %scale = vector.broadcast %step : f32 to vector<16xf32>
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
func.func @main(%x: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>) {
  %half = arith.constant 0.5 : f32
  %little = arith.constant 0.01 : f32
  %none = arith.constant 0 : i32
  %a = call @kernel(%x, %half, %none) : (vector<16xf32>, f32, i32) -> vector<16xf32>
  %b = call @kernel(%x, %little, %none) : (vector<16xf32>, f32, i32) -> vector<16xf32>
  %c = call @kernel(%x, %half, %none) : (vector<16xf32>, f32, i32) -> vector<16xf32>
  return %a, %b, %c : vector<16xf32>, vector<16xf32>, vector<16xf32>
}

// -----

// AVX-512BW: eight registers of 32 entries, two at a time. The second vector of
// the block has them already. Each number, twice, and one more.
// CHECK: memref.global "private" constant @table : memref<256xi8> = dense<"0x01030507
// CHECK-LABEL: func.func @pairs(
// CHECK: %[[TABLE:.*]] = memref.get_global @table : memref<256xi8>
// CHECK: vector.load %[[TABLE]][%c0] : memref<256xi8>, vector<32xi8>
// CHECK: vector.load %[[TABLE]][%c224]
// CHECK-COUNT-8: arith.extui %{{.*}} : vector<32xi8> to vector<32xi16>
// CHECK: vector.bitcast %{{.*}} : vector<16xi32> to vector<32xi16>
// CHECK-COUNT-4: llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.hi.512"
// CHECK: arith.andi %{{.*}}, %[[BIT:.*]] : vector<16xi32>
// CHECK-COUNT-3: arith.select
// CHECK-NOT: vector.load
// CHECK-COUNT-4: llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.hi.512"
// CHECK-NOT: math.tanh
module attributes {bnn.target = #bnn.target<strategy = "avx512", instructions = "shuffle_64_bytes">} {
func.func @pairs(%x: vector<16xf32>, %w: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>) {
  %none = arith.constant dense<0.0> : vector<16xf32>
  %most = arith.constant dense<255.0> : vector<16xf32>
  %term = arith.constant dense<0x4B400000> : vector<16xf32>
  %one = arith.constant dense<1.0> : vector<16xf32>
  %two = arith.constant dense<2.0> : vector<16xf32>
  %large = arith.constant dense<1.0e9> : vector<16xf32>
  %0 = arith.cmpf ogt, %x, %none : vector<16xf32>
  %1 = arith.select %0, %x, %none : vector<16xi1>, vector<16xf32>
  %2 = arith.cmpf olt, %1, %most : vector<16xf32>
  %3 = arith.select %2, %1, %most : vector<16xi1>, vector<16xf32>
  %sum = arith.addf %3, %term : vector<16xf32>
  %number = arith.subf %sum, %term : vector<16xf32>
  %large0 = arith.addf %number, %large : vector<16xf32>
  %sign0 = math.tanh %large0 : vector<16xf32>
  %twice = arith.mulf %number, %two : vector<16xf32>
  %y = arith.addf %twice, %sign0 : vector<16xf32>
  %4 = arith.cmpf ogt, %y, %none : vector<16xf32>
  %5 = arith.select %4, %y, %none : vector<16xi1>, vector<16xf32>
  %6 = arith.cmpf olt, %5, %most : vector<16xf32>
  %7 = arith.select %6, %5, %most : vector<16xi1>, vector<16xf32>
  %a = arith.addf %7, %term : vector<16xf32>
  %10 = arith.cmpf ogt, %w, %none : vector<16xf32>
  %11 = arith.select %10, %w, %none : vector<16xi1>, vector<16xf32>
  %12 = arith.cmpf olt, %11, %most : vector<16xf32>
  %13 = arith.select %12, %11, %most : vector<16xi1>, vector<16xf32>
  %sum1 = arith.addf %13, %term : vector<16xf32>
  %number1 = arith.subf %sum1, %term : vector<16xf32>
  %large1 = arith.addf %number1, %large : vector<16xf32>
  %sign1 = math.tanh %large1 : vector<16xf32>
  %twice1 = arith.mulf %number1, %two : vector<16xf32>
  %y1 = arith.addf %twice1, %sign1 : vector<16xf32>
  %14 = arith.cmpf ogt, %y1, %none : vector<16xf32>
  %15 = arith.select %14, %y1, %none : vector<16xi1>, vector<16xf32>
  %16 = arith.cmpf olt, %15, %most : vector<16xf32>
  %17 = arith.select %16, %15, %most : vector<16xi1>, vector<16xf32>
  %b = arith.addf %17, %term : vector<16xf32>
  return %a, %b : vector<16xf32>, vector<16xf32>
}
}

// -----

// NEON: four registers at a time, and an index beyond them keeps what there is.
// A third rounding in between goes with the rest: one lookup, for the last.
// CHECK-LABEL: func.func @quads(
// CHECK-COUNT-16: vector.load %{{.*}} : memref<256xi8>, vector<16xi8>
// CHECK: %[[AT:.*]] = arith.trunci %{{.*}} : vector<16xi32> to vector<16xi8>
// CHECK: %[[FOUND:.*]] = llvm.call_intrinsic "llvm.aarch64.neon.tbl4"(%{{.*}}, %[[AT]])
// CHECK: %[[NEXT:.*]] = arith.subi %[[AT]], %{{.*}} : vector<16xi8>
// CHECK: llvm.call_intrinsic "llvm.aarch64.neon.tbx4"(%[[FOUND]], %{{.*}}, %[[NEXT]])
// CHECK-COUNT-2: llvm.call_intrinsic "llvm.aarch64.neon.tbx4"
// CHECK-NOT: arith.mulf
// CHECK: return
module attributes {bnn.target = #bnn.target<strategy = "neon", instructions = "add_pairs">} {
func.func @quads(%x: vector<16xf32>) -> vector<16xf32> {
  %none = arith.constant dense<0.0> : vector<16xf32>
  %most = arith.constant dense<255.0> : vector<16xf32>
  %term = arith.constant dense<0x4B400000> : vector<16xf32>
  %scale = arith.constant dense<0.3> : vector<16xf32>
  %0 = arith.cmpf ogt, %x, %none : vector<16xf32>
  %1 = arith.select %0, %x, %none : vector<16xi1>, vector<16xf32>
  %2 = arith.cmpf olt, %1, %most : vector<16xf32>
  %3 = arith.select %2, %1, %most : vector<16xi1>, vector<16xf32>
  %sum = arith.addf %3, %term : vector<16xf32>
  %number = arith.subf %sum, %term : vector<16xf32>
  %v = arith.mulf %number, %scale : vector<16xf32>
  %4 = arith.cmpf ogt, %v, %none : vector<16xf32>
  %5 = arith.select %4, %v, %none : vector<16xi1>, vector<16xf32>
  %6 = arith.cmpf olt, %5, %most : vector<16xf32>
  %7 = arith.select %6, %5, %most : vector<16xi1>, vector<16xf32>
  %sum1 = arith.addf %7, %term : vector<16xf32>
  %number1 = arith.subf %sum1, %term : vector<16xf32>
  %w = arith.mulf %number1, %scale : vector<16xf32>
  %8 = arith.cmpf ogt, %w, %none : vector<16xf32>
  %9 = arith.select %8, %w, %none : vector<16xi1>, vector<16xf32>
  %10 = arith.cmpf olt, %9, %most : vector<16xf32>
  %11 = arith.select %10, %9, %most : vector<16xi1>, vector<16xf32>
  %result = arith.addf %11, %term : vector<16xf32>
  return %result : vector<16xf32>
}
}

// -----

// Bounds that are farther apart than the values of a byte, or the wrong way
// round, for one caller.
// CHECK-NOT: memref.global
// CHECK-LABEL: func.func private @wide(
// CHECK: math.erf
// CHECK-LABEL: func.func private @bound(
// CHECK: math.erf
func.func private @wide(%x: vector<16xf32>) -> vector<16xf32> {
  %least = arith.constant dense<0.0> : vector<16xf32>
  %most = arith.constant dense<256.0> : vector<16xf32>
  %term = arith.constant dense<0x4B400000> : vector<16xf32>
  %0 = arith.cmpf ogt, %x, %least : vector<16xf32>
  %1 = arith.select %0, %x, %least : vector<16xi1>, vector<16xf32>
  %2 = arith.cmpf olt, %1, %most : vector<16xf32>
  %3 = arith.select %2, %1, %most : vector<16xi1>, vector<16xf32>
  %sum = arith.addf %3, %term : vector<16xf32>
  %number = arith.subf %sum, %term : vector<16xf32>
  %e0 = math.erf %number : vector<16xf32>
  %e = math.erf %e0 : vector<16xf32>
  %4 = arith.cmpf ogt, %e, %least : vector<16xf32>
  %5 = arith.select %4, %e, %least : vector<16xi1>, vector<16xf32>
  %6 = arith.cmpf olt, %5, %most : vector<16xf32>
  %7 = arith.select %6, %5, %most : vector<16xi1>, vector<16xf32>
  %result = arith.addf %7, %term : vector<16xf32>
  return %result : vector<16xf32>
}
func.func private @bound(%x: vector<16xf32>, %m: f32) -> vector<16xf32> {
  %least = arith.constant dense<0.0> : vector<16xf32>
  %most = vector.broadcast %m : f32 to vector<16xf32>
  %term = arith.constant dense<0x4B400000> : vector<16xf32>
  %0 = arith.cmpf ogt, %x, %least : vector<16xf32>
  %1 = arith.select %0, %x, %least : vector<16xi1>, vector<16xf32>
  %2 = arith.cmpf olt, %1, %most : vector<16xf32>
  %3 = arith.select %2, %1, %most : vector<16xi1>, vector<16xf32>
  %sum = arith.addf %3, %term : vector<16xf32>
  %number = arith.subf %sum, %term : vector<16xf32>
  %e0 = math.erf %number : vector<16xf32>
  %e = math.erf %e0 : vector<16xf32>
  %4 = arith.cmpf ogt, %e, %least : vector<16xf32>
  %5 = arith.select %4, %e, %least : vector<16xi1>, vector<16xf32>
  %6 = arith.cmpf olt, %5, %most : vector<16xf32>
  %7 = arith.select %6, %5, %most : vector<16xi1>, vector<16xf32>
  %result = arith.addf %7, %term : vector<16xf32>
  return %result : vector<16xf32>
}
func.func @main(%x: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>) {
  %byte = arith.constant 255.0 : f32
  %below = arith.constant -1.0 : f32
  %a = call @wide(%x) : (vector<16xf32>) -> vector<16xf32>
  %b = call @bound(%x, %byte) : (vector<16xf32>, f32) -> vector<16xf32>
  %c = call @bound(%x, %below) : (vector<16xf32>, f32) -> vector<16xf32>
  return %a, %b, %c : vector<16xf32>, vector<16xf32>, vector<16xf32>
}

// -----

// What is made of two bytes, of a number that is not known, or of little, stays;
// so do scalars, which LLVM makes vectors of.
// CHECK-NOT: memref.global
// CHECK-LABEL: func.func private @kept(
// CHECK-COUNT-6: math.erf
// CHECK-LABEL: func.func @main(
func.func private @kept(%x: vector<16xf32>, %w: vector<16xf32>, %unknown: f32, %s: f32) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, f32) {
  %least = arith.constant dense<0.0> : vector<16xf32>
  %most = arith.constant dense<255.0> : vector<16xf32>
  %term = arith.constant dense<0x4B400000> : vector<16xf32>
  %0 = arith.cmpf ogt, %x, %least : vector<16xf32>
  %1 = arith.select %0, %x, %least : vector<16xi1>, vector<16xf32>
  %2 = arith.cmpf olt, %1, %most : vector<16xf32>
  %3 = arith.select %2, %1, %most : vector<16xi1>, vector<16xf32>
  %sum = arith.addf %3, %term : vector<16xf32>
  %n0 = arith.subf %sum, %term : vector<16xf32>
  %4 = arith.cmpf ogt, %w, %least : vector<16xf32>
  %5 = arith.select %4, %w, %least : vector<16xi1>, vector<16xf32>
  %6 = arith.cmpf olt, %5, %most : vector<16xf32>
  %7 = arith.select %6, %5, %most : vector<16xi1>, vector<16xf32>
  %sum1 = arith.addf %7, %term : vector<16xf32>
  %n1 = arith.subf %sum1, %term : vector<16xf32>
  %both = arith.mulf %n0, %n1 : vector<16xf32>
  %e0 = math.erf %both : vector<16xf32>
  %e1 = math.erf %e0 : vector<16xf32>
  %8 = arith.cmpf ogt, %e1, %least : vector<16xf32>
  %9 = arith.select %8, %e1, %least : vector<16xi1>, vector<16xf32>
  %10 = arith.cmpf olt, %9, %most : vector<16xf32>
  %11 = arith.select %10, %9, %most : vector<16xi1>, vector<16xf32>
  %result0 = arith.addf %11, %term : vector<16xf32>
  %u = vector.broadcast %unknown : f32 to vector<16xf32>
  %with = arith.mulf %n0, %u : vector<16xf32>
  %e2 = math.erf %with : vector<16xf32>
  %e3 = math.erf %e2 : vector<16xf32>
  %12 = arith.cmpf ogt, %e3, %least : vector<16xf32>
  %13 = arith.select %12, %e3, %least : vector<16xi1>, vector<16xf32>
  %14 = arith.cmpf olt, %13, %most : vector<16xf32>
  %15 = arith.select %14, %13, %most : vector<16xi1>, vector<16xf32>
  %result1 = arith.addf %15, %term : vector<16xf32>
  %twice = arith.addf %n0, %n0 : vector<16xf32>
  %16 = arith.cmpf ogt, %twice, %least : vector<16xf32>
  %17 = arith.select %16, %twice, %least : vector<16xi1>, vector<16xf32>
  %18 = arith.cmpf olt, %17, %most : vector<16xf32>
  %19 = arith.select %18, %17, %most : vector<16xi1>, vector<16xf32>
  %result2 = arith.addf %19, %term : vector<16xf32>
  %c0 = arith.constant 0.0 : f32
  %c255 = arith.constant 255.0 : f32
  %cterm = arith.constant 0x4B400000 : f32
  %20 = arith.cmpf ogt, %s, %c0 : f32
  %21 = arith.select %20, %s, %c0 : f32
  %22 = arith.cmpf olt, %21, %c255 : f32
  %23 = arith.select %22, %21, %c255 : f32
  %sum2 = arith.addf %23, %cterm : f32
  %n2 = arith.subf %sum2, %cterm : f32
  %e4 = math.erf %n2 : f32
  %e5 = math.erf %e4 : f32
  %24 = arith.cmpf ogt, %e5, %c0 : f32
  %25 = arith.select %24, %e5, %c0 : f32
  %26 = arith.cmpf olt, %25, %c255 : f32
  %27 = arith.select %26, %25, %c255 : f32
  %result3 = arith.addf %27, %cterm : f32
  return %result0, %result1, %result2, %result3 : vector<16xf32>, vector<16xf32>, vector<16xf32>, f32
}
func.func @main(%x: vector<16xf32>, %w: vector<16xf32>, %u: f32, %s: f32) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, f32) {
  %0:4 = call @kept(%x, %w, %u, %s) : (vector<16xf32>, vector<16xf32>, f32, f32) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, f32)
  return %0#0, %0#1, %0#2, %0#3 : vector<16xf32>, vector<16xf32>, vector<16xf32>, f32
}
