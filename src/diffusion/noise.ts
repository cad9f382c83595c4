/** Distributions of the noise level sigma during training. */
import type { Counter } from '../engine/random';
import { gatherRows } from '../engine/ops';
import { randomIntegers, randomNormal } from '../engine/random';
import { tf } from '../engine/tensorflow';

/** A distribution of noise levels. */
export interface NoiseDistribution {
  /** `count` noise levels [count], a pure function of seed and counter. */
  sample(count: number, seed: number, counter: Counter): tf.Tensor1D;
}

/** Options of the log-normal distribution. */
export interface LogNormalNoiseOptions {
  /** Mean of ln sigma. Default -1.2. */
  mean?: number;
  /** Standard deviation of ln sigma. Default 1.2. */
  deviation?: number;
}

/**
 * EDM's distribution: ln sigma ~ N(mean, deviation^2).
 * @throws RangeError when the mean is not finite or the deviation not positive.
 */
export function logNormalNoise({
  mean = -1.2,
  deviation = 1.2,
}: LogNormalNoiseOptions = {}): NoiseDistribution {
  if (!Number.isFinite(mean)) throw new RangeError(`The mean of ln sigma is a number, not ${mean}.`);
  if (!(deviation > 0 && Number.isFinite(deviation))) {
    throw new RangeError(`The standard deviation of ln sigma is a positive number, not ${deviation}.`);
  }
  return {
    sample: (count, seed, counter) =>
      randomNormal([count], seed, counter).mul(deviation).add(mean).exp() as tf.Tensor1D,
  };
}

/**
 * Given noise levels, each as likely as the others: one for a single-level denoiser, some for a coarse diffusion model
 * (paper, Table 3).
 * @throws RangeError when there is no level, or one is not a positive number.
 */
export function fixedNoise(sigmas: readonly number[]): NoiseDistribution {
  if (sigmas.length === 0) throw new RangeError('Give at least one noise level.');
  const wrong = sigmas.find(sigma => !(sigma > 0 && Number.isFinite(sigma)));
  if (wrong !== undefined) throw new RangeError(`A noise level is a positive number, not ${wrong}.`);
  return {
    sample: (count, seed, counter) =>
      tf.tidy(() => {
        const chosen = randomIntegers([count], sigmas.length, seed, counter) as tf.Tensor1D;
        return gatherRows(tf.tensor1d([...sigmas]), chosen) as tf.Tensor1D;
      }),
  };
}
