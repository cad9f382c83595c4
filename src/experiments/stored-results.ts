/** Results that are kept with the notebooks: of runs that took hours, everything but weights and training images. */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { writeFileAtomically } from '../store/atomic';
import { readMetrics } from '../store/metrics';
import { fileOf, readJson, type Run, type RunRecord, writeJson } from '../store/record';
import { cached } from '../store/results';
import { listRuns, type StoredRun } from '../store/runs';
import type { ExperimentConfig } from './config';
import { publishable, readPoints } from './dynamics-point';
import { experimentName, findExperiment, readExperiment } from './model-run';
import type { ModelDynamics } from './run-dynamics';

/** A model as it was stored. */
export interface StoredModel extends ModelDynamics {
  readonly config: ExperimentConfig;
  /** When it was trained and with which versions; its status is 'unfinished' where the last steps are missing. */
  readonly record: RunRecord;
}

/** Where the models ran. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
}

/** Results kept under a name. */
export interface StoredResults {
  /** By size, then seed; only those of which something has been measured. */
  readonly models: readonly StoredModel[];
  readonly machine: Machine;
}

const machineName = 'machine.json';

/**
 * The results that are kept in notebooks/results under a name: 'medium', CIFAR-10 at 16x16 (the preset `cifar16`). Needs neither
 * images nor weights.
 * @param folder of all stored results. Default: the project's own
 * @throws Error when there are none of that name
 */
export async function storedResults(
  name: string,
  folder = path.join(__dirname, '..', '..', 'notebooks', 'results'),
): Promise<StoredResults> {
  const root = path.join(folder, name);
  const machine = (await readJson(path.join(root, machineName))) as Machine | undefined;
  if (!machine) throw new Error(`There are no stored results "${name}" in ${folder}.`);
  const { runs, unreadable } = await listRuns(root);
  if (unreadable.length > 0) throw new Error(unreadable.join('\n'));
  const models = await Promise.all(runs.map(readStoredModel));
  return { models: models.sort((a, b) => a.trainingSize - b.trainingSize || a.seed - b.seed), machine };
}

async function readStoredModel(run: StoredRun): Promise<StoredModel> {
  const { config, trainingSize, seed } = await readExperiment(run);
  const { steps, batchSize } = config.training;
  const losses = (await readMetrics(run)).map(({ step, loss }) => ({ step, loss }));
  const points = await readPoints(run, config);
  return { config, trainingSize, seed, batchSize, steps, points, losses, record: run.record };
}

/**
 * Stores the results of all runs of a folder that were followed through training, finished or not, and where that was done: on
 * this machine. What was stored of these runs is replaced. Weights, copies of training images among the samples, and this machine's
 * paths stay behind.
 * @returns the folders' names of the runs that were stored: not those that no experiment made, or of which no point was measured
 * with the settings of their experiment
 * @throws Error before anything is stored, when a run can't be read
 */
export async function storeResults(root: string, target: string): Promise<string[]> {
  const { runs, unreadable } = await listRuns(root);
  if (unreadable.length > 0) throw new Error(`Nothing was stored:\n${unreadable.join('\n')}`);
  const followed = await followedRuns(runs);
  for (const run of followed) await storeRun(run, target);
  await writeJson(path.join(target, machineName), thisMachine());
  return followed.map(({ folder }) => path.basename(folder));
}

/** Those with points of a training; runs that no experiment made have none. */
async function followedRuns(runs: readonly StoredRun[]): Promise<StoredRun[]> {
  const followed = await Promise.all(
    runs.map(async run => {
      const experiment = await findExperiment(run);
      return experiment !== undefined && (await readPoints(run, experiment.config)).length > 0;
    }),
  );
  return runs.filter((_, i) => followed[i]);
}

/** Written beside its place first: what was stored of the run before is there until all of this is. */
async function storeRun(run: Run, target: string): Promise<void> {
  const aside = path.join(target, '.storing');
  const place = path.join(target, path.basename(run.folder));
  await fs.rm(aside, { recursive: true, force: true });
  await writeStored(run, path.join(aside, 'run'));
  await fs.rm(place, { recursive: true, force: true });
  await fs.rename(path.join(aside, 'run'), place);
  await fs.rm(aside, { recursive: true });
}

async function writeStored(run: Run, folder: string): Promise<void> {
  const { config, ...experiment } = await readExperiment(run);
  const { name } = (run.config as { data: { name: string } }).data;
  const data = { ...config.data, source: name }; // not the path of a file of this machine
  await writeJson(path.join(folder, experimentName), { ...experiment, config: { ...config, data } });
  for (const { measure, dependsOn, value } of await publishable(run))
    await cached({ ...run, folder }, measure, dependsOn, () => Promise.resolve(value));
  for (const file of ['config.json', 'metrics.jsonl', 'run.json'])
    await writeFileAtomically(path.join(folder, file), await fs.readFile(fileOf(run, file)));
}

function thisMachine(): Machine {
  return {
    processor: os.cpus()[0].model,
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.arch()}`,
  };
}
