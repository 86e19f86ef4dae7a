//===- TabulateBytes.cpp - Functions of a byte to tables ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A sum with kRoundingTerm of something between two bounds has no more values
// than there are integers between them: a byte. What follows from it and from
// constants alone is a function of this byte.
//
//===----------------------------------------------------------------------===//

#include "passes/TabulateBytes/TabulateBytes.h"
#include "dialects/BNN/BNNModel.h"
#include "dialects/BNN/Encoding.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "passes/Support/EpilogueEvaluator.h"
#include "passes/TabulateBytes/Lookup.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Debug.h"

#define DEBUG_TYPE "bnn-tabulate-bytes"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_TABULATEBYTES
#include "passes/TabulateBytes/TabulateBytes.h.inc"

namespace {

using Table = std::array<uint8_t, kTableEntries>;

/// A sum with kRoundingTerm of what lies between two bounds.
struct RoundedSum {
  Value sum, least, most;
};

/// A rounded sum that depends on `from` and constants alone, and the operations
/// in between, the last one included.
struct FunctionOfByte {
  RoundedSum from, to;
  SetVector<Operation *> ops;
};

/// What functions of bytes that are equal share.
struct Family {
  OwningOpRef<func::FuncOp> body; ///< For the evaluator.
  SmallVector<BlockArgument> params;
  SmallVector<FunctionOfByte> members;
};

} // namespace

static Value scalarOf(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<vector::BroadcastOp, vector::SplatOp>(op) ||
        isa<VectorType>(op->getOperand(0).getType()))
      break;
    value = op->getOperand(0);
  }
  return value;
}

// The one value of a constant, of a vector or not.
static Attribute constantOf(Value value) {
  Attribute attribute;
  if (!matchPattern(scalarOf(value), m_Constant(&attribute)))
    return {};
  if (auto dense = dyn_cast<DenseElementsAttr>(attribute))
    attribute =
        dense.isSplat() ? dense.getSplatValue<Attribute>() : Attribute();
  return isa_and_nonnull<FloatAttr, IntegerAttr>(attribute) ? attribute
                                                            : Attribute();
}

static bool isRoundingTerm(Value value) {
  auto attribute = dyn_cast_or_null<FloatAttr>(constantOf(value));
  return attribute && attribute.getType().isF32() &&
         attribute.getValue().convertToFloat() == kRoundingTerm;
}

// The bound of `select(cmpf(order, x, bound), x, bound)`.
static Value boundOf(Value value, arith::CmpFPredicate order) {
  auto select = value.getDefiningOp<arith::SelectOp>();
  auto compare =
      select ? select.getCondition().getDefiningOp<arith::CmpFOp>() : nullptr;
  return compare && compare.getPredicate() == order &&
                 compare.getLhs() == select.getTrueValue() &&
                 compare.getRhs() == select.getFalseValue()
             ? select.getFalseValue()
             : Value();
}

static std::optional<RoundedSum> matchRoundedSum(Operation *op) {
  auto sum = dyn_cast<arith::AddFOp>(op);
  auto type = sum ? dyn_cast<VectorType>(sum.getType()) : VectorType();
  if (!type || type.isScalable() ||
      type.getShape() != ArrayRef<int64_t>{kLanes} ||
      !type.getElementType().isF32() || !isRoundingTerm(sum.getRhs()))
    return std::nullopt;
  Value most = boundOf(sum.getLhs(), arith::CmpFPredicate::OLT);
  if (!most)
    return std::nullopt;
  Value inner = sum.getLhs().getDefiningOp<arith::SelectOp>().getTrueValue();
  Value least = boundOf(inner, arith::CmpFPredicate::OGT);
  if (!least)
    return std::nullopt;
  return RoundedSum{sum, least, most};
}

namespace {

/// Which values of a function depend on one byte, or on constants alone.
class Sources {
public:
  Sources(func::FuncOp func, llvm::function_ref<bool(BlockArgument)> isKnown);

  /// Of functions of a byte, the last results first.
  SmallVector<FunctionOfByte> functions() const;

private:
  /// The rounded sum that a value depends on; null: constants. What depends on
  /// more is not in here.
  DenseMap<Value, Value> sourceOf;
  llvm::MapVector<Value, RoundedSum> sums;

