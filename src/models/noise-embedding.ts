/** How a network is told the noise level: sines and cosines of c_noise, then two linear layers with SiLU. */
import { silu } from '../engine/ops';
import { tf } from '../engine/tensorflow';
import type { Parameters, ParameterSpec } from '../diffusion/network';
import { linear, linearParameters } from './layers';
import type { Start } from './starts';

/** Sizes of an embedding of the noise level, and what its linear layers are called. */
export interface NoiseEmbedding {
  /** Angular frequencies of the waves, F. */
  readonly frequencies: readonly number[];
  /** Which of the waves come first. Default 'sin'. */
  readonly first?: 'sin' | 'cos';
  /** Channels of the result, E. */
  readonly channels: number;
  readonly layers: readonly [string, string];
}

/**
 * `count` frequencies from 1 down towards 1 / 10000, evenly in their logarithms: 10000^(-i / (count - shift)). With a shift of 0
 * they end just before 1 / 10000, with 1 on it.
 */
export function waveFrequencies(count: number, shift: number): number[] {
  return Array.from({ length: count }, (_, i) => 10_000 ** (-i / (count - shift)));
}

/** Parameters of the two linear layers. */
export function noiseEmbeddingParameters(
  { frequencies, channels, layers }: NoiseEmbedding,
  start?: Start,
): ParameterSpec[] {
  return [
    ...linearParameters(layers[0], 2 * frequencies.length, channels, { start }),
    ...linearParameters(layers[1], channels, channels, { start }),
  ];
}

/** c_noise [B] -> [B, E]. */
export function embedNoise(
  { frequencies, first = 'sin', layers }: NoiseEmbedding,
  parameters: Parameters,
  cNoise: tf.Tensor1D,
): tf.Tensor2D {
  const angles = tf.outerProduct(cNoise, tf.tensor1d([...frequencies])); // [B, F]
  const waves = [angles.sin(), angles.cos()];
  const joined = tf.concat(first === 'sin' ? waves : waves.reverse(), 1); // [B, 2 F]
  return silu(linear(parameters, layers[1], silu(linear(parameters, layers[0], joined))));
}
