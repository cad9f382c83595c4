/** One training step as a function of tensors: recorded once by the engine, then run as one native call. */
import { gatherImages, type ImageFormat } from '../data/pixels';
import type { Denoiser } from '../diffusion/denoiser';
import { denoisingLoss } from '../diffusion/loss';
import type { NoiseDistribution } from '../diffusion/noise';
import { applyAdam } from '../engine/adam';
import { deriveSeed, randomIntegers, randomNormal, randomUniform } from '../engine/random';
import { tf } from '../engine/tensorflow';
import { float32Scalar, int32Scalar, type NamedValues } from '../engine/values';
import type { TrainingConfig } from './config';
import { unpackTensor } from './packing';
import { emaDecayAt, learningRateAt } from './schedule';

/** What a step needs to know. */
export interface StepOptions {
  readonly denoiser: Denoiser;
  readonly noise: NoiseDistribution;
  readonly config: TrainingConfig;
  /** Turn each image drawn into its mirror image with probability 1/2. Default false. */
  readonly flips?: boolean;
  readonly seed: number;
  /** The training set, or what its images look like. */
  readonly dataset: ImageFormat;
  /** The state of state.ts, and the dataset's `residentImages` as `images`. */
  readonly tensors: Readonly<Record<string, tf.Variable>>;
}

/** The name under which the training images are kept beside the state. */
export const imagesName = 'images';

/** The inputs of step i (from 0). */
export function stepInputs(step: number, config: TrainingConfig): NamedValues {
  return {
    step: int32Scalar(step),
    learningRate: float32Scalar(learningRateAt(step, config)),
    emaDecay: float32Scalar(emaDecayAt(step, config)),
  };
}

/**
 * The step: draws a batch and its noise from (seed, step), takes the loss's gradient, updates weights and average.
 * Everything random is a function of seed and step, so that a resumed training repeats what it would have done.
 */
export function createTrainingStep(options: StepOptions) {
  return (inputs: Record<string, tf.Tensor>): { loss: tf.Tensor } => {
    const step = inputs.step as tf.Scalar;
    const { loss, gradient } = differentiate(options, drawBatch(options, step), step);
    update(options, inputs, gradient);
    return { loss };
  };
}

/** Training images, and the noise of each. */
export interface Batch {
  /** [B, H, W, C] */
  readonly images: tf.Tensor4D;
  /** [B] */
  readonly sigma: tf.Tensor1D;
  /** [B, H, W, C] */
  readonly noise: tf.Tensor4D;
}

/** The loss of a batch and its gradient [P]; dropout is drawn from the seed and `counter`. */
export function differentiate(
  { denoiser, seed, tensors }: StepOptions,
  { images, sigma, noise }: Batch,
  counter: tf.Scalar,
): { loss: tf.Tensor; gradient: tf.Tensor } {
  const dropout = { seed: deriveSeed(seed, 'dropout'), counter };
  const lossOf = (packed: tf.Tensor) => {
    const parameters = unpackTensor(packed, denoiser.network.parameters);
    return denoisingLoss(denoiser, parameters, images, sigma, noise, dropout);
  };
  const { value: loss, grad: gradient } = tf.valueAndGrad(lossOf)(tensors.raw);
  return { loss, gradient };
}

/** Updates weights, moments and average by a gradient [P]; `inputs` are those of stepInputs. */
export function update(
  { config, tensors }: StepOptions,
  inputs: Record<string, tf.Tensor>,
  gradient: tf.Tensor,
): void {
  const slot = {
    parameter: tensors.raw,
    firstMoment: tensors['adam.m'],
    secondMoment: tensors['adam.v'],
    gradient,
  };
  applyAdam([slot], {
    ...config,
    learningRate: inputs.learningRate as tf.Scalar,
    step: inputs.step.add(tf.scalar(1, 'int32')),
  });
  follow(tensors.ema, tensors.raw, inputs.emaDecay as tf.Scalar);
}

/** The batch of a step. */
export function drawBatch(options: StepOptions, step: tf.Scalar): Batch {
  const { denoiser, noise, dataset, flips, seed, tensors } = options;
  const { batchSize } = options.config;
  const all = tensors[imagesName]; // [N, ...]
  const chosen = randomIntegers([batchSize], all.shape[0], deriveSeed(seed, 'batch'), step); // [B]
  const shape = [batchSize, ...denoiser.network.imageShape];
  const images = gatherImages(all, chosen as tf.Tensor1D, dataset); // [B, H, W, C]
  return {
    images: flips ? flipRandomly(images, deriveSeed(seed, 'flips'), step) : images,
    sigma: noise.sample(batchSize, deriveSeed(seed, 'sigma'), step), // [B]
    noise: randomNormal(shape, deriveSeed(seed, 'noise'), step) as tf.Tensor4D, // [B, H, W, C]
  };
}

/** Each image [B, H, W, C] as it is or, as (seed, step) decide, with left and right exchanged. */
export function flipRandomly(images: tf.Tensor4D, seed: number, step: tf.Scalar): tf.Tensor4D {
  return tf.tidy(() => {
    const isFlipped = randomUniform([images.shape[0], 1, 1, 1], seed, step).less(0.5);
    return tf.where(isFlipped, images.reverse(2), images);
  });
}

/** average <- decay * average + (1 - decay) * weight */
export function follow(average: tf.Variable, weight: tf.Variable, decay: tf.Scalar): void {
  tf.tidy(() => average.assign(weight.add(average.sub(weight).mul(decay))));
}
