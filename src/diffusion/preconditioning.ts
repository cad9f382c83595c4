/** Preconditioning: how the network's raw output becomes a denoiser at noise level sigma (Karras et al. 2022, "EDM", table 1). */
import { tf } from '../engine/tensorflow';

/** The four coefficients of D(x, sigma) = c_skip x + c_out F(c_in x, c_noise), each [B]. */
export interface Coefficients {
  readonly cSkip: tf.Tensor1D;
  readonly cOut: tf.Tensor1D;
  readonly cIn: tf.Tensor1D;
  readonly cNoise: tf.Tensor1D;
}

/** Coefficients and loss weight as functions of the noise levels sigma [B]; sigma is positive. */
export interface Preconditioning {
  coefficients(sigma: tf.Tensor1D): Coefficients;
  /** lambda(sigma), [B]: the weight of the squared error of an image in the loss. */
  lossWeight(sigma: tf.Tensor1D): tf.Tensor1D;
}

/** Options of EDM's preconditioning. */
export interface EdmPreconditioningOptions {
  /** Standard deviation of the images' pixels. Default 0.5. */
  sigmaData?: number;
  /** c_noise = noiseScale * ln sigma. Default 0.25, EDM's; larger values sharpen the network's sense of low noise. */
  noiseScale?: number;
}

/**
 * EDM's preconditioning (eqs. 7 and 8 with table 1):
 * c_skip = sd^2 / (s^2 + sd^2), c_out = s sd / sqrt(s^2 + sd^2), c_in = 1 / sqrt(s^2 + sd^2), c_noise = ln(s) / 4,
 * lambda = (s^2 + sd^2) / (s sd)^2.
 * @throws RangeError when an option is not a positive number.
 */
export function edmPreconditioning(options: EdmPreconditioningOptions = {}): Preconditioning {
  const { sigmaData = 0.5, noiseScale = 0.25 } = options;
  if (!(sigmaData > 0 && Number.isFinite(sigmaData))) {
    throw new RangeError(`sigmaData is a positive number, not ${sigmaData}.`);
  }
  if (!(noiseScale > 0 && Number.isFinite(noiseScale))) {
    throw new RangeError(`noiseScale is a positive number, not ${noiseScale}.`);
  }
  const variance = (sigma: tf.Tensor1D) => sigma.square().add(sigmaData ** 2); // s^2 + sd^2, [B]
  return {
    coefficients(sigma) {
      const total = variance(sigma);
      const cIn = total.rsqrt();
      return {
        cSkip: tf.scalar(sigmaData ** 2).div(total),
        cOut: sigma.mul(sigmaData).mul(cIn),
        cIn: cIn as tf.Tensor1D,
        cNoise: sigma.log().mul(noiseScale),
      };
    },
    lossWeight: sigma => variance(sigma).div(sigma.mul(sigmaData).square()),
  };
}
