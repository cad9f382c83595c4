/** From settings to a trained model in its run. */
import type { Dataset } from '../data/dataset';
import type { Denoiser } from '../diffusion/denoiser';
import { deriveSeed } from '../engine/random';
import type { Run } from '../store/record';
import type { Trained, TrainOptions } from '../training/train';
import { trainRun } from '../training/train-run';
import { buildModel, type DataSplit, loadData, splitData } from './build';
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
export interface TrainModelOptions extends Pick<TrainOptions, 'threads' | 'signal' | 'onNotice'> {
  /** All images of the configuration, where they have been loaded already. */
  readonly images?: Dataset;
  readonly onProgress?: (progress: ModelProgress) => void;
}

/** A trained model, its run and its images. */
export interface TrainedModel extends Trained {
  readonly run: Run;
  readonly denoiser: Denoiser;
  readonly data: DataSplit;
}

/**
 * Trains a model in its run, or reads it from there; goes on where an interrupted training was.
 * @throws RangeError for impossible settings, FolderInUseError when another process trains the same model, DivergedError
 * when training fails, an AbortError when `signal` ended it.
 */
export async function trainModel(cell: ModelCell, options: TrainModelOptions = {}): Promise<TrainedModel> {
  const { config, trainingSize, seed, root, fresh } = cell;
  const all = options.images ?? (await loadData(config.data, { signal: options.signal }));
  const data = splitData(all, config.data, trainingSize, seed);
  const { denoiser, noise } = buildModel(config, all.imageShape);
  const run = await openModelRun(cell, data.train, root);
  const { threads, signal, onNotice, onProgress } = options;
  let found = '';
  const trained = await trainRun({
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
    onNotice(notice) {
      found = `${notice}, `;
      onNotice?.(notice);
    },
    onProgress({ step, steps, loss }) {
      const detail = `${found}loss ${loss.toFixed(3)}`;
      onProgress?.({ stage: 'training', share: step / steps, detail });
    },
  });
  return { ...trained, run, denoiser, data };
}
