//===- Driver.cpp - From an ONNX file to an object ------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Driver/Driver.h"
#include "dialects/BNN/BNNModel.h"
#include "dialects/BNN/ModelInterface.h"
#include "lib/Driver/Continuation.h"
#include "lib/Driver/PhaseRunner.h"
#include "lib/Driver/Registration.h"
#include "lib/Import/Import.h"
#include "lib/Report/Collect.h"
#include "lib/Target/CPUDispatch.h"
#include "lib/Target/HeaderWriter.h"
#include "lib/Target/KeepOrder.h"
#include "lib/Target/ObjectWriter.h"
#include "lib/Target/PortLimit.h"
#include "lib/Target/Strategy.h"
#include "lib/Target/Target.h"
#include "lib/Target/Translate.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;

namespace mlir::bnn {

std::string prefixFromPath(llvm::StringRef path) {
  if (path == "-")
    return "model";
  std::string prefix;
  for (char c : llvm::sys::path::stem(path))
    prefix += llvm::isAlnum(c) ? c : '_';
  if (prefix.empty() || llvm::isDigit(prefix.front()))
    prefix = "model_" + prefix;
  return prefix;
}

static LogicalResult report(MLIRContext &context, const CompileOptions &options,
                            llvm::Error error) {
  return emitError(
      FileLineColLoc::get(&context,
                          options.inputBytes
                              ? llvm::StringRef(kStandardInput)
                              : llvm::sys::path::filename(options.input),
                          0, 0),
      llvm::toString(std::move(error)));
}

namespace {
// A checked target and the shape of its kernels.
struct ChosenTarget {
  TargetSpec spec;
  StrategyChoice choice;
  /// Whether it is what the module says already.
  bool isRecorded = false;
};

// A compilation that is about to begin or to go on.
struct Job : Continuation {
  /// The IR; null for an ONNX file, and once it is taken.
  OwningOpRef<ModuleOp> module;
  /// Whether the model was read already, for another CPU.
  bool wasRead = false;
};
} // namespace

static FailureOr<ChosenTarget> chooseTarget(const CompileOptions &options,
                                            MLIRContext &context) {
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
static LogicalResult annotate(ModuleOp module, const CompileOptions &options,
                              const ChosenTarget &target) {
  Builder b(module.getContext());
  const KernelStrategy &strategy = *target.choice.strategy;
  std::optional<KernelTile> tile = options.tile;
  if (auto measured = options.tiles.find(strategy.name);
      measured != options.tiles.end())
    tile = measured->second;
  if (!target.isRecorded)
    module->setAttr(kTargetAttr,
                    getTargetAttr(b.getContext(), target.spec, strategy, tile));
  // IR may declare maxima of its own.
  NamedAttrList maxima(getModel(module).getMaxDims());
  for (const auto &entry : options.maxDims)
    maxima.set(entry.getKey(), b.getI64IntegerAttr(entry.getValue()));
  ModelAttr model =
      ModelAttr::get(b.getContext(), /*prefix=*/"", target.spec.triple,
                     target.spec.cpu, target.spec.features,
                     requiredCPUFeatures(target.spec),
                     maxima.getDictionary(b.getContext()))
          .withPrefix([&] { return module.emitError(); },
                      options.prefix.empty() ? prefixFromPath(options.input)
                                             : options.prefix);
  if (!model)
    return failure();
  module->setAttr(kModelAttr, model);
  if (!options.instrument ||
      (target.isRecorded && module->hasAttr(kPortLimitsAttr)))
    return success();
  NamedAttrList limits;
  for (const PortLimit &limit : portLimits(
           target.spec,
           options.modelledCPU.empty() ? target.spec.cpu : options.modelledCPU,
           strategy))
    limits.set(limit.dot, b.getF64FloatAttr(limit.macsPerCycle));
  module->setAttr(kPortLimitsAttr, limits.getDictionary(b.getContext()));
  return success();
}

static TimingScope timed(const CompileOptions &options, llvm::StringRef what) {
  return options.timing ? options.timing->nest(what) : TimingScope();
}

static bool isIR(const CompileOptions &options) {
  return llvm::StringRef(options.input).ends_with(".mlir");
}

// The model as a module: imported, or parsed where it is IR already.
static OwningOpRef<ModuleOp> readInput(const CompileOptions &options,
                                       MLIRContext &context,
                                       bool isRepeated = false) {
  TimingScope timing = timed(options, "Import");
  if (isIR(options))
    return parseSourceFile<ModuleOp>(options.input, &context);
  ImportOptions import;
  import.inputShapes = options.inputShapes;
  import.onDataFile = options.onDataFile;
  import.pruningRecord = options.pruningRecord;
  import.bytes = options.inputBytes;
  import.isRepeated = isRepeated;
  return importModel(options.input, import, &context);
}

static FailureOr<Job> prepare(const CompileOptions &options,
                              MLIRContext &context) {
  // The context may be a fresh one.
  DialectRegistry registry;
  registerCompilerDialects(registry);
  context.appendDialectRegistry(registry);
  context.loadDialect<BNNDialect>();
  initializeTargets();
  if (llvm::Error error = verify(options))
    return report(context, options, std::move(error));
  if (!isIR(options))
    return Job{Continuation{options}, nullptr};
  OwningOpRef<ModuleOp> module = readInput(options, context);
  if (!module)
    return failure();
  auto continuation = continueFrom(*module, options);
  if (!continuation)
    return report(context, options, continuation.takeError());
  return Job{std::move(*continuation), std::move(module)};
}

static OwningOpRef<ModuleOp> takeInput(Job &job, MLIRContext &context) {
  if (job.module)
    return std::move(job.module);
  return readInput(job.options, context, std::exchange(job.wasRead, true));
}

// The model with what the passes need to know.
static OwningOpRef<ModuleOp> takeModule(Job &job, const ChosenTarget &target,
                                        MLIRContext &context) {
  OwningOpRef<ModuleOp> module = takeInput(job, context);
  if (!module || failed(annotate(*module, job.options, target)))
    return nullptr;
  return module;
}

namespace {
// A model compiled for one CPU: optimised LLVM IR.
struct CompiledVariant {
  CPUVariant code;
  ModelInterface interface;
  std::optional<ModelReport> report; ///< Without the object.
  std::string ir;                    ///< If it was asked for.
};
} // namespace

static FailureOr<CompiledVariant>
compileVariant(Job &job, const ChosenTarget &target, MLIRContext &context,
               llvm::LLVMContext &llvmContext) {
  const CompileOptions &options = job.options;
  if (target.choice.warning)
    emitWarning(UnknownLoc::get(&context), *target.choice.warning);
  OwningOpRef<ModuleOp> module = takeModule(job, target, context);
  if (!module)
    return failure();
  const bool looks = options.report || !options.quietFloat;
  ReportCollector collector;
  PhaseRunner runner(*module, job.done, options, looks ? &collector : nullptr);
  if (failed(runner.runTo(Phase::LLVM)))
    return failure();
  CompiledVariant result;
  if (looks)
    result.report = collector.take();
  result.ir = runner.takeIR();
  result.code.spec = target.spec;
  auto interface = readModelInterface(*module);
  if (failed(interface))
    return failure();
  result.interface = std::move(*interface);

  TimingScope timing = timed(options, "LLVM's optimisations");
  result.code.module =
      translateToLLVMIR(*module, llvmContext, result.interface.prefix);
  if (!result.code.module)
    return emitError(module->getLoc(), "does not translate to LLVM IR");
  keepOrder(*result.code.module, target.spec);
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
chooseTargets(const Job &job, MLIRContext &context) {
  const CompileOptions &options = job.options;
  if (job.target) {
    auto choice = selectStrategy(*job.target, options.strategy);
    if (!choice)
      return report(context, options, choice.takeError());
    return std::vector{ChosenTarget{*job.target, *choice, true}};
  }
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

// Optimised LLVM IR as text, assembly or an object.
static llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
emitCode(const CompileOptions &options, const TargetSpec &spec,
         llvm::Module &module, Emit emit) {
  TimingScope timing = timed(options, "LLVM's code generation");
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream out(bytes);
  // Functions of other CPUs say so themselves.
  auto machine = createTargetMachine(
      spec, static_cast<llvm::CodeGenOptLevel>(options.optLevel));
  if (emit == Emit::LLVM)
    module.print(out, nullptr);
  else if (llvm::Error error = emitObject(
               module, *machine, out,
               emit == Emit::Assembly ? llvm::CodeGenFileType::AssemblyFile
                                      : llvm::CodeGenFileType::ObjectFile))
    return std::move(error);
  return std::make_unique<llvm::SmallVectorMemoryBuffer>(
      std::move(bytes), /*RequiresNullTerminator=*/false);
}

// The report is of the object, whatever else is written.
static llvm::Error addObject(ModelReport &report, const CompileOptions &options,
                             const TargetSpec &spec,
                             const llvm::Module &module) {
  // Code generation changes what it is given. A copy that CloneModule() makes
  // lists uses in another order, and gives other code.
  llvm::SmallVector<char, 0> bitcode;
  llvm::raw_svector_ostream out(bitcode);
  llvm::WriteBitcodeToFile(module, out, /*ShouldPreserveUseListOrder=*/true);
  llvm::LLVMContext context;
  auto copy = llvm::parseBitcodeFile(
      llvm::MemoryBufferRef(out.str(), module.getModuleIdentifier()), context);
  if (!copy)
    return copy.takeError();
  auto object = emitCode(options, spec, **copy, Emit::Object);
  return object ? report.addObject((*object)->getMemBufferRef())
                : object.takeError();
}

OwningOpRef<ModuleOp> compileToPhase(const CompileOptions &given, Phase last,
                                     MLIRContext &context) {
  if (failed(checkOneCPU(given, context)))
    return nullptr;
  auto job = prepare(given, context);
  if (failed(job))
    return nullptr;
  const CompileOptions &options = job->options;
  if (last < job->done) {
    (void)report(context, options,
                 llvm::createStringError("the IR has phase " +
                                         stringifyPhase(job->done) +
                                         " behind it, which is later than " +
                                         stringifyPhase(last)));
    return nullptr;
  }
  auto targets = chooseTargets(*job, context);
  if (failed(targets))
    return nullptr;
  // Of what is imported nothing is decided yet.
  OwningOpRef<ModuleOp> module =
      last > Phase::Import ? takeModule(*job, targets->front(), context)
                           : takeInput(*job, context);
  if (!module)
    return nullptr;
  PhaseRunner runner(*module, job->done, options, nullptr);
  if (failed(runner.runTo(last)))
    return nullptr;
  return module;
}

FailureOr<CompiledModel> compileModel(const CompileOptions &given, Emit emit,
                                      MLIRContext &context) {
  if (given.keepIR && failed(checkOneCPU(given, context)))
    return failure();
  auto job = prepare(given, context);
  if (failed(job))
    return failure();
  const CompileOptions &options = job->options;
  auto targets = chooseTargets(*job, context);
  if (failed(targets))
    return failure();
  CompiledModel result;
  ModelInterface interface;
  llvm::LLVMContext llvmContext;
  std::vector<CPUVariant> variants;
  llvm::SmallVector<llvm::StringRef> cpus;
  for (const ChosenTarget &target : *targets) {
    cpus.push_back(target.spec.cpu);
    auto variant = compileVariant(*job, target, context, llvmContext);
    if (failed(variant))
      return failure();
    // The report is of the first; the header has room for all.
    int64_t workspaceSize =
        std::max(interface.workspaceSize, variant->interface.workspaceSize);
    if (variants.empty()) {
      interface = std::move(variant->interface);
      if (!options.quietFloat)
        if (auto warning = warnOfFloat(*variant->report))
          emitWarning(FileLineColLoc::get(&context, options.input, 0, 0),
                      *warning);
      if (options.report)
        result.report = std::move(variant->report);
      result.ir = std::move(variant->ir);
    }
    interface.workspaceSize = workspaceSize;
    variants.push_back(std::move(variant->code));
  }
  interface.targetCPU = llvm::join(cpus, ", ");
  result.target = targets->front().spec;
  result.target.cpu = interface.targetCPU;
  if (result.report) {
    result.report->file =
        options.inputBytes ? kStandardInput.str() : options.input;
    result.report->target = result.target.triple + " " + result.target.cpu;
  }
  result.prefix = interface.prefix;
  llvm::raw_string_ostream header(result.header);
  writeHeader(interface, header);

  std::unique_ptr<llvm::Module> llvmModule;
  if (variants.size() == 1) {
    llvmModule = std::move(variants.front().module);
  } else {
    auto joined = joinVariants(std::move(variants));
    if (!joined)
      return report(context, options, joined.takeError());
    llvmModule = std::move(*joined);
  }
  const TargetSpec &spec = targets->front().spec;
  if (result.report && emit != Emit::Object)
    if (llvm::Error error =
            addObject(*result.report, options, spec, *llvmModule))
      return report(context, options, std::move(error));
  auto code = emitCode(options, spec, *llvmModule, emit);
  if (!code)
    return report(context, options, code.takeError());
  result.code = std::move(*code);
  if (result.report && emit == Emit::Object)
    if (llvm::Error error =
            result.report->addObject(result.code->getMemBufferRef()))
      return report(context, options, std::move(error));
  return result;
}

// The options for one of the CPUs of an estimate, whose triple they may leave
// open.
static llvm::Expected<CompileOptions> optionsForCPU(const CompileOptions &given,
                                                    llvm::StringRef cpu) {
  CompileOptions options = given;
  options.cpu = cpu.str();
  // The hook is where one operation ends and the next begins.
  options.instrument = true;
  llvm::SmallVector<std::string> triples{given.triple};
  if (given.triple.empty() && cpu != "native")
    triples = {llvm::Triple::normalize(llvm::sys::getDefaultTargetTriple()),
               "aarch64-unknown-linux-gnu", "x86_64-unknown-linux-gnu"};
  for (const std::string &triple : triples) {
    options.triple = triple;
    if (triples.size() > 1 && !knowsCPU(triple, cpu))
      continue;
    // Whether a process gets the registers of AMX is known where it runs.
    if (llvm::Triple(triple.empty() ? llvm::sys::getDefaultTargetTriple()
                                    : triple)
            .getArch() == llvm::Triple::x86_64)
      options.attrs += options.attrs.empty() ? "-amx-int8" : ",-amx-int8";
    return options;
  }
  return llvm::createStringError(
      "unknown CPU '" + cpu + "' in --estimate: LLVM has no such CPU for " +
      llvm::join(triples, " or ") +
      "; --mtriple names another architecture, and llc -mtriple=... "
      "-mcpu=help lists CPUs");
}

FailureOr<std::vector<Estimate>> estimateModel(const CompileOptions &given,
                                               const EstimateOptions &wanted,
                                               MLIRContext &context) {
  initializeTargets();
  std::vector<CompileOptions> all;
  for (const std::string &cpu : wanted.cpus) {
    auto options = optionsForCPU(given, cpu);
    if (!options)
      return report(context, given, options.takeError());
    auto target = chooseTarget(*options, context);
    if (failed(target))
      return failure();
    if (llvm::Error error = checkModelled(target->spec))
      return report(context, given, std::move(error));
    all.push_back(std::move(*options));
  }
  std::vector<Estimate> estimates;
  for (auto [i, options] : llvm::enumerate(all)) {
    auto job = prepare(options, context);
    if (failed(job))
      return failure();
    job->wasRead = i > 0;
    auto targets = chooseTargets(*job, context);
    if (failed(targets))
      return failure();
    llvm::LLVMContext llvmContext;
    auto variant = compileVariant(*job, targets->front(), context, llvmContext);
    if (failed(variant))
      return failure();
    EstimateSettings settings;
    settings.clock = 1e9 * wanted.clocks[wanted.clocks.size() > 1 ? i : 0];
    settings.bandwidth = 1e9 * wanted.bandwidth;
    TimingScope timing = timed(options, "Estimate");
    auto estimate =
        estimateModel(*variant->code.module, variant->code.spec,
                      variant->interface, settings, options.optLevel);
    if (!estimate)
      return report(context, given, estimate.takeError());
    estimates.push_back(std::move(*estimate));
  }
  return estimates;
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
