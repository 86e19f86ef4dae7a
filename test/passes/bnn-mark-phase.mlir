// RUN: bnn-opt %s --pass-pipeline='builtin.module(bnn-mark-phase{phase=pack reference})' | FileCheck %s
// RUN: not bnn-opt %s --pass-pipeline='builtin.module(bnn-mark-phase{phase=link})' 2>&1 | FileCheck %s --check-prefix=ERROR

// The last one counts.
// CHECK: module attributes {bnn.phase = #bnn.phase<done = pack, reference = true>}
// ERROR: error: there is no phase 'link'
module attributes {bnn.phase = #bnn.phase<done = raise>} {
}
