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
  if (meant.length > 1) {
    throw new Error(
      `"${reference}" means several runs: ${folderNames(meant)}. Give the beginning of one's key, the last part.`,
    );
  }
  throw new Error(`There is no run "${reference}" in ${root}. ${thoseThatThereAre(runs)}`);
}

function thoseThatThereAre(runs: readonly StoredRun[]): string {
  return runs.length > 0 ? `There are: ${folderNames(runs)}.` : 'There are none: train one first.';
}

function folderNames(runs: readonly StoredRun[]): string {
  return runs.map(({ folder }) => path.basename(folder)).join(', ');
}

/**
 * The runs that references mean, in their order, each once. A reference with a star means all runs whose name or folder's
 * name it fits: `digits-*-seed0`.
 * @throws as findRun does; Error when a reference with a star fits no run.
 */
export async function findRuns(references: readonly string[], root: string): Promise<StoredRun[]> {
  const runs = new Map<string, StoredRun>();
  for (const reference of references) {
    const meant = reference.includes('*')
      ? await runsLike(reference, root)
      : [await findRun(reference, root)];
    for (const run of meant) runs.set(run.folder, run);
  }
  return [...runs.values()];
}

async function runsLike(pattern: string, root: string): Promise<StoredRun[]> {
  const form = new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);
  const { runs } = await listRuns(root);
  const meant = runs.filter(({ name, folder }) => form.test(name) || form.test(path.basename(folder)));
  if (meant.length > 0) return meant;
  throw new Error(`No run in ${root} fits "${pattern}". ${thoseThatThereAre(runs)}`);
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
