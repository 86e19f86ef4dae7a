//===- OperatorPage.h - The operator table as a page ------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/Support/raw_ostream.h"
#include <map>
#include <string>

/// Compares the table with ONNX's own definitions: the names, the first opsets,
/// the numbers of inputs, the attributes with their defaults, and that no
/// element type is claimed that an operator does not have. Prints a line for
/// each difference.
bool checkTable();

/// Writes the table as Markdown. `runs`: how many cases each operator took part
/// in; `reasons`: how many cases were left out, and why; `total`: all that ran.
void writePage(llvm::raw_ostream &out,
               const std::map<std::string, unsigned> &runs,
               const std::map<std::string, unsigned> &reasons, unsigned total,
               unsigned all);
