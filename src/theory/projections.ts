/** Posterior estimates as points of a plane, as the paper draws them (Fig. 15): classes that separate and collapse. */
import { Matrix } from 'ml-matrix';
import { concatenateColumns, randomFrame } from './linear';
import { ambientBasis, sampleMolrg, toFrame, type Molrg } from './molrg';
import { randomSource } from './random';
import { closedFormEstimator, type Estimator } from './snr';

/** Points of a plane with their classes. */
export interface Projection {
  readonly sigma: number;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly labels: readonly number[];
}

/**
 * Estimates x_hat, projected on the first column of each U_k and from there onto a random plane, the same for every noise level.
 * @param options.count samples; default 600
 * @param options.input default 'noisy'
 * @param options.estimator default: the exact closed form
 */
export function projectEstimates(
  model: Molrg,
  options: {
    sigmas: readonly number[];
    count?: number;
    input?: 'noisy' | 'clean';
    estimator?: Estimator;
    seed?: number;
  },
): Projection[] {
  const { sigmas, count = 600, input = 'noisy', estimator = closedFormEstimator(model), seed = 0 } = options;
  if (model.classes < 2) {
    throw new RangeError('classes 1: a plane needs the directions of at least 2 classes.');
  }
  const ambient = estimator.space === 'ambient';
  const source = randomSource(seed);
  const turn = randomFrame(model.classes, 2, source); // [K, 2]
  const { samples, labels } = sampleMolrg(model, count, { seed: seed + 1 });
  const clean = ambient ? samples : toFrame(model, samples);
  const noise = source.fillNormal(new Float64Array(clean.length));
  const bases = ambient ? model.bases.map((_, k) => ambientBasis(model, k)) : model.bases;
  const directions = concatenateColumns(bases.map(basis => basis.getColumnVector(0))); // [r or n, K]
  const plane = directions.mmul(turn); // [r or n, 2]
  return sigmas.map(sigma => {
    const points = input === 'clean' ? clean : clean.map((value, i) => value + sigma * noise[i]);
    const estimates = Matrix.from1DArray(count, plane.rows, estimator.estimate(points, sigma));
    const shown = estimates.mmul(plane);
    return { sigma, x: shown.getColumn(0), y: shown.getColumn(1), labels: Array.from(labels) };
  });
}
