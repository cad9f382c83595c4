/** A transition as the default experiment gives it: simulated curves of six training-set sizes, their scores and losses. */
import type { TransitionValues } from '../../src/figures/summary';
import { simulateCurve } from '../curve/simulated';

const sizes = [32, 64, 128, 256, 512, 1000];
const small = [87.1, 86.8, 86.5, 86.4, 86, 84.5, 80.8, 73.6, 56.9];
const large = [87.3, 89.7, 91.3, 92.7, 92.9, 92.2, 89.9, 84.3, 67.6];
/** How far each size is on the way from the smallest to the largest. */
const way = [0, 0.12, 0.2, 0.55, 0.75, 1];
const novel = [0.03, 0.45, 0.99, 1, 1, 1];
const cosines = [1, 0.98, 0.85, 0.79, 0.77, 0.78];

export function exampleTransition(seeds = 1): TransitionValues {
  return {
    sizes: sizes.map((trainingSize, i) => ({
      trainingSize,
      curves: Array.from({ length: seeds }, (_, seed) =>
        simulateCurve(
          small.map((value, s) => value + way[i] * (large[s] - value)),
          17 * seed + i + 1,
        ),
      ),
      scores: Array.from({ length: seeds }, (_, seed) => ({
        novelByRatio: Math.min(1, novel[i] + 0.02 * seed),
        medianCosine: cosines[i] - 0.01 * seed,
      })),
    })),
  };
}

/** Training losses as they come: falling, noisy, one point every ten steps. */
export function exampleLosses(size: number): { step: number; loss: number }[] {
  return Array.from({ length: 300 }, (_, i) => {
    const step = 10 * (i + 1);
    const noise = 0.08 * Math.sin(12.9 * i + size) * Math.cos(5.1 * i);
    return { step, loss: (0.12 + 0.04 * Math.log10(size) + 1.2 * Math.exp(-step / 150)) * (1 + noise) };
  });
}
