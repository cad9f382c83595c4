/** Configurations that work, by name. */
import type { GridConfig } from './config';
import { type Changes, type Kinds, withChanges } from './settings';

/** The table of presets. */
export const presets = {
  /**
   * Minutes on two cores: a U-Net of 68,737 parameters on 8x8 digits. c_noise = 2 ln sigma is eight times EDM's, since the
   * sharper embedding is what makes low-noise features differ.
   */
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
  /** An hour or two on two cores: photographs, CIFAR-10 mean-pooled to 16x16, with the network and noise of the digits. */
  cifar16: {
    data: {
      source: 'cifar10',
      size: null,
      gray: false,
      resolution: 16,
      flips: false,
      pool: 20000,
      probe: 10000,
      test: 6000,
    },
    network: {
      kind: 'unet',
      design: 'basic',
      channels: 16,
      multipliers: [1, 1, 1],
      blocks: 1,
      attentionResolutions: [],
      dropout: 0,
    },
    diffusion: { kind: 'edm', sigmaData: 0.5, noiseScale: 2, noiseMean: -1.6, noiseDeviation: 1.4 },
    training: {
      steps: 6000,
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
    probe: {
      layer: '16x16_up',
      pooling: 'mean',
      input: 'noisy',
      sigmas: [0.01, 0.02, 0.04, 0.08, 0.15, 0.25, 0.4, 0.7],
      testDraws: 1,
      l2: 1e-3,
    },
    sampling: { count: 300, steps: 18, sigmaMin: 0.002, sigmaMax: 80, rho: 7 },
    sizes: [64, 256, 1024, 4096, 20000],
    seeds: [0],
  },
} satisfies Record<string, GridConfig>;

/** What the settings of a kind start from when a change makes the preset's network or diffusion one of another kind. */
const kinds = {
  network: {
    unet: presets.digits.network,
    'residual-mlp': { width: 256, blocks: 4, dropout: 0 },
  },
  diffusion: { edm: presets.digits.diffusion, vp: {} },
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
  if (!Object.hasOwn(presets, name)) {
    throw new Error(`There is no preset "${name}". The presets are: ${Object.keys(presets).join(', ')}.`);
  }
  return withChanges<GridConfig>(presets[name], changes, kinds);
}
