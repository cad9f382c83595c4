/** The run of one model: its name and key, and what was asked for when it was made. */
import path from 'node:path';
import { type Dataset, fingerprint } from '../data/dataset';
import { namedSources } from '../data/load';
import { deriveSeed } from '../engine/random';
import { fileOf, readJson, type Run } from '../store/record';
import { openRun } from '../store/run';
import type { ExperimentConfig } from './config';

/** What one model is trained and measured with. */
export interface ModelSettings {
  readonly config: ExperimentConfig;
  /** Number of training images. */
  readonly trainingSize: number;
  readonly seed: number;
}

/** In a run's folder. */
export const experimentName = 'experiment.json';

/** What a run's experiment.json says: what was asked for when the run was made. */
export interface RunExperiment extends ModelSettings {
  readonly imageShape: Dataset['imageShape'];
}

/**
 * Opens the run of a model in the folder of all runs. Its key depends on the training images, network, diffusion, training
 * and seed: on what determines the weights, and not on what is measured.
 */
export function openModelRun(settings: ModelSettings, train: Dataset, root: string): Promise<Run> {
  const { config, trainingSize, seed } = settings;
  const { network, diffusion, training } = config;
  // The images themselves, not where they came from: they may have been moved.
  const images = { name: train.name, trainingSize, sha256: fingerprint(train) };
  const data = { ...images, ...(config.data.flips && { flips: true }) };
  const seeds = Object.fromEntries(
    ['split', 'training', 'probe', 'sampling'].map(name => [name, deriveSeed(seed, name)]),
  );
  const name = `${train.name}-${trainingSize}-seed${seed}`.replace(/[^\w.-]/g, '-');
  const experiment: RunExperiment = {
    config: { ...config, data: { ...config.data, source: lasting(config.data.source) } },
    trainingSize,
    seed,
    imageShape: train.imageShape,
  };
  return openRun(
    { data, network, diffusion, training, seed },
    { root, name, seeds: { seed, ...seeds }, experiment },
  );
}

/** A source that means the same from every folder. */
export function lasting(source: string): string {
  return namedSources.includes(source) ? source : path.resolve(source);
}

/** What was asked for when the run was made; undefined when it was not made by an experiment. */
export async function findExperiment(run: Run): Promise<RunExperiment | undefined> {
  return (await readJson(fileOf(run, experimentName))) as RunExperiment | undefined;
}

/** As {@link findExperiment}. @throws Error when the run was not made by an experiment */
export async function readExperiment(run: Run): Promise<RunExperiment> {
  const experiment = await findExperiment(run);
  if (experiment !== undefined) return experiment;
  throw new Error(
    `${fileOf(run, experimentName)} is missing: it says which images and network the run belongs to. Make the run with "unimodal train" or the function transition.`,
  );
}
