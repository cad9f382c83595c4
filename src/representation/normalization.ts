/** Features brought to a common scale before they are classified, by what the training images say. */
import { centred, checkFeatures, columnMeans, type FeatureMatrix, type Matrix } from '../numerics/matrix';

/**
 * - 'standard': each feature has mean 0 and standard deviation 1 (N - 1) over the training images;
 * - 'unit': each image's features are divided by their norm, then the training images' mean is removed (paper, Fig. 5);
 * - 'none': as they come.
 */
export type Normalization = 'standard' | 'unit' | 'none';

/** Added to each standard deviation, so that a feature that never changes stays finite. */
const smallestDeviation = 1e-6;

/**
 * Fits a normalization to the features of training images [N, F].
 * @returns a function that applies it to the features of any images [M, F]
 * @throws RangeError when the features are not [N, F] or not finite, or there is no such normalization
 */
export function fitNormalization(
  normalization: Normalization,
  training: FeatureMatrix,
): (features: FeatureMatrix) => Matrix {
  switch (normalization) {
    case 'standard': {
      const fitted = moments(training);
      return features => standardized(features, fitted);
    }
    case 'unit': {
      const mean = columnMeans(unitRows(training));
      return features => centred(unitRows(features), mean);
    }
    case 'none':
      checkFeatures(training);
      return features => centred(features, new Float64Array(features.shape[1]));
    default:
      throw new RangeError(
        `There is no normalization '${String(normalization)}'. Choose 'standard', 'unit' or 'none'.`,
      );
  }
}

/** Mean and standard deviation of each feature, [F]. */
export interface Moments {
  readonly mean: Float64Array;
  /** N - 1 in the denominator, plus 1e-6. */
  readonly deviation: Float64Array;
}

/** Mean and standard deviation of each feature. A feature that never changes has exactly the smallest deviation. */
export function moments(features: FeatureMatrix): Moments {
  const [count, width] = checkFeatures(features);
  const mean = columnMeans(features);
  const squares = new Float64Array(width);
  for (let i = 0; i < features.values.length; i++) {
    squares[i % width] += (features.values[i] - mean[i % width]) ** 2;
  }
  return { mean, deviation: squares.map(total => Math.sqrt(total / (count - 1)) + smallestDeviation) };
}

/** (h - mean) / deviation, feature by feature. */
export function standardized(features: FeatureMatrix, { mean, deviation }: Moments): Matrix {
  const { shape, values } = centred(features, mean);
  return { shape, values: values.map((value, i) => value / deviation[i % mean.length]) };
}

/** Each row divided by its norm; a row of zeros stays so. */
function unitRows(features: FeatureMatrix): Matrix {
  const [count, width] = checkFeatures(features);
  const squares = new Float64Array(count);
  for (let i = 0; i < features.values.length; i++) squares[Math.floor(i / width)] += features.values[i] ** 2;
  const norms = squares.map(square => Math.sqrt(square) || 1);
  return {
    shape: [count, width],
    values: Float64Array.from(features.values, (value, i) => value / norms[Math.floor(i / width)]),
  };
}
