/**
 * The vanilla denoiser that the MoLRG DAE is compared with: a free network of two layers that knows nothing of the model,
 *   x_theta = W_2 silu(W_1 c_in x_t + v ln sigma + b),   c_in = (1 + sigma^2)^-1/2,
 * with about as many parameters as U. Trained over all noise levels, or for a single one (a per-level DAE).
 */
import { applyAdam } from '../engine/adam';
import { silu } from '../engine/ops';
import { tf } from '../engine/tensorflow';
import { float32, type NamedValues } from '../engine/values';
import type { Molrg } from './molrg';
import { requireSigma } from './molrg-options';
import { randomSource } from './random';
import { ddpmSigmas } from './schedule';
import type { Estimator } from './snr';
import {
  drawBatch,
  resolveTraining,
  runTraining,
  trainingSamples,
  type LossCurve,
  type TrainingOptions,
} from './training-loop';

/** Settings of a vanilla denoiser. */
export interface TrainVanillaOptions extends TrainingOptions {
  /** Width of the hidden layer; default: as many parameters as the MoLRG DAE's n R, or a few more. */
  hidden?: number;
  /** Trains for this noise level alone; default: all levels of the DDPM schedule. */
  sigma?: number;
}

/** A trained vanilla denoiser. */
export interface TrainedVanilla {
  /** Its parameters by name. */
  readonly weights: NamedValues;
  readonly estimator: Estimator;
  readonly parameterCount: number;
  readonly losses: LossCurve;
}

const names = ['w1', 'w2', 'v', 'b'] as const;
type Weights = Record<(typeof names)[number], tf.Tensor>;

/** @throws RangeError for settings outside their range, before any work */
export async function trainVanilla(model: Molrg, options: TrainVanillaOptions = {}): Promise<TrainedVanilla> {
  const training = resolveTraining(options);
  if (options.sigma !== undefined) requireSigma(options.sigma);
  const width = model.ranks.reduce((sum, rank) => sum + rank, 0);
  const hidden = options.hidden ?? Math.ceil((model.ambient * width) / (2 * model.ambient + 2));
  if (!Number.isInteger(hidden) || hidden < 1) {
    throw new RangeError(`hidden ${hidden}: the hidden layer needs a positive whole number of units.`);
  }
  const initial = initialWeights(model.ambient, hidden, training.seed);
  const parameterCount = names.reduce((sum, name) => sum + initial[name].values.length, 0);
  const moments = names.flatMap(name =>
    ['m', 'v2'].map(kind => [`${name}.${kind}`, zerosLike(initial[name])]),
  );
  const levels = options.sigma === undefined ? ddpmSigmas() : [options.sigma];
  const { values, losses } = await runTraining(
    { ...initial, ...(Object.fromEntries(moments) as NamedValues) },
    trainingSamples(model, training),
    {
      ...training,
      step: tensors => inputs => vanillaStep(tensors, inputs, { ...training, levels }),
      results: names,
    },
  );
  return { weights: values, estimator: vanillaEstimator(values, model.ambient), parameterCount, losses };
}

function initialWeights(ambient: number, hidden: number, seed: number): NamedValues {
  const source = randomSource(seed);
  const normal = (rows: number, columns: number) => {
    const values = source.fillNormal(new Float64Array(rows * columns));
    return float32(
      Float32Array.from(values, value => value / Math.sqrt(rows)),
      [rows, columns],
    );
  };
  const zeros = () => float32(new Float32Array(hidden), [1, hidden]);
  return { w1: normal(ambient, hidden), w2: normal(hidden, ambient), v: zeros(), b: zeros() };
}

function zerosLike({ values, shape }: NamedValues[string]) {
  return float32(new Float32Array(values.length), [...shape]);
}

/** x_theta for x_t [B, n] and sigma [B, 1]. */
function applyVanilla(weights: Weights, noisy: tf.Tensor2D, sigma: tf.Tensor2D): tf.Tensor2D {
  const scaled = noisy.div<tf.Tensor2D>(sigma.square().add(1).sqrt());
  const inner = scaled
    .matMul(weights.w1 as tf.Tensor2D)
    .add(sigma.log().mul(weights.v))
    .add(weights.b);
  return tf.matMul<tf.Tensor2D>(silu(inner), weights.w2);
}

function vanillaStep(
  tensors: Readonly<Record<string, tf.Variable>>,
  { step, rate }: Record<string, tf.Tensor>,
  { batchSize, levels, seed }: { batchSize: number; levels: ArrayLike<number>; seed: number },
): { loss: tf.Tensor } {
  const options = { groups: batchSize, groupSize: 1, levels, seed };
  const batch = drawBatch(tensors.data, step as tf.Scalar, options);
  const clean = batch.clean.reshape<tf.Tensor2D>([batchSize, batch.clean.shape[2]]);
  const noisy = batch.noisy.reshape<tf.Tensor2D>(clean.shape);
  const sigma = batch.sigma.reshape<tf.Tensor2D>([batchSize, 1]);
  const loss = (...[w1, w2, v, b]: tf.Tensor[]) =>
    applyVanilla({ w1, w2, v, b }, noisy, sigma).sub(clean).square().sum(1).mean<tf.Scalar>();
  const { value, grads } = tf.valueAndGrads(loss)(names.map(name => tensors[name]));
  const slots = names.map((name, i) => ({
    parameter: tensors[name],
    firstMoment: tensors[`${name}.m`],
    secondMoment: tensors[`${name}.v2`],
    gradient: grads[i],
  }));
  applyAdam(slots, { learningRate: rate as tf.Scalar, step: step.add(tf.scalar(1, 'int32')) });
  return { loss: value };
}

/** x_theta of a network with these parameters. */
export function vanillaEstimator(values: NamedValues, ambient: number): Estimator {
  return {
    space: 'ambient',
    estimate: (points, sigma) => {
      const estimate = tf.tidy(() => {
        const tensor = (name: string) => tf.tensor(values[name].values, [...values[name].shape]);
        const weights = { w1: tensor('w1'), w2: tensor('w2'), v: tensor('v'), b: tensor('b') };
        const count = points.length / ambient;
        const noisy = tf.tensor2d(Float32Array.from(points), [count, ambient]);
        return applyVanilla(weights, noisy, tf.fill([count, 1], sigma));
      });
      const result = Float64Array.from(estimate.dataSync());
      estimate.dispose();
      return result;
    },
  };
}
