/** How a training goes: loss over intervals, speed, time left. */
import type { Metric } from '../store/metrics';
import type { TrainingConfig } from './config';

/** What a training reports while it runs. */
export interface TrainingProgress {
  /** Steps done, of `steps`. */
  readonly step: number;
  readonly steps: number;
  /** Mean loss of the last steps. */
  readonly loss: number;
  /** Mean since the training began or was resumed. */
  readonly imagesPerSecond: number;
  readonly secondsLeft: number;
}

/** Mean loss of the steps since the point before. */
export interface LossPoint {
  /** Steps done. */
  readonly step: number;
  readonly loss: number;
}

/** About so many points a training: enough for a curve, few enough to read. */
const pointsPerTraining = 150;

/** Steps between two points of the loss curve. */
export function loggingInterval(steps: number): number {
  return Math.max(1, Math.round(steps / pointsPerTraining));
}

/** The loss curve of a training from the loss of each of its steps. */
export function lossPoints(losses: readonly number[], steps: number): LossPoint[] {
  const interval = loggingInterval(steps);
  const points: LossPoint[] = [];
  for (let step = interval; step <= losses.length; step += interval) {
    points.push({ step, loss: mean(losses.slice(step - interval, step)) });
  }
  return points;
}

/** Measures a training from the loss of each step done so far. */
export interface Meter {
  measure(losses: readonly number[]): TrainingProgress;
  /** The line of the log. */
  metric(losses: readonly number[]): Metric;
  /** Does what is no training: its time does not count. */
  pausedFor(work: () => Promise<void>): Promise<void>;
}

/** Reports on a training that began (or was resumed) at step `first` just now. */
export function createMeter({ steps, batchSize }: TrainingConfig, first: number): Meter {
  let paused = 0;
  const now = () => performance.now() - paused;
  const start = { step: first, time: now() };
  let lastLine = start;
  const secondsPerStep = (since: typeof start, step: number) =>
    (now() - since.time) / 1000 / Math.max(1, step - since.step);
  const recentLoss = (losses: readonly number[]) => mean(losses.slice(-loggingInterval(steps)));
  return {
    measure(losses) {
      const step = losses.length;
      const seconds = secondsPerStep(start, step);
      return {
        step,
        steps,
        loss: recentLoss(losses),
        imagesPerSecond: batchSize / seconds,
        secondsLeft: (steps - step) * seconds,
      };
    },
    metric(losses) {
      const step = losses.length;
      const imagesPerSecond = Math.round(batchSize / secondsPerStep(lastLine, step));
      lastLine = { step, time: now() };
      return { step, loss: recentLoss(losses), imagesPerSecond };
    },
    async pausedFor(work) {
      const begin = performance.now();
      await work();
      paused += performance.now() - begin;
    },
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
