/** Shows how the models of a grid go: a bar for each, in training steps, with what comes after them as a note. */
import { createProgressTable, type ProgressEnvironment } from '../display/progress';
import type { GridCell } from './grid';
import type { ModelProgress } from './measures';
import { isAbort } from './workers';

/** Follows the models of a grid; the functions are those that runAll calls. */
export interface GridProgress {
  onProgress(index: number, progress: ModelProgress): void;
  onPostponed(index: number, error: Error): void;
  onSettled(index: number, result: PromiseSettledResult<unknown>): void;
  /** Leaves the final lines. */
  finish(): void;
}

/** Bars for these models. */
export function showGridProgress(
  cells: readonly Pick<GridCell, 'label' | 'config'>[],
  environment?: ProgressEnvironment,
): GridProgress {
  const steps = cells.map(({ config }) => config.training.steps);
  const rows = cells.map(({ label }, i) => ({ label, total: steps[i], unit: 'steps' }));
  const table = createProgressTable(rows, environment);
  return {
    onProgress(index, { stage, share, detail }) {
      const done = stage === 'training' ? Math.round(share * steps[index]) : steps[index];
      table.rows[index].update(done, { note: detail });
    },
    onPostponed(index, error) {
      table.rows[index].update(NaN, { note: `will be tried again: ${error.message}` });
    },
    onSettled(index, result) {
      // Not started and yet finished: everything was there already.
      if (result.status === 'fulfilled') table.rows[index].update(steps[index], { note: 'done' });
      else table.rows[index].update(NaN, { note: isAbort(result.reason) ? 'interrupted, saved' : 'failed' });
      table.rows[index].finish();
    },
    finish: () => table.finish(),
  };
}
