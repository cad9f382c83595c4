/** The processes that code in the notebook has started. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

/** Every process as [process, parent]. */
function processes(): [number, number][] {
  if (!fs.existsSync('/proc/self/stat')) {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
    return lines.map(line => line.trim().split(/\s+/).map(Number) as [number, number]);
  }
  const numbers = fs.readdirSync('/proc').filter(name => /^\d+$/.test(name));
  return numbers.map(number => [Number(number), parentOf(number)]);
}

function parentOf(number: string): number {
  try {
    // "pid (command) state ppid ...", where the command may contain anything.
    return Number(/.*\) \S (\d+)/s.exec(fs.readFileSync(`/proc/${number}/stat`, 'utf8'))?.[1]);
  } catch {
    return 0; // It has ended.
  }
}

/** Sends a signal to every descendant of this process, as Ctrl-C in a terminal sends SIGINT. */
export function signalChildren(signal: NodeJS.Signals): void {
  const family = new Set([process.pid]);
  const all = processes();
  for (let size = 0; size !== family.size;) {
    size = family.size;
    for (const [number, parent] of all) if (family.has(parent)) family.add(number);
  }
  family.delete(process.pid);
  for (const number of family) {
    try {
      process.kill(number, signal);
    } catch {
      // It has ended.
    }
  }
}
