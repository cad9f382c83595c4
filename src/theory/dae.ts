/** A learned MoLRG DAE in double precision: its estimates, its features, and how far its bases are from the true ones. */
import { Matrix } from 'ml-matrix';
import { shrinkage, softmaxInPlace } from './closed-form';
import type { DaeSettings } from './dae-network';
import { concatenateColumns, orthonormalize, principalAngles } from './linear';
import { ambientBasis, flatten, type Molrg } from './molrg';
import { requireSigma } from './molrg-options';
import type { Estimator } from './snr';

/**
 * The features h = D(x_t, t) U' x_t of a learned network.
 * @param bases learned U_k, [n, d_k]
 * @param points x_t, [N, n] row-major
 * @returns h, [N, R]
 */
export function daeFeatures(
  bases: readonly Matrix[],
  { ranks, delta, logPrior }: DaeSettings,
  points: Float64Array,
  sigma: number,
): Float64Array {
  requireSigma(sigma);
  const ambient = bases[0].rows;
  const features = flatten(
    Matrix.from1DArray(points.length / ambient, ambient, points).mmul(concatenateColumns(bases)),
  );
  const width = ranks.reduce((sum, rank) => sum + rank, 0);
  const { zeta, xi } = shrinkage(delta, sigma);
  const weights = new Float64Array(ranks.length);
  for (let offset = 0; offset < features.length; offset += width) {
    for (let l = 0, first = offset; l < ranks.length; first += ranks[l++]) {
      let energy = 0;
      for (let j = first; j < first + ranks[l]; j++) energy += features[j] ** 2;
      // The other classes' energy is the total less this one; the total is common to all logits.
      weights[l] = logPrior[l] + ((zeta - xi) * energy) / (2 * sigma ** 2);
    }
    softmaxInPlace(weights);
    for (let l = 0, first = offset; l < ranks.length; first += ranks[l++]) {
      const beta = xi + (zeta - xi) * weights[l];
      for (let j = first; j < first + ranks[l]; j++) features[j] *= beta;
    }
  }
  return features;
}

/** x_theta = U h as an estimator. */
export function daeEstimator(bases: readonly Matrix[], settings: DaeSettings): Estimator {
  const transposed = concatenateColumns(bases).transpose();
  return {
    space: 'ambient',
    estimate: (points, sigma) => {
      const features = daeFeatures(bases, settings, points, sigma);
      const count = features.length / transposed.rows;
      return flatten(Matrix.from1DArray(count, transposed.rows, features).mmul(transposed));
    },
  };
}

/**
 * How far learned subspaces are from the true ones: the sine of the largest principal angle, for each class. 0 is equality,
 * 1 a direction missed altogether.
 * @param bases learned U_k, [n, d_k], of any columns: only what they span counts
 */
export function subspaceErrors(model: Molrg, bases: readonly Matrix[]): number[] {
  return bases.map((basis, k) => {
    const angles = principalAngles(ambientBasis(model, k), orthonormalize(basis));
    return Math.sin((Math.max(...angles) * Math.PI) / 180);
  });
}
