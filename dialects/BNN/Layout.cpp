//===- Layout.cpp - Where a logical bit lies in memory --------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/BNN/Layout.h"
#include "dialects/BNN/BNNTarget.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace mlir::bnn {

Attribute getLayout(Type type) {
  Attribute attr;
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    attr = tensor.getEncoding();
  else if (auto buffer = dyn_cast<MemRefType>(type))
    attr = buffer.getMemorySpace();
  return isa_and_nonnull<RowsAttr, PanelsAttr>(attr) ? attr : Attribute();
}

bool canHaveParity(Type element, TargetAttr target) {
  auto bits = cast<BitsType>(element);
  return (bits.getIsSigned() || bits.getWidth() > 1) &&
         getDot(element.getContext(), target, DotKind::XorCount).getParity();
}

RowsAttr getRowsLayout(ShapedType type, int64_t groups, bool parity) {
  return RowsAttr::get(type.getContext(), kWordBits,
                       type.getShape().back() / groups, parity);
}

int64_t packedWords(int64_t elements, int64_t group) {
  return elements / group * llvm::divideCeil(group, kWordBits);
}

int64_t packedPosition(int64_t k, int64_t group) {
  return k / group * llvm::alignTo(group, kWordBits) + k % group;
}

int64_t panelWords(ShapedType type, PanelsAttr panels) {
  const int64_t columns = type.getShape()[1];
  return cast<BitsType>(type.getElementType()).isByte()
             ? llvm::divideCeil(columns, kWordBytes)
             : packedWords(columns, panels.getGroup());
}

SmallVector<int64_t> getStorageShape(ShapedType type) {
  Attribute layout = getLayout(type);
  SmallVector<int64_t> shape(type.getShape());
  if (auto rows = dyn_cast<RowsAttr>(layout)) {
    shape.back() = packedWords(shape.back(), rows.getGroup()) *
                   cast<BitsType>(type.getElementType()).getWidth();
    return shape;
  }
  auto panels = cast<PanelsAttr>(layout);
  int64_t outputs =
      packedWords(shape[0], panels.getOutGroup()) * panels.getWord();
  return {outputs / panels.getLanes(), panelWords(type, panels),
          panels.getLanes()};
}

bool haveSmallPairs(DenseElementsAttr bytes) {
  constexpr int64_t kMost = 128;
  const int64_t columns = cast<ShapedType>(bytes.getType()).getShape().back();
  int64_t k = 0, before = 0;
  for (uint8_t byte : bytes.getValues<uint8_t>()) {
    const int64_t size = std::abs(int64_t(int8_t(byte)));
    if (k % 2 && before + size > kMost)
      return false;
    before = size;
    k = (k + 1) % columns;
  }
  return true;
}

// The bytes of a weight matrix, in panels.
static DenseElementsAttr packBytes(DenseElementsAttr logical, ShapedType type) {
  auto panels = cast<PanelsAttr>(getLayout(type));
  SmallVector<int64_t> storage = getStorageShape(type);
  SmallVector<uint32_t> words(ShapedType::getNumElements(storage), 0);
  const int64_t lanes = panels.getLanes(), rowWords = storage[1];
  auto bytes = logical.getValues<uint8_t>().begin();
  for (int64_t n = 0; n < type.getShape()[0]; ++n) {
    const int64_t output = packedPosition(n, panels.getOutGroup());
    uint32_t *first =
        &words[output / lanes * rowWords * lanes + output % lanes];
    for (int64_t k = 0; k < type.getShape()[1]; ++k, ++bytes)
      first[k / kWordBytes * lanes] |= uint32_t(*bytes) << k % kWordBytes * 8;
  }
  auto wordType =
      RankedTensorType::get(storage, IntegerType::get(type.getContext(), 32));
  return DenseElementsAttr::get(wordType, ArrayRef<uint32_t>(words));
}

DenseElementsAttr packBits(DenseElementsAttr logical, ShapedType type) {
  if (cast<BitsType>(type.getElementType()).isByte())
    return packBytes(logical, type);
  Attribute layout = getLayout(type);
  SmallVector<int64_t> storage = getStorageShape(type);
  SmallVector<uint32_t> words(ShapedType::getNumElements(storage), 0);
  const int64_t columns = type.getShape().back();
  const int64_t rows = type.getNumElements() / columns;
  auto panels = dyn_cast<PanelsAttr>(layout);
  const int64_t group =
      panels ? panels.getGroup() : cast<RowsAttr>(layout).getGroup();
  const int64_t rowWords = packedWords(columns, group);
  const bool parity =
      panels ? panels.getParity() : cast<RowsAttr>(layout).getParity();
  const bool running = panels && panels.getRunning();

  SmallVector<int64_t> position(columns);
  for (int64_t k = 0; k < columns; ++k)
    position[k] = packedPosition(k, group);
  auto bits = logical.getValues<bool>().begin();
  for (int64_t n = 0; n < rows; ++n) {
    // The word w of this row is at first + w * stride.
    int64_t first = n * rowWords, stride = 1;
    if (panels) {
      int64_t output = packedPosition(n, panels.getOutGroup());
      stride = panels.getLanes();
      first = output / stride * rowWords * stride + output % stride;
    }
    for (int64_t k = 0; k < columns; ++k, ++bits)
      if (*bits)
        words[first + position[k] / kWordBits * stride] |=
            1u << (position[k] % kWordBits);
    if (parity)
      for (int64_t w = 2; w < rowWords; w += 2) {
        uint32_t *word = &words[first + w * stride];
        *word ^= word[-stride] ^ word[-2 * stride];
      }
    uint32_t sum = 0;
    for (int64_t w = 0; running && w < rowWords; ++w) {
      uint32_t &word = words[first + w * stride];
      sum ^= word;
      word = isComplement(w) ? ~sum : sum;
    }
  }
  auto wordType =
      RankedTensorType::get(storage, IntegerType::get(type.getContext(), 32));
  return DenseElementsAttr::get(wordType, ArrayRef<uint32_t>(words));
}

} // namespace mlir::bnn
