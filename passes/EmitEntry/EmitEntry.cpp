//===- EmitEntry.cpp - The model's C interface ----------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/EmitEntry/EmitEntry.h"
#include "bnn/types.h"
#include "dialects/BNN/BNN.h"
#include "dialects/BNN/BNNModel.h"
#include "dialects/BNN/ModelInterface.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_EMITENTRY
#include "passes/EmitEntry/EmitEntry.h.inc"

namespace {

/// The size of the first bnn_options that there was: struct_size and reserved.
constexpr int64_t leastOptions = 8;

/// The types of bnn/types.h, in the LLVM dialect.
struct ABITypes {
  ABITypes(MLIRContext *context, const llvm::Triple &triple) {
    ptr = LLVM::LLVMPointerType::get(context);
    i32 = IntegerType::get(context, 32);
    i64 = IntegerType::get(context, 64);
    size = triple.isArch32Bit() ? i32 : i64;
    tensor =
        structOf(context, {ptr, LLVM::LLVMArrayType::get(i64, BNN_MAX_RANK)});
    dim = structOf(context, {ptr, i64});
    tensorInfo = structOf(context, {ptr, ptr, i32, i32});
    options = structOf(context, {i32, i32, ptr, ptr});
    profiledOp = structOf(context, {ptr, ptr, Float64Type::get(context)});
    modelInfo = structOf(context, {i32, i32, i32, i32, ptr, ptr, ptr, size,
                                   size, i64, ptr, ptr, ptr});
  }

  static Type structOf(MLIRContext *context, ArrayRef<Type> fields) {
    return LLVM::LLVMStructType::getLiteral(context, fields);
  }

  LLVM::LLVMPointerType ptr;
  IntegerType i32, i64, size;
  Type tensor, dim, tensorInfo, options, profiledOp, modelInfo;
};

/// The LLVM operations that both emitters need.
class Emitter {
protected:
  Emitter(func::FuncOp entry, const ModelInterface &model,
          const ABITypes &types)
      : entry(entry), model(model), types(types), loc(entry.getLoc()),
        b(entry.getContext()) {
    b.setInsertionPointToEnd(entry->getParentOfType<ModuleOp>().getBody());
  }

  Value constant(IntegerType type, int64_t value) {
    return b.create<LLVM::ConstantOp>(loc, type, b.getIntegerAttr(type, value));
  }
  Value null() { return b.create<LLVM::ZeroOp>(loc, types.ptr); }
  Value addressOf(StringRef symbol) {
    return b.create<LLVM::AddressOfOp>(loc, types.ptr, symbol);
  }
  std::string symbol(const llvm::Twine &suffix) const {
    return (model.prefix + suffix).str();
  }
  LLVM::LLVMFuncOp function(StringRef name, Type result,
                            ArrayRef<Type> arguments) {
    auto f = b.create<LLVM::LLVMFuncOp>(
        loc, name, LLVM::LLVMFunctionType::get(result, arguments));
    b.setInsertionPointToStart(f.addEntryBlock(b));
    return f;
  }

  func::FuncOp entry;
  const ModelInterface &model;
  const ABITypes &types;
  Location loc;
  OpBuilder b;
};

/// Writes <prefix>_run.
class RunEmitter : Emitter {
public:
  using Emitter::Emitter;
  RunEmitter(func::FuncOp entry, const ModelInterface &model,
             const ABITypes &types)
      : Emitter(entry, model, types) {}

