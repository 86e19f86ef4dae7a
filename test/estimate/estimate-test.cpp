//===- estimate-test.cpp - Tests of lib/Estimate on LLVM IR ---------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which way a function goes, block by block, what memory it touches, and that
// its machine code goes the same way.
//
//===----------------------------------------------------------------------===//

#include "lib/Estimate/BlockTrace.h"
#include "lib/Estimate/CodeTrace.h"
#include "lib/Estimate/CoreModel.h"
#include "lib/Estimate/EmittedCode.h"
#include "lib/Estimate/Estimate.h"
#include "lib/Target/Target.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/SourceMgr.h"

#include <map>

using namespace llvm;
using namespace mlir::bnn;

static int failures = 0;

static void expect(bool condition, const Twine &what) {
  if (condition)
    return;
  errs() << "estimate-test: wrong: " << what << '\n';
  ++failures;
}

static void expectEqual(uint64_t got, uint64_t wanted, const Twine &what) {
  expect(got == wanted,
         what + ": " + Twine(got) + " in place of " + Twine(wanted));
}

static std::unique_ptr<Module> parse(LLVMContext &context, StringRef text) {
  SMDiagnostic problem;
  auto module = parseAssemblyString(text, problem, context);
  if (!module)
    problem.print("estimate-test", errs());
  return module;
}

/// How often a run enters the block of that name.
static uint64_t countOf(const FunctionRun &run, StringRef name) {
  uint64_t count = 0;
  for (uint32_t index : run.path)
    count += std::next(run.function->begin(), index)->getName() == name;
  return count;
}

/// Rows in tiles of 3, the last one of fewer; a column for each row so far; a
/// flag that memory decides; an error that does not come; two kernels.
static constexpr StringLiteral nest = R"(
declare i64 @llvm.umin.i64(i64, i64)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
@table = internal constant [64 x i64] zeroinitializer, align 64

define internal i32 @kernel(ptr %p, ptr %q, i64 %n) noinline {
entry:
  br label %tile
tile:
  %i = phi i64 [ 0, %entry ], [ %end, %tile.end ]
  %next = add i64 %i, 3
  %end = call i64 @llvm.umin.i64(i64 %next, i64 %n)
  br label %row
row:
  %r = phi i64 [ %i, %tile ], [ %r1, %row.end ]
  br label %column
column:
  %c = phi i64 [ 0, %row ], [ %c1, %column ]
  %at = getelementptr i64, ptr %p, i64 %c
  %v = load i64, ptr %at, align 8
  %to = getelementptr i64, ptr %q, i64 %r
  store volatile i64 %v, ptr %to, align 8
  %c1 = add i64 %c, 1
  %more = icmp ule i64 %c1, %r
  br i1 %more, label %column, label %row.end
row.end:
  %r1 = add i64 %r, 1
  %rows = icmp ult i64 %r1, %end
  br i1 %rows, label %row, label %tile.end
tile.end:
  %all = icmp ult i64 %end, %n
  br i1 %all, label %tile, label %check
check:
  %s = load i64, ptr %p, align 8
  %bad = icmp slt i64 %s, 0
  br i1 %bad, label %fail, label %done
fail:
  ret i32 7
done:
  ret i32 0
}

define internal void @special(ptr %p) noinline {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %i1, %end ]
  %at = getelementptr i64, ptr %p, i64 %i
  %v = load i64, ptr %at, align 8
  %zero = icmp eq i64 %v, 0
  br i1 %zero, label %rare, label %end
rare:
  store volatile i64 1, ptr %at, align 8
  br label %end
end:
  %i1 = add i64 %i, 1
  %more = icmp ne i64 %i1, 20
  br i1 %more, label %loop, label %out
out:
  call void @llvm.memset.p0.i64(ptr %p, i8 0, i64 640, i1 false)
  ret void
}

define i32 @main(ptr %hook, ptr %context, ptr %x) {
entry:
  call void %hook(ptr %context, i32 0, i64 5)
  %s = call i32 @kernel(ptr @table, ptr %x, i64 8)
  %ok = icmp eq i32 %s, 0
  br i1 %ok, label %go, label %out
go:
  call void %hook(ptr %context, i32 1, i64 0)
  call void @special(ptr %x)
  call void @special(ptr %context)
  call void %hook(ptr %context, i32 2, i64 0)
  br label %out
out:
  %r = phi i32 [ %s, %entry ], [ 0, %go ]
  ret i32 %r
}
)";

