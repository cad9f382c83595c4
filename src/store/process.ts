/** Processes of this machine, by their numbers. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** When a process started, in a form that differs between processes of the same number; undefined when there is none. */
export function startOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      // proc(5): field 22, starttime; the second field, the name in parentheses, may hold anything.
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ');
      return fields?.[0] === 'Z' ? undefined : fields?.[19];
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .replace(/\W+/g, '_');
  } catch {
    return undefined;
  }
}
