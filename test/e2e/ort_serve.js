// Runs models with ONNX Runtime as long as somebody asks, in one process:
//
//   NODE_PATH=build/npm/node_modules node ort_serve.js
//
// Each line of the standard input is JSON, {model, inputs: {NAME: FILE.npy}, outputs: DIR}; the
// answer is a line of JSON too, {error}, null where DIR/<output>.npy are written.
'use strict';
const readline = require('readline');
const {runFiles, openSession} = require('./ort.js');

async function run({model, inputs, outputs}) {
  const session = await openSession(model);
  try {
    await runFiles(session, inputs, outputs);
  } finally {
    await session.release();
  }
}

async function main() {
  for await (const line of readline.createInterface({input: process.stdin})) {
    let error = null;
    try {
      await run(JSON.parse(line));
    } catch (caught) {
      error = caught.message;
    }
    console.log(JSON.stringify({error}));
  }
}

main().catch(error => { console.error(`ort_serve.js: ${error.message}`); process.exit(1); });
