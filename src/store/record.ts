/**
 * What a run's folder says about itself. Reads and writes text only, so that listing runs needs no TensorFlow.
 *
 *     runs/<name>-<key>/
 *       config.json          what determines the weights; the key is its hash
 *       experiment.json      the whole resolved experiment that first asked for the run: images, probe, sampling as well
 *       run.json             format version, status, seeds, versions; "finished" is written last of all
 *       metrics.jsonl        one line a training interval
 *       checkpoint.safetensors, checkpoint-before.safetensors   the last two states of an unfinished training
 *       kept/<step>.safetensors   averaged weights at chosen steps
 *       weights.safetensors  the trained weights, raw and averaged
 *       results/             measures, each keyed by what it depends on (results.ts)
 *     runs/values/             values that belong to no run (keep)
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import { errorCode, explainFileError, writeFileAtomically } from './atomic';

/** Counts the changes of the folder's layout and of what the same configuration computes. */
export const formatVersion = 2;

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

/** The path of a file of the run. */
export function fileOf(run: Run, name: string): string {
  return path.join(run.folder, name);
}

/**
 * What the run.json of a folder says; undefined when there is none.
 * @throws Error when it is damaged or of another format version.
 */
export async function readRecordIn(folder: string): Promise<RunRecord | undefined> {
  const file = path.join(folder, recordName);
  const text = await readText(file);
  if (text === undefined) return undefined;
  const record = parse(file, text) as RunRecord;
  if (record.formatVersion !== formatVersion) {
    throw new Error(
      `${folder} was written in format ${record.formatVersion}, this version of unimodal reads format ${formatVersion}. Use the version that wrote it, or make the run again.`,
    );
  }
  return record;
}

/**
 * What run.json says of a run; undefined when there is none (nothing has been opened yet).
 * @throws Error when it is damaged, of another format version, or of another run.
 */
export async function readRecord(run: Run): Promise<RunRecord | undefined> {
  const record = await readRecordIn(run.folder);
  if (record !== undefined && record.key !== run.key) {
    throw new Error(
      `${run.folder} holds another run (key ${record.key}). Move it away, or use another folder for runs.`,
    );
  }
  return record;
}

/** Replaces what run.json says. */
export async function writeRecord(run: Run, record: RunRecord): Promise<void> {
  await writeJson(fileOf(run, recordName), record);
}

const recordName = 'run.json';

/** A JSON file of a run; undefined when there is none. @throws Error naming the file when it is damaged. */
export async function readJson(file: string): Promise<unknown> {
  const text = await readText(file);
  return text === undefined ? undefined : parse(file, text);
}

/** Writes a value as JSON for people to read. */
export async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFileAtomically(file, JSON.stringify(value, undefined, 2) + '\n');
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is damaged. Remove the folder ${path.dirname(file)} to make the run again.`, {
      cause: error,
    });
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
