import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { beforeAll, describe, expect, it } from 'vitest';
import { load, project, temporaryFolder } from './modules';

interface LockModule {
  takeLock: (file: string, say?: (sentence: string) => void) => Promise<() => void>;
}

let takeLock: LockModule['takeLock'];
let file: string;

beforeAll(async () => {
  ({ takeLock } = await load<LockModule>('lock'));
  file = `${temporaryFolder()}/lock`;
});

describe('the lock of the set-up', () => {
  it('makes a second set-up wait, with one sentence, until the first is done', async () => {
    const release = await takeLock(file);
    const sentences: string[] = [];
    let taken = false;
    const second = takeLock(file, sentence => sentences.push(sentence)).then(releaseSecond => {
      taken = true;
      return releaseSecond;
    });
    await new Promise(resolve => setTimeout(resolve, 500));
    expect(taken).toBe(false);
    expect(sentences).toEqual([expect.stringContaining(`process ${process.pid}`)]);
    release();
    (await second)();
    expect(existsSync(file)).toBe(false);
  });

  it('is taken over from a process that is gone', async () => {
    const child = spawn('true');
    await new Promise(resolve => child.on('close', resolve));
    writeFileSync(file, `${child.pid} ${hostname()} 0\n`);
    (await takeLock(file))();
  });

  it('of another machine is taken over when nobody has touched it for a minute', async () => {
    writeFileSync(file, `1 another-machine 0\n`);
    utimesSync(file, Date.now() / 1000 - 70, Date.now() / 1000 - 70);
    (await takeLock(file))();
  });

  it('of a running process is respected even while that is too busy to touch it', async () => {
    writeFileSync(file, `${process.pid} ${hostname()} 0\n`);
    utimesSync(file, Date.now() / 1000 - 70, Date.now() / 1000 - 70);
    let taken = false;
    const waiting = takeLock(file).then(release => {
      taken = true;
      release();
    });
    await new Promise(resolve => setTimeout(resolve, 500));
    expect(taken).toBe(false);
    rmSync(file);
    await waiting;
  });

  it('lets one process in at a time, a dead lock at the start included', async () => {
    writeFileSync(file, `1 another-machine 0\n`);
    utimesSync(file, 0, 0);
    const counter = `${file}.counter`;
    writeFileSync(counter, '0');
    const program = `
      import { takeLock } from ${JSON.stringify(`${project}/src/setup/lock.mjs`)};
      import { readFileSync, writeFileSync } from 'node:fs';
      const release = await takeLock(${JSON.stringify(file)});
      const count = Number(readFileSync(${JSON.stringify(counter)}));
      await new Promise(resolve => setTimeout(resolve, 50));
      writeFileSync(${JSON.stringify(counter)}, String(count + 1));
      release();`;
    const runs = Array.from({ length: 5 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', program]),
    );
    await Promise.all(runs.map(run => new Promise(resolve => run.on('close', resolve))));
    expect(readFileSync(counter, 'utf8')).toBe('5');
  });
});
