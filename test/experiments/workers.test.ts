import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { visibleGpus } from '../../src/experiments/gpus';
import { localWorkers } from '../../src/experiments/worker-process';
import { runAll } from '../../src/experiments/workers';
import { withTemporaryFolder } from '../store/temporary';
import type { TestCell } from './cells';

const pool = localWorkers(path.join(__dirname, 'cells.ts'));

interface Square {
  square: number;
  array: Float32Array;
  pid: number;
}
interface Started {
  started: string;
  pid: number;
  time: number;
}

const squares = (values: number[], wait?: number): TestCell[] =>
  values.map(value => ({ do: 'square', value, wait }));

test('every cell is computed once, in other processes, and comes back in order with its typed arrays', async () => {
  const started = vi.fn<(index: number, progress: Started) => void>();
  const results = await runAll<TestCell, Square, Started>(squares([1, 2, 3, 4, 5]), {
    pool,
    workers: 2,
    onProgress: started,
  });
  const values = results.map(result => (result.status === 'fulfilled' ? result.value : undefined));
  expect(values.map(value => value?.square)).toEqual([1, 4, 9, 16, 25]);
  expect(values[2]?.array).toStrictEqual(Float32Array.of(3, NaN));
  expect(started.mock.calls.map(([index]) => index).sort()).toEqual([0, 1, 2, 3, 4]);
  const processes = new Set(values.map(value => value?.pid));
  expect(processes.size).toBeLessThanOrEqual(2);
  expect(processes).not.toContain(process.pid);
});

test('cells run at the same time, the longest first', async () => {
  const order: number[] = [];
  const cells = squares([1, 5, 3], 200);
  await runAll<TestCell, Square>(cells, {
    pool,
    workers: 1,
    cost: cell => (cell.do === 'square' ? cell.value : 0),
    onProgress: index => order.push(index),
  });
  expect(order).toEqual([1, 2, 0]);
  const times: number[] = [];
  await runAll<TestCell, Square, Started>(squares([1, 2], 1500), {
    pool,
    workers: 2,
    onProgress: (_, { time }) => times.push(time),
  });
  expect(Math.abs(times[0] - times[1])).toBeLessThan(1500);
});

test('a failed cell is reported with its own error and stack, a dead process with how it ended; the others finish', async () => {
  const cells: TestCell[] = [
    { do: 'fail', message: 'sigma is -1' },
    { do: 'die' },
    { do: 'die', signal: 'SIGKILL' },
    { do: 'square', value: 7 },
  ];
  const [failed, died, killed, fine] = await runAll<TestCell, Square>(cells, { pool, workers: 1 });
  expect(failed).toMatchObject({
    status: 'rejected',
    reason: { name: 'RangeError', message: 'sigma is -1' },
  });
  expect((failed as { reason: Error }).reason.stack).toContain('cells.ts');
  expect((died as { reason: Error }).reason.message).toMatch(/exit status 3.*\n?last words/);
  expect((killed as { reason: Error }).reason.message).toMatch(/ended by SIGKILL.*fewer workers/);
  expect(fine).toMatchObject({ status: 'fulfilled', value: { square: 49 } });
});

test('a cell that fails is tried again after the others, as often as asked for', async () => {
  await withTemporaryFolder(async folder => {
    const order: number[] = [];
    const onPostponed = vi.fn<(index: number, error: Error) => void>();
    const [first, second, third] = await runAll<TestCell, unknown>(
      [
        { do: 'fail once', file: path.join(folder, 'tried'), message: 'the first time' },
        { do: 'fail', message: 'every time' },
        { do: 'square', value: 2 },
      ],
      { pool, workers: 1, attempts: 2, onPostponed, onSettled: index => order.push(index) },
    );
    expect(first).toEqual({ status: 'fulfilled', value: 'done' });
    expect(second).toMatchObject({ status: 'rejected', reason: { message: 'every time' } });
    expect(third.status).toBe('fulfilled');
    expect(order).toEqual([2, 0, 1]);
    const reasons = onPostponed.mock.calls.map(([index, { message }]) => [index, message]);
    expect(reasons).toEqual([
      [0, 'the first time'],
      [1, 'every time'],
    ]);
  });
});

