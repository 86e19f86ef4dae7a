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
enum class Message { Model, Graph, Node, Attribute, Tensor };

// Field numbers of onnx.proto.
constexpr unsigned kModelGraph = 7, kGraphNode = 1, kGraphInitializer = 5,
                   kNodeAttribute = 5, kAttributeTensor = 5, kTensorRawData = 9,
                   kTensorExternalData = 13, kTensorDataLocation = 14,
                   kEntryKey = 1, kEntryValue = 2;
constexpr unsigned kExternal = 1;

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

class Walker {
public:
  Walker(ArrayRef<char> file, StringRef fileName)
      : file(file), fileName(fileName) {}

  Error copy(Message message, size_t at, size_t end, std::string &out) {
    while (at < end) {
      size_t start = at;
      uint64_t tag;
      if (!getVarint(at, end, tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
        return malformed(start);
      unsigned field = tag >> 3;
      uint64_t length = 0;
      switch (tag & 7) {
      case kVarint:
        if (!getVarint(at, end, length))
          return malformed(start);
        break;
      case kFixed64:
        length = 8;
        break;
      case kFixed32:
        length = 4;
        break;
      case kLength:
        if (!getVarint(at, end, length))
          return malformed(start);
        break;
      default:
        return malformed(start);
      }
      if ((tag & 7) != kVarint) {
        if (length > end - at)
          return createStringError(
              "the file is truncated or not an ONNX model: the field at byte " +
              Twine(start) + " needs " + Twine(length) + " bytes, " +
              Twine(end - at) + " are left; fetch or export it again");
        at += length;
      }
      if ((tag & 7) == kLength) {
        size_t begin = at - length;
        if (std::optional<Message> child = childOf(message, field)) {
          std::string inner;
          if (Error error = copy(*child, begin, at, inner))
            return error;
          putBytes(out, field, inner);
          continue;
        }
        if (message == Message::Tensor && field == kTensorRawData &&
            length >= kInlineBytes) {
          putEntry(out, "location", fileName);
          putEntry(out, "offset", std::to_string(begin));
          putEntry(out, "length", std::to_string(length));
          putVarint(out, kTensorDataLocation << 3 | kVarint);
          putVarint(out, kExternal);
          continue;
        }
      }
      out.append(file.data() + start, at - start);
    }
    return Error::success();
  }

private:
  static std::optional<Message> childOf(Message message, unsigned field) {
    switch (message) {
    case Message::Model:
      if (field == kModelGraph)
        return Message::Graph;
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
