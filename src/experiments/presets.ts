/** Configurations that work, by name. */
import type { ExperimentConfig, GridConfig } from './config';
import type { ModelSettings } from './model-run';
import { type Changes, type Kinds, withChanges } from './settings';

/**
 * The paper's networks and training on CIFAR-10 (Fig. 6), for a GPU: DDPM++ of so many channels, variance-preserving, 50 million
 * images in batches of 512, the learning rate warmed up over 10 million.
 */
function paperPreset(channels: number): GridConfig {
  return {
    data: {
      source: 'cifar10',
      size: null,
      gray: false,
      resolution: null,
      flips: false,
      pool: 50_000,
      probe: null,
      test: null,
    },
    network: {
      kind: 'unet',
      design: 'ddpm++',
      channels,
      multipliers: [2, 2, 2],
      blocks: 4,
      attentionResolutions: [16],
      dropout: 0.13,
    },
    diffusion: { kind: 'vp' },
    training: {
      steps: 97_656,
      batchSize: 512,
      accumulation: 1,
      learningRate: 1e-3,
      warmUpSteps: 19_531,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      emaHalfLife: 500_000,
      keep: [],
    },
    probe: {
      layer: '16x16_block1',
      pooling: 'mean',
      input: 'noisy',
      sigmas: [0.002, 0.008, 0.023, 0.06, 0.14, 0.296, 0.585, 1.088, 1.923],
      testDraws: 1,
      l2: 1e-3,
    },
    sampling: { count: 10_000, steps: 18, sigmaMin: 0.002, sigmaMax: 80, rho: 7 },
    sizes: [256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768],
    seeds: [0],
  };
}

/**
 * Network, noise and training of the small presets: 68,737 parameters on 8x8 digits. c_noise = 2 ln sigma is eight times EDM's,
 * with which more seeds have a hill at N = 1,000: five of five, and three with EDM's.
 */
const small = {
  network: {
    kind: 'unet',
    design: 'basic',
    channels: 16,
    multipliers: [1, 1],
    blocks: 1,
    attentionResolutions: [],
    dropout: 0,
  },
  diffusion: { kind: 'edm', sigmaData: 0.5, noiseScale: 2, noiseMean: -1.6, noiseDeviation: 1.4 },
  training: {
    steps: 3000,
    batchSize: 32,
    accumulation: 1,
    learningRate: 4e-3,
    warmUpSteps: 100,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    emaHalfLife: 2000,
    keep: [],
  },
} satisfies Partial<GridConfig>;

/** The table of presets. */
export const presets = {
  /** Minutes on two cores: the embedded digits of 8x8 pixels. */
  digits: {
    data: {
      source: 'digits',
      size: null,
      gray: false,
      resolution: null,
      flips: false,
      pool: 1000,
      probe: null,
      test: null,
    },
    network: small.network,
    diffusion: small.diffusion,
    training: small.training,
    probe: {
      layer: '8x8_block0',
      pooling: 'mean',
      input: 'noisy',
      sigmas: [0.02, 0.04, 0.08, 0.15, 0.25, 0.4, 0.6, 1.0],
      testDraws: 10,
      l2: 1e-3,
    },
    sampling: { count: 300, steps: 18, sigmaMin: 0.002, sigmaMax: 80, rho: 7 },
    sizes: [32, 64, 128, 256, 512, 1000],
    seeds: [0],
  },
  /**
   * Photographs, CIFAR-10 mean-pooled to 16x16, with the network and noise of the digits, four sizes with three seeds each, kept at
   * six steps to be followed through training: about ten minutes a model on one core.
   */
  cifar16: {
    data: {
      source: 'cifar10',
      size: null,
      gray: false,
      resolution: 16,
      flips: false,
      pool: 20000,
      probe: 5000,
      test: 3000,
    },
    network: { ...small.network, multipliers: [1, 1, 1] },
    diffusion: small.diffusion,
    training: { ...small.training, steps: 16_000, keep: [250, 500, 1000, 2000, 4000, 8000] },
    probe: {
      layer: '16x16_up',
      pooling: 'mean',
      input: 'noisy',
      sigmas: [0.01, 0.02, 0.04, 0.08, 0.15, 0.25, 0.4, 0.7],
      testDraws: 1,
      l2: 1e-3,
    },
    sampling: { count: 300, steps: 18, sigmaMin: 0.002, sigmaMax: 80, rho: 7 },
    sizes: [48, 200, 3000, 20_000],
    seeds: [101, 202, 303],
  },
  'paper-unet-32': paperPreset(32),
  'paper-unet-64': paperPreset(64),
  'paper-unet-128': paperPreset(128),
} satisfies Record<string, GridConfig>;

/** What the settings of a kind start from when a change makes the preset's network or diffusion one of another kind. */
const kinds = {
  network: {
    unet: small.network,
    dit: { patchSize: 2, width: 64, depth: 4, heads: 4 },
    'residual-mlp': { width: 256, blocks: 4, dropout: 0 },
  },
  diffusion: {
    edm: small.diffusion,
    'edm-levels': {
      sigmaData: small.diffusion.sigmaData,
      noiseScale: small.diffusion.noiseScale,
      sigmas: [0.02, 0.15, 1],
    },
    vp: {},
  },
} satisfies Kinds;

/** Name of a preset. */
export type PresetName = keyof typeof presets;

/**
 * A preset with some settings changed.
 *
 * @example
 * const config = resolvePreset('digits', { sizes: [32, 1000], training: { steps: 500 } });
 *
 * A change of `kind` makes the network or diffusion another one, with that kind's own settings.
 *
 * @throws Error for an unknown preset; for an unknown setting, naming the nearest ones; for a value of another kind.
 */
export function resolvePreset(name: PresetName, changes: Changes<GridConfig> = {}): GridConfig {
  return withChanges<GridConfig>(presetNamed(name), changes, kinds);
}

/** Changes of the settings of one model. */
export type ModelChanges = Changes<
  ExperimentConfig & { readonly trainingSize: number; readonly seed: number }
>;

/**
 * One model of a preset with some settings changed, named as in {@link resolvePreset}; besides, `trainingSize` (default: the
 * whole pool) and `seed` (default: the preset's first).
 * @throws as resolvePreset
 */
export function resolveModel(name: PresetName, changes: ModelChanges = {}): ModelSettings {
  const { data, network, diffusion, training, probe, sampling, seeds } = presetNamed(name);
  const which = { trainingSize: changes.data?.pool ?? data.pool, seed: seeds[0] };
  const standard = { data, network, diffusion, training, probe, sampling, ...which };
  const { trainingSize, seed, ...config } = withChanges(standard, changes, kinds);
  return { config, trainingSize, seed };
}

function presetNamed(name: PresetName): GridConfig {
  if (Object.hasOwn(presets, name)) return presets[name];
  throw new Error(`There is no preset "${name}". The presets are: ${Object.keys(presets).join(', ')}.`);
}
