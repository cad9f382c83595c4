/** From settings to a trained model in its run. */
import type { Dataset } from '../data/dataset';
import { deriveSeed } from '../engine/random';
import type { Run } from '../store/record';
import type { Trained, TrainOptions } from '../training/train';
import { trainRun } from '../training/train-run';
import { buildModel, type DataSplit, loadData, type Model, splitData } from './build';
import type { ModelProgress } from './measures';
import { type ModelSettings, openModelRun } from './model-run';

/** One model of a grid. Plain data: it is sent to worker processes. */
export interface ModelCell extends ModelSettings {
  /** Folder of all runs. */
  readonly root: string;
  /** Train and measure anew what is there already. */
  readonly fresh: boolean;
}

/** How to train. */
export interface TrainModelOptions extends Pick<TrainOptions, 'threads' | 'signal' | 'onNotice' | 'onKept'> {
  /** All images of the configuration, where they have been loaded already. */
  readonly images?: Dataset;
  readonly onProgress?: (progress: ModelProgress) => void;
}

/** A model with its run and its images, trained or not. */
export interface PreparedModel extends Model {
  readonly run: Run;
  readonly data: DataSplit;
}

/**
 * Loads the images of a model and opens its run.
 * @throws RangeError for impossible settings
 */
export async function prepareModel(
  cell: ModelCell,
  { images, signal }: TrainModelOptions = {},
): Promise<PreparedModel> {
  const { config, trainingSize, seed, root } = cell;
  const all = images ?? (await loadData(config.data, { signal }));
  const data = splitData(all, config.data, trainingSize, seed);
  return { ...buildModel(config, all.imageShape), run: await openModelRun(cell, data.train, root), data };
}

/**
 * Trains a model in its run, or reads it from there; goes on where an interrupted training was.
 * @throws RangeError for impossible settings, FolderInUseError when another process trains the same model, DivergedError
 * when training fails, an AbortError when `signal` ended it.
 */
export async function trainModel(
  cell: ModelCell,
  options: TrainModelOptions = {},
): Promise<PreparedModel & Trained> {
  const model = await prepareModel(cell, options);
  return { ...model, ...(await trainPrepared(cell, model, options)) };
}

/** As {@link trainModel}, for a model that has been prepared. */
export function trainPrepared(
  { config, seed, fresh }: ModelCell,
  { run, denoiser, noise, data }: PreparedModel,
  { threads, signal, onNotice, onKept, onProgress }: TrainModelOptions,
): Promise<Trained> {
  let found = '';
  return trainRun({
    run,
    denoiser,
    noise,
    dataset: data.train,
    config: config.training,
    flips: config.data.flips,
    seed: deriveSeed(seed, 'training'),
    fresh,
    threads,
    signal,
    onKept,
    onNotice(notice) {
      found = `${notice}, `;
      onNotice?.(notice);
    },
    onProgress({ step, steps, loss }) {
      const detail = `${found}loss ${loss.toFixed(3)}`;
      onProgress?.({ stage: 'training', share: step / steps, detail });
    },
  });
}