  void emit() {
    run = function(symbol("_run"), types.i32,
                   {types.ptr, types.ptr, types.ptr, types.ptr});
    fail = new Block;
    run.getBody().push_back(fail);
    Value failure = fail->addArgument(types.i32, loc);
    OpBuilder::atBlockEnd(fail).create<LLVM::ReturnOp>(loc, failure);

    Value inputs = run.getArgument(0), outputs = run.getArgument(1);
    checkOptions(run.getArgument(3));
    if (!model.inputs.empty())
      require(isSet(inputs), BNN_ERROR_NULL);
    if (!model.outputs.empty())
      require(isSet(outputs), BNN_ERROR_NULL);
    if (model.workspaceSize > 0)
      checkWorkspace(run.getArgument(2));

    SmallVector<Value> arguments(entry.getNumArguments());
    for (auto [i, tensor] : llvm::enumerate(model.inputs))
      arguments[tensor.argument] = input(tensor, inputs, i);
    for (auto [i, tensor] : llvm::enumerate(model.outputs))
      arguments[tensor.argument] = output(tensor, outputs, i);
    if (model.workspaceArgument)
      arguments[*model.workspaceArgument] =
          memref(*model.workspaceArgument, run.getArgument(2),
                 {constant(types.i64, model.workspaceSize)});
    if (model.profileHookArgument)
      profile(run.getArgument(3), arguments);
    // A call that fails leaves the outputs alone.
    const bool canFail = !entry.getOps<CheckOpInterface>().empty();
    if (!canFail)
      storeShapes();
    Value status = b.create<func::CallOp>(loc, entry, arguments).getResult(0);
    if (canFail) {
      require(
          compare(LLVM::ICmpPredicate::eq, status, constant(types.i32, BNN_OK)),
          status);
      storeShapes();
    }
    b.create<LLVM::ReturnOp>(loc, status);
  }

private:
  /// Goes on where `condition` holds; elsewhere returns `status`.
  void require(Value condition, bnn_status status) {
    require(condition, constant(types.i32, status));
  }
  void require(Value condition, Value status) {
    Block *next = new Block;
    run.getBody().getBlocks().insert(fail->getIterator(), next);
    b.create<LLVM::CondBrOp>(loc, condition, next, ValueRange(), fail,
                             ValueRange(status));
    b.setInsertionPointToStart(next);
  }

  Value compare(LLVM::ICmpPredicate predicate, Value left, Value right) {
    return b.create<LLVM::ICmpOp>(loc, predicate, left, right);
  }
  Value isSet(Value pointer) {
    return compare(LLVM::ICmpPredicate::ne, pointer, null());
  }
  /// The address of a field of the `index`-th struct of an array.
  Value field(Type type, Value array, int32_t index,
              ArrayRef<int32_t> position) {
    SmallVector<LLVM::GEPArg> indices{index};
    indices.append(position.begin(), position.end());
    return b.create<LLVM::GEPOp>(loc, types.ptr, type, array, indices);
  }

  void checkOptions(Value options) {
    Block *given = new Block, *checked = new Block;
    run.getBody().getBlocks().insert(fail->getIterator(), given);
    run.getBody().getBlocks().insert(fail->getIterator(), checked);
    b.create<LLVM::CondBrOp>(loc, isSet(options), given, checked);
    b.setInsertionPointToStart(given);
    Value size = b.create<LLVM::LoadOp>(loc, types.i32,
                                        field(types.options, options, 0, {0}));
    require(compare(LLVM::ICmpPredicate::uge, size,
                    constant(types.i32, leastOptions)),
            BNN_ERROR_ABI);
    Value reserved = b.create<LLVM::LoadOp>(
        loc, types.i32, field(types.options, options, 0, {1}));
    require(compare(LLVM::ICmpPredicate::eq, reserved, constant(types.i32, 0)),
            BNN_ERROR_ABI);
    b.create<LLVM::BrOp>(loc, checked);
    b.setInsertionPointToStart(checked);
  }

  /// The hook and its context: the caller's, or a hook that does nothing.
  void profile(Value options, SmallVectorImpl<Value> &arguments) {
    std::string none = symbol(".no_profile");
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToEnd(entry->getParentOfType<ModuleOp>().getBody());
      auto nothing = function(none, LLVM::LLVMVoidType::get(b.getContext()),
                              {types.ptr, types.i32, types.i64});
      nothing.setLinkage(LLVM::Linkage::Internal);
      b.create<LLVM::ReturnOp>(loc, ValueRange());
    }
    auto newBlock = [&] {
      auto *block = new Block;
      run.getBody().getBlocks().insert(fail->getIterator(), block);
      return block;
    };
    Block *given = newBlock(), *hooked = newBlock(), *set = newBlock(),
          *chosen = newBlock();
    Value hook = chosen->addArgument(types.ptr, loc);
    Value context = chosen->addArgument(types.ptr, loc);
    SmallVector<Value> defaults = {addressOf(none), null()};
    b.create<LLVM::CondBrOp>(loc, isSet(options), given, ValueRange(), chosen,
                             defaults);
    b.setInsertionPointToStart(given);
    Value size = b.create<LLVM::LoadOp>(loc, types.i32,
                                        field(types.options, options, 0, {0}));
    Value end = b.create<LLVM::PtrToIntOp>(loc, types.i64,
                                           field(types.options, null(), 1, {}));
    Value wide = b.create<LLVM::ZExtOp>(loc, types.i64, size);
    b.create<LLVM::CondBrOp>(loc, compare(LLVM::ICmpPredicate::uge, wide, end),
                             hooked, ValueRange(), chosen, defaults);
    b.setInsertionPointToStart(hooked);
    Value hookGiven = b.create<LLVM::LoadOp>(
        loc, types.ptr, field(types.options, options, 0, {2}));
    b.create<LLVM::CondBrOp>(loc, isSet(hookGiven), set, ValueRange(), chosen,
                             defaults);
    b.setInsertionPointToStart(set);
    Value contextGiven = b.create<LLVM::LoadOp>(
        loc, types.ptr, field(types.options, options, 0, {3}));
    b.create<LLVM::BrOp>(loc, ValueRange{hookGiven, contextGiven}, chosen);
    b.setInsertionPointToStart(chosen);
    arguments[*model.profileHookArgument] = hook;
    arguments[*model.profileContextArgument] = context;
  }

