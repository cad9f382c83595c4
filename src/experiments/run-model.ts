/** One model from beginning to end: the cell of every grid of experiments. */
import type { CurveMeasurement } from '../curve/curve';
import { type Dataset, imagesOf } from '../data/dataset';
import type { TensorValue } from '../engine/values';
import type { GeneralizationScore } from '../generation/score';
import type { LossPoint } from '../training/progress';
import { withFolderLock } from '../store/lock';
import { type ExperimentModel, openExperimentModel } from './experiment-model';
import { drawSamples, measureCurve, type ModelProgress, scoreSamples } from './measures';
import type { ModelCell } from './train-model';
import type { CellContext } from './workers';

/** What is known of a trained model. */
export interface ModelResult {
  readonly trainingSize: number;
  readonly seed: number;
  /** Folder of the run. */
  readonly folder: string;
  readonly losses: readonly LossPoint[];
  readonly curve: CurveMeasurement;
  readonly score: GeneralizationScore;
  /** Generated images, [M, H, W, C]. */
  readonly samples: TensorValue;
  /** The training image nearest to each generated one, [M, H, W, C]. */
  readonly nearestImages: TensorValue;
}

/**
 * Trains a model and measures it, or reads from its run's folder whatever of that has been done before: the curve, the
 * samples, their score. Interrupted and started again, it goes on where it was.
 * @throws as training and the measures do; FolderInUseError when another process is at work on the model; an AbortError when
 * `signal` ended it.
 */
export async function runModel(
  cell: ModelCell,
  context: Partial<CellContext<ModelProgress>> = {},
): Promise<ModelResult> {
  const model = await openExperimentModel(cell, { ...context, threads: 1 });
  try {
    const known = await readMeasures(model);
    if (known) return known;
    await model.variables(); // trained under a lock of its own
    return await withFolderLock(model.run.folder, () => measureAll(model));
  } finally {
    model.dispose();
  }
}

/** What is known of a model whose measures are all in its run's folder; undefined when one is not. Trains nothing. */
export async function readModel(cell: ModelCell, images?: Dataset): Promise<ModelResult | undefined> {
  return readMeasures(await openExperimentModel({ ...cell, fresh: false }, { images }));
}

async function measureAll(model: ExperimentModel): Promise<ModelResult> {
  const { config, trainingSize, seed, run, data } = model;
  const curve = await measureCurve(model, config.probe, data);
  const samples = await drawSamples(model, config.sampling);
  const score = await scoreSamples(model, config.sampling, data);
  const nearestImages = imagesOf(data.train, score.nearest);
  const losses = await model.losses();
  return { trainingSize, seed, folder: run.folder, losses, curve, samples, score, nearestImages };
}

/** Why a measure that would need the model's weights is not made. */
class NotKeptError extends Error {}

async function readMeasures(model: ExperimentModel): Promise<ModelResult | undefined> {
  try {
    return await measureAll({ ...model, variables: () => Promise.reject(new NotKeptError()) });
  } catch (error) {
    if (error instanceof NotKeptError) return undefined;
    throw error;
  }
}

/** Under this name worker processes find it. */
export const runCell = runModel;
