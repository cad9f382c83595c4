/** Multinomial logistic regression with an L2 penalty: the linear classifier that probes are made of. */
import { argmaxRows, checkFeatures, checkLabels, type FeatureMatrix } from '../numerics/matrix';
import { minimize, type MinimizeOptions, type Objective } from './lbfgs';
import { softmaxObjective } from './softmax-objective';

/** A linear classifier: the class of features h is the largest of h W + b. */
export interface LinearClassifier {
  readonly featureCount: number;
  readonly classCount: number;
  /** W, [F, K] row-major. */
  readonly weights: Float64Array;
  /** b, [K]. */
  readonly bias: Float64Array;
}

/** A fitted classifier and how the fit ended. */
export interface FittedClassifier extends LinearClassifier {
  /** The objective at the optimum: mean cross-entropy in nats plus the penalty. */
  readonly loss: number;
  readonly iterations: number;
  /** False when the fit stopped before the gradient was below the tolerance. */
  readonly converged: boolean;
}

/** Options of a fit: the penalty, and when to stop (see {@link MinimizeOptions}). */
export interface LogisticRegressionOptions extends Omit<MinimizeOptions, 'memory'> {
  /** Weight of the penalty l2/2 |W|^2. Default 1e-3. */
  readonly l2?: number;
}

/**
 * Fits h W + b by minimizing
 *
 *     1/N sum_n -log softmax(h_n W + b)[label_n]  +  l2/2 |W|^2
 *
 * over W and b (the bias is not penalized): the optimum of scikit-learn's LogisticRegression with C = 1 / (l2 N).
 * The optimum is unique up to a constant added to every bias; this one's biases sum to 0. A class without an image gets
 * a bias so low that it is never predicted.
 * @param features [N, F], used as they are: see fitProbe for standardized ones
 * @param labels the class of each row, 0 .. classes - 1
 * @throws RangeError when the features are not [N, F] or not finite, counts disagree, a label is out of range, only one
 *   class occurs, or an option is not a number it can be
 */
export async function fitLogisticRegression(
  features: FeatureMatrix,
  labels: ArrayLike<number>,
  classes: number,
  { l2 = 1e-3, ...stopping }: LogisticRegressionOptions = {},
): Promise<FittedClassifier> {
  const [count, width] = checkFeatures(features);
  checkLabels(labels, count, classes);
  requireTwoClasses(labels, count);
  if (!(l2 >= 0 && l2 < Infinity)) throw new RangeError(`The L2 penalty is a number from 0, not ${l2}.`);
  const rows = new Float64Array(features.values);
  const { objective, dispose } =
    count * width < largeMatrix
      ? { objective: softmaxLoss(rows, labels, width, classes), dispose: () => undefined }
      : await softmaxObjective(rows, labels, width, classes);
  const start = new Float64Array((width + 1) * classes);
  const optimum = await minimize(penalized(objective, count, width * classes, l2), start, stopping).finally(
    dispose,
  );
  return {
    featureCount: width,
    classCount: classes,
    weights: optimum.x.slice(0, width * classes),
    bias: optimum.x.slice(width * classes),
    loss: optimum.value,
    iterations: optimum.iterations,
    converged: optimum.converged,
  };
}

/**
 * The fit, where it found its optimum.
 * @throws Error when it stopped before
 */
export function requireConverged(fitted: FittedClassifier): FittedClassifier {
  if (fitted.converged) return fitted;
  throw new Error(
    `The probe did not converge in ${fitted.iterations} iterations. Features may be degenerate; a larger l2 makes the fit easier.`,
  );
}

/**
 * The class of each row of features: the one with the largest logit.
 * @param features [N, F]
 * @throws RangeError when F is not the classifier's, or a feature is not finite
 */
export function predict(classifier: LinearClassifier, features: FeatureMatrix): Int32Array {
  return argmaxRows(logits(classifier, features), classifier.classCount);
}

/**
 * The logits h W + b of each row of features: [N, K] row-major.
 * @throws RangeError as {@link predict} does
 */
export function logits(classifier: LinearClassifier, features: FeatureMatrix): Float64Array {
  const { featureCount, classCount, weights, bias } = classifier;
  const [count, width] = checkFeatures(features);
  if (width !== featureCount) {
    throw new RangeError(`The classifier was fitted to ${featureCount} features, but ${width} were given.`);
  }
  const all = new Float64Array(count * classCount);
  for (let row = 0; row < count; row++) {
    const own = all.subarray(row * classCount, (row + 1) * classCount);
    own.set(bias);
    for (let f = 0; f < width; f++) {
      const feature = features.values[row * width + f];
      for (let k = 0; k < classCount; k++) own[k] += feature * weights[f * classCount + k];
    }
  }
  return all;
}

/** Features from which on TensorFlow is faster than one pass of plain code, its start included. */
const largeMatrix = 500_000;

/** The mean of a sum over `count` images, plus l2/2 |W|^2 of the first `weights` parameters. */
function penalized(sum: Objective, count: number, weights: number, l2: number): Objective {
  return async (parameters, gradient) => {
    const total = await sum(parameters, gradient);
    let squares = 0;
    for (let i = 0; i < gradient.length; i++) gradient[i] /= count;
    for (let i = 0; i < weights; i++) {
      gradient[i] += l2 * parameters[i];
      squares += parameters[i] * parameters[i];
    }
    return total / count + (l2 / 2) * squares;
  };
}

/** The summed cross-entropy and its gradient; parameters are W, then b. One pass over the features, row by row. */
function softmaxLoss(
  features: Float64Array,
  labels: ArrayLike<number>,
  width: number,
  classes: number,
): Objective {
  const count = labels.length;
  const biasAt = width * classes;
  const residual = new Float64Array(classes); // first logits, then softmax - one-hot
  return (parameters, gradient) => {
    gradient.fill(0);
    let loss = 0;
    for (let n = 0; n < count; n++) {
      for (let k = 0; k < classes; k++) residual[k] = parameters[biasAt + k];
      for (let f = 0; f < width; f++) {
        const feature = features[n * width + f];
        for (let k = 0; k < classes; k++) residual[k] += feature * parameters[f * classes + k];
      }
      loss += crossEntropyResidual(residual, labels[n]);
      for (let f = 0; f < width; f++) {
        const feature = features[n * width + f];
        for (let k = 0; k < classes; k++) gradient[f * classes + k] += feature * residual[k];
      }
      for (let k = 0; k < classes; k++) gradient[biasAt + k] += residual[k];
    }
    return loss;
  };
}

/** Turns logits into softmax - one-hot(label), in place, and returns the cross-entropy -log softmax[label]. */
function crossEntropyResidual(logits: Float64Array, label: number): number {
  let largest = -Infinity;
  for (let k = 0; k < logits.length; k++) largest = Math.max(largest, logits[k]);
  const own = logits[label] - largest;
  let sum = 0;
  for (let k = 0; k < logits.length; k++) {
    logits[k] = Math.exp(logits[k] - largest);
    sum += logits[k];
  }
  for (let k = 0; k < logits.length; k++) logits[k] /= sum;
  logits[label] -= 1;
  return Math.log(sum) - own;
}

function requireTwoClasses(labels: ArrayLike<number>, count: number): void {
  if (Array.prototype.every.call(labels, label => label === labels[0])) {
    throw new RangeError(
      `All ${count} images are of class ${labels[0]}. A classifier needs images of at least two classes.`,
    );
  }
}
