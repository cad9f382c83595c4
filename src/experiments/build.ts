/** From settings to the things that they describe. Cheap, so that mistakes show before any work. */
import { type Dataset, split, take } from '../data/dataset';
import type { LoadOptions } from '../data/files';
import { loadDataset } from '../data/load';
import {
  createDenoiser,
  type Denoiser,
  requireIncreasingSigmas,
  requirePositiveInteger,
} from '../diffusion/denoiser';
import { requireLayers } from '../diffusion/network';
import { fixedNoise, logNormalNoise, type NoiseDistribution } from '../diffusion/noise';
import { edmPreconditioning, type Preconditioning } from '../diffusion/preconditioning';
import { sigmaSchedule } from '../diffusion/sampler';
import { vpNoise, vpPreconditioning } from '../diffusion/vp';
import { deriveSeed } from '../engine/random';
import { createNetwork } from '../models/create';
import { requirePooling } from '../representation/pooling';
import { requireTrainingConfig } from '../training/config';
import type { DataConfig, DiffusionConfig, ExperimentConfig, ProbeConfig } from './config';

/**
 * All images of a configuration, as small and gray as it says.
 * @throws Error that says what is wrong with the source; RangeError when size or resolution do not fit the images.
 */
export function loadData(config: DataConfig, options: LoadOptions = {}): Promise<Dataset> {
  const { source, size, gray, resolution } = config;
  return loadDataset(source, {
    ...options,
    gray,
    size: size ?? undefined,
    resolution: resolution ?? undefined,
  });
}

/** The images as one seed divides them. */
export interface DataSplit {
  /** The first images of the pool: what the model is trained on. */
  readonly train: Dataset;
  /** Labelled images that probes are fitted to. */
  readonly pool: Dataset;
  readonly test: Dataset;
}

/** @throws RangeError when more images are asked for than there are. */
export function splitData(all: Dataset, config: DataConfig, trainingSize: number, seed: number): DataSplit {
  const sizes = { pool: config.pool, test: config.test ?? undefined };
  const { pool, test } = split(all, { ...sizes, seed: deriveSeed(seed, 'split') });
  return { train: take(pool, trainingSize), pool: take(pool, config.probe ?? config.pool), test };
}

/** The untrained model of a configuration. */
export interface Model {
  readonly denoiser: Denoiser;
  readonly noise: NoiseDistribution;
}

/** @throws RangeError for an impossible network or diffusion setting. */
export function buildModel(
  { network, diffusion }: ExperimentConfig,
  imageShape: Dataset['imageShape'],
): Model {
  const { preconditioning, noise } = buildDiffusion(diffusion);
  return { denoiser: createDenoiser(createNetwork(network, imageShape), preconditioning), noise };
}

function buildDiffusion(diffusion: DiffusionConfig): {
  preconditioning: Preconditioning;
  noise: NoiseDistribution;
} {
  switch (diffusion.kind) {
    case 'edm': {
      const { sigmaData, noiseScale, noiseMean: mean, noiseDeviation: deviation } = diffusion;
      return {
        preconditioning: edmPreconditioning({ sigmaData, noiseScale }),
        noise: logNormalNoise({ mean, deviation }),
      };
    }
    case 'edm-levels': {
      const { sigmaData, noiseScale, sigmas } = diffusion;
      return {
        preconditioning: edmPreconditioning({ sigmaData, noiseScale }),
        noise: fixedNoise(sigmas),
      };
    }
    case 'vp':
      return { preconditioning: vpPreconditioning(), noise: vpNoise() };
    default:
      throw new RangeError(
        `There is no diffusion of kind ${JSON.stringify((diffusion as DiffusionConfig).kind)}. The kinds are: edm, edm-levels, vp.`,
      );
  }
}

/**
 * Refuses a configuration that can't be computed, before anything is.
 * @throws RangeError naming the first setting that is impossible for these data, with what would be possible.
 */
export function requireConfig(
  config: ExperimentConfig,
  all: Dataset,
  sizes: readonly number[],
  seeds: readonly number[],
): void {
  requireGrid(sizes, seeds);
  const { denoiser } = buildModel(config, all.imageShape);
  requireLayers(denoiser.network, [config.probe.layer]);
  requireProbe(config.probe);
  requirePositiveInteger(config.sampling.count, 'sampling.count');
  sigmaSchedule(config.sampling);
  requireTrainingConfig(config.training);
  for (const size of sizes) splitData(all, config.data, size, 0);
}

/** Whatever the layer. */
function requireProbe({ pooling, input, sigmas, testDraws, l2 }: ProbeConfig): void {
  requirePooling(pooling);
  if (!['noisy', 'clean'].includes(input))
    throw new RangeError(`probe.input is 'noisy' or 'clean', not '${input}'.`);
  requireIncreasingSigmas(sigmas, 'probe.sigmas');
  requirePositiveInteger(testDraws, 'probe.testDraws');
  if (!(l2 >= 0 && Number.isFinite(l2))) throw new RangeError(`probe.l2 is a number from 0, not ${l2}.`);
}

/** @throws RangeError for no sizes or seeds, a number twice, or a seed that can't be one */
export function requireGrid(sizes: readonly number[], seeds: readonly number[]): void {
  for (const [name, values] of Object.entries({ sizes, seeds })) {
    if (values.length === 0) throw new RangeError(`${name} holds at least one number.`);
    if (new Set(values).size < values.length)
      throw new RangeError(`${name} holds a number twice: ${values.join(', ')}.`);
  }
  const seed = seeds.find(value => !Number.isSafeInteger(value) || value < 0);
  if (seed !== undefined) throw new RangeError(`A seed is a whole number from 0, not ${seed}.`);
}
