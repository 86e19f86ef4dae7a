//===- Driver.cpp - From an ONNX file to an object ------------------------===//
#include "lib/Driver/Driver.h"
#include "dialects/BNN/BNN.h"
#include "lib/Driver/Registration.h"
#include "lib/Import/Import.h"
#include "lib/Report/Collect.h"
#include "lib/Target/CPUDispatch.h"
#include "lib/Target/HeaderWriter.h"
#include "lib/Target/ObjectWriter.h"
#include "lib/Target/PortLimit.h"
#include "lib/Target/Strategy.h"
#include "lib/Target/Target.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"

using namespace mlir;

namespace mlir::bnn {

std::string prefixFromPath(llvm::StringRef path) {
  std::string prefix;
  for (char c : llvm::sys::path::stem(path))
    prefix += llvm::isAlnum(c) ? c : '_';
  if (prefix.empty() || llvm::isDigit(prefix.front()))
    prefix = "model_" + prefix;
  return prefix;
}

static LogicalResult report(MLIRContext &context, const CompileOptions &options,
                            llvm::Error error) {
  return emitError(FileLineColLoc::get(&context,
                                       llvm::sys::path::filename(options.input),
                                       0, 0),
                   llvm::toString(std::move(error)));
}

namespace {
// A checked target and the shape of its kernels.
struct ChosenTarget {
  TargetSpec spec;
  StrategyChoice choice;
};
} // namespace

static FailureOr<ChosenTarget> chooseTarget(const CompileOptions &options,
                                            MLIRContext &context) {
  // The context may be a fresh one.
  DialectRegistry registry;
  registerAllDialects(registry);
  context.appendDialectRegistry(registry);
  context.loadDialect<BNNDialect>();
  initializeTargets();
  auto spec = resolveTarget(options.triple, options.cpu, options.attrs);
  if (!spec)
    return report(context, options, spec.takeError());
  auto choice = selectStrategy(*spec, options.strategy);
  if (!choice)
    return report(context, options, choice.takeError());
  return ChosenTarget{std::move(*spec), std::move(*choice)};
}

// IR shows, and a process runs, the code for one CPU.
static LogicalResult checkOneCPU(const CompileOptions &options,
                                 MLIRContext &context) {
  if (options.cpu.find(',') == std::string::npos)
    return success();
  return report(context, options,
                llvm::createStringError(
                    "several CPUs go into an object, assembly or LLVM IR only: "
                    "name one with --mcpu"));
}

// What the passes need to know of the target and of the user's wishes.
static void annotate(ModuleOp module, const CompileOptions &options,
                     const ChosenTarget &target) {
  Builder b(module.getContext());
  const KernelStrategy &strategy = *target.choice.strategy;
  KernelTile tile =
      options.tile.value_or(KernelTile{strategy.rows, strategy.panels});
  if (auto measured = options.tiles.find(strategy.name);
      measured != options.tiles.end())
    tile = measured->second;
  module->setAttr(
      kTargetAttr,
      TargetAttr::get(b.getContext(), strategy.name, tile.rows, tile.panels,
                      hasAVX512(target.spec), strategy.byteCounts,
                      strategy.parity,
                      strategy.lookup ? byteShuffleWidth(target.spec) : 0,
                      strategy.queries));
  module->setAttr("bnn.target_triple", b.getStringAttr(target.spec.triple));
  module->setAttr("bnn.target_cpu", b.getStringAttr(target.spec.cpu));
  module->setAttr("bnn.cpu_features", b.getI64IntegerAttr(int64_t(
                                          requiredCPUFeatures(target.spec))));
  module->setAttr("bnn.prefix",
                  b.getStringAttr(options.prefix.empty()
                                      ? prefixFromPath(options.input)
                                      : options.prefix));
  NamedAttrList maxima;
  for (const auto &entry : options.maxDims)
    maxima.set(entry.getKey(), b.getI64IntegerAttr(entry.getValue()));
  module->setAttr("bnn.max_dims", maxima.getDictionary(b.getContext()));
  if (!options.instrument)
    return;
  NamedAttrList limits;
  for (const PortLimit &limit : portLimits(
           target.spec,
           options.modelledCPU.empty() ? target.spec.cpu : options.modelledCPU,
           strategy))
    limits.set(limit.kernel, b.getF64FloatAttr(limit.macsPerCycle));
  module->setAttr("bnn.port_limits", limits.getDictionary(b.getContext()));
}

// The model as a module: imported, or parsed where it is IR already.
static OwningOpRef<ModuleOp> readInput(const CompileOptions &options,
                                       MLIRContext &context) {
  if (llvm::StringRef(options.input).ends_with(".mlir"))
    return parseSourceFile<ModuleOp>(options.input, &context);
  ImportOptions import;
  import.inputShapes = options.inputShapes;
  return importModel(options.input, import, &context);
}

static OwningOpRef<ModuleOp> lower(const CompileOptions &options,
                                   const ChosenTarget &target, Phase last,
                                   MLIRContext &context,
                                   ReportCollector *collector = nullptr) {
  OwningOpRef<ModuleOp> module = readInput(options, context);
  if (!module)
    return nullptr;
  if (last == Phase::Import)
    return module;
  annotate(*module, options, target);
  PassManager passes(&context);
  if (options.passManagerOptions && failed(applyPassManagerCLOptions(passes)))
    return nullptr;
  PhaseOptions phases;
  phases.reference = options.reference;
  phases.instrument = options.instrument;
  phases.report = collector != nullptr;
  phases.requireBinary = options.requireBinary;
  phases.allowFloat = options.allowFloat;
  for (const PhaseInfo &info : allPhases()) {
    if (info.phase > last)
      break;
    addPhase(passes, info.phase, phases);
    if (collector)
      collector->addAfter(passes, info.phase);
  }
  if (failed(passes.run(*module)))
    return nullptr;
  return module;
}

OwningOpRef<ModuleOp> compileToPhase(const CompileOptions &options, Phase last,
                                     MLIRContext &context) {
  if (failed(checkOneCPU(options, context)))
    return nullptr;
  auto target = chooseTarget(options, context);
  if (failed(target))
    return nullptr;
  return lower(options, *target, last, context);
}

namespace {
// A model compiled for one CPU: optimised LLVM IR.
struct CompiledVariant {
  CPUVariant code;
  ModelInterface interface;
  std::optional<ModelReport> report; ///< If it was asked for.
};
} // namespace

static FailureOr<CompiledVariant>
compileVariant(const CompileOptions &options, const ChosenTarget &target,
               MLIRContext &context, llvm::LLVMContext &llvmContext) {
  if (target.choice.warning)
    emitWarning(UnknownLoc::get(&context), *target.choice.warning);
  ReportCollector collector;
  OwningOpRef<ModuleOp> module = lower(options, target, Phase::Tile, context,
                                       options.report ? &collector : nullptr);
  if (!module)
    return failure();
  CompiledVariant result;
  if (options.report)
    result.report = collector.take();
  result.code.spec = target.spec;
  auto interface = readModelInterface(*module);
  if (failed(interface))
    return failure();
  result.interface = std::move(*interface);

  PassManager passes(&context);
  if (options.passManagerOptions && failed(applyPassManagerCLOptions(passes)))
    return failure();
  addPhase(passes, Phase::LLVM, PhaseOptions());
  if (failed(passes.run(*module)))
    return failure();
  result.code.module =
      translateModuleToLLVMIR(*module, llvmContext, result.interface.prefix);
  if (!result.code.module)
    return emitError(module->getLoc(), "does not translate to LLVM IR");
  // The weights are in the LLVM module now.
  module = nullptr;
  auto machine = createTargetMachine(
      target.spec, static_cast<llvm::CodeGenOptLevel>(options.optLevel));
  if (llvm::Error error =
          optimizeModule(*result.code.module, *machine, options.optLevel))
    return report(context, options, std::move(error));
  return result;
}

// The targets that --mcpu names, one for each CPU.
static FailureOr<std::vector<ChosenTarget>>
chooseTargets(const CompileOptions &options, MLIRContext &context) {
  auto cpus = splitCPUs(options.cpu);
  if (!cpus)
    return report(context, options, cpus.takeError());
  std::vector<ChosenTarget> targets;
  for (const std::string &cpu : *cpus) {
    CompileOptions one = options;
    one.cpu = cpu;
    auto target = chooseTarget(one, context);
    if (failed(target))
      return failure();
    targets.push_back(std::move(*target));
  }
  if (targets.size() == 1)
    return targets;
  if (llvm::Error error = checkSeveralCPUs(targets.front().spec.triple))
    return report(context, options, std::move(error));
  if (options.instrument)
    return report(context, options,
                  llvm::createStringError("a model with a profile is for one "
                                          "CPU: name one with --mcpu"));
  return targets;
}

FailureOr<CompiledModel> compileModel(const CompileOptions &options, Emit emit,
                                      MLIRContext &context) {
  auto targets = chooseTargets(options, context);
  if (failed(targets))
    return failure();
  CompiledModel result;
  ModelInterface interface;
  llvm::LLVMContext llvmContext;
  std::vector<CPUVariant> variants;
  llvm::SmallVector<llvm::StringRef> cpus;
  for (const ChosenTarget &target : *targets) {
    cpus.push_back(target.spec.cpu);
    auto variant = compileVariant(options, target, context, llvmContext);
    if (failed(variant))
      return failure();
    // The report is of the first; the header has room for all.
    int64_t workspaceSize =
        std::max(interface.workspaceSize, variant->interface.workspaceSize);
    if (variants.empty()) {
      interface = std::move(variant->interface);
      result.report = std::move(variant->report);
    }
    interface.workspaceSize = workspaceSize;
    variants.push_back(std::move(variant->code));
  }
  interface.targetCPU = llvm::join(cpus, ", ");
  result.target = targets->front().spec;
  result.target.cpu = interface.targetCPU;
  if (result.report) {
    result.report->file = options.input;
    result.report->target = result.target.triple + " " + result.target.cpu;
  }
  llvm::raw_string_ostream header(result.header);
  writeHeader(interface, header);

  // Functions of other CPUs say so themselves.
  auto machine =
      createTargetMachine(targets->front().spec,
                          static_cast<llvm::CodeGenOptLevel>(options.optLevel));
  std::unique_ptr<llvm::Module> llvmModule;
  if (variants.size() == 1) {
    llvmModule = std::move(variants.front().module);
  } else {
    auto joined = joinVariants(std::move(variants));
    if (!joined)
      return report(context, options, joined.takeError());
    llvmModule = std::move(*joined);
  }
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream out(bytes);
  if (emit == Emit::LLVM)
    llvmModule->print(out, nullptr);
  else if (llvm::Error error = emitObject(
               *llvmModule, *machine, out,
               emit == Emit::Assembly ? llvm::CodeGenFileType::AssemblyFile
                                      : llvm::CodeGenFileType::ObjectFile))
    return report(context, options, std::move(error));
  result.code = std::make_unique<llvm::SmallVectorMemoryBuffer>(
      std::move(bytes), /*RequiresNullTerminator=*/false);
  if (result.report && emit == Emit::Object)
    if (llvm::Error error =
            result.report->addObject(result.code->getMemBufferRef()))
      return report(context, options, std::move(error));
  return result;
}

FailureOr<std::unique_ptr<llvm::MemoryBuffer>>
compileToObject(const CompileOptions &options, MLIRContext &context) {
  if (failed(checkOneCPU(options, context)))
    return failure();
  auto model = compileModel(options, Emit::Object, context);
  if (failed(model))
    return failure();
  return std::move(model->code);
}

} // namespace mlir::bnn
