//===- EpilogueEvaluator.h - Runs an epilogue at compile time ---*- C++ -*-===//
#pragma once
#include "mlir/IR/Region.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace llvm::orc {
class LLJIT;
}

namespace mlir::bnn {

/// Compiles the epilogues of products for the host and runs them, so that a
/// float function has one definition: the IR that would have run on the target.
/// Epilogues with the same body share their code.
class EpilogueEvaluator {
public:
  EpilogueEvaluator();
  ~EpilogueEvaluator();

  /// Writes, for each accumulator first, first + 1, ..., the yielded i1 values,
  /// or the low bytes of i32 values, one after the other. `params` points to
  /// one 4-byte value per parameter of the epilogue, f32 or i32.
  using Function = void (*)(int32_t first, int32_t count, const void *params,
                            uint8_t *out);

  /// The compiled epilogue, valid as long as the evaluator.
  llvm::Expected<Function> compile(mlir::Region &epilogue);

private:
  std::unique_ptr<llvm::orc::LLJIT> jit;
  llvm::StringMap<Function> compiled;
};

} // namespace mlir::bnn
