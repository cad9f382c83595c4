/** The diffusion transformer (DiT, arXiv 2212.09748): attention over patches, told the noise level by adaLN-zero. */
import { tf } from '../engine/tensorflow';
import type { Network, Parameters, ParameterSpec } from '../diffusion/network';
import { requireInputs, requireLayers, requireParameters } from '../diffusion/network';
import { attend } from './attention';
import {
  convolutionParameters,
  layerNormalization,
  linear,
  linearParameters,
  patchConvolution,
  type StartOptions,
} from './layers';
import {
  embedNoise,
  type NoiseEmbedding,
  noiseEmbeddingParameters,
  waveFrequencies,
} from './noise-embedding';
import { fanInStart } from './starts';

/** The shape of a diffusion transformer. */
export interface DitConfig {
  /** Height, width and channels of the images, or of their latents. */
  readonly imageShape: readonly [number, number, number];
  /** Height and width of a patch, in pixels; divides the images'. */
  readonly patchSize: number;
  /** Length of a patch's vector; a multiple of 4 and of the heads. */
  readonly width: number;
  /** Number of blocks. */
  readonly depth: number;
  /** Attention heads; divides the width. */
  readonly heads: number;
}

/** The sizes that have names (arXiv 2212.09748, Table 1): DiT-S to DiT-XL. */
export const ditSizes = {
  S: { width: 384, depth: 12, heads: 6 },
  B: { width: 768, depth: 12, heads: 12 },
  L: { width: 1024, depth: 24, heads: 16 },
  XL: { width: 1152, depth: 28, heads: 16 },
} as const;

const epsilon = 1e-6;
/** adaLN-zero: whatever modulates starts at 0, so that every block starts as the identity and the network as 0. */
const zero: StartOptions = { start: fanInStart, role: 'output' };

/**
 * A diffusion transformer without classes: patches and fixed positions, `depth` blocks of attention and a multilayer
 * perceptron, both shifted, scaled and gated by the noise level, and a last linear layer back to pixels. Its layers are the
 * embedded `patches` and the blocks' outputs `block0`, `block1`, ..., [B, H / patchSize, W / patchSize, width].
 * @throws RangeError when the configuration is impossible.
 */
export function createDit(config: DitConfig): Network {
  requireConfig(config);
  const { imageShape, patchSize, width, depth } = config;
  const rows = imageShape[0] / patchSize;
  const columns = imageShape[1] / patchSize;
  const noise = noiseEmbedding(width);
  const blocks = Array.from({ length: depth }, (_, i) => `block${i}`);
  const positions = positionWaves(rows, columns, width);
  const network: Network = {
    imageShape,
    parameters: parametersOf(config, noise, blocks),
    layers: ['patches', ...blocks],
    apply(parameters, x, cNoise, layers = []) {
      requireLayers(network, layers);
      requireInputs(network, x, cNoise);
      requireParameters(network, parameters);
      const embedding = embedNoise(noise, parameters, cNoise); // [B, width]
      const activations: Record<string, tf.Tensor> = {};
      const show = (name: string, h: tf.Tensor) => {
        if (layers.includes(name)) activations[name] = h.reshape([x.shape[0], rows, columns, width]);
      };
      const patches = patchConvolution(parameters, 'patches', x, patchSize);
      let h: tf.Tensor3D = patches
        .reshape<tf.Tensor3D>([x.shape[0], rows * columns, width])
        .add(tf.tensor2d(positions, [rows * columns, width]));
      show('patches', h);
      for (const name of blocks) {
        h = block(parameters, name, h, embedding, config.heads);
        show(name, h);
      }
      return { output: unpatch(lastLayer(parameters, h, embedding), imageShape, patchSize), activations };
    },
  };
  return network;
}

/** 128 cosines and 128 sines, which end on 1 / 10000: those of diffusers' DiT, with which the network is compared. */
function noiseEmbedding(width: number): NoiseEmbedding {
  return {
    frequencies: waveFrequencies(128, 1),
    first: 'cos',
    channels: width,
    layers: ['map_layer0', 'map_layer1'],
  };
}

function parametersOf(
  { imageShape, patchSize, width }: DitConfig,
  noise: NoiseEmbedding,
  blocks: readonly string[],
): ParameterSpec[] {
  const [, , channels] = imageShape;
  return [
    ...noiseEmbeddingParameters(noise),
    ...convolutionParameters('patches', patchSize, { from: channels, to: width }),
    ...blocks.flatMap(name => [
      ...linearParameters(`${name}.modulation`, width, 6 * width, zero),
      ...linearParameters(`${name}.qkv`, width, 3 * width),
      ...linearParameters(`${name}.proj`, width, width),
      ...linearParameters(`${name}.mlp0`, width, 4 * width),
      ...linearParameters(`${name}.mlp1`, 4 * width, width),
    ]),
    ...linearParameters('output_modulation', width, 2 * width, zero),
    ...linearParameters('output', width, patchSize ** 2 * channels, zero),
  ];
}

