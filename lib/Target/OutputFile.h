//===- OutputFile.h - Files that appear whole or not at all -----*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>
#include <string>
#include <vector>

namespace mlir::bnn {

/// A set of files that appear together. Each is written beside its final path
/// under another name; commit() gives all of them their names. Without a
/// commit() nothing is left behind.
class OutputFiles {
public:
  OutputFiles() = default;
  OutputFiles(const OutputFiles &) = delete;
  OutputFiles &operator=(const OutputFiles &) = delete;
  ~OutputFiles();

  /// Writes one file by calling `write`. "-" is the standard output, which is
  /// written at once, as is a device or a pipe. Fails, naming the path and the
  /// reason, when the folder is missing or cannot be written, when the disk is
  /// full, when nobody reads a pipe any more, or when `write` fails.
  llvm::Error add(llvm::StringRef path,
                  llvm::function_ref<llvm::Error(llvm::raw_ostream &)> write);

  /// Gives the files their names. Fails, naming the path; files that were not
  /// there before are then gone again.
  llvm::Error commit();

private:
  struct Pending {
    llvm::sys::fs::TempFile file;
    std::string path;
  };
  std::vector<Pending> pending;
};

/// Writes one file: whole or not at all.
llvm::Error
writeFile(llvm::StringRef path,
          llvm::function_ref<llvm::Error(llvm::raw_ostream &)> write);

/// The files that a tool reads and those that it will write, none of which may
/// be another one, however the two are spelt: "./a" is "a", and a link is what
/// it leads to. A file that is not there yet is known by its folder and name.
class DistinctFiles {
public:
  /// `what` names the file in messages: "the header". "-" is not known here.
  void addInput(const llvm::Twine &what, llvm::StringRef path);
  /// Fails where `path` is a file that was added. "-" is the standard output.
  llvm::Error addOutput(const llvm::Twine &what, llvm::StringRef path);

private:
  struct File {
    std::string what, path;
    std::string realPath;                      ///< Without links; "-" stays.
    std::optional<llvm::sys::fs::UniqueID> id; ///< If it is there.
    bool isInput;

    bool is(const File &other) const {
      return realPath == other.realPath || (id && other.id && *id == *other.id);
    }
  };
  static File describe(const llvm::Twine &what, llvm::StringRef path,
                       bool isInput);
  std::vector<File> files;
};

/// Makes the process see failed writes as errors: a closed pipe and a file that
/// is too large as any other, and the standard output's at the latest when the
/// process exits, with code 2 and a message. To be called once, after InitLLVM,
/// which must not handle pipes.
void reportFailedWrites();

} // namespace mlir::bnn
