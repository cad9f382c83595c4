/**
 * The work that is timed, in this library: each workload sets itself up and returns a function that does one round and says
 * how many units it did. torch_bench.py does the same work in PyTorch and scikit-learn, under the same names.
 */
import { setImmediate } from 'node:timers/promises';
import { presets } from '../../src/experiments/presets';
import { createDenoiser } from '../../src/diffusion/denoiser';
import { initializeParameters, type Network } from '../../src/diffusion/network';
import { logNormalNoise } from '../../src/diffusion/noise';
import { edmPreconditioning } from '../../src/diffusion/preconditioning';
import { heunSampler } from '../../src/diffusion/sampler';
import { compile } from '../../src/engine/compile';
import type { OpProfile } from '../../src/engine/profile';
import { profile } from '../../src/engine/profile';
import { randomNormal, randomUniform } from '../../src/engine/random';
import { record, type Recording } from '../../src/engine/recorder';
import { tf } from '../../src/engine/tensorflow';
import { toValue } from '../../src/engine/tensors';
import type { TensorValue } from '../../src/engine/values';
import { createVariables } from '../../src/engine/variables';
import { nearestNeighbours } from '../../src/numerics/neighbours';
import { createNetwork } from '../../src/models/create';
import { createResidualMlp } from '../../src/models/residual-mlp';
import { createUNet } from '../../src/models/unet';
import { featureExtractor } from '../../src/representation/features';
import { fitLogisticRegression } from '../../src/representation/logistic-regression';
import { initialState } from '../../src/training/state';
import { createTrainingStep, stepInputs } from '../../src/training/step';
import { stockTrainingStep } from './stock-training';

/** Plain TensorFlow.js, PyTorch (or scikit-learn) as it is, and PyTorch compiled. */
export type Competitor = 'stock' | 'torch' | 'torchCompile';
const everybody: Competitor[] = ['stock', 'torch', 'torchCompile'];

/** How a workload runs: threads, and compiled or as stock TensorFlow.js does (then stock-ops.ts was loaded before). */
export interface Variant {
  readonly threads: number;
  readonly compile: boolean;
}

/** One round of work; resolves to the number of units done. */
export type Round = () => Promise<number>;

/** A workload by name. */
export interface Workload {
  /** What is reported: milliseconds a step, units a second, or megabytes that the second round added. */
  readonly unit: 'ms/step' | 'images/s' | 'fits/s' | 'MB' | 's' | 'nodes' | '%';
  /** What this library is compared with. */
  readonly against: readonly Competitor[];
  /** Threads of every library, PyTorch included. */
  readonly threads: number;
  readonly prepare: (variant: Variant) => Round | Promise<Round>;
}

/** The model of the main job, and two others. */
const digits = createNetwork(presets.digits.network, [8, 8, 1]);
const ddpm = createUNet({
  imageShape: [32, 32, 3],
  design: 'ddpm++',
  channels: 32,
  multipliers: [2, 2, 2],
  blocks: 2,
  attentionResolutions: [16],
});
const mlp = createResidualMlp({ imageShape: [8, 8, 1], width: 256, blocks: 4 });
const { training } = presets.digits;

interface Training {
  readonly network: Network;
  readonly batchSize: number;
  /** Steps a round. */
  readonly steps: number;
  readonly threads: number;
}

/** The digits model trains and is measured on one core, as the main job does. */
const trainings: Record<string, Training> = {
  'training step, digits U-Net, batch 32': { network: digits, batchSize: 32, steps: 50, threads: 1 },
  'training step, DDPM++ of 32 channels at 32x32, batch 16': {
    network: ddpm,
    batchSize: 16,
    steps: 6,
    threads: 2,
  },
  'training step, DDPM++ of 32 channels at 32x32, batch 64': {
    network: ddpm,
    batchSize: 64,
    steps: 3,
    threads: 2,
  },
  'training step, residual MLP, batch 32': { network: mlp, batchSize: 32, steps: 200, threads: 1 },
};

/** The workloads, in the order of the report. */
export const workloads: Record<string, Workload> = {
  ...Object.fromEntries(
    Object.entries(trainings).map(([name, { network, batchSize, steps, threads }]): [string, Workload] => [
      name,
      {
        unit: 'ms/step',
        against: everybody,
        threads,
        prepare: variant => trainingStep(network, batchSize, steps, variant),
      },
    ]),
  ),
  'feature extraction, digits U-Net': {
    unit: 'images/s',
    against: everybody,
    threads: 1,
    prepare: variant => extraction(digits, 1000, variant),
  },
  'Heun sampling, digits U-Net, 18 steps': {
    unit: 'images/s',
    against: everybody,
    threads: 1,
    prepare: variant => sampling(digits, 300, variant),
  },
  'probe, 2,000 x 64 features, 10 classes': {
    unit: 'fits/s',
    against: ['torch'],
    threads: 2,
    prepare: () => probe(2000, 64, 10),
  },
  'probe, 20,000 x 512 features, 10 classes': {
    unit: 'fits/s',
    against: ['torch'],
    threads: 2,
    prepare: () => probe(20000, 512, 10),
  },
  'nearest neighbours, 1,000 in 50,000 x 3,072': {
    unit: 'images/s',
    against: ['torch'],
    threads: 2,
    prepare: () => neighbours(1000, 50_000, 3072),
  },
  'recording, DDPM++ of 32 channels, batch 16: time': {
    unit: 's',
    against: [],
    threads: 2,
    prepare: variant => recording(ddpm, 16, variant, ({ seconds }) => seconds),
  },
  'recording, DDPM++ of 32 channels, batch 16: nodes': {
    unit: 'nodes',
    against: [],
    threads: 2,
    prepare: variant => recording(ddpm, 16, variant, ({ nodeCount }) => nodeCount),
  },
  'recording, DDPM++ of 32 channels, batch 16: graph': {
    unit: 'MB',
    against: [],
    threads: 2,
    prepare: variant => recording(ddpm, 16, variant, ({ graph }) => graph.length / 1e6),
  },
  'event loop free while the digits U-Net trains': {
    unit: '%',
    against: ['stock'],
    threads: 1,
    prepare: variant => freeEventLoop(variant),
  },
  'memory growth, steps 1,000 to 5,000': {
    unit: 'MB',
    against: [],
    threads: 1,
    prepare: variant => memoryGrowth(variant),
  },
};