  void checkWorkspace(Value workspace) {
    require(isSet(workspace), BNN_ERROR_WORKSPACE);
    Value address = b.create<LLVM::PtrToIntOp>(loc, types.i64, workspace);
    Value low = b.create<LLVM::AndOp>(
        loc, address, constant(types.i64, kBufferAlignment - 1));
    require(compare(LLVM::ICmpPredicate::eq, low, constant(types.i64, 0)),
            BNN_ERROR_WORKSPACE);
  }

  Value loadData(Value array, int32_t index) {
    Value data = b.create<LLVM::LoadOp>(loc, types.ptr,
                                        field(types.tensor, array, index, {0}));
    require(isSet(data), BNN_ERROR_NULL);
    return data;
  }

  Value input(const ModelTensor &tensor, Value inputs, int32_t index) {
    Value data = loadData(inputs, index);
    SmallVector<Value> sizes;
    for (auto [axis, dim] : llvm::enumerate(tensor.dims)) {
      Value size = b.create<LLVM::LoadOp>(
          loc, types.i64,
          field(types.tensor, inputs, index, {1, static_cast<int32_t>(axis)}));
      Value max = constant(types.i64, dim.max);
      if (dim.symbol.empty()) {
        require(compare(LLVM::ICmpPredicate::eq, size, max), BNN_ERROR_SHAPE);
        sizes.push_back(max);
        continue;
      }
      auto [known, isNew] = symbols.try_emplace(dim.symbol, size);
      if (isNew) {
        // One unsigned comparison for both ends: 0 wraps to the largest.
        Value less = b.create<LLVM::SubOp>(loc, size, constant(types.i64, 1));
        require(compare(LLVM::ICmpPredicate::ult, less, max),
                BNN_ERROR_CAPACITY);
      } else {
        require(compare(LLVM::ICmpPredicate::eq, size, known->second),
                BNN_ERROR_SHAPE);
      }
      sizes.push_back(known->second);
    }
    return memref(tensor.argument, data, sizes);
  }

  Value output(const ModelTensor &tensor, Value outputs, int32_t index) {
    Value data = loadData(outputs, index);
    SmallVector<Value> sizes;
    for (auto [axis, dim] : llvm::enumerate(tensor.dims)) {
      sizes.push_back(dim.symbol.empty() ? constant(types.i64, dim.max)
                                         : symbols.lookup(dim.symbol));
      shapeStores.emplace_back(
          field(types.tensor, outputs, index, {1, static_cast<int32_t>(axis)}),
          sizes.back());
    }
    return memref(tensor.argument, data, sizes);
  }

  /// A dense row-major memref for an argument of the entry function.
  Value memref(unsigned argument, Value data, ArrayRef<Value> sizes) {
    auto type = cast<MemRefType>(entry.getArgumentTypes()[argument]);
    LLVMTypeConverter converter(entry.getContext());
    auto descriptor =
        MemRefDescriptor::undef(b, loc, converter.convertType(type));
    descriptor.setAllocatedPtr(b, loc, data);
    descriptor.setAlignedPtr(b, loc, data);
    descriptor.setOffset(b, loc, constant(types.i64, 0));
    Value stride = constant(types.i64, 1);
    for (int64_t axis = type.getRank() - 1; axis >= 0; --axis) {
      descriptor.setSize(b, loc, axis, sizes[axis]);
      descriptor.setStride(b, loc, axis, stride);
      if (axis > 0)
        stride = b.create<LLVM::MulOp>(loc, stride, sizes[axis]);
    }
    return b
        .create<UnrealizedConversionCastOp>(
            loc, type, ValueRange(static_cast<Value>(descriptor)))
        .getResult(0);
  }

