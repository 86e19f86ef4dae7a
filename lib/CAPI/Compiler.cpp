// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "bnn/compiler.h"
#include "lib/CAPI/Diagnostics.h"
#include "lib/Driver/Driver.h"
#include "lib/Driver/Registration.h"
#include "lib/Run/LoadedModel.h"

#include <cstring>
#include <new>

using namespace mlir;

struct bnn_compilation {
  bnn::CompiledModel model;
  std::string prefix, report;
  bool succeeded = false;
  bnn::DiagnosticList diagnostics;
};

struct bnn_loaded_model {
  std::unique_ptr<bnn::LoadedModel> model;
};

static std::string text(const char *string) { return string ? string : ""; }

static bnn::CompileOptions convert(const char *path,
                                   const bnn_compile_options *given) {
  bnn::CompileOptions options;
  options.input = text(path);
  if (given) {
    options.triple = text(given->triple);
    options.cpu = text(given->cpu);
    options.attrs = text(given->attrs);
    options.strategy = text(given->strategy);
    options.prefix = text(given->prefix);
    options.reference = given->reference != 0;
    options.report = given->report != 0;
    options.requireBinary = given->require_binary != 0;
    for (const char *pattern :
         llvm::ArrayRef(given->allow_float, given->num_allow_float))
      options.allowFloat.push_back(text(pattern));
    options.optLevel = given->opt_level;
    for (const bnn_input_shape &shape :
         llvm::ArrayRef(given->input_shapes, given->num_input_shapes))
      options.inputShapes[text(shape.name)].assign(shape.dims,
                                                   shape.dims + shape.rank);
    for (const bnn_max_dim &dim :
         llvm::ArrayRef(given->max_dims, given->num_max_dims))
      options.maxDims[text(dim.name)] = dim.max;
  }
  if (options.prefix.empty())
    options.prefix = bnn::prefixFromPath(options.input);
  return options;
}

/// What makes the options wrong, or "". bnn-opt's parser checks as much.
static std::string findMistake(const bnn_compile_options *given,
                               const bnn::CompileOptions &options) {
  if (given && given->struct_size != sizeof(bnn_compile_options))
    return "struct_size is not that of this library's bnn_compile_options";
  if (options.optLevel > 3)
    return "the optimisation level is 0 to 3";
  if (!options.allowFloat.empty() && !options.requireBinary)
    return "allow_float says what require_binary is to accept; give both";
  for (const auto &entry : options.maxDims)
    if (entry.second < 1)
      return ("the maximum of dimension '" + entry.first() + "' is below 1")
          .str();
  for (const auto &entry : options.inputShapes)
    for (int64_t size : entry.second)
      if (size < 1 && size != -1)
        return ("the shape of input '" + entry.first() +
                "' has a dimension that is neither positive nor -1")
            .str();
  return "";
}

uint32_t bnn_compiler_api_version(void) { return BNN_COMPILER_API_VERSION; }

bnn_compilation *bnn_compile(const char *path,
                             const bnn_compile_options *given) {
  auto *result = new (std::nothrow) bnn_compilation;
  if (!result)
    return nullptr;
  // A struct of another size cannot be read.
  bnn::CompileOptions options = convert(
      path, given && given->struct_size == sizeof *given ? given : nullptr);
  DialectRegistry registry;
  bnn::registerAllDialects(registry);
  MLIRContext context(registry);
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    result->diagnostics.add(diagnostic);
    return success();
  });
  std::string mistake = findMistake(given, options);
  if (!mistake.empty()) {
    emitError(UnknownLoc::get(&context), mistake);
    return result;
  }
  auto model = bnn::compileModel(options, bnn::Emit::Object, context);
  if (failed(model))
    return result;
  result->model = std::move(*model);
  result->prefix = options.prefix;
  result->succeeded = true;
  if (result->model.report) {
    llvm::raw_string_ostream out(result->report);
    bnn::writeJsonReport(*result->model.report, out);
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
  return compilation->prefix.c_str();
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
