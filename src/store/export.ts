/** Runs into an archive (archive.ts). */
import fs from 'node:fs/promises';
import path from 'node:path';
import type { ArchivedFile, ArchiveManifest } from './archive';
import { archiveFormat, archiveVersion, manifestName, travels } from './archive';
import { explainFileError, requireWritable, writeFileAtomically } from './atomic';
import { sha256 } from './keys';
import { readRecord, type Run } from './record';
import { largestFile, type NamedFile, writeTarGz } from './tar';

/** What is exported. */
export interface ExportOptions {
  /** Trained weights as well, those that were kept at chosen steps included. Default false: settings, log and results. */
  readonly weights?: boolean;
}

/** What an archive holds. */
export interface Exported {
  readonly archive: string;
  /** Size of the archive. */
  readonly bytes: number;
  /** Files in it, without the manifest. */
  readonly files: number;
}

/**
 * Writes finished runs as one archive, a .tar.gz, from which {@link importRuns} brings them back elsewhere. Results are drawn
 * again there without training; measuring something new needs the weights. Training images are never part of a run's
 * folder. Equal runs give equal bytes.
 * @param archive file to write; an earlier one is replaced when the new one is whole.
 * @throws Error before writing when there is no run, a run is not finished, or the file can't be written.
 */
export async function exportRuns(
  runs: readonly Run[],
  archive: string,
  { weights = false }: ExportOptions = {},
): Promise<Exported> {
  await requireFinished(runs);
  await requireWritable(path.dirname(archive));
  const files = (await Promise.all(runs.map(run => filesOf(run, weights)))).flat();
  const listed: ArchivedFile[] = [];
  for (const file of files) listed.push(describe(await load(file)));
  await writeFileAtomically(archive, writeTarGz(contents(listed, files)));
  return { archive, bytes: (await fs.stat(archive)).size, files: files.length };
}

async function requireFinished(runs: readonly Run[]): Promise<void> {
  if (runs.length === 0) throw new Error('There is no run to export: name at least one.');
  for (const run of runs) {
    if ((await readRecord(run))?.status === 'finished') continue;
    throw new Error(`${run.folder} is not trained to its end. Train it first, or leave it out.`);
  }
}

/** A file on its way into the archive. */
interface Travelling {
  /** In the archive. */
  readonly path: string;
  /** On the disk. */
  readonly file: string;
}

async function filesOf(run: Run, weights: boolean): Promise<Travelling[]> {
  const found = await fs.readdir(run.folder, { recursive: true });
  const names = found.map(name => name.replaceAll(path.sep, '/'));
  return names
    .filter(name => travels(name, { weights }))
    .sort()
    .map(name => ({ path: `${path.basename(run.folder)}/${name}`, file: path.join(run.folder, name) }));
}

async function load({ path, file }: Travelling): Promise<NamedFile> {
  const bytes = await fs.readFile(file).catch((error: unknown) => {
    throw explainFileError(error, file, 'read');
  });
  if (bytes.length <= largestFile) return { path, bytes };
  throw new Error(
    `${file} has ${bytes.length} bytes, an archive's files at most ${largestFile}: export without weights.`,
  );
}

function describe({ path, bytes }: NamedFile): ArchivedFile {
  return { path, bytes: bytes.length, sha256: sha256(bytes) };
}

async function* contents(
  listed: readonly ArchivedFile[],
  files: readonly Travelling[],
): AsyncGenerator<NamedFile> {
  const manifest: ArchiveManifest = { format: archiveFormat, formatVersion: archiveVersion, files: listed };
  yield { path: manifestName, bytes: Buffer.from(JSON.stringify(manifest, undefined, 1)) };
  for (const [index, file] of files.entries()) {
    const loaded = await load(file);
    if (describe(loaded).sha256 !== listed[index].sha256) {
      throw new Error(
        `${file.file} changed while it was exported. Export again when nothing is measured on the run.`,
      );
    }
    yield loaded;
  }
}
