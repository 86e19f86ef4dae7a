// Runs a model with ONNX Runtime, the referee of the tests:
//
//   NODE_PATH=build/npm/node_modules node ort_run.js [--level=LEVEL] MODEL.onnx NAME=FILE.npy ... OUTDIR
//
// writes OUTDIR/<output>.npy. LEVEL is that of the session's optimisations (default: basic).
'use strict';
const {runFiles, openSession} = require('./ort.js');

async function main() {
  const rest = process.argv.slice(2);
  const level = rest[0].startsWith('--level=') ? {graphOptimizationLevel: rest.shift().slice(8)} : {};
  const model = rest.shift();
  const directory = rest.pop();
  const session = await openSession(model, level);
  const inputs = {};
  for (const argument of rest) {
    const at = argument.indexOf('=');
    inputs[argument.slice(0, at)] = argument.slice(at + 1);
  }
  await runFiles(session, inputs, directory);
}

main().catch(error => { console.error(`ort_run.js: ${error.message}`); process.exit(1); });
