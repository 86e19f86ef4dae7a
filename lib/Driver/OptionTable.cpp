//===- OptionTable.cpp - Options that are defined once --------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Driver/OptionTable.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/CommandLine.h"

using namespace llvm;

namespace mlir::bnn {

// Values are kept as they are typed: readers see them when all is parsed, so
// that their errors are the tool's to print.
struct OptionTable::CommandLine {
  explicit CommandLine(StringRef title) : category(title) {}

  cl::OptionCategory category;
  // One of the two for each option, in the order of the table.
  std::vector<std::unique_ptr<cl::opt<bool>>> flags;
  std::vector<std::unique_ptr<cl::list<std::string>>> values;
};

OptionTable::OptionTable(std::string title) : title(std::move(title)) {}
OptionTable::~OptionTable() = default;

void OptionTable::addFlag(StringRef name, std::string help, bool &flag) {
  options.push_back(
      {name.str(), "", std::move(help), Kind::Flag, [&flag](StringRef) {
         flag = true;
         return Error::success();
       }});
}

void OptionTable::addValue(StringRef name, StringRef valueName,
                           std::string help, Reader read) {
  options.push_back({name.str(), valueName.str(), std::move(help), Kind::Value,
                     std::move(read)});
}

void OptionTable::addValue(StringRef name, StringRef valueName,
                           std::string help, std::string &value) {
  addValue(name, valueName, std::move(help), [&value](StringRef text) {
    value = text.str();
    return Error::success();
  });
}

void OptionTable::addList(StringRef name, StringRef valueName, std::string help,
                          Reader read) {
  options.push_back({name.str(), valueName.str(), std::move(help), Kind::List,
                     std::move(read)});
}

void OptionTable::addPrefix(StringRef name, StringRef valueName,
                            std::string help, Reader read) {
  options.push_back({name.str(), valueName.str(), std::move(help), Kind::Prefix,
                     std::move(read)});
}

Error OptionTable::readOne(Option &option, StringRef value) {
  if (option.given &&
      (option.kind == Kind::Value || option.kind == Kind::Prefix))
    return createStringError(option.spelling() + " is given twice");
  option.given = true;
  return option.read(value);
}

Error OptionTable::readArgument(StringRef argument) {
  StringRef text = argument;
  if (!text.consume_front("--") && !text.consume_front("-"))
    return createStringError("'" + argument +
                             "' is no option: they are of the form --name or "
                             "--name=value");
  auto [name, value] = text.split('=');
  const bool hasValue = text.contains('=');
  for (Option &option : options) {
    if (option.kind == Kind::Prefix && text.starts_with(option.name) &&
        !argument.starts_with("--"))
      return readOne(option, text.drop_front(option.name.size()));
    if (option.name != name || option.kind == Kind::Prefix)
      continue;
    if (hasValue != (option.kind != Kind::Flag))
      return createStringError(option.spelling() +
                               (hasValue ? " takes no value"
                                         : " needs a value, as in --" + name +
                                               "=" + option.valueName));
    return readOne(option, value);
  }
  return createStringError("unknown option '" + argument + "'");
}

Error OptionTable::read(ArrayRef<StringRef> arguments) {
  for (StringRef argument : arguments)
    if (Error error = readArgument(argument))
      return error;
  return Error::success();
}

cl::OptionCategory &OptionTable::registerCommandLine() {
  registered = std::make_unique<CommandLine>(title);
  for (const Option &option : options) {
    cl::desc help(option.help);
    cl::cat category(registered->category);
    auto &flag = registered->flags.emplace_back();
    auto &values = registered->values.emplace_back();
    if (option.kind == Kind::Flag) {
      flag = std::make_unique<cl::opt<bool>>(StringRef(option.name), help,
                                             category);
      continue;
    }
    values = std::make_unique<cl::list<std::string>>(
        StringRef(option.name), help, category,
        cl::value_desc(option.valueName),
        option.kind == Kind::Prefix ? cl::Prefix : cl::NormalFormatting);
  }
  return registered->category;
}

Error OptionTable::readCommandLine() {
  for (auto [option, flag, values] :
       zip_equal(options, registered->flags, registered->values)) {
    if (flag && *flag)
      if (Error error = readOne(option, ""))
        return error;
    if (values)
      for (StringRef value : *values)
        if (Error error = readOne(option, value))
          return error;
  }
  return Error::success();
}

std::vector<std::string> OptionTable::given() const {
  std::vector<std::string> names;
  for (const Option &option : options)
    if (option.given)
      names.push_back(option.spelling());
  return names;
}

bool OptionTable::isGiven(StringRef name) const {
  return any_of(options, [&](const Option &option) {
    return option.given && option.name == name;
  });
}

} // namespace mlir::bnn
