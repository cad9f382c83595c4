/** Sweeps on a real Ray cluster of this machine: npm run test:ray. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { rayJobs, type RayJobs } from '../../src/experiments/ray-jobs';
import { listRuns } from '../../src/store/runs';
import { type RayHead, startRay } from './head';

const grid = {
  trainingSize: 16,
  training: { steps: 300, batchSize: 4 },
  probe: { sigmas: [0.1, 0.5, 1], testDraws: 1 },
  sampling: { count: 5, steps: 3 },
  over: { seed: [0, 1, 2, 3, 4, 5], 'network.channels': [4, 8] },
};

let head: RayHead;
let jobs: RayJobs;
let folder: string;
const root = () => path.join(folder, 'runs');

beforeAll(async () => {
  folder = await fs.mkdtemp('/tmp/unimodal-ray-');
  head = await startRay(2);
  jobs = rayJobs(head, head.token);
});
afterAll(async () => {
  await head.stop();
  await fs.rm(folder, { recursive: true });
});

interface Client {
  readonly process: ChildProcess;
  readonly written: { stdout: string; stderr: string };
}

/** Starts the command line as a user does. */
async function startSweep(settings: object): Promise<Client> {
  const file = path.join(folder, 'grid.json');
  await fs.writeFile(file, JSON.stringify(settings));
  const launcher = path.join(__dirname, '../../src/cli/unimodal.cjs');
  const argv = ['sweep', file, '--runs', root(), '--on', 'ray', '--address', head.address, '--json'];
  const env = { ...process.env, RAY_AUTH_TOKEN: head.token };
  const client = spawn(process.execPath, [launcher, ...argv], { env });
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    client[name].on('data', text => (written[name] += String(text)));
  return { process: client, written };
}

interface Holder {
  readonly run: string;
  readonly pid: number;
}

/** Processes that hold a run. */
async function holders(): Promise<Holder[]> {
  const held = [];
  for (const run of existsSync(root()) ? await fs.readdir(root()) : []) {
    for (const file of await fs.readdir(path.join(root(), run))) {
      const pid = /^lock\..+\.(\d+)\.\w+$/.exec(file)?.[1];
      if (pid !== undefined) held.push({ run, pid: Number(pid) });
    }
  }
  return held;
}

const parentOf = (pid: number) =>
  Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
const finished = async () =>
  (await listRuns(root())).runs.filter(({ record }) => record.status === 'finished');
/** Waits for what is looked for while the client is at work. */
async function during<T>(client: Client, look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found) return found;
    if (client.process.exitCode !== null) throw new Error(`The client ended:\n${client.written.stderr}`);
    await delay(200);
  }
}

test('of a grid of 12 each result is recorded once, though a worker, a whole job and the client are killed', async () => {
  const first = await startSweep(grid);
  const one = await during(first, async () => (await holders())[0]);
  process.kill(one.pid, 'SIGKILL'); // a worker: its job computes the model again
  const other = await during(first, async () => (await holders()).find(({ run }) => run !== one.run));
  process.kill(parentOf(other.pid), 'SIGKILL'); // a job: the client submits it again
  await during(first, async () => (await finished()).length >= 4);
  first.process.kill('SIGKILL');
  await once(first.process, 'exit');
  const before = await jobs.list();
  const running = before.filter(({ status }) => status === 'RUNNING');
  expect(running.length).toBeGreaterThan(0);

  const second = await startSweep(grid);
  const [status] = (await once(second.process, 'close')) as [number];
  expect(second.written.stderr).not.toMatch(/^unimodal:/m);
  expect(status).toBe(0);
  expect(JSON.parse(second.written.stdout)).toHaveLength(12);

  const runs = await finished();
  expect(runs).toHaveLength(12);
  for (const { folder } of runs) {
    const results = (await fs.readdir(path.join(folder, 'results'))).map(name => name.split('-')[0]);
    expect(results.sort(), folder).toEqual(['curve', 'samples', 'score']);
    const metrics = await fs.readFile(path.join(folder, 'metrics.jsonl'), 'utf8');
    const steps = metrics
      .trim()
      .split('\n')
      .map(line => (JSON.parse(line) as { step: number }).step);
    expect(steps, folder).toEqual([...new Set(steps)].sort((a, b) => a - b));
    expect((await fs.readdir(folder)).filter(name => name.startsWith('lock.'))).toEqual([]);
  }
  // What ran when the client was killed was found again, and what had succeeded was not submitted again.
  const after = new Map((await jobs.list()).map(job => [job.submission_id, job]));
  expect(after.size).toBeLessThanOrEqual(12);
  for (const job of before.filter(({ status }) => ['RUNNING', 'SUCCEEDED'].includes(status))) {
    expect(after.get(job.submission_id)?.start_time, job.submission_id).toBe(job.start_time);
  }
  console.log(
    `killed: a worker of ${one.run}, the job of ${other.run}, the client with ${running.length} jobs running`,
  );
});

test('interrupted, the client stops its jobs, which save what they have', async () => {
  const long = { ...grid, training: { ...grid.training, steps: 1_000_000 }, over: { seed: [10, 11] } };
  const client = await startSweep(long);
  await during(client, async () => (await holders()).length === 2);
  client.process.kill('SIGINT');
  const [status] = (await once(client.process, 'close')) as [number];
  expect(status).toBe(130);
  expect(client.written.stderr).toMatch(/0 of 2 finished. Run it again to go on/);
  const stopped = (await jobs.list()).filter(({ submission_id: id }) => /seed1[01]/.test(id));
  expect(stopped.map(job => job.status)).toEqual(['STOPPED', 'STOPPED']);
  await vi.waitFor(async () => expect(await holders()).toEqual([]), { timeout: 60_000, interval: 200 });
});
