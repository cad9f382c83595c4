/** What training the notebooks anew is made of: which files of a folder of runs are stored, and how memory is watched. */
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

const programs = resolve(__dirname, '../../src/notebook');

interface ResultsModule {
  storeNotebookResults(runs: string, options: { target: string; replace?: boolean }): void;
  storableBytes(runs: string): number;
}

describe('what is stored of a folder of runs', () => {
  let store: ResultsModule;
  let folder: string;
  beforeAll(async () => {
    store = (await import(`${programs}/results.mjs`)) as ResultsModule;
    folder = mkdtempSync(join(tmpdir(), 'unimodal-results-'));
    write('runs/done/run.json', '{ "status": "finished" }');
    write('runs/done/results/curve-1.json', 'curve');
    for (const name of ['weights.safetensors', 'checkpoint.safetensors', 'kept/5.safetensors', 'lock.host.1'])
      write(`runs/done/${name}`, 'large');
    write('runs/begun/run.json', '{ "status": "unfinished" }');
    write('runs/values/snr-1.json', 'snr');
    return () => rmSync(folder, { recursive: true });
  });
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  const stored = () =>
    (readdirSync(join(folder, 'target'), { recursive: true }) as string[])
      .filter(name => /\.\w+$/.test(name))
      .sort();

  it('is what finished runs say of themselves and measured, and values of no run; no weights', () => {
    store.storeNotebookResults(join(folder, 'runs'), { target: join(folder, 'target') });
    expect(stored()).toEqual(['done/results/curve-1.json', 'done/run.json', 'values/snr-1.json']);
    expect(store.storableBytes(join(folder, 'runs'))).toBe('{ "status": "finished" }curvesnr'.length);
  });

  it('names no folder of this machine', () => {
    const source = (path: string) => JSON.stringify({ config: { data: { source: path } } });
    write('runs/done/experiment.json', source('/home/me/my-images'));
    const target = join(folder, 'target');
    store.storeNotebookResults(join(folder, 'runs'), { target });
    const { config } = JSON.parse(readFileSync(join(target, 'done/experiment.json'), 'utf8')) as {
      config: object;
    };
    expect(config).toEqual({ data: { source: 'my-images' } });
    rmSync(join(folder, 'runs/done/experiment.json'));
  });

  it('is as before where a copy fails', () => {
    const target = join(folder, 'target');
    const before = stored();
    write('runs/done/experiment.json', 'damaged');
    expect(() => store.storeNotebookResults(join(folder, 'runs'), { target, replace: true })).toThrow(/JSON/);
    expect(stored().filter(name => !name.startsWith('.storing'))).toEqual(before);
    rmSync(join(folder, 'runs/done/experiment.json'));
  });

  it('comes beside what is there, or takes the place of runs and values, and of nothing else', () => {
    write('target/old/run.json', '{}');
    write('target/medium/curves.json', 'made elsewhere');
    const target = join(folder, 'target');
    store.storeNotebookResults(join(folder, 'runs'), { target });
    expect(existsSync(join(target, 'old'))).toBe(true);
    store.storeNotebookResults(join(folder, 'runs'), { target, replace: true });
    expect(readdirSync(target).sort()).toEqual(['done', 'medium', 'values']);
  });
});

describe.skipIf(!existsSync('/proc/self/smaps_rollup'))('the memory of a process', () => {
  it('is that of all that it started, at its peak', async () => {
    const { watchMemory } = (await import(`${programs}/memory.mjs`)) as {
      watchMemory: (pid: number) => () => number;
    };
    const grandchild = 'const held = Buffer.alloc(200e6, 1); setTimeout(() => held, 1500)';
    const child = spawn('sh', ['-c', `${process.execPath} -e '${grandchild}'; sleep 1`]);
    const peak = watchMemory(child.pid!);
    await new Promise(done => child.on('close', done));
    expect(peak()).toBeGreaterThan(200e6);
    expect(peak()).toBeLessThan(400e6);
  });
});
