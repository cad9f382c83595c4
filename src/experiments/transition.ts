/** The main experiment: from memorization to generalization as the training set grows. */
import path from 'node:path';
import type { CurveMeasurement } from '../curve/curve';
import { interruptSignal } from '../display/host';
import type { TensorValue } from '../engine/values';
import type { GeneralizationScore } from '../generation/score';
import { defaultRoot } from '../store/root';
import type { LossPoint } from '../training/progress';
import { requireConfig } from './build';
import type { ExperimentConfig, GridConfig } from './config';
import { showGridProgress } from './grid-progress';
import { loadShowing } from './load-progress';
import { type PresetName, resolvePreset } from './presets';
import type { ModelProgress } from './measures';
import type { ModelResult } from './run-model';
import type { Changes } from './settings';
import type { ModelCell } from './train-model';
import { runAll } from './workers';

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
export interface TransitionOptions extends Changes<GridConfig> {
  /** Where the settings start from. Default 'digits'. */
  readonly preset?: PresetName;
  /** Folder of all runs. Default: {@link defaultRoot}. */
  readonly root?: string;
  /** Train and measure anew what is there already. Default false. */
  readonly fresh?: boolean;
  /** Worker processes. Default: one per processor core. */
  readonly workers?: number;
  /** Ends the work; what is done is kept. Default: the interrupt button of the notebook. */
  readonly signal?: AbortSignal;
  /** Called as the models progress, instead of showing it. */
  readonly onProgress?: (cell: { trainingSize: number; seed: number }, progress: ModelProgress) => void;
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
  const { preset, root = defaultRoot(), fresh = false, workers, signal, onProgress, ...changes } = options;
  const { sizes, seeds, ...config } = resolvePreset(preset ?? 'digits', changes);
  const all = await loadShowing(config.data, signal ?? interruptSignal());
  requireConfig(config, all, sizes, seeds);
  const cells: ModelCell[] = sizes.flatMap(trainingSize =>
    seeds.map(seed => ({ config, trainingSize, seed, root: path.resolve(root), fresh })),
  );
  const settled = await runCells(cells, { workers, signal, onProgress });
  const results = requireResults(cells, settled);
  return { sizes: sizes.map(size => collect(size, results)), seeds, config };
}

async function runCells(
  cells: readonly ModelCell[],
  { workers, signal, onProgress }: TransitionOptions,
): Promise<PromiseSettledResult<ModelResult>[]> {
  const shown = onProgress ? undefined : showGridProgress(cells, cells[0].config.training.steps);
  try {
    return await runAll<ModelCell, ModelResult, ModelProgress>(cells, {
      module: path.join(__dirname, `run-model${path.extname(__filename)}`),
      workers,
      signal: signal ?? interruptSignal(),
      onProgress: (index, progress) => onProgress?.(cells[index], progress),
      ...shown,
    });
  } finally {
    shown?.finish();
  }
}

function requireResults(
  cells: readonly ModelCell[],
  settled: readonly PromiseSettledResult<ModelResult>[],
): ModelResult[] {
  const failures = settled.flatMap((result, i) =>
    result.status === 'rejected' ? [{ cell: cells[i], error: result.reason as Error }] : [],
  );
  if (failures.length > 0) {
    const lines = failures.map(
      ({ cell, error }) => `  N = ${cell.trainingSize}, seed ${cell.seed}: ${error.message}`,
    );
    throw new AggregateError(
      failures.map(({ error }) => error),
      `${failures.length} of ${cells.length} models failed; the others are kept.\n${lines.join('\n')}`,
    );
  }
  return settled.map(result => (result as PromiseFulfilledResult<ModelResult>).value);
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
