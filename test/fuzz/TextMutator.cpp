//===- TextMutator.cpp - Changes of MLIR as text --------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/fuzz/IRMutator.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace mlir::bnn::fuzz {

namespace {
/// What of a token may stand in place of another.
enum class Kind { Space, Number, Word, Value, String, Sign };

struct Token {
  Kind kind;
  std::string text;
};
} // namespace

static bool isWord(char c) { return isAlnum(c) || c == '_' || c == '.'; }

/// Cuts the first token off. The x of a shape is a token of its own.
static Token takeToken(StringRef &rest, bool afterSize) {
  auto take = [&](Kind kind, size_t length) {
    Token token{kind, rest.take_front(length).str()};
    rest = rest.drop_front(length);
    return token;
  };
  auto lengthOf = [&](size_t from, auto pred) {
    return std::min(rest.size(), rest.find_if_not(pred, from));
  };
  char c = rest.front();
  if (isSpace(c))
    return take(Kind::Space, lengthOf(0, isSpace));
  if (afterSize && c == 'x')
    return take(Kind::Sign, 1);
  if (isDigit(c))
    return take(Kind::Number, lengthOf(0, isDigit));
  if (c == '"') {
    size_t end = rest.find('"', 1);
    return take(Kind::String, end == StringRef::npos ? rest.size() : end + 1);
  }
  if (StringRef("%^@").contains(c))
    return take(Kind::Value, lengthOf(1, isWord));
  if (isWord(c) || c == '#' || c == '!')
    return take(Kind::Word, lengthOf(1, isWord));
  return take(Kind::Sign, rest.starts_with("->") ? 2 : 1);
}

static std::vector<Token> split(StringRef text) {
  std::vector<Token> tokens;
  bool afterSize = false;
  while (!text.empty()) {
    tokens.push_back(takeToken(text, afterSize));
    const Token &last = tokens.back();
    afterSize =
        last.kind == Kind::Number || last.text == "?" || last.text == "]";
  }
  return tokens;
}

static std::string numberText(Choices &choices) {
  int64_t number = choices.interestingNumber();
  if (choices.oneIn(8))
    return "?";
  return number < 0 || choices.oneIn(2) ? utostr(choices.below(130))
                                        : itostr(number);
}

/// A token of the same kind that occurs elsewhere, or a number.
static std::string otherText(const std::vector<Token> &tokens,
                             const Token &token, Choices &choices) {
  if (token.kind == Kind::Number && choices.oneIn(2))
    return numberText(choices);
  std::vector<const Token *> same;
  for (const Token &other : tokens)
    if (other.kind == token.kind && other.text != token.text)
      same.push_back(&other);
  return same.empty() ? token.text : choices.from(same)->text;
}

std::string changedText(StringRef text, Choices &choices) {
  std::vector<Token> tokens = split(text);
  for (size_t n = 1 + choices.below(3); n-- && !tokens.empty();) {
    size_t at = choices.below(tokens.size());
    if (tokens[at].kind == Kind::Space && at + 1 < tokens.size())
      ++at;
    const std::string old = tokens[at].text;
    const std::string other = otherText(tokens, tokens[at], choices);
    switch (choices.below(6)) {
    case 0:
    case 1:
      tokens[at].text = other;
      break;
    case 2:
    case 3: // Wherever it occurs, so that types still agree.
      for (Token &token : tokens)
        if (token.text == old)
          token.text = other;
      break;
    case 4:
      tokens.erase(tokens.begin() + at);
      break;
    case 5:
      tokens.insert(tokens.begin() + at, choices.from(tokens));
      break;
    }
  }
  std::string result;
  for (const Token &token : tokens)
    result += token.text;
  return result;
}

} // namespace mlir::bnn::fuzz
