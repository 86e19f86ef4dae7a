// What ONNX Runtime's optimiser makes of models, saved:
//
//   NODE_PATH=build/npm/node_modules node ort_optimise.js LEVEL MODEL.onnx RESULT.onnx ...
'use strict';
const {openSession} = require('./ort.js');

async function main() {
  const [level, ...files] = process.argv.slice(2);
  for (let i = 0; i < files.length; i += 2)
    await openSession(files[i], {graphOptimizationLevel: level, optimizedModelFilePath: files[i + 1]});
}

main().catch(error => { console.error(`ort_optimise.js: ${error.message}`); process.exit(1); });
