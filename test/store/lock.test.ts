import { fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { FolderInUseError, withFolderLock } from '../../src/store/lock';
import { whileHeld } from './held';
import { withTemporaryFolder } from './temporary';

/** Another process that holds the folder until it is killed or told to stop. */
async function holdElsewhere(folder: string) {
  const child = fork(path.join(__dirname, 'hold-lock.ts'), [folder], {
    execArgv: ['--require', require.resolve('tsx/cjs')],
  });
  await once(child, 'message');
  return child;
}

test('a second process is refused with who holds the folder, and gets in after it ended or was killed', async () => {
  await withTemporaryFolder(async folder => {
    const child = await holdElsewhere(folder);
    const refused = withFolderLock(folder, () => Promise.resolve());
    await expect(refused).rejects.toThrow(FolderInUseError);
    await expect(refused).rejects.toThrow(new RegExp(`another process \\(pid ${child.pid}, since 20.*Wait`));
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await fs.readdir(folder)).toHaveLength(1);
    expect(await withFolderLock(folder, () => Promise.resolve('in'))).toBe('in');
    expect(await fs.readdir(folder)).toEqual([]);
  });
});

test('the same process can hold a folder once, and again when it has let go of it', async () => {
  await withTemporaryFolder(async folder => {
    await whileHeld(folder, async () => {
      await expect(withFolderLock(`${folder}/.`, () => Promise.resolve())).rejects.toThrow(/in this process/);
      expect(await fs.readdir(folder)).toHaveLength(1);
    });
    await expect(withFolderLock(folder, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    await withFolderLock(folder, () => Promise.resolve());
  });
});

test('a later process with the number of a dead one does not count, one of another machine does', async () => {
  await withTemporaryFolder(async folder => {
    const own = await withFolderLock(folder, async () => (await fs.readdir(folder))[0]);
    const [, host, pid] = own.split('.');
    await fs.writeFile(path.join(folder, `lock.${host}.${pid}.1`), '');
    await withFolderLock(folder, () => Promise.resolve());
    await fs.writeFile(path.join(folder, `lock.elsewhere.${pid}.1`), '');
    await expect(withFolderLock(folder, () => Promise.resolve())).rejects.toThrow(
      /of the machine elsewhere.*remove/,
    );
  });
});
