/** What changes from step to step: pure functions of the step's index. */
import type { TrainingConfig } from './config';

/** Learning rate of step i (from 0): linear warm-up over `warmUpSteps`, then constant. */
export function learningRateAt(
  step: number,
  { learningRate, warmUpSteps }: Pick<TrainingConfig, 'learningRate' | 'warmUpSteps'>,
): number {
  return learningRate * Math.min(1, (step + 1) / Math.max(1, warmUpSteps));
}

/**
 * Weight of the old average at step i (from 0): half-life `emaHalfLife` images, and shorter in the beginning, when the
 * weights change fast: min(2^(-batchSize / emaHalfLife), (1 + i) / (10 + i)).
 */
export function emaDecayAt(
  step: number,
  { batchSize, emaHalfLife }: Pick<TrainingConfig, 'batchSize' | 'emaHalfLife'>,
): number {
  return Math.min(0.5 ** (batchSize / emaHalfLife), (1 + step) / (10 + step));
}
