/**
 * npm run test:notebooks: executes notebooks with everything trained and measured anew, in a folder of runs that they share.
 *
 *     node src/notebook/retrain.mjs [--store] [--resume] [NOTEBOOK..]     all notebooks, or these
 *
 * Exit status 1 when one fails. With --resume the folder is that of the last time: what is in it is not trained again, and the times
 * are those of the rest. With --store, what was measured (no weights) goes to notebooks/results/, from which npm test executes the
 * notebooks: of all notebooks in place of what is there, of some beside it.
 */
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { readArguments } from '../setup/arguments.mjs';
import { project, runMain } from '../setup/project.mjs';
import { duration } from '../setup/report.mjs';
import { watchMemory } from './memory.mjs';
import { findNotebook, python, show, sources } from './notebooks.mjs';
import { storableBytes, storeNotebookResults } from './results.mjs';
import { alignedTable } from './table.mjs';

const folder = `${project}/rendered/retrained`;
const runs = `${folder}/runs`;

/** Executes one notebook; what there is to say about it. */
async function retrain(notebook) {
  const target = `${folder}/${basename(notebook)}`;
  const before = storableBytes(runs);
  const start = performance.now();
  let peak;
  console.log(`\n--- ${show(notebook)}`);
  const status = await python('execute.py', [notebook, target], {
    env: { UNIMODAL_RUNS: runs },
    onStart: pid => (peak = watchMemory(pid)),
  });
  return {
    name: basename(notebook, '.ipynb'),
    passed: status === 0,
    interrupted: status === 130,
    seconds: (performance.now() - start) / 1000,
    memory: peak?.(),
    measured: storableBytes(runs) - before,
    copy: status === 0 ? statSync(target).size : undefined,
  };
}

const megabytes = bytes => (bytes === undefined ? '-' : `${(bytes / 1e6).toFixed(1)} MB`);

/** A line a notebook. */
function table(outcomes) {
  const rows = outcomes.map(({ name, passed, seconds, memory, measured, copy }) => [
    name,
    passed ? 'passed' : 'FAILED',
    duration(seconds),
    megabytes(memory),
    megabytes(measured),
    megabytes(copy),
  ]);
  return alignedTable([['notebook', '', 'time', 'peak memory', 'new results', 'executed copy'], ...rows]);
}

runMain(async () => {
  const options = { store: { type: 'boolean' }, resume: { type: 'boolean' } };
  const { values, positionals: names } = readArguments(
    { options, allowPositionals: true },
    'Known options: --store, --resume.',
  );
  const notebooks = names.length > 0 ? names.map(findNotebook) : sources();
  if (!values.resume) rmSync(folder, { recursive: true, force: true });
  mkdirSync(runs, { recursive: true });
  const outcomes = [];
  for (const notebook of notebooks) {
    outcomes.push(await retrain(notebook));
    if (outcomes.at(-1).interrupted) break;
  }
  console.log(`\n${table(outcomes)}`);
  const failed = outcomes.filter(({ passed }) => !passed);
  console.log(`notebooks: ${outcomes.length - failed.length} passed, ${failed.length} failed`);
  if (outcomes.at(-1).interrupted) console.log('Interrupted: npm run test:notebooks -- --resume goes on.');
  if (failed.length > 0) process.exitCode = 1;
  else if (values.store) {
    storeNotebookResults(runs, { replace: names.length === 0 });
    console.log('What was measured is in notebooks/results/.');
  }
});
