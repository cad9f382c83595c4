/** The classifiers that can read the class of an image off its features: one choice, given as data. */
import { permutation } from '../data/permutation';
import { argmaxRows, checkLabels, type Matrix, selectRows } from '../numerics/matrix';
import {
  fitLogisticRegression,
  type LinearClassifier,
  logits,
  predict,
  requireConverged,
} from './logistic-regression';
import { neighbourVotes } from './neighbour-votes';
import type { Normalization } from './normalization';
import { projectionNorms, singularBases } from './projection';

/** Multinomial logistic regression, see fitLogisticRegression. */
export interface LogisticClassifier {
  readonly kind: 'logistic';
  /**
   * Weight of the penalty l2/2 |W|^2. Default 1e-3. Of a list, the penalty is used that does best on the validation images;
   * the classifier is then fitted to all training images.
   */
  readonly l2?: number | readonly number[];
  /** Share of the training images that penalties are compared on. Default 0.2. */
  readonly validationShare?: number;
}

/** The class whose subspace holds most of the features, argmax_k |V_k' h| (paper, Table 9). */
export interface ProjectionClassifier {
  readonly kind: 'projection';
  /** Leading singular vectors of each class's training features that span V_k. Default 5. */
  readonly rank?: number;
}

/** The class most frequent among the nearest training images; of equally frequent ones the first. */
export interface NeighbourClassifier {
  readonly kind: 'neighbours';
  /** Number of neighbours. Default 20. */
  readonly k?: number;
}

/** How the class is read off. */
export type Classifier = LogisticClassifier | ProjectionClassifier | NeighbourClassifier;

/** What a classifier is fitted to. */
export interface ClassifierTraining {
  /** Normalized features of the training images, [N, F]. */
  readonly features: Matrix;
  /** The class of each row, 0 .. classes - 1. */
  readonly labels: ArrayLike<number>;
  readonly classes: number;
  /** Seed of the split into training and validation images. Default 0. */
  readonly seed?: number;
  /** Stops the fit: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How strongly each class is believed in, [M, classes] row-major, the larger the more: logits, norms or votes. */
export type ClassScores = (features: Matrix) => Promise<Float64Array>;

/** The features' normalization that suits a classifier: 'unit' for projections, else 'standard'. */
export function usualNormalization({ kind }: Classifier): Normalization {
  return kind === 'projection' ? 'unit' : 'standard';
}

/**
 * Fits a classifier to features.
 * @throws RangeError when labels do not fit the features, or an option is out of range; Error when a logistic regression
 *   does not converge
 */
export async function fitClassifier(
  classifier: Classifier,
  training: ClassifierTraining,
): Promise<ClassScores> {
  const { features, labels, classes } = training;
  checkLabels(labels, features.shape[0], classes);
  switch (classifier.kind) {
    case 'logistic':
      return fitLogistic(classifier, training);
    case 'projection': {
      const bases = await singularBases(features, labels, classes, classifier.rank ?? 5);
      return tested => projectionNorms(bases, tested);
    }
    case 'neighbours':
      return tested => neighbourVotes(training, tested, classifier.k ?? 20);
    default:
      throw new RangeError(
        `There is no classifier '${String((classifier as Classifier).kind)}'. Choose 'logistic', 'projection' or 'neighbours'.`,
      );
  }
}

async function fitLogistic(
  { l2 = 1e-3, validationShare = 0.2 }: LogisticClassifier,
  training: ClassifierTraining,
): Promise<ClassScores> {
  const penalty = typeof l2 === 'number' ? l2 : await choosePenalty(l2, validationShare, training);
  const fitted = await fitConverged(training, penalty);
  return tested => Promise.resolve(logits(fitted, tested));
}

async function fitConverged(
  { features, labels, classes, signal }: ClassifierTraining,
  l2: number,
): Promise<LinearClassifier> {
  return requireConverged(await fitLogisticRegression(features, labels, classes, { l2, signal }));
}

/** The penalty whose fit to a part of the training images is right most often on the rest; of equally good ones the first. */
async function choosePenalty(
  penalties: readonly number[],
  validationShare: number,
  training: ClassifierTraining,
): Promise<number> {
  const { features, labels, seed = 0 } = training;
  requireValidation(penalties, validationShare);
  const order = permutation(labels.length, seed);
  const held = Math.min(Math.max(1, Math.round(validationShare * labels.length)), labels.length - 1);
  const [validation, fitted] = [order.subarray(0, held), order.subarray(held)].map(indices => ({
    features: selectRows(features, indices),
    labels: Int32Array.from(indices, i => labels[i]),
  }));
  const right: number[] = [];
  for (const penalty of penalties) {
    const predicted = predict(await fitConverged({ ...training, ...fitted }, penalty), validation.features);
    right.push(predicted.filter((label, i) => label === validation.labels[i]).length);
  }
  return penalties[argmaxRows(Float64Array.from(right), right.length)[0]];
}

function requireValidation(penalties: readonly number[], share: number): void {
  if (penalties.length === 0) throw new RangeError('Give at least one penalty "l2" to choose from.');
  if (!(share > 0 && share < 1)) {
    throw new RangeError(
      `The share of images for validation lies between 0 and 1, so it cannot be ${share}.`,
    );
  }
}
