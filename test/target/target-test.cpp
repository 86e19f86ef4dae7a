//===- target-test.cpp - Tests of lib/Target without IR -------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// lib/Target where no IR is at hand: choosing a target and a strategy, what an
// object may contain, files that appear whole or not at all.
//
//===----------------------------------------------------------------------===//

#include "bnn/types.h"
#include "lib/Target/CPUChooser.h"
#include "lib/Target/CPUDispatch.h"
#include "lib/Target/HeaderWriter.h"
#include "lib/Target/ObjectWriter.h"
#include "lib/Target/OutputFile.h"
#include "lib/Target/PortLimit.h"
#include "lib/Target/Strategy.h"
#include "lib/Target/Target.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include <set>

using namespace llvm;

static int failures = 0;

static void expect(bool condition, const Twine &what) {
  if (condition)
    return;
  errs() << "target-test: wrong: " << what << '\n';
  ++failures;
}

/// Expects a failure whose text holds each of `parts`.
static void expectError(Error error, ArrayRef<StringRef> parts) {
  if (!error)
    return expect(false, "no error that says '" + parts.front() + "'");
  std::string text = toString(std::move(error));
  for (StringRef part : parts)
    expect(StringRef(text).contains(part),
           "no '" + part + "' in the error: " + text);
}

static void testResolve() {
  auto fails = [](StringRef triple, StringRef cpu, StringRef attributes,
                  ArrayRef<StringRef> parts) {
    auto spec = mlir::bnn::resolveTarget(triple, cpu, attributes);
    expectError(spec ? Error::success() : spec.takeError(), parts);
  };
  fails("pdp11-unknown-unix", "", "", {"pdp11", "--mtriple", "aarch64"});
  fails("x86_64-linux-gnu", "haswel", "", {"'haswel'", "haswell"});
  fails("x86_64-linux-gnu", "haswell", "+avx512vpopcnt",
        {"'avx512vpopcnt'", "avx512vpopcntdq"});
  fails("x86_64-linux-gnu", "nehalem", "",
        {"older than x86-64-v3", "avx2, fma", "--mcpu=x86-64-v3"});
  fails("x86_64-linux-gnu", "haswell", "-fma", {"it lacks fma;"});
  fails("i686-linux-gnu", "haswell", "", {"32-bit x86", "--mtriple"});
  fails("armv7-linux-gnueabihf", "", "",
        {"no fused multiply-add", "--mattr=+vfp4"});
  fails("aarch64-linux-gnu", "native", "", {"--mcpu=native", "aarch64"});

  auto host = mlir::bnn::resolveTarget("", "", "");
  expect(static_cast<bool>(host), "this machine as a target");
  if (!host)
    consumeError(host.takeError());
}

static void testStrategies() {
  auto chosen = [](StringRef triple, StringRef cpu, StringRef attributes = "") {
    auto spec = cantFail(mlir::bnn::resolveTarget(triple, cpu, attributes));
    return cantFail(mlir::bnn::selectStrategy(spec, ""));
  };
  auto is = [&](StringRef triple, StringRef cpu, StringRef name,
                StringRef attributes = "") {
    mlir::bnn::StrategyChoice choice = chosen(triple, cpu, attributes);
    expect(choice.strategy->name == name,
           triple + " " + cpu + ": " + choice.strategy->name);
    expect(choice.warning.has_value() == (name == "portable"),
           triple + " " + cpu + ": the warning");
  };
  is("x86_64-linux-gnu", "", "avx2");
  is("x86_64-linux-gnu", "znver3", "avx2");
  is("x86_64-linux-gnu", "skylake-avx512", "avx512");
  is("x86_64-linux-gnu", "icelake-server", "avx512-vpopcntdq");
  is("x86_64-linux-gnu", "icelake-server", "avx512", "-avx512vpopcntdq");
  is("aarch64-linux-gnu", "", "neon");
  is("thumbv7-linux-gnueabihf", "cortex-a7", "armv7-neon");
  is("aarch64-linux-android", "cortex-a76", "neon");
  is("riscv64-linux-gnu", "sifive-u74", "portable");

  auto spec = cantFail(mlir::bnn::resolveTarget("aarch64-linux-gnu", "", ""));
  for (const mlir::bnn::KernelStrategy &strategy :
       mlir::bnn::kernelStrategies())
    expect(cantFail(mlir::bnn::selectStrategy(spec, strategy.name)).strategy ==
               &strategy,
           "a forced strategy");
  auto unknown = mlir::bnn::selectStrategy(spec, "sse2");
  expectError(unknown ? Error::success() : unknown.takeError(),
              {"'sse2'", "portable, avx2"});
}

