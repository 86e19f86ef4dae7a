//===- FloatProduct.cpp - Products of f32 with a bias ---------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/Support/FloatProduct.h"

using namespace mlir;
using namespace mlir::bnn;

Value bnn::createFloatProduct(OpBuilder &builder, Location loc, Value input,
                              Value weight, Value bias, Value out) {
  auto product = builder.create<MatmulOp>(
      loc, input, weight, /*zeros=*/Value(), bias, out,
      [](OpBuilder &b, Location loc, ValueRange arguments) {
        Value y = b.create<arith::AddFOp>(loc, arguments[0], arguments[1]);
        b.create<bnn::YieldOp>(loc, y);
      });
  return product.getResult(0);
}
