/** What every denoiser of the solvable model is trained with: settings, batches over the noise schedule, and the loop. */
import { compile } from '../engine/compile';
import { gatherRows } from '../engine/ops';
import { deriveSeed, randomIntegers, randomNormal } from '../engine/random';
import type { TensorFunction } from '../engine/recorder';
import { tf } from '../engine/tensorflow';
import { float32, float32Scalar, int32Scalar, type NamedValues } from '../engine/values';
import { createVariables } from '../engine/variables';
import { sampleMolrg, type Molrg, type MolrgSamples } from './molrg';

/** Settings of a training; the defaults are the paper's. */
export interface TrainingOptions {
  /** Training samples; default 30,000. */
  samples?: number;
  /** Passes over them; default 200. */
  epochs?: number;
  /** Default 512. */
  batchSize?: number;
  /** Adam's rate at the start; it falls to zero by a half cosine over the last half. Default 5e-4. */
  learningRate?: number;
  /** Default 0. */
  seed?: number;
  /** Called some hundred times with the share of steps done and the loss. */
  onProgress?: (done: number, loss: number) => void;
  /** Stops the training with the signal's reason. */
  signal?: AbortSignal;
  /** false: run eagerly. Default true. */
  compile?: boolean;
}

/** Settings with their defaults. */
export type ResolvedTraining = TrainingOptions &
  Required<Pick<TrainingOptions, 'samples' | 'epochs' | 'batchSize' | 'learningRate' | 'seed'>>;

/** The loss at some steps. */
export type LossCurve = readonly { readonly step: number; readonly loss: number }[];

/** @throws RangeError for settings outside their range */
export function resolveTraining(options: TrainingOptions): ResolvedTraining {
  const resolved = {
    ...options,
    samples: options.samples ?? 30_000,
    epochs: options.epochs ?? 200,
    batchSize: options.batchSize ?? 512,
    learningRate: options.learningRate ?? 5e-4,
    seed: options.seed ?? 0,
  };
  for (const name of ['samples', 'epochs', 'batchSize'] as const) {
    if (!Number.isInteger(resolved[name]) || resolved[name] < 1) {
      throw new RangeError(`${name} ${resolved[name]}: must be a positive whole number.`);
    }
  }
  if (!(resolved.learningRate > 0)) {
    throw new RangeError(`learningRate ${resolved.learningRate}: must be positive, such as 5e-4.`);
  }
  return resolved;
}

/** The samples that a training with this seed sees. */
export function trainingSamples(model: Molrg, { samples, seed }: ResolvedTraining): MolrgSamples {
  return sampleMolrg(model, samples, { seed: deriveSeed(seed, 'training samples') });
}

/** Samples of a batch, in groups of one noise level each. */
export interface NoisyBatch {
  /** x_0, [G, M, n] */
  readonly clean: tf.Tensor3D;
  /** x_t = x_0 + sigma eps, [G, M, n] */
  readonly noisy: tf.Tensor3D;
  /** [G, 1, 1] */
  readonly sigma: tf.Tensor3D;
}

/** Draws the batch of a step: rows of the data, a noise level for each group, noise; all from (seed, step). */
export function drawBatch(
  data: tf.Tensor,
  step: tf.Scalar,
  options: { groups: number; groupSize: number; levels: ArrayLike<number>; seed: number },
): NoisyBatch {
  const { groups, groupSize, levels, seed } = options;
  const [count, ambient] = data.shape;
  const size = groups * groupSize;
  const schedule = tf.tensor1d(Float32Array.from(levels));
  const rows = randomIntegers([size], count, deriveSeed(seed, 'batch'), step) as tf.Tensor1D;
  const chosen = randomIntegers([groups], levels.length, deriveSeed(seed, 'level'), step) as tf.Tensor1D;
  const shape: [number, number, number] = [groups, groupSize, ambient];
  const noise = randomNormal(shape, deriveSeed(seed, 'noise'), step);
  const clean = gatherRows(data, rows).reshape<tf.Tensor3D>(shape);
  const sigma = gatherRows(schedule, chosen).reshape<tf.Tensor3D>([groups, 1, 1]);
  return { clean, noisy: clean.add(sigma.mul(noise)), sigma };
}

/**
 * Runs a training: variables, one compiled call a step, the loss now and then.
 * @param initial the variables that the step uses; `data`, [N, n], is added
 * @param step makes the step from the variables; its inputs are `step` (int32) and `rate`, its output `loss`
 * @returns the final values of the named variables
 */
export async function runTraining(
  initial: NamedValues,
  data: MolrgSamples,
  options: ResolvedTraining & {
    step: (tensors: Readonly<Record<string, tf.Variable>>) => TensorFunction;
    results: readonly string[];
  },
): Promise<{ values: NamedValues; losses: LossCurve; steps: number }> {
  const { samples, epochs, batchSize, learningRate, signal, onProgress } = options;
  const steps = Math.max(1, Math.round((epochs * samples) / batchSize));
  const points = float32(Float32Array.from(data.samples), [data.count, data.samples.length / data.count]);
  const variables = createVariables(
    { ...initial, data: points },
    // The matrices are small: one thread is fastest, and leaves the others to the notebook.
    { compile: options.compile, threads: 1 },
  );
  try {
    const inputsOf = (i: number) => ({
      step: int32Scalar(i),
      rate: float32Scalar(learningRate * cooling(i / steps)),
    });
    const step = compile(options.step(variables.tensors), { variables, example: inputsOf(0) });
    const losses: { step: number; loss: number }[] = [];
    const interval = Math.max(1, Math.floor(steps / 200));
    for (let i = 0; i < steps; i++) {
      signal?.throwIfAborted();
      const { loss } = await step(inputsOf(i));
      if (i % interval !== 0 && i !== steps - 1) continue;
      losses.push({ step: i, loss: loss.values[0] });
      onProgress?.((i + 1) / steps, loss.values[0]);
    }
    return { values: await variables.read(options.results), losses, steps };
  } finally {
    variables.dispose();
  }
}

/** 1 over the first half, then down to 0, so that the weights come to rest. */
function cooling(done: number): number {
  return done < 0.5 ? 1 : 0.5 * (1 + Math.cos(2 * Math.PI * (done - 0.5)));
}
