/** Many files by path, from a folder or from a tar archive: read one by one, never unpacked to the disk. */
import { createReadStream, statSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type Extract, extract, type Header } from 'tar-stream';
import { explainFileError } from '../store/atomic';

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

/** A file's content with its path, relative and with slashes. */
export interface NamedFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Files of one folder or archive. */
export interface FileSource {
  /** The folder or archive, for messages. */
  readonly location: string;
  readonly isArchive: boolean;
  /** Paths of all files; hidden files and folders (.name) are left out. */
  list(): Promise<string[]>;
  /** The files with the given paths, in the order in which they are stored. */
  read(paths: ReadonlySet<string>): AsyncIterable<NamedFile>;
}

type Entry = Extract extends AsyncIterable<infer E> ? E : never;

/** Folders below the one that is given, at most: part, class, and one around each. */
const deepest = 5;
/** Bytes of one file of an archive, at most: protects memory from archives made to burst. */
const largestFile = 2 ** 30;

/**
 * The files of a folder or of a .tar or .tar.gz archive, whichever the path leads to.
 * @throws Error when there is nothing at the path
 */
export function filesIn(location: string): FileSource {
  try {
    return statSync(location).isDirectory() ? filesOfFolder(location) : filesOfTar(location);
  } catch (cause) {
    throw new Error(`Cannot read ${location}. Does it exist, and may you read it?`, { cause });
  }
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
  const entries = await fs.readdir(path.join(root, folder), { withFileTypes: true });
  const paths: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const name = path.posix.join(folder, entry.name);
    const isFolder = entry.isSymbolicLink()
      ? (await fs.stat(path.join(root, name))).isDirectory()
      : entry.isDirectory();
    if (!isFolder) paths.push(name);
    else if (depth > 1) paths.push(...(await pathsUnder(root, name, depth - 1)));
  }
  return paths;
}

/**
 * Nothing of the archive reaches the disk. All of it is listed before anything is read, so that one that could write
 * elsewhere when others unpack it (links, absolute paths, ..) is refused first.
 */
function filesOfTar(archive: string): FileSource {
  return {
    location: archive,
    isArchive: true,
    async list() {
      const paths = new Set<string>();
      for await (const entry of entriesOf(archive)) {
        const name = safePath(entry.header, archive);
        if (name !== undefined && paths.has(name)) throw refused(archive, `it holds "${name}" twice`);
        if (name !== undefined) paths.add(name);
        entry.resume();
      }
      return [...paths];
    },
    async *read(paths) {
      for await (const entry of entriesOf(archive)) {
        const name = safePath(entry.header, archive);
        if (name !== undefined && paths.has(name))
          yield { path: name, bytes: await contentOf(entry, archive) };
        else entry.resume();
      }
    },
  };
}

async function* entriesOf(archive: string): AsyncGenerator<Entry> {
  const entries = extract();
  const source = createReadStream(archive);
  const failed = (error: unknown) => {
    if (error) entries.destroy(error as Error);
  };
  if (await isGzipped(archive)) pipeline(source, createGunzip(), entries, failed);
  else pipeline(source, entries, failed);
  try {
    yield* entries;
  } catch (cause) {
    if (cause instanceof RefusedArchive) throw cause;
    throw refused(
      archive,
      `it is damaged, truncated or no .tar or .tar.gz (${(cause as Error).message})`,
      cause,
    );
  } finally {
    source.destroy();
  }
}

async function isGzipped(file: string): Promise<boolean> {
  const handle = await fs.open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}

/** The path of a file in an archive; undefined for a folder or something hidden. */
function safePath({ name, type, linkname }: Header, archive: string): string | undefined {
  const parts = name.split('/').filter(part => part !== '' && part !== '.');
  if (name.startsWith('/') || parts.includes('..')) {
    throw refused(archive, `"${name}" would lie outside the folder that it is unpacked to`);
  }
  if (type !== 'file' && type !== 'contiguous-file' && type !== 'directory') {
    throw refused(archive, `"${name}" is a ${type}${linkname ? ` to "${linkname}"` : ''}, no file`);
  }
  if (type === 'directory' || parts.some(part => part.startsWith('.'))) return undefined;
  return parts.join('/');
}

async function contentOf(entry: Entry, archive: string): Promise<Buffer> {
  const { name, size = 0 } = entry.header;
  if (size > largestFile) {
    throw refused(archive, `"${name}" claims ${size} bytes, more than the ${largestFile} that are allowed`);
  }
  const pieces: Buffer[] = [];
  for await (const piece of entry as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
}

class RefusedArchive extends Error {}

function refused(archive: string, problem: string, cause?: unknown): Error {
  return new RefusedArchive(
    `The archive ${archive} is refused: ${problem}. Get it again, or make one of plain files and folders.`,
    { cause },
  );
}
