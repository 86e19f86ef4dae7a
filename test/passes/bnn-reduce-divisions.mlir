// RUN: bnn-opt %s --bnn-reduce-divisions --split-input-file | FileCheck %s

// 1 / 0.02 is 50 and a little; the bounds are those of x.
// CHECK-LABEL: func.func @quantize(
// CHECK-SAME: %[[X:.*]]: f32)
// CHECK-DAG: %[[STEP:.*]] = arith.constant 2.000000e-02 : f32
// CHECK-DAG: %[[LEAST:.*]] = arith.constant 0.000000e+00 : f32
// CHECK-DAG: %[[MOST:.*]] = arith.constant 2.550000e+02 : f32
// CHECK-DAG: %[[TERM:.*]] = arith.constant 0x4B400000 : f32
// CHECK-DAG: %[[HIGH:.*]] = arith.constant 5.000000e+01 : f32
// CHECK-DAG: %[[LOW:.*]] = arith.constant 1.11758709E-6 : f32
// CHECK-NOT: arith.divf
// CHECK: %[[FROM:.*]] = arith.mulf %[[LEAST]], %[[STEP]]
// CHECK: %[[C0:.*]] = arith.cmpf ogt, %[[X]], %[[FROM]]
// CHECK: %[[S0:.*]] = arith.select %[[C0]], %[[X]], %[[FROM]]
// CHECK: %[[TO:.*]] = arith.mulf %[[MOST]], %[[STEP]]
// CHECK: %[[C1:.*]] = arith.cmpf olt, %[[S0]], %[[TO]]
// CHECK: %[[S1:.*]] = arith.select %[[C1]], %[[S0]], %[[TO]]
// CHECK: %[[REST:.*]] = arith.mulf %[[S1]], %[[LOW]]
// CHECK: %[[Q:.*]] = math.fma %[[S1]], %[[HIGH]], %[[REST]]
// CHECK: %[[SUM:.*]] = arith.addf %[[Q]], %[[TERM]]
// CHECK: return %[[SUM]]
func.func @quantize(%x: f32) -> f32 {
  %step = arith.constant 2.000000e-02 : f32
  %least = arith.constant 0.000000e+00 : f32
  %most = arith.constant 2.550000e+02 : f32
  %term = arith.constant 0x4B400000 : f32
  %q = arith.divf %x, %step : f32
  %0 = arith.cmpf ogt, %q, %least : f32
  %1 = arith.select %0, %q, %least : f32
  %2 = arith.cmpf olt, %1, %most : f32
  %3 = arith.select %2, %1, %most : f32
  %4 = arith.addf %3, %term : f32
  return %4 : f32
}

// -----

// Vectors; a zero point that is an argument, within bounds; a step that all
// callers give as a constant: two more arguments, for both of its divisions.
// CHECK-LABEL: func.func private @kernel(
// CHECK-SAME: %{{.*}}: vector<16xf32>, %{{.*}}: vector<16xf32>, %[[STEP:.*]]: f32, %{{.*}}: i32, %[[HIGH:.*]]: f32, %[[LOW:.*]]: f32)
// CHECK-NOT: arith.divf
// CHECK-COUNT-2: math.fma
// CHECK-NOT: arith.divf
// CHECK-LABEL: func.func @main(
// CHECK-DAG: %[[HIGH0:.*]] = arith.constant 2.000000e+00 : f32
// CHECK-DAG: %[[LOW0:.*]] = arith.constant 0.000000e+00 : f32
// CHECK: call @kernel(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[HIGH0]], %[[LOW0]])
// CHECK-DAG: %[[HIGH1:.*]] = arith.constant 0.333333343 : f32
// CHECK-DAG: %[[LOW1:.*]] = arith.constant -9.93410775E-9 : f32
// CHECK: call @kernel(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[HIGH1]], %[[LOW1]])
func.func private @kernel(%x: vector<16xf32>, %y: vector<16xf32>, %step: f32, %zero: i32) -> (vector<16xf32>, vector<16xf32>) {
  %none = arith.constant 0 : i32
  %byte = arith.constant 255 : i32
  %z0 = arith.maxsi %zero, %none : i32
  %z1 = arith.minsi %z0, %byte : i32
  %z2 = arith.sitofp %z1 : i32 to f32
  %z = vector.broadcast %z2 : f32 to vector<16xf32>
  %from = arith.constant dense<0.0> : vector<16xf32>
  %to = arith.constant dense<255.0> : vector<16xf32>
  %least = arith.subf %from, %z : vector<16xf32>
  %most = arith.subf %to, %z : vector<16xf32>
  %term = arith.constant dense<0x4B400000> : vector<16xf32>
  %steps = vector.broadcast %step : f32 to vector<16xf32>
  %q = arith.divf %x, %steps : vector<16xf32>
  %0 = arith.cmpf ogt, %q, %least : vector<16xf32>
  %1 = arith.select %0, %q, %least : vector<16xi1>, vector<16xf32>
  %2 = arith.cmpf olt, %1, %most : vector<16xf32>
  %3 = arith.select %2, %1, %most : vector<16xi1>, vector<16xf32>
  %4 = arith.addf %3, %term : vector<16xf32>
  %r = arith.divf %y, %steps : vector<16xf32>
  %5 = arith.cmpf ogt, %r, %least : vector<16xf32>
  %6 = arith.select %5, %r, %least : vector<16xi1>, vector<16xf32>
  %7 = arith.cmpf olt, %6, %most : vector<16xf32>
  %8 = arith.select %7, %6, %most : vector<16xi1>, vector<16xf32>
  %9 = arith.addf %8, %term : vector<16xf32>
  return %4, %9 : vector<16xf32>, vector<16xf32>
}
func.func @main(%x: vector<16xf32>, %y: vector<16xf32>, %zero: i32) {
  %half = arith.constant 0.5 : f32
  %three = arith.constant 3.0 : f32
  call @kernel(%x, %y, %half, %zero) : (vector<16xf32>, vector<16xf32>, f32, i32) -> (vector<16xf32>, vector<16xf32>)
  call @kernel(%x, %y, %three, %zero) : (vector<16xf32>, vector<16xf32>, f32, i32) -> (vector<16xf32>, vector<16xf32>)
  return
}