/** h [B, N, width] after attention and perceptron. */
function block(
  parameters: Parameters,
  name: string,
  h: tf.Tensor3D,
  embedding: tf.Tensor2D,
  heads: number,
): tf.Tensor3D {
  const [shift1, scale1, gate1, shift2, scale2, gate2] = modulation(
    parameters,
    `${name}.modulation`,
    embedding,
    6,
  );
  const qkv = perPatch(parameters, `${name}.qkv`, modulated(h, shift1, scale1));
  const [q, k, v] = tf.split<tf.Tensor3D>(qkv, 3, 2);
  const attended = perPatch(parameters, `${name}.proj`, attend(q, k, v, heads));
  const seen = h.add<tf.Tensor3D>(attended.mul(gate1));
  const inner = gelu(perPatch(parameters, `${name}.mlp0`, modulated(seen, shift2, scale2)));
  return seen.add(perPatch(parameters, `${name}.mlp1`, inner).mul(gate2));
}

function lastLayer(parameters: Parameters, h: tf.Tensor3D, embedding: tf.Tensor2D): tf.Tensor3D {
  const [shift, scale] = modulation(parameters, 'output_modulation', embedding, 2);
  return perPatch(parameters, 'output', modulated(h, shift, scale));
}

/** `count` vectors [B, 1, width] by which the noise level changes all patches of an image. */
function modulation(
  parameters: Parameters,
  name: string,
  embedding: tf.Tensor2D,
  count: number,
): tf.Tensor3D[] {
  return tf.split(linear(parameters, name, embedding).expandDims<tf.Tensor3D>(1), count, 2);
}

/** The normalized patches, scaled and shifted. */
function modulated(h: tf.Tensor3D, shift: tf.Tensor3D, scale: tf.Tensor3D): tf.Tensor3D {
  return layerNormalization(h, epsilon).mul<tf.Tensor3D>(scale.add(1)).add(shift);
}

/** A linear layer on each patch: [B, N, from] -> [B, N, to]. */
function perPatch(parameters: Parameters, name: string, h: tf.Tensor3D): tf.Tensor3D {
  const [batch, patches, from] = h.shape;
  return linear(parameters, name, h.reshape([batch * patches, from])).reshape([batch, patches, -1]);
}

/** x Phi(x) in the approximation by tanh (arXiv 1606.08415), as DiT has it. */
function gelu(x: tf.Tensor3D): tf.Tensor3D {
  const inner = x.add(x.pow(3).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
  return x.mul(0.5).mul(inner.tanh().add(1));
}

/** Patches [B, N, p p C] to the image [B, H, W, C]. */
function unpatch(
  h: tf.Tensor3D,
  [height, width, channels]: Network['imageShape'],
  size: number,
): tf.Tensor4D {
  return h
    .reshape([-1, height / size, width / size, size, size, channels])
    .transpose([0, 1, 3, 2, 4, 5])
    .reshape([-1, height, width, channels]);
}

/** Where a patch is, [rows columns, width] row-major: sines and cosines of its column, then of its row. */
function positionWaves(rows: number, columns: number, width: number): Float32Array {
  const frequencies = waveFrequencies(width / 4, 0);
  const waves = (position: number) => [
    ...frequencies.map(frequency => Math.sin(position * frequency)),
    ...frequencies.map(frequency => Math.cos(position * frequency)),
  ];
  return Float32Array.from(
    Array.from({ length: rows * columns }, (_, i) => [
      ...waves(i % columns),
      ...waves(Math.floor(i / columns)),
    ]).flat(),
  );
}

function requireConfig({ imageShape, patchSize, width, depth, heads }: DitConfig): void {
  for (const [name, value] of Object.entries({ patchSize, width, depth, heads })) {
    if (!Number.isInteger(value) || value < 1)
      throw new RangeError(`A DiT's ${name} is a positive whole number, not ${value}.`);
  }
  const [height, columns] = imageShape;
  if (height % patchSize !== 0 || columns % patchSize !== 0) {
    throw new RangeError(`Patches of ${patchSize} pixels do not divide images of ${height} x ${columns}.`);
  }
  if (width % 4 !== 0 || width % heads !== 0) {
    throw new RangeError(`A DiT's width is a multiple of 4 and of its ${heads} heads; ${width} is not.`);
  }
}
