/** The residual block of the U-Net (EDM's "UNetBlock"): two normalized convolutions with the noise level added between them. */
import { averagePool2x, silu, upsample2x } from '../engine/ops';
import type { tf } from '../engine/tensorflow';
import type { Parameters, ParameterSpec } from '../diffusion/network';
import type { Normalization } from './layers';
import {
  convolution,
  convolutionParameters,
  linear,
  linearParameters,
  normalization,
  normalizationParameters,
} from './layers';

/** One block of a U-Net: what it is called, its channels, and whether it halves or doubles height and width. */
export interface ResidualBlock {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly resample?: 'down' | 'up';
}

/** The block's parameters; `embedding` is the number of channels of the noise embedding. */
export function residualBlockParameters(block: ResidualBlock, embedding: number): ParameterSpec[] {
  const { name, from, to } = block;
  return [
    ...normalizationParameters(`${name}.norm0`, from),
    ...convolutionParameters(`${name}.conv0`, 3, { from, to }),
    ...linearParameters(`${name}.affine`, embedding, to),
    ...normalizationParameters(`${name}.norm1`, to),
    // The block starts close to its skip path alone.
    ...convolutionParameters(
      `${name}.conv1`,
      3,
      { from: to, to },
      { weight: { kind: 'normal', deviation: 1e-5 } },
    ),
    ...(from === to ? [] : convolutionParameters(`${name}.skip`, 1, { from, to })),
  ];
}

/**
 * (conv1(silu(norm1(conv0(resample(silu(norm0(x)))) + affine(e)))) + skip(resample(x))) / sqrt(2)
 * @param x [B, H, W, from]
 * @param embedding e, the embedded noise level [B, E]
 * @returns [B, H', W', to]
 */
export function residualBlock(
  block: ResidualBlock,
  parameters: Parameters,
  x: tf.Tensor4D,
  embedding: tf.Tensor2D,
  norm: Normalization,
): tf.Tensor4D {
  const { name, from, to } = block;
  let h = resample(block, silu(normalization(parameters, `${name}.norm0`, x, norm))); // [B, H', W', from]
  h = convolution(parameters, `${name}.conv0`, h); // [B, H', W', to]
  const affine = linear(parameters, `${name}.affine`, embedding); // [B, to]
  h = h.add(affine.reshape([-1, 1, 1, to]));
  h = convolution(parameters, `${name}.conv1`, silu(normalization(parameters, `${name}.norm1`, h, norm)));
  const skipped = resample(block, x);
  const skip = from === to ? skipped : convolution(parameters, `${name}.skip`, skipped);
  return h.add(skip).mul(Math.SQRT1_2);
}

function resample({ resample }: ResidualBlock, x: tf.Tensor4D): tf.Tensor4D {
  if (resample === 'down') return averagePool2x(x);
  if (resample === 'up') return upsample2x(x);
  return x;
}
