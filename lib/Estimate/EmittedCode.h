//===- EmittedCode.h - Machine code with its blocks -------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCInst.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>
#include <vector>

namespace llvm::legacy {
class PassManager;
} // namespace llvm::legacy

namespace mlir::bnn {

/// A block of machine code.
struct EmittedBlock {
  /// The block of LLVM IR that it comes from; null where LLVM does not say.
  const llvm::BasicBlock *ir = nullptr;
  /// Where it goes on, as indices of the function's blocks.
  llvm::SmallVector<unsigned, 2> successors;
  /// The innermost loop that it is in, if that has no loop inside: the number
  /// of the loop's header. -1 elsewhere.
  int innermostLoop = -1;
  std::vector<llvm::MCInst> instructions;
};

/// The machine code of a function; the first block is its entry.
struct EmittedFunction {
  const llvm::Function *ir;
  std::vector<EmittedBlock> blocks;
};

/// The machine code of a module, as an object file would hold it.
class EmittedCode {
public:
  /// Generates code for an optimised module, as emitObject() does, and changes
  /// the module as that does: its IR is what the blocks name then, and must
  /// outlive the code. Fails where LLVM cannot generate code for the target.
  static llvm::Expected<EmittedCode> generate(llvm::Module &module,
                                              llvm::TargetMachine &machine);

  EmittedCode(EmittedCode &&);
  ~EmittedCode();

  /// Null where the function has no body.
  const EmittedFunction *find(const llvm::Function *function) const;

private:
  EmittedCode();

  std::vector<EmittedFunction> functions;
  /// Owns what instructions point to.
  std::unique_ptr<llvm::legacy::PassManager> passes;
};

} // namespace mlir::bnn
