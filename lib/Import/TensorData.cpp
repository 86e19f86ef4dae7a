//===- TensorData.cpp - ONNX tensors to attributes ------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Import/TensorData.h"
#include "dialects/ONNX/ConstantView.h"
#include "dialects/ONNX/HalfFloats.h"
#include "lib/Import/Import.h"
#include "lib/Import/MappedFiles.h"
#include "lib/Import/WireSkeleton.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
Expected<std::shared_ptr<DataFile>> openFile(StringRef path,
                                             MLIRContext *context) {
  sys::fs::file_status status;
  if (std::error_code error = sys::fs::status(path, status))
    return createStringError(error, error.message());
  if (!sys::fs::is_regular_file(status))
    return createStringError("not a regular file");
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getFile(path, /*IsText=*/false,
                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError(buffer.getError(), buffer.getError().message());
  auto file = std::make_shared<DataFile>();
  file->buffer = std::move(*buffer);
  if (file->buffer->getBufferKind() == MemoryBuffer::MemoryBuffer_MMap)
    file->registration = MappedFiles::of(context).add(file->bytes());
  return file;
}

mlir::Type getElementType(int32_t dataType, MLIRContext *context) {
  switch (dataType) {
  case ::onnx::TensorProto::FLOAT:
    return Float32Type::get(context);
  case ::onnx::TensorProto::DOUBLE:
    return Float64Type::get(context);
  case ::onnx::TensorProto::FLOAT16:
    return Float16Type::get(context);
  case ::onnx::TensorProto::BFLOAT16:
    return BFloat16Type::get(context);
  case ::onnx::TensorProto::INT32:
    return IntegerType::get(context, 32);
  case ::onnx::TensorProto::INT64:
    return IntegerType::get(context, 64);
  case ::onnx::TensorProto::INT8:
    return IntegerType::get(context, 8);
  case ::onnx::TensorProto::UINT8:
    return IntegerType::get(context, 8, IntegerType::Unsigned);
  case ::onnx::TensorProto::BOOL:
    return IntegerType::get(context, 1);
  default:
    return {};
  }
}

std::string nameOfDataType(int32_t dataType) {
  if (::onnx::TensorProto::DataType_IsValid(dataType))
    return ::onnx::TensorProto::DataType_Name(
        ::onnx::TensorProto::DataType(dataType));
  return "number " + std::to_string(dataType);
}

TensorReader::TensorReader(StringRef path, std::shared_ptr<DataFile> model,
                           std::function<void(StringRef)> onDataFile,
                           Check check, MLIRContext *context)
    : folder(sys::path::parent_path(path).str()),
      fileName(sys::path::filename(path).str()), model(std::move(model)),
      onDataFile(std::move(onDataFile)), check(std::move(check)),
      context(context) {
  if (folder.empty())
    folder = ".";
  // The model itself may be a link, as in the cache of the Hugging Face hub:
  // there a folder of links leads into one folder of blobs.
  SmallString<256> real;
  if (path != kStandardInput && !sys::fs::real_path(path, real))
    blobs = sys::path::parent_path(real).str();
}

/// Whether `path` lies below `folder`; both are real paths.
static bool isBelow(StringRef path, StringRef folder) {
  return !folder.empty() && path.consume_front(folder) &&
         (folder.ends_with("/") || path.starts_with("/"));
}

Expected<std::shared_ptr<DataFile>> TensorReader::open(StringRef location) {
  if (location == fileName)
    return model;
  auto it = files.find(location);
  if (it != files.end())
    return it->second;
  if (location.empty() || location.contains('\0') ||
      sys::path::is_absolute(location))
    return createStringError("external data location '" + location +
                             "' is not a relative path");
  // What the path really leads to must lie below the model's folder: neither
  // ".." nor a link may lead out. A link may lead to where the model's own link
  // leads as well: whoever could put it there could put the data here.
  SmallString<256> path(folder), realFolder, realPath;
  sys::path::append(path, location);
  if (std::error_code error = sys::fs::real_path(folder, realFolder))
    return createStringError(error, "cannot read folder '" + Twine(folder) +
                                        "': " + error.message());
  if (std::error_code error = sys::fs::real_path(path, realPath))
    return createStringError(error, "cannot read external data file '" +
                                        Twine(path) + "': " + error.message() +
                                        "; put it beside the model, under the "
                                        "name that the model gives it");
  const bool climbs = llvm::is_contained(
      llvm::make_range(sys::path::begin(location), sys::path::end(location)),
      "..");
  if (!isBelow(realPath, realFolder) && (climbs || !isBelow(realPath, blobs)))
    return createStringError(
        "external data file '" + Twine(location) +
        "' lies outside the model's folder; move it beside "
        "the model and save the model again");
  Expected<std::shared_ptr<DataFile>> file = openFile(realPath, context);
  if (!file)
    return createStringError("cannot read external data file '" + Twine(path) +
                             "': " + toString(file.takeError()));
  if (check)
    if (Error error = check(location, (*file)->bytes()))
      return std::move(error);
  files[location] = *file;
  if (onDataFile)
    onDataFile(realPath);
  return *file;
}

/// A key for a tensor's data that MLIR's parser reads back.
static std::string resourceKey(StringRef name) {
  std::string key = name.empty() || !isAlpha(name.front()) ? "tensor_" : "";
  for (char c : name)
    key += isAlnum(c) || c == '_' || c == '.' ? c : '_';
  return key;
}

/// `bytes` as an attribute; `owner` keeps them alive.
static ElementsAttr makeResource(RankedTensorType type, ArrayRef<char> bytes,
                                 std::shared_ptr<DataFile> owner,
                                 StringRef name) {
  // The file owes nobody an alignment; whoever needs one copies.
  return DenseResourceElementsAttr::get(
      type, resourceKey(name),
      UnmanagedAsmResourceBlob::allocateWithAlign(
          bytes, /*align=*/1,
          [owner = std::move(owner)](void *, size_t, size_t) mutable {
            owner.reset();
          }));
}

/// Small bytes (booleans one byte each) as an attribute.
static Expected<ElementsAttr> makeDense(RankedTensorType type,
                                        ArrayRef<char> bytes) {
  if (type.getElementType().isInteger(1)) {
    SmallVector<bool> bits;
    for (char byte : bytes) {
      if (byte != 0 && byte != 1)
        return createStringError("a boolean is neither 0 nor 1");
      bits.push_back(byte);
    }
    return ElementsAttr(DenseElementsAttr::get(type, bits));
  }
  return ElementsAttr(DenseElementsAttr::getFromRawBuffer(type, bytes));
}

/// The shape and element type of a tensor, and the bytes that its data takes.
struct TensorReader::Layout {
  RankedTensorType type;
  uint64_t width; ///< Of an element.
  uint64_t bytes;

  Error wrongSize(uint64_t got) const {
    return createStringError("the dimensions ask for " + Twine(bytes) +
                             " bytes of data, there are " + Twine(got));
  }
};

Expected<TensorReader::Layout>
TensorReader::layoutOf(const ::onnx::TensorProto &tensor) const {
  Type element = getElementType(tensor.data_type(), context);
  if (!element)
    return createStringError("element type " +
                             nameOfDataType(tensor.data_type()) +
                             " is not supported");
  uint64_t width = onnx::getElementBytes(element);
  SmallVector<int64_t> dims;
  uint64_t bytes = width;
  bool empty = false;
  for (int64_t dim : tensor.dims()) {
    if (dim < 0)
      return createStringError("dimension " + Twine(dim) + " is negative");
    dims.push_back(dim);
    empty |= dim == 0;
    // A zero elsewhere must not hide an overflow.
    if (dim && __builtin_mul_overflow(bytes, uint64_t(dim), &bytes))
      return createStringError("the dimensions overflow");
  }
  if (bytes > uint64_t(INT64_MAX))
    return createStringError("the dimensions overflow");
  return Layout{RankedTensorType::get(dims, element), width, empty ? 0 : bytes};
}

namespace {
/// Where a tensor's data lies in a file beside the model.
struct ExternalData {
  std::string location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
};
} // namespace

static Expected<ExternalData>
parseExternalData(const ::onnx::TensorProto &tensor) {
  ExternalData data;
  StringMap<bool> seen;
  for (const auto &entry : tensor.external_data()) {
    if (!seen.try_emplace(entry.key(), true).second)
      return createStringError("external data has the key '" +
                               Twine(entry.key()) + "' twice");
    uint64_t number = 0;
    bool isNumber = !StringRef(entry.value()).getAsInteger(10, number);
    if (entry.key() == "location") {
      data.location = entry.value();
    } else if (entry.key() == "offset") {
      if (!isNumber)
        return createStringError("external data offset is not a number");
      data.offset = number;
    } else if (entry.key() == "length") {
      if (!isNumber)
        return createStringError("external data length is not a number");
      data.length = number;
    }
  }
  return data;
}

/// The file that a tensor's data lies in, and where: `data`.
Expected<std::shared_ptr<DataFile>>
TensorReader::findExternal(const ::onnx::TensorProto &tensor,
                           const Layout &layout, ArrayRef<char> &data) {
  Expected<ExternalData> external = parseExternalData(tensor);
  if (!external)
    return external.takeError();
  Expected<std::shared_ptr<DataFile>> file = open(external->location);
  if (!file)
    return file.takeError();
  if (external->length && *external->length != layout.bytes)
    return layout.wrongSize(*external->length);
  ArrayRef<char> all = (*file)->bytes();
  if (external->offset > all.size() ||
      layout.bytes > all.size() - external->offset)
    return createStringError(
        "external data file '" + Twine(external->location) + "' has " +
        Twine(all.size()) + " bytes, the tensor needs " + Twine(layout.bytes) +
        " at offset " + Twine(external->offset) + "; fetch or export it again");
  data = all.slice(external->offset, layout.bytes);
  return *file;
}

Expected<ElementsAttr>
TensorReader::readExternal(const ::onnx::TensorProto &tensor,
                           const Layout &layout) {
  ArrayRef<char> data;
  Expected<std::shared_ptr<DataFile>> file = findExternal(tensor, layout, data);
  if (!file)
    return file.takeError();
  if (layout.bytes < kInlineBytes || layout.type.getElementType().isInteger(1))
    return makeDense(layout.type, data);
  return makeResource(layout.type, data, *file,
                      tensor.name().empty() ? "constant" : tensor.name());
}

/// The numbers of a typed field as bytes; those of ONNX's types that have no
/// field of their own lie in the one for int32.
static Error appendIntegers(const ::onnx::TensorProto &tensor, Type element,
                            std::string &data) {
  for (int32_t value : tensor.int32_data()) {
    bool isUnsigned = element.isUnsignedInteger();
    if (element.isInteger(32)) {
      data.append(reinterpret_cast<const char *>(&value), sizeof(value));
      continue;
    }
    if (onnx::isHalf(element)) {
      auto bits = uint16_t(value);
      if (bits != value)
        return createStringError("the element " + Twine(value) +
                                 " does not fit its type");
      data.append(reinterpret_cast<const char *>(&bits), sizeof(bits));
      continue;
    }
    if (element.isInteger(1) && value != 0 && value != 1)
      return createStringError("a boolean is neither 0 nor 1");
    if (!element.isInteger(1) && (value < (isUnsigned ? 0 : INT8_MIN) ||
                                  value > (isUnsigned ? UINT8_MAX : INT8_MAX)))
      return createStringError("the element " + Twine(value) +
                               " does not fit its type");
    data.push_back(char(value));
  }
  return Error::success();
}

/// The bytes of a tensor whose elements are in one of the typed fields.
static Expected<std::string> readTyped(const ::onnx::TensorProto &tensor,
                                       Type element) {
  std::string data;
  auto append = [&](const auto &values) {
    data.assign(reinterpret_cast<const char *>(values.data()),
                values.size() * sizeof(*values.data()));
  };
  if (element.isF32())
    append(tensor.float_data());
  else if (element.isF64())
    append(tensor.double_data());
  else if (element.isInteger(64))
    append(tensor.int64_data());
  else if (Error error = appendIntegers(tensor, element, data))
    return std::move(error);
  return data;
}

/// How many elements the typed field for this element type has.
static uint64_t countTyped(const ::onnx::TensorProto &tensor, Type element) {
  return element.isF32()         ? tensor.float_data_size()
         : element.isF64()       ? tensor.double_data_size()
         : element.isInteger(64) ? tensor.int64_data_size()
                                 : tensor.int32_data_size();
}

/// A constant with a copy of the bytes, which is mutable: or MLIR's own copying
/// into it is not allowed.
static ElementsAttr makeCopy(ShapedType type, ArrayRef<char> bytes,
                             const ::onnx::TensorProto &tensor) {
  return DenseResourceElementsAttr::get(
      type, resourceKey(tensor.name()),
      HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, 64));
}