static void testPortLimits() {
  auto limit = [](StringRef triple, StringRef cpu, StringRef dot) {
    auto spec = cantFail(mlir::bnn::resolveTarget(triple, cpu, ""));
    auto choice = cantFail(mlir::bnn::selectStrategy(spec, ""));
    for (const mlir::bnn::PortLimit &limit :
         mlir::bnn::portLimits(spec, spec.cpu, *choice.strategy))
      if (limit.dot == dot)
        return limit.macsPerCycle;
    return 0.0;
  };
  // Two ports, one of which counts: 5 instructions for 2 words of 512 bits, and
  // 3 for one.
  double chain =
      limit("x86_64-linux-gnu", "sapphirerapids", "xor_count.parity");
  expect(chain > 409 && chain < 410, "Sapphire Rapids, words with parity");
  double plain = limit("x86_64-linux-gnu", "sapphirerapids", "xor_count");
  expect(plain > 341 && plain < 342, "Sapphire Rapids, plain words");
  // By table, 9 instructions on three ports.
  expect(limit("x86_64-linux-gnu", "skylake", "byte_table") == 256,
         "Skylake, by table");
  // Two vector pipes, 3 instructions for 128 bits.
  double n1 = limit("aarch64-linux-gnu", "neoverse-n1", "xor_count");
  expect(n1 > 85 && n1 < 86, "Neoverse N1");
  expect(limit("riscv64-linux-gnu", "sifive-u74", "xor_count") == 0,
         "a strategy without a limit");
}

static void testFeatures() {
  auto features = [](StringRef triple, StringRef cpu) {
    return mlir::bnn::requiredCPUFeatures(
        cantFail(mlir::bnn::resolveTarget(triple, cpu, "")));
  };
  uint64_t v3 = features("x86_64-linux-gnu", "x86-64-v3");
  expect((v3 & BNN_CPU_X86_AVX2) && !(v3 & BNN_CPU_X86_AVX512F), "v3");
  uint64_t icelake = features("x86_64-linux-gnu", "icelake-server");
  expect((icelake & v3) == v3 && (icelake & BNN_CPU_X86_AVX512VPOPCNTDQ),
         "icelake");
  expect(features("aarch64-linux-gnu", "") == BNN_CPU_ARM_NEON, "aarch64");
  expect(features("aarch64-linux-gnu", "cortex-a76") & BNN_CPU_ARM_DOTPROD,
         "cortex-a76");
  // LLVM writes eor3 and bcax there by itself.
  expect(features("aarch64-linux-gnu", "apple-m1") & BNN_CPU_ARM_SHA3,
         "apple-m1");
}

static void testTiles() {
  auto hasTiles = [](StringRef triple, StringRef attributes = "") {
    const mlir::bnn::Instructions all = mlir::bnn::vectorInstructions(cantFail(
        mlir::bnn::resolveTarget(triple, "sapphirerapids", attributes)));
    return bitEnumContainsAll(all, mlir::bnn::Instructions::DotTiles);
  };
  expect(hasTiles("x86_64-linux-gnu"), "tiles of Linux");
  expect(hasTiles("x86_64-linux-musl"), "tiles of musl");
  expect(!hasTiles("x86_64-linux-gnu", "-amx-int8"), "no tiles of bytes");
  expect(!hasTiles("x86_64-linux-gnu", "-amx-tile"), "no tiles");
  // How to ask for them is known of Linux alone.
  expect(!hasTiles("x86_64-linux-gnux32"), "no tiles of x32");
  expect(!hasTiles("x86_64-pc-windows-msvc"), "no tiles of Windows");
}

