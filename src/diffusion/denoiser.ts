/** A denoiser: any network wrapped in its preconditioning. What is trained, sampled from and measured. */
import type { tf } from '../engine/tensorflow';
import type { DropoutDraw, Network, Parameters } from './network';
import type { Preconditioning } from './preconditioning';

/** D(x, sigma), and the network's inner activations that were asked for. */
export interface DenoiserResult {
  readonly denoised: tf.Tensor4D; // [B, H, W, C]
  readonly activations: Record<string, tf.Tensor>;
}

/** The estimate D(x, sigma) of the clean images behind noisy ones. */
export interface Denoiser {
  readonly network: Network;
  readonly preconditioning: Preconditioning;
  /**
   * D(noisy, sigma) = c_skip noisy + c_out F(c_in noisy, c_noise) for images [B, H, W, C] with a noise level each, sigma [B].
   * @param dropout given in training only, see {@link Network}
   * @throws Error on an unknown layer, a missing parameter, or images of another shape.
   */
  denoise(
    parameters: Parameters,
    noisy: tf.Tensor4D,
    sigma: tf.Tensor1D,
    layers?: readonly string[],
    dropout?: DropoutDraw,
  ): DenoiserResult;
}

/** Wraps a network in a preconditioning. */
export function createDenoiser(network: Network, preconditioning: Preconditioning): Denoiser {
  return {
    network,
    preconditioning,
    denoise(parameters, noisy, sigma, layers = [], dropout) {
      const { cSkip, cOut, cIn, cNoise } = preconditioning.coefficients(sigma);
      const scaled: tf.Tensor4D = noisy.mul(perImage(cIn));
      const { output, activations } = network.apply(parameters, scaled, cNoise, layers, dropout);
      return { denoised: noisy.mul(perImage(cSkip)).add(output.mul(perImage(cOut))), activations };
    },
  };
}

/** One number an image [B], shaped to multiply images [B, H, W, C]. */
export function perImage(values: tf.Tensor1D): tf.Tensor4D {
  return values.reshape([-1, 1, 1, 1]);
}

/**
 * A noise level given by a caller, checked.
 * @throws RangeError when it is not a positive finite number.
 */
export function requireSigma(sigma: number): number {
  if (!(sigma > 0 && Number.isFinite(sigma))) {
    throw new RangeError(
      `A noise level sigma is a positive number (images are in [-1, 1]; useful levels lie between 0.002 and 80), not ${sigma}.`,
    );
  }
  return sigma;
}

/**
 * The noise levels of a measurement, called `name` in the message, checked.
 * @throws RangeError when there is none, or one is not a positive finite number.
 */
export function requireSigmas(sigmas: readonly number[], name = '"sigmas"'): void {
  if (sigmas.length === 0) throw new RangeError(`Give at least one noise level in ${name}.`);
  sigmas.forEach(requireSigma);
}

/** As {@link requireSigmas}, for those of a curve. @throws RangeError as well when they do not increase. */
export function requireIncreasingSigmas(sigmas: readonly number[], name = '"sigmas"'): void {
  requireSigmas(sigmas, name);
  const wrong = sigmas.findIndex((sigma, s) => s > 0 && sigma <= sigmas[s - 1]);
  if (wrong > 0) {
    throw new RangeError(
      `${name} must increase, but ${sigmas[wrong]} follows ${sigmas[wrong - 1]}. Sort them, without repeats.`,
    );
  }
}

/** @throws RangeError unless `value`, called `what` in the message, is a positive integer. */
export function requirePositiveInteger(value: number, what: string): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`${what} is a positive integer, not ${value}.`);
  }
}
