/**
 * Runs as one file that another person imports: a .tar.gz of run folders with a manifest before them.
 *
 *     manifest.json        format version, and of each file its path, size and SHA-256
 *     <name>-<key>/...     the files of a run that travel: see `travelling`
 */

/** What manifest.json says. */
export interface ArchiveManifest {
  readonly format: typeof archiveFormat;
  readonly formatVersion: number;
  readonly files: readonly ArchivedFile[];
}

/** A file of an archive. */
export interface ArchivedFile {
  /** Relative to the folder of all runs, with slashes. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export const manifestName = 'manifest.json';
export const archiveFormat = 'unimodal runs';

/** Counts the changes of the archive's layout; what the runs in it are written in is counted by their own run.json. */
export const archiveVersion = 1;

const settingsAndResults =
  /^(config\.json|experiment\.json|run\.json|metrics\.jsonl|results\/[\w-]+\.(json|safetensors))$/;
const weights = /^(weights|kept\/\d+)\.safetensors$/;
const runFolder = /^[\w.-]+-[0-9a-f]{12}$/;

/** Whether a file of a run, by its path in the run's folder, goes into an archive. No such file holds training images. */
export function travels(name: string, options: { readonly weights: boolean }): boolean {
  return settingsAndResults.test(name) || (options.weights && weights.test(name));
}

/** Where a file of an archive belongs: a run's folder, and the path in it. */
export interface Place {
  readonly folder: string;
  readonly name: string;
}

/** Where a path in an archive belongs; undefined for a path that no archive has. */
export function placeOf(path: string): Place | undefined {
  const at = path.indexOf('/');
  const [folder, name] = [path.slice(0, at), path.slice(at + 1)];
  return runFolder.test(folder) && travels(name, { weights: true }) ? { folder, name } : undefined;
}