/// Joins code for two CPUs, `first` and `second`.
static Error joinTwo(StringRef first, StringRef second) {
  LLVMContext context;
  // Without a handler LLVM ends the program where names clash.
  context.setDiagnosticHandlerCallBack([](const DiagnosticInfo *, void *) {});
  std::vector<mlir::bnn::CPUVariant> variants;
  for (auto [cpu, ir] : {std::pair(StringRef("x86-64-v3"), first),
                         std::pair(StringRef("skylake-avx512"), second)}) {
    SMDiagnostic diagnostic;
    variants.push_back(
        {parseAssemblyString(ir, diagnostic, context),
         cantFail(mlir::bnn::resolveTarget("x86_64-linux-gnu", cpu, ""))});
  }
  return mlir::bnn::joinVariants(std::move(variants)).takeError();
}

static void testVariants() {
  constexpr StringLiteral run = "define i32 @m_run() {\n  ret i32 0\n}\n";
  expectError(joinTwo(run, "declare i32 @m_run()"),
              {"the code for 'skylake-avx512' has no function 'm_run'"});
  std::string table = (run + "@table = constant i32 1").str();
  expectError(joinTwo(table, table), {"the code for 'skylake-avx512' cannot be "
                                      "joined with that for 'x86-64-v3'"});
  Error error = joinTwo(run, run);
  expect(!error, "two variants of one function");
  consumeError(std::move(error));
  const mlir::bnn::TargetSpec spec =
      cantFail(mlir::bnn::resolveTarget("x86_64-linux-gnu", "x86-64-v3", ""));
  expectError(mlir::bnn::requiredWords(spec, {}, 1).takeError(),
              {"the CPU 'x86-64-v3' needs features that cannot be asked for",
               "name it alone with --mcpu"});
}

/// Compiles LLVM IR for x86-64-v3.
static Error compile(StringRef ir, raw_ostream &out, unsigned level = 3) {
  LLVMContext context;
  SMDiagnostic diagnostic;
  std::unique_ptr<Module> module = parseAssemblyString(ir, diagnostic, context);
  if (!module)
    return createStringError(diagnostic.getMessage());
  auto machine = mlir::bnn::createTargetMachine(
      cantFail(mlir::bnn::resolveTarget("x86_64-linux-gnu", "x86-64-v3", "")));
  if (Error error = mlir::bnn::optimizeModule(*module, *machine, level))
    return error;
  return mlir::bnn::emitObject(*module, *machine, out,
                               CodeGenFileType::ObjectFile);
}

static void testObjects() {
  std::string object;
  raw_string_ostream out(object);
  expectError(compile("declare float @sinf(float)\n"
                      "define float @f(float %x) {\n"
                      "  %y = call float @sinf(float %x)\n  ret float %y\n}",
                      out),
              {"'sinf'", "memcpy, memmove and memset"});
  expectError(compile("declare float @llvm.exp.f32(float)\n"
                      "define float @f(float %x) {\n"
                      "  %y = call float @llvm.exp.f32(float %x)\n"
                      "  ret float %y\n}",
                      out),
              {"'expf'"});
  expectError(compile("@counter = global i32 1\n"
                      "define ptr @f() {\n  ret ptr @counter\n}",
                      out),
              {"writable data", ".data"});
  expectError(compile("@counter = global i32 0\n"
                      "define ptr @f() {\n  ret ptr @counter\n}",
                      out),
              {"writable data", ".bss"});
  expectError(compile("define void @f() {\n  ret void\n}", out, 4),
              {"no optimisation level 4: use 0 to 3"});
  // A flag that must be a constant.
  expectError(
      compile("define void @f(ptr %p, i1 %v) {\n"
              "  call void @llvm.memset.p0.i64(ptr %p, i8 0, i64 8, i1 %v)\n"
              "  ret void\n}\n"
              "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)",
              out),
      {"invalid LLVM IR was generated: immarg operand"});
  expect(object.empty(), "something was written for a faulty object");
  // A loop that fills memory becomes a call of memset; one that a C library
  // would do otherwise stays a loop.
  Error error = compile(
      "define void @f(ptr %p, i64 %n) {\n"
      "  call void @llvm.memset.p0.i64(ptr %p, i8 0, i64 %n, i1 false)\n"
      "  ret void\n}\n"
      "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)\n"
      "@name = constant [2 x i8] c\"x\\00\"\n"
      "@table = constant [1 x ptr] [ptr @name]",
      out);
  expect(!error && !object.empty(), "memset and constants with addresses");
  consumeError(std::move(error));
}

