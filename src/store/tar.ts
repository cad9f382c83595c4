/** Tar archives, read and written file by file. */
import { createReadStream } from 'node:fs';
import fs from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { type Extract, extract, type Header, pack, type Pack } from 'tar-stream';
import { explainFileError } from './atomic';

/** A file's content with its path, relative and with slashes. */
export interface NamedFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Files that can be listed before any is read. */
export interface ReadableFiles {
  /** Paths of all files; hidden files and folders (.name) are left out. */
  list(): Promise<string[]>;
  /** The files with the given paths, in the order in which they are stored. */
  read(paths: ReadonlySet<string>): AsyncIterable<NamedFile>;
}

type Entry = Extract extends AsyncIterable<infer E> ? E : never;

/** Bytes of one file of an archive, at most: protects memory from archives made to burst. */
export const largestFile = 2 ** 30;

/**
 * The files of a .tar or .tar.gz archive. Nothing of it reaches the disk. All of it is listed before anything is read, so that one that could write
 * elsewhere when others unpack it (links, absolute paths, ..) is refused first.
 */
export function readTar(archive: string): ReadableFiles {
  return {
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
  const gzipped = await isGzipped(archive);
  const entries = extract();
  const source = createReadStream(archive);
  const failed = (error: unknown) => {
    if (error) entries.destroy(error as Error);
  };
  if (gzipped) pipeline(source, createGunzip(), entries, failed);
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
  const handle = await fs.open(file).catch((error: unknown) => {
    throw explainFileError(error, file, 'read');
  });
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

/** The bytes of a .tar.gz with these files, one after the other. Equal files give equal bytes, whenever it is made. */
export async function* writeTarGz(files: AsyncIterable<NamedFile>): AsyncGenerator<Uint8Array> {
  const tar = pack();
  const zipped = createGzip();
  pipeline(tar, zipped, () => undefined); // an error ends `zipped` with it
  void addAll(tar, files).catch((error: Error) => tar.destroy(error));
  yield* zipped as AsyncIterable<Uint8Array>;
}

async function addAll(tar: Pack, files: AsyncIterable<NamedFile>): Promise<void> {
  for await (const { path, bytes } of files) {
    await new Promise<void>((done, failed) => {
      tar.entry({ name: path, mtime: new Date(0) }, bytes, error => (error ? failed(error) : done()));
    });
  }
  tar.finalize();
}