  void storeShapes() {
    for (auto [store, value] : shapeStores)
      b.create<LLVM::StoreOp>(loc, value, store);
  }

  LLVM::LLVMFuncOp run;
  /// Returns its argument, a status.
  Block *fail = nullptr;
  llvm::StringMap<Value> symbols;
  SmallVector<std::pair<Value, Value>> shapeStores;
};

/// Writes the descriptor, <prefix>_describe and <prefix>_workspace_size.
class DescriptorEmitter : Emitter {
public:
  DescriptorEmitter(func::FuncOp entry, const ModelInterface &model,
                    const ABITypes &types)
      : Emitter(entry, model, types) {}

  void emit() {
    string(".name", model.prefix);
    string(".triple", model.targetTriple);
    string(".cpu", model.targetCPU);
    tensors(".inputs", model.inputs);
    tensors(".outputs", model.outputs);
    constantGlobal("_info", types.modelInfo, [&] {
      return aggregate(
          types.modelInfo,
          {constant(types.i32, BNN_ABI_VERSION),
           constant(types.i32, model.inputs.size()),
           constant(types.i32, model.outputs.size()), constant(types.i32, 0),
           addressOf(symbol(".name")), addressOf(symbol(".inputs")),
           addressOf(symbol(".outputs")),
           constant(types.size, model.workspaceSize),
           constant(types.size, kBufferAlignment),
           constant(types.i64, static_cast<int64_t>(model.cpuFeatures)),
           addressOf(symbol(".triple")), addressOf(symbol(".cpu")),
           addressOf(symbol("_run"))});
    });
    describe();
    workspaceSize();
    if (model.profileHookArgument)
      profileOps();
  }

private:
  Value aggregate(Type type, ArrayRef<Value> fields) {
    Value result = b.create<LLVM::UndefOp>(loc, type);
    for (auto [position, value] : llvm::enumerate(fields))
      result = b.create<LLVM::InsertValueOp>(loc, result, value, position);
    return result;
  }

  void constantGlobal(StringRef suffix, Type type,
                      llvm::function_ref<Value()> initializer) {
    auto global = b.create<LLVM::GlobalOp>(loc, type, /*isConstant=*/true,
                                           LLVM::Linkage::Private,
                                           symbol(suffix), Attribute());
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&global.getInitializerRegion());
    b.create<LLVM::ReturnOp>(loc, initializer());
  }

  /// A constant, null-terminated string of the name <prefix><suffix>.
  void string(const llvm::Twine &suffix, StringRef text) {
    std::string bytes = text.str() + '\0';
    auto type = LLVM::LLVMArrayType::get(b.getI8Type(), bytes.size());
    b.create<LLVM::GlobalOp>(loc, type, /*isConstant=*/true,
                             LLVM::Linkage::Private, symbol(suffix),
                             b.getStringAttr(bytes));
  }

  /// The dimensions of one tensor, as <prefix><suffix>.dims.
  void dims(const std::string &suffix, const ModelTensor &tensor) {
    for (auto [i, dim] : llvm::enumerate(tensor.dims))
      if (!dim.symbol.empty())
        string(suffix + ".dim" + llvm::Twine(i), dim.symbol);
    auto type = LLVM::LLVMArrayType::get(types.dim, tensor.dims.size());
    constantGlobal(suffix + ".dims", type, [&] {
      SmallVector<Value> entries;
      for (auto [i, dim] : llvm::enumerate(tensor.dims)) {
        std::string name = symbol(suffix + ".dim" + llvm::Twine(i));
        entries.push_back(
            aggregate(types.dim, {dim.symbol.empty() ? null() : addressOf(name),
                                  constant(types.i64, dim.max)}));
      }
      return aggregate(type, entries);
    });
  }

  /// The table of the inputs or outputs, as <prefix><suffix>.
  void tensors(const std::string &suffix, ArrayRef<ModelTensor> tensors) {
    for (auto [i, tensor] : llvm::enumerate(tensors)) {
      string(suffix + llvm::Twine(i) + ".name", tensor.name);
      dims(suffix + std::to_string(i), tensor);
    }
    auto type = LLVM::LLVMArrayType::get(types.tensorInfo, tensors.size());
    constantGlobal(suffix, type, [&] {
      SmallVector<Value> entries;
      for (auto [i, tensor] : llvm::enumerate(tensors)) {
        std::string name = symbol(suffix + llvm::Twine(i));
        entries.push_back(aggregate(
            types.tensorInfo,
            {addressOf(name + ".name"), addressOf(name + ".dims"),
             constant(types.i32, tensor.dims.size()),
             constant(types.i32, elementTypeCode(tensor.elementType))}));
      }
      return aggregate(type, entries);
    });
  }

  void describe() {
    OpBuilder::InsertionGuard guard(b);
    auto f = function(symbol("_describe"), types.ptr, {types.i32});
    Value known =
        b.create<LLVM::ICmpOp>(loc, LLVM::ICmpPredicate::uge, f.getArgument(0),
                               constant(types.i32, BNN_ABI_VERSION));
    Value result = b.create<LLVM::SelectOp>(loc, known,
                                            addressOf(symbol("_info")), null());
    b.create<LLVM::ReturnOp>(loc, result);
  }

  /// The table of what the profile's hook is called for, and its getter.
  void profileOps() {
    size_t count = model.profiledOps.size();
    for (auto [i, op] : llvm::enumerate(model.profiledOps)) {
      string(".op" + llvm::Twine(i) + ".name", op.name);
      string(".op" + llvm::Twine(i) + ".kind", op.kind);
    }
    auto type = LLVM::LLVMArrayType::get(types.profiledOp, count);
    constantGlobal(".ops", type, [&] {
      SmallVector<Value> entries;
      for (auto [i, op] : llvm::enumerate(model.profiledOps)) {
        std::string name = symbol(".op" + llvm::Twine(i));
        Value limit = b.create<LLVM::ConstantOp>(
            loc, b.getF64Type(), b.getF64FloatAttr(op.portLimit));
        entries.push_back(
            aggregate(types.profiledOp, {addressOf(name + ".name"),
                                         addressOf(name + ".kind"), limit}));
      }
      return aggregate(type, entries);
    });
    OpBuilder::InsertionGuard guard(b);
    auto f = function(symbol("_profile_ops"), types.ptr, {types.ptr});
    b.create<LLVM::StoreOp>(loc, constant(types.i32, count), f.getArgument(0));
    b.create<LLVM::ReturnOp>(loc, addressOf(symbol(".ops")));
  }

  void workspaceSize() {
    OpBuilder::InsertionGuard guard(b);
    function(symbol("_workspace_size"), types.size, {});
    b.create<LLVM::ReturnOp>(loc, constant(types.size, model.workspaceSize));
  }
};