/// Names come from a model file: whatever they hold, the header stays C.
static void testHeaderNames() {
  mlir::MLIRContext context;
  mlir::Type f32 = mlir::Float32Type::get(&context);
  mlir::bnn::ModelInterface model;
  model.prefix = "m2";
  model.symbols = {{"batch size", 2}, {"batch-size", 3}, {"*/ int x;", 4}};
  model.inputs = {{"a*/b\n\\", f32, model.symbols, 0}};
  model.outputs = {{"what?\\?/", f32, {{"", 7}}, 1}};
  std::string text;
  raw_string_ostream out(text);
  mlir::bnn::writeHeader(model, out);
  for (StringRef line :
       {" *   0  a_/b__: float [batch size, batch-size, _/ int x;]\n",
        " *   0  what___/: float [7]\n", "#define M2_MAX_BATCH_SIZE 2\n",
        "#define M2_MAX_BATCH_SIZE_2 3\n", "#define M2_MAX____INT_X_ 4\n"})
    expect(StringRef(text).contains(line), "no line '" + line + "'");
}

/// The names of the macros that a header defines.
static std::vector<StringRef> macrosOf(StringRef header) {
  std::vector<StringRef> names;
  while (!header.empty()) {
    auto [line, rest] = header.split('\n');
    if (line.consume_front("#define "))
      names.push_back(line.take_until([](char c) { return c == ' '; }));
    header = rest;
  }
  return names;
}

/// What of `ir`, compiled for an ARM of 32 bits, has the text `wanted`.
static size_t countNarrow(StringRef ir, StringRef wanted) {
  LLVMContext context;
  SMDiagnostic diagnostic;
  std::unique_ptr<Module> module = parseAssemblyString(ir, diagnostic, context);
  expect(module != nullptr, diagnostic.getMessage());
  if (!module)
    return 0;
  auto machine = mlir::bnn::createTargetMachine(cantFail(
      mlir::bnn::resolveTarget("armv7-linux-gnueabihf", "cortex-a7", "")));
  cantFail(mlir::bnn::optimizeModule(*module, *machine, 2));
  std::string text;
  raw_string_ostream(text) << *module;
  return StringRef(text).count(wanted);
}

static void testNarrowIndices() {
  // A kernel that counts to its argument, which %checked sees to.
  constexpr StringLiteral kernel = R"(
define internal void @kernel(ptr %p, i64 %n) noinline {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %at = getelementptr i8, ptr %p, i64 %i
  store volatile i8 0, ptr %at
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret void
}
define void @checked(ptr %p, i64 %n) {
  %less = sub i64 %n, 1
  %fits = icmp ult i64 %less, 2147483646
  br i1 %fits, label %call, label %done
call:
  call void @kernel(ptr %p, i64 %n)
  br label %done
done:
  ret void
})";
  constexpr StringLiteral range = "i64 range(i64 1, 2147483647)";
  expect(countNarrow(kernel, range) == 1, "an argument's range from a check");
  expect(countNarrow(kernel, "phi i64") == 0, "a counter below a checked end");
  expect(countNarrow(kernel, "icmp ult i64 %next") == 0,
         "a comparison of small numbers");
  // One more than that is too many.
  std::string more = kernel.str();
  more.replace(more.find("2147483646"), 10, "2147483648");
  expect(countNarrow(more, "phi i64") == 1, "a counter of 2^31 and more");
  // A call that checks nothing, and one that is not seen.
  std::string unchecked = (kernel + R"(
define void @unchecked(ptr %p, i64 %n) {
  call void @kernel(ptr %p, i64 %n)
  ret void
})")
                              .str();
  expect(countNarrow(unchecked, "range(") == 0, "a range that a call exceeds");
  expect(countNarrow(unchecked, "phi i64") == 1, "a counter without an end");
  std::string escaped = (kernel + "\n@table = constant ptr @kernel").str();
  expect(countNarrow(escaped, "range(") == 0, "a range of unknown calls");
  expect(countNarrow(escaped, "phi i64") == 1, "a counter of unknown calls");
}

