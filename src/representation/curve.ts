/** The representation curve: how well a classifier reads the class off a layer, at each noise level. */
import type { CurveMeasurement } from '../curve/curve';
import { type CurvesOptions, drawsOf, percentOf, rightOnes, scoredLevels } from './levels';

/** As CurvesOptions, for one layer. */
export type CurveOptions = Omit<CurvesOptions, 'layers'> & { readonly layer: string };

/**
 * The representation curve of one layer.
 * @throws RangeError as {@link representationCurves} does
 */
export async function representationCurve({ layer, ...options }: CurveOptions): Promise<CurveMeasurement> {
  const curves = await representationCurves({ ...options, layers: [layer] });
  return curves[layer];
}

/**
 * The representation curves of several layers, in one pass through the network. At each noise level a classifier is fitted
 * to the features of the training images (noise draw 0) and scored on the test images (draws 1, 2, ...). Every level sees
 * the same noise, scaled, so that the differences along the curve are paired.
 * @throws RangeError before any work on an empty list of noise levels, one that is not positive or does not increase, an
 *   unknown layer, no draws, or data sets that do not fit each other; Error when a probe does not converge
 */
export async function representationCurves(
  options: CurvesOptions,
): Promise<Record<string, CurveMeasurement>> {
  const { test, sigmas, layers, input = 'noisy', onProgress } = options;
  const draws = drawsOf(options);
  const size = draws * test.count;
  const correct = Object.fromEntries(layers.map(layer => [layer, new Uint8Array(sigmas.length * size)]));
  for await (const { s, sigma, scores } of scoredLevels(options)) {
    const accuracy: Record<string, number> = {};
    for (const layer of layers) {
      const right = rightOnes(scores[layer], test);
      correct[layer].set(right, s * size);
      accuracy[layer] = percentOf(right);
    }
    onProgress?.({ done: s + 1, total: sigmas.length, sigma, accuracy });
  }
  const shared = { input, sigmas: [...sigmas], draws, testCount: test.count };
  return Object.fromEntries(layers.map(layer => [layer, { layer, ...shared, correct: correct[layer] }]));
}
