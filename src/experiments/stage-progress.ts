/** Progress of one model's work: a bar a stage. */
import { interruptSignal } from '../display/host';
import { createProgress, type Progress } from '../display/progress';
import type { ModelProgress } from './measures';

/** Follows stages one after the other. */
export interface StageProgress {
  readonly onProgress: (progress: ModelProgress) => void;
  /** Leaves the final line of the last stage. */
  finish(): void;
}

/** What a stage counts. */
const units = { training: 'steps', curve: 'noise levels', samples: 'images' };

/**
 * Bars for the stages that will be reported, each up to its total.
 * @param name of the model, where several are at work
 */
export function showStages(
  totals: Partial<Record<ModelProgress['stage'], number>>,
  name?: string,
): StageProgress {
  let shown: ModelProgress['stage'] | undefined;
  let shownIn: AbortSignal | undefined;
  let bar: Progress | undefined;
  return {
    onProgress({ stage, share, detail }) {
      const total = totals[stage] ?? 1;
      // The output of a cell that was interrupted goes when the cell is run again.
      if (stage !== shown || shownIn?.aborted) {
        bar?.finish();
        shown = stage;
        shownIn = interruptSignal();
        const label = name === undefined ? stage : `${name}: ${stage}`;
        bar = createProgress({ label, total, unit: units[stage] });
      }
      bar?.update(Math.round(share * total), { note: detail });
      if (share === 1) bar?.finish();
    },
    finish: () => bar?.finish(),
  };
}
