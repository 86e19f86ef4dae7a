// What the scripts that run ONNX Runtime share: arrays in .npy files, and sessions.
'use strict';
const fs = require('fs');
const path = require('path');
const ort = require('onnxruntime-node');

const kinds = {
  '<f4': ['float32', Float32Array], '<i8': ['int64', BigInt64Array],
  '<i4': ['int32', Int32Array], '|b1': ['bool', Uint8Array], '|u1': ['uint8', Uint8Array],
  '|i1': ['int8', Int8Array], '<f2': ['float16', Uint16Array],
};

/// Little-endian arrays in C order only.
function readNpy(file) {
  const bytes = fs.readFileSync(file);
  if (bytes.toString('latin1', 1, 6) !== 'NUMPY') throw new Error(`${file}: not a .npy file`);
  const long = bytes[6] > 1;
  const size = long ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8);
  const start = (long ? 12 : 10) + size;
  const header = bytes.toString('latin1', long ? 12 : 10, start);
  const descr = /'descr': '([^']*)'/.exec(header)[1];
  if (!(descr in kinds) || /'fortran_order': True/.test(header))
    throw new Error(`${file}: unsupported layout ${header.trim()}`);
  const dims = /'shape': \(([^)]*)\)/.exec(header)[1].split(',').map(s => s.trim())
      .filter(s => s !== '').map(Number);
  const [type, Kind] = kinds[descr];
  const data = new Kind(new Uint8Array(bytes.subarray(start)).buffer);
  return new ort.Tensor(type, data, dims);
}

function writeNpy(file, tensor) {
  const descr = Object.keys(kinds).find(k => kinds[k][0] === tensor.type);
  if (!descr) throw new Error(`${file}: unsupported type ${tensor.type}`);
  const dims = tensor.dims.join(', ') + (tensor.dims.length === 1 ? ',' : '');
  let header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${dims}), }`;
  header = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11) + '\n';
  const magic = Buffer.from('\x93NUMPY\x01\x00\x00\x00', 'latin1');
  magic.writeUInt16LE(header.length, 8);
  const data = tensor.data;
  fs.writeFileSync(file, Buffer.concat([
    magic, Buffer.from(header, 'latin1'),
    Buffer.from(data.buffer, data.byteOffset, data.byteLength)]));
}

/// One thread: the referee's own sums then have one order.
function openSession(model, options = {}) {
  return ort.InferenceSession.create(model, {
    intraOpNumThreads: 1, interOpNumThreads: 1, graphOptimizationLevel: 'basic', ...options});
}

/// Runs a session on {NAME: FILE.npy} and writes DIRECTORY/<output>.npy.
async function runFiles(session, inputs, directory) {
  const feeds = {};
  for (const [name, file] of Object.entries(inputs)) feeds[name] = readNpy(file);
  const results = await session.run(feeds);
  fs.mkdirSync(directory, {recursive: true});
  for (const [name, tensor] of Object.entries(results))
    writeNpy(path.join(directory, `${name}.npy`), tensor);
}

module.exports = {readNpy, runFiles, openSession};
