/**
 * Trains a MoLRG DAE as the paper does: over all levels of the DDPM schedule (T = 500), Adam 5e-4, 200 epochs, U brought back to its
 * Stiefel manifold after each step. One step is one call of a compiled function.
 */
import { Matrix } from 'ml-matrix';
import { applyAdam } from '../engine/adam';
import { compile } from '../engine/compile';
import { gatherRows } from '../engine/ops';
import { deriveSeed, randomIntegers, randomNormal } from '../engine/random';
import { tf } from '../engine/tensorflow';
import { float32, float32Scalar, int32Scalar } from '../engine/values';
import { createVariables } from '../engine/variables';
import { classIndicator, obliqueDae, orthogonalDae, retract, tangent, type DaeSettings } from './dae-network';
import { concatenateColumns, orthonormalize, principalDirections, randomFrame } from './linear';
import { isOrthogonal, sampleMolrg, type Molrg, type MolrgSamples } from './molrg';
import { randomSource } from './random';
import { ddpmSigmas } from './schedule';
import { daeEstimator } from './dae';
import type { Estimator } from './snr';

/** What keeps U on its manifold: all columns orthonormal, those of each class, or nothing. */
export type BasisConstraint = 'joint' | 'classwise' | 'none';

/** Settings of a training; the defaults are the paper's. */
export interface TrainMolrgOptions {
  /** Training samples; default 30,000. */
  samples?: number;
  /** Passes over them; default 200. */
  epochs?: number;
  /** Default 512. */
  batchSize?: number;
  /** Adam's rate at the start; it falls to zero by a half cosine over the last half, so that U comes to rest. Default 5e-4. */
  learningRate?: number;
  /** Default 'joint' for orthogonal classes, 'classwise' for others. */
  constraint?: BasisConstraint;
  /** Whether the network knows the mixing weights; default true. */
  prior?: boolean;
  /** The loss of a sample is multiplied by sigma to this power; default 0, the plain squared error. */
  sigmaPower?: number;
  /**
   * Where U starts: 'labelled' (default) at the principal directions of 4 d_k labelled samples of each class, 'random' anywhere.
   * From a random start the loss has local minima in which a learned block mixes directions of several classes.
   */
  start?: 'labelled' | 'random';
  /** Default 0. */
  seed?: number;
  /** Called some hundred times with the share of steps done and the loss. */
  onProgress?: (done: number, loss: number) => void;
  /** Stops the training with the signal's reason. */
  signal?: AbortSignal;
  /** false: run eagerly. Default true. */
  compile?: boolean;
}

/** A trained MoLRG DAE. */
export interface TrainedMolrg {
  /** Learned U_k, [n, d_k] for each class. */
  readonly bases: readonly Matrix[];
  /** x_theta in double precision, for measurements. */
  readonly estimator: Estimator;
  readonly losses: readonly { readonly step: number; readonly loss: number }[];
  readonly steps: number;
}

/** @throws RangeError for settings outside their range, before any work */
export async function trainMolrg(model: Molrg, options: TrainMolrgOptions = {}): Promise<TrainedMolrg> {
  const { samples = 30_000, epochs = 200, batchSize = 512, prior = true, seed = 0 } = options;
  const constraint = options.constraint ?? (isOrthogonal(model) ? 'joint' : 'classwise');
  const rate = options.learningRate ?? 5e-4;
  for (const [name, value] of Object.entries({ samples, epochs, batchSize })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`${name} ${value}: must be a positive whole number.`);
    }
  }
  if (!(rate > 0)) throw new RangeError(`learningRate ${rate}: must be positive, such as 5e-4.`);
  const data = sampleMolrg(model, samples, { seed: deriveSeed(seed, 'training samples') });
  const start = startingBases(model, data, options.start ?? 'labelled', deriveSeed(seed, 'start'));
  const settings: DaeSettings = {
    ranks: model.ranks,
    delta: model.delta,
    logPrior: model.weights.map(weight => (prior ? Math.log(weight) : 0)),
  };
  const steps = Math.max(1, Math.round((epochs * samples) / batchSize));
  const width = start.columns;
  const zeros = float32(new Float32Array(model.ambient * width), [model.ambient, width]);
  const variables = createVariables(
    {
      bases: float32(Float32Array.from(start.to1DArray()), [model.ambient, width]),
      firstMoment: zeros,
      secondMoment: zeros,
      data: float32(Float32Array.from(data.samples), [samples, model.ambient]),
    },
    { compile: options.compile, threads: 1 },
  );
  try {
    const update = { ...options, batchSize, constraint, seed, count: samples, settings };
    const step = compile(inputs => trainingStep(variables.tensors, inputs, update), {
      variables,
      example: { step: int32Scalar(0), rate: float32Scalar(0) },
    });
    const losses: { step: number; loss: number }[] = [];
    const interval = Math.max(1, Math.floor(steps / 200));
    for (let i = 0; i < steps; i++) {
      options.signal?.throwIfAborted();
      const { loss } = await step({ step: int32Scalar(i), rate: float32Scalar(rate * cooling(i / steps)) });
      if (i % interval === 0 || i === steps - 1) {
        losses.push({ step: i, loss: loss.values[0] });
        options.onProgress?.((i + 1) / steps, loss.values[0]);
      }
    }
    const { bases } = await variables.read(['bases']);
    const learned = splitColumns(Matrix.from1DArray(model.ambient, width, bases.values), model.ranks);
    return { bases: learned, estimator: daeEstimator(learned, settings), losses, steps };
  } finally {
    variables.dispose();
  }
}