struct EmitEntry : impl::EmitEntryBase<EmitEntry> {
  using EmitEntryBase::EmitEntryBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (!prefix.empty()) {
      ModelAttr named = getModel(module).withPrefix(
          [&] { return module.emitError(); }, prefix);
      if (!named)
        return signalPassFailure();
      module->setAttr(kModelAttr, named);
    }
    // Only what is there now counts.
    module->removeAttr(kEntryAttr);
    FailureOr<ModelInterface> model = readModelInterface(module);
    if (failed(model))
      return signalPassFailure();
    func::FuncOp entry = findEntryFunction(module);
    if (failed(claimSymbols(module, entry, *model)))
      return signalPassFailure();
    module->setAttr(kEntryAttr, *describeEntry(entry));
    ABITypes types(&getContext(), llvm::Triple(model->targetTriple));
    // Memrefs lose these when they are converted; pointers would not.
    for (auto argument :
         {model->profileHookArgument, model->profileContextArgument})
      if (argument)
        entry.removeArgAttr(*argument, kArgumentAttr);
    RunEmitter(entry, *model, types).emit();
    DescriptorEmitter(entry, *model, types).emit();
  }

private:
  /// Gives the entry function its final name and hides what is private.
  /// Fails where a name that the interface needs is taken.
  LogicalResult claimSymbols(ModuleOp module, func::FuncOp entry,
                             const ModelInterface &model) {
    SymbolTable table(module);
    for (const char *suffix :
         {"_run", "_workspace_size", "_describe", "_main", "_profile_ops"})
      if (Operation *taken = table.lookup(model.prefix + suffix))
        return taken->emitError("takes the name '")
               << model.prefix << suffix
               << "', which the model's C interface needs: choose another "
                  "prefix";
    if (failed(table.rename(entry, model.prefix + "_main")))
      return entry.emitOpError("could not be renamed");
    entry.setPrivate();
    // Lowering keeps no visibility: without this each would be exported.
    auto internal =
        LLVM::LinkageAttr::get(&getContext(), LLVM::Linkage::Internal);
    for (auto function : module.getOps<func::FuncOp>())
      if (function.isPrivate() && !function.isExternal())
        function->setAttr("llvm.linkage", internal);
    return success();
  }
};

} // namespace
} // namespace mlir::bnn
