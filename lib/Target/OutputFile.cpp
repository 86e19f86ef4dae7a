//===- OutputFile.cpp - Files that appear whole or not at all -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Target/OutputFile.h"

#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"

using namespace llvm;

namespace mlir::bnn {

static Error describe(StringRef path, Error error) {
  return createStringError("cannot write '" + path +
                           "': " + toString(std::move(error)));
}

OutputFiles::~OutputFiles() {
  for (Pending &entry : pending)
    consumeError(entry.file.discard());
}

Error OutputFiles::add(StringRef path,
                       function_ref<Error(raw_ostream &)> write) {
  if (path == "-")
    return write(outs());
  // A rename would replace a device or a pipe by a plain file.
  sys::fs::file_status status;
  if (!sys::fs::status(path, status)) {
    if (sys::fs::is_directory(status))
      return describe(path, createStringError("it is a folder"));
    if (!sys::fs::is_regular_file(status)) {
      std::error_code code;
      raw_fd_ostream out(path, code);
      if (code)
        return describe(path, errorCodeToError(code));
      return write(out);
    }
  }
  Expected<sys::fs::TempFile> file = sys::fs::TempFile::create(
      path + ".tmp%%%%%%", sys::fs::all_read | sys::fs::all_write);
  if (!file) {
    StringRef folder = sys::path::parent_path(path);
    if (!folder.empty() && !sys::fs::is_directory(folder)) {
      consumeError(file.takeError());
      return describe(path,
                      createStringError("there is no folder '" + folder + "'"));
    }
    return describe(path, file.takeError());
  }
  pending.push_back({std::move(*file), path.str()});
  raw_fd_ostream out(pending.back().file.FD, /*shouldClose=*/false);
  Error error = write(out);
  out.flush();
  if (std::error_code code = out.error()) {
    out.clear_error();
    return joinErrors(std::move(error), describe(path, errorCodeToError(code)));
  }
  return error;
}

Error OutputFiles::commit() {
  while (!pending.empty()) {
    Pending entry = std::move(pending.back());
    pending.pop_back();
    // Temporary files are readable by their owner only: give this one what a
    // plain new file would get.
    unsigned mask = sys::fs::getUmask();
    (void)sys::fs::setPermissions(
        entry.file.FD, static_cast<sys::fs::perms>(
                           (sys::fs::all_read | sys::fs::all_write) & ~mask));
    if (Error error = entry.file.keep(entry.path)) {
      consumeError(entry.file.discard());
      return describe(entry.path, std::move(error));
    }
  }
  return Error::success();
}

Error writeFile(StringRef path, function_ref<Error(raw_ostream &)> write) {
  OutputFiles files;
  if (Error error = files.add(path, write))
    return error;
  return files.commit();
}

} // namespace mlir::bnn
