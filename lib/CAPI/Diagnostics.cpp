//===- Diagnostics.cpp - MLIR's diagnostics as C structs ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/CAPI/Diagnostics.h"
#include "dialects/BNN/PlainText.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"

using namespace mlir;

namespace mlir::bnn {

static int32_t severityOf(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Error:
    return BNN_SEVERITY_ERROR;
  case DiagnosticSeverity::Warning:
    return BNN_SEVERITY_WARNING;
  case DiagnosticSeverity::Remark:
    return BNN_SEVERITY_REMARK;
  case DiagnosticSeverity::Note:
    return BNN_SEVERITY_NOTE;
  }
  llvm_unreachable("no other severities");
}

void DiagnosticList::add(Diagnostic &diagnostic) {
  Entry &entry = entries.emplace_back();
  entry.message = escapeHiddenLines(diagnostic.str());
  FileLineColLoc file;
  // Of several, the first: where it came from, before rewrites.
  diagnostic.getLocation()->walk([&](Location location) {
    if (auto name = dyn_cast<NameLoc>(location); name && entry.node.empty())
      entry.node = escapeHidden(name.getName());
    if (auto found = dyn_cast<FileLineColLoc>(location); found && !file)
      file = found;
    return WalkResult::advance();
  });
  if (file)
    entry.file = file.getFilename().str();
  entry.view = {severityOf(diagnostic.getSeverity()),
                file ? file.getLine() : 0,
                file ? file.getColumn() : 0,
                entry.message.c_str(),
                entry.file.c_str(),
                entry.node.c_str()};
  for (Diagnostic &note : diagnostic.getNotes())
    add(note);
}

} // namespace mlir::bnn
