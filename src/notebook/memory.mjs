/** How much memory a process takes together with all that it started. */
import { readdirSync, readFileSync } from 'node:fs';

const interval = 500; // milliseconds

/**
 * Watches a process and its descendants. Returns a function that ends it and gives the largest sum seen, in bytes: of the
 * memory that is theirs alone, and of each shared page its share (PSS). Undefined where there is no /proc: only Linux has it.
 */
export function watchMemory(pid) {
  let peak = 0;
  const look = () => (peak = Math.max(peak, memoryOf([pid, ...descendants(pid)])));
  const timer = setInterval(look, interval);
  return () => {
    clearInterval(timer);
    return peak > 0 ? peak : undefined;
  };
}

function memoryOf(pids) {
  return pids.reduce(
    (sum, pid) => sum + 1024 * Number(read(`${pid}/smaps_rollup`).match(/^Pss:\s+(\d+)/m)?.[1] ?? 0),
    0,
  );
}

/** The numbers of all processes below one. */
function descendants(pid) {
  const parents = numbers().map(child => [child, parentOf(child)]);
  const below = [pid];
  for (const parent of below)
    below.push(...parents.filter(([, of]) => of === parent).map(([child]) => child));
  return below.slice(1);
}

function numbers() {
  try {
    return readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** The second field after the program's name, which stands in parentheses and may hold anything. */
const parentOf = pid => Number(read(`${pid}/stat`).replace(/^.*\)/s, '').trim().split(' ')[1]);

/** A file of /proc; empty when the process has just ended. */
function read(file) {
  try {
    return readFileSync(`/proc/${file}`, 'utf8');
  } catch {
    return '';
  }
}
