/** The signal-to-noise ratio of features (paper, Definition 1 and Fig. 5): how much of them lies in their own class's subspace. */
import { checkLabels, indicesByClass, type FeatureMatrix } from '../numerics/matrix';
import { fitNormalization, type Normalization } from './normalization';
import { measureOverSigma, type OverSigmaOptions, type SigmaCurve } from './over-sigma';
import { projectionNorms, singularBases } from './projection';

/** How the ratio is taken. */
export interface FeatureSnrOptions {
  /** Leading singular vectors that stand for a class's subspace. Default 5; with few features 1 or 2. */
  readonly rank?: number;
  /**
   * What counts as noise: the energy in the subspaces of the other classes, summed over them, or all energy outside the
   * class's own subspace. Default 'other classes': in the theory the residual lies there anyway, features have more of it.
   */
  readonly noise?: 'other classes' | 'residual';
  /** How features are scaled first. Default 'unit', as in the paper. */
  readonly normalization?: Normalization;
}

/** The ratio, as a ratio, not in decibels. */
export interface FeatureSnr {
  /** sum_k pi_k SNR_k with the share pi_k of each class. */
  readonly snr: number;
  /** SNR_k of each class. */
  readonly perClass: readonly number[];
}

/**
 * SNR_k = E|V_k V_k' h|^2 / E|noise|^2 given class k, with V_k the leading right singular vectors of the class's features,
 * measured on the features that V_k comes from.
 * @param features [N, F]
 * @param labels the class of each row, 0 .. classes - 1
 * @throws RangeError when labels do not fit, a class has no image, or the rank is not below F
 */
export async function featureSnr(
  features: FeatureMatrix,
  labels: ArrayLike<number>,
  classes: number,
  { rank = 5, noise = 'other classes', normalization = 'unit' }: FeatureSnrOptions = {},
): Promise<FeatureSnr> {
  checkLabels(labels, features.shape[0], classes);
  const normalized = fitNormalization(normalization, features)(features);
  const bases = await singularBases(normalized, labels, classes, rank);
  const norms = await projectionNorms(bases, normalized); // [N, K]
  const [count, width] = normalized.shape;
  const perClass = indicesByClass(labels, classes).map((indices, k) => {
    let signal = 0;
    let rest = 0;
    for (const i of indices) {
      const own = norms[i * classes + k] ** 2;
      const all =
        noise === 'residual'
          ? energy(normalized.values.subarray(i * width, (i + 1) * width))
          : energy(norms.subarray(i * classes, (i + 1) * classes));
      signal += own;
      rest += all - own;
    }
    return signal / rest;
  });
  const shares = indicesByClass(labels, classes).map(indices => indices.length / count);
  return { snr: perClass.reduce((sum, ratio, k) => sum + shares[k] * ratio, 0), perClass };
}

/**
 * The SNR of several layers over the noise level.
 * @throws RangeError as {@link featureSnr} and measureOverSigma do
 */
export function featureSnrCurves(
  options: OverSigmaOptions & FeatureSnrOptions,
): Promise<Record<string, SigmaCurve>> {
  const { labels, classNames } = options.images;
  return measureOverSigma(
    options,
    async features => (await featureSnr(features, labels, classNames.length, options)).snr,
  );
}

function energy(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}
