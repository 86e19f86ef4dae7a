//===- BNNDialect.cpp - Types, layouts and registration -------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/BNN/BNN.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FoldInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::bnn;

#include "dialects/BNN/BNNDialect.cpp.inc"
#include "dialects/BNN/BNNEnums.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/BNN/BNNTypes.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/BNN/BNNAttributes.cpp.inc"

namespace {
// An epilogue keeps its constants: a kernel is made of what the op holds.
struct BNNFoldInterface : DialectFoldInterface {
  using DialectFoldInterface::DialectFoldInterface;
  bool shouldMaterializeInto(Region *region) const final {
    return isa<EpilogueOpInterface>(region->getParentOp());
  }
};
} // namespace

void BNNDialect::initialize() {
  addInterfaces<BNNFoldInterface>();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/BNN/BNNTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/BNN/BNNAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/BNN/BNNOps.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

LogicalResult
BitsType::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                 bool isSigned, unsigned width) {
  // [T1]
  if (width != 1 && width != 2 && width != 4 && width != 8)
    return emitError() << "a bit type has 1, 2, 4 or 8 bits, not " << width;
  return success();
}

int64_t BitsType::getLeast() const {
  return getIsSigned() ? -(int64_t(1) << (getWidth() - 1)) : 0;
}

int64_t BitsType::getMost() const {
  if (getWidth() == 1)
    return 1;
  return (int64_t(1) << (getWidth() - getIsSigned())) - 1;
}

Type BNNDialect::parseType(DialectAsmParser &parser) const {
  SMLoc loc = parser.getCurrentLocation();
  StringRef keyword;
  if (parser.parseKeyword(&keyword))
    return {};
  unsigned width = 0;
  StringRef digits = keyword.drop_front();
  // [T2]
  if ((keyword.front() != 's' && keyword.front() != 'u') ||
      digits.getAsInteger(10, width)) {
    parser.emitError(loc, "unknown bnn type '")
        << keyword << "'; expected s1, u1, s2, u2, s4, u4, s8 or u8";
    return {};
  }
  return BitsType::getChecked([&] { return parser.emitError(loc); },
                              getContext(), keyword.front() == 's', width);
}

void BNNDialect::printType(Type type, DialectAsmPrinter &printer) const {
  auto bits = cast<BitsType>(type);
  printer << (bits.getIsSigned() ? "s" : "u") << bits.getWidth();
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

static LogicalResult
verifyWord(llvm::function_ref<InFlightDiagnostic()> emitError, int64_t word) {
  // [R1]
  if (word != kWordBits)
    return emitError() << "words have " << kWordBits << " bits, not " << word;
  return success();
}

LogicalResult
RowsAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                 int64_t word, int64_t group, bool parity) {
  // [R2]
  if (group < 1)
    return emitError() << "a group has at least 1 element, not " << group;
  return verifyWord(emitError, word);
}

LogicalResult
PanelsAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                   int64_t lanes, int64_t word, int64_t group,
                   int64_t out_group, bool parity, bool running, bool) {
  // [P1]
  if (lanes != kLanes)
    return emitError() << "a panel has " << kLanes << " outputs, not " << lanes;
  // [P2]
  if (group < 1 || out_group < 1)
    return emitError() << "a group has at least 1 element";
  // [P6]
  if (parity && running)
    return emitError() << "words have a parity every other word, or are "
                          "running parities, not both";
  return verifyWord(emitError, word);
}

// A layout fits rows that its groups divide.
static LogicalResult
verifyGroups(ArrayRef<int64_t> shape, int64_t group,
             llvm::function_ref<InFlightDiagnostic()> emitError) {
  // [R4]
  if (shape.empty() || ShapedType::isDynamic(shape.back()))
    return emitError() << "a packed layout needs a static last dimension";
  // [R5]
  if (shape.back() % group)
    return emitError() << "groups of " << group << " do not divide a row of "
                       << shape.back();
  // [R6]
  if (!llvm::isInt<32>(shape.back()))
    return emitError() << "a row of " << shape.back()
                       << " elements is too long to be packed";
  return success();
}

LogicalResult RowsAttr::verifyEncoding(
    ArrayRef<int64_t> shape, Type elementType,
    llvm::function_ref<InFlightDiagnostic()> emitError) const {
  // [R3]
  if (auto bits = llvm::dyn_cast<BitsType>(elementType); !bits || bits.isByte())
    return emitError() << "a packed layout needs elements of a few bits, not "
                       << elementType;
  return verifyGroups(shape, getGroup(), emitError);
}

LogicalResult PanelsAttr::verifyEncoding(
    ArrayRef<int64_t> shape, Type elementType,
    llvm::function_ref<InFlightDiagnostic()> emitError) const {
  // [P3]
  if (shape.size() != 2 || ShapedType::isDynamic(shape[0]))
    return emitError() << "panels hold a static matrix of outputs by inputs";
  // [P4]
  if (shape[0] % getOutGroup())
    return emitError() << "groups of " << getOutGroup() << " do not divide "
                       << shape[0] << " outputs";
  // [P7]
  if (!llvm::isInt<32>(shape[0]))
    return emitError() << shape[0] << " outputs are too many to be packed";
  // [P5]
  auto bits = llvm::dyn_cast<BitsType>(elementType);
  if (!bits || (bits.getWidth() != 1 && !bits.isByte()))
    return emitError() << "panels hold elements of one bit or eight, not "
                       << elementType;
  // [P8]
  if (bits.isByte() && (getParity() || getRunning() || getGroup() != shape[1]))
    return emitError() << "words of bytes have no parity, and one group of "
                       << shape[1] << " inputs, not of " << getGroup();
  // [P9]
  if (!bits.isByte() && getSmall())
    return emitError() << "only bytes are small, not " << elementType;
  return verifyGroups(shape, getGroup(), emitError);
}
