//===- foreign.c - A descriptor that bnn-run refuses ----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What another compiler might leave: a descriptor of another version, or for
// another machine.
//
//===----------------------------------------------------------------------===//

#include "bnn/types.h"

extern int32_t defined_nowhere(void);

const bnn_model_info *m_describe(uint32_t max_abi) {
  static bnn_model_info info = {
      .name = "m", .target_triple = "", .target_cpu = "of-tomorrow"};
#if defined(NEWER)
  return max_abi ? 0 : &info;
#elif defined(UNLINKED)
  return defined_nowhere() ? 0 : &info;
#else
  info.abi_version = max_abi + OLDER;
  info.required_cpu_features = ~(uint64_t)0;
  return &info;
#endif
}
