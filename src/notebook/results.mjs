/** What the notebooks measured, without the models: notebooks/results/, from which they are executed without training. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { project } from '../setup/project.mjs';

const notebookResults = `${project}/notebooks/results`;

/** Of a run, its description, losses and measures; neither weights nor checkpoints. */
const storedParts = ['config.json', 'experiment.json', 'run.json', 'metrics.jsonl', 'results'];
/** Of a folder of runs: values that belong to no run (`keep`), and runs. */
const values = 'values';

/** The paths in a folder of runs that are worth storing, relative to it: measures of runs trained to their end, kept values. */
export function storable(runs) {
  const inside = folder =>
    storedParts.map(name => join(folder, name)).filter(path => existsSync(join(runs, path)));
  return readdirSync(runs).flatMap(name =>
    name === values ? [name] : isFinished(join(runs, name)) ? inside(name) : [],
  );
}

function isFinished(folder) {
  const record = join(folder, 'run.json');
  return existsSync(record) && JSON.parse(readFileSync(record, 'utf8')).status === 'finished';
}

/**
 * Adds what a folder of runs holds to the stored results, or puts it in their place. It is gathered beside them first, so that a
 * copy that fails leaves them as they are.
 */
export function storeNotebookResults(runs, { target = notebookResults, replace = false } = {}) {
  const gathered = join(target, '.storing');
  rmSync(gathered, { recursive: true, force: true });
  mkdirSync(gathered, { recursive: true });
  const before = storedFolders(target);
  if (!replace)
    for (const name of before) cpSync(join(target, name), join(gathered, name), { recursive: true });
  for (const path of storable(runs)) {
    cpSync(join(runs, path), join(gathered, path), { recursive: true });
    if (basename(path) === 'experiment.json') withoutPlace(join(gathered, path));
  }
  const after = readdirSync(gathered);
  for (const name of after) {
    rmSync(join(target, name), { recursive: true, force: true });
    renameSync(join(gathered, name), join(target, name));
  }
  for (const name of before.filter(name => !after.includes(name)))
    rmSync(join(target, name), { recursive: true });
  rmSync(gathered, { recursive: true });
}

/** Of a folder of images, the name: where it lay on this machine helps nobody. */
function withoutPlace(file) {
  const experiment = JSON.parse(readFileSync(file, 'utf8'));
  const { data } = experiment.config;
  if (!isAbsolute(data.source)) return;
  data.source = basename(data.source);
  writeFileSync(file, JSON.stringify(experiment, undefined, 2) + '\n');
}

/** The runs and kept values among the stored results. Other folders, such as results/medium/, are not ours. */
function storedFolders(target) {
  return readdirSync(target).filter(name => name === values || existsSync(join(target, name, 'run.json')));
}

/** Bytes of what {@link storable} finds. */
export function storableBytes(runs) {
  return storable(runs).reduce((sum, path) => sum + bytesOf(join(runs, path)), 0);
}

function bytesOf(path) {
  const entry = statSync(path);
  if (!entry.isDirectory()) return entry.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}
