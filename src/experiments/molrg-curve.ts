/** The representation curve of the solvable model: a linear probe on a denoiser's features, over noise levels. */
import type { CurveMeasurement } from '../curve/curve';
import { predict, requireConverged } from '../representation/logistic-regression';
import { fitProbe } from '../representation/probe';
import { closedForm, evaluateTerms } from '../theory/closed-form';
import { type Molrg, sampleMolrg, toFrame } from '../theory/molrg';
import { randomSource } from '../theory/random';

/** Settings of the measurement; the defaults are those of the paper's Fig. 3. */
export interface MolrgCurveOptions {
  readonly sigmas: readonly number[];
  /** Samples that the probe is fitted to; default 12,000. */
  readonly trainCount?: number;
  /** Fresh samples that it is tested on; default 5 x 9,000. */
  readonly testCount?: number;
  /** Whether the features are those of x_0 + sigma eps or of x_0 itself; default 'noisy'. */
  readonly input?: 'noisy' | 'clean';
  /**
   * The features of points x_t, [N, n] row-major to [N, F], such as those of a trained network; default: the exact posterior mean in
   * the frame's coordinates (for orthogonal classes of mean zero, h of x_hat = U h).
   */
  readonly features?: (points: Float64Array, sigma: number) => Float64Array;
  /** Seed of the samples and their noise; default 0. */
  readonly seed?: number;
  /** Called after each noise level with the share done. */
  readonly onProgress?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Fits the library's linear probe to the features at each noise level and tests it on fresh samples.
 * @throws Error when a probe does not converge; the signal's reason when aborted
 */
export async function molrgCurve(model: Molrg, options: MolrgCurveOptions): Promise<CurveMeasurement> {
  const { sigmas, trainCount = 12_000, testCount = 45_000, input = 'noisy', seed = 0 } = options;
  const features = options.features ?? optimalFeatures(model);
  const sets = [trainCount, testCount].map((count, i) => {
    const { samples, labels } = sampleMolrg(model, count, { seed: 2 * seed + i + 1 });
    const noise = randomSource(1000 + 2 * seed + i).fillNormal(new Float64Array(samples.length));
    return { samples, labels, noise, count };
  });
  const correct = new Uint8Array(sigmas.length * testCount);
  for (const [s, sigma] of sigmas.entries()) {
    options.signal?.throwIfAborted();
    const [train, test] = sets.map(({ samples, noise, count }) => {
      const points = input === 'clean' ? samples : samples.map((value, i) => value + sigma * noise[i]);
      const values = features(points, sigma);
      return { shape: [count, values.length / count], values };
    });
    const probe = await fitProbe(train, sets[0].labels, model.classes, { signal: options.signal });
    predict(requireConverged(probe), test).forEach((label, i) => {
      correct[s * testCount + i] = Number(label === sets[1].labels[i]);
    });
    options.onProgress?.((s + 1) / sigmas.length);
  }
  return { layer: 'h', input, sigmas: [...sigmas], draws: 1, testCount, correct };
}

function optimalFeatures(model: Molrg): (points: Float64Array, sigma: number) => Float64Array {
  const terms = closedForm(model);
  return (points, sigma) => evaluateTerms(terms(sigma), toFrame(model, points)).mean;
}
