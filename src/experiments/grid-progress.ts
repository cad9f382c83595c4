/** How a grid of models goes, as text: a line for all of them, and a line for each. */
import type { ModelProgress } from './run-model';

/** What a line is about. */
export interface GridCell {
  readonly trainingSize: number;
  readonly seed: number;
}

/** Follows the models of a grid. */
export interface GridProgress {
  /** A model reports. */
  report(index: number, progress: ModelProgress): void;
  /** A model has ended, well or not. */
  settle(index: number, succeeded: boolean): void;
  /** Share of the whole work that is done, 0 to 1. */
  share(): number;
  /** The state in lines. */
  lines(): string[];
}

/** The share of a model's time that each stage takes, and what comes before it. */
const stages = {
  training: { before: 0, length: 0.85 },
  curve: { before: 0.85, length: 0.1 },
  samples: { before: 0.95, length: 0.05 },
} as const;

/** A follower for these models; `now` is the clock in milliseconds. */
export function createGridProgress(
  cells: readonly GridCell[],
  now: () => number = () => performance.now(),
): GridProgress {
  const shares = cells.map(() => 0);
  const states = cells.map(() => 'waiting');
  const start = now();
  const share = () => shares.reduce((sum, each) => sum + each, 0) / cells.length;
  return {
    report(index, { stage, share: ofStage, detail }) {
      shares[index] = stages[stage].before + stages[stage].length * ofStage;
      states[index] = `${stage}: ${detail}`;
    },
    settle(index, succeeded) {
      shares[index] = 1;
      states[index] = succeeded ? 'done' : 'failed';
    },
    share,
    lines() {
      const ended = states.filter(state => state === 'done' || state === 'failed').length;
      const seconds = (now() - start) / 1000;
      const total = `${ended} of ${cells.length} models, ${Math.round(100 * share())} %, ${timeLeft(share(), seconds)}`;
      return [total, ...cells.map((cell, i) => `${label(cell, cells)}  ${states[i]}`)];
    },
  };
}

/** "N =   32, seed 0": numbers aligned, and the seed only where there are several. */
function label({ trainingSize, seed }: GridCell, cells: readonly GridCell[]): string {
  const width = (values: readonly number[]) => Math.max(...values.map(value => String(value).length));
  const size = `N = ${String(trainingSize).padStart(width(cells.map(cell => cell.trainingSize)))}`;
  if (cells.every(cell => cell.seed === seed)) return size;
  return `${size}, seed ${String(seed).padStart(width(cells.map(cell => cell.seed)))}`;
}

/** Nothing can be said in the beginning, and the estimate is never finer than it is sure. */
function timeLeft(share: number, seconds: number): string {
  if (share === 1) return `done in ${duration(seconds)}`;
  if (share < 0.02) return 'just begun';
  return `about ${duration((seconds * (1 - share)) / share)} left`;
}

function duration(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