test('a cell that failed after it had begun is tried again as what goes on with it', async () => {
  await withTemporaryFolder(async folder => {
    const [result] = await runAll<TestCell, Square>(
      [{ do: 'fail once', file: path.join(folder, 'tried'), message: 'half way' }],
      { pool, attempts: 2, resumed: () => ({ do: 'square', value: 9 }) },
    );
    expect(result).toMatchObject({ status: 'fulfilled', value: { square: 81 } });
  });
});

test('a cell that can not be computed yet is waited for, which does not count as a failure', async () => {
  await withTemporaryFolder(async folder => {
    const results = await runAll<TestCell, unknown>(
      [{ do: 'fail once', file: path.join(folder, 'tried'), message: 'busy' }, ...squares([3])],
      { pool, workers: 1, attempts: 1, isTemporary: ({ message }) => message === 'busy' },
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  });
});

test('with GPUs there is a worker for each, and each has one of its own', async () => {
  const gpus = localWorkers(path.join(__dirname, 'cells.ts'), ['4', '7']);
  expect(gpus.size).toBe(2);
  const seen = new Set<unknown>();
  // A worker that has a cell can't take the other.
  await runAll<TestCell, { gpu: string }>([{ do: 'environment' }, { do: 'environment' }], {
    pool: gpus,
    onSettled: (_, result) => seen.add((result as PromiseFulfilledResult<{ gpu: string }>).value.gpu),
  });
  expect(seen).toEqual(new Set(['4', '7']));
});

test.each([
  ['0,2', ['0', '2']],
  ['GPU-8f5c', ['GPU-8f5c']],
  ['', []],
  ['-1', []],
])('CUDA_VISIBLE_DEVICES=%s leaves the GPUs %j', (chosen, gpus) => {
  expect(visibleGpus({ CUDA_VISIBLE_DEVICES: chosen })).toEqual(gpus);
});

test('workers get one thread each and none of the flags of this process', async () => {
  process.env.NODE_OPTIONS = '--max-old-space-size=3000';
  const [result] = await runAll<TestCell, unknown>([{ do: 'environment' }], { pool });
  delete process.env.NODE_OPTIONS;
  expect(result).toMatchObject({ value: { threads: '1', options: undefined } });
  expect((result as { value: { execArgv: string[] } }).value.execArgv).toEqual([
    '--require',
    require.resolve('tsx/cjs'),
  ]);
});

test('an abort lets cells save, starts no others, and says how to go on and what had failed', async () => {
  await withTemporaryFolder(async folder => {
    const file = path.join(folder, 'saved');
    const controller = new AbortController();
    const cells: TestCell[] = [
      { do: 'square', value: 1 },
      { do: 'fail', message: 'sigma is -1' },
      { do: 'save when aborted', file },
      ...squares([2]),
    ];
    const stopped = runAll<TestCell, unknown, Started>(cells, {
      pool,
      workers: 1,
      signal: controller.signal,
      onProgress: (_, { started }) => started.startsWith('save') && controller.abort(),
    });
    await expect(stopped).rejects.toMatchObject({
      name: 'AbortError',
      message:
        'Interrupted with 1 of 4 finished. Run it again to go on: what is finished is kept.\nsigma is -1',
    });
    expect(existsSync(file)).toBe(true);
  });
});

test('workers save and end when the process that started them is killed', async () => {
  await withTemporaryFolder(async folder => {
    const file = path.join(folder, 'saved');
    const parent = fork(path.join(__dirname, 'orphaning-parent.ts'), [file], {
      execArgv: ['--require', require.resolve('tsx/cjs')],
    });
    const [pid] = (await once(parent, 'message')) as [number];
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(existsSync(file)).toBe(true), 10_000);
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(/ESRCH/), 10_000);
  });
});

test.each([0, -1, 1.5, NaN])('%s workers are refused', async workers => {
  await expect(runAll(squares([1]), { pool, workers })).rejects.toThrow(/a positive whole number of workers/);
});

test('no cells give no results', async () => {
  expect(await runAll([], { pool })).toEqual([]);
});
