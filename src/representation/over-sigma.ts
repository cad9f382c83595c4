/** Any measure of features over the noise level. */
import type { Dataset } from '../data/dataset';
import { requireSigmas } from '../diffusion/denoiser';
import type { TensorValue } from '../engine/values';
import { featureExtractor, type FeatureExtractorOptions } from './features';
import type { NetworkInput } from './image-pass';

/** A measure at each noise level, for one layer. */
export interface SigmaCurve {
  readonly layer: string;
  readonly input: NetworkInput;
  readonly sigmas: readonly number[];
  /** One value a noise level. */
  readonly values: readonly number[];
}

/** What is measured, and where. */
export interface OverSigmaOptions extends FeatureExtractorOptions {
  readonly images: Dataset;
  /** Noise levels, each positive. */
  readonly sigmas: readonly number[];
  /** Called after each noise level. */
  readonly onProgress?: (progress: { done: number; total: number; sigma: number }) => void;
  /** Stops between batches: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A number computed from features [N, F] of the images at a noise level. */
export type FeatureMeasure = (features: TensorValue, sigma: number) => number | Promise<number>;

/**
 * A measure of the features of several layers at each noise level, in one pass through the network. Every level sees the
 * same noise, scaled.
 *
 * @example
 * const spread = await measureOverSigma({ denoiser, variables, layers, images, sigmas }, h => slicedWasserstein(h, best));
 *
 * @throws RangeError on no noise level or one that is not positive, before any work, or as featureExtractor does
 */
export async function measureOverSigma(
  options: OverSigmaOptions,
  measure: FeatureMeasure,
): Promise<Record<string, SigmaCurve>> {
  const { images, signal } = options;
  const extract = featureExtractor(options);
  return curvesOverSigma(options, async sigma => {
    const features = await extract({ images, sigma, signal });
    return layer => measure(features[layer], sigma);
  });
}

/** Curves whose values come from `prepare`: once a noise level, then once a layer. */
export async function curvesOverSigma(
  { layers, sigmas, input = 'noisy', onProgress }: OverSigmaOptions,
  prepare: (sigma: number) => Promise<(layer: string) => number | Promise<number>>,
): Promise<Record<string, SigmaCurve>> {
  requireSigmas(sigmas);
  const values = Object.fromEntries(layers.map(layer => [layer, [] as number[]]));
  for (const [s, sigma] of sigmas.entries()) {
    const measureAt = await prepare(sigma);
    for (const layer of layers) values[layer].push(await measureAt(layer));
    onProgress?.({ done: s + 1, total: sigmas.length, sigma });
  }
  return Object.fromEntries(
    layers.map(layer => [layer, { layer, input, sigmas: [...sigmas], values: values[layer] }]),
  );
}
