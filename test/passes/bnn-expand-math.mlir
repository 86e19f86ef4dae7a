// RUN: bnn-opt %s --bnn-expand-math --split-input-file | FileCheck %s
// RUN: bnn-opt %s --bnn-expand-math=keep-rounding --split-input-file | FileCheck %s --check-prefix=KEEP

// CHECK-LABEL: func.func @exp(
// CHECK-SAME: %[[X:.*]]: f32)
// CHECK: %[[LO:.*]] = arith.constant -1.040000e+02 : f32
// CHECK: %[[BELOW:.*]] = arith.cmpf olt, %[[X]], %[[LO]]
// CHECK: %[[X1:.*]] = arith.select %[[BELOW]], %[[LO]], %[[X]]
// CHECK: %[[HI:.*]] = arith.constant 8.900000e+01 : f32
// CHECK: %[[ABOVE:.*]] = arith.cmpf ogt, %[[X1]], %[[HI]]
// CHECK: %[[X2:.*]] = arith.select %[[ABOVE]], %[[HI]], %[[X1]]
// The adder rounds to an integer.
// CHECK: %[[MAGIC:.*]] = arith.constant 0x4B400000 : f32
// CHECK: %[[SHIFTED:.*]] = math.fma %[[X2]], %{{.*}}, %[[MAGIC]]
// CHECK: %[[N:.*]] = arith.subf %[[SHIFTED]], %[[MAGIC]]
// CHECK-COUNT-8: math.fma
// Two steps of scaling.
// CHECK: %[[HALF:.*]] = arith.shrsi
// CHECK: arith.bitcast %{{.*}} : i32 to f32
// CHECK: %[[P:.*]] = arith.mulf
// CHECK: %[[SCALE:.*]] = arith.bitcast %{{.*}} : i32 to f32
// CHECK: %[[R:.*]] = arith.mulf %[[P]], %[[SCALE]]
// CHECK-NEXT: return %[[R]]
// CHECK-NOT: math.exp
func.func @exp(%x: f32) -> f32 {
  %y = math.exp %x : f32
  return %y : f32
}

// -----

// CHECK-LABEL: func.func @exp_vector(
// CHECK: arith.constant dense<-1.040000e+02> : vector<4x16xf32>
// CHECK: math.fma %{{.*}} : vector<4x16xf32>
// CHECK: arith.bitcast %{{.*}} : vector<4x16xi32> to vector<4x16xf32>
// CHECK-NOT: math.exp
func.func @exp_vector(%x: vector<4x16xf32>) -> vector<4x16xf32> {
  %y = math.exp %x : vector<4x16xf32>
  return %y : vector<4x16xf32>
}

// -----

// CHECK-LABEL: func.func @log(
// CHECK-NOT: math.log
// CHECK: arith.sitofp %{{.*}} : vector<8xi32> to vector<8xf32>
// CHECK: arith.cmpf oeq
// CHECK: arith.cmpf uno
// CHECK-NOT: math.log
func.func @log(%x: vector<8xf32>) -> vector<8xf32> {
  %y = math.log %x : vector<8xf32>
  return %y : vector<8xf32>
}

// -----

// Two branches, chosen at 0.9375.
// CHECK-LABEL: func.func @erf(
// CHECK-NOT: math.erf
// CHECK: arith.constant 9.375000e-01 : f32
// CHECK: %[[FAR:.*]] = arith.cmpf ogt
// CHECK-NEXT: arith.select %[[FAR]]
// CHECK-NOT: math.erf
func.func @erf(%x: f32) -> f32 {
  %y = math.erf %x : f32
  return %y : f32
}

// -----

// CHECK-LABEL: func.func @tanh(
// CHECK-NOT: math.tanh
// CHECK: arith.divf
// CHECK-NOT: math.tanh
func.func @tanh(%x: vector<2xf32>) -> vector<2xf32> {
  %y = math.tanh %x : vector<2xf32>
  return %y : vector<2xf32>
}