// -----

// NaN is 0: so is that of x.
// CHECK-LABEL: func.func @without_nan(
// CHECK-SAME: %[[X:.*]]: f32)
// CHECK-NOT: arith.divf
// CHECK: %[[NONE:.*]] = arith.constant 0.000000e+00 : f32
// CHECK: %[[C:.*]] = arith.cmpf ord, %[[X]], %[[X]]
// CHECK: %[[N:.*]] = arith.select %[[C]], %[[X]], %{{.*}}
// CHECK: arith.cmpf ogt, %[[N]],
// CHECK: math.fma
func.func @without_nan(%x: f32) -> f32 {
  %step = arith.constant 2.000000e-02 : f32
  %none = arith.constant 0.000000e+00 : f32
  %least = arith.constant -8.000000e+00 : f32
  %most = arith.constant 7.000000e+00 : f32
  %term = arith.constant 0x4B400000 : f32
  %d = arith.divf %x, %step : f32
  %c = arith.cmpf ord, %d, %d : f32
  %q = arith.select %c, %d, %none : f32
  %0 = arith.cmpf ogt, %q, %least : f32
  %1 = arith.select %0, %q, %least : f32
  %2 = arith.cmpf olt, %1, %most : f32
  %3 = arith.select %2, %1, %most : f32
  %4 = arith.addf %3, %term : f32
  return %4 : f32
}

// -----

// What stays: a step of which nothing is known, or that is 0, or that one
// caller computes; bounds that are no integers; a sum that is not read as one.
// CHECK-LABEL: func.func @unknown
// CHECK: arith.divf
// CHECK-LABEL: func.func @zero
// CHECK: arith.divf
// CHECK-LABEL: func.func @half
// CHECK: arith.divf
// CHECK-LABEL: func.func @no_rounding
// CHECK: arith.divf
// CHECK-LABEL: func.func private @computed
// CHECK: arith.divf
func.func @unknown(%x: f32, %step: f32) -> f32 {
  %least = arith.constant 0.000000e+00 : f32
  %most = arith.constant 2.550000e+02 : f32
  %term = arith.constant 0x4B400000 : f32
  %q = arith.divf %x, %step : f32
  %0 = arith.cmpf ogt, %q, %least : f32
  %1 = arith.select %0, %q, %least : f32
  %2 = arith.cmpf olt, %1, %most : f32
  %3 = arith.select %2, %1, %most : f32
  %4 = arith.addf %3, %term : f32
  return %4 : f32
}
func.func @zero(%x: f32) -> f32 {
  %step = arith.constant 0.000000e+00 : f32
  %least = arith.constant -1.000000e+00 : f32
  %most = arith.constant 2.550000e+02 : f32
  %term = arith.constant 0x4B400000 : f32
  %q = arith.divf %x, %step : f32
  %0 = arith.cmpf ogt, %q, %least : f32
  %1 = arith.select %0, %q, %least : f32
  %2 = arith.cmpf olt, %1, %most : f32
  %3 = arith.select %2, %1, %most : f32
  %4 = arith.addf %3, %term : f32
  return %4 : f32
}
func.func @half(%x: f32) -> f32 {
  %step = arith.constant 2.000000e-02 : f32
  %least = arith.constant 0.000000e+00 : f32
  %most = arith.constant 2.550000e+01 : f32
  %term = arith.constant 0x4B400000 : f32
  %q = arith.divf %x, %step : f32
  %0 = arith.cmpf ogt, %q, %least : f32
  %1 = arith.select %0, %q, %least : f32
  %2 = arith.cmpf olt, %1, %most : f32
  %3 = arith.select %2, %1, %most : f32
  %4 = arith.addf %3, %term : f32
  return %4 : f32
}
func.func @no_rounding(%x: f32) -> f32 {
  %step = arith.constant 2.000000e-02 : f32
  %least = arith.constant 0.000000e+00 : f32
  %most = arith.constant 2.550000e+02 : f32
  %one = arith.constant 1.000000e+00 : f32
  %q = arith.divf %x, %step : f32
  %0 = arith.cmpf ogt, %q, %least : f32
  %1 = arith.select %0, %q, %least : f32
  %2 = arith.cmpf olt, %1, %most : f32
  %3 = arith.select %2, %1, %most : f32
  %4 = arith.addf %3, %one : f32
  return %4 : f32
}
func.func private @computed(%x: f32, %step: f32) -> f32 {
  %least = arith.constant 0.000000e+00 : f32
  %most = arith.constant 2.550000e+02 : f32
  %term = arith.constant 0x4B400000 : f32
  %q = arith.divf %x, %step : f32
  %0 = arith.cmpf ogt, %q, %least : f32
  %1 = arith.select %0, %q, %least : f32
  %2 = arith.cmpf olt, %1, %most : f32
  %3 = arith.select %2, %1, %most : f32
  %4 = arith.addf %3, %term : f32
  return %4 : f32
}
func.func @main(%x: f32) {
  %step = arith.constant 2.000000e-02 : f32
  call @computed(%x, %step) : (f32, f32) -> f32
  call @computed(%x, %x) : (f32, f32) -> f32
  return
}
