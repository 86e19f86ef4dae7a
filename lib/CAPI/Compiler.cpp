//===- Compiler.cpp - The compiler's C interface --------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bnn/compiler.h"
#include "lib/CAPI/Diagnostics.h"
#include "lib/Driver/Driver.h"
#include "lib/Driver/Options.h"
#include "lib/Driver/Registration.h"
#include "lib/Run/LoadedModel.h"

#include <cstring>
#include <new>

using namespace mlir;

struct bnn_compilation {
  bnn::CompiledModel model;
  std::string report;
  bool succeeded = false;
  bnn::DiagnosticList diagnostics;
};

struct bnn_loaded_model {
  std::unique_ptr<bnn::LoadedModel> model;
};

static std::string text(const char *string) { return string ? string : ""; }

uint32_t bnn_compiler_api_version(void) { return BNN_COMPILER_API_VERSION; }

/// Reads the arguments as a command line; whether they are right is for
/// compileModel() to say.
static llvm::Error readArguments(bnn::CompileOptions &options,
                                 std::optional<bnn::ReportFormat> &report,
                                 size_t count, const char *const *arguments) {
  bnn::OptionTable table("");
  bnn::addCompileOptions(table, options);
  bnn::addReportOption(table, report);
  llvm::SmallVector<llvm::StringRef> given;
  for (const char *argument : llvm::ArrayRef(arguments, count))
    given.push_back(argument);
  if (llvm::Error error = table.read(given))
    return error;
  options.report = report.has_value();
  return llvm::Error::success();
}

bnn_compilation *bnn_compile(const char *path, size_t count,
                             const char *const *arguments) {
  auto *result = new (std::nothrow) bnn_compilation;
  if (!result)
    return nullptr;
  DialectRegistry registry;
  bnn::registerCompilerDialects(registry);
  MLIRContext context(registry);
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    result->diagnostics.add(diagnostic);
    return success();
  });
  bnn::CompileOptions options;
  options.input = text(path);
  std::optional<bnn::ReportFormat> report;
  if (llvm::Error error = readArguments(options, report, count, arguments)) {
    emitError(UnknownLoc::get(&context), llvm::toString(std::move(error)));
    return result;
  }
  auto model = bnn::compileModel(options, bnn::Emit::Object, context);
  if (failed(model))
    return result;
  result->model = std::move(*model);
  result->succeeded = true;
  if (report) {
    llvm::raw_string_ostream out(result->report);
    bnn::writeReport(*result->model.report, *report, out);
  }
  return result;
}

int32_t bnn_compilation_succeeded(const bnn_compilation *compilation) {
  return compilation->succeeded;
}

const void *bnn_compilation_object(const bnn_compilation *compilation,
                                   size_t *size) {
  *size = compilation->succeeded ? compilation->model.code->getBufferSize() : 0;
  return compilation->succeeded ? compilation->model.code->getBufferStart()
                                : nullptr;
}

const char *bnn_compilation_header(const bnn_compilation *compilation) {
  return compilation->succeeded ? compilation->model.header.c_str() : nullptr;
}

const char *bnn_compilation_report(const bnn_compilation *compilation) {
  return compilation->report.empty() ? nullptr : compilation->report.c_str();
}

const char *bnn_compilation_triple(const bnn_compilation *compilation) {
  return compilation->model.target.triple.c_str();
}

const char *bnn_compilation_cpu(const bnn_compilation *compilation) {
  return compilation->model.target.cpu.c_str();
}

const char *bnn_compilation_prefix(const bnn_compilation *compilation) {
  return compilation->model.prefix.c_str();
}

const bnn_diagnostic *
bnn_compilation_diagnostic(const bnn_compilation *compilation, size_t index) {
  return compilation->diagnostics.get(index);
}

void bnn_compilation_free(bnn_compilation *compilation) { delete compilation; }

static bnn_loaded_model *
finishLoading(llvm::Expected<std::unique_ptr<bnn::LoadedModel>> model,
              char **error) {
  if (!model) {
    std::string message = llvm::toString(model.takeError());
    if (error)
      *error = strdup(message.c_str());
    return nullptr;
  }
  return new bnn_loaded_model{std::move(*model)};
}

bnn_loaded_model *bnn_load_object(const void *object, size_t size,
                                  const char *prefix, char **error) {
  auto copy = llvm::MemoryBuffer::getMemBufferCopy(
      llvm::StringRef(static_cast<const char *>(object), size), "model");
  return finishLoading(bnn::LoadedModel::load(std::move(copy), text(prefix)),
                       error);
}

bnn_loaded_model *bnn_load_file(const char *path, const char *prefix,
                                char **error) {
  return finishLoading(bnn::LoadedModel::open(text(path), text(prefix)), error);
}

const bnn_model_info *bnn_loaded_model_info(const bnn_loaded_model *model) {
  return &model->model->info();
}

void bnn_loaded_model_free(bnn_loaded_model *model) { delete model; }

void bnn_free_string(char *string) { free(string); }
