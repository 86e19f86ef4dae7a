//===- WireSkeleton.cpp - A model's bytes without its weights -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Import/WireSkeleton.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>

using namespace llvm;

namespace mlir::bnn {
namespace {
/// The messages on the way from a model to its tensors' data.
enum class Message { Model, Function, Graph, Node, Attribute, Tensor };

// Field numbers of onnx.proto.
constexpr unsigned kModelGraph = 7, kModelFunction = 25, kFunctionNode = 7,
                   kGraphNode = 1, kGraphInitializer = 5, kNodeAttribute = 5,
                   kAttributeTensor = 5, kAttributeGraph = 6,
                   kTensorRawData = 9, kTensorExternalData = 13,
                   kTensorDataLocation = 14, kEntryKey = 1, kEntryValue = 2;
constexpr int32_t kExternal = 1;
// Protobuf itself reads no message that is under a hundred others.
constexpr unsigned kMaxDepth = 100;

// Wire types of protobuf.
constexpr unsigned kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5;

void putVarint(std::string &out, uint64_t value) {
  while (value >= 0x80) {
    out.push_back(char(value | 0x80));
    value >>= 7;
  }
  out.push_back(char(value));
}

void putBytes(std::string &out, unsigned field, StringRef bytes) {
  putVarint(out, field << 3 | kLength);
  putVarint(out, bytes.size());
  out.append(bytes.data(), bytes.size());
}

void putEntry(std::string &out, StringRef key, StringRef value) {
  std::string entry;
  putBytes(entry, kEntryKey, key);
  putBytes(entry, kEntryValue, value);
  putBytes(out, kTensorExternalData, entry);
}

/// A field of a message. `value` is a varint's.
struct Field {
  unsigned number, wire;
  size_t start, begin, end; ///< Of the whole field, and of what it holds.
  uint64_t value;

  bool is(unsigned wantedNumber, unsigned wantedWire) const {
    return number == wantedNumber && wire == wantedWire;
  }
};

class Walker {
public:
  Walker(ArrayRef<char> file, StringRef fileName)
      : file(file), fileName(fileName) {}

  Error copy(Message message, size_t at, size_t end, std::string &out,
             unsigned depth = 0) {
    if (message == Message::Tensor)
      return copyTensor(at, end, out);
    while (at < end) {
      Expected<Field> field = next(at, end);
      if (!field)
        return field.takeError();
      std::optional<Message> child;
      if (field->wire == kLength && depth < kMaxDepth)
        child = childOf(message, field->number);
      if (!child) {
        putField(out, *field);
        continue;
      }
      std::string inner;
      if (Error error =
              copy(*child, field->begin, field->end, inner, depth + 1))
        return error;
      putBytes(out, field->number, inner);
    }
    return Error::success();
  }

private:
  /// The field at `at`, which becomes the next one's place.
  Expected<Field> next(size_t &at, size_t end) {
    const size_t start = at;
    uint64_t tag, value = 0, length = 0;
    if (!getVarint(at, end, tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
      return malformed(start);
    const unsigned wire = tag & 7;
    if (wire == kVarint || wire == kLength) {
      if (!getVarint(at, end, value))
        return malformed(start);
      length = wire == kLength ? value : 0;
    } else if (wire == kFixed64 || wire == kFixed32) {
      length = wire == kFixed64 ? 8 : 4;
    } else {
      return malformed(start);
    }
    if (length > end - at)
      return createStringError(
          "the file is truncated or not an ONNX model: the field at byte " +
          Twine(start) + " needs " + Twine(length) + " bytes, " +
          Twine(end - at) + " are left; fetch or export it again");
    Field field{unsigned(tag >> 3),  wire, start, at,
                at + size_t(length), value};
    at = field.end;
    return field;
  }

  void putField(std::string &out, const Field &field) {
    out.append(file.data() + field.start, field.end - field.start);
  }

  /// Where a tensor's data lies is only known at its end: of a field that comes
  /// twice the last counts, and data_location may follow what it is about.
  Error copyTensor(size_t at, size_t end, std::string &out) {
    std::optional<Field> raw;
    SmallVector<Field> external;
    bool isExternal = false;
    while (at < end) {
      Expected<Field> field = next(at, end);
      if (!field)
        return field.takeError();
      if (field->is(kTensorRawData, kLength)) {
        raw = *field;
      } else if (field->is(kTensorExternalData, kLength)) {
        external.push_back(*field);
      } else if (field->is(kTensorDataLocation, kVarint)) {
        // Protobuf keeps numbers that are no value of the enum aside.
        if (auto value = int32_t(field->value); value == 0 || value == 1)
          isExternal = value == kExternal;
      } else {
        putField(out, *field);
      }
    }
    const bool isLarge = raw && raw->end - raw->begin >= kInlineBytes;
    if (isExternal) {
      for (const Field &entry : external)
        putField(out, entry);
      // For the reader, who refuses a tensor with data in two places.
      if (raw)
        putBytes(out, kTensorRawData, "");
    } else if (isLarge) {
      putEntry(out, "location", fileName);
      putEntry(out, "offset", std::to_string(raw->begin));
      putEntry(out, "length", std::to_string(raw->end - raw->begin));
    } else if (raw) {
      putField(out, *raw);
    }
    if (isExternal || isLarge) {
      putVarint(out, kTensorDataLocation << 3 | kVarint);
      putVarint(out, kExternal);
    }
    return Error::success();
  }

  static std::optional<Message> childOf(Message message, unsigned field) {
    switch (message) {
    case Message::Model:
      if (field == kModelGraph)
        return Message::Graph;
      if (field == kModelFunction)
        return Message::Function;
      break;
    case Message::Function:
      if (field == kFunctionNode)
        return Message::Node;
      break;
    case Message::Graph:
      if (field == kGraphNode)
        return Message::Node;
      if (field == kGraphInitializer)
        return Message::Tensor;
      break;
    case Message::Node:
      if (field == kNodeAttribute)
        return Message::Attribute;
      break;
    case Message::Attribute:
      if (field == kAttributeTensor)
        return Message::Tensor;
      if (field == kAttributeGraph)
        return Message::Graph;
      break;
    case Message::Tensor:
      break;
    }
    return std::nullopt;
  }

  bool getVarint(size_t &at, size_t end, uint64_t &value) {
    value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at >= end)
        return false;
      uint8_t byte = file[at++];
      value |= uint64_t(byte & 0x7f) << shift;
      if (!(byte & 0x80))
        return true;
    }
    return false;
  }

  Error malformed(size_t at) {
    return createStringError(
        "the file is not an ONNX model: no protobuf field at byte " +
        Twine(at) + "; give a file that torch.onnx.export wrote");
  }

  ArrayRef<char> file;
  StringRef fileName;
};
} // namespace

Expected<std::string> makeSkeleton(ArrayRef<char> model, StringRef fileName) {
  std::string out;
  if (Error error =
          Walker(model, fileName).copy(Message::Model, 0, model.size(), out))
    return std::move(error);
  return out;
}
} // namespace mlir::bnn
