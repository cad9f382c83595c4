/**
 * Trains a MoLRG DAE as the paper does: over all levels of the DDPM schedule (T = 500), Adam 5e-4, 200 epochs, U brought back to its
 * Stiefel manifold after each step. One step is one call of a compiled function.
 */
import { Matrix } from 'ml-matrix';
import { applyAdam } from '../engine/adam';
import { deriveSeed } from '../engine/random';
import { tf } from '../engine/tensorflow';
import { float32 } from '../engine/values';
import { daeEstimator, daeFeatures } from './dae';
import { classIndicator, obliqueDae, orthogonalDae, retract, tangent, type DaeSettings } from './dae-network';
import { concatenateColumns, orthonormalize, principalDirections, randomFrame } from './linear';
import { isOrthogonal, type Molrg, type MolrgSamples } from './molrg';
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

/** What keeps U on its manifold: all columns orthonormal, those of each class, or nothing. */
export type BasisConstraint = 'joint' | 'classwise' | 'none';

/** Settings of a training; the defaults are the paper's. */
export interface TrainMolrgOptions extends TrainingOptions {
  /** Default 'joint' for orthogonal classes, 'classwise' for others. */
  constraint?: BasisConstraint;
  /** Whether the network knows the mixing weights; default true. */
  prior?: boolean;
  /** The loss of a sample is multiplied by sigma to this power; default 0, the plain squared error. */
  sigmaPower?: number;
  /**
   * Where U starts: 'labelled' (default) at the principal directions of 4 d_k labelled samples of each class, 'random' anywhere.
   * From a random start a learned block long mixes directions of several classes.
   */
  start?: 'labelled' | 'random';
}

/** A MoLRG DAE. */
export interface MolrgNetwork {
  /** Learned U_k, [n, d_k] for each class. */
  readonly bases: readonly Matrix[];
  /**
   * x_theta in double precision, for measurements: by Proposition 1, the network itself where the classes are orthonormal. A network
   * with the constraint 'classwise' is trained as the denoiser for classes at any angle; this is Proposition 1 on its bases.
   */
  readonly estimator: Estimator;
  /** h, [N, R], of points x_t, [N, n] row-major, by Proposition 1 as the estimator. */
  readonly features: (points: Float64Array, sigma: number) => Float64Array;
}

/** A trained MoLRG DAE. */
export interface TrainedMolrg extends MolrgNetwork {
  readonly losses: LossCurve;
  readonly steps: number;
}

/**
 * Trains the network that the constraint is for: with 'classwise' that for classes at any angle, else that of Proposition 1.
 * What is measured afterwards is Proposition 1 on the learned bases, see {@link MolrgNetwork}.
 * @throws RangeError for settings outside their range, before any work
 */
export async function trainMolrg(model: Molrg, options: TrainMolrgOptions = {}): Promise<TrainedMolrg> {
  const training = resolveTraining(options);
  const { sigmaPower = 0 } = options;
  const constraint = options.constraint ?? (isOrthogonal(model) ? 'joint' : 'classwise');
  const data = trainingSamples(model, training);
  const start = startingBases(model, data, options.start ?? 'labelled', deriveSeed(training.seed, 'start'));
  const settings = daeSettings(model, options);
  const shape = [model.ambient, start.columns];
  const zeros = float32(new Float32Array(start.size), shape);
  const initial = {
    bases: float32(Float32Array.from(start.to1DArray()), shape),
    firstMoment: zeros,
    secondMoment: zeros,
  };
  const update = { ...training, constraint, settings, sigmaPower };
  const { values, losses, steps } = await runTraining(initial, data, {
    ...training,
    step: tensors => inputs => trainingStep(tensors, inputs, update),
    results: ['bases'],
  });
  const joined = Matrix.from1DArray(model.ambient, start.columns, values.bases.values);
  return { ...molrgNetwork(model, splitColumns(joined, model.ranks), options), losses, steps };
}

/** The network that has these bases, [n, d_k] for each class. */
export function molrgNetwork(
  model: Molrg,
  bases: readonly Matrix[],
  options: Pick<TrainMolrgOptions, 'prior'> = {},
): MolrgNetwork {
  const settings = daeSettings(model, options);
  return {
    bases,
    estimator: daeEstimator(bases, settings),
    features: (points, sigma) => daeFeatures(bases, settings, points, sigma),
  };
}

function daeSettings(
  { ranks, delta, weights }: Molrg,
  { prior = true }: Pick<TrainMolrgOptions, 'prior'>,
): DaeSettings {
  return { ranks, delta, logPrior: weights.map(weight => (prior ? Math.log(weight) : 0)) };
}

interface Update {
  batchSize: number;
  constraint: BasisConstraint;
  settings: DaeSettings;
  sigmaPower: number;
  seed: number;
}

/** Samples of one noise level in the oblique network, which inverts a matrix for each level. */
const obliqueGroup = 32;

function trainingStep(
  tensors: Readonly<Record<string, tf.Variable>>,
  { step, rate }: Record<string, tf.Tensor>,
  { batchSize, constraint, settings, sigmaPower, seed }: Update,
): { loss: tf.Tensor } {
  const oblique = constraint === 'classwise';
  const groupSize = oblique ? obliqueGroup : 1;
  const groups = Math.ceil(batchSize / groupSize);
  const { clean, noisy, sigma } = drawBatch(tensors.data, step as tf.Scalar, {
    groups,
    groupSize,
    levels: ddpmSigmas(),
    seed,
  });
  const loss = (bases: tf.Tensor) => {
    const u = bases as tf.Tensor2D;
    const estimate = oblique
      ? obliqueDae(u, noisy, sigma.reshape([groups]), settings)
      : orthogonalDae(u, noisy.reshape([groups, clean.shape[2]]), sigma.reshape([groups, 1]), settings);
    const error = estimate.reshape(clean.shape).sub(clean).square().sum(2, true);
    return (sigmaPower === 0 ? error : error.mul(sigma.pow(tf.scalar(sigmaPower)))).mean<tf.Scalar>();
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
