/** Downloads that go on where they stopped, are checked, and are kept in a cache folder. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { explainFileError } from '../store/atomic';
import { withFolderLock } from '../store/lock';
import type { LoadOptions } from './files';

/** Where to download from and to. */
export interface DownloadOptions extends LoadOptions {
  /** Web address of a folder that holds the same files. Default: the environment variable UNIMODAL_MIRROR, else the original. */
  readonly mirror?: string;
  /** Folder for downloads. Default: `unimodal` in $XDG_CACHE_HOME, else in ~/.cache. */
  readonly cacheFolder?: string;
}

/** Where downloads are kept unless said otherwise. */
function defaultCacheFolder(): string {
  return path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'unimodal');
}

/**
 * The path of the file at a web address, downloaded unless it has been. While it arrives it is called `.partial`; a broken
 * download is continued by the next call.
 * @param md5 the published checksum, hexadecimal
 * @throws Error with the address and what else can be done when it cannot be had; naming the file when its checksum is
 *   another one (it is removed then); FolderInUseError when another process is downloading
 */
export async function download(url: string, md5: string, options: DownloadOptions = {}): Promise<string> {
  const { cacheFolder = defaultCacheFolder(), mirror = process.env.UNIMODAL_MIRROR } = options;
  const name = path.posix.basename(new URL(url).pathname);
  const file = path.join(cacheFolder, name);
  const address = mirror ? `${mirror.replace(/\/+$/, '')}/${name}` : url;
  if (await exists(file)) return file;
  await fs.mkdir(cacheFolder, { recursive: true }).catch((error: unknown) => {
    throw explainFileError(error, cacheFolder, 'write');
  });
  return withFolderLock(cacheFolder, async () => {
    if (await exists(file)) return file; // by another process, until just now
    await fetchInto(`${file}.partial`, address, file, options);
    await requireChecksum(`${file}.partial`, md5, options.signal).catch(async (error: unknown) => {
      if (!options.signal?.aborted) await fs.rm(`${file}.partial`);
      throw error;
    });
    await fs.rename(`${file}.partial`, file);
    return file;
  });
}

/** @throws Error naming the file when its MD5 is not the expected one */
export async function requireChecksum(file: string, md5: string, signal?: AbortSignal): Promise<void> {
  const hash = createHash('md5');
  for await (const piece of createReadStream(file, { signal })) hash.update(piece as Buffer);
  const actual = hash.digest('hex');
  if (actual === md5) return;
  throw new Error(
    `${file} is not the published file: its MD5 is ${actual}, expected ${md5}. Download it again, or from elsewhere.`,
  );
}

async function fetchInto(
  partial: string,
  address: string,
  file: string,
  options: LoadOptions,
): Promise<void> {
  const { signal, onProgress } = options;
  try {
    const have = await sizeOf(partial);
    const response = await request(address, have, signal);
    const continues = response.status === 206;
    let done = continues ? have : 0;
    const total = done + Number(response.headers.get('content-length') ?? NaN);
    const handle = await fs.open(partial, continues ? 'a' : 'w');
    try {
      for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
        await handle.writeFile(piece);
        done += piece.length;
        onProgress?.({ what: 'bytes', done, total });
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (done < total) throw new Error(`the connection ended after ${done} of ${total} bytes`);
  } catch (error) {
    signal?.throwIfAborted();
    throw explained(error as Error, address, file);
  }
}

/** The rest of a file, or all of it where the server has no part to give (416: it changed, or was whole already). */
async function request(address: string, have: number, signal?: AbortSignal): Promise<Response> {
  const headers = have > 0 ? { range: `bytes=${have}-` } : undefined;
  const response = await fetch(address, { headers, signal });
  if (response.status === 416) return request(address, 0, signal);
  if (!response.ok || !response.body)
    throw new Error(`the server answered ${response.status} ${response.statusText}`);
  return response;
}

function explained(error: Error, address: string, file: string): Error {
  const known = explainFileError(error, file, 'write');
  if (known !== error) return known as Error;
  const reason = error.cause instanceof Error ? error.cause.message : error.message;
  return new Error(
    `Could not download ${address}: ${reason}. Try again (it goes on where it stopped), name a mirror in UNIMODAL_MIRROR, or put the file at ${file}.`,
    { cause: error },
  );
}

async function sizeOf(file: string): Promise<number> {
  return fs.stat(file).then(
    stat => stat.size,
    () => 0,
  );
}

async function exists(file: string): Promise<boolean> {
  return fs.access(file).then(
    () => true,
    () => false,
  );
}
