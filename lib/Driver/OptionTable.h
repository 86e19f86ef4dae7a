//===- OptionTable.h - Options that are defined once ------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace llvm::cl {
class OptionCategory;
} // namespace llvm::cl

namespace mlir::bnn {

/// Options that fill a struct, each defined once: its name, its help and how
/// its value is read. A tool gives them to its command line; a library is given
/// the same strings as an array, in any number of threads, each with its own
/// table. Nothing is global until registerCommandLine() is called.
class OptionTable {
public:
  /// Reads one value; fails with a sentence.
  using Reader = std::function<llvm::Error(llvm::StringRef)>;

  /// The title of the options in --help.
  explicit OptionTable(std::string title);
  ~OptionTable();

  /// `--name`, which sets `flag`.
  void addFlag(llvm::StringRef name, std::string help, bool &flag);
  /// `--name=value`, once.
  void addValue(llvm::StringRef name, llvm::StringRef valueName,
                std::string help, Reader read);
  void addValue(llvm::StringRef name, llvm::StringRef valueName,
                std::string help, std::string &value);
  /// `--name=value`, any number of times.
  void addList(llvm::StringRef name, llvm::StringRef valueName,
               std::string help, Reader read);
  /// `-Ovalue`, once.
  void addPrefix(llvm::StringRef name, llvm::StringRef valueName,
                 std::string help, Reader read);

  /// Reads options as they stand on a command line: "--mcpu=haswell", "-O2".
  /// Fails on the first that is unknown or malformed.
  llvm::Error read(llvm::ArrayRef<llvm::StringRef> arguments);

  /// Adds the options to llvm::cl's, and returns their category, for
  /// HideUnrelatedOptions(). The table must outlive the parsing.
  llvm::cl::OptionCategory &registerCommandLine();
  /// Reads what llvm::cl has parsed. Fails on the first that is malformed.
  llvm::Error readCommandLine();

  /// The options that were read, as "--name", in the order of the table.
  std::vector<std::string> given() const;
  bool isGiven(llvm::StringRef name) const;

private:
  enum class Kind { Flag, Value, List, Prefix };
  struct Option {
    std::string name, valueName, help;
    Kind kind;
    Reader read;
    bool given = false;

    /// As it is typed, for messages.
    std::string spelling() const {
      return (kind == Kind::Prefix ? "-" : "--") + name;
    }
  };

  llvm::Error readOne(Option &option, llvm::StringRef value);
  llvm::Error readArgument(llvm::StringRef argument);

  /// llvm::cl's side of the options.
  struct CommandLine;

  std::string title;
  std::vector<Option> options;
  std::unique_ptr<CommandLine> registered;
};

} // namespace mlir::bnn
