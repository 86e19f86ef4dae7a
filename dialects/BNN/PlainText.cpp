//===- PlainText.cpp - Names that show what they are ----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/BNN/PlainText.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace mlir::bnn {

static bool isHidden(UTF32 character) {
  return character < 0x20 || (character >= 0x7f && character <= 0x9f) ||
         character == 0x61c || character == 0x200e || character == 0x200f ||
         (character >= 0x2028 && character <= 0x202e) ||
         (character >= 0x2066 && character <= 0x2069);
}

/// Calls `take` for each character with its bytes; nothing in place of one that
/// is no UTF-8.
static void
forEachCharacter(StringRef text,
                 function_ref<void(StringRef, std::optional<UTF32>)> take) {
  while (!text.empty()) {
    auto *begin = reinterpret_cast<const UTF8 *>(text.data());
    size_t length = getNumBytesForUTF8(*begin);
    UTF32 character = 0, *end = &character;
    const UTF8 *at = begin;
    if (length > text.size() || !isLegalUTF8Sequence(begin, begin + length) ||
        ConvertUTF8toUTF32(&at, begin + length, &end, end + 1,
                           strictConversion) != conversionOK) {
      take(text.take_front(), std::nullopt);
      text = text.drop_front();
      continue;
    }
    take(text.take_front(length), character);
    text = text.drop_front(length);
  }
}

bool isPlainText(StringRef text) {
  bool plain = true;
  forEachCharacter(text, [&](StringRef, std::optional<UTF32> character) {
    plain &= character && !isHidden(*character);
  });
  return plain;
}

static std::string escape(StringRef text, StringRef keep) {
  std::string result;
  forEachCharacter(text, [&](StringRef bytes, std::optional<UTF32> character) {
    if (!character)
      result += formatv("\\x{0:x-2}", uint8_t(bytes.front()));
    else if (isHidden(*character) && !keep.contains(bytes))
      result += formatv("\\u{0:x-4}", *character);
    else
      result += bytes;
  });
  return result;
}

std::string escapeHidden(StringRef text) { return escape(text, ""); }

std::string escapeHiddenLines(StringRef text) { return escape(text, "\n\t"); }

} // namespace mlir::bnn
