// Logits of ONNX Runtime for many sentences:
//
//   NODE_PATH=build/npm/node_modules node ort_logits.js MODEL.onnx IDS.json OUT.json
//
// IDS.json is a list of lists of ids; each is run alone, a batch of one, with a mask of ones.
// OUT.json receives a list of lists of logits.
'use strict';
const fs = require('fs');
const ort = require('onnxruntime-node');

async function main() {
  const [model, input, output] = process.argv.slice(2);
  const session = await ort.InferenceSession.create(
      model, {intraOpNumThreads: 1, interOpNumThreads: 1});
  const results = [];
  for (const row of JSON.parse(fs.readFileSync(input))) {
    const tensor = value => new ort.Tensor('int64', BigInt64Array.from(value.map(BigInt)),
                                           [1, row.length]);
    const feeds = {input_ids: tensor(row), attention_mask: tensor(row.map(() => 1))};
    results.push(Array.from((await session.run(feeds)).logits.data));
  }
  fs.writeFileSync(output, JSON.stringify(results));
}

main().catch(error => { console.error(error.message); process.exit(1); });
