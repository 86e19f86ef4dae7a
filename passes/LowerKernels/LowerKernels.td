include "mlir/Pass/PassBase.td"

def LowerKernels : Pass<"bnn-lower-kernels", "::mlir::ModuleOp"> {
  let summary = "Lowers packed bnn ops on buffers to tiled vector loops";
  let description = [{
    Each op becomes a loop nest over vectors of 16 lanes: products run over
    panels of 16 outputs in a register tile of rows by panels, with xor and
    `math.ctpop` on packed words; epilogues are inlined on whole vectors, so a
    product that ends in bits stores bits. Words with parity go two at a time
    through a chain of carry-save adders, whose sums they are: one popcount, of
    the carry, in place of two. Where the target shuffles bytes, products of
    six rows and more count by table instead: one shuffle has the counts of
    four bits of two rows for 32 or 64 outputs. The tile comes from the module's
    `bnn.target`. The order of every f32 operation is that of the op's
    definition, so the result does not depend on the tile.

    Where an input has a mask of exact zeros, a tile of rows that holds one
    takes a second loop that leaves those elements out; all others take the loop
    that knows bits only.

    Before:
    ```mlir
    func.func @f(%x: memref<4x64xf32>, %b: memref<4x64x!bnn.s1, #bnn.rows<word = 32, group = 64>>) {
      bnn.binarize %x outs(%b : memref<4x64x!bnn.s1, #bnn.rows<word = 32, group = 64>>) : memref<4x64xf32>
      return
    }
    ```
    After:
    ```mlir
    scf.for %m = %c0 to %c4 step %c1 {
      scf.for %w = %c0 to %c2 step %c1 {
        // ... two vector.load, arith.cmpf ogt, vector.bitcast to i16 ...
        memref.store %word, %b[%m, %w] : memref<4x2xi32>
      }
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
  let statistics = [Statistic<"lowered", "lowered", "Ops lowered">];
}
