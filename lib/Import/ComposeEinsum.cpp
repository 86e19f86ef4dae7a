//===- ComposeEinsum.cpp - Einsum as transposes and MatMul ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Composer.h"
#include <map>

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
namespace {
/// Labels of axes: letters, and numbers above them for the axes of an ellipsis.
using Labels = SmallVector<int>;

struct Term {
  Value value;
  Labels labels;

  int64_t positionOf(int label) const {
    return llvm::find(labels, label) - labels.begin();
  }
  bool has(int label) const { return llvm::is_contained(labels, label); }
};

class EinsumComposer {
public:
  explicit EinsumComposer(Composer &c) : c(c) {}

  void run();

private:
  static constexpr int kEllipsis = 256;

  bool parse();
  bool isColumnsFirst() const;
  std::optional<Labels> read(StringRef text, int64_t ellipsisRank);
  Term diagonal(Term term);
  Term sumAway(Term term, function_ref<bool(int)> isKept);
  Term arrange(const Term &term, const Labels &order);
  Term multiply(Term a, Term b, function_ref<bool(int)> isKept);

  Composer &c;
  SmallVector<Term> terms;
  Labels output;
  int64_t longest = 0;
};

/// The labels of one term; the axes of an ellipsis are counted from its end.
std::optional<Labels> EinsumComposer::read(StringRef text,
                                           int64_t ellipsisRank) {
  Labels labels;
  while (!text.empty()) {
    if (text.consume_front("...")) {
      for (int64_t i = ellipsisRank; i > 0; --i)
        labels.push_back(kEllipsis + int(i));
      continue;
    }
    if (!isAlpha(text.front())) {
      c.fail("its equation has '" + text.take_front(1) + "'");
      return std::nullopt;
    }
    labels.push_back(text.front());
    text = text.drop_front();
  }
  return labels;
}

bool EinsumComposer::parse() {
  std::string equation;
  for (char character : c.text("equation", ""))
    if (character != ' ')
      equation += character;
  auto [left, right] = StringRef(equation).split("->");
  bool isExplicit = StringRef(equation).contains("->");
  SmallVector<StringRef> texts;
  left.split(texts, ',');
  if (texts.size() != c.getNumInputs()) {
    c.fail("its equation has " + Twine(texts.size()) + " terms for " +
           Twine(c.getNumInputs()) + " inputs");
    return false;
  }
  std::map<int, int> uses;
  for (auto [i, text] : llvm::enumerate(texts)) {
    Value value = c.in(unsigned(i));
    int64_t letters = int64_t(text.size()) - (text.contains("...") ? 3 : 0);
    int64_t rest = c.rankOf(value) - letters;
    if (rest < 0 || (rest > 0 && !text.contains("...")) ||
        text.count("...") > 1) {
      c.fail("its term '" + text + "' does not fit an input of rank " +
             Twine(c.rankOf(value)));
      return false;
    }
    longest = std::max(longest, text.contains("...") ? rest : 0);
    std::optional<Labels> labels = read(text, rest);
    if (!labels)
      return false;
    for (int label : *labels)
      ++uses[label];
    terms.push_back({value, *labels});
  }
  if (isExplicit) {
    std::optional<Labels> labels = read(right, longest);
    if (!labels)
      return false;
    output = *labels;
  } else {
    for (int64_t i = longest; i > 0; --i)
      output.push_back(kEllipsis + int(i));
    for (auto [label, count] : uses)
      if (label < kEllipsis && count == 1)
        output.push_back(label);
  }
  for (auto [i, label] : llvm::enumerate(output))
    if (!uses.count(label) ||
        llvm::is_contained(ArrayRef(output).take_front(i), label)) {
      c.fail(
          "its equation's result has a label twice, or one that no term has");
      return false;
    }
  return true;
}

/// Without a label that a term has twice: what is on the diagonal of both axes,
/// and zeros, summed along the second.
Term EinsumComposer::diagonal(Term term) {
  for (size_t i = 0; i < term.labels.size(); ++i)
    for (size_t j = term.labels.size() - 1; j > i; --j) {
      if (term.labels[i] != term.labels[j])
        continue;
      int64_t rank = int64_t(term.labels.size());
      if (c.sizeOf(term.value, int64_t(i)) != c.sizeOf(term.value, int64_t(j)))
        c.fail("two axes of one label differ in length");
      Value row = c.iota(c.extent(term.value, int64_t(i)), int64_t(i), rank);
      Value column = c.iota(c.extent(term.value, int64_t(j)), int64_t(j), rank);
      Value isOn = c.compare<onnx::EqualOp>(row, column);
      Value on = c.select(isOn, term.value, c.like(term.value, 0));
      term.value = c.reduceSum(on, {int64_t(j)}, /*keep=*/false);
      term.labels.erase(term.labels.begin() + j);
    }
  return term;
}

Term EinsumComposer::sumAway(Term term, function_ref<bool(int)> isKept) {
  SmallVector<int64_t> axes;
  Labels kept;
  for (auto [i, label] : llvm::enumerate(term.labels))
    if (isKept(label))
      kept.push_back(label);
    else
      axes.push_back(int64_t(i));
  return {c.reduceSum(term.value, axes, /*keep=*/false), kept};
}

/// The term's axes in this order; those that it has not have length 1.
Term EinsumComposer::arrange(const Term &term, const Labels &order) {
  SmallVector<int64_t> perm, missing;
  for (auto [i, label] : llvm::enumerate(order))
    if (term.has(label))
      perm.push_back(term.positionOf(label));
    else
      missing.push_back(int64_t(i));
  Value value = c.transpose(term.value, perm);
  if (!missing.empty())
    value = c.unsqueeze(value, missing);
  return {value, order};
}

/// The product of two terms, summed over what nothing else has.
Term EinsumComposer::multiply(Term a, Term b, function_ref<bool(int)> isKept) {
  a = sumAway(a, [&](int label) { return b.has(label) || isKept(label); });
  b = sumAway(b, [&](int label) { return a.has(label) || isKept(label); });
  Labels batch, rows, columns, sums;
  for (int label : a.labels)
    (!b.has(label) && label < kEllipsis ? rows
     : isKept(label)                    ? batch
                                        : sums)
        .push_back(label);
  for (int label : b.labels)
    if (!a.has(label))
      (label < kEllipsis ? columns : batch).push_back(label);
  auto join = [](ArrayRef<int> x, ArrayRef<int> y, ArrayRef<int> z) {
    Labels all(x);
    all.append(y.begin(), y.end());
    all.append(z.begin(), z.end());
    return all;
  };
  Value left = arrange(a, join(batch, rows, sums)).value,
        right = arrange(b, join(batch, sums, columns)).value;
  auto lengths = [&](Value value, size_t first, size_t count) {
    SmallVector<Extent> result;
    for (size_t i = 0; i < count; ++i)
      result.push_back(c.extent(value, int64_t(first + i)));
    return result;
  };
  auto merge = [&](ArrayRef<Extent> extents) {
    Extent all = 1;
    for (const Extent &extent : extents)
      all = c.product(all, extent);
    return all;
  };
  size_t n = batch.size();
  auto leftRows = lengths(left, n, rows.size()),
       leftSums = lengths(left, n + rows.size(), sums.size()),
       rightSums = lengths(right, n, sums.size()),
       rightColumns = lengths(right, n + sums.size(), columns.size());
  auto matrix = [&](Value value, ArrayRef<Extent> x, ArrayRef<Extent> y) {
    SmallVector<Extent> extents = lengths(value, 0, n);
    extents.push_back(merge(x));
    extents.push_back(merge(y));
    return c.reshape(value, extents);
  };
  Value y = c.matmul(matrix(left, leftRows, leftSums),
                     matrix(right, rightSums, rightColumns));
  SmallVector<Extent> full = lengths(y, 0, n);
  full.append(leftRows);
  full.append(rightColumns);
  return {c.reshape(y, full), join(batch, rows, columns)};
}

/// Whether the result begins with what only the second of two factors has, as
/// far as both have something of their own.
bool EinsumComposer::isColumnsFirst() const {
  for (int label : output)
    if (terms[0].has(label) != terms[1].has(label))
      return terms[1].has(label);
  return false;
}

void EinsumComposer::run() {
  if (!parse())
    return;
  for (Term &term : terms)
    term = diagonal(term);
  // The first factor's labels become rows, which stand before columns.
  if (terms.size() == 2 && isColumnsFirst())
    std::swap(terms[0], terms[1]);
  Term result = terms[0];
  for (size_t i = 1; i < terms.size() && !c.hasFailed(); ++i)
    result = multiply(result, terms[i], [&](int label) {
      return llvm::is_contained(output, label) ||
             llvm::any_of(ArrayRef(terms).drop_front(i + 1),
                          [&](const Term &t) { return t.has(label); });
    });
  if (c.hasFailed())
    return;
  result = sumAway(
      result, [&](int label) { return llvm::is_contained(output, label); });
  c.setOutput(0, arrange(result, output).value);
}

void composeEinsum(Composer &c) { EinsumComposer(c).run(); }
} // namespace

void addEinsum(std::vector<Composition> &all) {
  using onnx::AttributeSpec;
  onnx::OperatorSpec einsum =
      specOf("Einsum", 12, 1, onnx::kVariadic,
             onnx::kF32 | onnx::kF64 | onnx::kI32 | onnx::kI64);
  einsum.nodeAttributes = {
      {AttributeSpec::String, "equation", /*required=*/true}};
  all.push_back({einsum, composeEinsum});
}
} // namespace mlir::bnn
