//===- TensorProto.cpp - ONNX's tensor files ------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Run/TensorProto.h"

#include "bnn/types.h"
#include "llvm/ADT/StringExtras.h"

#include <onnx/onnx_pb.h>

#include <climits>

using namespace llvm;

namespace mlir::bnn {

static int32_t elementType(int32_t type) {
  switch (type) {
  case ::onnx::TensorProto::FLOAT:
    return BNN_F32;
  case ::onnx::TensorProto::DOUBLE:
    return BNN_F64;
  case ::onnx::TensorProto::FLOAT16:
    return BNN_F16;
  case ::onnx::TensorProto::BFLOAT16:
    return BNN_BF16;
  case ::onnx::TensorProto::INT64:
    return BNN_I64;
  case ::onnx::TensorProto::INT32:
    return BNN_I32;
  case ::onnx::TensorProto::BOOL:
    return BNN_BOOL;
  case ::onnx::TensorProto::INT8:
    return BNN_I8;
  case ::onnx::TensorProto::UINT8:
    return BNN_U8;
  default:
    return 0;
  }
}

/// Appends each value of a repeated field as a T.
template <typename T, typename Field>
static void append(const Field &field, std::vector<char> &data) {
  for (auto value : field) {
    T element = static_cast<T>(value);
    const char *bytes = reinterpret_cast<const char *>(&element);
    data.insert(data.end(), bytes, bytes + sizeof(T));
  }
}

static std::vector<char> readData(const ::onnx::TensorProto &proto,
                                  int32_t type) {
  if (proto.has_raw_data())
    return {proto.raw_data().begin(), proto.raw_data().end()};
  std::vector<char> data;
  if (type == BNN_F32)
    append<float>(proto.float_data(), data);
  else if (type == BNN_F64)
    append<double>(proto.double_data(), data);
  else if (type == BNN_I64)
    append<int64_t>(proto.int64_data(), data);
  else if (type == BNN_I32)
    append<int32_t>(proto.int32_data(), data);
  else if (type == BNN_F16 || type == BNN_BF16)
    append<uint16_t>(proto.int32_data(), data);
  else // ONNX keeps the one-byte types in int32_data.
    append<uint8_t>(proto.int32_data(), data);
  return data;
}

Expected<HostTensor> parseTensorProto(StringRef bytes) {
  ::onnx::TensorProto proto;
  if (bytes.size() > INT_MAX ||
      !proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return createStringError("it is no ONNX TensorProto, or it is truncated");
  int32_t type = elementType(proto.data_type());
  if (!type)
    return createStringError(
        "its element type, number " + Twine(proto.data_type()) +
        " of ONNX, is not supported: use FLOAT, DOUBLE, FLOAT16, BFLOAT16, "
        "INT64, INT32, INT8, UINT8 or BOOL");
  if (proto.data_location() == ::onnx::TensorProto::EXTERNAL)
    return createStringError("its data is in another file: save it inside");
  HostTensor tensor;
  tensor.elementType = type;
  tensor.shape.assign(proto.dims().begin(), proto.dims().end());
  Expected<size_t> size = tensorBytes(type, tensor.shape);
  if (!size)
    return size.takeError();
  tensor.data = readData(proto, type);
  if (tensor.data.size() != *size)
    return createStringError("it holds " + Twine(tensor.data.size()) +
                             " bytes of data where its shape " +
                             shapeString(tensor.shape) + " asks for " +
                             Twine(*size));
  if (type == BNN_BOOL)
    for (char &value : tensor.data)
      value = value != 0;
  return tensor;
}

} // namespace mlir::bnn