// -----

// CHECK-LABEL: func.func @rsqrt(
// CHECK-SAME: %[[X:.*]]: vector<8xf32>)
// CHECK-DAG: %[[ONE:.*]] = arith.constant dense<1.000000e+00>
// CHECK-DAG: %[[S:.*]] = math.sqrt %[[X]]
// CHECK: %[[Y:.*]] = arith.divf %[[ONE]], %[[S]]
// CHECK-NEXT: return %[[Y]]
func.func @rsqrt(%x: vector<8xf32>) -> vector<8xf32> {
  %y = math.rsqrt %x : vector<8xf32>
  return %y : vector<8xf32>
}

// -----

// CHECK-LABEL: func.func @roundeven(
// CHECK-SAME: %[[X:.*]]: f32)
// CHECK: %[[BITS:.*]] = arith.bitcast %[[X]] : f32 to i32
// CHECK: %[[ABS:.*]] = arith.bitcast %{{.*}} : i32 to f32
// CHECK: %[[BIG:.*]] = arith.constant 0x4B000000 : f32
// CHECK: %[[SMALL:.*]] = arith.cmpf olt, %[[ABS]], %[[BIG]]
// CHECK: %[[UP:.*]] = arith.addf %[[ABS]], %[[BIG]]
// CHECK: %[[DOWN:.*]] = arith.subf %[[UP]], %[[BIG]]
// CHECK: arith.select %[[SMALL]], %[[DOWN]], %[[ABS]]
// CHECK-NOT: math.roundeven
// KEEP-LABEL: func.func @roundeven(
// KEEP: math.roundeven
func.func @roundeven(%x: f32) -> f32 {
  %y = math.roundeven %x : f32
  return %y : f32
}

// -----

// CHECK-LABEL: func.func @rounding(
// CHECK-NOT: math.
// KEEP-LABEL: func.func @rounding(
// KEEP: math.floor
// KEEP: math.ceil
// KEEP: math.trunc
// KEEP-NOT: math.round
func.func @rounding(%x: f32) -> f32 {
  %0 = math.floor %x : f32
  %1 = math.ceil %0 : f32
  %2 = math.trunc %1 : f32
  %3 = math.round %2 : f32
  return %3 : f32
}

// -----

// CHECK-LABEL: func.func @square(
// CHECK-SAME: %[[X:.*]]: f32)
// CHECK: %[[Y:.*]] = arith.mulf %[[X]], %[[X]]
// CHECK-NEXT: return %[[Y]]
func.func @square(%x: f32) -> f32 {
  %two = arith.constant 2.0 : f32
  %y = math.powf %x, %two : f32
  return %y : f32
}

// -----

// CHECK-LABEL: func.func @minus_three(
// CHECK-SAME: %[[X:.*]]: vector<4xf32>)
// CHECK: %[[X2:.*]] = arith.mulf %[[X]], %[[X]]
// CHECK: %[[X3:.*]] = arith.mulf %[[X]], %[[X2]]
// CHECK: %[[ONE:.*]] = arith.constant dense<1.000000e+00>
// CHECK: arith.divf %[[ONE]], %[[X3]]
func.func @minus_three(%x: vector<4xf32>) -> vector<4xf32> {
  %e = arith.constant -3.0 : f32
  %es = vector.broadcast %e : f32 to vector<4xf32>
  %y = math.powf %x, %es : vector<4xf32>
  return %y : vector<4xf32>
}

// -----

// The power of -0 is +0 and that of -inf is +inf, which no square root gives.
// CHECK-LABEL: func.func @half(
// CHECK-SAME: %[[X:.*]]: f32)
// CHECK: %[[ZERO:.*]] = arith.constant 0.000000e+00
// CHECK: %[[PLUS:.*]] = arith.addf %[[X]], %[[ZERO]]
// CHECK: %[[ROOT:.*]] = math.sqrt %[[PLUS]]
// CHECK: arith.cmpf oeq, %[[X]]
// CHECK: arith.select %{{.*}}, %{{.*}}, %[[ROOT]]
func.func @half(%x: f32) -> f32 {
  %e = arith.constant 0.5 : f32
  %y = math.powf %x, %e : f32
  return %y : f32
}

