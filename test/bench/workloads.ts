/**
 * The work that is timed, in this library: each workload sets itself up and returns a function that does one round and says
 * how many units it did. torch.py does the same work in PyTorch and scikit-learn, under the same names.
 */
import { createDenoiser } from '../../src/diffusion/denoiser';
import { initializeParameters } from '../../src/diffusion/network';
import { logNormalNoise } from '../../src/diffusion/noise';
import { edmPreconditioning } from '../../src/diffusion/preconditioning';
import { heunSampler } from '../../src/diffusion/sampler';
import { compile } from '../../src/engine/compile';
import { randomNormal, randomUniform } from '../../src/engine/random';
import { tf } from '../../src/engine/tensorflow';
import { toValue } from '../../src/engine/tensors';
import type { TensorValue } from '../../src/engine/values';
import { createVariables } from '../../src/engine/variables';
import type { UNetConfig } from '../../src/models/unet';
import { createUNet } from '../../src/models/unet';
import { featureExtractor } from '../../src/representation/features';
import { fitLogisticRegression } from '../../src/representation/logistic-regression';
import { initialState } from '../../src/training/state';
import { createTrainingStep, stepInputs } from '../../src/training/step';

/** How a workload runs: threads, and compiled or op by op as stock TensorFlow.js does. */
export interface Variant {
  readonly threads: number;
  readonly compile: boolean;
}

/** One round of work; resolves to the number of units done. */
export type Round = () => Promise<number>;

/** A workload by name. */
export interface Workload {
  /** What is reported: milliseconds a step, or units a second. */
  readonly unit: 'ms/step' | 'images/s' | 'fits/s';
  /** Threads of every library, PyTorch included. */
  readonly threads: number;
  readonly prepare: (variant: Variant) => Round | Promise<Round>;
}

const digits: UNetConfig = { imageShape: [8, 8, 1], channels: 16, multipliers: [1, 1], blocks: 1 };
const training = {
  steps: 3000,
  learningRate: 4e-3,
  warmUpSteps: 100,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  emaHalfLife: 2000,
};

/** The workloads, in the order of the report. The digits model trains and is measured on one core, as the main job does. */
export const workloads: Record<string, Workload> = {
  'training step, digits U-Net, batch 32': {
    unit: 'ms/step',
    threads: 1,
    prepare: variant => trainingStep(digits, 32, 50, variant),
  },
  'feature extraction, digits U-Net': {
    unit: 'images/s',
    threads: 1,
    prepare: variant => extraction(digits, 1000, variant),
  },
  'Heun sampling, digits U-Net, 18 steps': {
    unit: 'images/s',
    threads: 1,
    prepare: variant => sampling(digits, 300, variant),
  },
  'probe, 2,000 x 64 features, 10 classes': {
    unit: 'fits/s',
    threads: 2,
    prepare: () => probe(2000, 64, 10),
  },
};

function denoiserOf(config: UNetConfig) {
  return createDenoiser(createUNet(config), edmPreconditioning({ sigmaData: 0.5, noiseScale: 2 }));
}

function randomImages(count: number, shape: readonly number[]): TensorValue {
  const images = tf.tidy(() =>
    tf.keep(
      randomUniform([count, ...shape], 0, 0)
        .mul(2)
        .sub(1),
    ),
  );
  const value = toValue(images);
  images.dispose();
  return value;
}

async function trainingStep(
  config: UNetConfig,
  batchSize: number,
  steps: number,
  variant: Variant,
): Promise<Round> {
  const denoiser = denoiserOf(config);
  const { values } = initialState(initializeParameters(denoiser.network, 0), denoiser.network.parameters);
  const variables = createVariables({ ...values, images: randomImages(1000, config.imageShape) }, variant);
  const settings = { ...training, batchSize };
  const noise = logNormalNoise({ mean: -1.6, deviation: 1.4 });
  const step = compile(
    createTrainingStep({ denoiser, noise, config: settings, seed: 0, tensors: variables.tensors }),
    { variables },
  );
  let done = 0;
  await step(stepInputs(done, settings));
  return async () => {
    for (let i = 0; i < steps; i++) await step(stepInputs(++done, settings));
    return steps;
  };
}

function extraction(config: UNetConfig, count: number, variant: Variant): Round {
  const denoiser = denoiserOf(config);
  const variables = createVariables(initializeParameters(denoiser.network, 0), variant);
  const images = randomImages(count, config.imageShape);
  const extract = featureExtractor({ denoiser, variables, layers: ['8x8_up'] });
  return async () => {
    await extract({ images, sigma: 0.15 });
    return count;
  };
}

function sampling(config: UNetConfig, count: number, variant: Variant): Round {
  const denoiser = denoiserOf(config);
  const variables = createVariables(initializeParameters(denoiser.network, 0), variant);
  const sample = heunSampler({ denoiser, variables });
  return async () => {
    await sample({ count, seed: 0 });
    return count;
  };
}

function probe(count: number, width: number, classes: number): Round {
  const features = tf.tidy(() => tf.keep(randomNormal([count, width], 1, 0)));
  const value = toValue(features);
  features.dispose();
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  for (let i = 0; i < count; i++)
    for (let k = 0; k < 4; k++) value.values[i * width + ((labels[i] * 3 + k) % width)] += 0.7;
  return async () => {
    await fitLogisticRegression(value, labels, classes, { l2: 1e-3 });
    return 1;
  };
}
