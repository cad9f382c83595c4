/** All runs of a folder: listed, found by name or key, removed. Needs no TensorFlow. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { errorCode, explainFileError } from './atomic';
import { keyOf } from './keys';
import { withFolderLock } from './lock';
import { fileOf, formatVersion, readJson, readRecordIn, type Run, type RunRecord } from './record';

/** A run that is there, with what its run.json says. */
export interface StoredRun extends Run {
  readonly record: RunRecord;
}

/** What is in a folder of runs. */
export interface RunList {
  /** In the order in which they were started. */
  readonly runs: readonly StoredRun[];
  /** Why a folder that looks like a run can't be read, a sentence each: another format version, damage. */
  readonly unreadable: readonly string[];
}

/** The runs of a folder; none when there is no such folder. Other folders and files in it are passed over. */
export async function listRuns(root: string): Promise<RunList> {
  const runs: StoredRun[] = [];
  const unreadable: string[] = [];
  for (const folder of await foldersIn(root)) {
    try {
      const run = await readRun(folder);
      if (run) runs.push(run);
    } catch (error) {
      unreadable.push((error as Error).message);
    }
  }
  runs.sort((a, b) => (a.record.startedAt < b.record.startedAt ? -1 : 1));
  return { runs, unreadable };
}

async function foldersIn(root: string): Promise<string[]> {
  const entries = await fs.readdir(root, { withFileTypes: true }).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw explainFileError(error, root, 'read');
  });
  return entries.filter(entry => entry.isDirectory()).map(entry => path.resolve(root, entry.name));
}

/**
 * The run in a folder; undefined when it is not a run's.
 * @throws Error when it is damaged, of another format version, or its configuration was changed.
 */
export async function readRun(folder: string): Promise<StoredRun | undefined> {
  const record = await readRecordIn(folder);
  if (record === undefined) return undefined;
  const { name, key } = record;
  const file = path.join(folder, 'config.json');
  const config = await readJson(file);
  if (config === undefined || keyOf({ formatVersion, config }) !== key) {
    throw new Error(
      `${file} is not the configuration that the run was made with (key ${key}). Put the original back, or remove the folder.`,
    );
  }
  return { name, key, folder: path.resolve(folder), config, record };
}

/**
 * The run that a reference means: its folder, its name, its folder's name, or the beginning of its key.
 * @throws Error naming the runs that it may mean, or those that there are, unless it means exactly one.
 */
export async function findRun(reference: string, root: string): Promise<StoredRun> {
  const run = await readRun(reference);
  if (run) return run;
  const { runs } = await listRuns(root);
  const meant = runs.filter(
    ({ name, key, folder }) =>
      name === reference || path.basename(folder) === reference || key.startsWith(reference),
  );
  if (meant.length === 1) return meant[0];
  const names = (list: readonly StoredRun[]) => list.map(({ folder }) => path.basename(folder)).join(', ');
  if (meant.length > 1) {
    throw new Error(
      `"${reference}" means several runs: ${names(meant)}. Give the beginning of one's key, the last part.`,
    );
  }
  const there = runs.length > 0 ? `There are: ${names(runs)}.` : 'There are none: train one first.';
  throw new Error(`There is no run "${reference}" in ${root}. ${there}`);
}

/**
 * The runs that references mean, in their order.
 * @throws as findRun does
 */
export async function findRuns(references: readonly string[], root: string): Promise<StoredRun[]> {
  const runs: StoredRun[] = [];
  for (const reference of references) runs.push(await findRun(reference, root));
  return runs;
}

/**
 * Removes a run with everything in it.
 * @throws FolderInUseError when a process is at work in it.
 */
export async function removeRun(run: Run): Promise<void> {
  await withFolderLock(run.folder, async () => {
    // run.json first: what is left by an interruption is no run, and is listed as none.
    await fs.rm(fileOf(run, 'run.json'));
    await fs.rm(run.folder, { recursive: true });
  });
}
