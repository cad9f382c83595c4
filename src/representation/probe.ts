/** The linear probe: how well a linear classifier reads the class of an image off a network's features. */
import type { FeatureMatrix } from '../numerics/matrix';
import {
  fitLogisticRegression,
  type FittedClassifier,
  type LogisticRegressionOptions,
} from './logistic-regression';
import { moments, standardized } from './normalization';

/**
 * Fits a probe: the features are standardized by their mean and standard deviation (N - 1) over the training images, then
 * classified by multinomial logistic regression, see {@link fitLogisticRegression} for the objective (its penalty is on
 * the weights of the *standardized* features).
 * @param features [N, F] of the training images, N at least 2
 * @param labels the class of each row, 0 .. classes - 1
 * @returns a classifier of features as they come: the standardization is folded into its weights and bias
 * @throws RangeError as fitLogisticRegression does
 */
export async function fitProbe(
  features: FeatureMatrix,
  labels: ArrayLike<number>,
  classes: number,
  options: LogisticRegressionOptions = {},
): Promise<FittedClassifier> {
  const { mean, deviation } = moments(features);
  const fitted = await fitLogisticRegression(
    standardized(features, { mean, deviation }),
    labels,
    classes,
    options,
  );
  return { ...fitted, ...onRawFeatures(fitted, mean, deviation) };
}

/** ((h - mean) / deviation) W + b = h (W / deviation) + (b - (mean / deviation) W). */
function onRawFeatures(
  { weights, bias, classCount }: FittedClassifier,
  mean: Float64Array,
  deviation: Float64Array,
): { weights: Float64Array; bias: Float64Array } {
  const raw = weights.map((weight, i) => weight / deviation[Math.floor(i / classCount)]);
  const shifted = bias.slice();
  for (let i = 0; i < raw.length; i++) shifted[i % classCount] -= mean[Math.floor(i / classCount)] * raw[i];
  return { weights: raw, bias: shifted };
}
