//===- LoadedModel.cpp - A compiled model in this process -----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Run/LoadedModel.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/BinaryFormat/Magic.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/RTDyldObjectLinkingLayer.h"
#include "llvm/ExecutionEngine/SectionMemoryManager.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemAlloc.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

#include <dlfcn.h>

using namespace llvm;

namespace mlir::bnn {

char ModelError::ID = 0;

void ModelError::log(raw_ostream &out) const {
  out << "the model failed: " << bnn_status_string(status);
}

LoadedModel::LoadedModel() = default;
LoadedModel::~LoadedModel() = default;

bool isObjectFile(StringRef path) {
  file_magic magic;
  if (identify_magic(path, magic))
    return false;
  return magic.is_object();
}

/// The names of the functions <prefix>_describe that an object defines.
static Expected<std::vector<std::string>>
findDescribeFunctions(const object::ObjectFile &object) {
  std::vector<std::string> names;
  auto visit = [&](const object::SymbolRef &symbol) -> Error {
    Expected<uint32_t> flags = symbol.getFlags();
    if (!flags)
      return flags.takeError();
    Expected<StringRef> name = symbol.getName();
    if (!name)
      return name.takeError();
    if (name->ends_with("_describe") &&
        (*flags & object::SymbolRef::SF_Global) &&
        !(*flags & object::SymbolRef::SF_Undefined))
      names.push_back(name->str());
    return Error::success();
  };
  auto *elf = dyn_cast<object::ELFObjectFileBase>(&object);
  if (elf && !object.isRelocatableObject()) {
    for (const auto &symbol : elf->getDynamicSymbolIterators())
      if (Error error = visit(symbol))
        return std::move(error);
  } else {
    for (const auto &symbol : object.symbols())
      if (Error error = visit(symbol))
        return std::move(error);
  }
  llvm::sort(names);
  return names;
}

/// The one that `prefix` asks for, or the only one.
static Expected<std::string> findDescribe(const object::ObjectFile &object,
                                          StringRef prefix) {
  Triple host(sys::getProcessTriple());
  if (object.getArch() != host.getArch())
    return createStringError("it is compiled for " +
                             Triple::getArchTypeName(object.getArch()) +
                             " and this machine is " + host.getArchName() +
                             ": run it there, or compile it for this machine");
  Expected<std::vector<std::string>> names = findDescribeFunctions(object);
  if (!names)
    return names.takeError();
  if (!prefix.empty()) {
    std::string wanted = (prefix + "_describe").str();
    if (!is_contained(*names, wanted))
      return createStringError("it defines no function '" + wanted + "'");
    return wanted;
  }
  if (names->empty())
    return createStringError("it defines no function <prefix>_describe, so it "
                             "holds no compiled model");
  if (names->size() > 1)
    return createStringError("it holds several models (" + join(*names, ", ") +
                             "): choose one with --prefix");
  return names->front();
}

/// The function of an instrumented model that stands beside <prefix>_describe.
static std::string profileSymbol(StringRef describe) {
  describe.consume_back("_describe");
  return (describe + "_profile_ops").str();
}

Error LoadedModel::describe(DescribeFunction function,
                            ProfileFunction profile) {
  description = function(BNN_ABI_VERSION);
  if (profile) {
    uint32_t count = 0;
    const bnn_profiled_op *table = profile(&count);
    operations = ArrayRef(table, count);
  }
  if (!description)
    return createStringError("it needs a newer version of bnn-run");
  int32_t status = bnn_model_supported(description);
  if (status == BNN_ERROR_CPU)
    return createStringError(
        StringRef("it is compiled for the CPU '") + description->target_cpu +
        "' and uses features that this machine lacks: compile it with another "
        "--mcpu");
  if (status != BNN_OK)
    return createStringError(bnn_status_string(status));
  return Error::success();
}

Error LoadedModel::openShared(StringRef path, StringRef symbol) {
  SmallString<128> absolute(path);
  if (std::error_code code = sys::fs::make_absolute(absolute))
    return errorCodeToError(code);
  // Never closed: the descriptor and the code may be in use until the end.
  void *library = dlopen(absolute.c_str(), RTLD_NOW | RTLD_LOCAL);
  void *function = library ? dlsym(library, symbol.str().c_str()) : nullptr;
  if (!function)
    return createStringError(dlerror());
  void *profile = dlsym(library, profileSymbol(symbol).c_str());
  return describe(reinterpret_cast<DescribeFunction>(function),
                  reinterpret_cast<ProfileFunction>(profile));
}

/// Whether an object has code for several CPUs, of which its loader chooses
/// one: ELF's indirect functions.
static bool hasIndirectFunctions(const object::ObjectFile &object) {
  return any_of(object.symbols(), [](const object::SymbolRef &symbol) {
    Expected<uint32_t> flags = symbol.getFlags();
    if (!flags) {
      consumeError(flags.takeError());
      return false;
    }
    return (*flags & object::SymbolRef::SF_Indirect) != 0;
  });
}

/// The older linker, which knows indirect functions.
static std::unique_ptr<orc::ObjectLayer>
createIndirectLinker(orc::ExecutionSession &session) {
  return std::make_unique<orc::RTDyldObjectLinkingLayer>(
      session, [] { return std::make_unique<SectionMemoryManager>(); });
}

Error LoadedModel::openObject(std::unique_ptr<MemoryBuffer> object,
                              StringRef symbol) {
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  auto parsed = object::ObjectFile::createObjectFile(*object);
  if (!parsed)
    return parsed.takeError();
  orc::LLJITBuilder builder;
  builder.setPlatformSetUp(orc::setUpInactivePlatform);
  if (hasIndirectFunctions(**parsed))
    builder.setObjectLinkingLayerCreator(
        [](orc::ExecutionSession &session,
           const Triple &) -> Expected<std::unique_ptr<orc::ObjectLayer>> {
          return createIndirectLinker(session);
        });
  auto created = builder.create();
  if (!created)
    return created.takeError();
  jit = std::move(*created);
  if (Error error = jit->addObjectFile(std::move(object)))
    return error;
  auto address = jit->lookup(symbol);
  if (!address)
    return address.takeError();
  ProfileFunction profile = nullptr;
  if (auto found = jit->lookup(profileSymbol(symbol)))
    profile = found->toPtr<ProfileFunction>();
  else
    consumeError(found.takeError()); // Not instrumented.
  return describe(address->toPtr<DescribeFunction>(), profile);
}

Expected<std::unique_ptr<LoadedModel>>
LoadedModel::load(std::unique_ptr<MemoryBuffer> object, StringRef prefix) {
  auto parsed = object::ObjectFile::createObjectFile(*object);
  if (!parsed)
    return parsed.takeError();
  Expected<std::string> symbol = findDescribe(**parsed, prefix);
  if (!symbol)
    return symbol.takeError();
  std::unique_ptr<LoadedModel> model(new LoadedModel);
  if (Error error = model->openObject(std::move(object), *symbol))
    return std::move(error);
  return model;
}

static Expected<std::unique_ptr<LoadedModel>> explain(StringRef path,
                                                      Error error) {
  return createStringError("cannot load '" + path +
                           "': " + toString(std::move(error)));
}

Expected<std::unique_ptr<LoadedModel>> LoadedModel::open(StringRef path,
                                                         StringRef prefix) {
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return explain(path, errorCodeToError(buffer.getError()));
  auto parsed = object::ObjectFile::createObjectFile(**buffer);
  if (!parsed)
    return explain(path, parsed.takeError());
  if ((*parsed)->isRelocatableObject()) {
    auto model = load(std::move(*buffer), prefix);
    return model ? std::move(model) : explain(path, model.takeError());
  }
  Expected<std::string> symbol = findDescribe(**parsed, prefix);
  if (!symbol)
    return explain(path, symbol.takeError());
  std::unique_ptr<LoadedModel> model(new LoadedModel);
  if (Error error = model->openShared(path, *symbol))
    return explain(path, std::move(error));
  return model;
}

/// "[batch, 16]", as the model declares it.
static std::string declaredShape(const bnn_tensor_info &info) {
  std::string result;
  raw_string_ostream out(result);
  out << '[';
  interleaveComma(ArrayRef(info.dims, info.rank), out, [&](const bnn_dim &dim) {
    if (dim.name)
      out << dim.name << " <= ";
    out << dim.max;
  });
  out << ']';
  return result;
}

static Error checkInput(const bnn_tensor_info &info, const HostTensor &tensor) {
  auto mismatch = [&](const Twine &what) {
    return createStringError("input '" + Twine(info.name) + "' " + what);
  };
  if (tensor.elementType != info.element_type)
    return mismatch(Twine("must be ") + elementTypeName(info.element_type) +
                    " and the file holds " +
                    elementTypeName(tensor.elementType));
  bool fits = tensor.shape.size() == static_cast<size_t>(info.rank);
  for (int32_t i = 0; fits && i < info.rank; ++i)
    fits = info.dims[i].name
               ? tensor.shape[i] >= 1 && tensor.shape[i] <= info.dims[i].max
               : tensor.shape[i] == info.dims[i].max;
  if (!fits)
    return mismatch("must have the shape " + declaredShape(info) +
                    " and the file holds " + shapeString(tensor.shape));
  return Error::success();
}

/// The inputs in the model's order. `sizes` receives the symbolic dimensions.
static Expected<std::vector<bnn_tensor>>
bindInputs(const bnn_model_info &info, std::vector<NamedTensor> &inputs,
           StringMap<int64_t> &sizes) {
  ArrayRef declared(info.inputs, info.num_inputs);
  std::string known;
  for (const bnn_tensor_info &input : declared)
    known += (known.empty() ? "'" : ", '") + std::string(input.name) + "'";
  std::vector<bnn_tensor> tensors(declared.size());
  std::vector<bool> bound(declared.size());
  for (NamedTensor &given : inputs) {
    auto *found = find_if(declared, [&](const bnn_tensor_info &input) {
      return given.name == input.name;
    });
    if (found == declared.end())
      return createStringError("the model has no input '" + given.name +
                               "'; its inputs are " + known);
    size_t index = found - declared.begin();
    if (bound[index])
      return createStringError("input '" + given.name + "' is given twice");
    bound[index] = true;
    if (Error error = checkInput(*found, given.tensor))
      return std::move(error);
    // A tensor of no elements has a place, too.
    given.tensor.data.reserve(1);
    tensors[index].data = given.tensor.data.data();
    llvm::copy(given.tensor.shape, tensors[index].shape);
    for (auto [dim, size] :
         zip(ArrayRef(found->dims, found->rank), given.tensor.shape))
      if (dim.name && sizes.try_emplace(dim.name, size).first->second != size)
        return createStringError("the dimension '" + Twine(dim.name) + "' is " +
                                 Twine(sizes.lookup(dim.name)) +
                                 " in one input and " + Twine(size) + " in '" +
                                 given.name + "'");
  }
  for (auto [index, input] : enumerate(declared))
    if (!bound[index])
      return createStringError("input '" + Twine(input.name) +
                               "' is missing: give --input " + input.name +
                               "=FILE");
  return tensors;
}

BoundModel::BoundModel(const bnn_model_info &info)
    : info(info), workspace(allocate_buffer(info.workspace_size,
                                            info.workspace_alignment)) {}

BoundModel::~BoundModel() {
  deallocate_buffer(workspace, info.workspace_size, info.workspace_alignment);
}

Expected<std::unique_ptr<BoundModel>>
LoadedModel::bind(std::vector<NamedTensor> &given) const {
  StringMap<int64_t> sizes;
  auto inputs = bindInputs(*description, given, sizes);
  if (!inputs)
    return inputs.takeError();
  std::unique_ptr<BoundModel> bound(new BoundModel(*description));
  bound->inputs = std::move(*inputs);
  bound->results.resize(description->num_outputs);
  bound->outputs.resize(description->num_outputs);
  for (auto [index, result] : enumerate(bound->results)) {
    const bnn_tensor_info &info = description->outputs[index];
    result.name = info.name;
    result.tensor.elementType = info.element_type;
    for (const bnn_dim &dim : ArrayRef(info.dims, info.rank))
      result.tensor.shape.push_back(dim.name ? sizes.lookup(dim.name)
                                             : dim.max);
    Expected<size_t> bytes =
        tensorBytes(info.element_type, result.tensor.shape);
    if (!bytes)
      return bytes.takeError();
    result.tensor.data.reserve(1);
    result.tensor.data.resize(*bytes);
    bound->outputs[index].data = result.tensor.data.data();
  }
  return bound;
}

Expected<std::vector<NamedTensor>>
LoadedModel::run(std::vector<NamedTensor> &given) const {
  auto bound = bind(given);
  if (!bound)
    return bound.takeError();
  if (int32_t status = (*bound)->run(); status != BNN_OK)
    return make_error<ModelError>(status);
  return (*bound)->takeOutputs();
}

} // namespace mlir::bnn
