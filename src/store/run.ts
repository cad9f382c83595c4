/** Opening a run: the folder of a configuration, made when it is not there yet. What it holds: record.ts. */
import { readFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { tf } from '../engine/tensorflow';
import { requireWritable } from './atomic';
import { canonicalJson, keyOf } from './keys';
import { fileOf, formatVersion, readRecord, type Run, writeJson, writeRecord } from './record';

/** Where runs are kept and what is written down beside the configuration. */
export interface RunOptions {
  /** Folder of all runs. */
  readonly root: string;
  /** For people: letters, digits, dots, dashes and underscores. */
  readonly name: string;
  readonly seeds: Readonly<Record<string, number>>;
  /** The experiment that asks for the run, with all that does not determine its weights. */
  readonly experiment?: object;
}

/**
 * Opens the run of a configuration: the existing one when there is one of the same configuration, else a new folder.
 * Writes nothing when the run exists.
 * @throws Error when the folder can't be written, or holds a run of another format version or configuration.
 */
export async function openRun(config: object, options: RunOptions): Promise<Run> {
  const { root, name } = options;
  if (!/^[\w.-]+$/.test(name)) {
    throw new Error(`"${name}" can't name a run: use letters, digits, dots, dashes and underscores.`);
  }
  const key = keyOf({ formatVersion, config });
  const run: Run = { name, key, folder: path.resolve(root, `${name}-${key}`), config };
  if ((await readRecord(run)) === undefined) await createRun(run, options);
  return run;
}

/** run.json comes last: a folder without it is no run yet and is written again. */
async function createRun(run: Run, { seeds, experiment }: RunOptions): Promise<void> {
  await requireWritable(run.folder);
  await writeJson(fileOf(run, 'config.json'), JSON.parse(canonicalJson(run.config)));
  if (experiment) await writeJson(fileOf(run, 'experiment.json'), experiment);
  await writeRecord(run, {
    formatVersion,
    name: run.name,
    key: run.key,
    status: 'unfinished',
    seeds,
    versions: {
      unimodal: libraryVersion(),
      node: process.versions.node,
      tensorflow: tensorflowVersion(),
    },
    startedAt: new Date().toISOString(),
  });
}

/** Makes the run as new: weights, results and checkpoints are removed. The caller holds the folder's lock. */
export async function clearRun(run: Run): Promise<void> {
  const record = await readRecord(run);
  if (record !== undefined)
    await writeRecord(run, { ...record, status: 'unfinished', finishedAt: undefined });
  const permanent = ['config.json', 'experiment.json', 'run.json'];
  for (const name of await fs.readdir(run.folder)) {
    if (permanent.includes(name) || name.startsWith('lock.')) continue;
    await fs.rm(fileOf(run, name), { recursive: true });
  }
}

function libraryVersion(): string {
  const file = path.join(__dirname, '..', '..', 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function tensorflowVersion(): string {
  const { binding } = tf.backend() as unknown as { binding?: { TF_Version?: string } };
  return binding?.TF_Version ?? 'unknown';
}
