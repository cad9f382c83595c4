/** Distributions of the noise level sigma during training. */
import type { Counter } from '../engine/random';
import { randomNormal } from '../engine/random';
import type { tf } from '../engine/tensorflow';

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
