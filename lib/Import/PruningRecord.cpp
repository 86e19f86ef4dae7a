//===- PruningRecord.cpp - What bnn-prune has decided ---------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Import/PruningRecord.h"
#include "lib/Import/PruningEditor.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"

using namespace llvm;

namespace mlir::bnn {
/// What bnn-prune writes.
static constexpr StringLiteral kFormat = "bnn-prune 2";
/// Deeper than any record nests; the parser takes a frame for each level.
static constexpr unsigned kMaxDepth = 16;

/// Whether brackets nest deeper, in text that may be no JSON at all.
static bool isDeep(StringRef text) {
  unsigned depth = 0;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"')
      inString = !inString;
    else if (inString)
      i += c == '\\';
    else if (c == '[' || c == '{')
      ++depth;
    else if (c == ']' || c == '}')
      depth -= depth > 0;
    if (depth > kMaxDepth)
      return true;
  }
  return false;
}

Expected<PruningRecord> PruningRecord::read(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return createStringError("cannot read '" + path +
                             "': " + buffer.getError().message());
  PruningRecord record;
  record.name = sys::path::filename(path).str();
  auto refuse = [&](const Twine &why) {
    return createStringError("'" + Twine(record.name) +
                             "' is no record of bnn-prune: " + why);
  };
  if (isDeep((*buffer)->getBuffer()))
    return refuse("it nests too deep");
  Expected<json::Value> parsed = json::parse((*buffer)->getBuffer());
  if (!parsed)
    return refuse(toString(parsed.takeError()));
  json::Object *root = parsed->getAsObject();
  if (!root || root->getString("format") != kFormat)
    return refuse("its format is not '" + kFormat + "'");
  json::Object *files = root->getObject("files");
  json::Array *edits = root->getArray("edits");
  if (!files || !edits)
    return createStringError(
        "'" + Twine(record.name) +
        "' is the record of a run of bnn-prune that has not ended: run it "
        "again with the same options, which goes on from there");
  for (const auto &[file, digest] : *files) {
    auto text = digest.getAsString();
    if (!text)
      return refuse("the digest of '" + StringRef(file) + "' is no string");
    record.files[file] = text->str();
  }
  record.edits = std::move(*edits);
  return record;
}

Error PruningRecord::checkFile(StringRef file, ArrayRef<char> bytes) const {
  auto expected = files.find(file);
  SHA256 hash;
  hash.update(
      ArrayRef(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()));
  if (expected != files.end() &&
      expected->second == toHex(hash.final(), /*LowerCase=*/true))
    return Error::success();
  return createStringError(
      "'" + Twine(name) + "' is the record of another model: " +
      (file.empty() ? Twine("the file differs")
                    : "the external data '" + file + "' differ") +
      " from the one that bnn-prune was given; prune this one");
}

Error PruningRecord::apply(::onnx::GraphProto &graph) const {
  PruningEditor editor(graph);
  for (const auto &[i, edit] : llvm::enumerate(edits))
    if (Error error = editor.apply(edit))
      return createStringError("'" + Twine(name) + "', edit " + Twine(i) +
                               ": " + toString(std::move(error)));
  // Shapes inside of the graph may be others now.
  graph.clear_value_info();
  return Error::success();
}
} // namespace mlir::bnn
