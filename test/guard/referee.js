// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs calls of models with ONNX Runtime, which says which of them are right:
//
//   NODE_PATH=build/npm/node_modules node referee.js JOBS.jsonl [FIRST]
//
// Each line, from the one numbered FIRST, is {model, calls: [{NAME: {type, dims, data}}]}, data in
// base64. For each job it prints a line {error} where the model does not load, and else
// {calls: [{error} or {outputs}]}.
'use strict';
const fs = require('fs');
const ort = require('onnxruntime-node');

const kinds = {
  float32: Float32Array, float64: Float64Array, float16: Uint16Array, int64: BigInt64Array, int32: Int32Array,
  int8: Int8Array, uint8: Uint8Array, bool: Uint8Array,
};

function decode({type, dims, data}) {
  const bytes = Buffer.from(data, 'base64');
  return new ort.Tensor(type, new kinds[type](new Uint8Array(bytes).buffer), dims);
}

function encode({type, dims, data}) {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return {type, dims, data: bytes.toString('base64')};
}

async function runCall(session, inputs) {
  const feeds = Object.fromEntries(Object.entries(inputs).map(([k, v]) => [k, decode(v)]));
  try {
    const results = await session.run(feeds);
    return {outputs: Object.fromEntries(Object.entries(results).map(([k, v]) => [k, encode(v)]))};
  } catch (caught) {
    return {error: caught.message};
  }
}

async function runJob({model, calls}) {
  let session;
  try {
    session = await ort.InferenceSession.create(model, {
      intraOpNumThreads: 1, interOpNumThreads: 1, graphOptimizationLevel: 'disabled',
      logSeverityLevel: 4});
  } catch (caught) {
    return {error: caught.message};
  }
  const results = [];
  for (const call of calls) results.push(await runCall(session, call));
  await session.release();
  return {calls: results};
}

async function main() {
  const jobs = fs.readFileSync(process.argv[2], 'utf8').split('\n');
  for (const line of jobs.slice(Number(process.argv[3] || 0)))
    if (line) fs.writeSync(1, JSON.stringify(await runJob(JSON.parse(line))) + '\n');
}

main().catch(error => { console.error(`referee.js: ${error.message}`); process.exit(1); });
