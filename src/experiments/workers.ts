/**
 * Independent pieces of work ("cells" of a grid) on workers: processes of this machine, or jobs of a cluster. What every sweep
 * uses: it knows nothing of what a cell computes.
 */
import { setTimeout as delay } from 'node:timers/promises';

/** What a worker module exports as `runCell`: computes one cell. */
export type RunCell<Cell, Result, Progress> = (cell: Cell, context: CellContext<Progress>) => Promise<Result>;

/** What a cell's computation is given beside the cell. */
export interface CellContext<Progress> {
  /** Reports to whoever started the cells. */
  readonly onProgress: (progress: Progress) => void;
  /** Aborted when the work should be saved and ended. */
  readonly signal: AbortSignal;
}

/** Computes one cell at a time. */
export interface Worker {
  /** Whether it can be given a cell. */
  readonly alive: boolean;
  /** Rejects with the cell's own error, or with how the worker ended. */
  compute(cell: unknown, onProgress: (progress: unknown) => void): Promise<unknown>;
  /** Ends the worker and waits for its end. */
  stop(): Promise<void>;
}

/** Where cells are computed. */
export interface WorkerPool {
  /** How many cells it computes at the same time, unless told otherwise. */
  readonly size: number;
  /**
   * Starts a worker.
   * @param lane which of those that work at the same time it is, from 0
   * @param signal on abort the worker saves and ends
   */
  start(lane: number, signal?: AbortSignal): Worker;
}

/** How cells are run. */
export interface RunAllOptions<Cell, Progress> {
  readonly pool: WorkerPool;
  /** Number of workers. Default: the pool's size, at most one per cell. */
  readonly workers?: number;
  /** How long a cell takes, in any unit: the longest are started first. Default: all the same. */
  readonly cost?: (cell: Cell, index: number) => number;
  /** How often a cell is tried that fails. Default 1. */
  readonly attempts?: number;
  /** What is computed when a cell is tried again after it has reported progress. Default: the same. */
  readonly resumed?: (cell: Cell) => Cell;
  /** Whether an error says that a cell can't be computed yet: it is tried again until it can. Default: none does. */
  readonly isTemporary?: (error: Error) => boolean;
  /** Called with the index of the cell and what it reports. */
  readonly onProgress?: (index: number, progress: Progress) => void;
  /** Called when a cell will be tried again, with the reason. */
  readonly onPostponed?: (index: number, error: Error) => void;
  /** Called when a cell has ended, well or not. */
  readonly onSettled?: (index: number, result: PromiseSettledResult<unknown>) => void;
  /** Ends all cells, giving them time to save what they have. */
  readonly signal?: AbortSignal;
}

/**
 * Computes all cells, each on a worker, and waits for all of them. A cell that fails, or whose worker dies, does not keep the
 * others from finishing; it is tried again after them.
 * @returns for each cell, in the order given, its result or the error that ended it.
 * @throws RangeError for an impossible number of workers; an AbortError when `signal` ended the work.
 */
export async function runAll<Cell, Result, Progress = unknown>(
  cells: readonly Cell[],
  options: RunAllOptions<Cell, Progress>,
): Promise<PromiseSettledResult<Result>[]> {
  const { pool, workers = pool.size, signal } = options;
  if (!Number.isInteger(workers) || workers < 1) {
    throw new RangeError(`Cells are computed by a positive whole number of workers, not ${workers}.`);
  }
  const work: Work<Cell, Result> = { cells: [...cells], queue: createQueue(cells, options), settled: [] };
  const lanes = Array.from({ length: Math.min(workers, cells.length) }, (_, lane) => lane);
  await Promise.all(lanes.map(lane => computeInTurn(lane, work, options)));
  if (signal?.aborted) throw interruption(work.settled, cells.length);
  return work.settled;
}

interface Work<Cell, Result> {
  /** Each as it is tried next. */
  readonly cells: Cell[];
  readonly queue: Queue;
  readonly settled: PromiseSettledResult<Result>[];
}

/** One worker at a time takes cells from the queue until it is empty; a dead worker is replaced. */
async function computeInTurn<Cell, Result, Progress>(
  lane: number,
  { cells, queue, settled }: Work<Cell, Result>,
  { pool, resumed = cell => cell, onProgress, onPostponed, onSettled, signal }: RunAllOptions<Cell, Progress>,
): Promise<void> {
  let worker: Worker | undefined;
  for (;;) {
    const index = await queue.next(signal);
    if (index === undefined) break;
    if (!worker?.alive) worker = pool.start(lane, signal);
    const cell = cells[index];
    const computed = worker.compute(cell, progress => {
      cells[index] = resumed(cell);
      onProgress?.(index, progress as Progress);
    });
    const [result] = (await Promise.allSettled([computed])) as [PromiseSettledResult<Result>];
    if (result.status === 'rejected' && !signal?.aborted && queue.postpone(index, result.reason as Error)) {
      onPostponed?.(index, result.reason as Error);
    } else {
      settled[index] = result;
      onSettled?.(index, result);
    }
  }
  await worker?.stop();
}

/** Indices of the cells that are still to be computed. */
interface Queue {
  /** Takes the next cell; waits for one whose time has not come. Undefined when there is none, or on abort. */
  next(signal?: AbortSignal): Promise<number | undefined>;
  /** Puts a cell that failed back, at the end; false when it has been tried often enough. */
  postpone(index: number, error: Error): boolean;
}

/** Milliseconds until a cell that can't be computed yet is tried again: doubled each time, up to the longest. */
const pause = { shortest: 500, longest: 10_000 };

function createQueue<Cell>(
  cells: readonly Cell[],
  { cost = () => 0, attempts = 1, isTemporary = () => false }: RunAllOptions<Cell, never>,
): Queue {
  const queue = cells.map((_, index) => index).sort((a, b) => cost(cells[b], b) - cost(cells[a], a));
  const failures = cells.map(() => 0);
  const waits = cells.map(() => 0);
  const dueAt = cells.map(() => 0);
  return {
    async next(signal) {
      if (signal?.aborted) return undefined;
      const due = queue.findIndex(index => dueAt[index] <= performance.now());
      const [index] = queue.splice(Math.max(0, due), 1);
      if (index === undefined) return undefined;
      const wait = Math.max(0, dueAt[index] - performance.now());
      if (wait > 0) await delay(wait, undefined, { signal }).catch(() => undefined);
      return signal?.aborted ? undefined : index;
    },
    postpone(index, error) {
      if (isTemporary(error)) {
        dueAt[index] = performance.now() + Math.min(pause.shortest * 2 ** waits[index]++, pause.longest);
      } else if (++failures[index] >= attempts) return false;
      queue.push(index);
      return true;
    },
  };
}

/** Says as well what went wrong before and while the work was ended: nobody else would. */
function interruption(settled: readonly PromiseSettledResult<unknown>[], total: number): Error {
  const finished = settled.filter(result => result?.status === 'fulfilled').length;
  const reasons = settled.flatMap(result => (result?.status === 'rejected' ? [result.reason as Error] : []));
  const failures = reasons.filter(reason => !isAbort(reason)).map(({ message }) => message);
  const message = `Interrupted with ${finished} of ${total} finished. Run it again to go on: what is finished is kept.`;
  return new DOMException([message, ...failures].join('\n'), 'AbortError');
}

/** Whether a cell was interrupted, which is no failure: what it had is saved. */
export function isAbort(reason: unknown): boolean {
  return (reason as Error | undefined)?.name === 'AbortError';
}