Expected<ElementsAttr> TensorReader::read(const ::onnx::TensorProto &tensor) {
  if (tensor.has_segment())
    return createStringError("data in segments is not supported");
  Expected<Layout> layout = layoutOf(tensor);
  if (!layout)
    return layout.takeError();
  if (tensor.data_location() == ::onnx::TensorProto::EXTERNAL) {
    if (tensor.has_raw_data() ||
        countTyped(tensor, layout->type.getElementType()))
      return createStringError(
          "data_location is EXTERNAL, but there is data in "
          "the model's file as well; keep one of them");
    return readExternal(tensor, *layout);
  }
  if (tensor.has_raw_data()) {
    const std::string &data = tensor.raw_data();
    if (data.size() != layout->bytes)
      return layout->wrongSize(data.size());
    return makeDense(layout->type, ArrayRef<char>(data.data(), data.size()));
  }

  Type element = layout->type.getElementType();
  uint64_t count = countTyped(tensor, element);
  if (count != layout->bytes / layout->width)
    return layout->wrongSize(count * layout->width);
  Expected<std::string> data = readTyped(tensor, element);
  if (!data)
    return data.takeError();
  ArrayRef<char> bytes(data->data(), data->size());
  if (layout->bytes < kInlineBytes || element.isInteger(1))
    return makeDense(layout->type, bytes);
  return makeCopy(layout->type, bytes, tensor);
}
} // namespace mlir::bnn
