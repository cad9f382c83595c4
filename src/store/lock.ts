/**
 * One process at a time works on a folder. Each process that wants it leaves a file whose name says who it is, then looks
 * whether another *living* process has done the same, and withdraws if so. The files of dead processes count for nothing,
 * so a killed process never leaves a folder locked, and no moment exists in which two processes both hold it.
 */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode, explainFileError } from './atomic';
import { startOf } from './process';

interface Holder {
  readonly file: string;
  readonly host: string;
  readonly pid: number;
  /** When the process started: tells it from a later one of the same number. */
  readonly started: string;
}

/** Thrown when another process (or another part of this one) is at work in the folder. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';
}

/**
 * Runs `work` while this process holds `folder`, which must exist. Inside `work` it can't be locked again.
 * @throws FolderInUseError naming the process that holds it, since when, and what to do.
 */
export async function withFolderLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const release = await lockFolder(folder);
  try {
    return await work();
  } finally {
    await release();
  }
}

/** Two processes that come at the same moment may both withdraw; after a random pause one of them gets in. */
const attempts = 4;

async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const own = path.join(folder, lockName());
  for (let attempt = 1; ; attempt++) {
    await claim(own, folder);
    const other = await otherHolder(folder, own);
    if (other === undefined) return () => fs.rm(own, { force: true });
    await fs.rm(own, { force: true });
    if (attempt === attempts) throw new FolderInUseError(await sentence(other));
    await delay(20 + Math.random() * 100);
  }
}

async function claim(own: string, folder: string): Promise<void> {
  try {
    await fs.writeFile(own, '', { flag: 'wx' });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw explainFileError(error, own, 'write');
    throw new FolderInUseError(
      `${folder} is already being worked on in this process. Wait for that to end, or interrupt it.`,
    );
  }
}

/** The living process that holds the folder besides this one; what dead ones left is removed. */
async function otherHolder(folder: string, own: string): Promise<Holder | undefined> {
  for (const name of await fs.readdir(folder)) {
    const holder = parseLock(path.join(folder, name));
    if (holder === undefined || holder.file === own) continue;
    if (isAlive(holder)) return holder;
    await fs.rm(holder.file, { force: true });
  }
  return undefined;
}

/** Whether a living process holds the folder. Changes nothing. */
export async function isHeld(folder: string): Promise<boolean> {
  const holders = (await fs.readdir(folder)).map(name => parseLock(path.join(folder, name)));
  return holders.some(holder => holder !== undefined && isAlive(holder));
}

function lockName(): string {
  return `lock.${hostName()}.${process.pid}.${startOf(process.pid) ?? 'unknown'}`;
}

function parseLock(file: string): Holder | undefined {
  const match = /^lock\.(.+)\.(\d+)\.(\w+)$/.exec(path.basename(file));
  return match === null ? undefined : { file, host: match[1], pid: Number(match[2]), started: match[3] };
}

/** A process of another machine (a shared folder) can't be looked at from here: it counts as alive. */
function isAlive(holder: Holder): boolean {
  return holder.host !== hostName() || startOf(holder.pid) === holder.started;
}

function hostName(): string {
  return os.hostname().replace(/[^\w-]/g, '_');
}

async function sentence(holder: Holder): Promise<string> {
  const folder = path.dirname(holder.file);
  const since = await fs.stat(holder.file).then(
    stat => stat.mtime.toISOString(),
    () => 'just now',
  );
  if (holder.host === hostName()) {
    return `${folder} is being worked on by another process (pid ${holder.pid}, since ${since}). Wait for it to end, or end it and run this again: it goes on from the last checkpoint.`;
  }
  return `${folder} is being worked on by process ${holder.pid} of the machine ${holder.host} (since ${since}). Wait for it to end; if it is gone, remove ${holder.file}.`;
}