static void checkNest(const FunctionRun &main) {
  if (main.events.size() != 6)
    return expectEqual(main.events.size(), 6, "events of main");
  const FunctionRun &kernel = *main.events[1].callee;
  expectEqual(countOf(kernel, "tile"), 3, "tiles");
  expectEqual(countOf(kernel, "row"), 8, "rows");
  expectEqual(countOf(kernel, "column"), 36, "columns");
  expectEqual(countOf(kernel, "fail"), 0, "failures");
  expectEqual(kernel.bytes.front(), 128, "bytes of the kernel");
  const FunctionRun &special = *main.events[3].callee;
  expect(main.events[4].callee == &special, "two runs of the same kernel");
  expectEqual(countOf(special, "loop"), 20, "iterations");
  expectEqual(countOf(special, "rare"), 0, "rare iterations");
  expectEqual(special.guesses, 20, "guesses of the other kernel");
  expectEqual(special.bytes.front(), 640, "bytes of the other kernel");
  expect(main.callsHook() && !kernel.callsHook(), "who calls the hook");
  expectEqual(main.events[0].binaryMACs, 5, "multiply-accumulates");
  expectEqual(main.events[5].op, 2, "the last operation");
  expectEqual(main.bytes.size(), 4, "parts between calls of the hook");
}

static void testTrace() {
  LLVMContext context;
  auto module = parse(context, nest);
  BlockTrace trace(*module);
  auto run = trace.run(*module->getFunction("main"));
  if (!run)
    return expect(false, toString(run.takeError()));
  checkNest(**run);
  expectEqual((*run)->events[1].callee->guesses, 1, "guesses of the kernel");
}

/// Machine code goes the way of its LLVM IR.
static void testCode(StringRef triple, StringRef cpu) {
  LLVMContext context;
  auto module = parse(context, nest);
  auto spec = cantFail(resolveTarget(triple, cpu, ""));
  auto machine = createTargetMachine(spec);
  auto code = EmittedCode::generate(*module, *machine);
  if (!code)
    return expect(false, toString(code.takeError()));
  BlockTrace trace(*module);
  auto run = trace.run(*module->getFunction("main"));
  if (!run)
    return expect(false, toString(run.takeError()));
  checkNest(**run);
  auto core = cantFail(CoreModel::create(spec));
  // A volatile store is there as often as it was written.
  std::pair<unsigned, uint64_t> kernels[] = {{1, 36}, {3, 0}};
  for (auto [event, stores] : kernels) {
    const FunctionRun &callee = *(*run)->events[event].callee;
    const EmittedFunction *function = code->find(callee.function);
    auto blocks = followRun(callee, *function);
    if (!blocks)
      return expect(false, toString(blocks.takeError()));
    DenseMap<const BasicBlock *, uint64_t> counts;
    for (uint32_t block : *blocks)
      ++counts[function->blocks[block].ir];
    for (const BasicBlock &block : *callee.function)
      if (block.getName() == (stores ? "column" : "rare"))
        expectEqual(counts.lookup(&block), stores, cpu + ": stores");
  }
  const FunctionRun &kernel = *(*run)->events[1].callee;
  auto other =
      followRun(kernel, *code->find((*run)->events[3].callee->function));
  const std::string why = toString(other.takeError());
  expect(
      StringRef(why).contains("the way through the machine code of kernel is "
                              "not that of its LLVM IR"),
      cpu + ": the code of another function: " + why);
  auto hooks = [&](const EmittedFunction &function) {
    unsigned count = 0;
    for (const EmittedBlock &block : function.blocks)
      count += count_if(block.instructions, [&](const MCInst &inst) {
        return core->isIndirectCall(inst);
      });
    return count;
  };
  expectEqual(hooks(*code->find(module->getFunction("main"))), 3,
              cpu + ": calls of the hook");
}

