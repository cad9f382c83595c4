/** The main experiment: from memorization to generalization as the training set grows. */
import type { CurveMeasurement } from '../curve/curve';
import type { TensorValue } from '../engine/values';
import type { GeneralizationScore } from '../generation/score';
import type { LossPoint } from '../training/progress';
import { requireGrid } from './build';
import type { ExperimentConfig, GridConfig } from './config';
import { requireComplete } from './grid-outcome';
import { type PresetName, resolvePreset } from './presets';
import type { ModelResult } from './run-model';
import type { Changes } from './settings';
import { sweep, type SweepRun } from './sweep';

/** What was measured at one training-set size, once for each seed. */
export interface TransitionSize {
  /** Number of training images. */
  readonly trainingSize: number;
  /** A representation curve a seed. */
  readonly curves: readonly CurveMeasurement[];
  /** A generalization score a seed. */
  readonly scores: readonly GeneralizationScore[];
  /** Training loss of the first seed. */
  readonly losses: readonly LossPoint[];
  /** Generated images of the first seed, [M, H, W, C]. */
  readonly samples: TensorValue;
  /** The training image nearest to each of them, [M, H, W, C]. */
  readonly nearestImages: TensorValue;
}

/** Curves and scores over training-set sizes. */
export interface Transition {
  /** In the order asked for. */
  readonly sizes: readonly TransitionSize[];
  readonly seeds: readonly number[];
  /** The resolved configuration of all models. */
  readonly config: ExperimentConfig;
}

/** The settings to change, by name, and how to run. */
export interface TransitionOptions extends Changes<GridConfig>, SweepRun {
  /** Where the settings start from. Default 'digits'. */
  readonly preset?: PresetName;
}

/**
 * Trains a model for each training-set size and seed on local worker processes, measures the representation curve and the
 * generalization score of each, and returns them all. What has been done before, whole or in part, is read from disk.
 *
 * @example
 * const result = await transition({ sizes: [32, 1000], training: { steps: 2000 } });
 *
 * @throws Error for an unknown or impossible setting, before any work; an AggregateError with each model's own error when
 * some failed (the others are kept); an AbortError when interrupted.
 */
export async function transition(options: TransitionOptions = {}): Promise<Transition> {
  const { preset, root, fresh, ray, workers, signal, onProgress, ...changes } = options;
  const { sizes, seeds, ...config } = resolvePreset(preset ?? 'digits', changes);
  requireGrid(sizes, seeds);
  const over = { trainingSize: sizes, seed: seeds };
  const result = await sweep({ preset, ...config, over, root, fresh, ray, workers, signal, onProgress });
  requireComplete(result);
  return { sizes: sizes.map(size => collect(size, result.models)), seeds, config };
}

function collect(trainingSize: number, results: readonly ModelResult[]): TransitionSize {
  const ofSize = results.filter(result => result.trainingSize === trainingSize);
  const { losses, samples, nearestImages } = ofSize[0];
  return {
    trainingSize,
    curves: ofSize.map(result => result.curve),
    scores: ofSize.map(result => result.score),
    losses,
    samples,
    nearestImages,
  };
}
