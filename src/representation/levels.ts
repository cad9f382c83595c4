/** Class scores of test images at each noise level: what curves and ensembles are made of. */
import type { Dataset } from '../data/dataset';
import { requireIncreasingSigmas } from '../diffusion/denoiser';
import { argmaxRows, type FeatureMatrix } from '../numerics/matrix';
import { type Classifier, fitClassifier, usualNormalization } from './classifier';
import { featureExtractor, type FeatureExtractorOptions } from './features';
import { requireImages } from './image-pass';
import { fitNormalization, type Normalization } from './normalization';

/** Where the measurement is. */
export interface CurveProgress {
  /** Noise levels measured so far, and in all. */
  readonly done: number;
  readonly total: number;
  /** The noise level that was measured last. */
  readonly sigma: number;
  /** Test accuracy there, in percent, by layer. */
  readonly accuracy: Record<string, number>;
}

/** What curves are measured on. */
export interface CurvesOptions extends FeatureExtractorOptions {
  /** Labelled images that the classifier is fitted to, one noise draw each. */
  readonly train: Dataset;
  /** Labelled images that it is scored on. */
  readonly test: Dataset;
  /** Noise levels, positive and increasing. */
  readonly sigmas: readonly number[];
  /** Noise draws of each test image. Default 3; 1 where the input is clean, which has no noise. */
  readonly testDraws?: number;
  /** How the class is read off. Default: the logistic probe, `{ kind: 'logistic', l2: 1e-3 }`. */
  readonly classifier?: Classifier;
  /** How features are scaled first. Default: 'unit' for the projection classifier, 'standard' for the others. */
  readonly normalization?: Normalization;
  /** Called after each noise level. */
  readonly onProgress?: (progress: CurveProgress) => void;
  /** Stops between batches: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The scores of one noise level. */
export interface ScoredLevel {
  /** Its number, from 0. */
  readonly s: number;
  readonly sigma: number;
  /** By layer: how strongly each class is believed in, [draw][test image][class] row-major. */
  readonly scores: Record<string, Float64Array>;
}

/** Noise draws of each test image. */
export function drawsOf({ input, testDraws = 3 }: CurvesOptions): number {
  return input === 'clean' ? 1 : testDraws;
}

/**
 * Fits a classifier for each layer to the training images at each noise level (noise draw 0), and scores the test images
 * (draws 1, 2, ...), in one pass through the network. Every level sees the same noise, scaled.
 * @throws RangeError before any work on an empty list of noise levels, one that is not positive or does not increase, an
 *   unknown layer, no draws, or data sets that do not fit the network or each other; Error when a probe does not converge
 */
export async function* scoredLevels(options: CurvesOptions): AsyncGenerator<ScoredLevel> {
  const { train, test, sigmas, layers, signal } = options;
  const draws = drawsOf(options);
  requireCurveOptions(options, draws);
  const extract = featureExtractor(options);
  const size = test.count * train.classNames.length;
  for (const [s, sigma] of sigmas.entries()) {
    const trained = await extract({ images: train, sigma, draw: 0, signal });
    const scores = Object.fromEntries(layers.map(layer => [layer, new Float64Array(draws * size)]));
    const fitted: Record<string, ScoresOf> = {};
    for (const layer of layers) fitted[layer] = await fitAtLevel(trained[layer], options);
    for (let draw = 1; draw <= draws; draw++) {
      const tested = await extract({ images: test, sigma, draw, signal });
      for (const layer of layers) scores[layer].set(await fitted[layer](tested[layer]), (draw - 1) * size);
    }
    yield { s, sigma, scores };
  }
}

/** Scores [M, classes] of images by their features [M, F] as they come. */
type ScoresOf = (features: FeatureMatrix) => Promise<Float64Array>;

async function fitAtLevel(trained: FeatureMatrix, options: CurvesOptions): Promise<ScoresOf> {
  const { train, seed, signal, classifier = { kind: 'logistic' } } = options;
  const normalize = fitNormalization(options.normalization ?? usualNormalization(classifier), trained);
  const scoresOf = await fitClassifier(classifier, {
    features: normalize(trained),
    labels: train.labels,
    classes: train.classNames.length,
    seed,
    signal,
  });
  return features => scoresOf(normalize(features));
}

/** 1 where the class with the largest score is the image's, else 0: [draw][test image]. */
export function rightOnes(scores: Float64Array, { labels, count, classNames }: Dataset): Uint8Array {
  const predicted = argmaxRows(scores, classNames.length);
  return Uint8Array.from(predicted, (label, i) => Number(label === labels[i % count]));
}

/** The share of ones, in percent. */
export function percentOf(right: Uint8Array): number {
  return (100 * right.reduce((sum, one) => sum + one, 0)) / right.length;
}

function requireCurveOptions({ denoiser, train, test, sigmas }: CurvesOptions, draws: number): void {
  requireIncreasingSigmas(sigmas);
  if (!Number.isInteger(draws) || draws < 1) {
    throw new RangeError(`testDraws is a whole number of at least 1, not ${draws}.`);
  }
  for (const images of [train, test]) requireImages(images, denoiser);
  const [trained, tested] = [train, test].map(({ classNames }) => classNames.join(', '));
  if (trained !== tested) {
    throw new RangeError(
      `"${train.name}" and "${test.name}" must have the same classes, but they are ${trained} and ${tested}.`,
    );
  }
  if (train.labels.every(label => label === train.labels[0])) {
    throw new RangeError(
      `The ${train.count} training images of "${train.name}" are all of one class. Use more of them.`,
    );
  }
}
