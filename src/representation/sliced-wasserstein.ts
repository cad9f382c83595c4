/** The sliced Wasserstein distance of two sets of features (paper, Fig. 13; Bonneel et al. 2015). */
import { requirePositiveInteger, requireSigmas } from '../diffusion/denoiser';
import { randomNormal } from '../engine/random';
import { tf } from '../engine/tensorflow';
import { checkFeatures, type FeatureMatrix } from '../numerics/matrix';
import { featureExtractor } from './features';
import { curvesOverSigma, type OverSigmaOptions, type SigmaCurve } from './over-sigma';

/** Along which directions the sets are compared. */
export interface SlicedWassersteinOptions {
  /** Number of random directions. Default 200. */
  readonly directions?: number;
  /** Seed of the directions. Default 0. */
  readonly seed?: number;
}

/**
 * The sliced 2-Wasserstein distance: the root of the mean, over random directions, of the squared Wasserstein distance of
 * the projected sets. A shift by v gives |v| / sqrt(F).
 * @param a features [N, F]
 * @param b features [M, F]; N and M may differ
 * @throws RangeError when widths differ, a feature is not finite, or the number of directions is not a positive integer
 */
export function slicedWasserstein(
  a: FeatureMatrix,
  b: FeatureMatrix,
  { directions = 200, seed = 0 }: SlicedWassersteinOptions = {},
): number {
  requirePositiveInteger(directions, 'The number of directions');
  const random = tf.tidy(() => {
    const normal = randomNormal([directions, a.shape[1]], seed, 0);
    return normal.div(normal.norm('euclidean', 1, true)).dataSync<'float32'>();
  });
  return wassersteinAlong(a, b, { shape: [directions, a.shape[1]], values: random });
}

/**
 * As {@link slicedWasserstein}, along given directions: unit vectors [P, F].
 * @throws RangeError when widths differ or a feature is not finite
 */
export function wassersteinAlong(a: FeatureMatrix, b: FeatureMatrix, directions: FeatureMatrix): number {
  const widths = [a, b, directions].map(each => checkFeatures(each)[1]);
  if (widths.some(width => width !== widths[0])) {
    throw new RangeError(
      `Sets of features are compared with equal width, but they have ${widths[0]} and ${widths[1]} features, and the directions ${widths[2]}.`,
    );
  }
  const [ofA, ofB] = [a, b].map(each => sortedProjections(each, directions));
  const squares = ofA.map((values, p) => squaredDistance(values, ofB[p]));
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
}

/** What is compared, and with what. */
export type WassersteinCurveOptions = OverSigmaOptions &
  Pick<SlicedWassersteinOptions, 'directions'> & {
    /** The noise level whose features the others are compared with: where the probe is best. */
    readonly referenceSigma: number;
  };

/**
 * The distance of the features at each noise level to those at a reference level, for several layers.
 * @throws RangeError as slicedWasserstein and measureOverSigma do; for the directions and noise levels before any work
 */
export async function wassersteinCurves(
  options: WassersteinCurveOptions,
): Promise<Record<string, SigmaCurve>> {
  const { images, sigmas, referenceSigma, directions, signal } = options;
  requireSigmas(sigmas);
  if (directions !== undefined) requirePositiveInteger(directions, 'The number of directions');
  const extract = featureExtractor(options);
  const reference = await extract({ images, sigma: referenceSigma, signal });
  return curvesOverSigma(options, async sigma => {
    const features = await extract({ images, sigma, signal });
    return layer => slicedWasserstein(features[layer], reference[layer], options);
  });
}

/** The rows projected on each direction, sorted: [P][N]. */
function sortedProjections(rows: FeatureMatrix, directions: FeatureMatrix): Float32Array[] {
  const matrix = ({ values, shape: [count, width] }: FeatureMatrix) =>
    tf.tensor2d(Float32Array.from(values), [count, width]);
  const [count] = rows.shape;
  const projected = tf.tidy(() =>
    tf.matMul(matrix(directions), matrix(rows), false, true).dataSync<'float32'>(),
  ); // [P, N]
  return Array.from({ length: directions.shape[0] }, (_, p) =>
    projected.slice(p * count, (p + 1) * count).sort(),
  );
}

/** Integral of (quantile of a - quantile of b)^2: both are step functions, with steps of 1 / N and 1 / M. */
function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  let reached = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    // Compared as whole numbers, so that common steps are seen as such.
    const [endOfA, endOfB] = [(i + 1) * b.length, (j + 1) * a.length];
    const end = Math.min(endOfA, endOfB) / (a.length * b.length);
    sum += (end - reached) * (a[i] - b[j]) ** 2;
    reached = end;
    if (endOfA <= endOfB) i++;
    if (endOfB <= endOfA) j++;
  }
  return sum;
}
