/** Means and deviations, for the exercises and their checks. */
import type { CurveMeasurement } from 'unimodal';

export function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0);
}

export function mean(values: ArrayLike<number>): number {
  return sum(values) / values.length;
}

/** Standard deviation of a sample: with n - 1. */
export function deviation(values: ArrayLike<number>): number {
  const centre = mean(values);
  return Math.sqrt(sum(Array.from(values, value => (value - centre) ** 2)) / (values.length - 1));
}

/** Of each test image, the share of its noise draws in which it was recognized at one noise level, by the level's index. */
export function shares({ draws, testCount, correct }: CurveMeasurement, level: number): number[] {
  return Array.from({ length: testCount }, (_, i) =>
    mean(Array.from({ length: draws }, (_, r) => correct[(level * draws + r) * testCount + i])),
  );
}
