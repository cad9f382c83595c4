/** Means and deviations for the checks. */
import type { CurveMeasurement } from 'unimodal';

export function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

/** Standard deviation of a sample: with n - 1. */
export function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/** A curve at one of its noise levels, by index. */
export interface Level {
  readonly curve: CurveMeasurement;
  readonly level: number;
}

/** Of each test image, in which share of its draws it was recognized at one level, less that at another, of the same images. */
export function differences(one: Level, other: Level): number[] {
  const [high, low] = [sharesOf(one), sharesOf(other)];
  return high.map((share, i) => share - low[i]);
}

function sharesOf({ curve: { draws, testCount, correct }, level }: Level): number[] {
  return Array.from({ length: testCount }, (_, i) =>
    mean(Array.from({ length: draws }, (_, r) => correct[(level * draws + r) * testCount + i])),
  );
}
