/** Stamps: a small file beside what was made, that says from what it was made. Where it differs, the thing is made again. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** SHA-256 of a JSON value (and of files' contents, given as strings or buffers inside an array). */
export function hashOf(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) {
    const bytes = Buffer.isBuffer(part) ? part : Buffer.from(JSON.stringify(part));
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.digest('hex');
}

/** The stamp's content, or undefined where there is none or it is damaged. */
export function readStamp(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Writes a stamp, complete or not at all. */
export function writeStamp(file, content) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(content, null, 2)}\n`);
  renameSync(`${file}.${process.pid}`, file);
}

/** Removes a stamp before the thing is made anew, so that an interruption leaves none. */
export function removeStamp(file) {
  rmSync(file, { force: true });
}
