//===- tiny.h - What tiny.onnx is run on ------------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What test/models/tiny.onnx is run on. Comes after the header of a model.
//
//===----------------------------------------------------------------------===//
#ifndef TEST_TARGET_TINY_H
#define TEST_TARGET_TINY_H

enum { rows = 2, columns = 9, classes = 2 };

/* Runs it on two sentences, the last two tokens of which are padding. */
static int run_tiny(bnn_run_function run, void *workspace, float *logits) {
  int64_t ids[rows * columns], mask[rows * columns], types[rows * columns];
  bnn_tensor inputs[3] = {{ids, {rows, columns}},
                          {mask, {rows, columns}},
                          {types, {rows, columns}}};
  bnn_tensor outputs[1] = {{logits, {0}}};
  int i;
  for (i = 0; i < rows * columns; ++i) {
    ids[i] = 1 + i;
    mask[i] = i % columns < 7;
    types[i] = 0;
  }
  return run(inputs, outputs, workspace, NULL) == BNN_OK &&
         outputs[0].shape[0] == rows && outputs[0].shape[1] == classes;
}

#endif
