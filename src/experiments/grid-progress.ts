/** Shows how the models of a grid go: a bar for each, in training steps, with what comes after them as a note. */
import { createProgressTable, type ProgressEnvironment } from '../display/progress';
import type { ModelProgress } from './measures';

/** What a bar is about. */
export interface GridCell {
  readonly trainingSize: number;
  readonly seed: number;
}

/** Follows the models of a grid; the functions are those that runAll calls. */
export interface GridProgress {
  onProgress(index: number, progress: ModelProgress): void;
  onSettled(index: number, result: PromiseSettledResult<unknown>): void;
  /** Leaves the final lines. */
  finish(): void;
}

/** Bars for these models, each of so many training steps. */
export function showGridProgress(
  cells: readonly GridCell[],
  steps: number,
  environment?: ProgressEnvironment,
): GridProgress {
  const rows = cells.map(cell => ({ label: labelOf(cell, cells), total: steps, unit: 'steps' }));
  const table = createProgressTable(rows, environment);
  return {
    onProgress(index, { stage, share, detail }) {
      const done = stage === 'training' ? Math.round(share * steps) : steps;
      table.rows[index].update(done, { note: detail });
    },
    onSettled(index, { status }) {
      // Not started and yet finished: everything was there already.
      if (status === 'fulfilled') table.rows[index].update(steps, { note: 'done' });
      else table.rows[index].update(NaN, { note: 'failed' });
      table.rows[index].finish();
    },
    finish: () => table.finish(),
  };
}

/** "N =   32, seed 0": numbers aligned, and the seed only where there are several. */
function labelOf({ trainingSize, seed }: GridCell, cells: readonly GridCell[]): string {
  const width = (values: readonly number[]) => Math.max(...values.map(value => String(value).length));
  const size = `N = ${String(trainingSize).padStart(width(cells.map(cell => cell.trainingSize)))}`;
  if (cells.every(cell => cell.seed === seed)) return size;
  return `${size}, seed ${String(seed).padStart(width(cells.map(cell => cell.seed)))}`;
}
