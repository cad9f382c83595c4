/** The layers that networks are built from: what parameters each has, and what it computes with them. */
import { biasAdd, groupNorm } from '../engine/ops';
import { deriveSeed, randomUniform } from '../engine/random';
import { tf } from '../engine/tensorflow';
import type { DropoutDraw, Parameters, ParameterSpec } from '../diffusion/network';
import { fanInStart, type LayerRole, type Start } from './starts';

/** Group normalization as configured for a whole network. */
export interface Normalization {
  /** At most this many groups; fewer where a group would have less than `minGroupSize` channels. */
  readonly maxGroups: number;
  /** Default 4. */
  readonly minGroupSize?: number;
  /** Added to the variance. */
  readonly epsilon: number;
}

/** How a layer's parameters start: default as PyTorch's do, for an inner layer. */
export interface StartOptions {
  readonly start?: Start;
  readonly role?: LayerRole;
}

/** Parameters of a convolution of `size` x `size` pixels. */
export function convolutionParameters(
  name: string,
  size: number,
  channels: { readonly from: number; readonly to: number },
  { start = fanInStart, role = 'inner' }: StartOptions = {},
): ParameterSpec[] {
  const { from, to } = channels;
  const initial = start({ in: size * size * from, out: size * size * to }, role);
  return [
    { name: `${name}.weight`, shape: [size, size, from, to], initial: initial.weight },
    { name: `${name}.bias`, shape: [to], initial: initial.bias },
  ];
}

/** Parameters of a linear layer. */
export function linearParameters(
  name: string,
  from: number,
  to: number,
  { start = fanInStart, role = 'inner' }: StartOptions = {},
): ParameterSpec[] {
  const initial = start({ in: from, out: to }, role);
  return [
    { name: `${name}.weight`, shape: [from, to], initial: initial.weight },
    { name: `${name}.bias`, shape: [to], initial: initial.bias },
  ];
}

/** Parameters of a group normalization. */
export function normalizationParameters(name: string, channels: number): ParameterSpec[] {
  return [
    { name: `${name}.weight`, shape: [channels], initial: { kind: 'ones' } },
    { name: `${name}.bias`, shape: [channels], initial: { kind: 'zeros' } },
  ];
}

/** A convolution with bias that keeps height and width. */
export function convolution(parameters: Parameters, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const weight = parameters[`${name}.weight`] as tf.Tensor4D;
  return biasAdd(tf.conv2d(x, weight, 1, 'same'), parameters[`${name}.bias`]);
}

/** A convolution with bias of patches that do not overlap: [B, H, W, from] -> [B, H / size, W / size, to]. */
export function patchConvolution(
  parameters: Parameters,
  name: string,
  x: tf.Tensor4D,
  size: number,
): tf.Tensor4D {
  const weight = parameters[`${name}.weight`] as tf.Tensor4D;
  return biasAdd(tf.conv2d(x, weight, size, 'valid'), parameters[`${name}.bias`]);
}

/** x [B, from] -> [B, to]. */
export function linear(parameters: Parameters, name: string, x: tf.Tensor2D): tf.Tensor2D {
  return biasAdd(tf.matMul<tf.Tensor2D>(x, parameters[`${name}.weight`]), parameters[`${name}.bias`]);
}

/** The number of groups of so many channels. It must divide them. */
export function groupsOf(channels: number, { maxGroups, minGroupSize = 4 }: Normalization): number {
  return Math.min(maxGroups, Math.floor(channels / minGroupSize));
}

/** Group normalization with the network's number of groups for these channels. */
export function normalization(
  parameters: Parameters,
  name: string,
  x: tf.Tensor4D,
  settings: Normalization,
): tf.Tensor4D {
  const gamma = parameters[`${name}.weight`] as tf.Tensor1D;
  const beta = parameters[`${name}.bias`] as tf.Tensor1D;
  return groupNorm(x, gamma, beta, groupsOf(x.shape[3], settings), settings.epsilon);
}

/** Each vector along the last axis at mean 0 and variance 1, without parameters. */
export function layerNormalization<T extends tf.Tensor>(x: T, epsilon: number): T {
  const width = x.shape[x.rank - 1];
  const rows = x.reshape<tf.Tensor4D>([-1, 1, 1, width]);
  // Layer normalization is group normalization with one group.
  return groupNorm(rows, tf.ones<tf.Rank.R1>([width]), tf.zeros([width]), 1, epsilon).reshape(x.shape);
}

/**
 * Dropout: each number of x becomes 0 with probability `rate`, the others grow by 1 / (1 - rate). Without a draw, x as it is.
 * @param name of the layer: layers draw independently of each other
 */
export function dropout<T extends tf.Tensor>(x: T, rate: number, name: string, draw?: DropoutDraw): T {
  if (!draw || rate === 0) return x;
  const uniform = randomUniform(x.shape, deriveSeed(draw.seed, name), draw.counter);
  const kept = uniform.greaterEqual(rate).toFloat();
  return x.mul(kept.mul(1 / (1 - rate)));
}
