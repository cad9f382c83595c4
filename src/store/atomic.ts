/** Files that are either the old one or the new one, whole: never half of one, whatever happens while writing. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { startOf } from './process';

/**
 * Writes `content` to `file`: under a temporary name in the same folder, flushed to the disk, then renamed.
 * Makes the folder when it is missing. On failure an earlier `file` is untouched and nothing else is left behind.
 * @param content text (UTF-8) or bytes; several pieces are written one after the other, as they come.
 * @throws Error naming the file and the remedy when the disk is full or the folder can't be written to.
 */
export async function writeFileAtomically(file: string, content: Content): Promise<void> {
  const temporary = `${file}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  try {
    await requirePlaceForFiles(nearestExisting(path.dirname(file)));
    await fs.mkdir(path.dirname(file), { recursive: true });
    await writeThrough(temporary, content);
    await fs.rename(temporary, file);
  } catch (error) {
    await fs.rm(temporary, { force: true }).catch(() => undefined);
    throw explainFileError(error, file, 'write');
  }
  await flushFolder(path.dirname(file));
}

type Content = string | Uint8Array | readonly Uint8Array[] | AsyncIterable<Uint8Array>;

async function writeThrough(file: string, content: Content): Promise<void> {
  const pieces = typeof content === 'string' || content instanceof Uint8Array ? [content] : content;
  const handle = await fs.open(file, 'wx');
  try {
    for await (const piece of pieces) await handle.writeFile(piece);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A rename survives a power cut only when its folder has been flushed as well; not every file system can do it. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await fs.open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/**
 * Refuses a folder that can't be written to, or made, before work is done whose results would go there. Makes nothing.
 * @throws Error naming the folder (or the part of its path that exists) and the remedy.
 */
export async function requireWritable(folder: string): Promise<void> {
  const existing = nearestExisting(folder);
  try {
    if (!(await fs.stat(existing)).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
    await fs.access(existing, fs.constants.W_OK);
    await requirePlaceForFiles(existing);
  } catch (error) {
    throw explainFileError(error, existing, 'write');
  }
}

/** The type that Linux gives for /proc, where making a folder keeps Node busy for ever instead of failing. */
const procFileSystem = 0x9fa0;

async function requirePlaceForFiles(folder: string): Promise<void> {
  if ((await fs.statfs(folder)).type !== procFileSystem) return;
  throw Object.assign(new Error(`${folder} is part of /proc`), { code: 'ENOTSUP' });
}

function nearestExisting(folder: string): string {
  const full = path.resolve(folder);
  return existsSync(full) || full === path.dirname(full) ? full : nearestExisting(path.dirname(full));
}

/** Removes what processes that were killed while writing left in the folder and those in it; living ones may be writing there. */
export async function removeTemporaryFiles(folder: string): Promise<void> {
  for (const name of await fs.readdir(folder, { recursive: true })) {
    const [, writer] = /\.(\d+)-[0-9a-f]{8}\.tmp$/.exec(name) ?? [];
    if (writer !== undefined && startOf(Number(writer)) === undefined)
      await fs.rm(path.join(folder, name), { force: true });
  }
}

/**
 * Turns a file system's error into one that names the file and what to do; other errors come back as they are.
 * @param action what was tried, as in "could not write".
 */
export function explainFileError(error: unknown, file: string, action: 'write' | 'read'): unknown {
  const code = errorCode(error);
  const remedy = code === undefined ? undefined : remedies[code];
  if (remedy === undefined) return error;
  return new Error(`Could not ${action} ${file}: ${remedy} (${code})`, { cause: error });
}

/** The code of a file system's error ('ENOENT', ...); undefined for anything else. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

const forbidden = 'this user has no permission there. Change the permissions, or choose another place.';
const full =
  'the disk is full. Free some space or choose a folder on another disk, then run again: what was saved is kept.';
const remedies: Record<string, string> = {
  ENOSPC: full,
  EDQUOT: full,
  EACCES: forbidden,
  EPERM: forbidden,
  EROFS: 'the file system is read-only. Choose another folder.',
  ENOTSUP: 'nothing can be kept in this file system. Choose another folder.',
  ENOTDIR: 'a part of the path is a file, not a folder. Choose another folder.',
  EISDIR: 'there is a folder of that name. Choose another name.',
  ENOENT: 'there is no such file. Check the path.',
};
