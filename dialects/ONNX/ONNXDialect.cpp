#include "dialects/ONNX/ONNXDialect.h"
#include "mlir/IR/Builders.h"
#include <sys/mman.h>
#include <unistd.h>

#include "dialects/ONNX/ONNXDialect.cpp.inc"

namespace mlir::bnn::onnx {
void ONNXDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/ONNX/ONNXOps.cpp.inc"
      >();
  mappedFiles = std::make_shared<MappedFiles>();
}

mlir::Operation *ONNXDialect::materializeConstant(mlir::OpBuilder &builder,
                                                  mlir::Attribute value,
                                                  mlir::Type type,
                                                  mlir::Location loc) {
  auto elements = llvm::dyn_cast<mlir::ElementsAttr>(value);
  if (!elements || elements.getShapedType() != type)
    return nullptr;
  return builder.create<ConstantOp>(loc, type, elements);
}

void MappedFiles::add(llvm::ArrayRef<char> bytes) {
  std::lock_guard<std::mutex> lock(mutex);
  ranges[bytes.data()] = bytes.size();
}

void MappedFiles::remove(llvm::ArrayRef<char> bytes) {
  std::lock_guard<std::mutex> lock(mutex);
  ranges.erase(bytes.data());
}

void MappedFiles::release(llvm::ArrayRef<char> bytes) {
  std::lock_guard<std::mutex> lock(mutex);
  auto it = ranges.upper_bound(bytes.data());
  if (it == ranges.begin())
    return;
  --it;
  if (bytes.data() + bytes.size() > it->first + it->second)
    return;
  uintptr_t page = sysconf(_SC_PAGESIZE);
  uintptr_t begin =
      (reinterpret_cast<uintptr_t>(bytes.data()) + page - 1) & ~(page - 1);
  uintptr_t end =
      reinterpret_cast<uintptr_t>(bytes.data() + bytes.size()) & ~(page - 1);
  if (begin < end)
    madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
}
} // namespace mlir::bnn::onnx
