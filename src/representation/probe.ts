/** The linear probe: how well a linear classifier reads the class of an image off a network's features. */
import {
  checkFeatures,
  fitLogisticRegression,
  type FeatureMatrix,
  type FittedClassifier,
  type LogisticRegressionOptions,
} from './logistic-regression';

/** Added to each standard deviation, so that a feature that never changes stays finite. */
const smallestDeviation = 1e-6;

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
  const width = mean.length;
  const standardized = Float64Array.from(features.values, (feature, i) => {
    return (feature - mean[i % width]) / deviation[i % width];
  });
  const fitted = await fitLogisticRegression(
    { shape: features.shape, values: standardized },
    labels,
    classes,
    options,
  );
  return { ...fitted, ...onRawFeatures(fitted, mean, deviation) };
}

/**
 * Mean and standard deviation of each feature. Sums are divided last: those of float32 features are exact enough that a
 * feature that never changes becomes exactly 0.
 */
function moments(features: FeatureMatrix): { mean: Float64Array; deviation: Float64Array } {
  const [count, width] = checkFeatures(features);
  const { values } = features;
  const sum = new Float64Array(width);
  const squares = new Float64Array(width);
  for (let i = 0; i < values.length; i++) sum[i % width] += values[i];
  const mean = sum.map(total => total / count);
  for (let i = 0; i < values.length; i++) squares[i % width] += (values[i] - mean[i % width]) ** 2;
  return { mean, deviation: squares.map(total => Math.sqrt(total / (count - 1)) + smallestDeviation) };
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
