/** Features: a network's inner activations, by layer name, for images at a noise level. */
import { requireLayers } from '../diffusion/network';
import type { TensorValue } from '../engine/values';
import { imagePass, type ImagePassOptions, type ImagePassRequest } from './image-pass';
import { pool, requirePooling, type Pooling } from './pooling';

/** What an extractor is made for; one extractor serves many noise levels and images. */
export interface FeatureExtractorOptions extends ImagePassOptions {
  /** Names of the activations, see `denoiser.network.layers`. */
  readonly layers: readonly string[];
  /** Default 'mean'. */
  readonly pooling?: Pooling;
}

/** One pass over images. */
export type FeatureRequest = ImagePassRequest;

/** Features by layer, float32 [N, F] each. */
export type Features = Record<string, TensorValue>;

/** Extracts features of given images at a given noise level. */
export type FeatureExtractor = (request: FeatureRequest) => Promise<Features>;

/**
 * Features of images at one noise level: see {@link featureExtractor} for many.
 *
 * @example
 * const { '8x8_up': h } = await features({ denoiser, variables, images: test, sigma: 0.15, layers: ['8x8_up'] });
 *
 * @throws RangeError as featureExtractor does
 */
export function features(options: FeatureExtractorOptions & FeatureRequest): Promise<Features> {
  return featureExtractor(options)(options);
}

/**
 * A function that extracts features, recorded once for all noise levels, draws and images. Activations are pooled before
 * they leave TensorFlow, so memory holds a batch of them at most.
 * @throws RangeError on an unknown layer, pooling or input, or no layer; later, on images of another shape, a sigma that
 *   is not positive, a draw that is not an integer from 0 to 2,047, or more than 2^27 features in all (images times width)
 */
export function featureExtractor(options: FeatureExtractorOptions): FeatureExtractor {
  const { denoiser, layers, pooling = 'mean' } = options;
  if (layers.length === 0) {
    throw new RangeError(
      `Name at least one layer. The network's layers are: ${denoiser.network.layers.join(', ')}.`,
    );
  }
  requireLayers(denoiser.network, layers);
  requirePooling(pooling);
  return imagePass(options, layers, (_, { activations }) =>
    Object.fromEntries(layers.map(layer => [layer, pool(activations[layer], pooling)])),
  );
}