function denoiserOf(network: Network) {
  return createDenoiser(network, edmPreconditioning({ sigmaData: 0.5, noiseScale: 2 }));
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
  network: Network,
  batchSize: number,
  steps: number,
  variant: Variant,
): Promise<Round> {
  const step = variant.compile
    ? ourTrainingStep(network, batchSize, variant)
    : stockTrainingStep(denoiserOf(network), randomImages(1000, network.imageShape), batchSize);
  await step();
  return async () => {
    for (let i = 0; i < steps; i++) await step();
    return steps;
  };
}

function ourTrainingStep(network: Network, batchSize: number, variant: Variant): () => Promise<unknown> {
  const { variables, fn, settings } = trainingFunction(network, batchSize, variant);
  const step = compile(fn, { variables });
  let done = 0;
  return () => step(stepInputs(done++, settings));
}

/**
 * The ops of a training step by time, of the first training row whose name contains `only`.
 * @throws RangeError when there is none
 */
export async function profileTraining(only: string): Promise<OpProfile[]> {
  const training = Object.entries(trainings).find(([name]) => name.includes(only))?.[1];
  if (!training)
    throw new RangeError(
      `No training's name contains "${only}". They are: ${Object.keys(trainings).join('; ')}.`,
    );
  const { network, batchSize, threads } = training;
  const { variables, fn, settings } = trainingFunction(network, batchSize, { threads, compile: true });
  const ops = await profile(fn, { variables, inputs: stepInputs(0, settings), calls: 10 });
  variables.dispose();
  return ops;
}

function trainingFunction(network: Network, batchSize: number, variant: Variant) {
  const denoiser = denoiserOf(network);
  const { values } = initialState(initializeParameters(denoiser.network, 0), denoiser.network.parameters);
  const variables = createVariables({ ...values, images: randomImages(1000, network.imageShape) }, variant);
  const settings = { ...training, batchSize };
  const noise = logNormalNoise({ mean: -1.6, deviation: 1.4 });
  const { tensors } = variables;
  const fn = createTrainingStep({ denoiser, noise, dataset: network, config: settings, seed: 0, tensors });
  return { variables, fn, settings };
}

function extraction(network: Network, count: number, variant: Variant): Round {
  const denoiser = denoiserOf(network);
  const variables = createVariables(initializeParameters(denoiser.network, 0), variant);
  const images = randomImages(count, network.imageShape);
  const extract = featureExtractor({ denoiser, variables, layers: ['8x8_up'] });
  return async () => {
    await extract({ images, sigma: 0.15 });
    return count;
  };
}

function sampling(network: Network, count: number, variant: Variant): Round {
  const denoiser = denoiserOf(network);
  const variables = createVariables(initializeParameters(denoiser.network, 0), variant);
  const sample = heunSampler({ denoiser, variables });
  return async () => {
    await sample({ count, seed: 0 });
    return count;
  };
}

/** Records the training step; what is counted is chosen by `count`. */
function recording(
  network: Network,
  batchSize: number,
  variant: Variant,
  count: (recording: Recording & { seconds: number }) => number,
): Round {
  const { variables, fn, settings } = trainingFunction(network, batchSize, variant);
  let first: number | undefined; // the second recording of a process would be faster
  return () => {
    const start = performance.now();
    const recorded = record(fn, stepInputs(0, settings), variables.tensors, 'recording');
    first ??= count({ ...recorded, seconds: (performance.now() - start) / 1000 });
    return Promise.resolve(first);
  };
}

/** Trains for a while; what is counted is the percentage of that time in which JavaScript had nothing to do. */
async function freeEventLoop(variant: Variant): Promise<Round> {
  const step = await trainingStep(digits, 32, 1, variant);
  return async () => {
    await setImmediate();
    const before = performance.eventLoopUtilization();
    for (let i = 0; i < 100; i++) {
      await step();
      await setImmediate(); // eager steps alone never come back to the loop, which then cannot tell that it was busy
    }
    return 100 * (1 - performance.eventLoopUtilization(before).utilization);
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
