//===- math-test.cpp - Tests of bnn-expand-math's bounds ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs what bnn-expand-math writes, compiled for the host, on every 2^8-th
// float and on the special values, against libm in double precision: the error
// bounds that the pass documents, and that a vector computes the bits of a
// scalar. A host with AVX-512 computes vectors with its own instructions.
// Quotients that bnn-expand-math and bnn-reduce-divisions have without a
// division are compared with those of one.
//
//===----------------------------------------------------------------------===//

#include "dialects/BNN/BNNModel.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "passes/ExpandMath/ExpandMath.h"
#include "passes/ReduceDivisions/ReduceDivisions.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <limits>
#include <vector>

using namespace mlir;

namespace {

struct Function {
  const char *name;
  const char *body; // `%y = ... %x : TYPE`, where TYPE is f32 or a vector
  std::function<double(double)> exact;
  double maxUlp;
  double maxAbs; // infinite: not bounded
};

float fromBits(uint32_t bits) {
  float f;
  std::memcpy(&f, &bits, sizeof f);
  return f;
}

uint32_t toBits(float f) {
  uint32_t bits;
  std::memcpy(&bits, &f, sizeof bits);
  return bits;
}

/// The distance between floats of f32 around `x`.
double ulp(double x) {
  int exponent;
  std::frexp(x, &exponent);
  return std::ldexp(1.0, std::max(exponent - 24, -149));
}

std::string replaceAll(std::string text, const std::string &from,
                       const std::string &to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos;
       at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

/// A loop that applies `body` to each element, `lanes` at a time.
std::string loop(const std::string &name, const char *body, int lanes) {
  std::string type =
      lanes == 1 ? "f32" : "vector<" + std::to_string(lanes) + "xf32>";
  std::string text = R"(
  func.func @NAME(%in: memref<?xf32>, %out: memref<?xf32>) {
    %zero = arith.constant 0 : index
    %step = arith.constant LANES : index
    %size = memref.dim %in, %zero : memref<?xf32>
    scf.for %i = %zero to %size step %step {
      %x = LOAD
      BODY
      STORE
    }
    return
  })";
  if (lanes == 1) {
    text = replaceAll(text, "LOAD", "memref.load %in[%i] : memref<?xf32>");
    text =
        replaceAll(text, "STORE", "memref.store %y, %out[%i] : memref<?xf32>");
  } else {
    text =
        replaceAll(text, "LOAD", "vector.load %in[%i] : memref<?xf32>, TYPE");
    text = replaceAll(text, "STORE",
                      "vector.store %y, %out[%i] : memref<?xf32>, TYPE");
  }
  text = replaceAll(text, "BODY", body);
  text = replaceAll(text, "CONST",
                    lanes == 1 ? "arith.constant" : "arith.constant dense<");
  text = replaceAll(text, "TSNOC", lanes == 1 ? "" : ">");
  text = replaceAll(text, "MASK", lanes == 1 ? "" : "vector<16xi1>, ");
  text = replaceAll(text, "TYPE", type);
  text = replaceAll(text, "NAME", name);
  return replaceAll(text, "LANES", std::to_string(lanes));
}

/// A memref<?xf32> argument as the default calling convention passes it.
using Compiled = void (*)(float *, float *, int64_t, int64_t, int64_t, float *,
                          float *, int64_t, int64_t, int64_t);

void apply(Compiled f, std::vector<float> &in, std::vector<float> &out) {
  out.resize(in.size());
  f(in.data(), in.data(), 0, int64_t(in.size()), 1, out.data(), out.data(), 0,
    int64_t(out.size()), 1);
}

std::vector<float> samples() {
  std::vector<float> xs;
  for (uint64_t bits = 0; bits < (uint64_t(1) << 32); bits += 256)
    xs.push_back(fromBits(uint32_t(bits)));
  // Both neighbours of every power of two, of the bounds at which the sequences
  // change branches, and all the ends.
  std::vector<float> around = {
      0.625f,   0.9375f, 4.0f,    9.02f, 10.0f, 88.722f, 88.7229f,  -87.336f,
      -103.97f, 89.0f,   -104.0f, 0.5f,  1.5f,  2.5f,    8388608.0f};
  for (int e = -149; e < 128; ++e)
    around.push_back(std::ldexp(1.0f, e));
  for (float x : around)
    for (int d = -300; d <= 300; ++d)
      for (uint32_t sign : {0u, 0x80000000u})
        xs.push_back(fromBits((toBits(x) + uint32_t(d)) ^ sign));
  for (uint32_t bits : {0u, 0x80000000u, 1u, 0x80000001u, 0x7F7FFFFFu,
                        0xFF7FFFFFu, 0x7F800000u, 0xFF800000u, 0x7FC00000u,
                        0xFFC00000u, 0x7F800001u, 0x7FFFFFFFu, 0xFFFFFFFFu})
    xs.push_back(fromBits(bits));
  while (xs.size() % 16)
    xs.push_back(1.0f);
  return xs;
}

/// What a quantiser with this step makes of %x, less what it makes of it where
/// the division stays; signed ones have 0 for NaN.
std::string quantised(const char *step, bool isSigned) {
  std::string text = R"(%by = CONST STEP TSNOC : TYPE
      %none = CONST 0.0 TSNOC : TYPE
      %least = CONST -130.0 TSNOC : TYPE
      %most = CONST 125.0 TSNOC : TYPE
      %term = CONST 0x4B400000 TSNOC : TYPE
      %q = arith.divf %x, %by : TYPE
      GUARD
      %c1 = arith.cmpf ogt, %n, %least : TYPE
      %s1 = arith.select %c1, %n, %least : MASK TYPE
      %c2 = arith.cmpf olt, %s1, %most : TYPE
      %s2 = arith.select %c2, %s1, %most : MASK TYPE
      %sum = arith.addf %s2, %term : TYPE
      %d = arith.divf %x, %by : TYPE
      %r = math.roundeven %d : TYPE
      OTHER
      %c3 = arith.cmpf ogt, %m, %least : TYPE
      %s3 = arith.select %c3, %m, %least : MASK TYPE
      %c4 = arith.cmpf olt, %s3, %most : TYPE
      %s4 = arith.select %c4, %s3, %most : MASK TYPE
      %other = arith.addf %s4, %term : TYPE
      %y = arith.subf %sum, %other : TYPE)";
  auto guard = [](const std::string &value, const std::string &result) {
    return "%g" + result + " = arith.cmpf ord, " + value + ", " + value +
           " : TYPE\n%" + result + " = arith.select %g" + result + ", " +
           value + ", %none : MASK TYPE";
  };
  text = replaceAll(text, "STEP", step);
  if (!isSigned) {
    text = replaceAll(text, "GUARD", "");
    text = replaceAll(text, "OTHER", "");
    text = replaceAll(text, "%n,", "%q,");
    return replaceAll(text, "%m,", "%r,");
  }
  text = replaceAll(text, "GUARD", guard("%q", "n"));
  return replaceAll(text, "OTHER", guard("%r", "m"));
}

} // namespace

