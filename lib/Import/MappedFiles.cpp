//===- MappedFiles.cpp - Files that constants share memory with -----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Import/MappedFiles.h"
#include "dialects/ONNX/ONNXDialect.h"
#include <map>
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>

using namespace mlir;

namespace mlir::bnn {
struct MappedFiles::Ranges {
  std::mutex mutex;
  std::map<const char *, size_t> sizes; ///< By address.
};

MappedFiles::MappedFiles(Dialect *dialect)
    : ConstantMemoryInterface(dialect), ranges(std::make_shared<Ranges>()) {}

MappedFiles &MappedFiles::of(MLIRContext *context) {
  auto *dialect = context->getOrLoadDialect<onnx::ONNXDialect>();
  if (auto *memory =
          dialect->getRegisteredInterface<onnx::ConstantMemoryInterface>())
    return *static_cast<MappedFiles *>(memory);
  return dialect->addInterface<MappedFiles>();
}

std::shared_ptr<void> MappedFiles::add(ArrayRef<char> bytes) {
  std::lock_guard<std::mutex> lock(ranges->mutex);
  ranges->sizes[bytes.data()] = bytes.size();
  return std::shared_ptr<void>(nullptr, [all = ranges, bytes](void *) {
    std::lock_guard<std::mutex> lock(all->mutex);
    all->sizes.erase(bytes.data());
  });
}

void MappedFiles::release(ArrayRef<char> bytes) const {
  std::lock_guard<std::mutex> lock(ranges->mutex);
  auto it = ranges->sizes.upper_bound(bytes.data());
  if (it == ranges->sizes.begin())
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
} // namespace mlir::bnn
