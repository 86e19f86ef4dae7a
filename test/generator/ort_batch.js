// Runs many models with ONNX Runtime in one process:
//
//   NODE_PATH=build/npm/node_modules node ort_batch.js JOBS.json
//
// JOBS.json is a list of {model, optimised, level, runs: [{inputs: {NAME: FILE.npy}, outputs: DIR}]}.
// With `optimised` ONNX Runtime's offline optimiser (level basic) writes the model there first, and
// that is what runs. `level` is that of the session's optimisations, if not basic. Prints one line of JSON a job: {model, error}, error null where all went well.
'use strict';
const fs = require('fs');
const {runFiles, openSession} = require('../e2e/ort.js');

async function runJob(job) {
  if (job.optimised) {
    const optimiser = await openSession(job.model, {optimizedModelFilePath: job.optimised});
    await optimiser.release();
  }
  const level = job.level ? {graphOptimizationLevel: job.level} : {};
  const session = await openSession(job.optimised || job.model, level);
  for (const run of job.runs) await runFiles(session, run.inputs, run.outputs);
  await session.release();
}

async function main() {
  for (const job of JSON.parse(fs.readFileSync(process.argv[2]))) {
    let error = null;
    try {
      await runJob(job);
    } catch (caught) {
      error = caught.message;
    }
    console.log(JSON.stringify({model: job.model, error}));
  }
}

main().catch(error => { console.error(`ort_batch.js: ${error.message}`); process.exit(1); });
