//===- SeparateWorkspace.cpp - Memory of the model alone ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sum of BERT's embeddings stands in a loop of the model's function, with
// the row of a table that an input has: LLVM read the row's number again for
// each number of the sum, which lies in the workspace and might have been the
// input. Where LLVM compares addresses before a loop to make vectors of it, as
// on x86, that is no matter.
//
//===----------------------------------------------------------------------===//
#include "lib/Target/SeparateWorkspace.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

void mlir::bnn::separateWorkspace(Module &module, const TargetSpec &spec,
                                  StringRef prefix) {
  Function *main = module.getFunction((prefix + "_main").str());
  if (!main || Triple(spec.triple).isX86())
    return;
  // A buffer is two pointers, of which the second is used, and integers; the
  // hook of a model that is profiled and its context come after it.
  for (unsigned i = main->arg_size(); i-- > 1;)
    if (main->getArg(i)->getType()->isIntegerTy() &&
        main->getArg(i - 1)->getType()->isPointerTy()) {
      main->addParamAttr(i - 1, llvm::Attribute::NoAlias);
      return;
    }
}
