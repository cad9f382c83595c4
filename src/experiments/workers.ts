/**
 * Independent pieces of work ("cells" of a grid) on worker processes of this machine. What every sweep uses: it knows
 * nothing of what a cell computes, only the module that does.
 */
import os from 'node:os';
import { startWorker, type Worker } from './worker-process';

/** What a worker module exports as `runCell`: computes one cell. */
export type RunCell<Cell, Result, Progress> = (cell: Cell, context: CellContext<Progress>) => Promise<Result>;

/** What a cell's computation is given beside the cell. */
export interface CellContext<Progress> {
  /** Reports to whoever started the cells. */
  readonly onProgress: (progress: Progress) => void;
  /** Aborted when the work should be saved and ended. */
  readonly signal: AbortSignal;
}

/** How cells are run. */
export interface RunAllOptions<Cell, Progress> {
  /** File of a module that exports `runCell`, a {@link RunCell}; TypeScript or JavaScript. */
  readonly module: string;
  /** Number of worker processes; each computes with one thread. Default: one per processor core, at most one per cell. */
  readonly workers?: number;
  /** How long a cell takes, in any unit: the longest are started first. Default: all the same. */
  readonly cost?: (cell: Cell) => number;
  /** Called with the index of the cell and what it reports. */
  readonly onProgress?: (index: number, progress: Progress) => void;
  /** Called when a cell has ended, well or not. */
  readonly onSettled?: (index: number, result: PromiseSettledResult<unknown>) => void;
  /** Ends all cells, giving them time to save what they have. */
  readonly signal?: AbortSignal;
}

/**
 * Computes all cells, each in a worker process, and waits for all of them. A cell that fails, or whose process dies, does
 * not keep the others from finishing.
 * @returns for each cell, in the order given, its result or the error that ended it.
 * @throws RangeError for an impossible number of workers; an AbortError when `signal` ended the work.
 */
export async function runAll<Cell, Result, Progress = unknown>(
  cells: readonly Cell[],
  options: RunAllOptions<Cell, Progress>,
): Promise<PromiseSettledResult<Result>[]> {
  const { workers = os.availableParallelism(), cost = () => 0, signal } = options;
  if (!Number.isInteger(workers) || workers < 1) {
    throw new RangeError(`Cells are computed by a positive whole number of workers, not ${workers}.`);
  }
  const queue = cells.map((_, index) => index).sort((a, b) => cost(cells[b]) - cost(cells[a]));
  const settled: PromiseSettledResult<Result>[] = [];
  const lane = () => computeInTurn(cells, queue, settled, options);
  await Promise.all(Array.from({ length: Math.min(workers, cells.length) }, lane));
  if (signal?.aborted) throw interruption(settled, cells.length);
  return settled;
}

/** One worker at a time takes cells from the queue until it is empty; a dead worker is replaced. */
async function computeInTurn<Cell, Result, Progress>(
  cells: readonly Cell[],
  queue: number[],
  settled: PromiseSettledResult<Result>[],
  { module, onProgress, onSettled, signal }: RunAllOptions<Cell, Progress>,
): Promise<void> {
  let worker: Worker | undefined;
  for (let index = queue.shift(); index !== undefined && !signal?.aborted; index = queue.shift()) {
    if (!worker?.alive) worker = startWorker(module, signal);
    const cell = index;
    const computed = worker.compute(cells[cell], progress => onProgress?.(cell, progress as Progress));
    [settled[cell]] = (await Promise.allSettled([computed])) as [PromiseSettledResult<Result>];
    onSettled?.(cell, settled[cell]);
  }
  await worker?.stop();
}

function interruption(settled: readonly PromiseSettledResult<unknown>[], total: number): Error {
  const finished = settled.filter(result => result?.status === 'fulfilled').length;
  const message = `Interrupted with ${finished} of ${total} finished. Run it again to go on: what is finished is kept.`;
  return new DOMException(message, 'AbortError');
}
