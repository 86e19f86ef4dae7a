#include "CountAttention.h"
#include "dialects/BNN/BNN.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;

namespace {
struct CountAttention : PassWrapper<CountAttention, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(CountAttention)

  StringRef getArgument() const override { return "count-attention"; }
  StringRef getDescription() const override {
    return "Say how many attentions there are";
  }
  void runOnOperation() override {
    unsigned count = 0;
    getOperation().walk([&](bnn::AttentionOp) { ++count; });
    getOperation().emitRemark("has ") << count << " attentions";
  }
};
} // namespace

void registerCountAttention() { PassRegistration<CountAttention>(); }
