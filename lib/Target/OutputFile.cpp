//===- OutputFile.cpp - Files that appear whole or not at all -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Target/OutputFile.h"

#include "llvm/Support/Path.h"
#include <csignal>
#include <cstdlib>
#include <unistd.h>

using namespace llvm;

namespace mlir::bnn {

static Error describe(StringRef path, Error error) {
  return createStringError("cannot write '" + path +
                           "': " + toString(std::move(error)));
}

/// Writes all of a stream; an error of the stream itself is reported here, and
/// not by its destructor, which ends the process.
static Error writeAll(raw_fd_ostream &out, StringRef path,
                      function_ref<Error(raw_ostream &)> write) {
  Error error = write(out);
  out.flush();
  std::error_code code = out.error();
  out.clear_error();
  if (!code)
    return error;
  consumeError(std::move(error));
  return describe(path, errorCodeToError(code));
}

OutputFiles::~OutputFiles() {
  for (Pending &entry : pending)
    consumeError(entry.file.discard());
}

Error OutputFiles::add(StringRef path,
                       function_ref<Error(raw_ostream &)> write) {
  if (path == "-")
    return writeAll(outs(), "<standard output>", write);
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
      return writeAll(out, path, write);
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
  return writeAll(out, path, write);
}

Error OutputFiles::commit() {
  std::vector<std::string> created;
  while (!pending.empty()) {
    Pending entry = std::move(pending.back());
    pending.pop_back();
    // Temporary files are readable by their owner only: give this one what a
    // plain new file would get.
    unsigned mask = sys::fs::getUmask();
    (void)sys::fs::setPermissions(
        entry.file.FD, static_cast<sys::fs::perms>(
                           (sys::fs::all_read | sys::fs::all_write) & ~mask));
    const bool isNew = !sys::fs::exists(entry.path);
    if (Error error = entry.file.keep(entry.path)) {
      consumeError(entry.file.discard());
      for (const std::string &path : created)
        sys::fs::remove(path);
      return describe(entry.path, std::move(error));
    }
    if (isNew)
      created.push_back(entry.path);
  }
  return Error::success();
}

Error writeFile(StringRef path, function_ref<Error(raw_ostream &)> write) {
  OutputFiles files;
  if (Error error = files.add(path, write))
    return error;
  return files.commit();
}

/// `path` without links, "." and "..", if only its folder is there.
static std::string realPathOf(StringRef path) {
  SmallString<256> current(path), real;
  // A link to nothing is followed to where a file would appear.
  for (int links = 0; links < 40; ++links) {
    if (!sys::fs::real_path(current, real))
      return real.str().str();
    SmallString<256> target;
    target.resize_for_overwrite(4096);
    ssize_t length = readlink(current.c_str(), target.data(), target.size());
    if (length < 0)
      break;
    target.truncate(size_t(length));
    if (sys::path::is_relative(target)) {
      SmallString<256> whole(sys::path::parent_path(current));
      sys::path::append(whole, target);
      target = whole;
    }
    current = target;
  }
  StringRef folder = sys::path::parent_path(current);
  if (sys::fs::real_path(folder.empty() ? "." : folder, real)) {
    // Nothing can be written there.
    sys::fs::make_absolute(current);
    return current.str().str();
  }
  sys::path::append(real, sys::path::filename(current));
  return real.str().str();
}

DistinctFiles::File DistinctFiles::describe(const Twine &what, StringRef path,
                                            bool isInput) {
  File file{what.str(), path.str(), path.str(), std::nullopt, isInput};
  sys::fs::file_status status;
  std::error_code code;
  if (path == "-") {
    code = sys::fs::status(STDOUT_FILENO, status);
  } else {
    file.realPath = realPathOf(path);
    code = sys::fs::status(path, status);
  }
  // What is written to a terminal or to /dev/null by two names is not lost.
  if (!code && status.type() != sys::fs::file_type::character_file)
    file.id = status.getUniqueID();
  return file;
}

void DistinctFiles::addInput(const Twine &what, StringRef path) {
  files.push_back(describe(what, path, /*isInput=*/true));
}

Error DistinctFiles::addOutput(const Twine &what, StringRef path) {
  File file = describe(what, path, /*isInput=*/false);
  for (const File &other : files) {
    if (!file.is(other))
      continue;
    if (other.isInput)
      return createStringError(file.what + " would replace " + other.what +
                               " '" + other.path + "'; write it elsewhere");
    return createStringError(other.what + " and " + file.what +
                             " would go to the same place, '" + file.path +
                             "'; name another file for one of them");
  }
  files.push_back(std::move(file));
  return Error::success();
}

void reportFailedWrites() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  // Both streams are made before the handler is, so it runs before they end,
  // which they do with an abort where an error is left.
  outs();
  errs();
  std::atexit([] {
    outs().flush();
    std::error_code code = outs().error();
    outs().clear_error();
    if (code)
      errs() << "error: cannot write '<standard output>': " << code.message()
             << '\n';
    errs().clear_error();
    if (code)
      _exit(2);
  });
}

} // namespace mlir::bnn
