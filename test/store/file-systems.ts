/** File systems that fail as real ones do, for tests: small ones that fill up, read-only ones. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { withTemporaryFolder } from './temporary';

/** Whether this machine lets the tests mount file systems: as root on Linux, outside of most containers. */
export const canMount =
  process.platform === 'linux' &&
  spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

/** A file system in memory, mounted on a folder. */
export interface SmallDisk {
  readonly folder: string;
  /** Leaves no byte free. */
  fill(): void;
  /** Undoes {@link fill}. */
  free(): void;
  makeReadOnly(): void;
}

/** Runs `work` with a file system of so many kilobytes, which is gone afterwards. */
export async function withSmallDisk(
  kilobytes: number,
  work: (disk: SmallDisk) => Promise<void>,
): Promise<void> {
  await withTemporaryFolder(async folder => {
    mount('-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder);
    const ballast = path.join(folder, 'ballast');
    try {
      await work({
        folder,
        fill: () => fillWith(ballast),
        free: () => rmSync(ballast, { force: true }),
        makeReadOnly: () => mount('-o', 'remount,ro', folder),
      });
    } finally {
      spawnSync('umount', [folder]);
    }
  });
}

function mount(...args: string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount ${args.join(' ')}: ${stderr}`);
}

function fillWith(file: string): void {
  try {
    for (;;) appendFileSync(file, Buffer.alloc(4096));
  } catch {
    // Full: that was the aim.
  }
}
