/** The residual block of U-Nets: two normalized convolutions with the noise level added between them, then attention if it has any. */
import { averagePool2x, silu, upsample2x } from '../engine/ops';
import type { tf } from '../engine/tensorflow';
import type { DropoutDraw, Parameters, ParameterSpec } from '../diffusion/network';
import { attention, attentionParameters } from './attention';
import type { Normalization } from './layers';
import {
  convolution,
  convolutionParameters,
  dropout,
  linear,
  linearParameters,
  normalization,
  normalizationParameters,
} from './layers';
import type { Start } from './starts';

/** One block of a U-Net: what it is called, its channels, and whether it halves or doubles height and width. */
export interface ResidualBlock {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly resample?: 'down' | 'up';
  /** Whether the skip path has a convolution of one pixel; it must where the channels change. */
  readonly projectsSkip: boolean;
  /** Whether attention (EDM's, one head) follows. */
  readonly attends?: boolean;
}

/** What all blocks of a network have in common. */
export interface BlockSettings {
  readonly normalization: Normalization;
  /** Probability with which the second convolution's inputs are dropped in training. */
  readonly dropout: number;
  /** What the sum of both paths is multiplied by. */
  readonly skipScale: number;
  /** What the block's layers are called; EDM: norm0, conv0, affine, norm1, conv1, skip. */
  readonly names: BlockNames;
}

/** Names of a block's layers, in the order in which they are applied. */
export interface BlockNames {
  readonly norm0: string;
  readonly conv0: string;
  /** Linear, from the noise embedding. */
  readonly affine: string;
  readonly norm1: string;
  readonly conv1: string;
  readonly skip: string;
}

/** The names of EDM's "UNetBlock". */
export const edmBlockNames: BlockNames = {
  norm0: 'norm0',
  conv0: 'conv0',
  affine: 'affine',
  norm1: 'norm1',
  conv1: 'conv1',
  skip: 'skip',
};

/** The block's parameters; `embedding` is the number of channels of the noise embedding. */
export function residualBlockParameters(
  block: ResidualBlock,
  embedding: number,
  { names }: BlockSettings,
  start: Start,
): ParameterSpec[] {
  const { name, from, to } = block;
  const residual = { start, role: 'residual' } as const;
  return [
    ...normalizationParameters(`${name}.${names.norm0}`, from),
    ...convolutionParameters(`${name}.${names.conv0}`, 3, { from, to }, { start }),
    ...linearParameters(`${name}.${names.affine}`, embedding, to, { start }),
    ...normalizationParameters(`${name}.${names.norm1}`, to),
    ...convolutionParameters(`${name}.${names.conv1}`, 3, { from: to, to }, residual),
    ...(block.projectsSkip ? convolutionParameters(`${name}.${names.skip}`, 1, { from, to }, { start }) : []),
    ...(block.attends ? attentionParameters(name, to, start) : []),
  ];
}

/** What a block computes with. */
export interface BlockInputs {
  readonly parameters: Parameters;
  /** e, the embedded noise level [B, E]. */
  readonly embedding: tf.Tensor2D;
  readonly draw?: DropoutDraw;
}

/**
 * (conv1(dropout(silu(norm1(conv0(resample(silu(norm0(x)))) + affine(e))))) + skip(resample(x))) * skipScale = h, and with attention
 * (attention(h) + h) * skipScale.
 * @param x [B, H, W, from]
 * @returns [B, H', W', to]
 */
export function residualBlock(
  block: ResidualBlock,
  settings: BlockSettings,
  x: tf.Tensor4D,
  { parameters, embedding, draw }: BlockInputs,
): tf.Tensor4D {
  const { name, to } = block;
  const { normalization: norm, skipScale, names } = settings;
  let h = silu(normalization(parameters, `${name}.${names.norm0}`, x, norm)); // [B, H, W, from]
  h = convolution(parameters, `${name}.${names.conv0}`, resample(block, h)); // [B, H', W', to]
  const affine = linear(parameters, `${name}.${names.affine}`, embedding); // [B, to]
  h = h.add(affine.reshape([-1, 1, 1, to]));
  h = silu(normalization(parameters, `${name}.${names.norm1}`, h, norm));
  h = convolution(parameters, `${name}.${names.conv1}`, dropout(h, settings.dropout, name, draw));
  h = scaled(h.add(skip(block, settings, parameters, x)), skipScale);
  return block.attends ? scaled(attention(parameters, name, h, norm).add(h), skipScale) : h;
}

function skip(
  block: ResidualBlock,
  { names }: BlockSettings,
  parameters: Parameters,
  x: tf.Tensor4D,
): tf.Tensor4D {
  const resampled = resample(block, x);
  return block.projectsSkip ? convolution(parameters, `${block.name}.${names.skip}`, resampled) : resampled;
}

function scaled(x: tf.Tensor4D, scale: number): tf.Tensor4D {
  return scale === 1 ? x : x.mul(scale);
}

function resample({ resample }: ResidualBlock, x: tf.Tensor4D): tf.Tensor4D {
  if (resample === 'down') return averagePool2x(x);
  if (resample === 'up') return upsample2x(x);
  return x;
}
