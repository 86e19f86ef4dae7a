// Runs a model with ONNX Runtime, the referee of the tests:
//
//   NODE_PATH=build/npm/node_modules node ort_run.js MODEL.onnx NAME=FILE.npy ... OUTDIR
//
// writes OUTDIR/<output>.npy.
'use strict';
const fs = require('fs');
const path = require('path');
const {readNpy, writeNpy, openSession} = require('./ort.js');

async function main() {
  const [model, ...rest] = process.argv.slice(2);
  const directory = rest.pop();
  const session = await openSession(model);
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
