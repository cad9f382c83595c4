/** A network and data so small that a training takes moments. */
import { createDataset, type Dataset } from '../../src/data/dataset';
import { createDenoiser } from '../../src/diffusion/denoiser';
import type { Network, Parameters } from '../../src/diffusion/network';
import { logNormalNoise } from '../../src/diffusion/noise';
import { edmPreconditioning } from '../../src/diffusion/preconditioning';
import type { tf } from '../../src/engine/tensorflow';
import type { TrainingConfig } from '../../src/training/config';

/** F(x, c) = convolution of x, then a bias that depends on c. */
const network: Network = {
  imageShape: [4, 4, 1],
  parameters: [
    { name: 'conv.weight', shape: [3, 3, 1, 1], initial: { kind: 'normal', deviation: 0.3 } },
    { name: 'level.weight', shape: [1], initial: { kind: 'ones' } },
  ],
  layers: [],
  apply(parameters: Parameters, x, cNoise) {
    const convolved = x.conv2d(parameters['conv.weight'] as tf.Tensor4D, 1, 'same');
    const level = cNoise.reshape([-1, 1, 1, 1]).mul(parameters['level.weight']);
    return { output: convolved.add(level), activations: {} };
  },
};

export const denoiser = createDenoiser(network, edmPreconditioning());
export const noise = logNormalNoise();

/** Horizontal and vertical stripes. */
export const dataset: Dataset = createDataset({
  name: 'stripes',
  imageShape: [4, 4, 1],
  images: Float32Array.from({ length: 8 * 16 }, (_, i) => ((i >> (i < 64 ? 0 : 2)) % 2 ? 0.5 : -0.5)),
  labels: Int32Array.of(0, 0, 0, 0, 1, 1, 1, 1),
  classNames: ['vertical', 'horizontal'],
});

export const config: TrainingConfig = {
  steps: 60,
  batchSize: 4,
  accumulation: 1,
  learningRate: 0.02,
  warmUpSteps: 5,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  emaHalfLife: 40,
  keep: [],
};

/** Options of a training that repeats bit for bit. */
export const tiny = { denoiser, noise, dataset, config, seed: 7, threads: 1 };
