// The pass for bnn-opt --load-pass-plugin.
#include "CountAttention.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

extern "C" mlir::PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "CountAttention", "1",
          registerCountAttention};
}
