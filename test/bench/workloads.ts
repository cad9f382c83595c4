/**
 * The work that is timed, in this library: each workload sets itself up and returns a function that does one round and says
 * how many units it did. torch.py does the same work in PyTorch and scikit-learn, under the same names.
 */
import { presets } from '../../src/experiments/presets';
import { createDenoiser } from '../../src/diffusion/denoiser';
import { initializeParameters } from '../../src/diffusion/network';
import { logNormalNoise } from '../../src/diffusion/noise';
import { edmPreconditioning } from '../../src/diffusion/preconditioning';
import { heunSampler } from '../../src/diffusion/sampler';
import { compile } from '../../src/engine/compile';
import type { OpProfile } from '../../src/engine/profile';
import { profile } from '../../src/engine/profile';
import { randomNormal, randomUniform } from '../../src/engine/random';
import { tf } from '../../src/engine/tensorflow';
import { toValue } from '../../src/engine/tensors';
import type { TensorValue } from '../../src/engine/values';
import { createVariables } from '../../src/engine/variables';
import { nearestNeighbours } from '../../src/numerics/neighbours';
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
  /** What is reported: milliseconds a step, units a second, or megabytes that the second round added. */
  readonly unit: 'ms/step' | 'images/s' | 'fits/s' | 'MB';
  /** Threads of every library, PyTorch included. */
  readonly threads: number;
  readonly prepare: (variant: Variant) => Round | Promise<Round>;
}

/** The model of the main job. */
const digits: UNetConfig = { imageShape: [8, 8, 1], ...presets.digits.network };
const { training } = presets.digits;

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
  'probe, 20,000 x 512 features, 10 classes': {
    unit: 'fits/s',
    threads: 2,
    prepare: () => probe(20000, 512, 10),
  },
  'nearest neighbours, 1,000 in 50,000 x 3,072': {
    unit: 'images/s',
    threads: 2,
    prepare: () => neighbours(1000, 50_000, 3072),
  },
  'memory growth, steps 1,000 to 5,000': {
    unit: 'MB',
    threads: 1,
    prepare: variant => memoryGrowth(variant),
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
  const { variables, fn, settings } = trainingFunction(config, batchSize, variant);
  const step = compile(fn, { variables });
  let done = 0;
  await step(stepInputs(done, settings));
  return async () => {
    for (let i = 0; i < steps; i++) await step(stepInputs(++done, settings));
    return steps;
  };
}

/** The ops of a training step of the default model by time. */
export async function profileTraining(threads: number): Promise<OpProfile[]> {
  const { variables, fn, settings } = trainingFunction(digits, 32, { threads, compile: true });
  const ops = await profile(fn, { variables, inputs: stepInputs(0, settings), calls: 20 });
  variables.dispose();
  return ops;
}

function trainingFunction(config: UNetConfig, batchSize: number, variant: Variant) {
  const denoiser = denoiserOf(config);
  const { values } = initialState(initializeParameters(denoiser.network, 0), denoiser.network.parameters);
  const variables = createVariables({ ...values, images: randomImages(1000, config.imageShape) }, variant);
  const settings = { ...training, batchSize };
  const noise = logNormalNoise({ mean: -1.6, deviation: 1.4 });
  const { tensors } = variables;
  const fn = createTrainingStep({ denoiser, noise, dataset: config, config: settings, seed: 0, tensors });
  return { variables, fn, settings };
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

/** Rounds of 1,000 and then 4,000 training steps; what is counted are the megabytes by which resident memory grew. */
async function memoryGrowth(variant: Variant): Promise<Round> {
  const first = await trainingStep(digits, 32, 1000, variant);
  let rounds = 0;
  return async () => {
    const before = process.memoryUsage.rss();
    for (let i = 0; i < (rounds === 0 ? 1 : 4); i++) await first();
    rounds++;
    return (process.memoryUsage.rss() - before) / 2 ** 20;
  };
}

function neighbours(queries: number, references: number, width: number): Round {
  const [a, b] = [queries, references].map((count, i) => {
    const rows = randomUniform([count, width], i, 0);
    const value = toValue(rows);
    rows.dispose();
    return value;
  });
  return async () => {
    await nearestNeighbours(a, b, 2);
    return queries;
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
