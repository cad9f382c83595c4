/** Posterior estimates: what a denoiser makes of images at each noise level (paper, Fig. 12). */
import { requireSigmas } from '../diffusion/denoiser';
import type { TensorValue } from '../engine/values';
import { imagePass, type ImagePassOptions, type ImagePassRequest } from './image-pass';

/** Images at one noise level, float32 [N, H, W, C] each. */
export interface PosteriorEstimate {
  readonly sigma: number;
  /** x_t = x_0 + sigma noise. */
  readonly noisy: TensorValue;
  /** D(x_t, sigma), the estimate of E[x_0 | x_t]. */
  readonly fromNoisy: TensorValue;
  /** D(x_0, sigma): the clean image is shown while the network is told the level sigma. */
  readonly fromClean: TensorValue;
}

/** Which images, at which noise levels. */
export type PosteriorOptions = Omit<ImagePassOptions, 'input'> &
  Omit<ImagePassRequest, 'sigma'> & { readonly sigmas: readonly number[] };

/**
 * Posterior estimates over the noise level. Every level sees the same noise, scaled.
 * @throws RangeError before any work on no noise level, one that is not positive, or images of another shape
 */
export async function posteriorEstimates(options: PosteriorOptions): Promise<PosteriorEstimate[]> {
  const { sigmas, ...request } = options;
  requireSigmas(sigmas);
  const pass = (input: 'noisy' | 'clean') =>
    imagePass({ ...options, input }, [], (x, { denoised }) => ({ x, denoised }));
  const [noisyPass, cleanPass] = [pass('noisy'), pass('clean')];
  const estimates: PosteriorEstimate[] = [];
  for (const sigma of sigmas) {
    const noisy = await noisyPass({ ...request, sigma });
    const clean = await cleanPass({ ...request, sigma });
    estimates.push({ sigma, noisy: noisy.x, fromNoisy: noisy.denoised, fromClean: clean.denoised });
  }
  return estimates;
}
