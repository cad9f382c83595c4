/** A residual multilayer perceptron on the pixels as one vector: a baseline that knows nothing of images. */
import { silu } from '../engine/ops';
import type { tf } from '../engine/tensorflow';
import type { DropoutDraw, Network, Parameters, ParameterSpec } from '../diffusion/network';
import { requireInputs, requireLayers, requireParameters } from '../diffusion/network';
import { sizeOf } from '../engine/values';
import { dropout, linear, linearParameters, normalization, normalizationParameters } from './layers';
import {
  embedNoise,
  type NoiseEmbedding,
  noiseEmbeddingParameters,
  waveFrequencies,
} from './noise-embedding';
import { fanInStart } from './starts';

/** The shape of a residual MLP. */
export interface ResidualMlpConfig {
  /** Height, width and channels of the images. */
  readonly imageShape: readonly [number, number, number];
  /** Length of the vector that the blocks add to. */
  readonly width: number;
  readonly blocks: number;
  /** Probability with which a block's inner activations are dropped in training. Default 0. */
  readonly dropout?: number;
}

/** Layer normalization is group normalization with one group. */
const layerNorm = { maxGroups: 1, minGroupSize: 1, epsilon: 1e-5 };
const noise: NoiseEmbedding = {
  frequencies: waveFrequencies(16, 0),
  channels: 64,
  layers: ['map_layer0', 'map_layer1'],
};

/**
 * A residual MLP: h = input(x), then for each block h = h + linear1(silu(linear0(silu(norm(h))) + affine(e))), then
 * output(silu(norm(h))). Its layers are the blocks' outputs `block0`, `block1`, ..., [B, width].
 * @throws RangeError when the configuration is impossible.
 */
export function createResidualMlp(config: ResidualMlpConfig): Network {
  requireConfig(config);
  const names = Array.from({ length: config.blocks }, (_, i) => `block${i}`);
  const network: Network = {
    imageShape: config.imageShape,
    parameters: parametersOf(config, names),
    layers: names,
    apply(parameters, x, cNoise, layers = [], draw) {
      requireLayers(network, layers);
      requireInputs(network, x, cNoise);
      requireParameters(network, parameters);
      const embedding = embedNoise(noise, parameters, cNoise); // [B, E]
      const activations: Record<string, tf.Tensor> = {};
      let h = linear(parameters, 'input', x.reshape([x.shape[0], -1])); // [B, width]
      for (const name of names) {
        h = h.add(block(name, config, parameters, h, embedding, draw));
        if (layers.includes(name)) activations[name] = h;
      }
      const output = linear(parameters, 'output', silu(layerNormalization(parameters, 'output_norm', h)));
      return { output: output.reshape(x.shape), activations };
    },
  };
  return network;
}

function parametersOf({ imageShape, width }: ResidualMlpConfig, names: readonly string[]): ParameterSpec[] {
  const pixels = sizeOf(imageShape);
  const output = { start: fanInStart, role: 'output' } as const;
  return [
    ...noiseEmbeddingParameters(noise),
    ...linearParameters('input', pixels, width),
    ...names.flatMap(name => [
      ...normalizationParameters(`${name}.norm`, width),
      ...linearParameters(`${name}.linear0`, width, width),
      ...linearParameters(`${name}.affine`, noise.channels, width),
      ...linearParameters(`${name}.linear1`, width, width, { role: 'residual' }),
    ]),
    ...normalizationParameters('output_norm', width),
    ...linearParameters('output', width, pixels, output),
  ];
}

/** What a block adds to h [B, width]. */
function block(
  name: string,
  config: ResidualMlpConfig,
  parameters: Parameters,
  h: tf.Tensor2D,
  embedding: tf.Tensor2D,
  draw?: DropoutDraw,
): tf.Tensor2D {
  const normalized = silu(layerNormalization(parameters, `${name}.norm`, h));
  const affine = linear(parameters, `${name}.affine`, embedding);
  const inner = silu(linear(parameters, `${name}.linear0`, normalized).add<tf.Tensor2D>(affine));
  return linear(parameters, `${name}.linear1`, dropout(inner, config.dropout ?? 0, name, draw));
}

function layerNormalization(parameters: Parameters, name: string, h: tf.Tensor2D): tf.Tensor2D {
  const [batch, width] = h.shape;
  return normalization(parameters, name, h.reshape([batch, 1, 1, width]), layerNorm).reshape([batch, width]);
}

function requireConfig({ width, blocks, dropout = 0 }: ResidualMlpConfig): void {
  for (const [name, value] of Object.entries({ width, blocks })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`A residual MLP's ${name} is a positive whole number, not ${value}.`);
    }
  }
  if (!(dropout >= 0 && dropout < 1)) {
    throw new RangeError(`A residual MLP's dropout is a probability from 0 to below 1, not ${dropout}.`);
  }
}