  std::optional<Value> joined(ValueRange values) const;
  void add(Operation *op);
};

} // namespace

// Whether each element of the one result is made of an element of each operand.
static bool isElementwise(Operation *op) {
  if (op->getNumResults() != 1 || op->getNumRegions() || !isPure(op) ||
      !getElementTypeOrSelf(op->getResult(0).getType()).isIntOrFloat())
    return false;
  if (isa<vector::BroadcastOp, vector::SplatOp>(op))
    return !isa<VectorType>(op->getOperand(0).getType());
  if (op->hasTrait<OpTrait::ConstantLike>())
    return bool(constantOf(op->getResult(0)));
  // What the evaluator knows.
  return isa_and_nonnull<arith::ArithDialect, math::MathDialect>(
             op->getDialect()) &&
         OpTrait::hasElementwiseMappableTraits(op);
}

Sources::Sources(func::FuncOp func,
                 llvm::function_ref<bool(BlockArgument)> isKnown) {
  for (BlockArgument argument : func.getArguments())
    if (isKnown(argument))
      sourceOf[argument] = Value();
  func.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isElementwise(op))
      add(op);
  });
}

std::optional<Value> Sources::joined(ValueRange values) const {
  Value source;
  for (Value value : values) {
    auto found = sourceOf.find(value);
    if (found == sourceOf.end() ||
        (source && found->second && source != found->second))
      return std::nullopt;
    if (found->second)
      source = found->second;
  }
  return source;
}

void Sources::add(Operation *op) {
  Value result = op->getResult(0);
  std::optional<Value> source = joined(op->getOperands());
  if (source)
    sourceOf[result] = *source;
  auto sum = matchRoundedSum(op);
  auto isConstant = [&](Value value) {
    auto found = sourceOf.find(value);
    return found != sourceOf.end() && !found->second;
  };
  if (!sum || !isConstant(sum->least) || !isConstant(sum->most))
    return;
  sums[result] = *sum;
  if (!source)
    sourceOf[result] = result;
}

SmallVector<FunctionOfByte> Sources::functions() const {
  SmallVector<FunctionOfByte> found;
  for (const auto &[value, sum] : llvm::reverse(sums)) {
    Value source = sourceOf.lookup(value);
    if (!source || source == value)
      continue;
    FunctionOfByte function{sums.find(source)->second, sum, {}};
    std::function<void(Value)> visit = [&](Value value) {
      Operation *op = value.getDefiningOp();
      if (!op || value == source || function.ops.contains(op))
        return;
      for (Value operand : op->getOperands())
        visit(operand);
      function.ops.insert(op);
    };
    for (Value bound : {function.from.least, function.from.most})
      visit(bound);
    visit(value);
    found.push_back(std::move(function));
  }
  return found;
}

// What the operations take that a table would do without, as lookupCost()
// counts.
static int64_t costOf(const FunctionOfByte &function) {
  int64_t cost = 0;
  for (Operation *op : function.ops) {
    if (!isa<VectorType>(op->getResult(0).getType()) ||
        op->hasTrait<OpTrait::ConstantLike>() ||
        isa<vector::BroadcastOp, vector::SplatOp>(op))
      continue;
    // A function is written out, and a division at least two products.
    const bool isFunction =
        isa_and_nonnull<math::MathDialect>(op->getDialect()) &&
        !isa<math::FmaOp, math::AbsFOp>(op);
    cost += isFunction ? 25 : isa<arith::DivFOp>(op) ? 3 : 1;
  }
  return cost;
}

