/** What the worker tests compute: loaded by worker processes. */
import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { CellContext } from '../../src/experiments/workers';

export type TestCell =
  | { do: 'square'; value: number; wait?: number }
  | { do: 'fail'; message: string }
  /** Fails unless the file is there; leaves it there. */
  | { do: 'fail once'; file: string; message: string }
  | { do: 'die'; signal?: NodeJS.Signals }
  | { do: 'environment' }
  /** Saves to `file` when told to end. */
  | { do: 'save when aborted'; file: string };

export async function runCell(
  cell: TestCell,
  { onProgress, signal }: CellContext<unknown>,
): Promise<unknown> {
  onProgress({ started: cell.do, pid: process.pid, time: performance.timeOrigin + performance.now() });
  switch (cell.do) {
    case 'square':
      await delay(cell.wait ?? 0);
      return { square: cell.value ** 2, array: Float32Array.of(cell.value, NaN), pid: process.pid };
    case 'fail':
      throw new RangeError(cell.message);
    case 'fail once':
      if (existsSync(cell.file)) return 'done';
      writeFileSync(cell.file, '');
      throw new Error(cell.message);
    case 'die':
      if (cell.signal) process.kill(process.pid, cell.signal);
      console.error('last words');
      process.exit(3);
      break;
    case 'environment':
      return {
        threads: process.env.OMP_NUM_THREADS,
        gpu: process.env.CUDA_VISIBLE_DEVICES,
        options: process.env.NODE_OPTIONS,
        execArgv: process.execArgv,
      };
    case 'save when aborted':
      await delay(60_000, undefined, { signal }).catch(() => undefined);
      writeFileSync(cell.file, 'saved');
      throw signal.reason;
  }
}
