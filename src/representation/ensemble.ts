/** An ensemble over noise levels: one probe a level, their logits averaged (paper, Tables 1 and 2). */
import type { CurveMeasurement } from '../curve/curve';
import type { CurveOptions } from './curve';
import { drawsOf, percentOf, rightOnes, scoredLevels } from './levels';

/** What the ensemble and its members got right, on the same test images and draws. */
export interface EnsembleMeasurement {
  /** Each member by itself. */
  readonly members: CurveMeasurement;
  /** Of the ensemble: 1 where it was right, else 0; [draw][test image], row-major. */
  readonly correct: Uint8Array;
  /** Test accuracy of the ensemble, in percent. */
  readonly accuracy: number;
}

/**
 * Fits a probe at each of some noise levels (the paper: the best one and two neighbours on each side) and averages what they
 * say of each test image at the same draw: logits, or a classifier's other scores.
 *
 * @example
 * const noisy = corruptLabels(train, { share: 0.4, seed: 0 });
 * const { accuracy } = await probeEnsemble({ denoiser, variables, layer, train: noisy, test, sigmas: [0.04, 0.08, 0.15, 0.25, 0.4] });
 *
 * @throws RangeError as representationCurve does
 */
export async function probeEnsemble({ layer, ...rest }: CurveOptions): Promise<EnsembleMeasurement> {
  const options = { ...rest, layers: [layer] };
  const { test, sigmas, input = 'noisy', onProgress } = options;
  const draws = drawsOf(options);
  const size = draws * test.count;
  const correct = new Uint8Array(sigmas.length * size);
  const sums = new Float64Array(size * test.classNames.length); // [draw][test image][class]
  for await (const { s, sigma, scores } of scoredLevels(options)) {
    const right = rightOnes(scores[layer], test);
    correct.set(right, s * size);
    scores[layer].forEach((score, i) => (sums[i] += score));
    onProgress?.({ done: s + 1, total: sigmas.length, sigma, accuracy: { [layer]: percentOf(right) } });
  }
  const ensemble = rightOnes(sums, test);
  return {
    members: { layer, input, sigmas: [...sigmas], draws, testCount: test.count, correct },
    correct: ensemble,
    accuracy: percentOf(ensemble),
  };
}
