/** One set-up at a time in a folder: a lock file that its owner touches every two seconds. */
import { hostname } from 'node:os';
import {
  closeSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const beat = 2_000;
/** Untouched for so long, a lock of another machine or container is dead; one of this machine's is asked by its process. */
const stale = 60_000;
/** Untouched for so long, a lock is dead even though a process has its number: the number has been given to another one. */
const recycled = 600_000;

/**
 * Waits until no other set-up holds the lock, then takes it.
 * A lock whose process is gone is taken over, and so is another machine's or container's that nobody has touched for a minute.
 * @param say called once with a sentence when there is somebody to wait for
 * @returns a function that releases the lock
 */
export async function takeLock(file, say = () => {}) {
  for (let announced = false; !tryToTake(file);) {
    const owner = readOwner(file);
    if (owner && isDead(owner)) {
      takeAway(file, owner.text);
      continue;
    }
    if (owner?.host && !announced) {
      say(
        `Another set-up (process ${owner.pid} on ${owner.host}) is running in this folder: waiting for it.`,
      );
      announced = true;
    }
    await sleep(200);
  }
  const timer = setInterval(() => touch(file), beat);
  timer.unref();
  const release = () => {
    clearInterval(timer);
    process.off('exit', release);
    rmSync(file, { force: true });
  };
  process.on('exit', release);
  return release;
}

function tryToTake(file) {
  try {
    const descriptor = openSync(file, 'wx');
    writeSync(descriptor, `${process.pid} ${hostname()} ${Date.now()}\n`);
    closeSync(descriptor);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function readOwner(file) {
  try {
    const text = readFileSync(file, 'utf8');
    const [pid, host] = text.split(' ');
    return { text, pid: Number(pid), host, age: Date.now() - statSync(file).mtimeMs };
  } catch {
    return undefined; // released in this moment
  }
}

function isDead({ pid, host, age }) {
  if (host !== hostname()) return age > stale;
  return !isRunning(pid) || age > recycled;
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Removes a dead lock; if somebody else took the lock over in the meantime, theirs is put back. */
function takeAway(file, text) {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    if (readFileSync(aside, 'utf8') !== text) linkSync(aside, file);
  } catch {
    // another set-up was quicker
  }
  rmSync(aside, { force: true });
}

function touch(file) {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // the folder was moved or deleted under us: the steps will say so
  }
}
