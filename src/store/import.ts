/** Runs out of an archive (archive.ts) that somebody else may have made: nothing in it is trusted. */
import fs from 'node:fs/promises';
import path from 'node:path';
import type { ArchivedFile, ArchiveManifest, Place } from './archive';
import { archiveFormat, archiveVersion, manifestName, placeOf } from './archive';
import { explainFileError, requireWritable, writeFileAtomically } from './atomic';
import { sha256 } from './keys';
import { withFolderLock } from './lock';
import { readRun, type StoredRun } from './runs';
import { type ReadableFiles, readTar } from './tar';

/** A file of an archive, and where it belongs. */
type Listed = ArchivedFile & Place;

/** What an import brought. */
export interface Imported {
  readonly imported: readonly StoredRun[];
  /** Runs of the archive that were there already with the same files. */
  readonly present: readonly StoredRun[];
}

/**
 * Brings the runs of an archive that {@link exportRuns} wrote into a folder of runs: all of them, or none when anything is
 * wrong. A run that is there already with the same files is left as it is.
 * @param root folder of all runs; made when it is missing.
 * @throws Error when the archive would write outside the folder or holds anything but runs, was made by another version, is
 * damaged (size and SHA-256 of each file are checked), is larger than what is free on the disk, or a run is there already with
 * other content.
 */
export async function importRuns(archive: string, root: string): Promise<Imported> {
  const files = readTar(archive);
  const listed = await readManifest(archive, files);
  await requireWritable(root);
  return withStaging(root, async staging => {
    await requireRoom(archive, listed, staging);
    await unpack(archive, files, listed, staging);
    const folders = [...new Set(listed.map(file => file.folder))];
    for (const folder of folders) await requireRun(archive, path.join(staging, folder));
    const present = await presentRuns(root, folders, listed);
    const imported = folders.filter(folder => !present.includes(folder));
    await moveAll(imported, staging, root);
    return { imported: await readAll(root, imported), present: await readAll(root, present) };
  });
}

/** The files of the archive, once all its paths are known to be harmless and to be those that the manifest lists. */
async function readManifest(archive: string, files: ReadableFiles): Promise<readonly Listed[]> {
  const paths = (await files.list()).filter(name => name !== manifestName);
  const listed = (await parseManifest(archive, files)).files.map(file => {
    const place = placeOf(String(file?.path));
    if (place === undefined) throw refusal(archive, `"${file?.path}" in its manifest is not a file of a run`);
    if (!Number.isSafeInteger(file.bytes) || file.bytes < 0)
      throw refusal(archive, `"${file.path}" in its manifest has the size ${file.bytes}`);
    return { ...file, ...place };
  });
  const known = new Set(listed.map(file => file.path));
  const stranger = paths.find(name => !known.has(name));
  if (stranger !== undefined) throw refusal(archive, `"${stranger}" is not in its manifest`);
  const missing = [...known].find(name => !paths.includes(name));
  if (missing !== undefined) throw refusal(archive, `"${missing}" is missing in it`);
  return listed;
}

async function parseManifest(archive: string, files: ReadableFiles): Promise<ArchiveManifest> {
  for await (const { bytes } of files.read(new Set([manifestName]))) {
    const manifest = parse(bytes);
    if (manifest?.format !== archiveFormat) break;
    if (manifest.formatVersion !== archiveVersion) {
      throw new Error(
        `${archive} is an archive of version ${manifest.formatVersion}, this version of unimodal imports version ${archiveVersion}. Import it with the version that wrote it.`,
      );
    }
    if (Array.isArray(manifest.files) && manifest.files.length > 0) return manifest;
  }
  throw refusal(archive, 'it has no manifest of runs');
}

function parse(bytes: Buffer): ArchiveManifest | undefined {
  try {
    return JSON.parse(bytes.toString()) as ArchiveManifest;
  } catch {
    return undefined;
  }
}

/**
 * A folder beside the runs, on the same disk, that `work` fills; it is gone afterwards. What a killed import left in it is
 * removed first.
 */
