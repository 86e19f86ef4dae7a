// The `onnx` dialect: an imported ONNX graph, node for node.
#pragma once
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Traits.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include <map>
#include <memory>
#include <mutex>

namespace mlir::bnn::onnx {
/// The address ranges that constants share with files mapped by the importer.
/// A pass that has read such a constant for the last time gives its pages back
/// to the system; heap memory must never be treated that way, hence the
/// register.
class MappedFiles {
public:
  /// Notes that `bytes` is a read-only private mapping of a file.
  void add(llvm::ArrayRef<char> bytes);
  /// Forgets the mapping that starts at `bytes.data()`.
  void remove(llvm::ArrayRef<char> bytes);
  /// Drops the whole pages inside `bytes` from memory if they belong to a
  /// registered file; they are read from the file again when touched. Bytes
  /// that belong to no registered file are left alone.
  void release(llvm::ArrayRef<char> bytes);

private:
  std::mutex mutex;
  std::map<const char *, size_t> ranges;
};
} // namespace mlir::bnn::onnx

#include "dialects/ONNX/ONNXDialect.h.inc"

#define GET_OP_CLASSES
#include "dialects/ONNX/ONNXOps.h.inc"