// (i32 entry, params) to whether the entry's table is right, as an i1, and the
// entry: the number of `to`, less its least, where that of `from` is `entry`
// more than its least.
static void buildBody(const FunctionOfByte &function, Family &family) {
  MLIRContext *context = function.to.sum.getContext();
  Location loc = UnknownLoc::get(context);
  OpBuilder builder(context);
  family.body =
      func::FuncOp::create(loc, "entry", builder.getFunctionType({}, {}));
  Block *block = family.body->addEntryBlock();
  builder.setInsertionPointToStart(block);
  ImplicitLocOpBuilder b(loc, builder);
  IRMapping mapping;
  Value entry = block->addArgument(b.getI32Type(), loc);
  auto mapOperands = [&](Operation *op) {
    for (Value operand : op->getOperands())
      if (auto argument = dyn_cast<BlockArgument>(operand);
          argument && !mapping.contains(operand)) {
        family.params.push_back(argument);
        mapping.map(operand, block->addArgument(argument.getType(), loc));
      }
  };
  auto clone = [&](Operation *op) {
    Value result = op->getResult(0);
    if (isa<vector::BroadcastOp, vector::SplatOp>(op)) {
      mapOperands(op);
      return mapping.map(result, mapping.lookup(op->getOperand(0)));
    }
    if (op->hasTrait<OpTrait::ConstantLike>())
      return mapping.map(result, b.create<arith::ConstantOp>(
                                      cast<TypedAttr>(constantOf(result)))
                                     .getResult());
    mapOperands(op);
    Operation *copy = op->cloneWithoutRegions(mapping);
    copy->setLoc(loc);
    copy->getResult(0).setType(getElementTypeOrSelf(result.getType()));
    b.insert(copy);
    mapping.map(result, copy->getResult(0));
  };
  auto f32 = [&](float value) -> Value {
    return b.create<arith::ConstantOp>(b.getF32FloatAttr(value));
  };
  // Whether a sum's bounds are integers that a byte can tell apart.
  auto isByte = [&](const RoundedSum &sum) -> Value {
    Value least = mapping.lookup(sum.least), most = mapping.lookup(sum.most);
    auto is = [&](arith::CmpFPredicate order, Value x, Value y) -> Value {
      return b.create<arith::CmpFOp>(order, x, y);
    };
    using P = arith::CmpFPredicate;
    Value all = is(P::OEQ, b.create<math::RoundEvenOp>(least), least);
    for (Value condition :
         {is(P::OGE, least, f32(-512)), is(P::OLE, most, f32(512)),
          is(P::OGE, most, least),
          is(P::OLE, b.create<arith::SubFOp>(most, least), f32(255))})
      all = b.create<arith::AndIOp>(all, condition);
    return all;
  };
  // The bounds come first: the sum that is given is made of them.
  size_t next = 0;
  auto cloneUntil = [&](Value bound) {
    while (!mapping.contains(bound))
      clone(function.ops[next++]);
  };
  cloneUntil(function.from.least);
  cloneUntil(function.from.most);
  Value number =
      b.create<arith::AddFOp>(mapping.lookup(function.from.least),
                              b.create<arith::SIToFPOp>(b.getF32Type(), entry));
  mapping.map(function.from.sum,
              b.create<arith::AddFOp>(number, f32(kRoundingTerm)).getResult());
  while (next < function.ops.size())
    clone(function.ops[next++]);
  Value result = b.create<arith::SubFOp>(
      b.create<arith::SubFOp>(mapping.lookup(function.to.sum),
                              f32(kRoundingTerm)),
      mapping.lookup(function.to.least));
  Value isRight =
      b.create<arith::AndIOp>(isByte(function.from), isByte(function.to));
  b.create<bnn::YieldOp>(
      ValueRange{isRight, b.create<arith::FPToSIOp>(b.getI32Type(), result)});
  family.body->setFunctionType(
      b.getFunctionType(block->getArgumentTypes(), {}));
}

// What tells families apart: the body, and which arguments it takes.
static std::string keyOf(Family &family) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (BlockArgument param : family.params)
    os << param.getArgNumber() << ' ';
  OpPrintingFlags flags;
  flags.useLocalScope();
  family.body->print(os, flags);
  return text;
}

static uint32_t wordOf(Attribute value) {
  if (auto number = dyn_cast<FloatAttr>(value))
    return number.getValue().bitcastToAPInt().getZExtValue();
  return cast<IntegerAttr>(value).getValue().getZExtValue();
}

namespace {

/// What was made of a module.
struct Counts {
  int64_t tables = 0, lookups = 0, kept = 0;
};

/// Tabulates the functions of bytes of a module's functions.
class Tabulator {
public:
  explicit Tabulator(ModuleOp module)
      : module(module), target(getTarget(module)), symbols(module) {}

