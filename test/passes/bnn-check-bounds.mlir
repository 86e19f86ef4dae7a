// RUN: bnn-opt %s --bnn-check-bounds --split-input-file --verify-diagnostics -o /dev/null

// Dimensions of one name are equal: the entry checks them.
// expected-remark @+1 {{2 of 2 accesses are shown to stay within their buffers}}
func.func @copy(%x: memref<?xf32> {bnn.argument = #bnn.argument<input, "x", ["n"]>},
                %y: memref<?xf32> {bnn.argument = #bnn.argument<output, "y", ["n"]>}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  scf.for %i = %c0 to %n step %c1 {
    %e = memref.load %x[%i] : memref<?xf32>
    memref.store %e, %y[%i] : memref<?xf32>
  }
  return
}

// -----

// expected-remark @+1 {{1 of 2 accesses are shown to stay within their buffers}}
func.func @other_name(
    %x: memref<?xf32> {bnn.argument = #bnn.argument<input, "x", ["n"]>},
    %y: memref<?xf32> {bnn.argument = #bnn.argument<output, "y", ["k"]>}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  scf.for %i = %c0 to %n step %c1 {
    %e = memref.load %x[%i] : memref<?xf32>
    // expected-remark @+1 {{cannot be shown to stay within its buffer: axis 0 may end beyond its size}}
    memref.store %e, %y[%i] : memref<?xf32>
  }
  return
}

// -----

// What a check asks for holds after it, not before.
// expected-remark @+1 {{1 of 2 accesses are shown to stay within their buffers}}
func.func @checked(
    %x: memref<?xf32> {bnn.argument = #bnn.argument<input, "x", ["n"]>},
    %y: memref<?xf32> {bnn.argument = #bnn.argument<output, "y", ["k"]>}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  %k = memref.dim %y, %c0 : memref<?xf32>
  %last = arith.subi %n, %c1 : index
  // expected-remark @+1 {{cannot be shown to stay within its buffer: axis 0 may end beyond its size}}
  %e = memref.load %y[%last] : memref<?xf32>
  %ok = arith.cmpi eq, %n, %k : index
  bnn.check_shape %ok : i1
  memref.store %e, %y[%last] : memref<?xf32>
  return
}

// -----

// Blocks of eight, the rest by the bits of its number, and a masked row.
// expected-remark @+1 {{3 of 3 accesses are shown to stay within their buffers}}
func.func @blocks(%x: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant dense<0.0> : vector<8xf32>
  %n = memref.dim %x, %c0 : memref<?xf32>
  %rest = arith.remui %n, %c8 : index
  %whole = arith.subi %n, %rest : index
  scf.for %i = %c0 to %whole step %c8 {
    %v = vector.load %x[%i] : memref<?xf32>, vector<8xf32>
  }
  %bit = arith.andi %rest, %c4 : index
  %some = arith.cmpi ne, %bit, %c0 : index
  scf.if %some {
    %v = vector.load %x[%whole] : memref<?xf32>, vector<4xf32>
  }
  %mask = vector.create_mask %rest : vector<8xi1>
  %v = vector.maskedload %x[%whole], %mask, %zero
      : memref<?xf32>, vector<8xi1>, vector<8xf32> into vector<8xf32>
  return
}

// -----

// One more than there is.
// expected-remark @+1 {{0 of 1 accesses are shown to stay within their buffers}}
func.func @block_of_nine(%x: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  %rest = arith.remui %n, %c8 : index
  %whole = arith.subi %n, %rest : index
  scf.for %i = %c0 to %whole step %c8 {
    // expected-remark @+1 {{cannot be shown to stay within its buffer: axis 0 may end beyond its size}}
    %v = vector.load %x[%i] : memref<?xf32>, vector<9xf32>
  }
  return
}

// -----

// An index of the caller's, clamped to the table and not.
// expected-remark @+1 {{2 of 3 accesses are shown to stay within their buffers}}
func.func @table(
    %ids: memref<?xi64> {bnn.argument = #bnn.argument<input, "ids", ["n"]>},
    %table: memref<10xf32>) {
  %c0 = arith.constant 0 : index
  %c9 = arith.constant 9 : index
  %id = memref.load %ids[%c0] : memref<?xi64>
  %i = arith.index_cast %id : i64 to index
  %low = arith.minsi %i, %c9 : index
  %clamped = arith.maxsi %low, %c0 : index
  %a = memref.load %table[%clamped] : memref<10xf32>
  // expected-remark @+1 {{cannot be shown to stay within its buffer: axis 0 may begin below 0}}
  %b = memref.load %table[%low] : memref<10xf32>
  return
}

// -----

// A private function has what each of its calls gives it: a block of rows, whose
// number is a product, and an element of a row by its place in all of them.
func.func private @rows(%x: memref<?x?x4xf32>, %y: memref<?x?x4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %flat = memref.collapse_shape %x [[0, 1], [2]]
      : memref<?x?x4xf32> into memref<?x4xf32>
  %out = memref.collapse_shape %y [[0, 1], [2]]
      : memref<?x?x4xf32> into memref<?x4xf32>
  %rows = memref.dim %flat, %c0 : memref<?x4xf32>
  scf.for %i = %c0 to %rows step %c1 {
    %v = vector.load %flat[%i, %c0] : memref<?x4xf32>, vector<4xf32>
    vector.store %v, %out[%i, %c0] : memref<?x4xf32>, vector<4xf32>
  }
  %n = memref.dim %x, %c0 : memref<?x?x4xf32>
  %m = memref.dim %x, %c1 : memref<?x?x4xf32>
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %m step %c1 {
      %start = arith.muli %i, %m : index
      %row = arith.addi %start, %j : index
      %e = memref.load %flat[%row, %c2] : memref<?x4xf32>
      memref.store %e, %out[%row, %c2] : memref<?x4xf32>
    }
  }
  return
}
// expected-remark @+1 {{4 of 4 accesses are shown to stay within their buffers}}
func.func @caller(
    %x: memref<?x?x4xf32> {bnn.argument = #bnn.argument<input, "x", ["n", "m", 4]>},
    %y: memref<?x?x4xf32> {bnn.argument = #bnn.argument<output, "y", ["n", "m", 4]>}) {
  call @rows(%x, %y) : (memref<?x?x4xf32>, memref<?x?x4xf32>) -> ()
  return
}

// -----

// expected-remark @+1 {{0 of 1 accesses are shown to stay within their buffers}}
func.func @gather(%x: memref<?xf32>, %at: vector<8xindex>, %mask: vector<8xi1>,
                  %rest: vector<8xf32>) {
  %c0 = arith.constant 0 : index
  // expected-remark @+1 {{cannot be shown to stay within its buffer: which elements it touches is not known}}
  %v = vector.gather %x[%c0] [%at], %mask, %rest
      : memref<?xf32>, vector<8xindex>, vector<8xi1>, vector<8xf32> into vector<8xf32>
  return
}

// -----

// Each group of axes counts.
// expected-remark @+1 {{3 of 4 accesses are shown to stay within their buffers}}
func.func @shapes(
    %x: memref<?x6xf32> {bnn.argument = #bnn.argument<input, "x", ["n", 6]>}, %m: index) {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?x6xf32>
  %a = memref.expand_shape %x [[0], [1, 2]] output_shape [%n, 2, 3]
      : memref<?x6xf32> into memref<?x2x3xf32>
  // expected-remark @+1 {{cannot be shown to stay within its buffer: it may have more elements than that}}
  %b = memref.expand_shape %x [[0, 1], [2]] output_shape [%m, 2, 6]
      : memref<?x6xf32> into memref<?x2x6xf32>
  return
}
