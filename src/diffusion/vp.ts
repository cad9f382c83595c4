/**
 * The variance-preserving diffusion (VP) of Song et al. (2021), as Karras et al. (2022, "EDM") state it in table 1:
 * sigma(t)^2 = exp(beta_d t^2 / 2 + beta_min t) - 1 for times t in (0, 1].
 */
import { randomUniform } from '../engine/random';
import { tf } from '../engine/tensorflow';
import type { NoiseDistribution } from './noise';
import type { Preconditioning } from './preconditioning';

/** beta_d */
const betaRange = 19.9;
const betaMin = 0.1;
/** M: the network sees times as steps of a chain of so many. */
const chainLength = 1000;
/** epsilon_t: the earliest time of training. */
const earliest = 1e-5;

/** sigma(t) of times [B]. */
export function vpSigma(time: tf.Tensor1D): tf.Tensor1D {
  const exponent = time
    .square()
    .mul(betaRange / 2)
    .add(time.mul(betaMin));
  return exponent.expm1().sqrt() as tf.Tensor1D;
}

/**
 * t(sigma) of noise levels [B], the inverse of {@link vpSigma}. The root of the quadratic equation is written without a
 * difference of nearly equal numbers, which at sigma = 0.002 would cost float32 two digits.
 */
export function vpTime(sigma: tf.Tensor1D): tf.Tensor1D {
  const exponent = sigma.square().log1p(); // ln(1 + s^2) = beta_d t^2 / 2 + beta_min t
  const root = exponent
    .mul(2 * betaRange)
    .add(betaMin ** 2)
    .sqrt();
  return exponent.mul(2).div<tf.Tensor1D>(root.add(betaMin));
}

/** VP preconditioning: c_skip = 1, c_out = -s, c_in = 1 / sqrt(s^2 + 1), c_noise = (M - 1) t(s); lambda = 1 / s^2. */
export function vpPreconditioning(): Preconditioning {
  return {
    coefficients: sigma => ({
      cSkip: tf.onesLike(sigma),
      cOut: sigma.neg(),
      cIn: sigma.square().add(1).rsqrt() as tf.Tensor1D,
      cNoise: vpTime(sigma).mul(chainLength - 1),
    }),
    lossWeight: sigma => sigma.square().reciprocal(),
  };
}

/** The noise levels of VP's training: sigma(t) for t uniform in [epsilon_t, 1]. */
export function vpNoise(): NoiseDistribution {
  return {
    sample: (count, seed, counter) => {
      const time = randomUniform([count], seed, counter)
        .mul(1 - earliest)
        .add(earliest);
      return vpSigma(time as tf.Tensor1D);
    },
  };
}