  LogicalResult tabulate(func::FuncOp func);
  Counts counts;

private:
  ModuleOp module;
  TargetAttr target;
  SymbolTable symbols;
  EpilogueEvaluator evaluator;
  /// The globals of the tables that there are.
  std::map<Table, StringAttr> globals;

  LogicalResult replace(func::FuncOp func, ArrayRef<func::CallOp> calls,
                        Family &family);
  void replace(FunctionOfByte &function, Value table,
               DenseMap<Block *, Lookup> &loaded);
  MemRefType tableType() {
    return MemRefType::get(kTableEntries,
                           IntegerType::get(module.getContext(), 8));
  }
  Value getGlobal(OpBuilder &b, Location loc, const Table &table);
};

} // namespace

// The calls of a private function, none if anything else uses it.
static SmallVector<func::CallOp> callsOf(func::FuncOp func, ModuleOp module) {
  SmallVector<func::CallOp> calls;
  std::optional<SymbolTable::UseRange> uses = func.getSymbolUses(module);
  if (!func.isPrivate() || !uses)
    return calls;
  for (SymbolTable::SymbolUse use : *uses) {
    auto call = dyn_cast<func::CallOp>(use.getUser());
    if (!call)
      return {};
    calls.push_back(call);
  }
  return calls;
}

// Erases those of the operations that nothing uses any more.
static void eraseUnused(SetVector<Operation *> ops) {
  while (!ops.empty()) {
    Operation *op = ops.pop_back_val();
    if (!op->use_empty())
      continue;
    for (Value operand : op->getOperands())
      if (Operation *def = operand.getDefiningOp(); def && isPure(def))
        ops.insert(def);
    op->erase();
  }
}

LogicalResult Tabulator::tabulate(func::FuncOp func) {
  SmallVector<func::CallOp> calls = callsOf(func, module);
  Sources sources(func, [&](BlockArgument argument) {
    Type type = argument.getType();
    return !calls.empty() && (type.isF32() || type.isInteger(32)) &&
           llvm::all_of(calls, [&](func::CallOp call) {
             return bool(constantOf(call.getOperand(argument.getArgNumber())));
           });
  });
  SmallVector<Family> families;
  llvm::StringMap<size_t> known;
  // A function of a byte may be part of another one.
  DenseSet<Operation *> covered;
  for (FunctionOfByte &function : sources.functions()) {
    if (covered.contains(function.to.sum.getDefiningOp()) &&
        llvm::all_of(function.to.sum.getUsers(),
                     [&](Operation *user) { return covered.contains(user); }))
      continue;
    if (costOf(function) <= lookupCost(target)) {
      LLVM_DEBUG(llvm::dbgs() << "kept: " << function.to.sum << '\n');
      ++counts.kept;
      continue;
    }
    covered.insert(function.ops.begin(), function.ops.end());
    Family family;
    buildBody(function, family);
    auto [found, isNew] = known.try_emplace(keyOf(family), families.size());
    if (isNew)
      families.push_back(std::move(family));
    families[found->second].members.push_back(std::move(function));
  }
  SetVector<Operation *> replaced;
  for (Family &family : families) {
    if (failed(replace(func, calls, family)))
      return failure();
    for (const FunctionOfByte &member : family.members)
      replaced.insert(member.ops.begin(), member.ops.end());
  }
  eraseUnused(std::move(replaced));
  return success();
}

/// The table for the constants that `call` gives, null if none are needed;
/// nothing where bounds are none of bytes.
static std::optional<Table> tableFor(func::CallOp call,
                                     EpilogueEvaluator::Function run,
                                     const Family &family) {
  SmallVector<uint32_t> words;
  for (BlockArgument param : family.params)
    words.push_back(wordOf(constantOf(call.getOperand(param.getArgNumber()))));
  std::array<uint8_t, 2 * kTableEntries> results;
  run(0, kTableEntries, words.data(), results.data());
  Table table;
  for (int64_t i = 0; i < kTableEntries; ++i) {
    if (!results[2 * i])
      return std::nullopt;
    table[i] = results[2 * i + 1];
  }
  return table;
}