int main() {
  const double any = std::numeric_limits<double>::infinity();
  // Products and quotients of several roundings are compared with the same
  // roundings done here.
  auto f = [](double x) { return float(x); };
  auto zero = [](double) { return 0.0; };
  const std::vector<std::string> quantisers = {
      quantised("5.0e-02", false), quantised("7.84313772e-03", false),
      quantised("1.7e-03", true), quantised("3.0", true),
      quantised("1.0e-20", false)};
  const std::vector<Function> functions = {
      {"exp", "%y = math.exp %x : TYPE", [](double x) { return std::exp(x); },
       1.5, any},
      // The shorter sequence for arguments up to 0: no difference.
      {"expbelow",
       "%a = math.absf %x : TYPE\n %n = arith.negf %a : TYPE\n"
       "%e = math.exp %n : TYPE\n"
       "%b = math.exp %n {bnn.not_positive} : TYPE\n"
       "%y = arith.subf %e, %b : TYPE",
       [](double x) { return std::isnan(x) ? x : 0.0; }, 0, any},
      {"log", "%y = math.log %x : TYPE", [](double x) { return std::log(x); },
       1.5, any},
      {"erf", "%y = math.erf %x : TYPE", [](double x) { return std::erf(x); },
       2.0, 1e-7},
      {"tanh", "%y = math.tanh %x : TYPE",
       [](double x) { return std::tanh(x); }, 2.0, any},
      {"rsqrt", "%y = math.rsqrt %x : TYPE",
       [&](double x) { return 1.0f / std::sqrt(f(x)); }, 0, any},
      {"roundeven", "%y = math.roundeven %x : TYPE",
       [](double x) { return std::nearbyint(x); }, 0, any},
      {"round", "%y = math.round %x : TYPE",
       [](double x) { return std::round(x); }, 0, any},
      {"floor", "%y = math.floor %x : TYPE",
       [](double x) { return std::floor(x); }, 0, any},
      {"ceil", "%y = math.ceil %x : TYPE",
       [](double x) { return std::ceil(x); }, 0, any},
      {"trunc", "%y = math.trunc %x : TYPE",
       [](double x) { return std::trunc(x); }, 0, any},
      {"square", "%e = CONST 2.0 TSNOC : TYPE\n %y = math.powf %x, %e : TYPE",
       [&](double x) { return f(x) * f(x); }, 0, any},
      {"cube", "%e = CONST 3.0 TSNOC : TYPE\n %y = math.powf %x, %e : TYPE",
       [&](double x) { return f(x) * (f(x) * f(x)); }, 0, any},
      {"inverse", "%e = CONST -1.0 TSNOC : TYPE\n %y = math.powf %x, %e : TYPE",
       [&](double x) { return 1.0f / f(x); }, 0, any},
      {"root", "%e = CONST 0.5 TSNOC : TYPE\n %y = math.powf %x, %e : TYPE",
       [](double x) { return std::pow(x, 0.5); }, 0.5, any},
      {"pow2_5", "%e = CONST 2.5 TSNOC : TYPE\n %y = math.powf %x, %e : TYPE",
       [](double x) { return std::pow(x, double(2.5f)); }, 0.51, any},
      {"powthird",
       "%e = CONST 0.333333343 TSNOC : TYPE\n %y = math.powf %x, %e : TYPE",
       [](double x) { return std::pow(x, double(0.333333343f)); }, 0.51, any},
      {"powm0_3", "%e = CONST -0.3 TSNOC : TYPE\n %y = math.powf %x, %e : TYPE",
       [](double x) { return std::pow(x, double(-0.3f)); }, 0.51, any},
      {"pow17", "%e = CONST 17.0 TSNOC : TYPE\n %y = math.powf %x, %e : TYPE",
       [](double x) { return std::pow(x, double(17.0f)); }, 0.51, any},
      {"powm31", "%e = CONST -31.0 TSNOC : TYPE\n %y = math.powf %x, %e : TYPE",
       [](double x) { return std::pow(x, double(-31.0f)); }, 0.51, any},
      {"powinf",
       "%e = CONST 0x7F800000 TSNOC : TYPE\n %y = math.powf %x, %e : TYPE",
       [](double x) { return std::pow(x, double(double(INFINITY))); }, 0.51,
       any},
      {"b2pow", "%e = CONST 2.0 TSNOC : TYPE\n %y = math.powf %e, %x : TYPE",
       [](double x) { return std::pow(double(2.0), x); }, 0.51, any},
      {"b10pow", "%e = CONST 10.0 TSNOC : TYPE\n %y = math.powf %e, %x : TYPE",
       [](double x) { return std::pow(double(10.0), x); }, 0.51, any},
      {"bnear1pow",
       "%e = CONST 0.9999 TSNOC : TYPE\n %y = math.powf %e, %x : TYPE",
       [](double x) { return std::pow(double(0.9999f), x); }, 0.51, any},
      {"bm1pow", "%e = CONST -1.0 TSNOC : TYPE\n %y = math.powf %e, %x : TYPE",
       [](double x) { return std::pow(double(-1.0), x); }, 0.51, any},
      {"bm1_5pow",
       "%e = CONST -1.5 TSNOC : TYPE\n %y = math.powf %e, %x : TYPE",
       [](double x) { return std::pow(double(-1.5), x); }, 0.51, any},
      {"b1pow", "%e = CONST 1.0 TSNOC : TYPE\n %y = math.powf %e, %x : TYPE",
       [](double x) { return std::pow(double(1.0), x); }, 0.51, any},
      {"b0pow", "%e = CONST 0.0 TSNOC : TYPE\n %y = math.powf %e, %x : TYPE",
       [](double x) { return std::pow(double(0.0), x); }, 0.51, any},
      {"bm0pow", "%e = CONST -0.0 TSNOC : TYPE\n %y = math.powf %e, %x : TYPE",
       [](double x) { return std::pow(double(-0.0), x); }, 0.51, any},
      {"binfpow",
       "%e = CONST 0x7F800000 TSNOC : TYPE\n %y = math.powf %e, %x : TYPE",
       [](double x) { return std::pow(double(INFINITY), x); }, 0.51, any},
      {"bminfpow",
       "%e = CONST 0xFF800000 TSNOC : TYPE\n %y = math.powf %e, %x : TYPE",
       [](double x) { return std::pow(double(-INFINITY), x); }, 0.51, any},
      {"bnanpow",
       "%e = CONST 0x7FC00000 TSNOC : TYPE\n %y = math.powf %e, %x : TYPE",
       [](double x) { return std::pow(double(NAN), x); }, 0.51, any},
      {"quantised0", quantisers[0].c_str(), zero, 0, any},
      {"quantised1", quantisers[1].c_str(), zero, 0, any},
      {"quantised2", quantisers[2].c_str(), zero, 0, any},
      {"quantised3", quantisers[3].c_str(), zero, 0, any},
      {"quantised4", quantisers[4].c_str(), zero, 0, any},
      // 1 + erf(x / d), less the same of a quotient that is read twice.
      {"erfofquotient",
       "%d = CONST 1.41421354 TSNOC : TYPE\n %one = CONST 1.0 TSNOC : TYPE\n"
       "%q = arith.divf %x, %d : TYPE\n %e = math.erf %q : TYPE\n"
       "%p = arith.addf %e, %one : TYPE\n"
       "%q2 = arith.divf %x, %d : TYPE\n %f = math.erf %q2 : TYPE\n"
       "%r = arith.addf %f, %one : TYPE\n %n = arith.subf %p, %r : TYPE\n"
       "%a = math.absf %q2 : TYPE\n %b = arith.minnumf %a, %one : TYPE\n"
       "%z = arith.subf %b, %b : TYPE\n %y = arith.addf %n, %z : TYPE",
       [](double x) { return std::isnan(x) ? x : 0.0; }, 0, any},
      {"selfpow", "%y = math.powf %x, %x : TYPE",
       [](double x) { return std::pow(x, x); }, 0.51, any},
  };

  DialectRegistry registry;
  registry
      .insert<arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
              LLVM::LLVMDialect, math::MathDialect, memref::MemRefDialect,
              scf::SCFDialect, vector::VectorDialect, bnn::BNNDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  MLIRContext context(registry);

  std::string text;
  for (const Function &function : functions)
    for (int lanes : {1, 16})
      text += loop(function.name + std::to_string(lanes), function.body, lanes);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  if (!module)
    return 1;

  if (llvm::sys::getHostCPUFeatures().lookup("avx512f"))
    (*module)->setAttr(
        bnn::kTargetAttr,
        parseAttribute(
            "#bnn.target<strategy = \"avx512\", instructions = scale_floats>",
            &context));
  PassManager divisions(&context);
  divisions.addPass(bnn::createReduceDivisions());
  if (failed(divisions.run(*module)))
    return 1;
  // Each quantiser was two divisions, scalar and vector.
  size_t products = 0;
  module->walk([&](math::FmaOp) { ++products; });
  if (products != 2 * quantisers.size()) {
    std::printf("%zu quantisers have no division, not %zu\n", products,
                2 * quantisers.size());
    return 1;
  }
  PassManager pm(&context);
  pm.addPass(bnn::createExpandMath());
  pm.addPass(createConvertSCFToCFPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  if (failed(pm.run(*module)))
    return 1;

  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto llvmContext = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> llvmModule =
      translateModuleToLLVMIR(*module, *llvmContext);
  // The process's symbols stay out of reach: a call of libm does not link.
  llvm::orc::LLJITBuilder jitBuilder;
  jitBuilder.setLinkProcessSymbolsByDefault(false);
  jitBuilder.setPlatformSetUp(llvm::orc::setUpInactivePlatform);
  llvm::ExitOnError exitOnError("math-test: ");
  auto jit = exitOnError(jitBuilder.create());
  exitOnError(jit->addIRModule(llvm::orc::ThreadSafeModule(
      std::move(llvmModule), std::move(llvmContext))));
  auto lookup = [&](const std::string &name) {
    return exitOnError(jit->lookup(name)).toPtr<Compiled>();
  };

  std::vector<float> all = samples(), few, scalar, vector;
  // libm's pow takes its time: every 16th float will do there.
  for (size_t i = 0; i < all.size(); ++i)
    if (i % 16 == 0 || i >= (size_t(1) << 24))
      few.push_back(all[i]);
  few.resize(few.size() / 16 * 16);
  int failures = 0;
  for (const Function &function : functions) {
    bool isPower = llvm::StringRef(function.name).contains("pow");
    std::vector<float> &in = isPower ? few : all;
    apply(lookup(function.name + std::string("1")), in, scalar);
    apply(lookup(function.name + std::string("16")), in, vector);
    double worst = 0, worstAbs = 0;
    float worstAt = 0;
    int reported = 0;
    auto fail = [&](float x, float got, double want, const char *what) {
      ++failures;
      if (++reported <= 5)
        std::printf("%s(%a) [%08x] = %a, wanted %a: %s\n", function.name, x,
                    toBits(x), got, want, what);
    };
    for (size_t i = 0; i < in.size(); ++i) {
      float x = in[i], y = scalar[i];
      double want = function.exact(double(x));
      // Which NaN comes out is the hardware's choice, and nothing reads it.
      if (std::isnan(y) != std::isnan(vector[i]) ||
          (!std::isnan(y) && toBits(y) != toBits(vector[i])))
        fail(x, vector[i], y, "the vector differs from the scalar");
      if (std::isnan(want) || std::isnan(y)) {
        if (std::isnan(want) != std::isnan(y))
          fail(x, y, want, "NaN");
        continue;
      }
      if (std::isinf(float(want)) || std::isinf(y)) {
        // At the edge of overflow a result within the bound may round to the
        // largest float, or past it.
        if (y != float(want) &&
            !(std::abs(want) < 3.4028237e38 && std::abs(want) > 3.402823e38))
          fail(x, y, want, "infinity");
        continue;
      }
      if (want == 0 && (y != 0 || std::signbit(y) != std::signbit(want)))
        fail(x, y, want, "zero and its sign");
      double error = std::abs(double(y) - want);
      double ulps = error / ulp(want);
      if (ulps > worst) {
        worst = ulps;
        worstAt = x;
      }
      worstAbs = std::max(worstAbs, error);
      if (ulps > function.maxUlp || error > function.maxAbs)
        fail(x, y, want, "too far off");
    }
    std::printf("%-10s max %.3f ulp at %a, max absolute error %.3g\n",
                function.name, worst, worstAt, worstAbs);
  }
  if (failures) {
    std::printf("%d values failed\n", failures);
    return 1;
  }
  return 0;
}
