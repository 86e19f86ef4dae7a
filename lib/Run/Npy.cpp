//===- Npy.cpp - NumPy's array files --------------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Run/Npy.h"

#include "bnn/types.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Endian.h"

using namespace llvm;

namespace mlir::bnn {

static const StringLiteral magic("\x93NUMPY");

namespace {
/// What the header's dictionary says.
struct Header {
  std::string descr;
  bool fortranOrder = false;
  std::vector<int64_t> shape;
};

/// Parses the header, a Python dictionary such as
/// {'descr': '<f4', 'fortran_order': False, 'shape': (2, 16), }.
class HeaderParser {
public:
  explicit HeaderParser(StringRef text) : rest(text) {}

  Error parse(Header &header) {
    bool descr = false, order = false, shape = false;
    if (!take("{"))
      return malformed();
    while (!take("}")) {
      std::string key;
      if (!string(key) || !take(":"))
        return malformed();
      bool ok = false;
      if (key == "descr") {
        if (peek() == '[')
          return createStringError("its elements are records: save a plain "
                                   "array");
        ok = descr = string(header.descr);
      } else if (key == "fortran_order") {
        ok = order = boolean(header.fortranOrder);
      } else if (key == "shape") {
        ok = shape = tuple(header.shape);
      }
      if (!ok)
        return malformed();
      if (!take(",") && peek() != '}')
        return malformed();
    }
    return descr && order && shape ? Error::success() : malformed();
  }

private:
  static Error malformed() {
    return createStringError("its NPY header is malformed");
  }
  char peek() {
    rest = rest.ltrim();
    return rest.empty() ? '\0' : rest.front();
  }
  bool take(StringRef token) {
    rest = rest.ltrim();
    return rest.consume_front(token);
  }
  bool string(std::string &value) {
    char quote = peek();
    if (quote != '\'' && quote != '"')
      return false;
    size_t end = rest.find(quote, 1);
    if (end == StringRef::npos)
      return false;
    value = rest.slice(1, end).str();
    rest = rest.drop_front(end + 1);
    return true;
  }
  bool boolean(bool &value) {
    value = take("True");
    return value || take("False");
  }
  bool tuple(std::vector<int64_t> &values) {
    if (!take("("))
      return false;
    while (!take(")")) {
      uint64_t value;
      if (!isDigit(peek()) || rest.consumeInteger(10, value) ||
          value > INT64_MAX)
        return false;
      values.push_back(static_cast<int64_t>(value));
      if (!take(",") && peek() != ')')
        return false;
    }
    return true;
  }

  StringRef rest;
};
} // namespace

static Expected<int32_t> elementType(StringRef descr) {
  if (descr.starts_with(">"))
    return createStringError("its elements are big-endian ('" + descr +
                             "'): save array.astype(array.dtype."
                             "newbyteorder('<'))");
  int32_t type = StringSwitch<int32_t>(descr)
                     .Case("<f4", BNN_F32)
                     .Case("<f8", BNN_F64)
                     .Case("<f2", BNN_F16)
                     .Case("<u2", BNN_BF16)
                     .Case("<i8", BNN_I64)
                     .Case("<i4", BNN_I32)
                     .Cases("|b1", "<b1", BNN_BOOL)
                     .Cases("|i1", "<i1", BNN_I8)
                     .Cases("|u1", "<u1", BNN_U8)
                     .Default(0);
  if (!type)
    return createStringError("its element type '" + descr +
                             "' is not supported: use float32, float64, "
                             "float16, int64, int32, int8, uint8, bool, or "
                             "uint16 for the bits of bfloat16");
  return type;
}

Expected<HostTensor> parseNpy(StringRef bytes) {
  if (!bytes.consume_front(magic) || bytes.size() < 4)
    return createStringError("it is no NPY file");
  unsigned version = static_cast<unsigned char>(bytes[0]);
  bytes = bytes.drop_front(2);
  if (version < 1 || version > 3)
    return createStringError("its NPY version is " + Twine(version) +
                             "; 1 to 3 are supported");
  size_t lengthSize = version == 1 ? 2 : 4;
  if (bytes.size() < lengthSize)
    return createStringError("it ends within the header");
  size_t length = version == 1 ? support::endian::read16le(bytes.data())
                               : support::endian::read32le(bytes.data());
  bytes = bytes.drop_front(lengthSize);
  if (bytes.size() < length)
    return createStringError("it ends within the header");

  Header header;
  if (Error error = HeaderParser(bytes.take_front(length)).parse(header))
    return std::move(error);
  bytes = bytes.drop_front(length);
  if (header.fortranOrder && header.shape.size() > 1)
    return createStringError("it is in Fortran order: save "
                             "numpy.ascontiguousarray(array)");
  Expected<int32_t> type = elementType(header.descr);
  if (!type)
    return type.takeError();
  Expected<size_t> size = tensorBytes(*type, header.shape);
  if (!size)
    return size.takeError();
  if (bytes.size() != *size)
    return createStringError("it holds " + Twine(bytes.size()) +
                             " bytes of data where its header asks for " +
                             Twine(*size));
  HostTensor tensor{*type, header.shape, {bytes.begin(), bytes.end()}};
  if (*type == BNN_BOOL)
    for (char &value : tensor.data)
      value = value != 0;
  return tensor;
}

void writeNpy(const HostTensor &tensor, raw_ostream &out) {
  static constexpr const char *descriptions[] = {
      "", "<f4", "<i8", "<i4", "|b1", "|i1", "|u1", "<f8", "<f2", "<u2"};
  std::string header;
  raw_string_ostream stream(header);
  stream << "{'descr': '" << descriptions[tensor.elementType]
         << "', 'fortran_order': False, 'shape': (";
  interleaveComma(tensor.shape, stream);
  stream << (tensor.shape.size() == 1 ? ",), }" : "), }");
  // Data begins at a multiple of 64 bytes; a newline ends the header.
  size_t unpadded = magic.size() + 2 + 2 + header.size() + 1;
  header.append((64 - unpadded % 64) % 64, ' ');
  header += '\n';
  char length[2];
  support::endian::write16le(length, static_cast<uint16_t>(header.size()));
  out << magic << '\1' << '\0' << StringRef(length, 2) << header
      << StringRef(tensor.data.data(), tensor.data.size());
}

} // namespace mlir::bnn