async function withStaging<T>(root: string, work: (staging: string) => Promise<T>): Promise<T> {
  const staging = path.join(root, '.importing');
  await fs.mkdir(staging, { recursive: true });
  return withFolderLock(staging, async () => {
    try {
      await clear(staging);
      return await work(staging);
    } finally {
      await clear(staging);
    }
  }).finally(() => fs.rmdir(staging).catch(() => undefined)); // another import may be in it already
}

async function clear(staging: string): Promise<void> {
  for (const name of await fs.readdir(staging)) {
    if (!name.startsWith('lock.')) await fs.rm(path.join(staging, name), { recursive: true });
  }
}

/** Files are compared with the sizes that their manifest claims, so that no more is written than what is found to fit here. */
async function requireRoom(archive: string, listed: readonly Listed[], staging: string): Promise<void> {
  const needed = listed.reduce((sum, { bytes }) => sum + bytes, 0);
  const { bavail, bsize } = await fs.statfs(staging);
  if (needed <= bavail * bsize) return;
  const size = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  throw new Error(
    `The runs of ${archive} take ${size(needed)}, and ${size(bavail * bsize)} are free where they would go: nothing was imported. Free some space, or import into a folder on another disk.`,
  );
}

async function unpack(
  archive: string,
  files: ReadableFiles,
  listed: readonly Listed[],
  staging: string,
): Promise<void> {
  const claims = new Map(listed.map(file => [file.path, file]));
  for await (const { path: name, bytes } of files.read(new Set(claims.keys()))) {
    const claim = claims.get(name);
    if (bytes.length !== claim?.bytes)
      throw refusal(archive, `"${name}" has ${bytes.length} bytes, and ${claim?.bytes} in its manifest`);
    if (sha256(bytes) !== claim.sha256)
      throw refusal(archive, `the SHA-256 of "${name}" is not the one in its manifest`);
    await writeFileAtomically(path.join(staging, name), bytes);
  }
}

/** Moves all folders, or none. */
async function moveAll(folders: readonly string[], staging: string, root: string): Promise<void> {
  const moved: string[] = [];
  try {
    for (const folder of folders) {
      await fs.rename(path.join(staging, folder), path.join(root, folder));
      moved.push(folder);
    }
  } catch (cause) {
    for (const folder of moved) await fs.rename(path.join(root, folder), path.join(staging, folder));
    const { message } = explainFileError(cause, root, 'write') as Error;
    throw new Error(`Nothing was imported: ${message}`, { cause });
  }
}

/** A run that this version reads: run.json and config.json belong together and to the folder's name. */
async function requireRun(archive: string, folder: string): Promise<void> {
  const name = path.basename(folder);
  const run = await readRun(folder).catch((cause: Error) => {
    throw refusal(archive, cause.message.replaceAll(folder, name), cause);
  });
  if (run === undefined || run.record.status !== 'finished' || name !== `${run.name}-${run.key}`) {
    throw refusal(archive, `"${name}" is not a finished run of that name`);
  }
}

/**
 * The folders of runs that are there already.
 * @throws Error when one of them does not hold the same files.
 */
async function presentRuns(
  root: string,
  folders: readonly string[],
  listed: readonly Listed[],
): Promise<string[]> {
  const names = await fs.readdir(root);
  const present = folders.filter(folder => names.includes(folder));
  for (const { folder, name, sha256: expected } of listed.filter(file => present.includes(file.folder))) {
    const own = await fs.readFile(path.join(root, folder, name)).catch(() => undefined);
    if (own !== undefined && sha256(own) === expected) continue;
    throw new Error(
      `${path.join(root, folder)} is there already, and its ${name} is ${own ? 'another one' : 'missing'}: nothing was imported. Move that run away or remove it, or import into another folder of runs.`,
    );
  }
  return present;
}

async function readAll(root: string, folders: readonly string[]): Promise<StoredRun[]> {
  const runs = await Promise.all(folders.map(folder => readRun(path.join(root, folder))));
  return runs.filter(run => run !== undefined);
}

function refusal(archive: string, problem: string, cause?: unknown): Error {
  return new Error(`The archive ${archive} is refused: ${problem}. Ask for a new export.`, { cause });
}
