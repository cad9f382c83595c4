import { describe, expect, test } from 'vitest';
import { createDenoiser, requireSigma } from '../../src/diffusion/denoiser';
import { denoisingLoss } from '../../src/diffusion/loss';
import type { Network } from '../../src/diffusion/network';
import { logNormalNoise } from '../../src/diffusion/noise';
import { edmPreconditioning } from '../../src/diffusion/preconditioning';
import { vpNoise, vpPreconditioning, vpSigma, vpTime } from '../../src/diffusion/vp';
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

function expectClose(computed: ArrayLike<number>, expected: number[], tolerance: number): void {
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(computed[i] - value)).toBeLessThanOrEqual(tolerance * Math.max(Math.abs(value), 1e-3));
  }
}

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

  test('refuses a deviation or scale that is not positive', () => {
    expect(() => edmPreconditioning({ sigmaData: 0 })).toThrow('sigmaData is a positive number, not 0');
    expect(() => edmPreconditioning({ noiseScale: NaN })).toThrow('noiseScale is a positive number, not NaN');
  });
});

describe('the variance-preserving diffusion', () => {
  // Expected values: float64 PyTorch, c_noise by bisection (test/reference/diffusion.py).
  const { times, sigmas, sigma, lossWeight, ...expected } = recorded.vp;

  test('has the coefficients of table 1', () => {
    tf.tidy(() => {
      const levels = tf.tensor1d(sigma);
      const computed = vpPreconditioning().coefficients(levels);
      // a dozen float32 operations at most, each rounded to 6e-8
      for (const key of ['cSkip', 'cOut', 'cIn', 'cNoise'] as const) {
        expectClose(computed[key].dataSync(), expected[key], 2e-6);
      }
      expectClose(vpPreconditioning().lossWeight(levels).dataSync(), lossWeight, 1e-6);
    });
  });

  test('turns times into noise levels and back', () => {
    tf.tidy(() => {
      // sigma(t) at t near 1 is an exponential of 10: its rounding is ten times that of its exponent
      expectClose(vpSigma(tf.tensor1d(times)).dataSync(), sigmas, 5e-6);
      expectClose(vpTime(tf.tensor1d(sigmas)).dataSync(), times, 2e-6);
    });
  });

  test('trains on noise levels whose times are uniform in [1e-5, 1]', () => {
    const drawn = tf.tidy(() => vpNoise().sample(20_000, 5, 0).dataSync<'float32'>());
    for (const [i, time] of times.entries()) {
      const share = drawn.filter(level => level <= sigmas[i] * 1.0001).length / drawn.length;
      // 20,000 draws: standard error at most 0.0036, four of them allowed
      expect(Math.abs(share - time)).toBeLessThan(0.015);
    }
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(sigmas[0] * 0.9999);
    expect(tf.tidy(() => vpNoise().sample(20_000, 5, 0).dataSync<'float32'>())).toEqual(drawn);
  });

  test('predicts the noise: its loss is the mean squared error of F against n', () => {
    const denoiser = createDenoiser(constant(0.5), vpPreconditioning());
    const loss = tf.tidy(() => {
      const images = tf.fill<tf.Rank.R4>([2, 2, 2, 1], 0.6);
      const noise = tf.fill<tf.Rank.R4>([2, 2, 2, 1], -1);
      return denoisingLoss(denoiser, {}, images, tf.tensor1d([0.01, 20]), noise).dataSync()[0];
    });
    expect(loss).toBeCloseTo(1.5 ** 2, 4);
  });
});

test('the loss passes the draw of dropout on to the network, and nothing where there is none', () => {
  const draws: unknown[] = [];
  const network: Network = {
    ...constant(0),
    apply: (parameters, x, cNoise, layers, dropout) => {
      draws.push(dropout);
      return constant(0).apply(parameters, x, cNoise, layers);
    },
  };
  const denoiser = createDenoiser(network, edmPreconditioning());
  tf.tidy(() => {
    const images = tf.zeros<tf.Rank.R4>([1, 2, 2, 1]);
    denoisingLoss(denoiser, {}, images, tf.tensor1d([1]), images);
    denoisingLoss(denoiser, {}, images, tf.tensor1d([1]), images, { seed: 3, counter: 4 });
  });
  expect(draws).toEqual([undefined, { seed: 3, counter: 4 }]);
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
