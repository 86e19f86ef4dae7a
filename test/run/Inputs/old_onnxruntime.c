//===- old_onnxruntime.c - An ONNX Runtime that is too old ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A library of ONNX Runtime that has no table of functions of the version that
// is asked for.
//
//===----------------------------------------------------------------------===//

#include <stdint.h>

static const void *get_api(uint32_t version) {
  (void)version;
  return 0;
}
static const char *get_version(void) { return "0.9"; }

struct OrtApiBase {
  const void *(*get_api)(uint32_t version);
  const char *(*get_version)(void);
};

const struct OrtApiBase *OrtGetApiBase(void) {
  static const struct OrtApiBase base = {get_api, get_version};
  return &base;
}