/// A branch on many conditions, each of which would be an error, is a branch on
/// each in machine code.
static void testManyConditions(StringRef triple, StringRef cpu) {
  constexpr unsigned count = 12;
  std::string text = "define i32 @main(ptr %x, ptr %y) {\nentry:\n"
                     "  %all0 = icmp ne ptr %x, %y\n";
  for (unsigned i = 0; i < count; ++i)
    text += formatv("  %at{0} = getelementptr i64, ptr %x, i64 {0}\n"
                    "  %v{0} = load i64, ptr %at{0}, align 8\n"
                    "  %good{0} = icmp ult i64 %v{0}, 100\n"
                    "  %all{1} = and i1 %all{0}, %good{0}\n",
                    i, i + 1)
                .str();
  text += formatv("  br i1 %all{0}, label %go, label %out\n", count).str() +
          R"(
go:
  store volatile i64 1, ptr %y, align 8
  br label %out
out:
  %r = phi i32 [ 1, %entry ], [ 0, %go ]
  ret i32 %r
}
)";
  LLVMContext context;
  auto module = parse(context, text);
  auto machine = createTargetMachine(cantFail(resolveTarget(triple, cpu, "")));
  auto code = cantFail(EmittedCode::generate(*module, *machine));
  BlockTrace trace(*module);
  const Function *main = module->getFunction("main");
  const FunctionRun &run = *cantFail(trace.run(*main));
  expectEqual(countOf(run, "go"), 1, cpu + ": ways without an error");
  const EmittedFunction *function = code.find(main);
  expect(function->blocks.size() > count, cpu + ": a block a condition");
  unsigned stores = 0;
  for (uint32_t block : cantFail(followRun(run, *function)))
    if (const BasicBlock *ir = function->blocks[block].ir)
      stores += ir->getName() == "go";
  expectEqual(stores, 1, cpu + ": ways of the code without an error");
}

static void testTooLong() {
  LLVMContext context;
  auto module = parse(context, R"(
define void @main() {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %i1, %loop ]
  %i1 = add i64 %i, 1
  %more = icmp ne i64 %i1, 0
  br i1 %more, label %loop, label %out
out:
  ret void
}
)");
  BlockTrace trace(*module);
  auto run = trace.run(*module->getFunction("main"));
  expect(!run, "a run that is too long to follow");
  if (!run)
    expect(StringRef(toString(run.takeError())).contains("--input-shape"),
           "the remedy of a run that is too long");
}

/// A long stream is looked at in places: what repeats costs what one repetition
/// does, and the limit of its ports is below.
static void testStream() {
  LLVMContext context;
  auto module = parse(context, nest);
  auto spec = cantFail(resolveTarget("aarch64-linux-gnu", "neoverse-n1", ""));
  auto machine = createTargetMachine(spec);
  auto code = cantFail(EmittedCode::generate(*module, *machine));
  auto core = cantFail(CoreModel::create(spec));
  const EmittedFunction *kernel = code.find(module->getFunction("kernel"));
  for (const EmittedBlock &block : kernel->blocks) {
    if (!block.ir || block.ir->getName() != "column")
      continue;
    uint32_t piece = core->add(block.instructions);
    double one = core->cyclesOfIteration(piece);
    for (size_t times : {size_t(2000), size_t(200000)}) {
      double all = core->cyclesOf(std::vector<uint32_t>(times, piece)) / times;
      expect(all > 0.98 * one && all < 1.02 * one,
             Twine(times) + " iterations: " + std::to_string(all) +
                 " cycles each, and " + std::to_string(one) + " of one");
    }
    expect(core->limitOf(piece) > 0 && core->limitOf(piece) <= one,
           "the limit of a block");
    return;
  }
  expect(false, "no block of the inner loop");
}

