//===- Compare.cpp - Outputs against what they should be ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Run/Compare.h"
#include "lib/Target/UniqueNames.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"

#include <cmath>

using namespace llvm;

namespace mlir::bnn {

/// The index of a flat position: "[0, 3]".
static std::string indexString(ArrayRef<int64_t> shape, size_t position) {
  std::vector<int64_t> index(shape.size());
  for (size_t axis = shape.size(); axis-- > 0;) {
    index[axis] = static_cast<int64_t>(position % shape[axis]);
    position /= shape[axis];
  }
  return shapeString(index);
}

/// 0 for two that count as equal, infinity where only one is a number.
static double difference(double got, double want) {
  if (got == want || (std::isnan(got) && std::isnan(want)))
    return 0;
  double result = std::fabs(got - want);
  return std::isnan(result) ? INFINITY : result;
}

Comparison compareTensors(const HostTensor &got, const HostTensor &want,
                          double tolerance) {
  Comparison result;
  raw_string_ostream out(result.text);
  if (got.elementType != want.elementType || got.shape != want.shape) {
    out << "is " << elementTypeName(got.elementType) << ' '
        << shapeString(got.shape) << ", expected "
        << elementTypeName(want.elementType) << ' ' << shapeString(want.shape);
    return result;
  }
  size_t count = got.size(), over = 0, worst = 0;
  double largest = 0;
  for (size_t i = 0; i < count; ++i) {
    double apart =
        difference(elementAsDouble(got, i), elementAsDouble(want, i));
    over += apart > tolerance;
    if (apart > largest) {
      largest = apart;
      worst = i;
    }
  }
  result.equal = over == 0;
  if (over == 0) {
    out << "matches, largest difference " << format("%g", largest);
    return result;
  }
  out << over << " of " << count << " elements differ by more than "
      << format("%g", tolerance) << "; largest difference "
      << format("%g", largest) << " at " << indexString(got.shape, worst)
      << ": got " << format("%.9g", elementAsDouble(got, worst))
      << ", expected " << format("%.9g", elementAsDouble(want, worst));
  return result;
}

std::vector<std::string> outputFileNames(ArrayRef<NamedTensor> outputs) {
  std::vector<std::string> names;
  UniqueNames unique;
  for (const NamedTensor &output : outputs) {
    std::string name = output.name;
    for (char &c : name)
      if (!isAlnum(c) && c != '.' && c != '-' && c != '_')
        c = '_';
    if (name.empty() || name.front() == '.')
      name.replace(0, 1, "_");
    names.push_back(unique.take(name));
  }
  return names;
}

Expected<HostTensor> readExpected(StringRef folder, StringRef name) {
  SmallString<128> npy(folder), pb(folder);
  sys::path::append(npy, name + ".npy");
  sys::path::append(pb, name + ".pb");
  if (sys::fs::exists(npy))
    return readTensorFile(npy);
  if (sys::fs::exists(pb))
    return readTensorFile(pb);
  return createStringError("there is neither '" + npy.str() + "' nor '" +
                           pb.str() + "' to compare with");
}

} // namespace mlir::bnn
