/** The denoising objective. */
import type { tf } from '../engine/tensorflow';
import type { Denoiser } from './denoiser';
import { perImage } from './denoiser';
import type { DropoutDraw, Parameters } from './network';

/**
 * The weighted denoising error, lambda(sigma) (D(y + sigma n, sigma) - y)^2 (EDM eq. 2 with its loss weight), averaged over images,
 * pixels and channels (EDM's own code sums over pixels; Adam does not see the difference).
 * @param images clean images y [B, H, W, C]
 * @param sigma a noise level an image [B]
 * @param noise standard normal n [B, H, W, C]
 * @param dropout what the network's dropout is drawn from; without it nothing is dropped
 */
export function denoisingLoss(
  denoiser: Denoiser,
  parameters: Parameters,
  images: tf.Tensor4D,
  sigma: tf.Tensor1D,
  noise: tf.Tensor4D,
  dropout?: DropoutDraw,
): tf.Scalar {
  const noisy: tf.Tensor4D = images.add(noise.mul(perImage(sigma)));
  const { denoised } = denoiser.denoise(parameters, noisy, sigma, [], dropout);
  const weight = denoiser.preconditioning.lossWeight(sigma);
  return denoised.sub(images).square().mul(perImage(weight)).mean();
}