/// A piece costs the same whatever else was added before it: here in front of a
/// loop whose counter sets flags a comparison, which sets nothing else.
static void testOrder() {
  LLVMContext context;
  auto module = parse(context, R"(
define void @main(ptr %p, i64 %n) {
entry:
  %few = icmp ult i64 %n, 9
  br i1 %few, label %out, label %loop
loop:
  %i = phi i64 [ %n, %entry ], [ %i1, %loop ]
  %a = load volatile i64, ptr %p
  %i1 = add i64 %i, -1
  %b = load volatile i64, ptr %p
  %c = xor i64 %a, %b
  store volatile i64 %c, ptr %p
  %more = icmp ne i64 %i1, 0
  br i1 %more, label %loop, label %out
out:
  ret void
}
)");
  auto spec = cantFail(resolveTarget("aarch64-linux-gnu", "cortex-a55", ""));
  auto machine = createTargetMachine(spec);
  auto code = cantFail(EmittedCode::generate(*module, *machine));
  const EmittedFunction *main = code.find(module->getFunction("main"));
  std::map<std::string, double> cycles[2];
  for (bool fromTheEnd : {false, true}) {
    auto core = cantFail(CoreModel::create(spec));
    std::vector<const EmittedBlock *> blocks;
    for (const EmittedBlock &block : main->blocks)
      blocks.push_back(&block);
    if (fromTheEnd)
      std::reverse(blocks.begin(), blocks.end());
    for (const EmittedBlock *block : blocks)
      if (block->ir)
        cycles[fromTheEnd][block->ir->getName().str()] =
            core->cyclesOfIteration(core->add(block->instructions));
  }
  expect(cycles[0]["loop"] > 0, "cycles of a loop");
  expect(cycles[0] == cycles[1], "cycles of a loop behind a comparison, " +
                                     std::to_string(cycles[0]["loop"]) +
                                     ", and in front of it, " +
                                     std::to_string(cycles[1]["loop"]));
}

static void testModels() {
  auto fails = [](StringRef triple, StringRef cpu, StringRef part) {
    auto core =
        CoreModel::create(cantFail(resolveTarget(triple, cpu, "+vfp4")));
    expect(!core, "a model of " + cpu);
    if (!core)
      expect(StringRef(toString(core.takeError())).contains(part),
             "the error about " + cpu);
  };
  fails("armv7-linux-gnueabihf", "cortex-a7", "no scheduling model");
  auto spec = cantFail(resolveTarget("aarch64-linux-gnu", "cortex-a55", ""));
  expect(cantFail(CoreModel::create(spec))->isInOrder(), "Cortex-A55 in order");
  spec = cantFail(resolveTarget("aarch64-linux-gnu", "cortex-a76", ""));
  auto core = cantFail(CoreModel::create(spec));
  expect(!core->isInOrder(), "Cortex-A76 out of order");
  expect(is_contained(core->sameModel(), "cortex-a57"),
         "the model of Cortex-A76 is that of Cortex-A57");
}

/// What an estimate says of code that is not that of an instrumented model.
static void testNoModel() {
  auto estimate = [](StringRef text) {
    LLVMContext context;
    auto module = parse(context, text);
    ModelInterface interface;
    interface.prefix = "m";
    interface.profiledOps.resize(2);
    auto result = estimateModel(
        *module, cantFail(resolveTarget("x86_64-linux-gnu", "znver4", "")),
        interface, EstimateSettings(), /*optLevel=*/3);
    return result ? std::string() : toString(result.takeError());
  };
  std::string none = estimate("define i32 @m_run() {\n  ret i32 0\n}");
  expect(none == "the model calls no hook of a profile", none);
  std::string one = estimate("define i32 @m_run(ptr %hook, ptr %context) {\n"
                             "  call void %hook(ptr %context, i32 0, i64 0)\n"
                             "  call void %hook(ptr %context, i32 2, i64 0)\n"
                             "  ret i32 0\n}");
  expect(one == "only 1 of the model's 2 operations were met on the way "
                "through its code",
         one);
}

int main() {
  testTrace();
  testCode("aarch64-linux-gnu", "cortex-a76");
  testCode("aarch64-linux-gnu", "cortex-a55");
  testCode("x86_64-linux-gnu", "znver4");
  testCode("armv7-linux-gnueabihf", "cortex-a15");
  testManyConditions("aarch64-linux-gnu", "cortex-a76");
  testManyConditions("x86_64-linux-gnu", "znver4");
  testTooLong();
  testNoModel();
  testStream();
  testOrder();
  testModels();
  return failures != 0;
}
