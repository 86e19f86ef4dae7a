//===- Json.cpp - Estimates for programs ----------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "llvm/Support/JSON.h"
#include "lib/Estimate/Estimate.h"

using namespace llvm;

namespace mlir::bnn {

static void writeOps(const Estimate &estimate, json::OStream &j) {
  j.attributeArray("operations", [&] {
    for (const OpEstimate &op : estimate.ops)
      j.object([&] {
        j.attribute("kind", op.kind);
        j.attribute("node", json::fixUTF8(op.name));
        j.attribute("code_cycles", op.cycles);
        j.attribute("instructions", static_cast<int64_t>(op.instructions));
        j.attribute("memory_bytes", static_cast<int64_t>(op.bytes));
        j.attribute("cycles", estimate.cycles(op));
        j.attribute("ms", estimate.cycles(op) / estimate.settings.clock * 1e3);
        j.attribute("binary_macs", static_cast<int64_t>(op.binaryMACs));
        j.attribute("port_limit", op.portLimit > 0 ? json::Value(op.portLimit)
                                                   : json::Value(nullptr));
      });
  });
}

static void writeLoops(const Estimate &estimate, json::OStream &j) {
  j.attributeArray("loops", [&] {
    for (const LoopEstimate &loop : estimate.loops)
      j.object([&] {
        j.attribute("function", loop.function);
        j.attribute("entries", static_cast<int64_t>(loop.entries));
        j.attribute("iterations", static_cast<int64_t>(loop.iterations));
        j.attribute("instructions", static_cast<int64_t>(loop.instructions));
        j.attribute("cycles", loop.cycles);
        j.attribute("limit", loop.limit);
        j.attributeObject("opcodes", [&] {
          for (const auto &[name, count] : loop.opcodes)
            j.attribute(name, count);
        });
      });
  });
}

void writeJsonEstimates(ArrayRef<Estimate> estimates, raw_ostream &out) {
  json::OStream j(out, 2);
  j.array([&] {
    for (const Estimate &estimate : estimates)
      j.object([&] {
        j.attribute("cpu", estimate.target.cpu);
        j.attribute("triple", estimate.target.triple);
        j.attribute("measured", false);
        j.attribute("clock_hz", estimate.settings.clock);
        j.attribute("bandwidth_bytes_per_s", estimate.settings.bandwidth);
        j.attribute("in_order", estimate.inOrder);
        j.attribute("issue_width", estimate.issueWidth);
        j.attributeArray("same_model_as", [&] {
          for (const std::string &cpu : estimate.sameModel)
            j.value(cpu);
        });
        j.attribute("branches_decided_by_data",
                    static_cast<int64_t>(estimate.guesses));
        j.attributeArray("unknown_instructions", [&] {
          for (const std::string &name : estimate.unknownInstructions)
            j.value(name);
        });
        j.attribute("cycles", estimate.totalCycles());
        j.attribute("ms",
                    estimate.totalCycles() / estimate.settings.clock * 1e3);
        writeOps(estimate, j);
        writeLoops(estimate, j);
      });
  });
  out << '\n';
}

} // namespace mlir::bnn
