/** Cells as jobs of a Ray cluster. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  hasEnded,
  type RayCluster,
  type RayJob,
  rayJobs,
  type RayJobs,
  type RayNode,
  RayUnreachableError,
} from './ray-jobs';
import type { Worker, WorkerPool } from './workers';

/** What has to be known of cells to compute them elsewhere. */
export interface CellJobs<Cell, Result> {
  /** Names the cell's job: always the same name for the same cell, so that its job is found again. */
  readonly nameOf: (cell: Cell) => Promise<string>;
  /** Shell command that computes the cell and keeps the result where `read` finds it. */
  readonly commandOf: (cell: Cell) => string;
  /** The result; undefined when there is none yet. */
  readonly read: (cell: Cell) => Promise<Result | undefined>;
  /** Where `read` looks, for messages. */
  readonly place: string;
  /** Reads progress off a job's states and the lines that it writes, one job a reader. */
  readonly reader: () => (line: string) => unknown;
}

/** Thrown when a cluster had no room for a job for so long that Ray gave up: it can be submitted again. */
export class JobNotStartedError extends Error {
  override readonly name = 'JobNotStartedError';
}

/** Thrown when a job could not be stopped: nobody else says that it may still be at work. */
class JobLeftError extends Error {
  override readonly name = 'JobLeftError';
  constructor(job: string, address: string, cause: unknown) {
    super(
      `Ray's job ${job} may still be running. ${(cause as Error).message} To stop it: ray job stop --address ${address} ${job}`,
      { cause },
    );
  }
}

/** Milliseconds between two looks at a job, until a stopped job counts as gone, and until an unreachable cluster does. */
const times = { look: 1000, stop: 15_000, unreachable: 120_000 };

/**
 * Workers that each have one job at a time in a cluster. A cell whose result is there is not submitted; one whose job is there,
 * from an earlier start, is followed, not submitted again; on abort its job is stopped.
 * @throws Error when no cluster answers.
 */
export async function rayWorkers<Cell, Result>(
  cluster: RayCluster,
  cells: CellJobs<Cell, Result>,
): Promise<WorkerPool> {
  const jobs = rayJobs(cluster);
  const nodes = await jobs.nodes();
  const size = capacityOf(nodes, cluster);
  if (size === 0) console.warn(noRoomIn(nodes, cluster));
  const start = (_lane: number, signal?: AbortSignal): Worker => ({
    alive: true,
    compute(cell, onProgress) {
      const read = cells.reader();
      const tell = (line: string) => onProgress(read(line));
      return computeCell(cell as Cell, { cells, jobs, address: cluster.address, signal, tell });
    },
    stop: () => Promise.resolve(),
  });
  return { size: Math.max(1, size), start };
}

/** How many jobs fit into the nodes at the same time. */
function capacityOf(nodes: readonly RayNode[], { cpus = 1, gpus = 0 }: RayCluster): number {
  const fitting = nodes.map(node =>
    Math.floor(
      Math.min(cpus > 0 ? node.cpus / cpus : Infinity, gpus > 0 ? node.gpus / gpus : Infinity, 1000),
    ),
  );
  return fitting.reduce((sum, count) => sum + count, 0);
}

/** A warning and no error: a cluster may start larger nodes when jobs wait for them. */
function noRoomIn(nodes: readonly RayNode[], { address, cpus = 1, gpus = 0 }: RayCluster): string {
  const sizes = new Set(nodes.map(sizeOf));
  const there = sizes.size > 0 ? `its nodes have ${[...sizes].join('; ')}` : 'it has no nodes';
  return `A job of ${sizeOf({ cpus, gpus })} fits into no node of the Ray cluster at ${address}: ${there}. The jobs wait until a larger node joins it; interrupt this and ask for less if none will.`;
}

function sizeOf({ cpus, gpus }: RayNode): string {
  return `${cpus} CPUs and ${gpus} GPUs`;
}

interface Errand<Cell, Result> {
  readonly cells: CellJobs<Cell, Result>;
  readonly jobs: RayJobs;
  readonly address: string;
  readonly signal?: AbortSignal;
  readonly tell: (line: string) => void;
}

async function computeCell<Cell, Result>(cell: Cell, errand: Errand<Cell, Result>): Promise<Result> {
  const { cells, jobs } = errand;
  const kept = await cells.read(cell);
  if (kept !== undefined) return kept;
  const name = await cells.nameOf(cell);
  const found = await jobs.find(name);
  if (found && hasEnded(found)) await jobs.remove(name);
  if (!found || hasEnded(found)) await jobs.submit(name, cells.commandOf(cell));
  requireSuccess(name, await endOf(name, errand));
  const result = await cells.read(cell);
  if (result !== undefined) return result;
  throw new Error(
    `Ray's job ${name} succeeded, but its results are not in ${cells.place}: the cluster and this machine must share that folder.`,
  );
}

/** Follows a job until it has ended. */
async function endOf<Cell, Result>(
  name: string,
  { jobs, address, signal, tell }: Errand<Cell, Result>,
): Promise<RayJob> {
  const follow = follower(name, jobs, tell);
  let lastAnswer = performance.now();
  for (;;) {
    try {
      const job = await follow();
      if (hasEnded(job)) return job;
      lastAnswer = performance.now();
    } catch (error) {
      const silence = performance.now() - lastAnswer;
      if (!(error instanceof RayUnreachableError) || silence > times.unreachable) throw error;
      tell(error.message);
    }
    await delay(times.look, undefined, { signal }).catch(() => undefined);
    if (signal?.aborted) {
      await stop(name, jobs).catch((cause: unknown) => {
        throw new JobLeftError(name, address, cause);
      });
      throw signal.reason;
    }
  }
}

/** Each call looks at the job once and tells what is new. */
function follower(name: string, jobs: RayJobs, tell: (line: string) => void): () => Promise<RayJob> {
  let status = '';
  let told = 0;
  return async () => {
    const job = await jobs.find(name);
    if (job === undefined) throw new Error(`Ray has lost the job ${name}.`);
    if (job.status !== status) tell(`${(status = job.status).toLowerCase()} on Ray`);
    if (job.status === 'PENDING') return job;
    const logs = await jobs.logs(name);
    const lines = logs.slice(told, logs.lastIndexOf('\n') + 1).split('\n');
    told = Math.max(told, logs.lastIndexOf('\n') + 1);
    lines.filter(line => line.trim() !== '').forEach(tell);
    return job;
  };
}

/** @throws Error when the cluster does not answer, or the job has not ended in time */
async function stop(name: string, jobs: RayJobs): Promise<void> {
  await jobs.stop(name);
  const deadline = performance.now() + times.stop;
  while (performance.now() < deadline) {
    const job = await jobs.find(name);
    if (job === undefined || hasEnded(job)) return;
    await delay(times.look);
  }
  throw new Error(`It has not ended in ${times.stop / 1000} s.`);
}

function requireSuccess(name: string, { status, message, error_type: type }: RayJob): void {
  if (status === 'SUCCEEDED') return;
  const sentence = `Ray's job ${name} ${status === 'FAILED' ? 'failed' : 'was stopped'}: ${message ?? ''}`;
  if (type === 'JOB_SUPERVISOR_ACTOR_START_TIMEOUT') throw new JobNotStartedError(sentence);
  throw new Error(sentence);
}
