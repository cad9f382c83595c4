/** Many files by path, from a folder or from a tar archive: read one by one, never unpacked to the disk. */
import { statSync } from 'node:fs';
import fs from 'node:fs/promises';
import path, { basename, resolve } from 'node:path';
import { errorCode, explainFileError } from '../store/atomic';
import { type ReadableFiles, readTar } from '../store/tar';

/** What every loader takes. */
export interface LoadOptions {
  /** Called as bytes arrive, and after each image. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Stops: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How far a loader is: bytes while it downloads, then images. */
export interface LoadProgress {
  readonly what: 'bytes' | 'images';
  readonly done: number;
  readonly total: number;
}

/** Files of one folder or archive. */
export interface FileSource extends ReadableFiles {
  /** The folder or archive, for messages. */
  readonly location: string;
  readonly isArchive: boolean;
}

/** Folders below the one that is given, at most: part, class, and one around each. */
const deepest = 5;

/**
 * The files of a folder or of a .tar or .tar.gz archive, whichever the path leads to. They are listed once, however often they are
 * asked for: to list an archive is to read all of it.
 * @throws Error when there is nothing at the path
 */
export function filesIn(location: string): FileSource {
  try {
    const files = statSync(location).isDirectory()
      ? filesOfFolder(location)
      : { location, isArchive: true, ...readTar(location) };
    let paths: Promise<string[]> | undefined;
    return { ...files, list: () => (paths ??= files.list()) };
  } catch (cause) {
    throw new Error(`Cannot read ${location}. Does it exist, and may you read it?`, { cause });
  }
}

/** What a data set from there is called. */
export function nameOf({ location }: FileSource): string {
  return basename(resolve(location)).replace(/\.(tar(\.gz)?|tgz)$/i, '');
}

function filesOfFolder(folder: string): FileSource {
  return {
    location: folder,
    isArchive: false,
    list: () => pathsUnder(folder, '', deepest),
    async *read(paths) {
      for (const name of paths) {
        const file = path.join(folder, name);
        const bytes = await fs.readFile(file).catch((error: unknown) => {
          throw explainFileError(error, file, 'read');
        });
        yield { path: name, bytes };
      }
    },
  };
}

/** Links are followed: what a user links into a folder of their own is meant. */
async function pathsUnder(root: string, folder: string, depth: number): Promise<string[]> {
  const whole = path.join(root, folder);
  const entries = await fs.readdir(whole, { withFileTypes: true }).catch((error: unknown) => {
    throw explainFileError(error, whole, 'read');
  });
  const paths: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const name = path.posix.join(folder, entry.name);
    const isFolder = entry.isSymbolicLink()
      ? await leadsToFolder(path.join(root, name))
      : entry.isDirectory();
    if (!isFolder) paths.push(name);
    else if (depth > 1) paths.push(...(await pathsUnder(root, name, depth - 1)));
  }
  return paths;
}

async function leadsToFolder(link: string): Promise<boolean> {
  try {
    return (await fs.stat(link)).isDirectory();
  } catch (error) {
    if (!['ENOENT', 'ELOOP'].includes(errorCode(error) ?? '')) throw explainFileError(error, link, 'read');
    throw new Error(`${link} is a link that leads to nothing. Mend or remove it.`, { cause: error });
  }
}
