/** The layers that networks are built from: what parameters each has, and what it computes with them. */
import { biasAdd, groupNorm } from '../engine/ops';
import { tf } from '../engine/tensorflow';
import type { InitialValue, Parameters, ParameterSpec } from '../diffusion/network';

/** Group normalization as configured for a whole network. */
export interface Normalization {
  /** At most this many groups; fewer where a group would have less than 4 channels. */
  readonly maxGroups: number;
  /** Added to the variance. */
  readonly epsilon: number;
}

/** Uniform within 1 / sqrt(inputs) of 0: PyTorch's default start of weights and biases. */
export function fanInUniform(inputs: number): InitialValue {
  return { kind: 'uniform', bound: 1 / Math.sqrt(inputs) };
}

/** Parameters of a convolution of `size` x `size` pixels; its weight's start may differ from the default. */
export function convolutionParameters(
  name: string,
  size: number,
  channels: { readonly from: number; readonly to: number },
  start: { readonly weight?: InitialValue; readonly bias?: InitialValue } = {},
): ParameterSpec[] {
  const initial = fanInUniform(size * size * channels.from);
  const shape = [size, size, channels.from, channels.to];
  return [
    { name: `${name}.weight`, shape, initial: start.weight ?? initial },
    { name: `${name}.bias`, shape: [channels.to], initial: start.bias ?? initial },
  ];
}

/** Parameters of a linear layer. */
export function linearParameters(name: string, from: number, to: number): ParameterSpec[] {
  const initial = fanInUniform(from);
  return [
    { name: `${name}.weight`, shape: [from, to], initial },
    { name: `${name}.bias`, shape: [to], initial },
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

/** x [B, from] -> [B, to]. */
export function linear(parameters: Parameters, name: string, x: tf.Tensor2D): tf.Tensor2D {
  return biasAdd(tf.matMul<tf.Tensor2D>(x, parameters[`${name}.weight`]), parameters[`${name}.bias`]);
}

/** Group normalization with the network's number of groups for these channels. */
export function normalization(
  parameters: Parameters,
  name: string,
  x: tf.Tensor4D,
  { maxGroups, epsilon }: Normalization,
): tf.Tensor4D {
  const groups = Math.min(maxGroups, Math.floor(x.shape[3] / 4));
  const gamma = parameters[`${name}.weight`] as tf.Tensor1D;
  const beta = parameters[`${name}.bias`] as tf.Tensor1D;
  return groupNorm(x, gamma, beta, groups, epsilon);
}