/// No macro is defined twice, and none of a model's is bnn-mlir's.
static void testHeaderMacros() {
  std::string own;
  for (const char *prefix :
       {"m", "bnn", "BNN", "Bnn_", "bnn_maximum", "bnnx"}) {
    mlir::bnn::ModelInterface model;
    model.prefix = prefix;
    model.symbols = {{"a", 3},       {"A", 5},       {"a_2", 7},
                     {"a_2_2", 9},   {"A_2", 11},    {"", 13},
                     {"\u00e4", 15}, {"\u00f6", 17}, {"rank", 19}};
    std::string text;
    raw_string_ostream out(text);
    mlir::bnn::writeHeader(model, out);
    std::set<StringRef> seen;
    unsigned maxima = 0;
    for (StringRef name : macrosOf(text)) {
      expect(seen.insert(name).second, "two definitions of " + name);
      // After those of bnn/types.h, the model's.
      if (name == "MODEL_BNN_ABI_VERSION")
        own = prefix;
      maxima += name.contains("_MAX_") && name != "BNN_MAX_RANK";
    }
    expect(maxima == model.symbols.size(), "a maximum for each dimension");
  }
  expect(own == "BNN", "the prefix of a model that is called as we are");
}

static std::vector<std::string> entries(StringRef folder) {
  std::vector<std::string> names;
  std::error_code code;
  for (sys::fs::directory_iterator it(folder, code), end; it != end && !code;
       it.increment(code))
    names.push_back(sys::path::filename(it->path()).str());
  llvm::sort(names);
  return names;
}

static void testFiles() {
  SmallString<128> folder;
  if (sys::fs::createUniqueDirectory("bnn-target-test", folder))
    return expect(false, "no temporary folder");
  auto path = [&](StringRef name) { return (folder + "/" + name).str(); };
  auto text = [](raw_ostream &out) {
    out << "text";
    return Error::success();
  };
  {
    mlir::bnn::OutputFiles files;
    cantFail(files.add(path("a"), text));
    cantFail(files.add(path("b"), text));
    expect(!sys::fs::exists(path("a")), "a file before its commit");
  }
  expect(entries(folder).empty(), "files without a commit");
  {
    mlir::bnn::OutputFiles files;
    cantFail(files.add(path("a"), text));
    expectError(
        files.add(path("b"),
                  [](raw_ostream &) { return createStringError("it broke"); }),
        {"it broke"});
  }
  expect(entries(folder).empty(), "files after a failure");
  expectError(mlir::bnn::writeFile(path("missing/a"), text),
              {"missing/a'", "there is no folder"});
  expectError(mlir::bnn::writeFile(folder, text), {"it is a folder"});
  cantFail(mlir::bnn::writeFile(path("a"), text));
  cantFail(mlir::bnn::writeFile(path("a"), text));
  expect(entries(folder) == std::vector<std::string>{"a"}, "one file");
  auto buffer = MemoryBuffer::getFile(path("a"));
  expect(buffer && (*buffer)->getBuffer() == "text", "the file's text");
  sys::fs::remove_directories(folder);
}

int main() {
  testResolve();
  testStrategies();
  testPortLimits();
  testFeatures();
  testTiles();
  testVariants();
  testObjects();
  testNarrowIndices();
  testHeaderMacros();
  testHeaderNames();
  testFiles();
  return failures != 0;
}
