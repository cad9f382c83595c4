import { describe, expect, test } from 'vitest';
import { createDenoiser, requireSigma } from '../../src/diffusion/denoiser';
import { denoisingLoss } from '../../src/diffusion/loss';
import type { Network } from '../../src/diffusion/network';
import { logNormalNoise } from '../../src/diffusion/noise';
import { edmPreconditioning } from '../../src/diffusion/preconditioning';
import { tf } from '../../src/engine/tensorflow';
import recorded from '../reference/recorded/diffusion.json';
import { relativeError } from '../reference/compare';

/** A network whose output is a constant. */
const constant = (value: number): Network => ({
  imageShape: [2, 2, 1],
  parameters: [],
  layers: [],
  apply: (_, x) => ({ output: tf.fill(x.shape, value), activations: {} }),
});

describe("EDM's preconditioning", () => {
  // Expected values: float64 PyTorch (test/reference/diffusion.py).
  test.each(recorded.preconditioning)(
    'has the coefficients of table 1 for sigmaData $sigmaData and noiseScale $noiseScale',
    ({ sigmaData, noiseScale, sigma, lossWeight, ...expected }) => {
      const preconditioning = edmPreconditioning({ sigmaData, noiseScale });
      tf.tidy(() => {
        const levels = tf.tensor1d(sigma);
        const computed = preconditioning.coefficients(levels);
        // a few float32 operations, each rounded to 6e-8
        for (const key of ['cSkip', 'cOut', 'cIn', 'cNoise'] as const) {
          expectClose(computed[key].dataSync(), expected[key], 1e-6);
        }
        expectClose(preconditioning.lossWeight(levels).dataSync(), lossWeight, 1e-6);
      });
    },
  );

  function expectClose(computed: ArrayLike<number>, expected: number[], tolerance: number): void {
    for (const [i, value] of expected.entries()) {
      expect(Math.abs(computed[i] - value)).toBeLessThanOrEqual(tolerance * Math.max(Math.abs(value), 1e-3));
    }
  }

  test('refuses a deviation or scale that is not positive', () => {
    expect(() => edmPreconditioning({ sigmaData: 0 })).toThrow('sigmaData is a positive number, not 0');
    expect(() => edmPreconditioning({ noiseScale: NaN })).toThrow('noiseScale is a positive number, not NaN');
  });
});

describe('the denoising loss', () => {
  test('is the weighted mean squared error, by hand for a network of zeros', () => {
    const denoiser = createDenoiser(constant(0), edmPreconditioning());
    const loss = tf.tidy(() => {
      const images = tf.fill<tf.Rank.R4>([1, 2, 2, 1], 0.6);
      const noise = tf.fill<tf.Rank.R4>([1, 2, 2, 1], -1);
      return denoisingLoss(denoiser, {}, images, tf.tensor1d([0.5]), noise).dataSync()[0];
    });
    // x = 0.6 - 0.5 = 0.1, c_skip = 1/2, D - y = 0.05 - 0.6; weight (1/4 + 1/4) / (1/4)^2 = 8
    expect(loss).toBeCloseTo(8 * 0.55 ** 2, 5);
  });

  test('is 1 at every noise level for data of deviation sigmaData and a network of zeros', () => {
    const denoiser = createDenoiser(constant(0), edmPreconditioning({ sigmaData: 0.5 }));
    // The expectation, where x and y are independent normal: lambda (c_skip^2 s^2 + (1 - c_skip)^2 sd^2) = 1.
    // 40,000 draws of a squared normal: standard error sqrt(2 / 40000) = 0.7 %, four of them allowed
    for (const sigma of [0.01, 0.5, 20]) {
      const loss = tf.tidy(() => {
        const images = tf.randomNormal<tf.Rank.R4>([10_000, 2, 2, 1], 0, 0.5, 'float32', 1);
        const noise = tf.randomNormal<tf.Rank.R4>([10_000, 2, 2, 1], 0, 1, 'float32', 2);
        return denoisingLoss(denoiser, {}, images, tf.fill([10_000], sigma), noise).dataSync()[0];
      });
      expect(Math.abs(loss - 1)).toBeLessThan(0.03);
    }
  });
});

describe('the noise distribution', () => {
  test('has the given mean and deviation of ln sigma, and repeats for the same seed and counter', () => {
    const noise = logNormalNoise({ mean: -1.6, deviation: 1.4 });
    const [a, again, other] = tf.tidy(() =>
      [
        [5, 0],
        [5, 0],
        [5, 1],
      ].map(([seed, counter]) => noise.sample(20_000, seed, counter).dataSync<'float32'>()),
    );
    const logs = Array.from(a, Math.log);
    const mean = logs.reduce((sum, v) => sum + v, 0) / logs.length;
    const deviation = Math.sqrt(logs.reduce((sum, v) => sum + (v - mean) ** 2, 0) / logs.length);
    // 20,000 draws: standard errors 0.010 and 0.007
    expect(Math.abs(mean + 1.6)).toBeLessThan(0.04);
    expect(Math.abs(deviation - 1.4)).toBeLessThan(0.03);
    expect(again).toEqual(a);
    expect(relativeError(other, a)).toBeGreaterThan(0.1);
  });

  test('refuses what is not a distribution', () => {
    expect(() => logNormalNoise({ deviation: 0 })).toThrow('positive number, not 0');
    expect(() => logNormalNoise({ mean: NaN })).toThrow('not NaN');
  });
});

test('a noise level given by a caller must be positive and finite', () => {
  expect(requireSigma(0.15)).toBe(0.15);
  for (const sigma of [-1, 0, NaN, Infinity]) expect(() => requireSigma(sigma)).toThrow(`not ${sigma}`);
});
