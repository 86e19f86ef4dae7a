//===- bnn-bench.cpp - Times a plan of contenders on one core -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the benchmarks of a plan in one process and on one core:
//
//   bnn-bench PLAN ROUNDS JSON
//
// A line of the plan is one row of the table:
//
//   gemm NAME GENERATED.so M N K WEIGHTS PEER.so KERNEL...
//   forward NAME MODEL.so TOKENS YARDSTICK.so
//   ort NAME MODEL.so TOKENS ONNXRUNTIME.so MODEL.onnx all|none
//   ours NAME MODEL.so TOKENS OTHER.so WHAT
//
// A KERNEL is csa3, popcnt or avx2 of the yardstick's, or naive. OTHER.so is
// another compiled model, and WHAT its name in the table. test/bench/run writes
// the plan and what it names.
//
//===----------------------------------------------------------------------===//

#include "test/bench/Contenders.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace mlir::bnn;
using namespace mlir::bnn::bench;

namespace {

Row gemmRow(const std::string &name, std::istream &plan, int rounds) {
  std::string generated, weights, peer, kernel;
  GemmShape shape = {};
  plan >> generated >> shape.m >> shape.n >> shape.k >> weights >> peer;
  GemmData data(shape, weights);
  size_t size = size_t(shape.m) * size_t(shape.n);
  std::vector<int32_t> expected(size), actual(size, -1);
  Contender ours = generatedGemm(data, Library(generated), actual);
  std::vector<Contender> others;
  while (plan >> kernel)
    others.push_back(kernel == "naive"
                         ? naiveGemm(data, Library(peer), expected)
                         : handGemm(data, Library(peer), kernel, expected));
  if (others.empty())
    fail(name + ": nothing to compare with");
  ours.run();
  others[0].run();
  if (actual != expected)
    fail(name + ": the generated and the other product differ");
  return measure(name, ours, others, rounds);
}

Row modelRow(const std::string &kind, const std::string &name,
             std::istream &plan, int rounds) {
  std::string model, peer, onnx;
  int count = 0;
  plan >> model >> count >> peer;
  Tokens tokens(count);
  Contender ours = compiledModel(Library(model), tokens);
  if (kind == "forward")
    return measure(name, ours, {handForward(Library(peer), count)}, rounds);
  if (kind == "ours") {
    Contender other = compiledModel(Library(peer), tokens);
    plan >> other.name;
    return measure(name, ours, {other}, rounds);
  }
  std::string optimization;
  plan >> onnx >> optimization;
  return measure(name, ours,
                 {onnxRuntime(peer, onnx, tokens,
                              optimization == "none" ? GraphOptimization::none
                                                     : GraphOptimization::all)},
                 rounds);
}

void writeJson(const std::string &path, const std::vector<Row> &rows) {
  std::ofstream file(path);
  file << "[";
  for (size_t i = 0; i < rows.size(); ++i)
    file << (i ? ",\n " : "\n ") << "{\"name\": \"" << rows[i].name
         << "\", \"ratio_median\": " << rows[i].ratioMedian
         << ", \"ratio_p10\": " << rows[i].ratioP10
         << ", \"rounds\": " << rows[i].rounds << "}";
  file << "\n]\n";
  if (!file.flush())
    fail(path + ": cannot be written");
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 4)
    fail("usage: bnn-bench PLAN ROUNDS JSON");
  int rounds = std::atoi(argv[2]);
  std::ifstream plan(argv[1]);
  if (!plan || rounds < 1)
    fail("the plan cannot be read, or ROUNDS is below 1");
  if (pinToOneCore() < 0)
    fail("cannot pin to a core");
  std::printf("| row | ours, ms | the other | its ms | ratio, median | p10 |\n"
              "| --- | --- | --- | --- | --- | --- |\n");
  std::vector<Row> rows;
  for (std::string line; std::getline(plan, line);) {
    std::istringstream words(line);
    std::string kind, name;
    if (!(words >> kind >> name))
      continue;
    Row row = kind == "gemm" ? gemmRow(name, words, rounds)
                             : modelRow(kind, name, words, rounds);
    std::printf("| `%s` | %.4g | %s | %.4g | %.3f | %.3f |\n", row.name.c_str(),
                1e3 * row.oursMedian, row.other.c_str(), 1e3 * row.otherMedian,
                row.ratioMedian, row.ratioP10);
    std::fflush(stdout);
    rows.push_back(row);
  }
  writeJson(argv[3], rows);
  return 0;
}
