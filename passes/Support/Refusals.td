//===- Refusals.td - The option of passes that say why they refuse --------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_SUPPORT_REFUSALS
#define BNN_PASSES_SUPPORT_REFUSALS

include "mlir/Pass/PassBase.td"

def RemarksOption
    : Option<"remarks", "remarks", "bool", /*default=*/"false",
             "Say in a remark, of each operation that did not change, why">;

#endif // BNN_PASSES_SUPPORT_REFUSALS