LogicalResult Tabulator::replace(func::FuncOp func,
                                 ArrayRef<func::CallOp> calls, Family &family) {
  auto run = evaluator.compile(family.body->getBody());
  if (!run)
    return func.emitError(llvm::toString(run.takeError()));
  // Without parameters the function has one table, whoever calls it.
  const bool isShared = family.params.empty();
  SmallVector<func::CallOp> users(calls);
  if (isShared)
    users.assign(1, func::CallOp());
  SmallVector<Table> found;
  for (func::CallOp call : users) {
    std::optional<Table> table = tableFor(call, *run, family);
    if (!table) {
      counts.kept += family.members.size();
      return success();
    }
    found.push_back(*table);
  }
  Value table;
  if (isShared) {
    OpBuilder at(func.getBody());
    table = getGlobal(at, func.getLoc(), found[0]);
  } else {
    for (auto [call, entries] : llvm::zip_equal(users, found)) {
      OpBuilder before(call);
      Value operand = getGlobal(before, func.getLoc(), entries);
      call.getOperandsMutable().append(operand);
    }
    Block &entry = func.getBody().front();
    table = entry.addArgument(tableType(), func.getLoc());
    func.setFunctionType(FunctionType::get(
        module.getContext(), entry.getArgumentTypes(), func.getResultTypes()));
  }
  DenseMap<Block *, Lookup> loaded;
  // In the order of the function: the first one of a block loads the table.
  for (FunctionOfByte &member : llvm::reverse(family.members))
    replace(member, table, loaded);
  return success();
}

void Tabulator::replace(FunctionOfByte &function, Value table,
                        DenseMap<Block *, Lookup> &loaded) {
  Operation *last = function.to.sum.getDefiningOp();
  OpBuilder at(last);
  KernelBuilder b(last->getLoc(), at);
  Lookup &lookup =
      loaded.try_emplace(last->getBlock(), b, table, target).first->second;
  Value entry = b.create<arith::BitcastOp>(
      b.vectorOf(b.getI32Type()),
      b.create<arith::SubFOp>(function.from.sum, function.from.least));
  entry = b.create<arith::AndIOp>(entry, b.splatI32(kTableEntries - 1));
  // At kRoundingTerm an integer is the low bits.
  Value term = b.splatI32(llvm::bit_cast<int32_t>(kRoundingTerm));
  Value sum = b.create<arith::BitcastOp>(
      function.to.sum.getType(),
      b.create<arith::OrIOp>(lookup.at(b, entry), term));
  function.to.sum.replaceAllUsesWith(
      b.create<arith::AddFOp>(sum, function.to.least));
  ++counts.lookups;
}

Value Tabulator::getGlobal(OpBuilder &b, Location loc, const Table &table) {
  auto [known, isNew] = globals.try_emplace(table);
  if (isNew) {
    OpBuilder at(module.getContext());
    auto values = DenseElementsAttr::get(
        RankedTensorType::get(kTableEntries, at.getI8Type()),
        ArrayRef<uint8_t>(table));
    auto global = at.create<memref::GlobalOp>(
        loc, "table", at.getStringAttr("private"), tableType(), values,
        /*constant=*/true, at.getI64IntegerAttr(64));
    known->second = symbols.insert(global, module.getBody()->begin());
    ++counts.tables;
  }
  return b.create<memref::GetGlobalOp>(loc, tableType(), known->second);
}

namespace {

struct TabulateBytes : impl::TabulateBytesBase<TabulateBytes> {
  using TabulateBytesBase::TabulateBytesBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    TabulateBytesBase::getDependentDialects(registry);
    EpilogueEvaluator::getDependentDialects(registry);
  }

  void runOnOperation() override {
    Tabulator tabulator(getOperation());
    SmallVector<func::FuncOp> funcs(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp func : funcs)
      if (!func.isExternal() && failed(tabulator.tabulate(func)))
        return signalPassFailure();
    tables += tabulator.counts.tables;
    lookups += tabulator.counts.lookups;
    kept += tabulator.counts.kept;
  }
};

} // namespace
} // namespace mlir::bnn
