import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { progressReader } from '../../src/experiments/cell-job';
import { rayWorkers } from '../../src/experiments/ray-workers';
import { runAll } from '../../src/experiments/workers';
import { withTemporaryFolder } from '../store/temporary';
import { startFakeRay, token } from './fake-ray';

/** A cell's name, and the shell command of its job, which writes its result to the file $out. */
interface Cell {
  readonly name: string;
  readonly command: string;
}

let ray: Awaited<ReturnType<typeof startFakeRay>>;
beforeEach(async () => {
  vi.stubEnv('RAY_AUTH_TOKEN', token);
  ray = await startFakeRay();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await ray.stop();
});

const poolFor = (folder: string, resources: { gpus?: number } = {}) =>
  rayWorkers<Cell, string>(
    { address: `${ray.address}/`, cpus: 2, ...resources },
    {
      nameOf: ({ name }) => Promise.resolve(name),
      commandOf: ({ name, command }) => `out='${path.join(folder, name)}'; ${command}`,
      read: ({ name }) => {
        const file = path.join(folder, name);
        return Promise.resolve(existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined);
      },
      place: folder,
      reader: progressReader,
    },
  );

test('each cell is a job, whose lines are told as they come; what is there already is not submitted', async () => {
  await withTemporaryFolder(async folder => {
    const pool = await poolFor(folder);
    expect(pool.size).toBe(3);
    const cells = ['a', 'b'].map(name => ({
      name,
      command: `echo 'seed 0: 5/10 steps, 50 %'; echo measuring; echo result of ${name} > "$out"`,
    }));
    const told: unknown[] = [];
    const onProgress = (_: number, progress: unknown) => told.push(progress);
    const expected = ['a', 'b'].map(name => ({ status: 'fulfilled', value: `result of ${name}` }));
    expect(await runAll(cells, { pool, onProgress })).toEqual(expected);
    expect(told).toContainEqual({ stage: 'training', share: 0.5, detail: 'measuring' });
    expect(await runAll(cells, { pool })).toEqual(expected);
    expect(ray.submitted.sort()).toEqual(['a', 'b']);
  });
});

test('a job that failed is submitted again; when it fails once more, its last lines are in the error', async () => {
  await withTemporaryFolder(async folder => {
    const pool = await poolFor(folder);
    const cells = [
      {
        name: 'once',
        command: 'if [ -e "$out.tried" ]; then echo 1 > "$out"; else touch "$out.tried"; exit 3; fi',
      },
      { name: 'always', command: 'echo out of memory; exit 3' },
    ];
    const [once, always] = await runAll<Cell, string>(cells, { pool, attempts: 2 });
    expect(once).toEqual({ status: 'fulfilled', value: '1' });
    expect((always as PromiseRejectedResult).reason).toMatchObject({
      message: expect.stringMatching(/Ray's job always failed.*\nout of memory/) as string,
    });
    expect(ray.submitted.sort()).toEqual(['always', 'always', 'once', 'once']);
  });
});

test('a job that an earlier client left is followed, and what is left of a failed one is replaced', async () => {
  await withTemporaryFolder(async folder => {
    ray.submit('left', `sleep 1; echo 1 > '${path.join(folder, 'left')}'`);
    ray.submit('failed', 'exit 1');
    await vi.waitFor(() => expect(ray.statusOf('failed')).toBe('FAILED'));
    const cells = [
      { name: 'left', command: 'exit 1' },
      { name: 'failed', command: 'echo 2 > "$out"' },
    ];
    const settled = await runAll<Cell, string>(cells, { pool: await poolFor(folder) });
    expect(settled.map(result => (result as PromiseFulfilledResult<string>).value)).toEqual(['1', '2']);
    expect(ray.submitted).toEqual(['left', 'failed', 'failed']);
  });
});

test('an abort stops the jobs', async () => {
  await withTemporaryFolder(async folder => {
    const controller = new AbortController();
    const stopped = runAll<Cell, string>([{ name: 'long', command: 'echo started; exec sleep 60' }], {
      pool: await poolFor(folder),
      signal: controller.signal,
      onProgress: (_, progress) => {
        if ((progress as { detail: string }).detail === 'started') controller.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    expect(ray.statusOf('long')).toBe('STOPPED');
  });
});

test('an interrupt names the jobs that could not be stopped, and how to stop them', async () => {
  await withTemporaryFolder(async folder => {
    const controller = new AbortController();
    const stopped = runAll<Cell, string>([{ name: 'long', command: 'echo started; exec sleep 5' }], {
      pool: await poolFor(folder),
      signal: controller.signal,
      onProgress: (_, progress) => {
        if ((progress as { detail: string }).detail === 'started')
          void ray.stop().then(() => controller.abort());
      },
    });
    await expect(stopped).rejects.toThrow(
      /Ray's job long may still be running\. No Ray cluster answers .*ray job stop --address http.* long$/,
    );
  });
});

test('a job that fits into no node is waited for, and what was asked for and what is there is said', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  const pool = await poolFor('/tmp', { gpus: 1 });
  expect(pool.size).toBe(1);
  expect(warn).toHaveBeenCalledWith(
    expect.stringMatching(
      /job of 2 CPUs and 1 GPUs fits into no node .*have 5 CPUs and 0 GPUs; 3 CPUs and 0 GPUs/,
    ),
  );
  warn.mockRestore();
});

test('a job that succeeds without a result in the shared folder is an error that says so', async () => {
  await withTemporaryFolder(async folder => {
    const [result] = await runAll<Cell, string>([{ name: 'x', command: 'true' }], {
      pool: await poolFor(folder),
    });
    expect((result as PromiseRejectedResult).reason).toMatchObject({
      message: expect.stringMatching(
        /succeeded, but its results are not in .*must share that folder/,
      ) as string,
    });
  });
});

test('a cluster that does not answer, or asks for a token, is an error that says what to do', async () => {
  vi.stubEnv('RAY_AUTH_TOKEN', 'wrong');
  await expect(poolFor('/tmp')).rejects.toThrow(/asks for its token: .*RAY_AUTH_TOKEN/);
  await ray.stop();
  await expect(poolFor('/tmp')).rejects.toThrow(
    /No Ray cluster answers at http:.* Give the address of its dashboard/,
  );
});