/** 1 over the first half, then down to 0. */
function cooling(done: number): number {
  return done < 0.5 ? 1 : 0.5 * (1 + Math.cos(2 * Math.PI * (done - 0.5)));
}

interface Update {
  batchSize: number;
  count: number;
  constraint: BasisConstraint;
  settings: DaeSettings;
  sigmaPower?: number;
  seed: number;
}

/** Samples of one noise level in the oblique network, which inverts a matrix for each level. */
const groupSize = 32;

function trainingStep(
  tensors: Readonly<Record<string, tf.Variable>>,
  { step, rate }: Record<string, tf.Tensor>,
  { batchSize, count, constraint, settings, sigmaPower = 0, seed }: Update,
): { loss: tf.Tensor } {
  const counter = step as tf.Scalar;
  const oblique = constraint === 'classwise';
  const groups = oblique ? Math.ceil(batchSize / groupSize) : batchSize;
  const size = oblique ? groups * groupSize : batchSize;
  const ambient = tensors.data.shape[1]!;
  const schedule = tf.tensor1d(Float32Array.from(ddpmSigmas()));
  const rows = randomIntegers([size], count, deriveSeed(seed, 'batch'), counter) as tf.Tensor1D;
  const levels = randomIntegers([groups], schedule.size, deriveSeed(seed, 'level'), counter) as tf.Tensor1D;
  const noise = randomNormal([size, ambient], deriveSeed(seed, 'noise'), counter);
  const clean = gatherRows(tensors.data, rows).reshape([groups, size / groups, ambient]);
  const sigma = gatherRows(schedule, levels).reshape([groups, 1, 1]);
  const noisy = clean.add(sigma.mul(noise.reshape(clean.shape)));
  const weight = sigmaPower === 0 ? undefined : sigma.pow(tf.scalar(sigmaPower));

  const loss = (bases: tf.Tensor) => {
    const estimate = oblique
      ? obliqueDae(bases as tf.Tensor2D, noisy as tf.Tensor3D, sigma.reshape([groups]), settings)
      : orthogonalDae(
          bases as tf.Tensor2D,
          noisy.reshape([size, ambient]),
          sigma.reshape([size, 1]),
          settings,
        );
    const error = estimate.reshape(clean.shape).sub(clean).square().sum(2, true);
    return (weight ? error.mul(weight) : error).mean<tf.Scalar>();
  };
  const { value, grad } = tf.valueAndGrad(loss)(tensors.bases);
  const mask = constraintMask(constraint, settings.ranks);
  const bases = tensors.bases as tf.Tensor as tf.Tensor2D;
  const gradient = mask ? tangent(bases, grad as tf.Tensor2D, mask) : grad;
  const { firstMoment, secondMoment } = tensors;
  applyAdam([{ parameter: tensors.bases, firstMoment, secondMoment, gradient }], {
    learningRate: rate as tf.Scalar,
    step: step.add(tf.scalar(1, 'int32')),
  });
  if (mask) tensors.bases.assign(retract(tensors.bases as tf.Tensor as tf.Tensor2D, mask));
  return { loss: value };
}

function constraintMask(constraint: BasisConstraint, ranks: readonly number[]): tf.Tensor2D | undefined {
  if (constraint === 'none') return undefined;
  const indicator = classIndicator(ranks);
  return constraint === 'joint'
    ? tf.ones<tf.Rank.R2>([indicator.shape[1], indicator.shape[1]])
    : (indicator.matMul(indicator, true) as tf.Tensor2D);
}

function startingBases(model: Molrg, data: MolrgSamples, start: 'labelled' | 'random', seed: number): Matrix {
  const width = model.ranks.reduce((sum, rank) => sum + rank, 0);
  if (start === 'random') return randomFrame(model.ambient, width, randomSource(seed));
  const bases = model.ranks.map((rank, k) => {
    const rows = [...data.labels.keys()].filter(i => data.labels[i] === k).slice(0, 4 * rank);
    if (rows.length < rank) {
      throw new RangeError(
        `samples ${data.count}: class ${k} has ${rows.length} of them, fewer than its rank ${rank}; draw more samples.`,
      );
    }
    const points = rows.map(i => [...data.samples.subarray(i * model.ambient, (i + 1) * model.ambient)]);
    return principalDirections(new Matrix(points), rank);
  });
  const joined = concatenateColumns(bases);
  return isOrthogonal(model) ? orthonormalize(joined) : joined;
}

function splitColumns(matrix: Matrix, ranks: readonly number[]): Matrix[] {
  let first = 0;
  return ranks.map(rank => {
    first += rank;
    return matrix.subMatrix(0, matrix.rows - 1, first - rank, first - 1);
  });
}
