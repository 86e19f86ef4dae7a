//===- Tensor.cpp - A tensor in memory, and its files ---------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Run/Tensor.h"

#include "bnn/runtime.h"
#include "lib/Run/Npy.h"
#include "lib/Run/TensorProto.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

using namespace llvm;

namespace mlir::bnn {

size_t HostTensor::size() const {
  size_t count = 1;
  for (int64_t dim : shape)
    count *= static_cast<size_t>(dim);
  return count;
}

const char *elementTypeName(int32_t elementType) {
  switch (elementType) {
  case BNN_F32:
    return "f32";
  case BNN_F64:
    return "f64";
  case BNN_F16:
    return "f16";
  case BNN_BF16:
    return "bf16";
  case BNN_I64:
    return "i64";
  case BNN_I32:
    return "i32";
  case BNN_BOOL:
    return "bool";
  case BNN_I8:
    return "i8";
  case BNN_U8:
    return "u8";
  default:
    return "unknown";
  }
}

std::string shapeString(ArrayRef<int64_t> shape) {
  std::string result;
  raw_string_ostream out(result);
  out << '[';
  interleaveComma(shape, out);
  out << ']';
  return result;
}

Expected<size_t> tensorBytes(int32_t elementType, ArrayRef<int64_t> shape) {
  uint64_t bytes = bnn_element_size(elementType);
  for (int64_t dim : shape) {
    bool overflow = dim < 0;
    bytes = SaturatingMultiply<uint64_t>(bytes, overflow ? 0 : dim, &overflow);
    if (dim < 0 || overflow || bytes > INT64_MAX)
      return createStringError("the shape " + shapeString(shape) +
                               " is impossible");
  }
  return bytes;
}

template <typename T>
static double load(const HostTensor &tensor, size_t position) {
  T value;
  std::memcpy(&value, tensor.data.data() + position * sizeof(T), sizeof(T));
  return static_cast<double>(value);
}

static double loadHalf(const HostTensor &tensor, size_t position,
                       const fltSemantics &format) {
  uint16_t bits;
  std::memcpy(&bits, tensor.data.data() + position * sizeof bits, sizeof bits);
  return APFloat(format, APInt(16, bits)).convertToDouble();
}

double elementAsDouble(const HostTensor &tensor, size_t position) {
  switch (tensor.elementType) {
  case BNN_F32:
    return load<float>(tensor, position);
  case BNN_F64:
    return load<double>(tensor, position);
  case BNN_F16:
    return loadHalf(tensor, position, APFloat::IEEEhalf());
  case BNN_BF16:
    return loadHalf(tensor, position, APFloat::BFloat());
  case BNN_I64:
    return load<int64_t>(tensor, position);
  case BNN_I32:
    return load<int32_t>(tensor, position);
  case BNN_I8:
    return load<int8_t>(tensor, position);
  default:
    return load<uint8_t>(tensor, position);
  }
}

static Expected<HostTensor> parse(StringRef path, MemoryBufferRef buffer) {
  if (path.ends_with(".npy"))
    return parseNpy(buffer.getBuffer());
  if (path.ends_with(".pb"))
    return parseTensorProto(buffer.getBuffer());
  return createStringError("the name must end in .npy (NumPy) or .pb (ONNX "
                           "TensorProto)");
}

Expected<HostTensor> readTensorFile(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false,
                                      /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError("cannot read '" + path +
                             "': " + buffer.getError().message());
  Expected<HostTensor> tensor = parse(path, **buffer);
  if (!tensor)
    return createStringError("cannot read '" + path +
                             "': " + toString(tensor.takeError()));
  return tensor;
}

} // namespace mlir::bnn
