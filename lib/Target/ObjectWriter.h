//===- ObjectWriter.h - LLVM IR to object code ------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/CodeGen.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

namespace llvm::legacy {
class PassManager;
} // namespace llvm::legacy

namespace mlir::bnn {

/// The variable in which a module for several CPUs keeps for which of them it
/// runs, where no loader settles that. This and kRememberedTiles are the only
/// ones that may be written to.
inline constexpr llvm::StringLiteral kRememberedCPU = "remembered_cpu";

/// What an object may find out once and remember.
struct Remembered {
  bool cpu = false;   ///< For which CPU it runs.
  bool tiles = false; ///< Whether it may use the registers of tiles.
};

/// Sets the module's data layout and triple and runs LLVM's pipeline for -O0 to
/// -O3 on it, with no C library to call but memcpy, memmove and memset. Fails
/// when the module is invalid or the level is not 0 to 3.
llvm::Error optimizeModule(llvm::Module &module, llvm::TargetMachine &machine,
                           unsigned level);

/// What comes before code generation in every case: sets the module's data
/// layout and triple, spells out what the target cannot do by itself, and tells
/// the passes which C library there is.
void prepareCodeGeneration(llvm::Module &module, llvm::TargetMachine &machine,
                           llvm::legacy::PassManager &passes);

/// Writes assembly or an object to `out`. An object is checked by
/// checkObjectContract first, and nothing is written where it fails.
llvm::Error emitObject(llvm::Module &module, llvm::TargetMachine &machine,
                       llvm::raw_ostream &out, llvm::CodeGenFileType type);

/// Fails, naming what it found, unless the only undefined symbols of an object
/// are memcpy, memmove and memset, and it has no writable data but a section
/// for each thing that is remembered. One that remembers its CPU may also need
/// getauxval.
llvm::Error checkObjectContract(llvm::MemoryBufferRef object,
                                Remembered remembered = {});

} // namespace mlir::bnn
