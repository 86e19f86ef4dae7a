//===- fuzz-pruning-record.cpp - Any bytes as a record of bnn-prune -------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Import/PruningRecord.h"
#include "test/fuzz/Fuzz.h"
#include <onnx/defs/parser.h>

using namespace mlir::bnn;

// Something of each kind that an edit may change; seeds.py names what is in it.
static const char model[] = R"(<ir_version: 8, opset_import: ["" : 17]>
  g (float[2, 4] x) => (float[2, 4] y)
  <float[4, 4] w = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
   float[4] b = {1, 2, 3, 4}, int64[2] shape = {2, 4}> {
    t = Transpose <perm = [1, 0]> (w)
    p = MatMul (x, t)
    s = Add (p, b)
    r = Reshape (s, shape)
    left, right = Split <axis = 1> (r)
    y = Concat <axis = 1> (left, right)
  })";

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto record = PruningRecord::read(
      fuzz::writeScratch("record.json", fuzz::textOf(data, size)));
  if (!record) {
    llvm::consumeError(record.takeError());
    return 0;
  }
  ::onnx::ModelProto whole;
  if (!::onnx::OnnxParser::Parse(whole, model).IsOK())
    fuzz::fail("the target's own model");
  if (llvm::Error error = record->apply(*whole.mutable_graph())) {
    llvm::consumeError(std::move(error));
    return 0;
  }
  fuzz::compileModelBytes(whole.SerializeAsString());
  return 0;
}
