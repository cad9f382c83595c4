import { describe, expect, it } from 'vitest';
import { quantile, resampleCurves } from '../../src/curve/bootstrap';
import { accuracies, type CurveMeasurement } from '../../src/curve/curve';
import { seededRandom } from '../../src/curve/random';
import { simulateCurve, truths } from './simulated';

/** Mean and standard deviation of one noise level over the resamples. */
function spread(resampled: Float64Array, count: number, level: number): { mean: number; deviation: number } {
  const values = Array.from({ length: resampled.length / count }, (_, b) => resampled[b * count + level]);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    mean,
    deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length),
  };
}

const binomialDeviation = (percent: number, trials: number) =>
  Math.sqrt((percent * (100 - percent)) / trials);

describe('resampleCurves', () => {
  const options = { seed: 1, resamples: 4000 };
  // A deviation estimated from 4,000 resamples is itself known to 1/sqrt(8000) = 1.1 %; 5 % is more than four of these.
  const tolerance = 0.05;

  it('spreads as the binomial distribution where all draws of an image agree', () => {
    const single = simulateCurve([80, 70, 60], 3, { draws: 1, testCount: 500 });
    const correct = new Uint8Array(3 * 3 * 500);
    for (let row = 0; row < 9; row++) {
      const s = Math.floor(row / 3);
      correct.set(single.correct.subarray(s * 500, (s + 1) * 500), row * 500);
    }
    const repeated: CurveMeasurement = { ...single, draws: 3, correct };
    const { deviation } = spread(resampleCurves([repeated], options), 3, 1);
    const expected = binomialDeviation(accuracies(repeated)[1], 500);
    expect(Math.abs(deviation / expected - 1)).toBeLessThan(tolerance);
  });

  it('spreads as the binomial distribution of images times draws where draws are independent', () => {
    const independent = simulateCurve([80, 70, 60], 4, { noise: 1, testCount: 20_000, draws: 3 });
    const { mean, deviation } = spread(resampleCurves([independent], { seed: 1, resamples: 2000 }), 3, 1);
    const accuracy = accuracies(independent)[1];
    expect(Math.abs(deviation / binomialDeviation(accuracy, 60_000) - 1)).toBeLessThan(tolerance);
    expect(Math.abs(mean - accuracy)).toBeLessThan(4 * (deviation / Math.sqrt(2000))); // four standard errors
  });

  it('resamples the same images at all noise levels', () => {
    const { correct, ...shape } = simulateCurve([80], 5, { draws: 1, testCount: 100 });
    const twice = { ...shape, sigmas: [0.1, 0.2], correct: Uint8Array.from([...correct, ...correct]) };
    const resampled = resampleCurves([twice], options);
    for (let b = 0; b < 4000; b++) expect(resampled[2 * b]).toBe(resampled[2 * b + 1]);
  });

  it('adds the spread between runs, corrected for their number', () => {
    // Runs without chance in their images (all right or all wrong at a level): only the runs differ, 100 0 0 percent.
    const run = (value: number): CurveMeasurement => ({
      ...simulateCurve([50], 0, { testCount: 10 }),
      correct: new Uint8Array(30).fill(value),
    });
    const { mean, deviation } = spread(resampleCurves([run(1), run(0), run(0)], options), 1, 0);
    // Standard error of the mean of 3 runs with the unbiased variance: sqrt((200/3)^2 + 2 (100/3)^2) / sqrt(2) / sqrt(3).
    expect(Math.abs(deviation / (Math.hypot(200 / 3, 100 / 3, 100 / 3) / Math.sqrt(6)) - 1)).toBeLessThan(
      tolerance,
    );
    expect(Math.abs(mean - 100 / 3)).toBeLessThan(4 * (deviation / Math.sqrt(4000)));
  });

  it('gives the same numbers for the same seed and others for another', () => {
    const curve = simulateCurve(truths.hill, 1);
    const first = resampleCurves([curve], { seed: 7, resamples: 50 });
    expect(resampleCurves([curve], { seed: 7, resamples: 50 })).toEqual(first);
    expect(resampleCurves([curve], { seed: 8, resamples: 50 })).not.toEqual(first);
  });
});

describe('quantile', () => {
  it('interpolates as NumPy does', () => {
    const sorted = Float64Array.from([1, 2, 4, 8, 16]);
    // np.quantile([1, 2, 4, 8, 16], [0, .025, .3, .5, .975, 1])
    const expected = [1, 1.1, 2.4, 4, 15.2, 16];
    [0, 0.025, 0.3, 0.5, 0.975, 1].forEach((p, i) =>
      expect(quantile(sorted, p)).toBeCloseTo(expected[i], 12),
    );
  });
});

describe('seededRandom', () => {
  it('is uniform: mean, variance and correlation of neighbours as they should be', () => {
    const random = seededRandom(3);
    const values = Float64Array.from({ length: 100_000 }, random);
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const variance = values.reduce((sum, v) => sum + (v - 0.5) ** 2, 0) / values.length;
    const lag =
      values.reduce((sum, v, i) => sum + (i ? (v - 0.5) * (values[i - 1] - 0.5) : 0), 0) / values.length;
    // Five standard errors of each: sqrt(1/12/n), sqrt(1/180/n), 1/12/sqrt(n).
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.0046);
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.0012);
    expect(Math.abs(lag)).toBeLessThan(0.0014);
  });

  it('starts apart for neighbouring, negative and large seeds', () => {
    const starts = [0, 1, 2, -1, 2 ** 32, 2 ** 40].map(seed => seededRandom(seed)());
    expect(new Set(starts).size).toBe(6);
  });

  it('refuses a seed that is no whole number', () => {
    expect(() => seededRandom(0.5)).toThrow(/0\.5/);
    expect(() => seededRandom(NaN)).toThrow(/NaN/);
  });
});
