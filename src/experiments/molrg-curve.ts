/** The representation curve of the solvable model: a linear probe on the optimal denoiser's features, over noise levels. */
import type { CurveMeasurement } from '../curve/curve';
import { predict } from '../representation/logistic-regression';
import { fitProbe } from '../representation/probe';
import { closedForm, evaluateTerms, type ClosedForm } from '../theory/closed-form';
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
  /** Default 'exact'. */
  readonly form?: ClosedForm;
  /** Default 0. */
  readonly seed?: number;
  /** Called after each noise level with the share done. */
  readonly onProgress?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Fits the library's logistic regression to the features of the optimal denoiser at each noise level and tests it on fresh samples.
 * The feature is the posterior mean in the frame's coordinates: for orthogonal classes of mean zero, h of x_hat = U h.
 */
export async function molrgCurve(model: Molrg, options: MolrgCurveOptions): Promise<CurveMeasurement> {
  const { sigmas, trainCount = 12_000, testCount = 45_000, input = 'noisy', seed = 0 } = options;
  const terms = closedForm(model, options.form);
  const width = model.frame.columns;
  const sets = [trainCount, testCount].map((count, i) => {
    const { samples, labels } = sampleMolrg(model, count, { seed: 2 * seed + i + 1 });
    const clean = toFrame(model, samples);
    const noise = randomSource(1000 + 2 * seed + i).fillNormal(new Float64Array(clean.length));
    return { clean, labels, noise, count };
  });
  const correct = new Uint8Array(sigmas.length * testCount);
  for (const [s, sigma] of sigmas.entries()) {
    options.signal?.throwIfAborted();
    const [train, test] = sets.map(({ clean, noise, count }) => {
      const points = input === 'clean' ? clean : clean.map((value, i) => value + sigma * noise[i]);
      return { shape: [count, width], values: evaluateTerms(terms(sigma), points).mean };
    });
    const probe = await fitProbe(train, sets[0].labels, model.classes);
    predict(probe, test).forEach((label, i) => {
      correct[s * testCount + i] = Number(label === sets[1].labels[i]);
    });
    options.onProgress?.((s + 1) / sigmas.length);
  }
  return { layer: 'h', input, sigmas: [...sigmas], draws: 1, testCount, correct };
}