// -----

// What one rounding, or none, defines stays.
// CHECK-LABEL: func.func @stays(
// CHECK: math.sqrt
// CHECK: math.fma
// CHECK: math.absf
// CHECK: math.copysign
// CHECK: math.ctpop
func.func @stays(%x: f32, %i: i32) -> (f32, i32) {
  %0 = math.sqrt %x : f32
  %1 = math.fma %0, %x, %x : f32
  %2 = math.absf %1 : f32
  %3 = math.copysign %2, %x : f32
  %4 = math.ctpop %i : i32
  return %3, %4 : f32, i32
}

// -----

// Never above 0: no upper bound, and one factor that is the same for all.
// CHECK-LABEL: func.func @exp_not_positive(
// CHECK-NOT: 8.900000e+01
// CHECK: %[[FACTOR:.*]] = arith.bitcast %{{.*}} : i32 to f32
// CHECK: %[[P:.*]] = arith.mulf %{{.*}}, %[[FACTOR]]
// CHECK: %[[REST:.*]] = arith.constant 5.42101086E-20 : f32
// CHECK: %[[R:.*]] = arith.mulf %[[P]], %[[REST]]
// CHECK-NEXT: return %[[R]]
func.func @exp_not_positive(%x: f32) -> f32 {
  %y = math.exp %x {bnn.not_positive} : f32
  return %y : f32
}

// -----

// AVX-512 scales 16 lanes by one instruction, and only those.
module attributes {bnn.target = #bnn.target<strategy = "avx512", instructions = scale_floats>} {
  // CHECK-LABEL: func.func @exp_avx512(
  // CHECK: %[[N:.*]] = arith.subf
  // CHECK: %[[R:.*]] = llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"(%{{.*}}, %[[N]], {{.*}} -> vector<16xf32>
  // CHECK-NEXT: return %[[R]]
  func.func @exp_avx512(%x: vector<16xf32>) -> vector<16xf32> {
    %y = math.exp %x : vector<16xf32>
    return %y : vector<16xf32>
  }

  // CHECK-LABEL: func.func @exp_half(
  // CHECK-NOT: llvm.call_intrinsic
  func.func @exp_half(%x: vector<8xf32>) -> vector<8xf32> {
    %y = math.exp %x : vector<8xf32>
    return %y : vector<8xf32>
  }
}

// -----

// Where the larger and the smaller of two floats, and NaN of NaN, are one
// instruction, bounds are.
module attributes {bnn.target = #bnn.target<strategy = "neon", instructions = maximum_floats>} {
  // CHECK-LABEL: func.func @bounded_exp(
  // CHECK: arith.maximumf
  // CHECK-NEXT: %{{.*}} = arith.constant
  // CHECK-NEXT: arith.minimumf
  // CHECK-NOT: arith.select
  // CHECK: return
  func.func @bounded_exp(%x: vector<16xf32>) -> vector<16xf32> {
    %y = math.exp %x : vector<16xf32>
    return %y : vector<16xf32>
  }
}

// -----

// f64 has functions of its own.
// CHECK-LABEL: func.func @doubles
// CHECK-NOT: math.exp
// CHECK-NOT: math.tanh
// CHECK: math.copysign
// CHECK: math.sqrt
// CHECK-NEXT: arith.divf
// CHECK-NEXT: return
func.func @doubles(%x: f64, %y: vector<4xf64>) -> (f64, vector<4xf64>) {
  %0 = math.exp %x : f64
  %1 = math.tanh %0 : f64
  %2 = math.rsqrt %y : vector<4xf64>
  return %1, %2 : f64, vector<4xf64>
}
