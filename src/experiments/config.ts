/** What determines an experiment: data, network, diffusion, training, and what is measured. */
import type { NetworkConfig } from '../models/create';
import type { NetworkInput } from '../representation/image-pass';
import type { Pooling } from '../representation/pooling';
import type { TrainingConfig } from '../training/config';

/** Where images come from and how they are divided. */
export interface DataConfig {
  /**
   * 'digits' (embedded), 'cifar10', 'cifar100' (downloaded once), or a path: of a folder or tar with a folder of PNG or
   * JPEG images for each class, also under train/ and test/; of CIFAR's binary archive; of a .npz or .npy.
   */
  readonly source: string;
  /** Height and width that images are brought to, scaled to cover it and cut at the middle; null: as they are. */
  readonly size: readonly [height: number, width: number] | null;
  /** One channel instead of three. */
  readonly gray: boolean;
  /** Height to which images are then mean-pooled, the mean of a square of pixels for each; null: as they are. */
  readonly resolution: number | null;
  /** Models are trained on mirror images as well; probes never see them. */
  readonly flips: boolean;
  /** Labelled images, chosen by the seed, that models are trained on: the first N. From the training part where there is one. */
  readonly pool: number;
  /** Images of the pool, the first ones, that probes are fitted to; null: all. */
  readonly probe: number | null;
  /** Labelled images that probes are tested on, from the test part where there is one; null: all that are not in the pool. */
  readonly test: number | null;
}

/** Preconditioning, loss weight and noise distribution of training: EDM's, or the variance-preserving ones. */
export type DiffusionConfig = EdmDiffusionConfig | EdmLevelsDiffusionConfig | VpDiffusionConfig;

/** EDM's. */
export interface EdmDiffusionConfig {
  readonly kind: 'edm';
  /** Standard deviation of the images' pixels. */
  readonly sigmaData: number;
  /** c_noise = noiseScale * ln sigma. */
  readonly noiseScale: number;
  /** Mean of ln sigma in training. */
  readonly noiseMean: number;
  /** Standard deviation of ln sigma in training. */
  readonly noiseDeviation: number;
}

/** EDM's at a few noise levels: a single-level denoiser, or a coarse diffusion model (paper, Fig. 13 and Table 3). */
export interface EdmLevelsDiffusionConfig {
  readonly kind: 'edm-levels';
  /** Standard deviation of the images' pixels. */
  readonly sigmaData: number;
  /** c_noise = noiseScale * ln sigma. */
  readonly noiseScale: number;
  /** Noise levels of training, each as likely as the others. */
  readonly sigmas: readonly number[];
}

/** The variance-preserving ones, which have no settings. */
export interface VpDiffusionConfig {
  readonly kind: 'vp';
}

/** How the representation curve is measured. */
export interface ProbeConfig {
  /** Name of the probed activation. */
  readonly layer: string;
  readonly pooling: Pooling;
  /** Whether the network is shown noisy or clean images. */
  readonly input: NetworkInput;
  /** Noise levels, increasing. */
  readonly sigmas: readonly number[];
  /** Noise draws of each test image. */
  readonly testDraws: number;
  /** L2 penalty of the logistic regression, l2/2 |W|^2. */
  readonly l2: number;
}

/** How images are generated to be scored. */
export interface SamplingConfig {
  /** Number of images. */
  readonly count: number;
  /** Steps of Heun's method. */
  readonly steps: number;
  readonly sigmaMin: number;
  readonly sigmaMax: number;
  /** How much the steps crowd towards low noise. */
  readonly rho: number;
}

/** Everything that determines the results of one model, besides its training-set size and seed. */
export interface ExperimentConfig {
  readonly data: DataConfig;
  readonly network: NetworkConfig;
  readonly diffusion: DiffusionConfig;
  readonly training: TrainingConfig;
  readonly probe: ProbeConfig;
  readonly sampling: SamplingConfig;
}

/** An experiment over training-set sizes, each with each seed. */
export interface GridConfig extends ExperimentConfig {
  /** Numbers of training images. */
  readonly sizes: readonly number[];
  /** Each determines split, initial weights, batches and noise, probe draws and samples. */
  readonly seeds: readonly number[];
}
