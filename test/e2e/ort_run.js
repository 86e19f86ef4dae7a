// Runs a model with ONNX Runtime, the referee of the tests:
//
//   NODE_PATH=build/npm/node_modules node ort_run.js [--level=LEVEL] MODEL.onnx NAME=FILE.npy ... OUTDIR
//
// writes OUTDIR/<output>.npy. LEVEL is that of the session's optimisations (default: basic).
'use strict';
const fs = require('fs');
const path = require('path');
const {readNpy, writeNpy, openSession} = require('./ort.js');

async function main() {
  const rest = process.argv.slice(2);
  const level = rest[0].startsWith('--level=') ? {graphOptimizationLevel: rest.shift().slice(8)} : {};
  const model = rest.shift();
  const directory = rest.pop();
  const session = await openSession(model, level);
  const feeds = {};
  for (const argument of rest) {
    const at = argument.indexOf('=');
    feeds[argument.slice(0, at)] = readNpy(argument.slice(at + 1));
  }
  const results = await session.run(feeds);
  fs.mkdirSync(directory, {recursive: true});
  for (const [name, tensor] of Object.entries(results))
    writeNpy(path.join(directory, `${name}.npy`), tensor);
}

main().catch(error => { console.error(`ort_run.js: ${error.message}`); process.exit(1); });
