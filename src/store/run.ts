/**
 * A run: everything about one trained model, in one folder.
 *
 *     runs/<name>-<key>/
 *       config.json          the resolved configuration; the key is its hash
 *       run.json             format version, status, seeds, versions; "finished" is written last of all
 *       metrics.jsonl        one line a training interval
 *       checkpoint.safetensors   the last state of an unfinished training
 *       weights.safetensors  the trained weights, raw and averaged
 *       results/             measures, each keyed by what it depends on (results.ts)
 */
import { readFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { tf } from '../engine/tensorflow';
import type { NamedValues } from '../engine/values';
import { errorCode, explainFileError, requireWritable, writeFileAtomically } from './atomic';
import { canonicalJson, keyOf } from './keys';
import { readSafetensors, saveSafetensors } from './safetensors';

/** Counts the changes of the folder's layout and of what the same configuration computes. */
export const formatVersion = 1;

/** A run's folder and what it is the run of. */
export interface Run {
  /** For people: appears in the folder's name and in messages. */
  readonly name: string;
  /** Hash of the configuration and the format version. */
  readonly key: string;
  readonly folder: string;
  readonly config: unknown;
}

/** What run.json says. */
export interface RunRecord {
  readonly formatVersion: number;
  readonly name: string;
  readonly key: string;
  readonly status: 'unfinished' | 'finished';
  /** Seeds by what they determine. */
  readonly seeds: Readonly<Record<string, number>>;
  readonly versions: { readonly unimodal: string; readonly node: string; readonly tensorflow: string };
  readonly startedAt: string;
  readonly finishedAt?: string;
}

/** Where runs are kept and what is written down beside the configuration. */
export interface RunOptions {
  /** Folder of all runs. */
  readonly root: string;
  /** For people: letters, digits, dots, dashes and underscores. */
  readonly name: string;
  readonly seeds: Readonly<Record<string, number>>;
}

/**
 * Opens the run of a configuration: the existing one when there is one of the same configuration, else a new folder.
 * Writes nothing when the run exists.
 * @throws Error when the folder can't be written, or holds a run of another format version or configuration.
 */
export async function openRun(config: object, { root, name, seeds }: RunOptions): Promise<Run> {
  if (!/^[\w.-]+$/.test(name)) {
    throw new Error(`"${name}" can't name a run: use letters, digits, dots, dashes and underscores.`);
  }
  const key = keyOf({ formatVersion, config });
  const run: Run = { name, key, folder: path.resolve(root, `${name}-${key}`), config };
  if ((await readRecord(run)) === undefined) await createRun(run, seeds);
  return run;
}

async function createRun(run: Run, seeds: Readonly<Record<string, number>>): Promise<void> {
  await requireWritable(run.folder);
  const config = JSON.stringify(JSON.parse(canonicalJson(run.config)), undefined, 2);
  await writeFileAtomically(fileOf(run, 'config.json'), config + '\n');
  const record: RunRecord = {
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
  };
  await writeRecord(run, record);
}

/** The path of a file of the run. */
export function fileOf(run: Run, name: string): string {
  return path.join(run.folder, name);
}

/**
 * What run.json says; undefined when there is none (nothing has been opened yet).
 * @throws Error when it is damaged, of another format version, or of another run.
 */
export async function readRecord(run: Run): Promise<RunRecord | undefined> {
  const file = fileOf(run, 'run.json');
  const text = await readText(file);
  if (text === undefined) return undefined;
  const record = parseRecord(file, text);
  if (record.formatVersion !== formatVersion) {
    throw new Error(
      `${run.folder} was written in format ${record.formatVersion}, this version of unimodal reads format ${formatVersion}. Use the version that wrote it, or another folder for runs.`,
    );
  }
  if (record.key !== run.key) {
    throw new Error(
      `${run.folder} holds another run (key ${record.key}). Move it away, or use another folder for runs.`,
    );
  }
  return record;
}

function parseRecord(file: string, text: string): RunRecord {
  try {
    return JSON.parse(text) as RunRecord;
  } catch (error) {
    throw new Error(`${file} is damaged. Remove the folder ${path.dirname(file)} to make the run again.`, {
      cause: error,
    });
  }
}

async function writeRecord(run: Run, record: RunRecord): Promise<void> {
  await writeFileAtomically(fileOf(run, 'run.json'), JSON.stringify(record, undefined, 2) + '\n');
}

/** Whether the training was completed and all of it is on the disk. */
export async function isFinished(run: Run): Promise<boolean> {
  return (await readRecord(run))?.status === 'finished';
}

/** Trained weights: as the optimizer left them, and their exponential moving average (what is measured). */
export interface Weights {
  readonly raw: NamedValues;
  readonly average: NamedValues;
}

/** Saves the weights, then declares the run finished and drops its checkpoint: in this order, so that finished is true. */
export async function finishRun(run: Run, weights: Weights): Promise<void> {
  const tensors = { ...prefixed('raw.', weights.raw), ...prefixed('ema.', weights.average) };
  await saveSafetensors(fileOf(run, weightsName), tensors, { key: run.key });
  const record = await readRecord(run);
  if (record === undefined) throw new Error(`${run.folder} has lost its run.json: train again.`);
  await writeRecord(run, { ...record, status: 'finished', finishedAt: new Date().toISOString() });
  await fs.rm(fileOf(run, 'checkpoint.safetensors'), { force: true });
}

const weightsName = 'weights.safetensors';

/** The weights of a finished run. @throws Error naming the file when it is damaged or belongs to another run. */
export async function loadWeights(run: Run): Promise<Weights> {
  const { tensors, metadata } = await readSafetensors(fileOf(run, weightsName));
  if (metadata.key !== run.key) {
    throw new Error(`${fileOf(run, weightsName)} belongs to another run (key ${metadata.key}): train again.`);
  }
  return { raw: withoutPrefix('raw.', tensors), average: withoutPrefix('ema.', tensors) };
}

/** The tensors with `prefix` put before their names. */
export function prefixed(prefix: string, tensors: NamedValues): NamedValues {
  return Object.fromEntries(Object.entries(tensors).map(([name, value]) => [prefix + name, value]));
}

/** The tensors whose names start with `prefix`, named without it. */
export function withoutPrefix(prefix: string, tensors: NamedValues): NamedValues {
  const chosen = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(chosen.map(([name, value]) => [name.slice(prefix.length), value]));
}

/** Makes the run as new: weights, results and checkpoint are removed. The caller holds the folder's lock. */
export async function clearRun(run: Run): Promise<void> {
  const record = await readRecord(run);
  if (record !== undefined)
    await writeRecord(run, { ...record, status: 'unfinished', finishedAt: undefined });
  for (const name of ['metrics.jsonl', 'checkpoint.safetensors', weightsName, 'results']) {
    await fs.rm(fileOf(run, name), { recursive: true, force: true });
  }
}

/** A file's text; undefined when there is no such file. */
export async function readText(file: string): Promise<string | undefined> {
  try {
    return await fs.readFile(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw explainFileError(error, file, 'read');
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
