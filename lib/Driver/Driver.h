//===- Driver.h - From an ONNX file to an object ----------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Estimate/Estimate.h"
#include "lib/Pipelines/Pipelines.h"
#include "lib/Report/Report.h"
#include "lib/Target/StrategyTable.h"
#include "lib/Target/Target.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/Timing.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mlir::bnn {

/// Passes that run between two phases.
struct ExtraPasses {
  Phase after;
  mlir::OpPassManager passes;
};

/// What to compile, and for what. Empty strings mean the default.
struct CompileOptions {
  /// The path of an ONNX file, or of IR (.mlir) with a function @main.
  std::string input;
  /// The bytes of an ONNX model, where `input` is "-": the standard input can
  /// be read once, and a model for several CPUs is imported more often.
  std::shared_ptr<llvm::MemoryBuffer> inputBytes;
  std::string triple, cpu, attrs; ///< As --mtriple, --mcpu and --mattr.
  std::string strategy;           ///< Forces a kernel strategy by name.
  /// Tiles by strategy, in place of the built-in ones; and one for any.
  llvm::StringMap<KernelTile> tiles;
  std::optional<KernelTile> tile;
  std::string strategyTable; ///< The file that `tiles` came from, if any.
  std::string prefix;        ///< Of the C symbols; from the file's name.
  bool reference = false;    ///< The reference lowering.
  bool instrument = false;   ///< Calls a hook before each operation.
  /// The CPU whose port limits an instrumented model states; empty: `cpu`.
  std::string modelledCPU;
  /// Shapes of inputs by name, which become static; -1 keeps a dimension.
  llvm::StringMap<llvm::SmallVector<int64_t>> inputShapes;
  /// Declared maxima of symbolic dimensions by name.
  llvm::StringMap<int64_t> maxDims;
  /// A record of bnn-prune, by which the model is cut; empty: none.
  std::string pruningRecord;
  bool report = false; ///< Whether compileModel() makes a report.
  /// Whether compileModel() is silent where some layers are binary and more
  /// than a tenth of the operations are not.
  bool quietFloat = false;
  /// Whether a layer with products that are not binary is an error, unless its
  /// node's name matches one of the patterns (*, ?, [abc]) of `allowFloat`.
  bool requireBinary = false, requireQuantized = false;
  std::vector<std::string> allowFloat;
  /// How many times its budget of memory and operations folding constants may
  /// use: 1 or more.
  int64_t foldBudget = 1;
  bool remarks = false;  ///< Says why layers and operations stay as they are.
  unsigned optLevel = 3; ///< 0 to 3, LLVM's.
  /// Passes of the user's own; they run for each CPU.
  std::optional<ExtraPasses> extraPasses;
  /// The phase after which compileModel() keeps the IR as well.
  std::optional<Phase> keepIR;
  /// Called for each pass manager before it runs: for timing, for printing IR.
  std::function<mlir::LogicalResult(mlir::PassManager &)> configurePasses;
  /// Called for each file beside the model that is read; may be null.
  std::function<void(llvm::StringRef path)> onDataFile;
  /// Where to time what is not a pass; may be null.
  mlir::TimingScope *timing = nullptr;
};

/// Something an output file may hold.
enum class Emit { Assembly, Object, LLVM };

/// Fails where options are out of range or at odds with each other.
llvm::Error verify(const CompileOptions &options);

/// A C identifier made from a file's name: "my-model.onnx" gives "my_model".
std::string prefixFromPath(llvm::StringRef path);

/// Imports the model and runs all phases up to `last`. Null on failure; errors
/// are reported through the context's diagnostics.
mlir::OwningOpRef<mlir::ModuleOp> compileToPhase(const CompileOptions &options,
                                                 Phase last,
                                                 mlir::MLIRContext &context);

/// A compiled model.
struct CompiledModel {
  std::unique_ptr<llvm::MemoryBuffer> code; ///< What was asked for.
  std::string header;                       ///< The text of the C header.
  std::string prefix;                       ///< Of the C symbols.
  std::string ir;                           ///< As CompileOptions::keepIR.
  TargetSpec target;                        ///< What it was compiled for.
  std::optional<ModelReport> report;        ///< If it was asked for.
};

/// Compiles the model to an object, assembly or LLVM IR.
mlir::FailureOr<CompiledModel> compileModel(const CompileOptions &options,
                                            Emit emit,
                                            mlir::MLIRContext &context);

/// Compiles the model to an object.
mlir::FailureOr<std::unique_ptr<llvm::MemoryBuffer>>
compileToObject(const CompileOptions &options, mlir::MLIRContext &context);

/// For which CPUs to estimate a model.
struct EstimateOptions {
  /// As LLVM names them. Without CompileOptions::triple each may be of this
  /// machine's architecture, AArch64 or x86-64; "native" is this machine's.
  std::vector<std::string> cpus;
  std::vector<double> clocks; ///< GHz: one for each CPU, or one for all.
  double bandwidth = 10;      ///< GB/s.
};

/// Compiles the model for each of the CPUs, and estimates what it costs there.
/// Fails, before anything is compiled, where LLVM does not know one of them or
/// has no scheduling model of it; and where a dimension of the model is open.
mlir::FailureOr<std::vector<Estimate>>
estimateModel(const CompileOptions &options, const EstimateOptions &wanted,
              mlir::MLIRContext &context);

} // namespace mlir::bnn
