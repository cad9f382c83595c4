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
}

/** Reports on a training that began (or was resumed) at step `first` just now. */
export function createMeter({ steps, batchSize }: TrainingConfig, first: number): Meter {
  const start = performance.now();
  const measure = (losses: readonly number[]): TrainingProgress => {
    const step = losses.length;
    const secondsPerStep = (performance.now() - start) / 1000 / Math.max(1, step - first);
    return {
      step,
      steps,
      loss: mean(losses.slice(-loggingInterval(steps))),
      imagesPerSecond: batchSize / secondsPerStep,
      secondsLeft: (steps - step) * secondsPerStep,
    };
  };
  const metric = (losses: readonly number[]): Metric => {
    const { step, loss, imagesPerSecond } = measure(losses);
    return { step, loss, imagesPerSecond: Math.round(imagesPerSecond) };
  };
  return { measure, metric };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
